"""Who and what the simulated account knows: places, people, policies, applications.

The tables are facts of the sandbox, not of the provider, except the ids that the
provider's public page about approvals shows: users 138872 and 136597, and the policy
"Minimum Approvals".
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from gateway.providers.ottimate.simulator.switches import Permission

ACCOUNT_CREATED_AT = datetime.fromisoformat("2025-03-04T18:22:31.118204+00:00")


class Account(msgspec.Struct, frozen=True):
    """A client account; calls are counted against its API key."""

    id: str
    name: str
    api_key: str


class Company(msgspec.Struct, frozen=True):
    """A company of the account."""

    id: int
    name: str
    plan: str


class Location(msgspec.Struct, frozen=True):
    """A location of a company."""

    id: int
    company_id: int
    name: str
    group: str


class Vendor(msgspec.Struct, frozen=True):
    """A vendor of a company."""

    id: int
    company_id: int
    erp_id: str
    name: str


class Dimension(msgspec.Struct, frozen=True):
    """A value that an invoice or a line can be booked to."""

    id: str
    type: str
    erp_id: str
    name: str
    code: str


class User(msgspec.Struct, frozen=True):
    """A person or an API User; *location_ids* are the places of their work."""

    id: int
    email: str
    first_name: str
    last_name: str
    location_ids: frozenset[int]

    @property
    def display_name(self) -> str:
        """The name that approval records show."""
        return f"{self.first_name} {self.last_name}".strip()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """An approval policy (6.2); an empty set and None match everything.

    *after* is the id of the policy that has to be satisfied first. With
    *is_fallback* it matches only where no other policy does.
    """

    id: str
    name: str
    approver_ids: tuple[int, ...]
    minimum: int = 1
    after: str | None = None
    is_fallback: bool = False
    minimum_total: Decimal | None = None
    maximum_total: Decimal | None = None
    company_ids: frozenset[int] = frozenset()
    location_groups: frozenset[str] = frozenset()
    location_ids: frozenset[int] = frozenset()
    vendor_erp_ids: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()


class StandIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who replaces whom, from *start* up to but not at *end* (6.2)."""

    user_id: int
    for_user_id: int
    start: datetime
    end: datetime


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """An OAuth application; it acts as one API User, with this reach and rights."""

    person: str
    description: str
    client_id: str
    client_secret: str
    user_id: int
    location_ids: frozenset[int]
    permissions: frozenset[Permission]


ACCOUNT = Account("racc_1004711", "Harbor Group", "sandbox-api-key")
OTHER_ACCOUNT = Account("racc_1009902", "Another Client", "sandbox-other-api-key")
ACCOUNTS_BY_KEY = {account.api_key: account for account in (ACCOUNT, OTHER_ACCOUNT)}

COMPANIES = {
    company.id: company
    for company in (
        Company(20411, "Harbor Kitchens LLC", "Basic"),
        Company(20412, "Airfield Cafés Inc.", "Basic"),
    )
}
PIER, MARKET, KIOSK = 7731, 7732, 7741
LOCATIONS = {
    location.id: location
    for location in (
        Location(PIER, 20411, "Pier 4", "Waterfront"),
        Location(MARKET, 20411, "Market Hall", "Waterfront"),
        Location(KIOSK, 20412, "Terminal Kiosk", "Airport"),
    )
}
EVERYWHERE = frozenset(LOCATIONS)

VENDORS = (
    Vendor(88101, 20411, "NSP-01", "Northside Produce"),
    Vendor(88102, 20411, "EQP-01", "Equipment Depot"),
    Vendor(88103, 20411, "BAY-02", "Bayline Seafood"),
    Vendor(88104, 20411, "LIN-07", "Linen Works"),
    Vendor(88105, 20411, "LEG-01", "Legacy Supply"),
    Vendor(88106, 20411, "MNT-04", "Maintenance Partners"),
    Vendor(88201, 20412, "NSP-01", "Northside Produce"),
    Vendor(88202, 20412, "EQP-01", "Equipment Depot"),
    Vendor(88203, 20412, "RST-03", "Roastery Supply"),
    Vendor(88204, 20412, "PKG-05", "Packaging House"),
)

DIMENSIONS = {
    (dimension.type, dimension.erp_id): dimension
    for dimension in (
        Dimension("dim_3kq81zt0mvx2", "DEPARTMENT", "D-10", "Kitchen", "10"),
        Dimension("dim_7ha02ybc9w4e", "DEPARTMENT", "D-20", "Bar", "20"),
        Dimension("dim_b5n6r8u1oj3s", "DEPARTMENT", "D-90", "Projects", "90"),
        Dimension("dim_e9g4d2l7px6f", "ACCOUNT", "A-5010", "Cost of Goods", "5010"),
        Dimension("dim_i1c3v5a8kq0m", "ACCOUNT", "A-6420", "Repairs", "6420"),
    )
}

