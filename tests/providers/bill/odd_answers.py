"""What the tests of odd answers share."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from gateway.providers.bill.simulator.directory import (
    APPROVER,
    BUYER,
)
from tests.providers.bill.writing import (
    Intercept,
    Office,
    answering,
    failure,
)
from tests.support import (
    Handler,
)

Switch = Callable[..., None]


UNTOLD = "BILL refused, and does not tell why. Nothing was changed."


NO_CALL = "This BILL environment has no such call. Nothing was changed."


CLEAR_FIRST = (
    "This invoice was rejected, and BILL asks about it again only after its approvers "
    "were cleared: `clearApprovers` first. Nothing was changed."
)


SOURCES = "sources { provider ok isComplete error { code } }"


ONE_KIND = f"""
query ($filter: InvoiceFilter) {{
  invoices(first: 100, filter: $filter) {{
    nodes {{ sourceId }} totalCount {SOURCES}
  }}
}}
"""


CHAINS = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Invoice { approvers { user { sourceId } } } }
}
"""


HTML = "<html><title>Not here</title></html>"


def page_at(status: int) -> httpx.Response:
    """Return what something in front of BILL answers."""
    return httpx.Response(status, content=HTML)


def source(code: str | None = None, *, is_complete: bool) -> dict[str, Any]:
    return {
        "provider": "BILL",
        "ok": code is None,
        "isComplete": is_complete,
        "error": None if code is None else {"code": code},
    }


def refuse_with_its_reason(
    office: Office, call: str, reads: Sequence[str], code: str
) -> None:
    """Refuse one write, and from then on the reads that could tell why."""

    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        for one in reads:
            office.intercept(one, answering(failure(code)))
        return failure("BDC_9999")

    office.intercept(call, refuse)


def taking_in(*, honoured: Callable[[str], str | None]) -> Intercept:
    """Return what changes each `in` of a list, or drops it where that gives None."""

    async def resend(request: httpx.Request, upstream: Handler) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        data = json.loads(form["data"])
        kept = []
        for one in data["filters"]:
            value = one["value"] if one["op"] != "in" else honoured(one["value"])
            if value is not None:
                kept.append({**one, "value": value})
        content = {**form, "data": json.dumps({**data, "filters": kept})}
        again = httpx.Request(request.method, request.url, data=content)
        return await upstream(again)

    return resend


# A value that is not split at commas is no id; one that is dropped lets all through.
LITERAL = taking_in(honoured=lambda _: "0" * 20)


IGNORED = taking_in(honoured=lambda _: None)


WRITES: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "approve": ("Approve", "id", {}),
    "reject": ("Deny", "id", {}),
    "setApprovers": ("SetApprovers", "invoiceId", {"userSourceIds": [BUYER, APPROVER]}),
    "addApprover": ("SetApprovers", "invoiceId", {"userSourceId": APPROVER}),
    "clearApprovers": ("ClearApprovers", "invoiceId", {}),
}


def members_of(office: Office, mutation: str, number: str) -> dict[str, Any]:
    _, name, members = WRITES[mutation]
    return {name: office.id(number), **members}
