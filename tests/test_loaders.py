"""Loaders, beside plain aiodataloader where they mend it.

Each mend is a scenario that runs on both: when plain aiodataloader passes one too, the
mend can go.
"""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from aiodataloader import DataLoader

from gateway.connector import Connector, Person, Queue
from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    ApprovalStatusDetails,
    ApprovalStatusRecord,
    ApprovalWorkflowRecord,
    ApproverStatus,
    BookingRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    PolicyRecord,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetType,
    UserRecord,
)
from gateway.errors import GatewayError, NotFoundError, UpstreamTimeoutError
from gateway.loaders import BatchError, Loader, ProviderLoaders, QueueLoader
from tests.support import Client, RecordingTransport

Batch = Callable[[list[str]], Coroutine[Any, Any, list[Any]]]
Create = Callable[[Batch], DataLoader[str, Any]]
Scenario = Callable[[Create], Awaitable[object]]

_person: contextvars.ContextVar[str] = contextvars.ContextVar("person")


def _mended(batch: Batch) -> DataLoader[str, Any]:
    class Mended(Loader[str, Any]):
        async def batch_load_fn(self, keys: list[str]) -> list[Any]:
            return await batch(keys)

    return Mended()


def _plain(batch: Batch) -> DataLoader[str, Any]:
    return DataLoader(batch)


class Letters:
    """A batch function that answers in capitals, and knows what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.errors: dict[str, Exception] = {}

    async def __call__(self, keys: list[str]) -> list[Any]:
        self.batches.append(keys)
        await self.gate.wait()
        return [self.errors.pop(key, None) or key.upper() for key in keys]

    async def load_batch(self, keys: list[str]) -> list[Any]:
        return await self(keys)


async def _load(loader: DataLoader[str, Any], key: str) -> object:
    """Return the key's value, or the type of the error."""
    try:
        return await loader.load(key)
    except Exception as error:  # noqa: BLE001 - which one it is matters
        return type(error)


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def _end(task: asyncio.Task[object]) -> object:
    """Return what a task came to; "hangs" if it waits for what never comes."""
    await _settle()
    if not task.done():
        task.cancel()
        await _settle()
        return "hangs"
    return "cancelled" if task.cancelled() else task.result()


async def _cancel_one_of_two_callers(create: Create) -> object:
    letters = Letters()
    letters.gate.clear()
    loader = create(letters.load_batch)
    first, second = (asyncio.create_task(_load(loader, "a")) for _ in range(2))
    await _settle()

    first.cancel()
    await _settle()
    letters.gate.set()
    return await _end(second)


async def _cancel_the_only_caller(create: Create) -> object:
    letters = Letters()
    letters.gate.clear()
    loader = create(letters.load_batch)
    only = asyncio.create_task(_load(loader, "a"))
    await _settle()

    only.cancel()
    letters.gate.set()
    return await _end(asyncio.create_task(_load(loader, "a")))


async def _end_a_batch_by_cancellation(create: Create) -> object:
    async def load_batch(keys: list[str]) -> list[Any]:
        raise asyncio.CancelledError

    return await _end(asyncio.create_task(_load(create(load_batch), "a")))


async def _fail_one_key_and_ask_again(create: Create) -> object:
    letters = Letters()
    letters.errors["a"] = NotFoundError("No a.")
    loader = create(letters.load_batch)

    return [await _load(loader, "a"), await _load(loader, "a")]


async def _collect_garbage_during_a_batch(create: Create) -> object:
    answers: list[weakref.ref[asyncio.Future[str]]] = []

    async def load_batch(keys: list[str]) -> list[Any]:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        answers.append(weakref.ref(answer))
        return [await answer]

    loader = create(load_batch)
    waiting = asyncio.create_task(_load(loader, "a"))
    await _settle()
    gc.collect()

    answer = answers[0]()
    if answer is not None:
        answer.set_result("A")
    return await _end(waiting)


