"""The objects with a meaning: one per situation that an approval can be in.

| number | what is so |
| --- | --- |
| BILL-1001 | the controller is first of two and waiting |
| BILL-1002 | the controller is second, the accountant has not acted |
| BILL-1003 | the controller is second, the accountant has approved |
| BILL-1004 | the controller alone is asked |
| BILL-1005 | the controller alone is asked and has opened it (viewed) |
| BILL-1006 | the lead's task moved to the controller (rerouted) |
| BILL-1007 | the controller denied it |
| BILL-1008 | the controller, then the accountant approved it |
| BILL-1009 | nobody is asked, and no policy governs it |
| BILL-1010 | nobody is asked, though the policy from 4000 wants two |
| BILL-1011 | deleted while the controller is asked |
| BILL-1012 | approved, payment is scheduled |
| BILL-1013 | approved and paid |
| BILL-1014 | the inactive former approver is asked, the controller comes after |
| BILL-1015 | controller, accountant and buyer, nobody has acted |
| BILL-1016 | the accountant approved, then the approver denied (C3) |
| BILL-1017 | the manager is asked; approver, accountant and controller are upcoming |
| BILL-1018 | over 25000, the mandatory director approved, the controller is asked |
| BILL-1019 | exactly at the threshold of 4000, the controller is first of two |
| BILL-1020 | the controller has approved, the accountant is asked |
| BILL-1021 | half of it is paid though nobody has approved yet |
| BILL-1022 | the vendor was deleted, the controller is asked |
| BILL-1023 | the payment is pending; approved by the accountant |
| BILL-1024 | over 4000 with a single approver, set before there was a policy |
| VC-1001 | a vendor credit that waits for the controller |
| VC-1002 | a vendor credit with two: the accountant waits, the controller is upcoming |
| VC-1003 | a vendor credit that the controller approved |
| VC-1004 | a vendor credit that the approver denied |
| VC-1005 | a vendor credit that nobody is asked about, under the policy from 500 |
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
    DELETED_VENDOR,
    DIRECTOR,
    FORMER,
    LEAD,
    MANAGER,
    UNREMEMBERED_VENDOR,
)
from gateway.providers.bill.simulator.objects import (
    OPEN,
    PAID,
    PARTIALLY_PAID,
    PENDING,
    SCHEDULED,
)

Act = Literal["approve", "deny", "view", "reroute"]


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One bill or vendor credit to start with.

    *chain* are user ids; *acts* is what they do, each in turn.
    """

    number: str
    amount: str
    vendor: str = "Northside Produce"
    chain: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    payment: str = OPEN
    is_deleted: bool = False


BILL_SITUATIONS = (
    Seed(number="BILL-1001", amount="1250.40", chain=(CONTROLLER, ACCOUNTANT)),
    Seed(number="BILL-1002", amount="842.10", chain=(ACCOUNTANT, CONTROLLER)),
    Seed(
        number="BILL-1003",
        amount="6120.50",
        chain=(ACCOUNTANT, CONTROLLER),
        acts=("approve",),
    ),
    Seed(number="BILL-1004", amount="218.00", chain=(CONTROLLER,)),
    Seed(number="BILL-1005", amount="964.75", chain=(CONTROLLER,), acts=("view",)),
    Seed(
        number="BILL-1006",
        amount="3120.00",
        chain=(LEAD, CONTROLLER),
        acts=("reroute",),
    ),
    Seed(
        number="BILL-1007",
        amount="71.35",
        chain=(CONTROLLER, ACCOUNTANT),
        acts=("deny",),
    ),
    Seed(
        number="BILL-1008",
        amount="4890.00",
        chain=(CONTROLLER, ACCOUNTANT),
        acts=("approve", "approve"),
    ),
    Seed(number="BILL-1009", amount="930.00", vendor=UNREMEMBERED_VENDOR),
    Seed(number="BILL-1010", amount="5215.40", vendor=UNREMEMBERED_VENDOR),
    Seed(
        number="BILL-1011",
        amount="1310.05",
        chain=(CONTROLLER, ACCOUNTANT),
        is_deleted=True,
    ),
    Seed(
        number="BILL-1012",
        amount="780.00",
        chain=(CONTROLLER,),
        acts=("approve",),
        payment=SCHEDULED,
    ),
    Seed(
        number="BILL-1013",
        amount="655.25",
        chain=(CONTROLLER,),
        acts=("approve",),
        payment=PAID,
    ),
    Seed(number="BILL-1014", amount="402.80", chain=(FORMER, CONTROLLER)),
    Seed(number="BILL-1015", amount="8105.00", chain=(CONTROLLER, ACCOUNTANT, BUYER)),
    Seed(
        number="BILL-1016",
        amount="5518.60",
        chain=(ACCOUNTANT, APPROVER),
        acts=("approve", "deny"),
    ),
    Seed(
        number="BILL-1017",
        amount="9127.15",
        chain=(MANAGER, APPROVER, ACCOUNTANT, CONTROLLER),
    ),
    Seed(
        number="BILL-1018",
        amount="31200.75",
        chain=(DIRECTOR, CONTROLLER, BUYER),
        acts=("approve",),
    ),
    Seed(number="BILL-1019", amount="4000.00", chain=(CONTROLLER, APPROVER)),
    Seed(
        number="BILL-1020",
        amount="2290.10",
        chain=(CONTROLLER, ACCOUNTANT),
        acts=("approve",),
    ),
    Seed(
        number="BILL-1021",
        amount="1450.00",
        chain=(CONTROLLER,),
        payment=PARTIALLY_PAID,
    ),
    Seed(
        number="BILL-1022",
        amount="611.11",
        vendor=DELETED_VENDOR,
        chain=(CONTROLLER,),
    ),
    Seed(
        number="BILL-1023",
        amount="733.30",
        chain=(ACCOUNTANT,),
        acts=("approve",),
        payment=PENDING,
    ),
    Seed(number="BILL-1024", amount="12420.00", chain=(CONTROLLER,)),
)
CREDIT_SITUATIONS = (
    Seed(number="VC-1001", amount="125.50", chain=(CONTROLLER,)),
    Seed(number="VC-1002", amount="640.00", chain=(ACCOUNTANT, CONTROLLER)),
    Seed(number="VC-1003", amount="95.55", chain=(CONTROLLER,), acts=("approve",)),
    Seed(
        number="VC-1004",
        amount="841.00",
        chain=(APPROVER, CONTROLLER),
        acts=("deny",),
    ),
    Seed(number="VC-1005", amount="1275.90", vendor=UNREMEMBERED_VENDOR),
)


def _ids(prefix: str, seeds: tuple[Seed, ...]) -> Mapping[str, str]:
    return {
        one.number: f"{prefix}01{one.number.replace('-', ''):A<15}" for one in seeds
    }


BILL_IDS = _ids("00n", BILL_SITUATIONS)
CREDIT_IDS = _ids("vcr", CREDIT_SITUATIONS)
SITUATION_IDS: Mapping[str, str] = {**BILL_IDS, **CREDIT_IDS}
