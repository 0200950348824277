"""What every provider must hold to: one suite over every entry of ``PROVIDERS``."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from gateway.approvals import create_viewer_actions
from gateway.connector import (
    AskedDecision,
    Connector,
    Invoices,
    InvoiceSlice,
    Person,
    Policies,
    Provider,
    Queue,
    Targets,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.domain import (
    TARGET_TYPES,
    ApprovalState,
    ApprovalStatusDetails,
    ApproverRecord,
    ApproverStatus,
    Capability,
    Decision,
    GlobalID,
    InvoiceKind,
    InvoicePlace,
    InvoiceRecord,
    PolicyChanges,
    PolicyDraft,
    ProviderName,
    QuotaRecord,
    TargetKey,
    TargetType,
    ViewerAction,
    decode_id,
)
from gateway.errors import (
    GatewayError,
    NotFoundError,
    StaleError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers import PROVIDERS
from gateway.providers.ottimate.queue import MOST_PENDING
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from tests.providers.contract import (
    ALL_ROWS,
    EVERY_STATUS,
    EVERYTHING,
    MALFORMED,
    PATIENT_SECONDS,
    SIGNED_IN,
    UNKNOWN,
    Down,
    broken_networks,
    decide,
    denies,
    each_with_invoices,
    each_with_webhooks,
    list_everything,
    list_statuses,
    look,
    open_connector,
    unlike_each,
)
from tests.support import FakeTime


def unlike(known: str) -> str:
    """Return an id that a provider could have, and has not."""
    return known[:-1] + ("0" if known[-1] != "0" else "1")


async def load_nothing() -> list[ApproverRecord] | None:
    raise AssertionError("The approvers were asked for.")


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

    members = provider.credentials.model_fields
    needed = {name for name, field in members.items() if field.is_required()}
    assert set(members) < set(provider.settings.model_fields)
    for values in found.values():
        assert values is not None
        # What one may sign in with in another way's place is not there as well.
        assert needed <= set(values) <= set(members) & set(settings)
        section = provider.credentials.model_validate(values)
        assert section.model_fields_set == set(values)
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

    secrets = {
        name: [one for one in many if isinstance(one, SecretStr)]
        for name, value in fields.items()
        for many in [value if isinstance(value, tuple) else (value,)]
    }

    endings = ("key", "secret", "password", "token", "tokens")
    named_so = {name for name in values if name.endswith(endings)}
    assert named_so
    assert all(secrets[name] for name in named_so)
    for name, kept in secrets.items():
        if kept:
            shown = [one.get_secret_value() for one in kept]
            assert ",".join(shown) == values[name]
            assert not [one for one in shown if one in repr(section)]
            assert not [one for one in shown if one in section.model_dump_json()]


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
    before = await look(provider, connector)

    simulator.reset()

    again = open_connector(provider, sandbox, time)
    assert simulator.switches == switches
    assert await look(provider, again) == before


@each_with_webhooks
def test_webhooks_lead_nowhere_where_the_settings_name_none(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    values = sandbox.settings(provider)
    fields = provider.settings.model_fields
    bare = {key: value for key, value in values.items() if fields[key].is_required()}
    assert provider.open_webhooks is not None

    found = [
        provider.open_webhooks(provider.settings.model_validate(one), time.clock)
        for one in (values, bare)
    ]

    assert [one is None for one in found] == [False, True]


METHODS = [
    (protocol, name)
    for protocol in (Connector, Invoices, Policies, Targets)
    for name, _ in inspect.getmembers(protocol, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize(("protocol", "name"), METHODS)
def test_a_connector_and_its_facets_have_every_method(
    provider: Provider, connector: Connector, protocol: type, name: str
) -> None:
    held = {
        "Connector": connector,
        "Invoices": invoices_of(provider.name, connector),
        "Policies": policies_of(provider.name, connector),
        "Targets": targets_of(connector),
    }[protocol.__name__]
    found, method = getattr(type(held), name), getattr(protocol, name)

    def names(one: Callable[..., object]) -> list[tuple[str, object]]:
        parameters = inspect.signature(one).parameters.values()
        return [(parameter.name, parameter.kind) for parameter in parameters]

    assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(method)
    assert names(found) == names(method)
    assert found.__doc__


def test_what_a_connector_decides_on_are_types_of_the_graph(
    connector: Connector,
) -> None:
    schema = create_schema()

    assert connector.decides
    assert all(schema.get_type(name) for name in connector.decides)
    assert ("Invoice" in connector.decides) == (connector.invoices is not None)
    of_targets = {"ApprovalStatus", *TARGET_TYPES}
    assert connector.decides & of_targets == (
        set() if connector.targets is None else of_targets
    )


async def test_a_check_passes_where_all_is_well(connector: Connector) -> None:
    await connector.check()


def test_a_quota_is_told_before_any_call_or_not_at_all(connector: Connector) -> None:
    quota = connector.get_quota()

    assert quota is None or isinstance(quota, QuotaRecord)
    if quota is not None and quota.resets_at is not None:
        assert quota.resets_at.tzinfo is not None


@each_with_invoices
async def test_unknown_ids_are_left_out(
    connector: Connector, invoices: Invoices
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    named = {unlike(one) for row in rows for one in (row.source_id, row.key)}
    ids = [*MALFORMED, *sorted(named)[:2], *sorted(named)[-2:]]
    assert not {one for row in rows for one in (row.source_id, row.key)} & set(ids)

    assert await invoices.get_invoices([]) == {}
    assert await invoices.get_invoices(ids) == {}
    assert await invoices.get_invoice_details(ids) == {}
    # A list of the approvers of many does not tell of whom there are none.
    assert not any((await invoices.get_approvers(ids)).values())
    for one in ids:
        assert await invoices.get_invoices([one]) == {}
        assert await invoices.get_invoice_details([one]) == {}
        # Where nobody is asked by name, that is so of all, and costs no call.
        assert await invoices.get_approvers([one]) == (
            {} if await asks_by_name(connector) else {one: []}
        )


@each_with_invoices
async def test_an_unknown_id_costs_its_neighbours_nothing(
    connector: Connector, invoices: Invoices
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    known = rows[0].key
    ids = [UNKNOWN, unlike(known), known]

    found = await invoices.get_invoices(ids)
    approvers = await invoices.get_approvers(ids)
    details = await invoices.get_invoice_details(ids)

    asked = [known] if await asks_by_name(connector) else []
    assert found == {known: rows[0]}
    assert [key for key, records in approvers.items() if records] == asked
    assert list(details) == [known]


@each_with_invoices
@pytest.mark.parametrize("first", [1, 7, 20, 100])
async def test_pages_hold_everything_exactly_once_in_order(
    invoices: Invoices, first: int
) -> None:
    whole = await invoices.list_invoices(
        first=ALL_ROWS, after=None, invoice_filter=EVERYTHING
    )

    paged = await list_everything(invoices, first)

    by_id = sorted(whole.invoices, key=lambda row: row.id)
    ordered = sorted(by_id, key=lambda row: row.created_at, reverse=True)
    assert whole.is_last
    assert whole.invoices == ordered
    assert len({row.id for row in paged}) == len(paged)
    assert paged == whole.invoices


@each_with_invoices
async def test_a_place_after_the_last_row_is_the_end(invoices: Invoices) -> None:
    last = (await list_everything(invoices, ALL_ROWS))[-1]

    part = await invoices.list_invoices(
        first=5,
        after=InvoicePlace(created_at=last.created_at, id=last.id),
        invoice_filter=EVERYTHING,
    )

    assert part == InvoiceSlice(
        invoices=[], is_last=True, total=None, is_searched=part.is_searched
    )


@each_with_invoices
async def test_a_count_is_the_number_of_rows_where_a_provider_counts(
    invoices: Invoices,
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)

    count = await invoices.count_invoices(EVERYTHING)

    assert count == (len(rows) if invoices.has_counts else None)


@each_with_invoices
async def test_what_is_listed_is_found_by_its_key_and_by_its_providers_id(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    patient = open_connector(provider, sandbox, time, seconds=PATIENT_SECONDS)
    invoices = invoices_of(provider.name, patient)
    rows = (await list_everything(invoices, ALL_ROWS))[:150]

    by_key = await invoices.get_invoices([row.key for row in rows])
    by_id = await invoices.get_invoices([row.source_id for row in rows])

    assert by_key == {row.key: row for row in rows}
    assert by_id == {row.source_id: row for row in rows}


@each_with_invoices
async def test_records_name_their_provider_and_can_be_found_again(
    provider: Provider, connector: Connector, invoices: Invoices
) -> None:
    rows = (await list_everything(invoices, ALL_ROWS))[:40]
    approvers = await invoices.get_approvers([row.key for row in rows])

    for row in rows:
        assert row.provider is provider.name
        key = decode_id(row.id)
        assert key == GlobalID(1, "Invoice", provider.name, row.source_id, row.parent)
        assert key.invoice_key == row.key
        assert row.title
        assert row.has_approvers == await asks_by_name(connector)
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
    assert bool(seen) == await asks_by_name(connector)


async def asks_by_name(connector: Connector) -> bool:
    """Return whether invoices have approvers."""
    return Capability.READ_APPROVERS in await connector.get_capabilities()


async def test_every_time_has_an_offset_and_every_amount_is_exact(
    provider: Provider, connector: Connector
) -> None:
    found = [await look(provider, connector)]
    if connector.invoices is not None:
        rows = await list_everything(connector.invoices, ALL_ROWS)
        keys = [row.key for row in rows[:40]]
        details = await connector.invoices.get_invoice_details(keys)
        assert len(details) == 40
        found.append(details)

    leaves = list(walk(found))

    times = [leaf for leaf in leaves if isinstance(leaf, datetime)]
    amounts = [leaf for leaf in leaves if isinstance(leaf, Decimal)]
    assert not [leaf for leaf in leaves if isinstance(leaf, float | Exception)]
    assert all(moment.tzinfo is not None for moment in times)
    assert all(amount.is_finite() for amount in amounts)
    assert times
    assert amounts


def walk(value: object) -> Iterator[object]:
    """Yield every leaf of records within lists and mappings."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from walk(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from walk(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from walk(getattr(value, name))
    else:
        yield value