async def _load_in_another_context(create: Create) -> object:
    async def load_batch(keys: list[str]) -> list[Any]:
        return [_person.get() for _ in keys]

    async def load() -> object:
        _person.set("caller")
        return await _load(loader, "a")

    _person.set("creator")
    loader = create(load_batch)
    return await _end(asyncio.create_task(load()))


MENDS = [
    pytest.param(_cancel_one_of_two_callers, "A", id="cancelled-caller"),
    pytest.param(_cancel_the_only_caller, "A", id="cancelled-only-caller"),
    pytest.param(_end_a_batch_by_cancellation, BatchError, id="cancelled-batch"),
    pytest.param(_fail_one_key_and_ask_again, [NotFoundError, "A"], id="failed-key"),
    pytest.param(_collect_garbage_during_a_batch, "A", id="garbage-collection"),
    pytest.param(_load_in_another_context, "creator", id="context"),
]


@pytest.mark.parametrize(("scenario", "expected"), MENDS)
async def test_a_loader_holds(scenario: Scenario, expected: object) -> None:
    assert await scenario(_mended) == expected


@pytest.mark.parametrize(("scenario", "expected"), MENDS)
async def test_plain_aiodataloader_does_not_hold(
    scenario: Scenario, expected: object
) -> None:
    """It shows that each mend is still needed; once this fails, one can go."""
    assert await scenario(_plain) != expected


# Batches


async def test_keys_of_the_same_and_the_next_tick_are_one_batch() -> None:
    async def load_later() -> object:
        await asyncio.sleep(0)
        return await _load(loader, "c")

    letters = Letters()
    loader = _mended(letters.load_batch)

    loading = [_load(loader, "a"), _load(loader, "b"), load_later()]
    values = await asyncio.gather(*loading)

    assert values == ["A", "B", "C"]
    assert letters.batches == [["a", "b", "c"]]


async def test_a_key_asked_while_a_batch_runs_is_the_next_batch() -> None:
    letters = Letters()
    letters.gate.clear()
    loader = _mended(letters.load_batch)
    first = asyncio.create_task(_load(loader, "a"))
    await _settle()

    second = asyncio.create_task(_load(loader, "b"))
    await _settle()
    letters.gate.set()

    assert [await first, await second] == ["A", "B"]
    assert letters.batches == [["a"], ["b"]]


async def test_a_key_asked_often_is_asked_once() -> None:
    letters = Letters()
    loader = _mended(letters.load_batch)

    values = await loader.load_many(["b", "a", "b", "b"])

    assert values == ["B", "A", "B", "B"]
    assert await loader.load("a") == "A"
    assert letters.batches == [["b", "a"]]


async def test_an_error_among_the_values_is_that_keys_alone() -> None:
    letters = Letters()
    letters.errors["b"] = NotFoundError("No b.")
    loader = _mended(letters.load_batch)

    values = await asyncio.gather(*(_load(loader, key) for key in "abc"))

    assert values == ["A", NotFoundError, "C"]
    assert letters.batches == [["a", "b", "c"]]


async def test_a_batch_that_fails_fails_each_key_and_is_asked_again() -> None:
    async def load_batch(keys: list[str]) -> list[Any]:
        batches.append(keys)
        if len(batches) == 1:
            raise NotFoundError("Nothing here.")
        return [key.upper() for key in keys]

    batches: list[list[str]] = []
    loader = _mended(load_batch)

    values = await asyncio.gather(*(_load(loader, key) for key in "ab"))

    assert values == [NotFoundError, NotFoundError]
    assert await loader.load_many(["a", "b"]) == ["A", "B"]
    assert batches == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("values", [[], ["B"], ["A", "B", "C"]])
async def test_a_batch_of_the_wrong_length_gives_no_key_anothers_value(
    values: list[str],
) -> None:
    async def load_batch(keys: list[str]) -> list[Any]:
        return values

    loader = _mended(load_batch)

    found = await asyncio.gather(*(_load(loader, key) for key in "ab"))

    assert found == [BatchError, BatchError]


