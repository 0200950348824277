"""Loaders: what one request asks of one provider, each thing once.

A set of loaders is built per request and provider, so that a slow provider delays
only itself, and nothing read for one person reaches another.
"""

import asyncio
import contextvars
from typing import Any, TypeVar

import aiodataloader
from aiodataloader import DataLoader

from gateway.connector import (
    Connector,
    Invoices,
    Person,
    Policies,
    Queue,
    Targets,
    invoices_of,
    policies_of,
    targets_of,
)
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalWorkflowRecord,
    ApproverRecord,
    InvoiceDetailsRecord,
    InvoiceRecord,
    PolicyRecord,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
    UserRecord,
)

K = TypeVar("K")
V = TypeVar("V")


class BatchError(Exception):
    """A batch ended without a value or an error for each of its keys: a bug."""


class Loader(DataLoader[K, V]):
    """A DataLoader that holds against cancellation and errors.

    It mends what aiodataloader 0.4.3 gets wrong: a caller that is cancelled takes
    the value from nobody else; a batch that is cancelled fails its waiters instead
    of leaving them; a key that failed is asked again; a batch is referenced while
    it runs, and runs in the context in which the loader was made.
    """

    def __init__(self) -> None:
        super().__init__()
        self._context = contextvars.copy_context()
        self._batches: set[asyncio.Task[None]] = set()

    def load(self, key: K) -> "asyncio.Future[V]":
        """Return a future of the key's value that its caller may cancel."""
        return asyncio.shield(super().load(key))

    def do_resolve_reject(self, key: K, future: "asyncio.Future[V]") -> None:
        """Queue *key*; the first of a queue sees to its dispatch."""
        self._queue.append(aiodataloader.Loader(key=key, future=future))
        if len(self._queue) == 1:
            batch = asyncio.create_task(self._dispatch(), context=self._context)
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)

    def cancel(self) -> None:
        """End the batches under way: nobody waits for them any more."""
        for batch in self._batches:
            batch.cancel()

    async def _dispatch(self) -> None:
        # What is ready to run now, and what that makes ready, joins the batch.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        queue, self._queue = self._queue, []
        try:
            values = await self.batch_load_fn([queued.key for queued in queue])
            if len(values) != len(queue):
                raise BatchError("A batch has one value for each key.")  # noqa: TRY301
            for queued, value in zip(queue, values, strict=True):
                self._settle(queued, value)
        except Exception as error:  # noqa: BLE001 - each waiter raises it
            for queued in queue:
                self._settle(queued, error)
        finally:
            for queued in queue:
                self._settle(queued, BatchError("The batch was cancelled."))

    def _settle(self, queued: aiodataloader.Loader, value: object) -> None:
        if queued.future.done():
            return
        if isinstance(value, Exception):
            self.clear(queued.key)
            queued.future.set_exception(value)
            # Whoever waited may have gone.
            queued.future.exception()
        else:
            queued.future.set_result(value)


# Below, a value that is an exception is raised for its own key alone.


