"""Who and what the simulated service knows: organisations, tokens, tables of data.

The tables are facts of the sandbox, not of the provider. Ids that look composed are
those of the wire notes' examples, so that these can be sent as they stand.
"""

from datetime import date
from decimal import Decimal
from hashlib import sha1

import msgspec

from gateway.providers.accounteer.simulator.objects import (
    Address,
    Contact,
    ContactPerson,
    Item,
    LedgerAccount,
    Organisation,
    Tax,
    TeamMember,
)


def make_id(name: str) -> str:
    """Return the id of what is called *name*."""
    return sha1(f"accounteer {name}".encode(), usedforsecurity=False).hexdigest()


FOUNDED = date(2025, 9, 1)
# Nothing that was issued on this day or before can be approved any more (6.3).
CLOSED_UNTIL = date(2025, 12, 31)
# Where attachments say that they are; nothing is served there.
FILES = "https://files.accounteer.example"

MAIN = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"
OTHER = make_id("organisation Harbor Museum")
TEMPLATE = "1122334455667788990011223344556677889900"
OTHER_TEMPLATE = make_id("template Harbor Museum")
TEMPLATES = {
    TEMPLATE: MAIN,
    make_id("template second"): MAIN,
    OTHER_TEMPLATE: OTHER,
}
ORGANISATIONS = (
    Organisation(
        id=MAIN,
        name="Harbor Group",
        currency="EUR",
        template_id=TEMPLATE,
        closed_until=CLOSED_UNTIL,
        invoice_prefix="INV-",
        offer_prefix="OFF-",
        credit_note_in_prefix="CNI-",
        credit_note_out_prefix="CNO-",
    ),
    Organisation(
        id=OTHER,
        name="Harbor Museum",
        currency="EUR",
        template_id=OTHER_TEMPLATE,
        closed_until=CLOSED_UNTIL,
        invoice_prefix="M-",
    ),
)

TAX_21 = "5566778899aabbccddeeff001122334455667788"
TAX_6 = make_id("tax 6")
TAX_0 = make_id("tax 0")
OTHER_TAX = make_id("tax Harbor Museum")
TAXES = tuple(
    Tax(id=one_id, organization_id=owner, name=name, percentage=Decimal(percentage))
    for one_id, owner, name, percentage in (
        (TAX_21, MAIN, "VAT 21%", 21),
        (TAX_6, MAIN, "VAT 6%", 6),
        (TAX_0, MAIN, "VAT 0%", 0),
        (OTHER_TAX, OTHER, "VAT 21%", 21),
    )
)

SALES = "77665544332211ffeeddccbbaa00998877665544"
COSTS = "66554433221100ffeeddccbbaa99887766554433"
BANK = "44332211ffeeddccbbaa00998877665544332211"
SUSPENSE = make_id("account suspense")
OTHER_SALES, OTHER_COSTS = make_id("account 7 museum"), make_id("account 6 museum")
ACCOUNT_TYPES = {
    "SALES": "Sales",
    "COSTS": "Costs",
    "BANK": "Bank",
    "ASSETS": "Assets",
    "LIABILITIES": "Liabilities",
    "EQUITY": "Equity",
    "OTHER": "Other",
}
ACCOUNTS = tuple(
    LedgerAccount(
        id=one_id,
        organization_id=owner,
        code=code,
        title=title,
        type=type_name,
        payments_enabled=one_id == BANK,
    )
    for one_id, owner, code, title, type_name in (
        (SALES, MAIN, "7000000", "Sales", "SALES"),
        (COSTS, MAIN, "6000000", "Costs", "COSTS"),
        (BANK, MAIN, "5500000", "Bank", "BANK"),
        (SUSPENSE, MAIN, "4990000", "Suspense", "OTHER"),
        (OTHER_SALES, OTHER, "7000000", "Tickets", "SALES"),
        (OTHER_COSTS, OTHER, "6000000", "Costs", "COSTS"),
    )
)
# What a line is booked to where nobody says.
DEFAULT_ACCOUNTS = {
    (MAIN, "invoice"): SALES,
    (MAIN, "offer"): SALES,
    (MAIN, "purchase"): COSTS,
    (OTHER, "invoice"): OTHER_SALES,
    (OTHER, "offer"): OTHER_SALES,
    (OTHER, "purchase"): OTHER_COSTS,
}

CLIENT = "aa11bb22cc33dd44ee55ff6600778899aabbccdd"
CLIENT_PERSON = "c0ffee00112233445566778899aabbccddeeff00"
SECOND_CLIENT = make_id("contact Copper Kettle Dairy")
SUPPLIER = "bb22cc33dd44ee55ff66007788990011aabbccdd"
SECOND_SUPPLIER = make_id("contact Bayline Seafood")
MORE_SUPPLIERS = {
    name: make_id(f"contact {name}")
    for name in ("Northside Produce", "Atlas Freight", "Halden Software")
}
OTHER_CLIENT, OTHER_SUPPLIER = make_id("contact school"), make_id("contact glass")


def _person(name: str, one_id: str | None = None) -> tuple[ContactPerson, ...]:
    first_name, last_name = name.split(" ")
    return (
        ContactPerson(
            id=one_id or make_id(f"person {name}"),
            first_name=first_name,
            last_name=last_name,
            email=f"{first_name.lower()}@client.test",
        ),
    )


