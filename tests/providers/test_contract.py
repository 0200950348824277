"""What every provider must hold to: one suite over every entry of ``PROVIDERS``."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from gateway.connector import Connector, InvoiceSlice, Provider
from gateway.domain import (
    Capability,
    GlobalID,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    QuotaRecord,
    ViewerAction,
    decode_id,
)
from gateway.errors import (
    GatewayError,
    NotFoundError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline, Transport
from tests.support import FakeTime

UNKNOWN = "no-such-invoice"
EVERYTHING = InvoiceFilter()
ALL_ROWS = 1_000_000


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
    """Return a provider's connector over the sandbox, with an account of its own."""
    person = person or next(iter(sandbox.simulators[provider.name].persons))
    values = {**sandbox.settings(provider, person), **settings}
    section = provider.settings.model_validate(values)
    upstream = provider.open_upstream(
        section, time.clock, transport or sandbox.transport
    )
    account = provider.open_account(section, upstream)
    return account.connect(Deadline(seconds, time.clock))


async def list_everything(connector: Connector, first: int) -> list[InvoiceRecord]:
    """Page through the whole list, *first* rows at a time."""
    rows: list[InvoiceRecord] = []
    after = None
    while True:
        part = await connector.list_invoices(
            first=first, after=after, invoice_filter=EVERYTHING
        )
        rows += part.invoices
        if part.is_last:
            return rows
        assert len(part.invoices) >= first
        after = InvoicePlace(created_at=rows[-1].created_at, id=rows[-1].id)


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.key)
def provider(request: pytest.FixtureRequest) -> Provider:
    chosen = request.param
    assert isinstance(chosen, Provider)
    return chosen


@pytest.fixture
def connector(provider: Provider, sandbox: Sandbox, time: FakeTime) -> Connector:
    return open_connector(provider, sandbox, time)


def test_names_and_keys_are_told_apart() -> None:
    names = [provider.name for provider in PROVIDERS]
    keys = [provider.key for provider in PROVIDERS]

    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)


def test_a_registry_entry_is_whole(provider: Provider, sandbox: Sandbox) -> None:
    simulator = sandbox.simulators[provider.name]

    assert provider.key == provider.key.lower()
    assert provider.key.isidentifier()
    assert provider.title.strip() == provider.title != ""
    assert simulator.path == f"/{provider.key}"
    assert simulator.persons
    assert all(simulator.persons.values())
    assert callable(simulator.app)


def test_settings_of_every_demo_person_are_valid(
    provider: Provider, sandbox: Sandbox
) -> None:
    for person in sandbox.simulators[provider.name].persons:
        values = sandbox.settings(provider, person)

        section = provider.settings.model_validate(values)

        assert section.model_fields_set == set(values)


def test_settings_refuse_what_nothing_reads(
    provider: Provider, sandbox: Sandbox
) -> None:
    person = next(iter(sandbox.simulators[provider.name].persons))
    values = sandbox.settings(provider, person)

    with pytest.raises(ValidationError, match="extra_forbidden"):
        provider.settings.model_validate({**values, "surprise": "x"})
    for name, field in provider.settings.model_fields.items():
        if field.is_required():
            rest = {key: value for key, value in values.items() if key != name}
            with pytest.raises(ValidationError, match="missing"):
                provider.settings.model_validate(rest)


def test_settings_hide_their_secrets(provider: Provider, sandbox: Sandbox) -> None:
    person = next(iter(sandbox.simulators[provider.name].persons))
    values = sandbox.settings(provider, person)
    section = provider.settings.model_validate(values)
    fields = {name: getattr(section, name) for name in type(section).model_fields}

    secrets = {name for name, value in fields.items() if isinstance(value, SecretStr)}

    named_so = {
        name for name in values if name.endswith(("key", "secret", "password", "token"))
    }
    assert secrets
    assert named_so <= secrets
    for name in secrets:
        assert values[name] not in repr(section)
        assert values[name] not in section.model_dump_json()


def test_switches_are_replaced_whole_and_checked(
    provider: Provider, sandbox: Sandbox
) -> None:
    simulator = sandbox.simulators[provider.name]
    plain = msgspec.to_builtins(simulator.switches)

    assert msgspec.convert(plain, type(simulator.switches)) == simulator.switches
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**plain, "surprise": 1}, type(simulator.switches))
    with pytest.raises(AttributeError):
        setattr(simulator.switches, next(iter(plain)), None)


async def test_a_reset_leaves_the_data_and_the_switches_of_the_start(
    provider: Provider, sandbox: Sandbox, time: FakeTime, connector: Connector
) -> None:
    simulator = sandbox.simulators[provider.name]
    switches = simulator.switches
    before = await list_everything(connector, ALL_ROWS)

    simulator.reset()

    again = open_connector(provider, sandbox, time)
    assert simulator.switches == switches
    assert await list_everything(again, ALL_ROWS) == before