Write = Callable[[Connector, GlobalID, str], Awaitable[object]]


def invoices_at(connector: Connector, key: GlobalID) -> Invoices:
    return invoices_of(key.provider, connector)


# What is written on an invoice; the user's id is of somebody who exists.
WRITES: Mapping[Capability, Write] = {
    Capability.APPROVE: lambda one, key, _: decide(one, key),
    Capability.FORCE_APPROVE: lambda one, key, _: decide(one, key, force=True),
    Capability.REJECT: lambda one, key, _: decide(
        one, key, decision=Decision.REJECT, note="no"
    ),
    Capability.ADD_APPROVER: lambda one, key, user: invoices_at(one, key).add_approver(
        key.invoice_key, user_source_id=user, email=None
    ),
    Capability.REMOVE_APPROVER: lambda one, key, _: invoices_at(
        one, key
    ).remove_approver(key.invoice_key, "1"),
    Capability.SET_APPROVERS: lambda one, key, user: invoices_at(
        one, key
    ).set_approvers(key.invoice_key, [user]),
    Capability.CLEAR_APPROVERS: lambda one, key, _: invoices_at(
        one, key
    ).clear_approvers(key.invoice_key),
}
DRAFT = PolicyDraft(
    amount_threshold=Decimal("123456.78"),
    minimum_approvers=1,
    applies_to=InvoiceKind.BILL,
    mandatory_approver_source_ids=[],
)
CHANGES = PolicyChanges(amount_threshold=Decimal("123456.78"), minimum_approvers=None)
PolicyWrite = Callable[[Policies, str, str], Awaitable[object]]
POLICY_WRITES: Mapping[str, PolicyWrite] = {
    "update": lambda one, key, _: one.update_policy(key, CHANGES),
    "delete": lambda one, key, _: one.delete_policy(key),
    "restore": lambda one, key, _: one.restore_policy(key),
    "add an approver": lambda one, key, user: one.add_policy_approver(key, user),
    "remove an approver": lambda one, key, user: one.remove_policy_approver(key, user),
}