def _contact(
    one_id: str,
    name: str,
    type_name: str,
    persons: tuple[ContactPerson, ...] = (),
    organization_id: str = MAIN,
) -> Contact:
    plain = {
        "id": one_id,
        "organization_id": organization_id,
        "name": name,
        "date_created": FOUNDED,
        "date_updated": FOUNDED,
        "type": type_name,
        "email": f"office@{name.split(' ', maxsplit=1)[0].lower()}.example",
        "address": Address(city="Gent", country="BE"),
        "contact_persons": persons,
    }
    return msgspec.convert(plain, Contact)


CONTACTS = (
    _contact(
        CLIENT, "Granite Properties", "client", _person("Willem Bos", CLIENT_PERSON)
    ),
    _contact(SECOND_CLIENT, "Copper Kettle Dairy", "client", _person("Vera Quist")),
    _contact(SUPPLIER, "Demo Paper Ltd", "supplier"),
    _contact(SECOND_SUPPLIER, "Bayline Seafood", "supplier", _person("Uwe Lang")),
    *(_contact(one_id, name, "supplier") for name, one_id in MORE_SUPPLIERS.items()),
    _contact(OTHER_CLIENT, "Harbor School", "client", organization_id=OTHER),
    _contact(OTHER_SUPPLIER, "Nordic Glassware", "supplier", organization_id=OTHER),
)

PAPER, TONER = make_id("item Paper"), make_id("item Toner")
ITEMS = (
    Item(
        id=PAPER,
        organization_id=MAIN,
        item_title="Paper",
        sales_price=Decimal("5.5"),
        purchase_price=Decimal("4.5"),
        gl_account_sales_id=SALES,
        gl_account_purchase_id=COSTS,
        tracked=True,
        quantity_on_hand=Decimal(120),
        reorder_point=Decimal(40),
    ),
    Item(
        id=TONER,
        organization_id=MAIN,
        item_title="Toner",
        sales_price=Decimal(89),
        tracked=True,
        quantity_on_hand=Decimal(2),
        reorder_point=Decimal(5),
    ),
    Item(
        id=make_id("item Consulting"),
        organization_id=MAIN,
        item_title="Consulting",
        item_description="An hour of work",
        sales_price=Decimal(100),
        gl_account_sales_id=SALES,
    ),
)

APPLICATION_NAME = "Approvals Gateway"
API_USER = make_id("team api user")
TEAM = (
    *(
        TeamMember(
            id=make_id(f"team {first_name}"),
            organization_id=MAIN,
            first_name=first_name,
            last_name=last_name,
            email=f"{login}@harbor.example",
            role=role,
            status="active",
        )
        for first_name, last_name, login, role in (
            ("Carla", "Mendes", "controller", "admin"),
            ("Paul", "Ricci", "payer", "admin"),
            ("Adam", "Novak", "accountant", "accountant"),
            ("Chloe", "Berg", "clerk", "member"),
            ("Bea", "Santos", "buyer", "member"),
        )
    ),
    TeamMember(
        id=API_USER,
        organization_id=MAIN,
        first_name=APPLICATION_NAME,
        last_name=None,
        email=None,
        role="admin",
        status="active",
        is_api_user=True,
    ),
)

# One for each group of the provider's menu (2); a sandbox's own form of it, such as
# "invoices:read", only reads.
SCOPES = (
    *("organisations", "invoices", "purchases", "pos_sales", "offers", "items"),
    *("contacts", "accounts", "financial_accounts", "taxes", "templates", "inbox"),
    *("payments", "journals", "banks", "team"),
)
ALL_SCOPES = frozenset(SCOPES)
READ_SCOPES = frozenset(f"{scope}:read" for scope in SCOPES)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token allows, in which organisation."""

    scopes: frozenset[str] = ALL_SCOPES
    organization_id: str = MAIN


ACCESS_TOKEN = "sandbox-accounteer-gateway-token"  # noqa: S105 (the sandbox's secrets are public)
READ_ONLY_TOKEN = "sandbox-accounteer-buyer-token"  # noqa: S105
WITHOUT_PURCHASES_TOKEN = "sandbox-accounteer-clerk-token"  # noqa: S105
CONTROLLER_TOKEN = "sandbox-accounteer-controller-token"  # noqa: S105
OTHER_TOKEN = "sandbox-accounteer-museum-token"  # noqa: S105
# These never end, so that several processes may share one.
TOKENS = {
    ACCESS_TOKEN: Grant(),
    CONTROLLER_TOKEN: Grant(),
    READ_ONLY_TOKEN: Grant(scopes=READ_SCOPES),
    WITHOUT_PURCHASES_TOKEN: Grant(scopes=ALL_SCOPES - {"purchases"}),
    OTHER_TOKEN: Grant(organization_id=OTHER),
}
CLIENT_ID = "sandbox-accounteer-client"
CLIENT_SECRET = "sandbox-accounteer-secret"  # noqa: S105
REDIRECT_URI = "https://gateway.example/oauth/callback"
# The refresh token that a person has obtained once; its first use ends it.
REFRESH_TOKEN = "sandbox-accounteer-refresh-token"  # noqa: S105


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """A demo person with a token of their own; for others the gateway's own acts."""

    token: str
    description: str


PERSONS = {
    "controller": Demo(token=CONTROLLER_TOKEN, description="may do everything"),
    "clerk": Demo(token=WITHOUT_PURCHASES_TOKEN, description="may not see purchases"),
    "buyer": Demo(token=READ_ONLY_TOKEN, description="may read only"),
}
