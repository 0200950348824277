"""The doctor's probes: what Productive's public text leaves open, asked of the account.

None changes anything: the calls that write are sent for objects that cannot exist.
Some rows are of what nothing here depends on, and what the pages contradict all the
same: who sets an organization up wants to know which of the two it is.
"""

import functools
from collections.abc import Awaitable, Callable

from msgspec import Struct

from gateway.connector import Probe
from gateway.domain import TargetType
from gateway.errors import (
    GatewayError,
    InvalidInputError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.queue import PENDING, ProductiveQueue
from gateway.providers.productive.tables import (
    ASSIGNMENT_ROWS,
    IDS,
    STATUS_ROWS,
    TARGETS,
)
from gateway.providers.productive.words import (
    BULK_TYPE,
    MEDIA_TYPE,
    PEOPLE,
    POLICIES,
    WORKFLOWS,
)
from gateway.upstream import (
    Beliefs,
    Call,
    Deadline,
    RefusedError,
    Session,
    Upstream,
)

_NOBODY = "0"


class _Route(Struct, frozen=True, kw_only=True):
    """A call that some organizations have: its name, and one that changes nothing."""

    name: str
    call: Call


_ROUTES = (
    _Route(
        name="unapprove a booking",
        call=Call(
            method="PATCH",
            path=f"/bookings/{_NOBODY}/unapprove",
            headers={"Content-Type": MEDIA_TYPE},
        ),
    ),
    _Route(
        name="reject an expense itself",
        call=Call(
            method="PATCH",
            path=f"/expenses/{_NOBODY}/reject",
            headers={"Content-Type": MEDIA_TYPE},
        ),
    ),
    _Route(
        name="approve in bulk",
        call=Call(
            method="PATCH",
            path="/approval_statuses/approve",
            headers={"Content-Type": BULK_TYPE, "Accept": BULK_TYPE},
            json={"data": [{"id": _NOBODY, "type": "approval_statuses"}]},
        ),
    ),
)


class ProductiveProbes:
    """Asks what must be tried."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        lists: ProductiveLists,
        queue: ProductiveQueue,
        who_acts: Callable[[], Awaitable[str]],
        beliefs: Beliefs,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._lists = lists
        self._queue = queue
        self._who_acts = who_acts
        self._beliefs = beliefs

    async def run(self) -> list[Probe]:
        """Send each probe, one after the other, and return what it found.

        Where nobody owns the token nothing else can be asked.
        """
        name = "owner of the token"
        try:
            person_id = await self._who_acts()
        except GatewayError as error:
            return [Probe(name=name, ok=False, detail=error.message)]
        return [
            Probe(
                name=name,
                ok=True,
                detail=f"person {person_id}; reads for callers without a token of "
                "their own, and decides nothing",
            ),
            await self._probe("many by id", self._ask_batch),
            await self._probe(
                "pending bookings", functools.partial(self._ask_queue, person_id)
            ),
            await self._probe("unknown filter", self._ask_unknown_filter),
            await self._probe("workflows as a list", self._ask_workflows),
            await self._probe("policies by id", self._ask_policy_filter),
            await self._probe("people by type", self._ask_person_type),
            await self._probe("policy assignments", self._ask_assignments),
            *[
                await self._probe(
                    one.name, functools.partial(self._ask_route, one.call)
                )
                for one in _ROUTES
            ],
        ]

    async def _probe(
        self, name: str, ask: Callable[[], Awaitable[tuple[bool | None, str]]]
    ) -> Probe:
        try:
            ok, detail = await ask()
        except GatewayError as error:
            return Probe(name=name, ok=False, detail=error.message)
        return Probe(name=name, ok=ok, detail=detail)

    async def _ask_batch(self) -> tuple[bool | None, str]:
        page = await self._lists.list_page(STATUS_ROWS, {}, size=2)
        if len(page.rows) < 2:  # noqa: PLR2004 - a batch is two at least
            return None, "not seen to work with the approval statuses that there are"
        await self._lists.get_by_id(STATUS_ROWS, list(page.rows))
        if self._beliefs.believes(f"{STATUS_ROWS.resource} by id"):
            return True, "200 objects by id in one call"
        if self._beliefs.believes(f"{STATUS_ROWS.resource} by group") is False:
            return None, "not taken; objects are read one by one"
        return None, "no list of ids is taken; groups of 100 are asked for"

    async def _ask_queue(self, person_id: str) -> tuple[bool | None, str]:
        queue = await self._queue.list_queue(person_id)
        if queue.error is not None:
            raise queue.error
        if self._beliefs.believes(PENDING):
            return True, "the filter gives those that wait"
        return None, "not seen to be filtered; the latest are looked through"

    async def _ask_unknown_filter(self) -> tuple[bool | None, str]:
        table = IDS[TARGETS[TargetType.BOOKING].resource]
        try:
            await self._lists.list_page(table, {"filter[no_such_filter]": "1"}, size=1)
        except RefusedError as error:
            if isinstance(error.refusal, InvalidInputError):
                return True, "refused"
            raise
        return None, "ignored in silence; every row is checked against what was asked"

    async def _ask_workflows(self) -> tuple[bool | None, str]:
        try:
            await self._lists.list_page(IDS[WORKFLOWS], {}, size=1)
        except RefusedError as error:
            if isinstance(error.refusal, UnsupportedError):
                return None, "absent; they come with approval statuses"
            raise
        return True, "there is one"

    async def _ask_policy_filter(self) -> tuple[bool | None, str]:
        try:
            page = await self._lists.list_page(
                IDS[POLICIES], {"filter[id]": _NOBODY}, size=1
            )
        except RefusedError as error:
            if isinstance(error.refusal, InvalidInputError):
                return None, "refused; the list is read whole"
            raise
        if page.rows:
            return None, "ignored; the list is read whole"
        return True, "taken; the list is read whole all the same"

    async def _ask_person_type(self) -> tuple[bool | None, str]:
        try:
            await self._lists.list_page(
                IDS[PEOPLE], {"filter[person_type]": "1"}, size=1
            )
        except RefusedError as error:
            if isinstance(error.refusal, InvalidInputError):
                return None, "numbers are refused; the gateway asks for none"
            raise
        return True, "numbers are taken"

    async def _ask_assignments(self) -> tuple[bool | None, str]:
        page = await self._lists.list_page(ASSIGNMENT_ROWS, {}, size=1)
        told = [one or "unknown" for one in page.rows.values()]
        if not told:
            return None, "there is none"
        return True, f"the first is of a {told[0]}"

    async def _ask_route(self, call: Call) -> tuple[bool | None, str]:
        try:
            await self._upstream.write(
                call, session=self._session, deadline=self._deadline
            )
        except UnsupportedError:
            return None, "absent; approval statuses are decided one by one"
        except UpstreamError:
            raise
        except GatewayError:
            # It is there, and knows no such object.
            return True, "there is one; the gateway decides on approval statuses"
        return True, "there is one; the gateway decides on approval statuses"
