"""The facet of a provider that keeps approval statuses as objects of their own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.approvals import ViewerStanding
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalStatusFilter,
    ApprovalStatusPlace,
    ApprovalWorkflowRecord,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
)
from gateway.errors import GatewayError


class ApprovalStatusSlice(Struct, frozen=True, kw_only=True):
    """The next approval statuses of a list, in the provider's order.

    *places* has the place of each, *total* counts all that match the filter, or is
    None where the provider cannot apply the whole filter and not all was read.
    """

    statuses: list[ApprovalStatusDetails]
    places: list[ApprovalStatusPlace]
    has_next: bool
    total: int | None


class Targets(Protocol):
    """A provider's approval statuses and their targets; ``Connector`` has the rules."""

    async def list_statuses(
        self,
        *,
        first: int,
        after: ApprovalStatusPlace | None,
        status_filter: ApprovalStatusFilter,
    ) -> ApprovalStatusSlice:
        """Return the *first* approval statuses after *after*.

        Raises:
            LimitError: Too many rows would have to be read for this page.
        """

    async def get_statuses(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalStatusDetails]:
        """Return the approval statuses that exist, by id."""

    async def get_targets(
        self, keys: Sequence[TargetKey]
    ) -> Mapping[TargetKey, TargetDetails | GatewayError]:
        """Return the targets that exist with the approval statuses on them."""

    async def get_workflows(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalWorkflowRecord]:
        """Return the workflows that exist, by id."""

    async def get_awaited(
        self, types: Sequence[TargetType]
    ) -> Mapping[TargetType, frozenset[str]]:
        """Return which targets the provider lists as awaiting the acting person.

        A type is left out where the provider has no such list.
        """

    async def get_viewer_standing(
        self,
        target: TargetRecord,
        load_details: Callable[[], Awaitable[TargetDetails | None]],
        load_awaited: Callable[[TargetType], Awaitable[frozenset[str] | None]],
    ) -> ViewerStanding:
        """Return how *target* stands for the acting person.

        What is loaded is loaded only where the answer depends on it.
        """