async def find_user(provider: Provider, connector: Connector) -> str:
    """Return the provider's id of somebody who is asked for an approval.

    Where nobody is asked by name, nobody has one that it would know.
    """
    invoices = invoices_of(provider.name, connector)
    rows = (await list_everything(invoices, ALL_ROWS))[:40]
    found = await invoices.get_approvers([row.key for row in rows])
    users = [
        record.user.source_id
        for records in found.values()
        if isinstance(records, list)
        for record in records
    ]
    users += [
        one.status.approver.source_id
        for one in await list_statuses(targets_of(connector))
        if one.status.approver is not None
    ]
    known = [one for one in users if one is not None]
    is_asked = connector.targets is not None or await asks_by_name(connector)
    assert bool(known) == is_asked
    assert all(known)
    return known[0] if is_asked else "1"


@each_with_invoices
@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_an_unknown_invoice_is_refused_and_changes_nothing(
    provider: Provider,
    connector: Connector,
    invoices: Invoices,
    capability: Capability,
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    user = await find_user(provider, connector)
    before = await look(provider, connector)
    capabilities = await connector.get_capabilities()

    known = decode_id(rows[0].id)
    unknown = [*MALFORMED, unlike(known.source_id)]

    for key in [
        msgspec.structs.replace(known, source_id=source_id, parent=parent)
        for source_id in unknown
        for parent in {known.parent, "", known.source_id}
    ]:
        with pytest.raises((NotFoundError, UnsupportedError)) as refused:
            await WRITES[capability](connector, key, user)
        is_unsupported = isinstance(refused.value, UnsupportedError)
        assert is_unsupported == (capability not in capabilities)

    assert await look(provider, connector) == before


async def test_each_of_several_decisions_ends_by_itself_and_in_their_order(
    provider: Provider, connector: Connector
) -> None:
    keys = await find_undecided(provider, connector)
    before = await look(provider, connector)
    unknown = msgspec.structs.replace(keys[0], source_id=UNKNOWN)
    is_rejecting = Capability.REJECT in await connector.get_capabilities()

    ended = await connector.decide(
        [
            AskedDecision(
                subject=key,
                decision=Decision.REJECT if key is unknown else Decision.APPROVE,
                expected_version="1.another",
            )
            for key in (keys[0], unknown, keys[1])
        ]
    )

    assert [type(one) for one in ended] == [
        StaleError,
        NotFoundError if is_rejecting else UnsupportedError,
        StaleError,
    ]
    assert list(await connector.decide([])) == []
    assert await look(provider, connector) == before


async def find_undecided(provider: Provider, connector: Connector) -> list[GlobalID]:
    """Return the ids of what is pending: two of what a connector decides."""
    rows = await list_everything(invoices_of(provider.name, connector), ALL_ROWS)
    rows = [one for one in rows if one.approval_state is ApprovalState.PENDING]
    listed = await list_statuses(targets_of(connector))
    duties = [
        one.status
        for one in listed
        if one.status.state is ApprovalState.PENDING and one.target is not None
    ]
    ids = [one.id for one in rows] + [one.id for one in duties]
    found = [decode_id(one) for one in ids[:2]]
    assert len(found) == 2
    assert {one.type_name for one in found} <= connector.decides
    return found


@pytest.mark.parametrize("name", POLICY_WRITES)
async def test_a_write_to_an_unknown_policy_is_refused_and_changes_nothing(
    provider: Provider, connector: Connector, policies: Policies, name: str
) -> None:
    user = await find_user(provider, connector)
    before = await look(provider, connector)
    known = [one.source_id for one in await policies.list_policies()]
    expected = NotFoundError if await manages(connector) else UnsupportedError

    for policy_id in (*MALFORMED, *([unlike_each(known)] if known else [])):
        assert policy_id not in known
        with pytest.raises(expected):
            await POLICY_WRITES[name](policies, policy_id, user)

    assert await look(provider, connector) == before


async def manages(connector: Connector) -> bool:
    """Return whether policies can be changed."""
    return Capability.MANAGE_POLICIES in await connector.get_capabilities()


async def test_what_a_provider_lacks_is_refused_without_a_call(
    provider: Provider, sandbox: Sandbox, time: FakeTime, connector: Connector
) -> None:
    capabilities = await connector.get_capabilities()
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)
    key = GlobalID(1, min(connector.decides), provider.name, "1")
    policies = policies_of(provider.name, down)
    lacking = [
        write(down, key, "1")
        for one, write in WRITES.items()
        if one not in capabilities
    ]
    if not await manages(connector):
        lacking += [policies.create_policy(DRAFT)]
        lacking += [write(policies, "1", "1") for write in POLICY_WRITES.values()]

    for written in lacking:
        with pytest.raises(UnsupportedError, match=r"Nothing was sent\.$") as refused:
            await written
        assert not refused.value.asked

    assert transport.calls == 0


