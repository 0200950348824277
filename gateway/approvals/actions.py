"""What a caller can ask for, by one table over the facts of their standing.

| action | holds where the account has its call, and |
| --- | --- |
| APPROVE, REJECT | turn MINE: the state is PENDING or UNKNOWN |
| | turn NOT_TOLD: the state is PENDING |
| FORCE_APPROVE | the state is PENDING, whosever turn it is |
| ADD_APPROVER, SET_APPROVERS | the approvers are open |
| REMOVE_APPROVER | the approvers are open, and one can go |
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from gateway.domain import ApprovalState, Capability, ViewerAction


class Turn(StrEnum):
    """Whose turn it is to decide.

    MINE is where exactly one thing to decide is surely the person's, and NOT_TOLD
    where the provider does not tell who may decide. OTHERS is all else: nothing to
    decide is the person's, or nothing surely, or several things are.
    """

    MINE = "MINE"
    OTHERS = "OTHERS"
    NOT_TOLD = "NOT_TOLD"


class ViewerStanding(Struct, frozen=True, kw_only=True):
    """An object as it stands for one person.

    Attributes:
        state: How far its approval is.
        turn: Whose turn it is.
        capabilities: What the account can be asked to do; what is no action here does
            not matter.
        are_approvers_open: Whether who is asked may still change.
        can_one_go: Whether one of those who are asked may be taken off.
    """

    state: ApprovalState
    turn: Turn
    capabilities: frozenset[Capability]
    are_approvers_open: bool = False
    can_one_go: bool = False


_DECIDABLE = frozenset(
    {
        (Turn.MINE, ApprovalState.PENDING),
        (Turn.MINE, ApprovalState.UNKNOWN),
        (Turn.NOT_TOLD, ApprovalState.PENDING),
    }
)


def _can_decide(standing: ViewerStanding) -> bool:
    return (standing.turn, standing.state) in _DECIDABLE


def _can_force(standing: ViewerStanding) -> bool:
    return standing.state is ApprovalState.PENDING


def _can_change(standing: ViewerStanding) -> bool:
    return standing.are_approvers_open


def _can_remove(standing: ViewerStanding) -> bool:
    return standing.are_approvers_open and standing.can_one_go


_Rule = tuple[ViewerAction, Capability, Callable[[ViewerStanding], bool]]

_RULES: Sequence[_Rule] = (
    (ViewerAction.APPROVE, Capability.APPROVE, _can_decide),
    (ViewerAction.FORCE_APPROVE, Capability.FORCE_APPROVE, _can_force),
    (ViewerAction.REJECT, Capability.REJECT, _can_decide),
    (ViewerAction.ADD_APPROVER, Capability.ADD_APPROVER, _can_change),
    (ViewerAction.REMOVE_APPROVER, Capability.REMOVE_APPROVER, _can_remove),
    (ViewerAction.SET_APPROVERS, Capability.SET_APPROVERS, _can_change),
)


def create_viewer_actions(standing: ViewerStanding) -> list[ViewerAction]:
    """Return what the person can ask for, in the order of the table."""
    return [
        action
        for action, capability, holds in _RULES
        if capability in standing.capabilities and holds(standing)
    ]