CONTROLLER_USER, CLERK_USER, PETER = 138872, 138940, 136597
SITE_MANAGER, FINANCE_CHIEF, FORMER_BUYER = 140213, 140377, 139500
AUDITOR = 140512
USERS = {
    user.id: user
    for user in (
        User(CONTROLLER_USER, "api_user@example.com", "API", "User", EVERYWHERE),
        User(
            CLERK_USER,
            "clerk_api_user@example.com",
            "Clerk",
            "API User",
            frozenset({PIER, KIOSK}),
        ),
        User(PETER, "peter@example.com", "Peter", "", EVERYWHERE),
        User(
            SITE_MANAGER,
            "site.manager@example.com",
            "Site",
            "Manager",
            frozenset({PIER, MARKET}),
        ),
        User(
            FINANCE_CHIEF,
            "finance.chief@example.com",
            "Finance",
            "Chief",
            EVERYWHERE,
        ),
        User(FORMER_BUYER, "former.buyer@example.com", "Former", "Buyer", frozenset()),
        User(AUDITOR, "auditor@example.com", "Group", "Auditor", EVERYWHERE),
    )
}

MINIMUM_APPROVALS = "plcy_e00205b8f7cf11f0b0300eff1c63a64d"
OVER_5K = "plcy_9a77c2e0fd1011f0b1e90242ac120002"
CHIEF_AFTER_5K = "plcy_a40be6d2fd1011f0b1e90242ac120002"
TWO_SIGNATURES = "plcy_b3c81f44fd1011f0b1e90242ac120002"
KIOSK_DESK = "plcy_c2d90a18fd1011f0b1e90242ac120002"
MAINTENANCE = "plcy_d1ea3b7cfd1011f0b1e90242ac120002"
LEGACY = "plcy_e0fb5c90fd1011f0b1e90242ac120002"
PROJECTS = "plcy_f10c7da2fd1011f0b1e90242ac120002"
POLICIES = (
    Policy(
        id=OVER_5K,
        name="Over 5k",
        approver_ids=(CONTROLLER_USER, SITE_MANAGER),
        minimum_total=Decimal(5000),
    ),
    Policy(
        id=CHIEF_AFTER_5K,
        name="CFO after Over 5k",
        approver_ids=(FINANCE_CHIEF,),
        after=OVER_5K,
        minimum_total=Decimal(25_000),
    ),
    Policy(
        id=TWO_SIGNATURES,
        name="Two signatures",
        approver_ids=(CONTROLLER_USER, CLERK_USER, PETER),
        minimum=2,
        vendor_erp_ids=frozenset({"EQP-01"}),
    ),
    Policy(
        id=KIOSK_DESK,
        name="Kiosk desk",
        approver_ids=(CLERK_USER,),
        minimum_total=Decimal(100),
        maximum_total=Decimal("4999.99"),
        location_groups=frozenset({"Airport"}),
    ),
    Policy(
        id=MAINTENANCE,
        name="Maintenance",
        approver_ids=(SITE_MANAGER,),
        company_ids=frozenset({20411}),
        vendor_erp_ids=frozenset({"MNT-04"}),
    ),
    Policy(
        id=LEGACY,
        name="Legacy desk",
        approver_ids=(FORMER_BUYER,),
        location_ids=frozenset({PIER, MARKET}),
        vendor_erp_ids=frozenset({"LEG-01"}),
    ),
    Policy(
        id=PROJECTS,
        name="Projects",
        approver_ids=(FINANCE_CHIEF,),
        departments=frozenset({"D-90"}),
    ),
    Policy(
        id=MINIMUM_APPROVALS,
        name="Minimum Approvals",
        approver_ids=(CONTROLLER_USER,),
        is_fallback=True,
        minimum_total=Decimal(100),
    ),
)

_EVERYDAY: frozenset[Permission] = frozenset(
    {"approve", "add_approvers", "edit", "flag"}
)
APPLICATIONS = (
    Application(
        person="controller",
        description="account-level; may force, export and manage policy approvers",
        client_id="sandbox-controller",
        client_secret="sandbox-controller-secret",  # noqa: S106 (public on purpose)
        user_id=CONTROLLER_USER,
        location_ids=EVERYWHERE,
        permissions=_EVERYDAY
        | {
            "force_approve",
            "manage_policies",
            "edit_approved",
            "edit_exported",
            "export",
        },
    ),
    Application(
        person="clerk",
        description="two locations only; may approve, but neither force nor export",
        client_id="sandbox-clerk",
        client_secret="sandbox-clerk-secret",  # noqa: S106 (public on purpose)
        user_id=CLERK_USER,
        location_ids=frozenset({PIER, KIOSK}),
        permissions=_EVERYDAY,
    ),
)

# Demo persons who have no application here; what waits for them is known by e-mail.
_USERS_ALONE = {
    "accountant": FINANCE_CHIEF,
    "approver": SITE_MANAGER,
    "payer": PETER,
    "auditor": AUDITOR,
    "buyer": FORMER_BUYER,
}
EMAILS = {
    **{one.person: USERS[one.user_id].email for one in APPLICATIONS},
    **{person: USERS[user_id].email for person, user_id in _USERS_ALONE.items()},
}