async def test_capabilities_say_what_the_connector_has(connector: Connector) -> None:
    capabilities = await connector.get_capabilities()

    assert (connector.invoices is not None) == (
        Capability.READ_INVOICES in capabilities
    )
    assert capabilities >= {Capability.READ_INVOICES} or (
        Capability.READ_APPROVERS not in capabilities
    )
    assert (connector.targets is not None) == (
        Capability.READ_APPROVAL_STATUSES in capabilities
    )
    assert (connector.policies is not None) == (
        Capability.READ_POLICIES in capabilities
    )
    assert capabilities >= {Capability.READ_POLICIES} or (
        Capability.MANAGE_POLICIES not in capabilities
    )


async def test_of_what_a_provider_does_not_keep_nothing_is_found_without_a_call(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)
    key = TargetKey(TargetType.BOOKING, "1")

    if down.invoices is None:
        invoices = invoices_of(provider.name, down)
        assert await invoices.list_invoices(
            first=1, after=None, invoice_filter=EVERYTHING
        ) == InvoiceSlice(invoices=[], is_last=True, total=0)
        assert await invoices.count_invoices(EVERYTHING) == 0
        assert await invoices.get_invoices(["1"]) == {}
        assert await invoices.get_invoice_details(["1"]) == {}
        assert await invoices.get_approvers(["1"]) == {}
    if down.policies is None:
        policies = policies_of(provider.name, down)
        assert await policies.list_policies() == []
        assert await policies.get_policies(["1"]) == {}
        assert await policies.get_mandatory_approvers(["1"]) == {}
    if down.targets is None:
        targets = targets_of(down)
        assert await list_statuses(targets) == []
        assert await targets.get_statuses(["1"]) == {}
        assert await targets.get_targets([key]) == {}
        assert await targets.get_workflows(["1"]) == {}
        assert await targets.get_awaited(list(TARGET_TYPES.values())) == {}

    assert transport.calls == 0


