"""What the resolvers of one request may reach."""

from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from typing import TypeAlias

import strawberry
from msgspec import Struct

from gateway.changes import Change
from gateway.connector import (
    Account,
    Connector,
    Invoices,
    Policies,
    Queue,
    Targets,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.decisions import Decisions
from gateway.domain import (
    ApprovableKey,
    ApprovalStatusDetails,
    ApprovalStatusRecord,
    ApprovalWorkflowRecord,
    InvoiceRecord,
    PolicyRecord,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetRecord,
    key_of,
)
from gateway.errors import ForbiddenError, InvalidInputError
from gateway.loaders import ProviderLoaders
from gateway.security import Caller
from gateway.upstream import Clock, Deadline


class Context(Struct, frozen=True, kw_only=True):
    """One request: who calls, and the providers as they may see them.

    Attributes:
        request_id: The id of the request, in logs and in errors.
        caller: Who calls.
        accounts: The caller's standing with each configured provider.
        connectors: A connector for each of them.
        undecided: The providers where the caller may only look: they record the
            person, and the gateway has no credentials of this one.
        loaders: The loaders over each connector.
        decisions: Where writes leave.
        watch: Returns what changes from now on, as the caller may see it: of the given
            objects, or of whatever is told where that is None.
        deadline: When its reads end.
        most_rows: The largest page.
        clock: Where the time comes from.
    """

    request_id: str
    caller: Caller
    accounts: Mapping[ProviderName, Account]
    connectors: Mapping[ProviderName, Connector]
    undecided: Collection[ProviderName]
    loaders: Mapping[ProviderName, ProviderLoaders]
    decisions: Decisions
    watch: Callable[[Sequence[ApprovableKey] | None], AsyncIterator[Change]]
    deadline: Deadline
    most_rows: int
    clock: Clock

    def connector(
        self, provider: ProviderName, *, field: str | None = None
    ) -> Connector:
        """Return the connector of a provider.

        Raises:
            InvalidInputError: This gateway is not connected to the provider; *field*
                names the member of an input that says which it is.
        """
        if provider not in self.connectors:
            raise InvalidInputError(
                f"This gateway is not connected to {provider.value}.",
                field=None if field is None else (field,),
            )
        return self.connectors[provider]

    def invoices(self, provider: ProviderName) -> Invoices:
        """Return the invoices of a provider; where it keeps none, they are empty.

        Raises:
            InvalidInputError: This gateway is not connected to the provider.
        """
        return invoices_of(provider, self.connector(provider))

    def policies(self, provider: ProviderName) -> Policies:
        """Return the policies of a provider; where it keeps none, they are empty.

        Raises:
            InvalidInputError: This gateway is not connected to the provider.
        """
        return policies_of(provider, self.connector(provider))

    def targets(self, provider: ProviderName) -> Targets:
        """Return the targets of a provider; where it keeps none, there are none.

        Raises:
            InvalidInputError: This gateway is not connected to the provider.
        """
        return targets_of(self.connector(provider))

    def targets_by_provider(self) -> dict[ProviderName, Targets]:
        """Return the targets of each provider that keeps some."""
        return {
            name: connector.targets
            for name, connector in self.connectors.items()
            if connector.targets is not None
        }

    def invoices_by_provider(
        self, among: Collection[ProviderName] | None = None
    ) -> dict[ProviderName, Invoices]:
        """Return the invoices of each provider that keeps some, of those *among*."""
        return {
            name: connector.invoices
            for name, connector in self.connectors.items()
            if connector.invoices is not None and (among is None or name in among)
        }

    def policies_by_provider(
        self, among: Collection[ProviderName] | None = None
    ) -> dict[ProviderName, Policies]:
        """Return the policies of each provider that keeps some, of those *among*."""
        return {
            name: connector.policies
            for name, connector in self.connectors.items()
            if connector.policies is not None and (among is None or name in among)
        }

    def check_may_decide(self, provider: ProviderName) -> None:
        """Hold that the caller may decide with a provider.

        Raises:
            ForbiddenError: It would be decided as somebody else.
        """
        if provider in self.undecided:
            raise self.nobody_there(provider)

    def nobody_there(self, provider: ProviderName) -> ForbiddenError:
        """Return why the caller can be nobody with a provider."""
        return ForbiddenError(
            f"{provider.value} records who decides, and this gateway has no "
            "credentials of yours for it; its operator can add them. Nothing was sent."
        )

    async def load_invoice(
        self, provider: ProviderName, key: str
    ) -> InvoiceRecord | None:
        """Return an invoice by its key or its provider's id, or None."""
        self.connector(provider)
        return await self.loaders[provider].invoice_by_key.load(key)

    async def load_policy(
        self, provider: ProviderName, source_id: str
    ) -> PolicyRecord | None:
        """Return a policy by the provider's id, or None where there is none."""
        self.connector(provider)
        return await self.loaders[provider].policy_by_id.load(source_id)

    async def load_approval_status(
        self, provider: ProviderName, source_id: str
    ) -> ApprovalStatusRecord | None:
        """Return an approval status by the provider's id, or None if there is none."""
        self.connector(provider)
        loader = self.loaders[provider].approval_status_by_id
        details = await loader.load(source_id)
        if details is None:
            return None
        self.keep_approval_statuses([details])
        return details.status

    async def load_workflow(
        self, provider: ProviderName, source_id: str
    ) -> ApprovalWorkflowRecord | None:
        """Return an approval workflow by the provider's id, or None."""
        self.connector(provider)
        return await self.loaders[provider].workflow_by_id.load(source_id)

    async def load_target(
        self, provider: ProviderName, key: TargetKey
    ) -> TargetRecord | None:
        """Return a booking, a time entry or an expense, or None if there is none."""
        self.connector(provider)
        return await self.loaders[provider].target_by_key.load(key)

    async def load_target_details(
        self, provider: ProviderName, key: TargetKey
    ) -> TargetDetails | None:
        """Return a target with the approval statuses on it, or None."""
        self.connector(provider)
        return await self.loaders[provider].target_details_by_key.load(key)

    def cancel_reads(self) -> None:
        """End the reads under way, for a caller who has gone."""
        for loaders in self.loaders.values():
            loaders.cancel()

    def keep_invoices(self, invoices: Iterable[InvoiceRecord]) -> None:
        """Keep invoices that were read, so that no field asks for them again."""
        for invoice in invoices:
            loader = self.loaders[invoice.provider].invoice_by_key
            loader.prime(invoice.key, invoice)

    def keep_approval_statuses(self, found: Iterable[ApprovalStatusDetails]) -> None:
        """Keep approval statuses that were read, and their targets."""
        for one in found:
            loaders = self.loaders[one.status.provider]
            loaders.approval_status_by_id.prime(one.status.source_id, one)
            if one.target is not None:
                loaders.target_by_key.prime(key_of(one.target), one.target)

    def keep_targets(
        self, provider: ProviderName, found: Iterable[TargetDetails]
    ) -> None:
        """Keep targets that were read with the duties on them."""
        loaders = self.loaders[provider]
        for one in found:
            loaders.target_details_by_key.prime(key_of(one.target), one)
            loaders.target_by_key.prime(key_of(one.target), one.target)

    def keep_queue(self, provider: ProviderName, queue: Queue) -> None:
        """Keep what was read of what waits for the caller."""
        self.keep_invoices(queue.invoices)
        loaders = self.loaders[provider]
        for key, approvers in queue.approvers.items():
            loaders.approvers_by_invoice.prime(key, approvers)
        self.keep_targets(provider, queue.targets)
        for target_type, ids in queue.awaited.items():
            loaders.awaited_by_type.prime(target_type, ids)


Info: TypeAlias = strawberry.Info[Context, None]
