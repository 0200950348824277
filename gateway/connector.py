"""What every provider brings: a connector, a simulator, one registry entry.

``Provider`` is a line in ``providers.PROVIDERS``. It opens an ``Upstream`` (one per
process), an ``Account`` on it (one per acting person), and from that a ``Connector``
(one per request), which is all that the graph sees of the provider. ``Simulator`` is
the provider's stateful fake.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct
from pydantic import BaseModel
from starlette.types import ASGIApp

from gateway.domain import (
    ApproverRecord,
    Capability,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    Outcome,
    PolicyChanges,
    PolicyDraft,
    PolicyRecord,
    ProviderName,
    QuotaRecord,
    UserRecord,
    ViewerAction,
)
from gateway.errors import GatewayError
from gateway.upstream import Clock, Deadline, Transport, Upstream


class InvoiceSlice(Struct, frozen=True, kw_only=True):
    """The next rows of a provider's list, newest ``created_at`` first, then by id.

    The rows may still hold some that the filter excludes. *is_last* is true where
    nothing follows. *total* counts all rows that match the filter, or is None where
    the provider cannot apply the whole filter or was asked from a place on.
    *is_searched* is false where the provider did not apply `search`, *is_complete*
    where it cannot list all that was asked for.
    """

    invoices: list[InvoiceRecord]
    is_last: bool
    total: int | None
    is_searched: bool = True
    is_complete: bool = True


class Queue(Struct, frozen=True, kw_only=True):
    """What waits for the acting person, in no order.

    *is_complete* is false where more may wait than could be read.
    """

    invoices: list[InvoiceRecord]
    is_complete: bool


class Written(Struct, frozen=True, kw_only=True):
    """What is known of a write that was not refused.

    *approver_source_id* and *policy_source_id* name the approval record and the
    policy that the write made or met.
    """

    outcome: Outcome
    approver_source_id: str | None = None
    policy_source_id: str | None = None


class Probe(Struct, frozen=True, kw_only=True):
    """One row of ``gateway doctor``; *ok* is None for a fact that is neither."""

    name: str
    ok: bool | None
    detail: str


class Connector(Protocol):
    """One provider, for one acting person, for one request, in domain terms.

    Every method may raise an ``UpstreamError``; a mapping holds an error for the
    single key that failed. A method that writes sends each of its writes at most once,
    raises the refusal that a person can act on (``NotFoundError``, ``ConflictError``,
    ``ForbiddenError``, ``InvalidInputError``, ``UnsupportedError``), and settles a
    lost answer by reading back; what that does not settle is ``Outcome.UNKNOWN``.

    Attributes:
        has_policies: Whether the provider keeps policies that can be listed.
        has_counts: Whether the provider can tell how many invoices match.
    """

    has_policies: bool
    has_counts: bool

    async def check(self) -> None:
        """Make the cheapest call that proves sign-in and connection."""

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what this account can be asked to do."""

    def get_quota(self) -> QuotaRecord | None:
        """Return what is known of the account's quota."""

    async def get_viewer_actions(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> list[ViewerAction]:
        """Return what the acting person can ask for *invoice* in its state.

        *load_approvers* is called only where the answer depends on the approvers.
        """

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the invoices that exist, by id."""

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return how many invoices match, or None where the provider cannot tell."""

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return what only a read of the single invoice tells, by invoice id."""

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records of the invoices that exist, by invoice id."""

    async def list_queue(self) -> Queue:
        """Return what waits for the acting person; empty where it cannot be asked."""

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, active or not, in no order."""

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist and can be read by id."""

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return the policies that apply, by invoice id.

        An invoice is left out where only its approvers tell their policies.
        """

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return who must approve, by policy id; left out where it is not told."""

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask a person, by exactly one of id and e-mail, to approve an invoice."""

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one approval record off an invoice."""

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Make these persons, in this order, the approvers of an invoice."""

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Take all approval records off an invoice."""

    async def approve(
        self, invoice_id: str, *, note: str | None, force: bool | None
    ) -> Written:
        """Approve an invoice; *force* goes out only where it is not None."""

    async def reject(self, invoice_id: str, *, note: str | None) -> Written:
        """Reject an invoice."""

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Make a policy."""

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Change a policy."""

    async def delete_policy(self, policy_id: str) -> Written:
        """Take a policy out of use."""

    async def restore_policy(self, policy_id: str) -> Written:
        """Put a policy that was deleted into use again."""

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Make a person a mandatory approver of a policy."""

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Make a person no mandatory approver of a policy any more."""

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""


class Account(Protocol):
    """One acting person's standing with a provider, shared by their requests."""

    def connect(self, deadline: Deadline) -> Connector:
        """Return a connector for one request."""


class Simulator(Protocol):
    """A provider's stateful fake, over real HTTP semantics.

    Attributes:
        path: Where the sandbox serves it.
        persons: The demo persons by name, each with a line that describes them; the
            first is who acts when nobody says who.
        switches: The states of its switches: a Struct, replaced whole.
        app: The ASGI application.
    """

    path: str
    persons: Mapping[str, str]
    switches: Any
    app: ASGIApp

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings for a gateway."""

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return what *person* signs in with, or None where they have nothing."""

    def reset(self) -> None:
        """Return to the data and the switches of the start."""


class Provider(Struct, frozen=True, kw_only=True):
    """A registry entry.

    Attributes:
        name: The provider's name in the graph.
        title: Its name in sentences.
        key: Its name in settings.
        settings: The type of its section in the settings.
        credentials: The type of the part of it that a person may have of their own.
        records_person: Whether the provider records the person who is signed in, so
            that nobody decides there without credentials of their own.
        create_simulator: Makes its fake; the arguments are the clock's.
        open_upstream: Opens its connections.
        open_account: Opens one acting person's standing; the section holds theirs.
    """

    name: ProviderName
    title: str
    key: str
    settings: type[BaseModel]
    credentials: type[BaseModel]
    records_person: bool
    create_simulator: Callable[[Clock], Simulator]
    open_upstream: Callable[[Any, Clock, Transport | None], Upstream]
    open_account: Callable[[Any, Upstream], Account]
