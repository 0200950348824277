"""Who the simulated service knows: organizations, people and their tokens.

The tables are facts of the sandbox, not of the provider. Person 21 and her name are
those of the notes' examples (3.1, 8.1).
"""

from hashlib import sha256

import msgspec

from gateway.providers.productive.simulator.objects import (
    ADMIN,
    CONTACT,
    PLACEHOLDER,
    STAFF,
    USER,
)

# The controller is a person in the second, nobody of the demo persons in the third.
MAIN, SECOND, THIRD = "900", "901", "902"

CLERK = "12"
CONTROLLER = "20"
APPROVER = "21"
ACCOUNTANT = "22"
PAYER = "23"
AUDITOR = "24"
BUYER = "25"
SERVICE = "26"
# Nobody manages the one, a deactivated person manages the other.
UNMANAGED, LEFT_ALONE, DEACTIVATED = "16", "17", "18"
LEAD = "19"
CONTROLLER_ELSEWHERE, SECOND_OWNER, SECOND_STAFF = "90", "91", "92"
THIRD_OWNER, THIRD_STAFF = "95", "96"
OWNERS = {MAIN: PAYER, SECOND: SECOND_OWNER, THIRD: THIRD_OWNER}
ORGANIZATION_NAMES = {
    MAIN: "Harbor Group",
    SECOND: "Harbor Museum",
    THIRD: "Inland Stores",
}


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person to start with."""

    id: str
    name: str
    email: str
    user_id: str | None
    manager_id: str | None = None
    organization_id: str = MAIN
    title: str | None = None
    role_id: int = STAFF
    person_type: int = USER
    company_id: str | None = None
    is_deactivated: bool = False


def _member(
    one_id: str, name: str, manager_id: str | None, title: str, **rest: str | int | bool
) -> Member:
    plain = {
        "id": one_id,
        "name": name,
        "email": f"{name.split(' ', maxsplit=1)[0].lower()}@demo.test",
        # A human being's number is another than that of their persons.
        "user_id": str(7000 + int(one_id)),
        "manager_id": manager_id,
        "title": title,
        **rest,
    }
    return msgspec.convert(plain, Member)


def _contact(one_id: str, name: str, company_id: str) -> Member:
    return Member(
        id=one_id,
        name=name,
        email=f"{name.split(' ', maxsplit=1)[0].lower()}@client.test",
        user_id=None,
        person_type=CONTACT,
        company_id=company_id,
    )


MEMBERS = (
    _member("10", "Olga Prinz", PAYER, "Chief of staff"),
    _member("11", "Bruno Keller", CONTROLLER, "Bookkeeper"),
    _member(CLERK, "Chloe Berg", CONTROLLER, "Clerk"),
    _member("13", "Dina Okafor", CONTROLLER, "Clerk"),
    _member("14", "Erik Holm", APPROVER, "Engineer"),
    _member("15", "Fatima Nasser", APPROVER, "Engineer"),
    _member(UNMANAGED, "Goran Ilic", None, "Adviser"),
    _member(LEFT_ALONE, "Hana Sato", DEACTIVATED, "Designer"),
    _member(DEACTIVATED, "Ivan Petrov", CONTROLLER, "Design lead", is_deactivated=True),
    _member(LEAD, "Jana Novotna", PAYER, "Project lead"),
    _member(CONTROLLER, "Carla Mendes", PAYER, "Controller"),
    _member(APPROVER, "Amy Moss", PAYER, "Head of operations"),
    _member(ACCOUNTANT, "Adam Novak", CONTROLLER, "Accountant"),
    _member(PAYER, "Paul Ricci", None, "Owner"),
    _member(AUDITOR, "Arne Lund", PAYER, "Auditor", role_id=ADMIN),
    _member(BUYER, "Bea Santos", APPROVER, "Buyer"),
    _member(SERVICE, "Gateway Service", None, "Integration", role_id=ADMIN),
    _member("27", "Karl Weiss", ACCOUNTANT, "Analyst"),
    _member("28", "Lucia Romano", ACCOUNTANT, "Analyst"),
    _member("29", "Mats Olsen", LEAD, "Engineer"),
    _member("30", "Nora Lindt", LEAD, "Engineer"),
    _member("31", "Omar Haddad", LEAD, "Engineer"),
    _member("32", "Petra Kral", CONTROLLER, "Assistant"),
    _member("33", "Quinn Doyle", CONTROLLER, "Assistant"),
    _member("34", "Rosa Blum", APPROVER, "Designer"),
    _member("35", "Sven Dahl", APPROVER, "Designer"),
    _member("36", "Tara Singh", "10", "Office manager"),
    _contact("37", "Uwe Lang", "501"),
    _contact("38", "Vera Quist", "502"),
    _contact("39", "Willem Bos", "503"),
    Member(
        id="40",
        name="Engineer Placeholder",
        email="",
        user_id=None,
        person_type=PLACEHOLDER,
    ),
    _member(
        CONTROLLER_ELSEWHERE,
        "Carla Mendes",
        SECOND_OWNER,
        "Board member",
        user_id="7020",
        organization_id=SECOND,
    ),
    _member(SECOND_OWNER, "Xenia Falk", None, "Director", organization_id=SECOND),
    _member(
        SECOND_STAFF,
        "Yuri Sokol",
        CONTROLLER_ELSEWHERE,
        "Curator",
        organization_id=SECOND,
    ),
    _member(
        THIRD_OWNER,
        "Zoe Hart",
        None,
        "Director",
        role_id=ADMIN,
        organization_id=THIRD,
    ),
    _member(THIRD_STAFF, "Abel Cruz", THIRD_OWNER, "Clerk", organization_id=THIRD),
)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A personal access token; it acts as its owner (1)."""

    user_id: str
    is_read_only: bool = False
    is_revoked: bool = False


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """A demo person."""

    person_id: str
    token: str
    description: str


