"""What the suite over every entry of ``PROVIDERS`` shares: connectors, and a look."""

from collections.abc import Collection, Iterator
from typing import Any

import httpx
import pytest

from gateway.connector import (
    AskedDecision,
    Connector,
    Invoices,
    Person,
    Provider,
    Targets,
    Written,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalStatusFilter,
    Decision,
    GlobalID,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    ProviderName,
    TargetKey,
    key_of,
)
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline, Transport
from tests.support import FakeTime

UNKNOWN = "no-such-invoice"
# Nothing of these is an id of any provider, and none may change what is called.
MALFORMED = [UNKNOWN, "", "..", "a/b", "a,b", "1?x=1#y", "ü" * 40]
EVERYTHING = InvoiceFilter()
EVERY_STATUS = ApprovalStatusFilter()
ALL_ROWS = 1_000_000
# More than any sandbox has, and not more than a list of approval statuses reads.
ALL_STATUSES = 1_000
# Whoever pages in small steps waits for the provider's limit now and then.
PATIENT_SECONDS = 1e6
# Somebody who acts with credentials of their own, and whose address is not known.
SIGNED_IN = Person(is_signed_in=True, email=None)


def open_connector(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    *,
    person: str | None = None,
    transport: Transport | None = None,
    seconds: float = 25.0,
    **settings: Any,
) -> Connector:
    """Return a provider's connector over the sandbox, with an account of its own.

    It acts for *person*, by default the first whom the simulator knows.
    """
    person = person or next(iter(sandbox.simulators[provider.name].persons))
    own = sandbox.credentials(provider, person) or {}
    values = {**sandbox.settings(provider), **own, **settings}
    section = provider.settings.model_validate(values)
    upstream = provider.open_upstream(
        section, time.clock, transport or sandbox.transport
    )
    account = provider.open_account(section, upstream)
    return account.connect(Deadline(seconds, time.clock))


async def list_everything(invoices: Invoices, first: int) -> list[InvoiceRecord]:
    """Page through the whole list, *first* rows at a time."""
    rows: list[InvoiceRecord] = []
    after = None
    while True:
        part = await invoices.list_invoices(
            first=first, after=after, invoice_filter=EVERYTHING
        )
        rows += part.invoices
        if part.is_last:
            return rows
        assert len(part.invoices) >= first
        last = rows[-1]
        after = InvoicePlace(
            created_at=last.created_at, id=last.id, hint=part.hints.get(last.id)
        )


async def decide(connector: Connector, key: GlobalID, **asked: Any) -> Written:
    """Decide on one object, and return how that ended, or raise it."""
    wanted = {"decision": Decision.APPROVE, **asked}
    (ended,) = await connector.decide([AskedDecision(subject=key, **wanted)])
    if isinstance(ended, Exception):
        raise ended
    return ended


def unlike_each(known: Collection[str]) -> str:
    """Return an id that a provider could have, and has not, for numbers in a row."""
    return next(
        one for digit in "0123456789" if (one := min(known) + digit) not in known
    )


def _find_facets() -> dict[str, set[ProviderName]]:
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    connectors = {one.name: open_connector(one, sandbox, time) for one in PROVIDERS}
    return {
        facet: {
            name
            for name, connector in connectors.items()
            if getattr(connector, facet) is not None
        }
        for facet in ("invoices", "policies", "targets")
    }


# Which providers keep what a facet is about.
FACETS = _find_facets()


def each(providers: Collection[Provider]) -> pytest.MarkDecorator:
    """Run a test over *providers* alone."""
    return pytest.mark.parametrize(
        "provider", providers, ids=lambda one: one.key, indirect=True
    )


each_with_invoices = each([one for one in PROVIDERS if one.name in FACETS["invoices"]])
each_with_targets = each([one for one in PROVIDERS if one.name in FACETS["targets"]])
each_with_webhooks = each([one for one in PROVIDERS if one.open_webhooks is not None])


async def list_statuses(targets: Targets) -> list[ApprovalStatusDetails]:
    """Return every approval status that the person may see."""
    whole = await targets.list_statuses(
        first=ALL_STATUSES, after=None, status_filter=EVERY_STATUS
    )
    assert not whole.has_next
    return whole.statuses


def keys_of(statuses: Collection[ApprovalStatusDetails]) -> list[TargetKey]:
    """Return what the approval statuses are about, each once."""
    return list(
        dict.fromkeys(key_of(one.target) for one in statuses if one.target is not None)
    )


async def look(provider: Provider, connector: Connector) -> object:
    """Return what can be seen of the account; of what it lacks that is nothing."""
    invoices = invoices_of(provider.name, connector)
    policies = policies_of(provider.name, connector)
    targets = targets_of(connector)
    rows = await list_everything(invoices, ALL_ROWS)
    listed = await policies.list_policies()
    statuses = await list_statuses(targets)
    seen = (
        rows,
        await invoices.get_approvers([row.key for row in rows[:60]]),
        listed,
        await policies.get_mandatory_approvers([one.source_id for one in listed]),
        statuses,
        await targets.get_targets(keys_of(statuses)),
    )
    assert rows or statuses
    return seen


class Down(httpx.AsyncBaseTransport):
    """A network on which nothing answers."""

    def __init__(self) -> None:
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        raise httpx.ConnectError("down", request=request)


class Garbled(httpx.AsyncBaseTransport):
    """A network on which something else answers."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(self.status, content=self._body)


def denies(provider: Provider, transport: httpx.AsyncBaseTransport, count: int) -> bool:
    """Return whether *count* objects that are read by id seem not to be there.

    Accounteer documents no form of its errors, so that a status is believed whatever
    stands beside it: 404 for one object, and 403, which is of a whole collection.
    """
    is_bare = provider.name is ProviderName.ACCOUNTEER
    statuses = {403, 404} if count == 1 else {403}
    return is_bare and isinstance(transport, Garbled) and transport.status in statuses


def broken_networks() -> Iterator[httpx.AsyncBaseTransport]:
    yield Down()
    for status in (200, 302, 400, 401, 403, 404, 429, 500, 503):
        yield Garbled(status, b"<html>")
        yield Garbled(status, b"")
        yield Garbled(status, b"{}")