async def test_every_policy_is_listed_once_and_is_found_by_id(
    provider: Provider, connector: Connector, policies: Policies
) -> None:
    listed = await policies.list_policies()

    found = await policies.get_policies([one.source_id for one in listed])

    assert bool(listed) == (connector.policies is not None)
    assert found == {one.source_id: one for one in listed}
    assert len(found) == len(listed)
    for policy in listed:
        assert policy.provider is provider.name
        assert decode_id(policy.id) == GlobalID(
            1, "Policy", provider.name, policy.source_id
        )
        assert policy.is_active is not None
        # When it was made is told by who lets it be made here.
        assert (policy.created_at is not None) == await manages(connector)
        assert policy.created_at is None or policy.created_at.tzinfo is not None


async def test_unknown_policies_are_left_out(policies: Policies) -> None:
    listed = [one.source_id for one in await policies.list_policies()]
    ids = [*MALFORMED, *map(unlike, listed[:1])]

    assert await policies.get_policies([]) == {}
    assert await policies.get_policies(ids) == {}
    assert await policies.get_mandatory_approvers([]) == {}
    assert {
        one.source_id for one in (await policies.get_policies([*ids, *listed])).values()
    } == set(listed)
    for one in ids:
        assert await policies.get_policies([one]) == {}
        found = await policies.get_mandatory_approvers([one])
        assert [user for users in found.values() for user in users] == []


async def test_who_must_approve_is_told_for_every_policy_that_is_listed_or_for_none(
    connector: Connector, policies: Policies
) -> None:
    listed = [one.source_id for one in await policies.list_policies()]

    found = await policies.get_mandatory_approvers(listed)

    assert set(found) == (set(listed) if await manages(connector) else set())
    for policy_id, users in found.items():
        assert all(user.source_id and user.display_name for user in users)
        assert len({user.source_id for user in users}) == len(users)
        assert await policies.get_mandatory_approvers([policy_id]) == {policy_id: users}


