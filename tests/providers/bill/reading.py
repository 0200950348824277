"""What the tests of BILL's reads share: documents, and a list computed apart."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from gateway.connector import Account
from gateway.domain import ProviderName, encode_id
from gateway.providers.bill import PROVIDER
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator.objects import (
    Approvable,
    ApprovalPolicy,
    Bill,
    VendorCredit,
)
from gateway.providers.bill.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline
from tests.support import Client, FakeTime, Handler, RecordingTransport

Row = dict[str, Any]

LIST = """
query ($first: Int!, $after: String, $filter: InvoiceFilter, $order: InvoiceOrder) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { sourceId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
BILLS = "POST /List/Bill.json"
CREDITS = "POST /List/VendorCredit.json"
POLICIES = "POST /List/ApprovalPolicy.json"
MANDATORY = "POST /List/ApprovalPolicyApprover.json"
USERS = "POST /List/User.json"
VENDOR_LIST = "POST /List/Vendor.json"
PROFILES = "POST /List/Profile.json"
BILL_APPROVERS = "POST /List/BillApprover.json"
CREDIT_APPROVERS = "POST /List/VendorCreditApprover.json"
SESSION = "POST /GetSessionInfo.json"
APPROVERS = "POST /ListApprovers.json"
QUEUE = "POST /ListUserApprovals.json"
READ_USER = "POST /Crud/Read/User.json"
READ_VENDOR = "POST /Crud/Read/Vendor.json"
READ_POLICY = "POST /Crud/Read/ApprovalPolicy.json"

STATUSES = {
    "0": "UNASSIGNED",
    "1": "PENDING_APPROVAL",
    "4": "PENDING_APPROVAL",
    "3": "APPROVED",
    "5": "REJECTED",
}
STATES = {"1": "PENDING", "4": "PENDING", "3": "APPROVED", "5": "REJECTED"}


def open_account(
    sandbox: Sandbox,
    time: FakeTime,
    transport: RecordingTransport,
    *,
    person: str | None = None,
) -> Account:
    """Return the standing of the service account, or of a demo person."""
    own = {} if person is None else sandbox.credentials(PROVIDER, person)
    assert own is not None
    section = PROVIDER.settings.model_validate({**sandbox.settings(PROVIDER), **own})
    upstream = PROVIDER.open_upstream(section, time.clock, transport)
    return PROVIDER.open_account(section, upstream)


def connect(account: Account, time: FakeTime) -> BillConnector:
    """Return a connector for one more request."""
    connector = account.connect(Deadline(25, time.clock))
    assert isinstance(connector, BillConnector)
    return connector


def graph_id(one: Approvable) -> str:
    return encode_id("Invoice", ProviderName.BILL, one.id)


def policy_id(source_id: str) -> str:
    return encode_id("Policy", ProviderName.BILL, source_id)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def wire_time(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def everything(state: State) -> list[Approvable]:
    return [*state.bills.values(), *state.vendor_credits.values()]


def in_order(rows: Iterable[Approvable]) -> list[str]:
    """Return BILL's ids, newest first, then by the graph's id."""
    by_id = sorted(rows, key=graph_id)
    ordered = sorted(by_id, key=lambda one: instant(one.created_time), reverse=True)
    return [one.id for one in ordered]


def newest(state: State, count: int, wanted: Row | None = None) -> list[Approvable]:
    """Return the first rows of a list."""
    rows = {one.id: one for one in matching(state, wanted or {})}
    return [rows[key] for key in in_order(rows.values())[:count]]


def approvers_of(state: State, one: Approvable) -> list[str]:
    """Return the names of those who are asked about an object, in their order."""
    users = [state.users[row.users_id] for row in state.chain(one.id)]
    return [f"{user.first_name} {user.last_name}" for user in users]


def number_of(one: Approvable) -> str:
    return one.invoice_number if isinstance(one, Bill) else one.ref_number


def issued_on(one: Approvable) -> str:
    return one.invoice_date if isinstance(one, Bill) else one.credit_date


def due_on(one: Approvable) -> str:
    return one.due_date if isinstance(one, Bill) else ""


def tier_of(state: State, one: Approvable) -> ApprovalPolicy | None:
    """Return the active policy of the highest threshold that the amount reaches."""
    kind = "0" if isinstance(one, Bill) else "1"
    reached = [
        policy
        for policy in state.policies.values()
        if policy.is_active == "1"
        and policy.type == kind
        and policy.amount_threshold <= one.amount
    ]
    return max(reached, key=lambda policy: policy.amount_threshold, default=None)


def waiting(state: State, user_id: str) -> list[Approvable]:
    """Return what is not deleted and where it is this user's turn."""
    return [
        one
        for one in everything(state)
        if one.is_active == "1"
        and any(
            row.users_id == user_id and row.status in {"0", "1"}
            for row in state.chain(one.id)
        )
    ]


def by_day(rows: list[Approvable]) -> list[str]:
    """Return BILL's ids by due date, else by the date on it, then by id."""
    ordered = sorted(rows, key=graph_id)
    ordered.sort(key=lambda one: due_on(one) or issued_on(one))
    return [one.id for one in ordered]


def state_of(state: State, one: Approvable) -> str:
    if one.approval_status == "0":
        return "NOT_REQUIRED" if tier_of(state, one) is None else "PENDING"
    return STATES[one.approval_status]


def status_of(one: Approvable) -> str:
    if one.is_active == "2":
        return "ARCHIVED"
    if isinstance(one, Bill) and one.payment_status == "0":
        return "PAID"
    return STATUSES[one.approval_status]


def matches(state: State, one: Approvable, wanted: Row) -> bool:
    """Return what the filter's description says, from the organization's own state."""
    vendor = state.vendors[one.vendor_id].name
    text = "\n".join((number_of(one), vendor)).lower()
    kind = "BILL" if isinstance(one, Bill) else "VENDOR_CREDIT"
    tests: dict[str, Callable[[Any], bool]] = {
        "providers": lambda to: "BILL" in to,
        "states": lambda to: state_of(state, one) in to,
        "statuses": lambda to: status_of(one) in to,
        "kinds": lambda to: kind in to,
        "search": lambda to: to.lower() in text,
        "issuedAfter": lambda to: issued_on(one) >= to,
        "issuedBefore": lambda to: "" < issued_on(one) <= to,
        "dueAfter": lambda to: due_on(one) >= to,
        "dueBefore": lambda to: "" < due_on(one) <= to,
        "updatedSince": lambda to: instant(one.updated_time) >= instant(to),
        "minimumTotal": lambda to: one.amount >= Decimal(to),
        "maximumTotal": lambda to: one.amount <= Decimal(to),
    }
    return all(tests[name](to) for name, to in wanted.items() if to is not None)


def matching(state: State, wanted: Row) -> list[Approvable]:
    return [one for one in everything(state) if matches(state, one, wanted)]


def on_bill(wanted: Row | None = None) -> Row:
    """Return a filter of BILL alone."""
    return {**(wanted or {}), "providers": ["BILL"]}


async def read_pages(
    client: Client, first: int, wanted: Row | None = None, **variables: Any
) -> list[list[Row]]:
    """Return the edges of every page on BILL, from the first to the last."""
    pages: list[list[Row]] = []
    after = None
    while True:
        body = await client.execute(
            LIST,
            {"first": first, "after": after, "filter": on_bill(wanted), **variables},
        )
        assert "errors" not in body
        connection = body["data"]["invoices"]
        info = connection["pageInfo"]
        edges = connection["edges"]
        pages.append(edges)
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        if not info["hasNextPage"]:
            return pages
        assert len(edges) == first
        assert info["endCursor"] == edges[-1]["cursor"]
        after = info["endCursor"]


def ids(pages: Iterable[Iterable[Row]]) -> list[str]:
    return [edge["node"]["sourceId"] for page in pages for edge in page]


def add_bill(state: State, created_at: datetime | str, **changes: Any) -> Bill:
    """Add a bill that is like BILL-1004, but nobody is asked about it."""
    model = state.numbered("BILL-1004")
    assert isinstance(model, Bill)
    at = created_at if isinstance(created_at, str) else wire_time(created_at)
    made = msgspec.structs.replace(
        model,
        **{
            "id": state.next_id("Bill"),
            "created_time": at,
            "updated_time": at,
            "invoice_number": f"NEW-{len(state.bills)}",
            **changes,
        },
    )
    state.bills[made.id] = made
    return made


def add_credit(
    state: State, created_at: datetime | str, **changes: Any
) -> VendorCredit:
    """Add a vendor credit that is like VC-1001, but nobody is asked about it."""
    model = state.numbered("VC-1001")
    assert isinstance(model, VendorCredit)
    at = created_at if isinstance(created_at, str) else wire_time(created_at)
    made = msgspec.structs.replace(
        model,
        **{
            "id": state.next_id("VendorCredit"),
            "created_time": at,
            "updated_time": at,
            "ref_number": f"NEW-{len(state.vendor_credits)}",
            **changes,
        },
    )
    state.vendor_credits[made.id] = made
    return made


def answers(body: bytes, status: int = 200) -> Callable[[httpx.Request, Handler], Any]:
    """Return an interceptor that answers in place of BILL."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(status, content=body)

    return answer


def changes(old: bytes, new: bytes) -> Callable[[httpx.Request, Handler], Any]:
    """Return an interceptor that changes what BILL answers."""

    async def change(request: httpx.Request, upstream: Handler) -> httpx.Response:
        body = await (await upstream(request)).aread()
        assert old in body
        return httpx.Response(200, content=body.replace(old, new))

    return change


def success(data: Any) -> bytes:
    return msgspec.json.encode(
        {"response_status": 0, "response_message": "Success", "response_data": data}
    )


def failure(code: str, message: str = "x") -> bytes:
    return msgspec.json.encode(
        {
            "response_status": 1,
            "response_message": "Error",
            "response_data": {"error_code": code, "error_message": message},
        }
    )
