from itertools import product

import msgspec
import pytest

from gateway.approvals import Turn, ViewerStanding, create_viewer_actions
from gateway.domain import ApprovalState, Capability, ViewerAction

EVERY_CALL = frozenset(Capability)
OPEN = ViewerStanding(
    state=ApprovalState.PENDING,
    turn=Turn.MINE,
    capabilities=EVERY_CALL,
    are_approvers_open=True,
    can_one_go=True,
)
ROWS = {
    (Turn.MINE, ApprovalState.PENDING): ["APPROVE", "FORCE_APPROVE", "REJECT"],
    (Turn.MINE, ApprovalState.UNKNOWN): ["APPROVE", "REJECT"],
    (Turn.NOT_TOLD, ApprovalState.PENDING): ["APPROVE", "FORCE_APPROVE", "REJECT"],
    (Turn.OTHERS, ApprovalState.PENDING): ["FORCE_APPROVE"],
}


@pytest.mark.parametrize(("turn", "state"), [*product(Turn, ApprovalState)])
def test_who_can_decide(turn: Turn, state: ApprovalState) -> None:
    standing = ViewerStanding(state=state, turn=turn, capabilities=EVERY_CALL)

    assert create_viewer_actions(standing) == ROWS.get((turn, state), [])


@pytest.mark.parametrize(
    ("are_open", "can_one_go", "actions"),
    [
        (True, True, ["ADD_APPROVER", "REMOVE_APPROVER", "SET_APPROVERS"]),
        (True, False, ["ADD_APPROVER", "SET_APPROVERS"]),
        (False, True, []),
        (False, False, []),
    ],
)
@pytest.mark.parametrize("state", ApprovalState)
def test_who_is_asked_can_change(
    state: ApprovalState, are_open: bool, can_one_go: bool, actions: list[str]
) -> None:
    standing = ViewerStanding(
        state=state,
        turn=Turn.OTHERS,
        capabilities=EVERY_CALL - {Capability.FORCE_APPROVE},
        are_approvers_open=are_open,
        can_one_go=can_one_go,
    )

    assert create_viewer_actions(standing) == actions


def test_where_all_holds_every_action_is_offered_in_order() -> None:
    assert create_viewer_actions(OPEN) == list(ViewerAction)


@pytest.mark.parametrize("action", ViewerAction)
def test_an_action_takes_the_capability_of_its_name(action: ViewerAction) -> None:
    own = frozenset({Capability(action.value)})
    only = msgspec.structs.replace(OPEN, capabilities=own)
    without = msgspec.structs.replace(OPEN, capabilities=EVERY_CALL - own)

    assert create_viewer_actions(only) == [action]
    assert action not in create_viewer_actions(without)


@pytest.mark.parametrize("state", ApprovalState)
def test_where_nobody_is_asked_by_name_who_may_is_not_told(
    state: ApprovalState,
) -> None:
    standing = ViewerStanding(
        state=state,
        turn=Turn.NOT_TOLD,
        capabilities=frozenset({Capability.APPROVE}),
    )

    is_pending = state is ApprovalState.PENDING
    assert create_viewer_actions(standing) == (["APPROVE"] if is_pending else [])
