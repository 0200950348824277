"""Ottimate's probes: what the public pages leave open, asked of the real account.

None changes anything: the calls that write are sent for an invoice that cannot exist.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from gateway.connector import Probe
from gateway.domain import Capability
from gateway.errors import GatewayError, UnsupportedError, UpstreamError
from gateway.providers.ottimate.knowledge import UNCERTAIN, Knowledge
from gateway.providers.ottimate.reads import invoice_path
from gateway.upstream import Call, Deadline, Session, Upstream

_NO_INVOICE = "00000000-0000-4000-8000-000000000000"
_NO_APPROVAL = "pbjappr_00000000000000000000000000000000"

_PROBES = {
    Capability.APPROVE: Call(
        method="POST", path=invoice_path(_NO_INVOICE, "/approve"), json={}
    ),
    Capability.ADD_APPROVER: Call(
        method="POST",
        path=invoice_path(_NO_INVOICE, "/approvers"),
        json={"approver_id": "0"},
    ),
    Capability.REMOVE_APPROVER: Call(
        method="DELETE",
        path=invoice_path(_NO_INVOICE, "/approvers"),
        params={"approval_id": _NO_APPROVAL},
    ),
}

# Invoices whose approvers are read to see the forms that records take.
_SAMPLE = 10


class _Row(Struct):
    id: str


class _Rows(Struct):
    count: int
    results: list[_Row]


class _Records(Struct):
    approvers: list[dict[str, Any]]


_ROWS = msgspec.json.Decoder(_Rows)
_DETAIL = msgspec.json.Decoder(dict[str, Any])
_RECORDS = msgspec.json.Decoder(_Records)


class OttimateProbes:
    """The probes of one account."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        knowledge: Knowledge,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._knowledge = knowledge

    async def run(self) -> list[Probe]:
        """Send each probe and return its rows; without a sign-in there is one row."""
        try:
            grant = await self._session.get_grant()
        except UpstreamError as error:
            return [Probe(name="sign-in", ok=False, detail=error.message)]
        rows = [
            Probe(
                name="sign-in",
                ok=True,
                detail=f"a token for {grant.lifetime_seconds:.0f} s",
            )
        ]
        rows += await self._probe_list()
        rows += await _named("approver records", self._probe_records())
        rows += await asyncio.gather(*(self._probe_call(one) for one in UNCERTAIN))
        return rows

    async def probe_unseen_calls(self) -> None:
        """Learn which of the uncertain calls the account has, where nothing is known.

        A call that the provider does not answer for stays unknown.
        """
        await asyncio.gather(*(self._probe_call(one) for one in self._knowledge.unseen))

    async def _probe_list(self) -> list[Probe]:
        try:
            page = await self._list({"page": "1", "limit": "3"})
        except GatewayError as error:
            return [Probe(name="invoices", ok=False, detail=error.message)]
        listed = Probe(name="invoices", ok=True, detail=f"{page.count} can be read")
        if not page.results:
            none = "no invoice to try it on"
            return [listed, Probe(name="invoice_ids filter", ok=None, detail=none)]
        last = page.results[-1].id
        return [
            listed,
            *await _named(
                "invoice_ids filter", self._probe_ids_filter(last, page.count)
            ),
            *await _named("single read", self._probe_single_read(last)),
        ]

    async def _probe_ids_filter(self, invoice_id: str, count: int) -> list[Probe]:
        page = await self._list(
            {"invoice_ids": invoice_id, "page": "1", "limit": "100"}
        )
        honoured = [row.id for row in page.results] == [invoice_id]
        if honoured and count == 1:
            detail = "not told apart: the account has one invoice"
            return [Probe(name="invoice_ids filter", ok=None, detail=detail)]
        detail = "honoured" if honoured else "not honoured: invoices cannot be read"
        return [Probe(name="invoice_ids filter", ok=honoured, detail=detail)]

    async def _probe_single_read(self, invoice_id: str) -> list[Probe]:
        detail = await self._upstream.read(
            Call(
                method="GET",
                path=invoice_path(invoice_id),
                params={"expand": "history"},
            ),
            _DETAIL.decode,
            session=self._session,
            deadline=self._deadline,
        )
        told = (
            f"line items {_told('items' in detail)}, "
            f"history {_told('history' in detail)}"
        )
        return [Probe(name="single read", ok=None, detail=told)]

    async def _probe_records(self) -> list[Probe]:
        page = await self._list(
            {"status": "pending-approval", "page": "1", "limit": str(_SAMPLE)}
        )
        answers = await asyncio.gather(
            *(self._read_records(row.id) for row in page.results)
        )
        records = [record for answer in answers for record in answer]
        if not records:
            none = "no approver to look at"
            return [
                Probe(name=name, ok=None, detail=none)
                for name in ("approver status", "policy of a manual approver")
            ]
        status = _told(any("status" in record for record in records))
        return [
            Probe(name="approver status", ok=None, detail=status),
            Probe(
                name="policy of a manual approver",
                ok=None,
                detail=_manual_form(records),
            ),
        ]

    async def _probe_call(self, capability: Capability) -> Probe:
        name = f"{capability.value.lower().replace('_', ' ')} call"
        try:
            await self._upstream.write(
                _PROBES[capability], session=self._session, deadline=self._deadline
            )
        except UnsupportedError:
            self._knowledge.learn(capability, present=False)
            return Probe(name=name, ok=None, detail="absent: answers UNSUPPORTED")
        except UpstreamError as error:
            return Probe(name=name, ok=False, detail=error.message)
        except GatewayError:
            # The application refused to write to an invoice that does not exist.
            self._knowledge.learn(capability, present=True)
            return Probe(name=name, ok=True, detail="present")
        return Probe(
            name=name, ok=False, detail="accepted for an invoice that does not exist"
        )

    async def _list(self, params: dict[str, str]) -> _Rows:
        return await self._upstream.read(
            Call(method="GET", path="/invoices", params=params),
            _ROWS.decode,
            session=self._session,
            deadline=self._deadline,
        )

    async def _read_records(self, invoice_id: str) -> list[dict[str, Any]]:
        answer = await self._upstream.read(
            Call(method="GET", path=invoice_path(invoice_id, "/approvers")),
            _RECORDS.decode,
            session=self._session,
            deadline=self._deadline,
        )
        return answer.approvers


async def _named(name: str, probing: Awaitable[list[Probe]]) -> list[Probe]:
    """Return the rows of a probe, or one under its *name* that says why not."""
    try:
        return await probing
    except GatewayError as error:
        return [Probe(name=name, ok=False, detail=error.message)]


def _told(told: bool) -> str:
    return "told" if told else "not told"


def _manual_form(records: Iterable[dict[str, Any]]) -> str:
    for record in records:
        policy = record.get("policy")
        if "policy" not in record:
            return "left out"
        if policy is None:
            return "null"
        if isinstance(policy, dict) and not policy.get("id"):
            return "empty text"
    return "no manual approver seen"
