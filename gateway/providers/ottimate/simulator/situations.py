"""The invoices with a meaning: one per situation that an approval can be in."""

import msgspec

from gateway.providers.ottimate.simulator.directory import (
    CLERK_USER,
    CONTROLLER_USER,
    KIOSK,
    MARKET,
    PETER,
    PIER,
    SITE_MANAGER,
)


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice to start with; *approved_by* and *by_hand* are user ids."""

    number: str
    total: str
    status: str = "pending-approval"
    location_id: int = PIER
    vendor: str = "NSP-01"
    type: str = "invoice"
    currency: str = "USD"
    by_hand: tuple[int, ...] = ()
    approved_by: tuple[int, ...] = ()
    hold: str | None = None
    department: str = "D-10"
    project: str | None = None
    payment: str = "unpaid"


SITUATIONS = (
    Seed(number="INV-1002", total="842.10"),
    Seed(number="INV-1003", total="6120.50"),
    Seed(number="INV-1004", total="2218.00", vendor="EQP-01"),
    Seed(number="INV-1005", total="2964.75", vendor="EQP-01", approved_by=(PETER,)),
    Seed(number="INV-1006", total="31200.75"),
    Seed(number="INV-1007", total="64.20", by_hand=(PETER,)),
    Seed(number="INV-1008", total="71.35", by_hand=(CONTROLLER_USER,)),
    Seed(number="INV-1009", total="48.90"),
    Seed(number="INV-1010", total="930.00", hold="Price dispute"),
    Seed(number="INV-1011", total="215.40", type="credit_memo"),
    Seed(number="INV-1012", total="1310.05", location_id=KIOSK, vendor="RST-03"),
    Seed(number="INV-1013", total="780.00", vendor="MNT-04"),
    Seed(number="INV-1014", total="655.25", location_id=MARKET),
    Seed(number="INV-1015", total="402.80", vendor="LEG-01"),
    Seed(
        number="INV-1016",
        total="3105.00",
        vendor="EQP-01",
        approved_by=(CONTROLLER_USER,),
    ),
    Seed(number="INV-1017", total="518.60", by_hand=(CLERK_USER,)),
    Seed(number="INV-1018", total="127.15", type="other"),
    Seed(number="INV-1019", total="1999.00", department="D-90"),
    Seed(number="INV-1020", total="388.40", status="processing"),
    Seed(number="INV-1021", total="290.10", status="incomplete"),
    Seed(number="INV-1022", total="1450.00", status="needs-attention"),
    Seed(number="INV-1023", total="611.11", status="approved"),
    Seed(number="INV-1024", total="5420.00", status="ready-for-export"),
    Seed(number="INV-1025", total="733.30", status="exported", payment="paid"),
    Seed(number="INV-1026", total="95.55", status="archived", payment="paid"),
    Seed(
        number="INV-1027",
        total="841.00",
        status="ready-for-export",
        hold="Goods not received",
    ),
    Seed(number="INV-1028", total="1275.90", currency="EUR", project="PRJ-100"),
    Seed(number="INV-1029", total="8800.00", currency="CAD", payment="partial"),
    Seed(
        number="INV-1030",
        total="7450.00",
        by_hand=(PETER,),
        approved_by=(SITE_MANAGER,),
    ),
)