async def test_a_batch_is_let_go_at_its_end() -> None:
    class Mended(Loader[str, str]):
        async def batch_load_fn(self, keys: list[str]) -> list[str]:
            return keys

    loader = Mended()
    loading = loader.load("a")
    assert len(loader._batches) == 1

    await loading
    await _settle()

    assert loader._batches == set()


async def test_a_primed_value_is_not_asked_and_keeps_what_was_read() -> None:
    letters = Letters()
    loader = _mended(letters.load_batch)
    loader.prime("a", "told")
    await loader.load("b")
    loader.prime("b", "told")

    assert await loader.load_many(["a", "b"]) == ["told", "B"]
    assert letters.batches == [["b"]]


async def test_a_cleared_value_is_asked_again() -> None:
    letters = Letters()
    loader = _mended(letters.load_batch)
    await loader.load_many(["a", "b"])

    loader.clear("a")
    await loader.load_many(["a", "b"])
    loader.clear_all()
    await loader.load_many(["a", "b"])

    assert letters.batches == [["a", "b"], ["a"], ["a", "b"]]


# What each loader asks of its connector


def _invoice(source_id: str, **members: Any) -> InvoiceRecord:
    return InvoiceRecord(
        **{
            "id": f"id-{source_id}",
            "provider": ProviderName.BILL,
            "source_id": source_id,
            "kind": InvoiceKind.BILL,
            "title": source_id,
            "number": None,
            "status": InvoiceStatus.PENDING_APPROVAL,
            "source_status": "Assigned",
            "counterparty": None,
            "location_name": None,
            "total": None,
            "tax": None,
            "amount_due": None,
            "issue_date": None,
            "due_date": None,
            "created_at": datetime(2026, 11, 2, tzinfo=UTC),
            "updated_at": None,
            "approved_at": None,
            "url": None,
            "attachments": [],
            "approval_state": ApprovalState.PENDING,
            "approvers_status": ApproverStatus.UNKNOWN,
            **members,
        }
    )


def _policy(source_id: str) -> PolicyRecord:
    return PolicyRecord(
        id=f"id-{source_id}",
        provider=ProviderName.BILL,
        source_id=source_id,
        name=source_id,
    )


def _booking(source_id: str) -> BookingRecord:
    return BookingRecord(
        id=f"id-{source_id}",
        provider=ProviderName.BILL,
        source_id=source_id,
        title=source_id,
        approval_state=ApprovalState.PENDING,
        person=None,
        manager_source_id=None,
        is_open=True,
        start_date=date(2026, 11, 2),
        end_date=date(2026, 11, 3),
        minutes=None,
        minutes_per_day=None,
        working_days=None,
        percentage=None,
        note=None,
        event=None,
        service_source_id=None,
        is_draft=None,
        is_canceled=False,
        canceled_at=None,
        approved_at=None,
        rejected_at=None,
        rejected_reason=None,
        created_at=None,
        updated_at=None,
    )


def _details(source_id: str) -> TargetDetails:
    return TargetDetails(target=_booking(source_id), statuses=[], is_whole=True)


def _status(source_id: str) -> ApprovalStatusDetails:
    record = ApprovalStatusRecord(
        id=f"id-{source_id}",
        provider=ProviderName.BILL,
        source_id=source_id,
        state=ApprovalState.PENDING,
        target_type=TargetType.BOOKING,
        target=_key("b"),
        approver=None,
        actual_approver=None,
        dynamic_approver_type=None,
        fallback_approver_type=None,
        group_key=None,
        approved_at=None,
        rejected_at=None,
        note=None,
        workflow=None,
        organization_source_id=None,
    )
    return ApprovalStatusDetails(status=record, target=_booking("b"))


def _workflow(source_id: str) -> ApprovalWorkflowRecord:
    return ApprovalWorkflowRecord(
        id=f"id-{source_id}",
        provider=ProviderName.BILL,
        source_id=source_id,
        requirement=ApprovalRequirement.ANY,
        approvers=None,
        dynamic_approver_types=[],
        policy=None,
    )


def _key(source_id: str) -> TargetKey:
    return TargetKey(TargetType.BOOKING, source_id)