@each_with_invoices
async def test_policies_that_apply_are_policies_in_use(
    connector: Connector, invoices: Invoices, policies: Policies
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    listed = {one.source_id: one for one in await policies.list_policies()}

    found = await invoices.get_applicable_policies(rows)

    assert await invoices.get_applicable_policies([]) == {}
    # Where invoices are asked about by name, only that tells policies not kept here.
    is_left_out = connector.policies is None and await asks_by_name(connector)
    assert set(found) == (set() if is_left_out else {row.key for row in rows})
    kinds = {row.key: row.kind for row in rows}
    applied = [(key, one) for key, some in found.items() for one in some]
    assert bool(applied) == (connector.policies is not None)
    for key, policy in applied:
        assert policy == listed[policy.source_id]
        assert policy.is_active is True
        assert policy.applies_to is kinds[key]


# Whose list of what is pending is looked through for a person's own, up to a bound.
LOOKED_THROUGH = {ProviderName.OTTIMATE: MOST_PENDING}


@each_with_invoices
async def test_a_queue_is_what_waits_for_this_very_person(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    held = {}
    for person in sandbox.simulators[provider.name].persons:
        connector = open_connector(provider, sandbox, time, person=person)
        if Capability.READ_QUEUE not in await connector.get_capabilities():
            assert await connector.list_queue(SIGNED_IN) == Queue(is_complete=False)
            continue

        queue = await connector.list_queue(
            Person(is_signed_in=True, email=sandbox.emails.get(person))
        )

        invoices = invoices_of(provider.name, connector)
        keys = [row.key for row in queue.invoices]
        whole = await invoices.list_invoices(
            first=ALL_ROWS, after=None, invoice_filter=EVERYTHING
        )
        assert queue.error is None
        assert len(set(keys)) == len(keys)
        assert await invoices.get_invoices(keys) == {
            row.key: row for row in queue.invoices
        }
        approvers = await invoices.get_approvers(keys)
        assert {key: approvers[key] for key in queue.approvers} == queue.approvers
        pending = [
            row for row in whole.invoices if row.approval_state is ApprovalState.PENDING
        ]
        assert set(keys) <= {row.key for row in pending}
        assert queue.is_complete == (
            whole.is_complete
            and len(pending) <= LOOKED_THROUGH.get(provider.name, ALL_ROWS)
        )
        if not await asks_by_name(connector):
            # It waits for whoever may decide, and that is not told beforehand.
            assert set(keys) == {row.key for row in pending}
            assert not any(approvers.values())
            continue
        waiting = []
        for row in queue.invoices:
            records = approvers[row.key]
            assert isinstance(records, list)
            waiting.append(
                {
                    one.user.source_id
                    for one in records
                    if one.told_status in {ApproverStatus.PENDING, None}
                }
            )
        if keys:
            held[person] = set.intersection(*waiting)
    # Whoever has a queue is asked for all of it, and nobody else is.
    assert all(len(users) == 1 for users in held.values())
    assert len(set.union(set(), *held.values())) == len(held)


@each_with_invoices
async def test_an_action_is_offered_only_where_the_account_has_its_call(
    connector: Connector,
    invoices: Invoices,
) -> None:
    capabilities = await connector.get_capabilities()
    rows = await list_everything(invoices, ALL_ROWS)
    approvers = await invoices.get_approvers([row.key for row in rows])

    def loads(row: InvoiceRecord) -> Callable[[], Awaitable[Any]]:
        async def load() -> object:
            return approvers[row.key]

        return load

    offered = {
        one
        for row in rows
        for one in create_viewer_actions(
            await invoices.get_viewer_standing(row, loads(row))
        )
    }

    named = {one for one in ViewerAction if one.value in Capability.__members__}
    assert offered
    assert {one.value for one in offered & named} <= {one.value for one in capabilities}


@each_with_invoices
async def test_approvers_are_loaded_only_where_an_approval_is_pending(
    invoices: Invoices,
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    settled = [row for row in rows if row.approval_state is not ApprovalState.PENDING]

    offered = {
        action
        for row in settled
        for action in create_viewer_actions(
            await invoices.get_viewer_standing(row, load_nothing)
        )
    }

    assert settled
    assert not offered & {
        ViewerAction.APPROVE,
        ViewerAction.FORCE_APPROVE,
        ViewerAction.REJECT,
    }


KNOWN = Person(is_signed_in=True, email="somebody@example.com")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Some of what a provider keeps."""

    provider: ProviderName
    invoices: list[InvoiceRecord]
    statuses: list[ApprovalStatusDetails]

    @property
    def invoice_ids(self) -> list[str]:
        return [one.key for one in self.invoices]

    @property
    def status_ids(self) -> list[str]:
        return [one.status.source_id for one in self.statuses]

    @property
    def workflow_ids(self) -> list[str]:
        found = [one.status.workflow for one in self.statuses]
        return [one.source_id for one in found if one is not None]


# A read of what exists.
Read = Callable[[Connector, Known], Awaitable[object]]
# What an account must have for the provider to be asked at all.
READS: Mapping[str, tuple[Capability | None, Read]] = {
    "check": (None, lambda one, _: one.check()),
    "get": (
        Capability.READ_INVOICES,
        lambda one, known: invoices_of(known.provider, one).get_invoices(
            known.invoice_ids
        ),
    ),
    "get one": (
        Capability.READ_INVOICES,
        lambda one, known: invoices_of(known.provider, one).get_invoices(
            known.invoice_ids[:1]
        ),
    ),
    "list": (
        Capability.READ_INVOICES,
        lambda one, known: invoices_of(known.provider, one).list_invoices(
            first=1, after=None, invoice_filter=EVERYTHING
        ),
    ),
    "queue": (Capability.READ_QUEUE, lambda one, _: one.list_queue(KNOWN)),
    "policies": (
        Capability.READ_POLICIES,
        lambda one, known: policies_of(known.provider, one).list_policies(),
    ),
    "list statuses": (
        Capability.READ_APPROVAL_STATUSES,
        lambda one, _: targets_of(one).list_statuses(
            first=1, after=None, status_filter=EVERY_STATUS
        ),
    ),
    "get statuses": (
        Capability.READ_APPROVAL_STATUSES,
        lambda one, known: targets_of(one).get_statuses(known.status_ids),
    ),
    "get one status": (
        Capability.READ_APPROVAL_STATUSES,
        lambda one, known: targets_of(one).get_statuses(known.status_ids[:1]),
    ),
    "get workflows": (
        Capability.READ_APPROVAL_STATUSES,
        lambda one, known: targets_of(one).get_workflows(known.workflow_ids),
    ),
    "get awaited": (
        Capability.READ_APPROVAL_STATUSES,
        lambda one, _: targets_of(one).get_awaited(list(TARGET_TYPES.values())),
    ),
}
# These a provider of invoices either asks, or knows that it has nothing to ask.
READS_WHERE_ASKED: Mapping[str, tuple[Capability | None, Read]] = {
    "count": (
        None,
        lambda one, known: invoices_of(known.provider, one).count_invoices(EVERYTHING),
    ),
    "applicable policies": (
        Capability.READ_POLICIES,
        lambda one, known: invoices_of(known.provider, one).get_applicable_policies(
            known.invoices
        ),
    ),
}


async def read_known(provider: Provider, connector: Connector) -> Known:
    invoices = invoices_of(provider.name, connector)
    return Known(
        provider=provider.name,
        invoices=(await list_everything(invoices, ALL_ROWS))[:3],
        statuses=(await list_statuses(targets_of(connector)))[:3],
    )


async def check_read(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    read: Read,
    *,
    is_asked: bool,
    count: int | None = None,
) -> None:
    """Hold that a read fails where its provider is down, or costs no call at all.

    *count* is how many objects it reads by id, where it does.
    """
    connector = open_connector(provider, sandbox, time)
    known = await read_known(provider, connector)
    answer = await read(connector, known)

    for transport in broken_networks():
        broken = open_connector(provider, sandbox, time, transport=transport)
        if count is not None and denies(provider, transport, count):
            assert await read(broken, known) == {}
        elif is_asked:
            with pytest.raises(UpstreamError) as failed:
                await read(broken, known)
            assert failed.value.provider == provider.name.value
        else:
            assert await read(broken, known) == answer
            assert getattr(transport, "calls", 0) == 0


@pytest.mark.parametrize("name", READS)
async def test_a_read_fails_where_its_provider_is_down_and_costs_none_where_it_lacks_it(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    name: str,
) -> None:
    capability, read = READS[name]
    capabilities = await connector.get_capabilities()
    is_asked = capability is None or capability in capabilities

    count = {"get one": 1, "get": 3}.get(name)

    await check_read(provider, sandbox, time, read, is_asked=is_asked, count=count)


@each_with_invoices
@pytest.mark.parametrize("name", READS_WHERE_ASKED)
async def test_a_read_about_invoices_is_asked_where_its_provider_has_a_call(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    invoices: Invoices,
    name: str,
) -> None:
    capability, read = READS_WHERE_ASKED[name]
    capabilities = await connector.get_capabilities()
    is_asked = invoices.has_counts if capability is None else capability in capabilities

    await check_read(provider, sandbox, time, read, is_asked=is_asked)


@each_with_invoices
async def test_reads_by_key_of_a_provider_that_is_down_fail_for_every_key(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    invoices: Invoices,
) -> None:
    rows = await list_everything(invoices, ALL_ROWS)
    # One of each sort would be read by itself.
    ids = [row.key for row in rows if row.parent == rows[0].parent][:2]
    for transport in broken_networks():
        broken = invoices_of(
            provider.name, open_connector(provider, sandbox, time, transport=transport)
        )

        for some in (ids, ids[:1]):
            reads = [broken.get_invoice_details]
            if await asks_by_name(connector):
                reads.append(broken.get_approvers)  # type: ignore[arg-type]
            else:
                assert await broken.get_approvers(some) == {one: [] for one in some}
            for read in reads:
                # Details are read of each by itself.
                count = 1 if read == broken.get_invoice_details else len(some)
                if denies(provider, transport, count):
                    assert await read(some) == {}
                    continue
                # A batch fails as a whole, or key by key.
                try:
                    found = await read(some)
                except UpstreamError as error:
                    found = dict.fromkeys(some, error)
                assert set(found) == set(some)
                for value in found.values():
                    assert isinstance(value, UpstreamError)
                    assert value.provider == provider.name.value


@each_with_invoices
@pytest.mark.parametrize("capability", WRITES)
async def test_a_write_to_a_provider_that_is_down_is_no_success(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    invoices: Invoices,
    capability: Capability,
) -> None:
    known = decode_id((await list_everything(invoices, ALL_ROWS))[0].id)
    user = await find_user(provider, connector)
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
    policies: Policies,
    name: str,
) -> None:
    known = [one.source_id for one in await policies.list_policies()] or ["1"]
    user = await find_user(provider, connector)
    transport = Down()
    down = open_connector(provider, sandbox, time, transport=transport)
    broken = policies_of(provider.name, down)
    expected = UpstreamError if await manages(connector) else UnsupportedError

    with pytest.raises(expected):
        await POLICY_WRITES[name](broken, known[0], user)
    with pytest.raises(expected):
        await broken.create_policy(DRAFT)

    assert (transport.calls > 0) == await manages(connector)


async def test_the_doctor_of_a_provider_that_is_down_has_a_row_that_says_so(
    provider: Provider, sandbox: Sandbox, time: FakeTime, connector: Connector
) -> None:
    well = await connector.probe()
    down = open_connector(provider, sandbox, time, transport=Down())

    rows = await down.probe()

    # What cannot be asked without an effect is told to be so, and costs no call.
    unasked = [row for row in well if row.detail.startswith("not asked: ")]
    assert [row for row in rows if row.ok is not False] == unasked
    assert len(rows) > len(unasked)
    assert all(row.name and row.detail for row in rows)


async def test_the_doctors_probes_change_nothing(
    provider: Provider, connector: Connector
) -> None:
    before = await look(provider, connector)

    rows = await connector.probe()

    assert {row.ok for row in rows} <= {True, None}
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name and row.detail for row in rows)
    assert await look(provider, connector) == before


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