def _demo(name: str, person_id: str, description: str) -> Demo:
    return Demo(
        person_id=person_id, token=f"sandbox-{name}-token", description=description
    )


PERSONS = {
    "controller": _demo(
        "controller", CONTROLLER, "manages several people; approves by name and role"
    ),
    "accountant": _demo(
        "accountant", ACCOUNTANT, "owns budgets and manages projects; approves by role"
    ),
    "approver": _demo("approver", APPROVER, "approves by name"),
    "payer": _demo(
        "payer", PAYER, "the organization's owner; approves where a role is nobody's"
    ),
    "clerk": _demo("clerk", CLERK, "asks for approval; approves nothing of others"),
    "auditor": _demo("auditor", AUDITOR, "admin; may act on behalf of anybody"),
    "buyer": _demo("buyer", BUYER, "has a token that only reads"),
}
SERVICE_TOKEN = "sandbox-gateway-token"  # noqa: S105 (the sandbox's secrets are public)
DEACTIVATED_TOKEN = "sandbox-deactivated-token"  # noqa: S105
REVOKED_TOKEN = "sandbox-revoked-token"  # noqa: S105
OUTSIDER_TOKEN = "sandbox-outsider-token"  # noqa: S105
_USER_IDS = {one.id: one.user_id for one in MEMBERS if one.user_id is not None}
TOKENS = {
    **{
        one.token: Token(
            user_id=_USER_IDS[one.person_id], is_read_only=one.person_id == BUYER
        )
        for one in PERSONS.values()
    },
    SERVICE_TOKEN: Token(user_id=_USER_IDS[SERVICE]),
    DEACTIVATED_TOKEN: Token(user_id=_USER_IDS[DEACTIVATED]),
    REVOKED_TOKEN: Token(user_id=_USER_IDS[CONTROLLER], is_revoked=True),
    OUTSIDER_TOKEN: Token(user_id=_USER_IDS[THIRD_STAFF]),
}

# The webhooks of the main organization: id and event (8.2).
WEBHOOK_EVENTS = {
    "1": 18,
    "2": 8,
    "3": 22,
    "4": 19,
    "5": 9,
    "6": 23,
    "7": 17,
    "8": 7,
    "9": 21,
}


def signature_token(webhook_id: str) -> str:
    """Return the token that a webhook's deliveries are signed with."""
    return sha256(f"productive webhook {webhook_id}".encode()).hexdigest()[:40]


# The tokens of the webhooks that will be made first, so that a gateway may know them.
MADE_WEBHOOK_TOKENS = tuple(signature_token(one) for one in ("11", "12", "13"))