USER = UserRecord(source_id="u", display_name="U", email=None)
PERSON = Person(is_signed_in=False, email="anna@example.com")
LATE = UpstreamTimeoutError(ProviderName.BILL, "Late.")


class Asked:
    """A connector's reads, and its facets', and what they were asked.

    It knows the policies "p" and "q", and that "p" applies to the invoice "a"; the
    approval status "s" and the workflow "w"; the booking "b", which awaits the person,
    and "late", which cannot be read.
    """

    def __init__(self) -> None:
        self.invoices = self.policies = self.targets = self
        self.asked: list[tuple[str, list[str]]] = []
        self.queue = Queue(invoices=[_invoice("a")], is_complete=True)
        self.error: Exception | None = None

    def _ask(self, name: str, keys: Sequence[str]) -> None:
        self.asked.append((name, list(keys)))
        if self.error is not None:
            raise self.error

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        self._ask("policies", ids)
        return {key: _policy(key) for key in ids if key in {"p", "q"}}

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        self._ask("applicable", [one.source_id for one in invoices])
        return {
            one.source_id: [_policy("p")] if one.source_id == "a" else []
            for one in invoices
            if one.source_id != "untold"
        }

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        self._ask("mandatory", policy_ids)
        return {
            key: [USER] if key == "p" else [] for key in policy_ids if key in {"p", "q"}
        }

    async def get_statuses(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalStatusDetails]:
        self._ask("statuses", ids)
        return {key: _status(key) for key in ids if key == "s"}

    async def get_targets(
        self, keys: Sequence[TargetKey]
    ) -> Mapping[TargetKey, TargetDetails | GatewayError]:
        self._ask("targets", [key.source_id for key in keys])
        found: dict[TargetKey, TargetDetails | GatewayError] = {
            _key("b"): _details("b"),
            _key("late"): LATE,
        }
        return {key: found[key] for key in keys if key in found}

    async def get_workflows(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalWorkflowRecord]:
        self._ask("workflows", ids)
        return {key: _workflow(key) for key in ids if key == "w"}

    async def get_awaited(
        self, types: Sequence[TargetType]
    ) -> Mapping[TargetType, frozenset[str]]:
        self._ask("awaited", list(types))
        return {
            key: frozenset("b") for key in types if key is not TargetType.TIME_ENTRY
        }

    async def list_queue(self, person: Person) -> Queue:
        self._ask("queue", [person.email or ""])
        return self.queue


def _loaders(asked: Asked) -> ProviderLoaders:
    return ProviderLoaders(ProviderName.BILL, cast("Connector", asked), PERSON)


async def test_policies_are_read_by_id_in_one_batch() -> None:
    asked = Asked()
    loader = _loaders(asked).policy_by_id

    found = await asyncio.gather(*(loader.load(key) for key in ["q", "x", "p", "q"]))

    assert found == [_policy("q"), None, _policy("p"), _policy("q")]
    assert asked.asked == [("policies", ["q", "x", "p"])]


async def test_the_policies_of_invoices_are_read_in_one_batch() -> None:
    """An empty list is that none applies; None that the approvers tell."""
    asked = Asked()
    loader = _loaders(asked).policies_by_invoice
    invoices = [_invoice(key) for key in ("a", "b", "untold")]

    found = await asyncio.gather(*(loader.load(one) for one in invoices))

    assert found == [[_policy("p")], [], None]
    assert asked.asked == [("applicable", ["a", "b", "untold"])]


async def test_an_invoice_that_was_read_twice_is_one_key_though_it_changed() -> None:
    """Records of one invoice differ, and hold what cannot be hashed."""
    asked = Asked()
    loader = _loaders(asked).policies_by_invoice
    before, after = _invoice("a"), _invoice("a", status=InvoiceStatus.APPROVED)
    assert before != after

    found = await asyncio.gather(
        loader.load(before), loader.load(after), loader.load(_invoice("b"))
    )

    assert list(found) == [[_policy("p")], [_policy("p")], []]
    assert asked.asked == [("applicable", ["a", "b"])]
    assert loader.get_cache_key(before) == loader.get_cache_key(after) == "a"


