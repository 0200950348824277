"""What tests of subscriptions share: a gateway in the process, and who watches it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
from graphql import ExecutionResult

from gateway.app import Gateway
from gateway.changes import Change
from gateway.connector import Account
from gateway.context import Context
from gateway.domain import (
    ApprovableKey,
    ApprovalState,
    ChangeCause,
    InvoiceRecord,
    ProviderName,
    TargetKey,
    TargetType,
    encode_id,
)
from gateway.engine import Engine
from gateway.providers import PROVIDERS
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.security import Caller
from gateway.server.presenter import present_result
from gateway.settings import Settings
from tests.support import RecordingTransport, SteppedTime, settle

OTTIMATE, BILL = ProviderName.OTTIMATE, ProviderName.BILL
PRODUCTIVE, ACCOUNTEER = ProviderName.PRODUCTIVE, ProviderName.ACCOUNTEER

APPROVE = """mutation ($input: ApproveInput!) {
  approve(input: $input) { outcome userErrors { code } }
}"""
DECIDE = """mutation ($input: DecideInput!) {
  decide(input: $input) { results { outcome userErrors { code } } }
}"""

# What a change says in short: of what, how that stands, and how it came to be known.
Seen = tuple[str, ApprovalState | None, ChangeCause]


class Watcher:
    """Somebody who watches, and takes each change as it comes."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.changes: list[Change] = []
        self.error: BaseException | None = None
        self.task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        try:
            async for change in self.stream:
                self.changes.append(change)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    @property
    def seen(self) -> list[Seen]:
        return [see(one) for one in self.changes]

    def clear(self) -> None:
        self.changes.clear()

    async def leave(self) -> None:
        self.task.cancel()
        await settle()


class Subscriber:
    """A client of a subscription, and what it was answered."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.task: asyncio.Task[None] | None = None

    def follow(
        self,
        stream: AsyncIterator[object],
        answer: Callable[[object], Awaitable[dict[str, Any]]],
    ) -> None:
        async def run() -> None:
            async for change in stream:
                self.answers.append(await answer(change))

        self.task = asyncio.create_task(run())


class Desk:
    """A gateway over the sandbox, without HTTP in front of it."""

    def __init__(
        self,
        settings: Settings,
        sandbox: Sandbox,
        time: SteppedTime,
        upstreams: Sequence[RecordingTransport],
    ) -> None:
        self.time = time
        self.upstreams = upstreams
        self.gateway = Gateway(
            settings,
            sandbox=sandbox,
            transports={
                one.name: upstream
                for one, upstream in zip(PROVIDERS, upstreams, strict=True)
            },
            identity_transport=None,
            clock=time.clock,
        )
        self._engine = Engine(create_schema(), settings.limits, introspection=True)
        self._watchers: list[Watcher] = []

    @property
    def changes(self) -> Any:
        return self.gateway._changes

    def context(self, person: str | None = "controller") -> Context:
        return self.gateway.create_context(Caller(subject=person), "request")

    def account(
        self, provider: ProviderName, person: str | None = "controller"
    ) -> Account:
        return self.context(person).accounts[provider]

    async def execute(
        self, query: str, variables: dict[str, Any], *, person: str = "controller"
    ) -> dict[str, Any]:
        """Return the data of an operation; what sleeps in it, sleeps."""
        running = asyncio.create_task(self.run(query, variables, self.context(person)))
        await settle()
        while not running.done():
            await self.time.run(0.5)
        data = running.result()
        await settle()
        return data

    async def run(
        self, query: str, variables: dict[str, Any], context: Context
    ) -> dict[str, Any]:
        operation = self._engine.read(query).find(None)
        result = await self._engine.execute(operation, variables, context)
        assert result.errors is None
        assert result.data is not None
        return result.data

    async def watch(
        self, keys: Sequence[ApprovableKey] | None, *, person: str = "controller"
    ) -> Watcher:
        """Watch, and wait until what is watched was seen for the first time."""
        watcher = Watcher(self.context(person).watch(keys))
        self._watchers.append(watcher)
        await settle()
        return watcher

    async def subscribe(
        self, query: str, variables: dict[str, Any], *, person: str = "controller"
    ) -> "Subscriber":
        """Subscribe, and wait until what is watched was seen for the first time."""
        operation = self._engine.read(query).find(None)
        context = self.context(person)
        stream = await self._engine.open_stream(operation, variables, context)
        if isinstance(stream, ExecutionResult):
            return Subscriber([present_result(stream, "request")])

        subscriber = Subscriber([])
        subscriber.follow(
            stream, lambda change: self.answer(query, variables, change, person=person)
        )
        await settle()
        return subscriber

    async def answer(
        self, query: str, variables: dict[str, Any], change: object, *, person: str
    ) -> dict[str, Any]:
        """Return what a person is answered for one change."""
        result = await self._engine.execute(
            self._engine.read(query).find(None),
            variables,
            self.context(person),
            root=change,
        )
        return present_result(result, "request")

    def clear(self) -> None:
        """Forget which calls were made."""
        for one in self.upstreams:
            one.clear()

    @property
    def calls(self) -> list[str]:
        return [call for one in self.upstreams for call in one.calls]

    async def aclose(self) -> None:
        await self.changes.aclose()
        await settle()


def see(change: Change) -> Seen:
    key = change.key.key
    record = change.record
    if record is None:
        state = None
    elif isinstance(record, InvoiceRecord):
        state = record.approval_state
    else:
        state = record.target.approval_state
    return (key if isinstance(key, str) else key.source_id, state, change.cause)


def booking(source_id: str) -> ApprovableKey:
    return ApprovableKey(PRODUCTIVE, TargetKey(TargetType.BOOKING, source_id))


async def patch_elsewhere(
    simulator: ProductiveSimulator, person: str, path: str, data: dict[str, Any]
) -> None:
    """Have somebody change what Productive holds where no gateway sees it."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(simulator.app), base_url="http://sandbox"
    ) as client:
        answer = await client.patch(
            path,
            json={"data": data},
            headers={
                "X-Auth-Token": (simulator.credentials(person) or {})["token"],
                "X-Organization-Id": "900",
                "Content-Type": "application/vnd.api+json",
            },
        )
    assert answer.status_code == 200, answer.text


def id_of(key: ApprovableKey) -> str:
    """Return the graph's id of what a key names."""
    if isinstance(key.key, str):
        parent, _, source_id = key.key.rpartition("/")
        return encode_id("Invoice", key.provider, source_id, parent)
    assert key.key.type is TargetType.BOOKING
    return encode_id("Booking", key.provider, key.key.source_id)