class InvoiceByKeyLoader(Loader[str, InvoiceRecord | None]):
    """Invoices by their keys or their provider's ids; None where there is none."""

    def __init__(self, invoices: Invoices) -> None:
        super().__init__()
        self._invoices = invoices

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a record or None for each id."""
        found = await self._invoices.get_invoices(keys)
        return [found.get(key) for key in keys]


class InvoiceDetailsByKeyLoader(Loader[str, InvoiceDetailsRecord | None]):
    """Lines and history by the invoice's key."""

    def __init__(self, invoices: Invoices) -> None:
        super().__init__()
        self._invoices = invoices

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a record, None or an error for each id."""
        found = await self._invoices.get_invoice_details(keys)
        return [found.get(key) for key in keys]


class ApproversByInvoiceLoader(Loader[str, list[ApproverRecord] | None]):
    """Approval records by the invoice's key; None where there is no invoice."""

    def __init__(self, invoices: Invoices) -> None:
        super().__init__()
        self._invoices = invoices

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a list, None or an error for each id."""
        found = await self._invoices.get_approvers(keys)
        return [found.get(key) for key in keys]


class PolicyByIdLoader(Loader[str, PolicyRecord | None]):
    """Policies by the provider's id; None where there is none."""

    def __init__(self, policies: Policies) -> None:
        super().__init__()
        self._policies = policies

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a record or None for each id."""
        found = await self._policies.get_policies(keys)
        return [found.get(key) for key in keys]


class PoliciesByInvoiceLoader(Loader[InvoiceRecord, list[PolicyRecord] | None]):
    """The policies that apply to an invoice; None where its approvers tell them."""

    def __init__(self, invoices: Invoices) -> None:
        super().__init__()
        self._invoices = invoices

    def get_cache_key(self, key: InvoiceRecord) -> Any:
        """Return what tells one invoice from another."""
        return key.key

    async def batch_load_fn(self, keys: list[InvoiceRecord]) -> list[Any]:
        """Return a list or None for each invoice."""
        found = await self._invoices.get_applicable_policies(keys)
        return [found.get(key.key) for key in keys]


class MandatoryApproversByPolicyLoader(Loader[str, list[UserRecord] | None]):
    """Who must approve, by the provider's policy id; None where it is not told."""

    def __init__(self, policies: Policies) -> None:
        super().__init__()
        self._policies = policies

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a list or None for each id."""
        found = await self._policies.get_mandatory_approvers(keys)
        return [found.get(key) for key in keys]


class ApprovalStatusByIdLoader(Loader[str, ApprovalStatusDetails | None]):
    """Approval statuses, with their targets, by the provider's id."""

    def __init__(self, targets: Targets) -> None:
        super().__init__()
        self._targets = targets

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a record or None for each id."""
        found = await self._targets.get_statuses(keys)
        return [found.get(key) for key in keys]


class TargetDetailsByKeyLoader(Loader[TargetKey, TargetDetails | None]):
    """Targets, with the approval statuses on them; None where there is no target."""

    def __init__(self, targets: Targets) -> None:
        super().__init__()
        self._targets = targets

    async def batch_load_fn(self, keys: list[TargetKey]) -> list[Any]:
        """Return a record, None or an error for each key."""
        found = await self._targets.get_targets(keys)
        return [found.get(key) for key in keys]


class TargetByKeyLoader(Loader[TargetKey, TargetRecord | None]):
    """Targets; None where there is none."""

    def __init__(self, details_by_key: TargetDetailsByKeyLoader) -> None:
        super().__init__()
        self._details_by_key = details_by_key

    async def batch_load_fn(self, keys: list[TargetKey]) -> list[Any]:
        """Return a record, None or an error for each key."""
        found = await asyncio.gather(
            *(self._details_by_key.load(key) for key in keys), return_exceptions=True
        )
        return [one.target if isinstance(one, TargetDetails) else one for one in found]


class WorkflowByIdLoader(Loader[str, ApprovalWorkflowRecord | None]):
    """Approval workflows by the provider's id; None where there is none."""

    def __init__(self, targets: Targets) -> None:
        super().__init__()
        self._targets = targets

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return a record or None for each id."""
        found = await self._targets.get_workflows(keys)
        return [found.get(key) for key in keys]


class AwaitedByTypeLoader(Loader[TargetType, frozenset[str] | None]):
    """Which targets of a type await the acting person; None where it is not told."""

    def __init__(self, targets: Targets) -> None:
        super().__init__()
        self._targets = targets

    async def batch_load_fn(self, keys: list[TargetType]) -> list[Any]:
        """Return a set of the provider's ids or None for each type."""
        found = await self._targets.get_awaited(keys)
        return [found.get(key) for key in keys]


class QueueLoader(Loader[str, Queue]):
    """What waits for one person; the only key is ``MINE``."""

    MINE = "mine"

    def __init__(self, connector: Connector, person: Person) -> None:
        super().__init__()
        self._connector = connector
        self._person = person

    async def batch_load_fn(self, keys: list[str]) -> list[Any]:
        """Return the queue."""
        queue = await self._connector.list_queue(self._person)
        return [queue for _ in keys]


class ProviderLoaders:
    """One provider's loaders within one request; of what it lacks they find nothing."""

    def __init__(
        self, provider: ProviderName, connector: Connector, person: Person
    ) -> None:
        invoices = invoices_of(provider, connector)
        policies = policies_of(provider, connector)
        targets = targets_of(connector)
        self.invoice_by_key = InvoiceByKeyLoader(invoices)
        self.invoice_details_by_key = InvoiceDetailsByKeyLoader(invoices)
        self.approvers_by_invoice = ApproversByInvoiceLoader(invoices)
        self.policy_by_id = PolicyByIdLoader(policies)
        self.policies_by_invoice = PoliciesByInvoiceLoader(invoices)
        self.mandatory_approvers_by_policy = MandatoryApproversByPolicyLoader(policies)
        self.approval_status_by_id = ApprovalStatusByIdLoader(targets)
        self.target_details_by_key = TargetDetailsByKeyLoader(targets)
        self.target_by_key = TargetByKeyLoader(self.target_details_by_key)
        self.workflow_by_id = WorkflowByIdLoader(targets)
        self.awaited_by_type = AwaitedByTypeLoader(targets)
        self.queue = QueueLoader(connector, person)

    def forget(self) -> None:
        """Forget what was read: after a write it is no longer true."""
        for loader in self._loaders:
            loader.clear_all()

    def cancel(self) -> None:
        """End the reads under way."""
        for loader in self._loaders:
            loader.cancel()

    @property
    def _loaders(self) -> tuple[Loader[Any, Any], ...]:
        return (
            self.invoice_by_key,
            self.invoice_details_by_key,
            self.approvers_by_invoice,
            self.policy_by_id,
            self.policies_by_invoice,
            self.mandatory_approvers_by_policy,
            self.approval_status_by_id,
            self.target_details_by_key,
            self.target_by_key,
            self.workflow_by_id,
            self.awaited_by_type,
            self.queue,
        )
