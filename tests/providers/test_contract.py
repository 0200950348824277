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

from gateway.connector import Connector, InvoiceSlice, Provider, Queue
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    Capability,
    GlobalID,
    InvoiceFilter,
    InvoiceKind,
    InvoicePlace,
    InvoiceRecord,
    PolicyChanges,
    PolicyDraft,
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
# Nothing of these is an id of any provider, and none may change what is called.
MALFORMED = [UNKNOWN, "", "..", "a/b", "a,b", "1?x=1#y", "ü" * 40]
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


def unlike(known: str) -> str:
    """Return an id that a provider could have, and has not."""
    return known[:-1] + ("0" if known[-1] != "0" else "1")


async def load_nothing() -> list[ApproverRecord] | None:
    raise AssertionError("The approvers were asked for.")


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
    assert simulator.path.split("/")[:2] == ["", provider.key]
    assert sandbox.settings(provider)["base_url"].startswith(
        sandbox.origin + simulator.path
    )
    assert simulator.persons
    assert all(simulator.persons.values())
    assert callable(simulator.app)


def test_the_sandboxs_settings_are_valid(provider: Provider, sandbox: Sandbox) -> None:
    values = sandbox.settings(provider)

    section = provider.settings.model_validate(values)

    assert section.model_fields_set == set(values)


def test_every_demo_person_has_credentials_that_are_a_part_of_the_settings(
    provider: Provider, sandbox: Sandbox
) -> None:
    settings = sandbox.settings(provider)

    found = {
        person: sandbox.credentials(provider, person)
        for person in sandbox.simulators[provider.name].persons
    }

    members = set(provider.credentials.model_fields)
    assert members < set(settings)
    for values in found.values():
        assert values is not None
        assert set(values) == members
        assert provider.credentials.model_validate(values).model_fields_set == members
    assert len(
        {tuple(sorted((values or {}).items())) for values in found.values()}
    ) == (len(found))


def test_who_is_no_demo_person_has_no_credentials(
    provider: Provider, sandbox: Sandbox
) -> None:
    strangers = {*sandbox.persons, "", "nobody", "Controller"} - set(
        sandbox.simulators[provider.name].persons
    )

    assert "visitor" in strangers
    assert {sandbox.credentials(provider, one) for one in strangers} == {None}


def test_credentials_refuse_what_nothing_reads(
    provider: Provider, sandbox: Sandbox
) -> None:
    person = next(iter(sandbox.simulators[provider.name].persons))
    values = sandbox.credentials(provider, person)
    assert values is not None

    with pytest.raises(ValidationError, match="extra_forbidden"):
        provider.credentials.model_validate({**values, "surprise": "x"})
    for name in values:
        rest = {key: value for key, value in values.items() if key != name}
        with pytest.raises(ValidationError, match="missing"):
            provider.credentials.model_validate(rest)


def test_settings_refuse_what_nothing_reads(
    provider: Provider, sandbox: Sandbox
) -> None:
    values = sandbox.settings(provider)

    with pytest.raises(ValidationError, match="extra_forbidden"):
        provider.settings.model_validate({**values, "surprise": "x"})
    for name, field in provider.settings.model_fields.items():
        if field.is_required():
            rest = {key: value for key, value in values.items() if key != name}
            with pytest.raises(ValidationError, match="missing"):
                provider.settings.model_validate(rest)


def test_settings_hide_their_secrets(provider: Provider, sandbox: Sandbox) -> None:
    values = sandbox.settings(provider)
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
    rows = await list_everything(connector, ALL_ROWS)
    ids = [*MALFORMED, unlike(rows[0].source_id), unlike(rows[-1].source_id)]
    assert not {row.source_id for row in rows} & set(ids)

    assert await connector.get_invoices([]) == {}
    assert await connector.get_invoices(ids) == {}
    assert await connector.get_invoice_details(ids) == {}
    # A list of the approvers of many does not tell of whom there are none.
    assert not any((await connector.get_approvers(ids)).values())
    for one in ids:
        assert await connector.get_invoices([one]) == {}
        assert await connector.get_invoice_details([one]) == {}
        assert await connector.get_approvers([one]) == {}


async def test_an_unknown_id_costs_its_neighbours_nothing(connector: Connector) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    known = rows[0].source_id
    ids = [UNKNOWN, unlike(known), known]

    invoices = await connector.get_invoices(ids)
    approvers = await connector.get_approvers(ids)
    details = await connector.get_invoice_details(ids)

    assert invoices == {known: rows[0]}
    assert [key for key, records in approvers.items() if records] == [known]
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

    assert part == InvoiceSlice(
        invoices=[], is_last=True, total=None, is_searched=part.is_searched
    )