async def test_an_invoice_whose_policies_failed_is_asked_again() -> None:
    asked = Asked()
    asked.error = LATE
    loader = _loaders(asked).policies_by_invoice

    with pytest.raises(UpstreamTimeoutError):
        await loader.load(_invoice("a"))
    asked.error = None

    assert await loader.load(_invoice("a")) == [_policy("p")]
    assert asked.asked == [("applicable", ["a"])] * 2


async def test_who_must_approve_is_read_for_many_policies_in_one_batch() -> None:
    asked = Asked()
    loader = _loaders(asked).mandatory_approvers_by_policy

    found = await asyncio.gather(*(loader.load(key) for key in "pqx"))

    assert found == [[USER], [], None]
    assert asked.asked == [("mandatory", ["p", "q", "x"])]


async def test_approval_statuses_are_read_by_id_in_one_batch() -> None:
    asked = Asked()
    loader = _loaders(asked).approval_status_by_id

    found = await asyncio.gather(*(loader.load(key) for key in ["x", "s", "x"]))

    assert found == [None, _status("s"), None]
    assert asked.asked == [("statuses", ["x", "s"])]


async def test_workflows_are_read_by_id_in_one_batch() -> None:
    asked = Asked()
    loader = _loaders(asked).workflow_by_id

    found = await asyncio.gather(*(loader.load(key) for key in ["x", "w"]))

    assert found == [None, _workflow("w")]
    assert asked.asked == [("workflows", ["x", "w"])]


async def test_targets_and_their_details_are_read_in_one_batch() -> None:
    asked = Asked()
    loaders = _loaders(asked)
    keys = [_key(one) for one in ("b", "x", "late")]
    other_type = TargetKey(TargetType.EXPENSE, "b")

    found = await asyncio.gather(
        *(loaders.target_by_key.load(key) for key in [*keys, other_type]),
        return_exceptions=True,
    )
    details = await asyncio.gather(
        *(loaders.target_details_by_key.load(key) for key in keys[:2])
    )

    assert found == [_booking("b"), None, LATE, None]
    assert list(details) == [_details("b"), None]
    assert asked.asked == [("targets", ["b", "x", "late", "b"])]


async def test_a_target_that_failed_is_asked_again() -> None:
    asked = Asked()
    loaders = _loaders(asked)

    for _ in range(2):
        with pytest.raises(UpstreamTimeoutError):
            await loaders.target_by_key.load(_key("late"))

    assert asked.asked == [("targets", ["late"])] * 2


async def test_what_awaits_the_person_is_none_where_it_is_not_told() -> None:
    asked = Asked()
    loader = _loaders(asked).awaited_by_type

    found = await asyncio.gather(*(loader.load(key) for key in TargetType))

    assert dict(zip(TargetType, found, strict=True)) == {
        key: None if key is TargetType.TIME_ENTRY else frozenset("b")
        for key in TargetType
    }
    assert asked.asked == [("awaited", list(TargetType))]


async def test_the_queue_is_read_once_for_all_who_ask() -> None:
    asked = Asked()
    loader = _loaders(asked).queue

    first = await asyncio.gather(
        loader.load(QueueLoader.MINE), loader.load(QueueLoader.MINE)
    )
    again = await loader.load(QueueLoader.MINE)

    assert list(first) == [asked.queue, asked.queue]
    assert again is asked.queue
    assert asked.asked == [("queue", ["anna@example.com"])]


async def test_what_was_read_is_forgotten_by_every_loader() -> None:
    asked = Asked()
    loaders = _loaders(asked)

    for _ in range(2):
        await loaders.policy_by_id.load("p")
        await loaders.policies_by_invoice.load(_invoice("a"))
        await loaders.mandatory_approvers_by_policy.load("p")
        await loaders.approval_status_by_id.load("s")
        await loaders.target_by_key.load(_key("b"))
        await loaders.target_details_by_key.load(_key("b"))
        await loaders.workflow_by_id.load("w")
        await loaders.awaited_by_type.load(TargetType.BOOKING)
        await loaders.queue.load(QueueLoader.MINE)
        loaders.forget()

    assert [name for name, _ in asked.asked] == [
        "policies",
        "applicable",
        "mandatory",
        "statuses",
        "targets",
        "workflows",
        "awaited",
        "queue",
    ] * 2


