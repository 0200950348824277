"""What answers in place of a facet that a provider lacks, without any call.

Reads find nothing, and writes are refused: the rest of the gateway need not ask what a
provider keeps.
"""

# Whatever is asked for, the answer is the same.
# ruff: noqa: ARG002

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.approvals import Turn, ViewerStanding
from gateway.connector.connector import Connector
from gateway.connector.invoices import Invoices, InvoiceSlice
from gateway.connector.policies import Policies
from gateway.connector.targets import ApprovalStatusSlice, Targets
from gateway.connector.written import Written
from gateway.domain import (
    ApprovableRecord,
    ApprovalStatusDetails,
    ApprovalStatusFilter,
    ApprovalStatusPlace,
    ApprovalWorkflowRecord,
    ApproverRecord,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyChanges,
    PolicyDraft,
    PolicyRecord,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
    UserRecord,
)
from gateway.errors import GatewayError, UnsupportedError


def invoices_of(provider: ProviderName, connector: Connector) -> Invoices:
    """Return a provider's invoices, or what answers where it keeps none."""
    if connector.invoices is None:
        return NoInvoices(provider)
    return connector.invoices


def policies_of(provider: ProviderName, connector: Connector) -> Policies:
    """Return a provider's policies, or what answers where it keeps none."""
    if connector.policies is None:
        return NoPolicies(provider)
    return connector.policies


def targets_of(connector: Connector) -> Targets:
    """Return a provider's approval statuses, or what answers where it keeps none."""
    return NoTargets() if connector.targets is None else connector.targets


class NoInvoices:
    """The invoices of a provider that keeps none."""

    has_counts = True

    def __init__(self, provider: ProviderName) -> None:
        self._provider = provider

    async def get_viewer_standing(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> ViewerStanding:
        """Return that nothing can be asked for."""
        return _create_standing(invoice)

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Find nothing."""
        return {}

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return a list that is empty."""
        return InvoiceSlice(invoices=[], is_last=True, total=0)

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return zero."""
        return 0

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Find nothing."""
        return {}

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Find nothing."""
        return {}

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Find nothing."""
        return {}

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    def _refusal(self) -> UnsupportedError:
        return UnsupportedError(
            f"{self._provider.value} keeps no invoices whose approvers could be "
            "changed here. Nothing was sent."
        )


class NoTargets:
    """The approval statuses of a provider that keeps none as objects."""

    async def list_statuses(
        self,
        *,
        first: int,
        after: ApprovalStatusPlace | None,
        status_filter: ApprovalStatusFilter,
    ) -> ApprovalStatusSlice:
        """Return a list that is empty."""
        return ApprovalStatusSlice(statuses=[], places=[], has_next=False, total=0)

    async def get_statuses(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalStatusDetails]:
        """Find nothing."""
        return {}

    async def get_targets(
        self, keys: Sequence[TargetKey]
    ) -> Mapping[TargetKey, TargetDetails | GatewayError]:
        """Find nothing."""
        return {}

    async def get_workflows(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalWorkflowRecord]:
        """Find nothing."""
        return {}

    async def get_awaited(
        self, types: Sequence[TargetType]
    ) -> Mapping[TargetType, frozenset[str]]:
        """Tell of nothing."""
        return {}

    async def get_viewer_standing(
        self,
        target: TargetRecord,
        load_details: Callable[[], Awaitable[TargetDetails | None]],
        load_awaited: Callable[[TargetType], Awaitable[frozenset[str] | None]],
    ) -> ViewerStanding:
        """Return that nothing can be asked for."""
        return _create_standing(target)


class NoPolicies:
    """The policies of a provider that keeps none, or shows none of them."""

    def __init__(self, provider: ProviderName) -> None:
        self._provider = provider

    async def list_policies(self) -> list[PolicyRecord]:
        """Find nothing."""
        return []

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Find nothing."""
        return {}

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Tell of nobody."""
        return {}

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def delete_policy(self, policy_id: str) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def restore_policy(self, policy_id: str) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Refuse, as every change."""
        raise self._refusal()

    def _refusal(self) -> UnsupportedError:
        return UnsupportedError(
            f"{self._provider.value} keeps no policies that could be changed here; its "
            "own application does. Nothing was sent."
        )


def _create_standing(approvable: ApprovableRecord) -> ViewerStanding:
    return ViewerStanding(
        state=approvable.approval_state,
        turn=Turn.OTHERS,
        capabilities=frozenset(),
    )