async def test_a_count_is_the_number_of_rows_where_a_provider_counts(
    connector: Connector,
) -> None:
    rows = await list_everything(connector, ALL_ROWS)

    count = await connector.count_invoices(EVERYTHING)

    assert count == (len(rows) if connector.has_counts else None)


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
            assert record.is_manual in {None, record.policy is None}
            assert record.position in {None, *range(1, len(records) + 1)}
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


Write = Callable[[Connector, str, str], Awaitable[object]]

# What is written on an invoice; the user's id is of somebody who exists.
WRITES: Mapping[Capability, Write] = {
    Capability.APPROVE: lambda one, key, _: one.approve(key, note=None, force=None),
    Capability.FORCE_APPROVE: lambda one, key, _: one.approve(
        key, note=None, force=True
    ),
    Capability.REJECT: lambda one, key, _: one.reject(key, note="no"),
    Capability.ADD_APPROVER: lambda one, key, user: one.add_approver(
        key, user_source_id=user, email=None
    ),
    Capability.REMOVE_APPROVER: lambda one, key, _: one.remove_approver(key, "1"),
    Capability.SET_APPROVERS: lambda one, key, user: one.set_approvers(key, [user]),
    Capability.CLEAR_APPROVERS: lambda one, key, _: one.clear_approvers(key),
}

DRAFT = PolicyDraft(
    amount_threshold=Decimal("123456.78"),
    minimum_approvers=1,
    applies_to=InvoiceKind.BILL,
    mandatory_approver_source_ids=[],
)
CHANGES = PolicyChanges(amount_threshold=Decimal("123456.78"), minimum_approvers=None)
POLICY_WRITES: Mapping[str, Write] = {
    "update": lambda one, key, _: one.update_policy(key, CHANGES),
    "delete": lambda one, key, _: one.delete_policy(key),
    "restore": lambda one, key, _: one.restore_policy(key),
    "add an approver": lambda one, key, user: one.add_policy_approver(key, user),
    "remove an approver": lambda one, key, user: one.remove_policy_approver(key, user),
}


async def find_user(connector: Connector) -> str:
    """Return the provider's id of somebody who is asked for an approval."""
    rows = (await list_everything(connector, ALL_ROWS))[:40]
    found = await connector.get_approvers([row.source_id for row in rows])
    users = [
        record.user.source_id
        for records in found.values()
        if isinstance(records, list)
        for record in records
    ]
    user_id = next(one for one in users if one is not None)
    assert user_id
    return user_id


async def look(connector: Connector) -> object:
    """Return what can be seen of the account."""
    rows = await list_everything(connector, ALL_ROWS)
    policies = await connector.list_policies()
    return (
        rows,
        await connector.get_approvers([row.source_id for row in rows[:60]]),
        policies,
        await connector.get_mandatory_approvers([one.source_id for one in policies]),
    )


@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_an_unknown_invoice_is_refused_and_changes_nothing(
    connector: Connector, capability: Capability
) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    user = await find_user(connector)
    before = await look(connector)
    capabilities = await connector.get_capabilities()

    for invoice_id in (*MALFORMED, unlike(rows[0].source_id)):
        with pytest.raises((NotFoundError, UnsupportedError)) as refused:
            await WRITES[capability](connector, invoice_id, user)
        is_unsupported = isinstance(refused.value, UnsupportedError)
        assert is_unsupported == (capability not in capabilities)

    assert await look(connector) == before


@pytest.mark.parametrize("name", POLICY_WRITES)
async def test_a_write_to_an_unknown_policy_is_refused_and_changes_nothing(
    connector: Connector, name: str
) -> None:
    user = await find_user(connector)
    before = await look(connector)
    known = [one.source_id for one in await connector.list_policies()]
    expected = NotFoundError if connector.has_policies else UnsupportedError

    for policy_id in (*MALFORMED, *map(unlike, known[:1])):
        assert policy_id not in known
        with pytest.raises(expected):
            await POLICY_WRITES[name](connector, policy_id, user)

    assert await look(connector) == before


async def test_what_a_provider_lacks_is_refused_without_a_call(
    provider: Provider, sandbox: Sandbox, time: FakeTime, connector: Connector
) -> None:
    capabilities = await connector.get_capabilities()
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)
    lacking = [write for one, write in WRITES.items() if one not in capabilities]
    if Capability.MANAGE_POLICIES not in capabilities:
        lacking += [lambda one, *_: one.create_policy(DRAFT), *POLICY_WRITES.values()]

    for write in lacking:
        with pytest.raises(UnsupportedError, match=r"Nothing was sent\.$") as refused:
            await write(down, "1", "1")
        assert not refused.value.asked

    assert transport.calls == 0