async def test_every_loader_is_forgotten_and_ended_with_the_others() -> None:
    loaders = _loaders(Asked())

    assert set(loaders._loaders) == set(vars(loaders).values())
    assert len(loaders._loaders) == 12


# One request's loaders, in the real application


async def _two_ids(client: Client, ottimate: RecordingTransport) -> list[str]:
    body = await client.execute(
        "{ invoices(first: 2, filter: {providers: [OTTIMATE]}) { nodes { id } } }"
    )
    ottimate.clear()
    return [node["id"] for node in body["data"]["invoices"]["nodes"]]


async def test_what_several_fields_ask_is_asked_once(
    client: Client, ottimate: RecordingTransport
) -> None:
    first, second = await _two_ids(client, ottimate)

    body = await client.execute(
        """
        query ($ids: [ID!]!, $id: ID!) {
          nodes(ids: $ids) { id }
          invoice(id: $id) { id }
          same: node(id: $id) { id }
        }
        """,
        {"ids": [first, second, first], "id": second},
    )

    assert body == {
        "data": {
            "nodes": [{"id": first}, {"id": second}, {"id": first}],
            "invoice": {"id": second},
            "same": {"id": second},
        }
    }
    assert ottimate.calls == ["GET /invoices"]


async def test_what_an_invoice_holds_is_read_once_for_all_its_fields(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(
        """
        {
          invoices(first: 2, filter: {providers: [OTTIMATE]}) {
            nodes {
              lines { description }
              history { event }
              approvers { id invoice { id } }
              progress { rule }
            }
          }
        }
        """
    )

    assert "errors" not in body
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == 5
    assert len(set(map(str, (one.url for one in ottimate.requests)))) == 5


async def test_nothing_is_kept_from_one_request_to_the_next(
    client: Client, ottimate: RecordingTransport
) -> None:
    first, _ = await _two_ids(client, ottimate)
    query = "query ($id: ID!) { invoice(id: $id) { id } }"

    bodies = [await client.execute(query, {"id": first}) for _ in range(2)]

    assert bodies == [{"data": {"invoice": {"id": first}}}] * 2
    assert ottimate.calls == ["GET /invoices"] * 2


async def test_policies_and_who_must_approve_are_read_once_for_all_rows(
    client: Client, bill: RecordingTransport, productive: RecordingTransport
) -> None:
    body = await client.execute(
        """
        {
          invoices(first: 20, filter: {providers: [BILL]}) {
            nodes { policies { name mandatoryApprovers { displayName } } }
          }
          policies { nodes { mandatoryApprovers { sourceId } } }
        }
        """
    )

    assert "errors" not in body
    assert sorted(bill.calls) == [
        "POST /List/ApprovalPolicy.json",
        "POST /List/ApprovalPolicyApprover.json",
        "POST /List/Bill.json",
        "POST /List/User.json",
        "POST /List/VendorCredit.json",
    ]
    assert productive.calls == ["GET /approval_policies"]


async def test_the_queue_is_asked_once_for_rows_and_sources(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
) -> None:
    body = await client.execute(
        "{ viewer { approvals(first: 2) { totalCount nodes { id } } "
        "sources { provider isComplete } } "
        "again: viewer { approvals(first: 5) { nodes { id } } } }"
    )

    assert "errors" not in body
    assert bill.calls == ["POST /ListUserApprovals.json"] * 2
    assert productive.calls == [
        "GET /organization_memberships",
        "GET /bookings",
        "GET /time_entries",
        "GET /expenses",
        # What proves that these are filtered by whom they await.
        "GET /time_entries",
        "GET /expenses",
    ]
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == len(set(ottimate.calls)) == 1 + 50