PROTOCOL = [
    (name, method)
    for name, method in inspect.getmembers(Connector, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize(("name", "method"), PROTOCOL)
def test_a_connector_has_every_method(
    connector: Connector, name: str, method: Callable[..., object]
) -> None:
    found = getattr(type(connector), name)

    def names(one: Callable[..., object]) -> list[tuple[str, object]]:
        parameters = inspect.signature(one).parameters.values()
        return [(parameter.name, parameter.kind) for parameter in parameters]

    assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(method)
    assert names(found) == names(method)
    assert found.__doc__


async def test_a_check_passes_where_all_is_well(connector: Connector) -> None:
    await connector.check()


def test_a_quota_is_told_before_any_call_or_not_at_all(connector: Connector) -> None:
    quota = connector.get_quota()

    assert quota is None or isinstance(quota, QuotaRecord)
    if quota is not None and quota.resets_at is not None:
        assert quota.resets_at.tzinfo is not None


async def test_unknown_ids_are_left_out(connector: Connector) -> None:
    ids = [UNKNOWN, "", "..", "a/b", "a,b", "1?x=1#y", "ü" * 40]

    assert await connector.get_invoices([]) == {}
    assert await connector.get_invoices(ids) == {}
    assert await connector.get_invoice_details(ids) == {}
    assert await connector.get_approvers(ids) == {}


async def test_an_unknown_id_costs_its_neighbours_nothing(connector: Connector) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    known = rows[0].source_id

    invoices = await connector.get_invoices([UNKNOWN, known])
    approvers = await connector.get_approvers([UNKNOWN, known])
    details = await connector.get_invoice_details([UNKNOWN, known])

    assert invoices == {known: rows[0]}
    assert list(approvers) == [known]
    assert list(details) == [known]


@pytest.mark.parametrize("first", [1, 7, 20, 100])
async def test_pages_hold_everything_exactly_once_in_order(
    connector: Connector, first: int
) -> None:
    whole = await connector.list_invoices(
        first=ALL_ROWS, after=None, invoice_filter=EVERYTHING
    )

    paged = await list_everything(connector, first)

    by_id = sorted(whole.invoices, key=lambda row: row.id)
    ordered = sorted(by_id, key=lambda row: row.created_at, reverse=True)
    assert whole.is_last
    assert whole.invoices == ordered
    assert len({row.id for row in paged}) == len(paged)
    assert paged == whole.invoices


async def test_a_place_after_the_last_row_is_the_end(connector: Connector) -> None:
    last = (await list_everything(connector, ALL_ROWS))[-1]

    part = await connector.list_invoices(
        first=5,
        after=InvoicePlace(created_at=last.created_at, id=last.id),
        invoice_filter=EVERYTHING,
    )

    assert part == InvoiceSlice(invoices=[], is_last=True, total=None)


async def test_a_count_is_the_number_of_rows_or_none(connector: Connector) -> None:
    rows = await list_everything(connector, ALL_ROWS)

    assert await connector.count_invoices(EVERYTHING) in {len(rows), None}


async def test_what_is_listed_is_found_by_id(connector: Connector) -> None:
    rows = (await list_everything(connector, ALL_ROWS))[:150]

    found = await connector.get_invoices([row.source_id for row in rows])

    assert found == {row.source_id: row for row in rows}


async def test_records_name_their_provider_and_can_be_found_again(
    provider: Provider, connector: Connector
) -> None:
    rows = (await list_everything(connector, ALL_ROWS))[:40]
    approvers = await connector.get_approvers([row.source_id for row in rows])

    for row in rows:
        assert row.provider is provider.name
        assert decode_id(row.id) == GlobalID(1, "Invoice", provider.name, row.source_id)
        assert row.title
    seen = 0
    for invoice_id, records in approvers.items():
        assert isinstance(records, list)
        for record in records:
            seen += 1
            assert record.provider is provider.name
            assert record.invoice_source_id == invoice_id
            decoded = decode_id(record.id)
            assert (decoded.type_name, decoded.source_id) == (
                "Approver",
                record.source_id,
            )
            assert record.is_manual == (record.policy is None)
    assert seen


async def test_every_time_has_an_offset_and_every_amount_is_exact(
    connector: Connector,
) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    ids = [row.source_id for row in rows[:40]]
    found: list[object] = [rows]
    found += (await connector.get_approvers(ids)).values()
    found += (await connector.get_invoice_details(ids)).values()

    leaves = list(walk(found))

    times = [leaf for leaf in leaves if isinstance(leaf, datetime)]
    amounts = [leaf for leaf in leaves if isinstance(leaf, Decimal)]
    assert not [leaf for leaf in leaves if isinstance(leaf, float | Exception)]
    assert all(moment.tzinfo is not None for moment in times)
    assert all(amount.is_finite() for amount in amounts)
    assert times
    assert amounts


def walk(value: object) -> Iterator[object]:
    """Yield every leaf of records within lists."""
    if isinstance(value, list):
        for one in value:
            yield from walk(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from walk(getattr(value, name))
    else:
        yield value


WRITES: Mapping[Capability, Callable[[Connector, str], Awaitable[object]]] = {
    Capability.APPROVE: lambda one, key: one.approve(key, note=None, force=None),
    Capability.FORCE_APPROVE: lambda one, key: one.approve(key, note=None, force=True),
    Capability.REJECT: lambda one, key: one.reject(key, note="no"),
    Capability.ADD_APPROVER: lambda one, key: one.add_approver(
        key, user_source_id="1", email=None
    ),
    Capability.REMOVE_APPROVER: lambda one, key: one.remove_approver(key, "1"),
    Capability.SET_APPROVERS: lambda one, key: one.set_approvers(key, ["1"]),
}


async def look(connector: Connector) -> object:
    """Return what can be seen of the account."""
    rows = await list_everything(connector, ALL_ROWS)
    return rows, await connector.get_approvers([row.source_id for row in rows[:60]])


@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_an_unknown_invoice_is_refused_and_changes_nothing(
    connector: Connector, capability: Capability
) -> None:
    before = await look(connector)
    capabilities = await connector.get_capabilities()

    for invoice_id in (UNKNOWN, "..", "a/b", "", "a,b"):
        with pytest.raises((NotFoundError, UnsupportedError)) as refused:
            await WRITES[capability](connector, invoice_id)
        is_unsupported = isinstance(refused.value, UnsupportedError)
        assert is_unsupported == (capability not in capabilities)

    assert await look(connector) == before


async def test_an_action_is_offered_only_where_the_account_has_its_call(
    connector: Connector,
) -> None:
    capabilities = await connector.get_capabilities()
    rows = await list_everything(connector, ALL_ROWS)

    offered = {one for row in rows for one in connector.get_viewer_actions(row)}

    named = {one for one in ViewerAction if one.value in Capability.__members__}
    assert offered
    assert {one.value for one in offered & named} <= {one.value for one in capabilities}


READS: Mapping[str, Callable[[Connector], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "get": lambda one: one.get_invoices(["1"]),
    "list": lambda one: one.list_invoices(
        first=1, after=None, invoice_filter=EVERYTHING
    ),
    "count": lambda one: one.count_invoices(EVERYTHING),
}


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
        self._status = status
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(self._status, content=self._body)


def broken_networks() -> Iterator[httpx.AsyncBaseTransport]:
    yield Down()
    for status in (200, 302, 400, 401, 403, 404, 429, 500, 503):
        yield Garbled(status, b"<html>")
        yield Garbled(status, b"")
        yield Garbled(status, b"{}")


@pytest.mark.parametrize("read", READS)
async def test_every_read_of_a_provider_that_is_down_is_an_upstream_error(
    provider: Provider, sandbox: Sandbox, time: FakeTime, read: str
) -> None:
    for transport in broken_networks():
        connector = open_connector(provider, sandbox, time, transport=transport)

        with pytest.raises(UpstreamError) as failed:
            await READS[read](connector)

        assert failed.value.provider == provider.name.value


async def test_reads_by_key_of_a_provider_that_is_down_fail_key_by_key(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    for transport in broken_networks():
        connector = open_connector(provider, sandbox, time, transport=transport)

        approvers = await connector.get_approvers(["1", "2"])
        details = await connector.get_invoice_details(["1", "2"])

        for found in (approvers, details):
            assert list(found) == ["1", "2"]
            assert all(isinstance(value, UpstreamError) for value in found.values())


@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_a_provider_that_is_down_is_no_success(
    provider: Provider, sandbox: Sandbox, time: FakeTime, capability: Capability
) -> None:
    transport = Down()
    connector = open_connector(provider, sandbox, time, transport=transport)

    with pytest.raises(GatewayError) as failed:
        await WRITES[capability](connector, "1")

    if isinstance(failed.value, UnsupportedError):
        assert transport.calls == 0
    else:
        assert isinstance(failed.value, UpstreamError)


async def test_the_doctor_of_a_provider_that_is_down_has_a_row_that_says_so(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    connector = open_connector(provider, sandbox, time, transport=Down())

    rows = await connector.probe()

    assert [row.ok for row in rows] == [False]
    assert rows[0].detail


async def test_the_doctors_probes_change_nothing(connector: Connector) -> None:
    before = await look(connector)

    rows = await connector.probe()

    assert {row.ok for row in rows} <= {True, None}
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name and row.detail for row in rows)
    assert await look(connector) == before


async def test_persons_are_who_they_are(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    for person in sandbox.simulators[provider.name].persons:
        await open_connector(provider, sandbox, time, person=person).check()


async def test_a_person_whom_the_provider_does_not_know_is_a_fault_of_ours(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    person = next(iter(sandbox.simulators[provider.name].persons))
    values = sandbox.settings(provider, person)
    section = provider.settings.model_validate(values)
    secrets = [
        name
        for name in type(section).model_fields
        if isinstance(getattr(section, name), SecretStr)
    ]

    for name in secrets:
        wrong: dict[str, Any] = {name: "wrong"}
        connector = open_connector(provider, sandbox, time, **wrong)
        with pytest.raises(UpstreamError) as failed:
            await connector.check()
        assert failed.value.code == "UPSTREAM_AUTH_FAILED"
