"""What every provider that keeps targets must hold to, beside the contract of all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from gateway.approvals import create_viewer_actions
from gateway.connector import (
    ApprovalStatusSlice,
    Connector,
    Provider,
    Targets,
    targets_of,
)
from gateway.domain import (
    TARGET_TYPES,
    ApprovalState,
    Decision,
    GlobalID,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
    ViewerAction,
    decode_id,
    key_of,
)
from gateway.errors import (
    GatewayError,
    NotFoundError,
    UpstreamError,
)
from gateway.sandbox import Sandbox
from tests.providers.contract import (
    ALL_STATUSES,
    EVERY_STATUS,
    MALFORMED,
    SIGNED_IN,
    Down,
    broken_networks,
    decide,
    each_with_targets,
    keys_of,
    list_statuses,
    look,
    open_connector,
    unlike_each,
)
from tests.support import FakeTime, RecordingTransport, writes


@each_with_targets
@pytest.mark.parametrize("first", [1, 7, 20, 100, 500])
async def test_pages_hold_every_approval_status_exactly_once_in_order(
    targets: Targets, first: int
) -> None:
    whole = await targets.list_statuses(
        first=ALL_STATUSES, after=None, status_filter=EVERY_STATUS
    )

    pages: list[ApprovalStatusSlice] = []
    after = None
    while not pages or pages[-1].has_next:
        pages.append(
            await targets.list_statuses(
                first=first, after=after, status_filter=EVERY_STATUS
            )
        )
        assert len(pages[-1].places) == len(pages[-1].statuses)
        after = pages[-1].places[-1]

    assert whole.has_next is False
    assert whole.total == len(whole.statuses) == len(whole.places)
    assert {part.total for part in pages} == {whole.total}
    assert [one for part in pages for one in part.statuses] == whole.statuses
    assert [len(part.statuses) for part in pages[:-1]] == [first] * (len(pages) - 1)
    assert 0 < len(pages[-1].statuses) <= first
    ids = [one.status.source_id for one in whole.statuses]
    assert len(set(ids)) == len(ids)
    assert [place.source_id for part in pages for place in part.places] == ids


@each_with_targets
async def test_a_place_after_the_last_approval_status_is_the_end(
    targets: Targets,
) -> None:
    whole = await targets.list_statuses(
        first=ALL_STATUSES, after=None, status_filter=EVERY_STATUS
    )

    part = await targets.list_statuses(
        first=5, after=whole.places[-1], status_filter=EVERY_STATUS
    )

    assert part == ApprovalStatusSlice(
        statuses=[], places=[], has_next=False, total=whole.total
    )


@each_with_targets
async def test_an_approval_status_that_is_listed_is_found_by_id(
    targets: Targets,
) -> None:
    listed = {one.status.source_id: one for one in await list_statuses(targets)}

    found = await targets.get_statuses(list(listed))

    assert found == listed
    for key in (min(listed), max(listed)):
        assert await targets.get_statuses([key]) == {key: listed[key]}


@each_with_targets
async def test_unknown_approval_statuses_and_workflows_are_left_out(
    targets: Targets,
) -> None:
    listed = {one.status.source_id: one for one in await list_statuses(targets)}
    known = min(listed)
    ids = [*MALFORMED, unlike_each(listed)]

    assert await targets.get_statuses([]) == {}
    assert await targets.get_statuses(ids) == {}
    assert await targets.get_workflows([]) == {}
    for one in ids:
        assert await targets.get_statuses([one]) == {}
        assert await targets.get_workflows([one]) == {}
    # It costs its neighbours nothing.
    assert await targets.get_statuses([*ids, known]) == {known: listed[known]}


@each_with_targets
async def test_workflows_are_those_of_the_approval_statuses(targets: Targets) -> None:
    workflows = {
        one.status.workflow.source_id: one.status.workflow
        for one in await list_statuses(targets)
        if one.status.workflow is not None
    }
    assert workflows

    found = await targets.get_workflows([*workflows, unlike_each(workflows)])

    assert found == workflows


@each_with_targets
async def test_targets_are_found_by_key_with_the_approval_statuses_on_them(
    targets: Targets,
) -> None:
    listed = await list_statuses(targets)
    keys = keys_of(listed)

    found = await targets.get_targets(keys)

    assert {key.type for key in keys} == set(TARGET_TYPES.values())
    expected = {
        key: {
            one.status.source_id: one.status
            for one in listed
            if one.status.target == key
        }
        for key in keys
    }
    records = {key_of(one.target): one.target for one in listed if one.target}
    assert set(found) == set(keys)
    for key, details in found.items():
        assert isinstance(details, TargetDetails)
        assert details.target == records[key]
        assert {one.source_id: one for one in details.statuses} == expected[key]
        assert len(details.statuses) == len(expected[key])


@each_with_targets
async def test_unknown_targets_are_left_out_and_cost_their_neighbours_nothing(
    targets: Targets,
) -> None:
    keys = keys_of(await list_statuses(targets))
    ids = {key.source_id for key in keys}
    unknown = [
        TargetKey(one, source_id)
        for one in TARGET_TYPES.values()
        for source_id in (*MALFORMED, unlike_each(ids))
    ]
    # The id of an object of one type is no other type's.
    unknown += [TargetKey(one, keys[0].source_id) for one in TARGET_TYPES.values()]
    unknown.remove(keys[0])
    assert not set(unknown) & set(keys)

    assert await targets.get_targets([]) == {}
    assert await targets.get_targets(unknown) == {}
    assert list(await targets.get_targets([*unknown, keys[0]])) == [keys[0]]
    for key in unknown:
        assert await targets.get_targets([key]) == {}


@each_with_targets
async def test_approval_statuses_and_targets_name_their_provider_and_their_ids(
    provider: Provider, targets: Targets
) -> None:
    listed = await list_statuses(targets)
    type_names = {type_: name for name, type_ in TARGET_TYPES.items()}

    def holds(record: object, type_name: str, record_id: str, source_id: str) -> bool:
        assert getattr(record, "provider", None) is provider.name
        return decode_id(record_id) == GlobalID(1, type_name, provider.name, source_id)

    for one in listed:
        status, target, workflow = one.status, one.target, one.status.workflow
        assert holds(status, "ApprovalStatus", status.id, status.source_id)
        if target is not None:
            key = key_of(target)
            assert status.target == key
            assert status.target_type is key.type
            assert holds(target, type_names[key.type], target.id, target.source_id)
            assert target.title
        if workflow is not None:
            assert holds(workflow, "ApprovalWorkflow", workflow.id, workflow.source_id)
        is_open = status.state is ApprovalState.PENDING
        assert is_open == (status.actual_approver is None)
        assert status.approved_at is None or status.state is ApprovalState.APPROVED
        assert status.rejected_at is None or status.state is ApprovalState.REJECTED


async def actions_of(
    targets: Targets, details: TargetDetails, awaited: Mapping[TargetType, Any]
) -> list[ViewerAction]:
    async def load_details() -> TargetDetails:
        return details

    async def load_awaited(target_type: TargetType) -> frozenset[str] | None:
        return awaited.get(target_type)

    return create_viewer_actions(
        await targets.get_viewer_standing(details.target, load_details, load_awaited)
    )


@each_with_targets
async def test_a_queue_has_the_open_targets_that_await_this_very_person(
    provider: Provider, sandbox: Sandbox, time: FakeTime
) -> None:
    sizes = {}
    for person in sandbox.simulators[provider.name].persons:
        connector = open_connector(provider, sandbox, time, person=person)
        targets = targets_of(connector)

        queue = await connector.list_queue(SIGNED_IN)

        keys = [key_of(one.target) for one in queue.targets]
        assert queue.invoices == []
        assert len(set(keys)) == len(keys)
        assert await targets.get_targets(keys) == {
            key_of(one.target): one for one in queue.targets
        }
        assert await targets.get_awaited(list(TARGET_TYPES.values())) == queue.awaited
        for one in queue.targets:
            assert one.target.is_open
            assert one.target.approval_state is ApprovalState.PENDING
            assert one.statuses
            found = await actions_of(targets, one, queue.awaited)
            # Where several duties are one's own, each is decided by its own id.
            assert found in ([ViewerAction.APPROVE, ViewerAction.REJECT], [])
        for target_type, ids in queue.awaited.items():
            assert ids == {key.source_id for key in keys if key.type is target_type}
        sizes[person] = len(keys)
        time.advance(60)
    # Some have much to do, and some nothing.
    assert max(sizes.values()) > min(sizes.values()) == 0


@each_with_targets
async def test_an_action_is_offered_for_an_open_target_alone_and_is_loaded_for(
    connector: Connector, targets: Targets
) -> None:
    capabilities = await connector.get_capabilities()
    found = await targets.get_targets(keys_of(await list_statuses(targets)))
    details = [one for one in found.values() if isinstance(one, TargetDetails)]
    awaited = await targets.get_awaited(list(TARGET_TYPES.values()))

    async def nothing() -> TargetDetails | None:
        raise AssertionError("The duties were asked for.")

    async def nobody(target_type: TargetType) -> frozenset[str] | None:
        raise AssertionError(target_type)

    async def gone() -> TargetDetails | None:
        return None

    async def offers(
        target: TargetRecord,
        load_details: Callable[[], Awaitable[TargetDetails | None]] = nothing,
    ) -> list[ViewerAction]:
        standing = await targets.get_viewer_standing(target, load_details, nobody)
        return create_viewer_actions(standing)

    closed = [one.target for one in details if not one.target.is_open]
    still_open = [one for one in details if one.target.is_open]
    offered = {
        action
        for one in still_open
        for action in await actions_of(targets, one, awaited)
    }
    assert closed
    assert [await offers(one) for one in closed] == [[]] * len(closed)
    assert offered == {ViewerAction.APPROVE, ViewerAction.REJECT}
    assert {one.value for one in offered} <= {one.value for one in capabilities}
    assert await offers(still_open[0].target, gone) == []


DECISIONS: Mapping[str, Callable[[Connector, GlobalID], Awaitable[object]]] = {
    "approve": decide,
    "approve without force": lambda one, key: decide(one, key, note="x", force=False),
    "reject": lambda one, key: decide(one, key, decision=Decision.REJECT, note="no"),
}


@each_with_targets
@pytest.mark.parametrize("type_name", ["ApprovalStatus", *TARGET_TYPES])
@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_decision_on_what_does_not_exist_is_refused_and_nothing_is_written(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    connector: Connector,
    type_name: str,
    decision: str,
) -> None:
    listed = await list_statuses(targets_of(connector))
    known = {
        "ApprovalStatus": {one.status.source_id for one in listed},
        **{
            name: {key.source_id for key in keys_of(listed) if key.type is type_}
            for name, type_ in TARGET_TYPES.items()
        },
    }[type_name]
    before = await look(provider, connector)
    assert sandbox.transport is not None
    transport = RecordingTransport(
        sandbox.transport, sandbox.simulators[provider.name].path
    )
    asking = open_connector(provider, sandbox, time, transport=transport)

    for source_id in (*MALFORMED, unlike_each(known)):
        key = GlobalID(1, type_name, provider.name, source_id)
        with pytest.raises(NotFoundError):
            await DECISIONS[decision](asking, key)

    assert writes(transport) == []
    assert await look(provider, connector) == before


@each_with_targets
@pytest.mark.parametrize("type_name", ["ApprovalStatus", *TARGET_TYPES])
@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_decision_with_a_provider_that_is_down_is_no_success(
    provider: Provider,
    sandbox: Sandbox,
    time: FakeTime,
    type_name: str,
    decision: str,
) -> None:
    key = GlobalID(1, type_name, provider.name, "1")
    for transport in broken_networks():
        broken = open_connector(provider, sandbox, time, transport=transport)

        with pytest.raises(GatewayError) as failed:
            await DECISIONS[decision](broken, key)

        if isinstance(transport, Down):
            assert isinstance(failed.value, UpstreamError)
            assert failed.value.provider == provider.name.value
            assert transport.calls > 0


@each_with_targets
async def test_targets_of_a_provider_that_is_down_fail_for_every_key(
    provider: Provider, sandbox: Sandbox, time: FakeTime, targets: Targets
) -> None:
    keys = keys_of(await list_statuses(targets))
    some = [
        next(key for key in keys if key.type is one) for one in TARGET_TYPES.values()
    ]
    for transport in broken_networks():
        broken = targets_of(
            open_connector(provider, sandbox, time, transport=transport)
        )

        for asked in (some, some[:1], [*some[:1], *keys[-2:]]):
            found = await broken.get_targets(asked)

            assert set(found) == set(asked)
            for value in found.values():
                assert isinstance(value, UpstreamError)
                assert value.provider == provider.name.value
