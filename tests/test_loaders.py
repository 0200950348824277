"""Loaders, beside plain aiodataloader where they mend it.

Each mend is a scenario that runs on both: when plain aiodataloader passes one too, the
mend can go.
"""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from aiodataloader import DataLoader

from gateway.errors import NotFoundError
from gateway.loaders import BatchError, Loader
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


# One request's loaders, in the real application


async def _two_ids(client: Client, ottimate: RecordingTransport) -> list[str]:
    body = await client.execute("{ invoices(first: 2) { nodes { id } } }")
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
          invoices(first: 2) {
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