async def test_capabilities_say_what_the_connector_has(connector: Connector) -> None:
    capabilities = await connector.get_capabilities()

    assert {Capability.READ_INVOICES, Capability.READ_APPROVERS} <= capabilities
    assert connector.has_policies == (Capability.READ_POLICIES in capabilities)
    assert capabilities >= {Capability.READ_POLICIES} or (
        Capability.MANAGE_POLICIES not in capabilities
    )


async def test_every_policy_is_listed_once_and_is_found_by_id(
    provider: Provider, connector: Connector
) -> None:
    listed = await connector.list_policies()

    found = await connector.get_policies([one.source_id for one in listed])

    assert bool(listed) == connector.has_policies
    assert found == {one.source_id: one for one in listed}
    assert len(found) == len(listed)
    for policy in listed:
        assert policy.provider is provider.name
        assert decode_id(policy.id) == GlobalID(
            1, "Policy", provider.name, policy.source_id
        )
        assert policy.is_active is not None
        assert policy.created_at is not None
        assert policy.created_at.tzinfo is not None


async def test_unknown_policies_are_left_out(connector: Connector) -> None:
    listed = [one.source_id for one in await connector.list_policies()]
    ids = [*MALFORMED, *map(unlike, listed[:1])]

    assert await connector.get_policies([]) == {}
    assert await connector.get_policies(ids) == {}
    assert await connector.get_mandatory_approvers([]) == {}
    assert {
        one.source_id
        for one in (await connector.get_policies([*ids, *listed])).values()
    } == set(listed)
    for one in ids:
        assert await connector.get_policies([one]) == {}
        found = await connector.get_mandatory_approvers([one])
        assert [user for users in found.values() for user in users] == []


async def test_who_must_approve_is_told_for_every_policy_that_is_listed(
    connector: Connector,
) -> None:
    listed = [one.source_id for one in await connector.list_policies()]

    found = await connector.get_mandatory_approvers(listed)

    assert set(found) == set(listed)
    for policy_id, users in found.items():
        assert all(user.source_id and user.display_name for user in users)
        assert len({user.source_id for user in users}) == len(users)
        assert await connector.get_mandatory_approvers([policy_id]) == {
            policy_id: users
        }


async def test_policies_that_apply_are_policies_in_use(connector: Connector) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    listed = {one.source_id: one for one in await connector.list_policies()}

    found = await connector.get_applicable_policies(rows)

    assert await connector.get_applicable_policies([]) == {}
    assert set(found) == (
        {row.source_id for row in rows} if connector.has_policies else set()
    )
    kinds = {row.source_id: row.kind for row in rows}
    applied = [(key, one) for key, policies in found.items() for one in policies]
    assert bool(applied) == connector.has_policies
    for key, policy in applied:
        assert policy == listed[policy.source_id]
        assert policy.is_active is True
        assert policy.applies_to is kinds[key]


