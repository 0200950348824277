"""Who and what the simulated organization knows: organizations, people, policies.

The tables are facts of the sandbox, not of the provider, except the policy that the
provider's public page shows: ``app01IVEVRADCRIJ3o68``.
"""

from decimal import Decimal

import msgspec

from gateway.providers.bill.simulator.objects import BILLS, VENDOR_CREDITS

DEV_KEY, OTHER_DEV_KEY = "sandbox-dev-key", "sandbox-other-dev-key"
DEV_KEYS = frozenset({DEV_KEY, OTHER_DEV_KEY})
# The second organization has no access to the API: BDC_1105.
ORGANIZATION = "00801HARBORGROUP0000"
CLOSED_ORGANIZATION = "00801HARBORMUSEUM000"
ORGANIZATIONS = {ORGANIZATION: "Harbor Group", CLOSED_ORGANIZATION: "Harbor Museum"}

ADMINISTRATOR = "0po01ADMINISTRATOR00"
ACCOUNTANT_PROFILE = "0po01ACCOUNTANT00000"
APPROVER_PROFILE = "0po01APPROVER0000000"
PAYER_PROFILE = "0po01PAYER0000000000"
CLERK_PROFILE = "0po01CLERK0000000000"
AUDITOR_PROFILE = "0po01AUDITOR00000000"
PURCHASING_PROFILE = "0po01PURCHASING00000"
VISITING_PROFILE = "0po01VISITING0000000"
PROFILES = {
    ADMINISTRATOR: ("Administrator", "Full access"),
    ACCOUNTANT_PROFILE: ("Accountant", "Full access without administration"),
    APPROVER_PROFILE: ("Approver", "Approves bills"),
    PAYER_PROFILE: ("Payer", "Pays bills"),
    CLERK_PROFILE: ("Clerk", "Enters bills"),
    AUDITOR_PROFILE: ("Auditor", "Reads everything"),
    PURCHASING_PROFILE: ("Custom", "Purchasing: enters and approves bills"),
    VISITING_PROFILE: ("Custom", "Visitors: reads bills"),
}
APPROVING_PROFILES = frozenset(
    {ADMINISTRATOR, ACCOUNTANT_PROFILE, APPROVER_PROFILE, PURCHASING_PROFILE}
)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user; who has *person* is a demo person under that name."""

    id: str
    first_name: str
    last_name: str
    email: str
    login_id: str
    password: str
    profile_id: str
    person: str | None = None
    description: str = ""
    is_active: bool = True


CONTROLLER = "00601CONTROLLER00000"
ACCOUNTANT = "00601ACCOUNTANT00000"
APPROVER = "00601APPROVER0000000"
PAYER = "00601PAYER0000000000"
CLERK = "00601CLERK0000000000"
AUDITOR = "00601AUDITOR00000000"
BUYER = "00601BUYER0000000000"
SERVICE = "00601GATEWAYSERVICE0"
DIRECTOR = "00601DIRECTOR0000000"
MANAGER = "00601MANAGER00000000"
LEAD = "00601LEAD00000000000"
ASSISTANT = "00601ASSISTANT000000"
FORMER = "00601FORMER000000000"
VISITOR = "00601VISITOR00000000"


def _person(
    user_id: str, name: str, login: str, profile_id: str, **rest: str | bool
) -> Person:
    first_name, last_name = name.split(" ")
    return msgspec.convert(
        {
            "id": user_id,
            "first_name": first_name,
            "last_name": last_name,
            "email": f"{login}@harbor.example",
            "login_id": f"{login}@harbor.example",
            "password": f"sandbox-{login}-password",
            "profile_id": profile_id,
            **rest,
        },
        Person,
    )


def _demo(
    user_id: str, name: str, person: str, profile_id: str, description: str
) -> Person:
    return _person(
        user_id, name, person, profile_id, person=person, description=description
    )


PEOPLE = (
    _demo(
        CONTROLLER,
        "Carla Mendes",
        "controller",
        ADMINISTRATOR,
        "Administrator; approves, and manages chains and policies",
    ),
    _demo(
        ACCOUNTANT,
        "Adam Novak",
        "accountant",
        ACCOUNTANT_PROFILE,
        "Accountant; approves and edits bills",
    ),
    _demo(
        APPROVER, "Aisha Khan", "approver", APPROVER_PROFILE, "Approver; only approves"
    ),
    _demo(PAYER, "Paul Ricci", "payer", PAYER_PROFILE, "Payer; may not approve"),
    _demo(CLERK, "Chloe Berg", "clerk", CLERK_PROFILE, "Clerk; may not approve"),
    _demo(AUDITOR, "Arne Lund", "auditor", AUDITOR_PROFILE, "Auditor; may not approve"),
    _demo(
        BUYER,
        "Bea Santos",
        "buyer",
        PURCHASING_PROFILE,
        "Custom profile with the right to approve",
    ),
    _person(SERVICE, "Gateway Service", "gateway", ADMINISTRATOR),
    # The login is not always the e-mail (6.3).
    _person(
        DIRECTOR,
        "Dana Whitfield",
        "dana.whitfield",
        ADMINISTRATOR,
        login_id="harbor-director",
    ),
    _person(MANAGER, "Milo Tanaka", "milo.tanaka", APPROVER_PROFILE),
    _person(LEAD, "Lena Fischer", "lena.fischer", APPROVER_PROFILE),
    _person(ASSISTANT, "Ana Petrova", "ana.petrova", ACCOUNTANT_PROFILE),
    _person(FORMER, "Frank Olsen", "frank.olsen", APPROVER_PROFILE, is_active=False),
    _person(VISITOR, "Vera Quist", "vera.quist", VISITING_PROFILE),
)
PASSWORDS = {one.id: one.password for one in PEOPLE}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """An approval policy to start with; *mandatory* are user ids, in order."""

    id: str
    type: str = BILLS
    amount_threshold: Decimal
    min_num_approvers: int
    mandatory: tuple[str, ...] = ()
    is_active: bool = True


FROM_4000 = "app01IVEVRADCRIJ3o68"
FROM_25000 = "app01FROM25000000000"
FROM_100000 = "app01FROM10000000000"
CREDITS_FROM_500 = "app01CREDITSFROM5000"
DELETED_FROM_1500 = "app01DELETED1500AAAA"
DELETED_FROM_4000 = "app01DELETED4000AAAA"
RULES = (
    Rule(id=FROM_4000, amount_threshold=Decimal("4000.00"), min_num_approvers=2),
    Rule(
        id=FROM_25000,
        amount_threshold=Decimal("25000.00"),
        min_num_approvers=3,
        mandatory=(DIRECTOR,),
    ),
    Rule(
        id=FROM_100000,
        amount_threshold=Decimal("100000.00"),
        min_num_approvers=0,
        mandatory=(LEAD, DIRECTOR),
    ),
    Rule(
        id=CREDITS_FROM_500,
        type=VENDOR_CREDITS,
        amount_threshold=Decimal("500.00"),
        min_num_approvers=1,
    ),
    Rule(
        id=DELETED_FROM_1500,
        amount_threshold=Decimal("1500.00"),
        min_num_approvers=1,
        mandatory=(MANAGER,),
        is_active=False,
    ),
    Rule(
        id=DELETED_FROM_4000,
        amount_threshold=Decimal("4000.00"),
        min_num_approvers=3,
        is_active=False,
    ),
)

VENDORS = (
    ("Northside Produce", "NSP-01"),
    ("Equipment Depot", "EQP-01"),
    ("Bayline Seafood", "BAY-02"),
    ("Linen Works", "LIN-07"),
    ("Maintenance Partners", "MNT-04"),
    ("Roastery Supply", "RST-03"),
    ("Packaging House", "PKG-05"),
    ("Atlas Freight", "ATL-01"),
    ("Brightline Energy", "BRI-02"),
    ("Copper Kettle Dairy", "COP-03"),
    ("Demo Paper Ltd", "DEM-04"),
    ("Eastgate Security", "EAS-05"),
    ("Fairway Insurance", "FAI-06"),
    ("Granite Properties", "GRA-07"),
    ("Halden Software", "HAL-08"),
    ("Ivory Print Studio", "IVO-09"),
    ("Juniper Cleaning", "JUN-10"),
    ("Kestrel Telecom", "KES-11"),
    ("Lakeshore Water", "LAK-12"),
    ("Meridian Tax Advisers", "MER-13"),
    ("Nordic Glassware", "NOR-14"),
    ("Orchard Juices", "ORC-15"),
    ("Pioneer Plumbing", "PIO-16"),
    ("Quayside Parking", "QUA-17"),
    ("Retired Vendor Inc.", "RET-18"),
)
VENDOR_IDS = {
    name: f"00901{account.replace('-', ''):A<15}" for name, account in VENDORS
}
# Nobody was ever asked about a bill of the first of these.
UNREMEMBERED_VENDOR, DELETED_VENDOR = "Kestrel Telecom", "Retired Vendor Inc."