async def test_a_queue_is_what_waits_for_this_very_person(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    held = {}
    for person in sandbox.simulators[provider.name].persons:
        connector = open_connector(provider, sandbox, time, person=person)
        if Capability.READ_QUEUE not in await connector.get_capabilities():
            assert await connector.list_queue() == Queue(invoices=[], is_complete=False)
            continue

        queue = await connector.list_queue()

        ids = [row.source_id for row in queue.invoices]
        assert queue.is_complete
        assert len(set(ids)) == len(ids)
        assert await connector.get_invoices(ids) == {
            row.source_id: row for row in queue.invoices
        }
        approvers = await connector.get_approvers(ids)
        waiting = []
        for row in queue.invoices:
            records = approvers[row.source_id]
            assert isinstance(records, list)
            assert row.approval_state is ApprovalState.PENDING
            waiting.append(
                {
                    one.user.source_id
                    for one in records
                    if one.told_status is ApproverStatus.PENDING
                }
            )
        held[person] = set.intersection(*waiting) if waiting else set()
    # Whoever has a queue is asked for all of it, and nobody else is.
    asked = [users for users in held.values() if users]
    assert all(len(users) == 1 for users in asked)
    assert len(set.union(set(), *asked)) == len(asked)


async def test_an_action_is_offered_only_where_the_account_has_its_call(
    connector: Connector,
) -> None:
    capabilities = await connector.get_capabilities()
    rows = await list_everything(connector, ALL_ROWS)
    approvers = await connector.get_approvers([row.source_id for row in rows])

    def loads(row: InvoiceRecord) -> Callable[[], Awaitable[Any]]:
        async def load() -> object:
            return approvers[row.source_id]

        return load

    offered = {
        one
        for row in rows
        for one in await connector.get_viewer_actions(row, loads(row))
    }

    named = {one for one in ViewerAction if one.value in Capability.__members__}
    assert offered
    assert {one.value for one in offered & named} <= {one.value for one in capabilities}


async def test_approvers_are_loaded_only_where_an_approval_is_pending(
    connector: Connector,
) -> None:
    rows = await list_everything(connector, ALL_ROWS)
    settled = [row for row in rows if row.approval_state is not ApprovalState.PENDING]

    offered = {
        action
        for row in settled
        for action in await connector.get_viewer_actions(row, load_nothing)
    }

    assert settled
    assert not offered & {
        ViewerAction.APPROVE,
        ViewerAction.FORCE_APPROVE,
        ViewerAction.REJECT,
    }


# A read of what exists, by the provider's ids of invoices and of policies.
Read = Callable[[Connector, list[InvoiceRecord]], Awaitable[object]]

READS: Mapping[str, Read] = {
    "check": lambda one, _: one.check(),
    "get": lambda one, rows: one.get_invoices([row.source_id for row in rows]),
    "get one": lambda one, rows: one.get_invoices([rows[0].source_id]),
    "list": lambda one, _: one.list_invoices(
        first=1, after=None, invoice_filter=EVERYTHING
    ),
}
# These a provider either asks, or knows that it has nothing to ask.
READS_WHERE_ASKED: Mapping[str, tuple[Capability | None, Read]] = {
    "count": (None, lambda one, _: one.count_invoices(EVERYTHING)),
    "queue": (Capability.READ_QUEUE, lambda one, _: one.list_queue()),
    "policies": (Capability.READ_POLICIES, lambda one, _: one.list_policies()),
    "applicable policies": (
        Capability.READ_POLICIES,
        lambda one, rows: one.get_applicable_policies(rows),
    ),
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
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    read: str,
) -> None:
    rows = (await list_everything(connector, ALL_ROWS))[:3]
    for transport in broken_networks():
        broken = open_connector(provider, sandbox, time, transport=transport)

        with pytest.raises(UpstreamError) as failed:
            await READS[read](broken, rows)

        assert failed.value.provider == provider.name.value


@pytest.mark.parametrize("read", READS_WHERE_ASKED)
async def test_a_read_of_what_a_provider_lacks_costs_no_call_and_others_fail(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    read: str,
) -> None:
    rows = (await list_everything(connector, ALL_ROWS))[:3]
    capability, ask = READS_WHERE_ASKED[read]
    capabilities = await connector.get_capabilities()
    answer = await ask(connector, rows)
    is_asked = (
        connector.has_counts if capability is None else capability in capabilities
    )

    for transport in broken_networks():
        broken = open_connector(provider, sandbox, time, transport=transport)
        if is_asked:
            with pytest.raises(UpstreamError) as failed:
                await ask(broken, rows)
            assert failed.value.provider == provider.name.value
        else:
            assert await ask(broken, rows) == answer
            assert getattr(transport, "calls", 0) == 0


async def test_reads_by_key_of_a_provider_that_is_down_fail_for_every_key(
    provider: Provider, sandbox: Sandbox, time: FakeTime, connector: Connector
) -> None:
    rows = (await list_everything(connector, ALL_ROWS))[:2]
    ids = [row.source_id for row in rows]
    for transport in broken_networks():
        broken = open_connector(provider, sandbox, time, transport=transport)

        for some in (ids, ids[:1]):
            for read in (broken.get_approvers, broken.get_invoice_details):
                # A batch fails as a whole, or key by key.
                try:
                    found = await read(some)
                except UpstreamError as error:
                    found = dict.fromkeys(some, error)
                assert set(found) == set(some)
                for value in found.values():
                    assert isinstance(value, UpstreamError)
                    assert value.provider == provider.name.value


@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_a_provider_that_is_down_is_no_success(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    capability: Capability,
) -> None:
    known = (await list_everything(connector, ALL_ROWS))[0].source_id
    user = await find_user(connector)
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)

    with pytest.raises(GatewayError) as failed:
        await WRITES[capability](down, known, user)

    if isinstance(failed.value, UnsupportedError):
        assert transport.calls == 0
    else:
        assert isinstance(failed.value, UpstreamError)
        assert transport.calls > 0


@pytest.mark.parametrize("name", POLICY_WRITES)
async def test_a_write_of_a_policy_to_a_provider_that_is_down_is_no_success(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    name: str,
) -> None:
    known = [one.source_id for one in await connector.list_policies()] or ["1"]
    user = await find_user(connector)
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)
    expected = UpstreamError if down.has_policies else UnsupportedError

    with pytest.raises(expected):
        await POLICY_WRITES[name](down, known[0], user)
    with pytest.raises(expected):
        await down.create_policy(DRAFT)

    assert (transport.calls > 0) == down.has_policies


async def test_the_doctor_of_a_provider_that_is_down_has_a_row_that_says_so(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    connector = open_connector(provider, sandbox, time, transport=Down())

    rows = await connector.probe()

    assert {row.ok for row in rows} == {False}
    assert all(row.name and row.detail for row in rows)


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
    section = provider.settings.model_validate(sandbox.settings(provider))
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
