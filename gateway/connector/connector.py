"""What the graph sees of a provider, for one acting person and one request."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.connector.invoices import Invoices
from gateway.connector.policies import Policies
from gateway.connector.targets import Targets
from gateway.connector.written import Written
from gateway.domain import (
    ApprovableRecord,
    ApproverRecord,
    Capability,
    Decision,
    GlobalID,
    InvoiceRecord,
    QuotaRecord,
    TargetDetails,
    TargetType,
)
from gateway.errors import UpstreamError


class Person(Struct, frozen=True, kw_only=True):
    """Who asks what waits for them.

    *is_signed_in* is whether the connector acts with credentials of their own. *email*
    is an address that is surely theirs, or None.
    """

    is_signed_in: bool
    email: str | None


class AskedDecision(Struct, frozen=True, kw_only=True):
    """A decision as somebody asked for it, on an object of a type in ``decides``.

    *force* goes out only where it is not None. With *expected_version*, what is read
    right before the decision is sent must have this version.
    """

    subject: GlobalID
    decision: Decision
    note: str | None = None
    force: bool | None = None
    expected_version: str | None = None


class Queue(Struct, frozen=True, kw_only=True):
    """What waits for a person, in no order.

    *is_complete* is false where more may wait than could be read. *awaited* has the
    provider's ids of the targets that it lists as awaiting the person, where it does,
    and *approvers* those of the invoices, by their keys, where they were read.
    *error* is why a part could not be read.
    """

    invoices: list[InvoiceRecord] = []
    targets: list[TargetDetails] = []
    awaited: Mapping[TargetType, frozenset[str]] = {}
    approvers: Mapping[str, list[ApproverRecord]] = {}
    is_complete: bool
    error: UpstreamError | None = None

    @property
    def approvables(self) -> list[ApprovableRecord]:
        """What waits, whatever it is."""
        return [*self.invoices, *(one.target for one in self.targets)]


class Probe(Struct, frozen=True, kw_only=True):
    """One row of ``gateway doctor``; *ok* is None for a fact that is neither."""

    name: str
    ok: bool | None
    detail: str


class Connector(Protocol):
    """One provider, for one acting person, for one request, in domain terms.

    What only some providers keep is a facet, None where the provider has none of it;
    ``invoices_of``, ``policies_of`` and ``targets_of`` give what answers in its place.

    Every method, a facet's too, may raise an ``UpstreamError``; a mapping holds an
    error for the single key that failed. A method that writes sends each of its writes
    at most once, raises the refusal that a person can act on (``NotFoundError``,
    ``ConflictError``, ``ForbiddenError``, ``InvalidInputError``, ``StaleError``,
    ``UnsupportedError``), and settles a lost answer by reading back; what that does
    not settle is ``Outcome.UNKNOWN``.

    Attributes:
        decides: The types of the graph whose objects `decide` takes.
    """

    decides: frozenset[str]

    @property
    def invoices(self) -> Invoices | None:
        """The provider's invoices."""

    @property
    def policies(self) -> Policies | None:
        """The provider's policies."""

    @property
    def targets(self) -> Targets | None:
        """The provider's approval statuses, and the targets that they are about."""

    async def check(self) -> None:
        """Make the cheapest call that proves sign-in and connection."""

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what this account can be asked to do."""

    def get_quota(self) -> QuotaRecord | None:
        """Return what is known of the account's quota."""

    async def list_queue(self, person: Person) -> Queue:
        """Return what waits for a person; empty where it cannot be asked."""

    async def decide(
        self, asked: Sequence[AskedDecision]
    ) -> Sequence[Written | Exception]:
        """Send decisions as the acting person, and return how each ended, in order.

        Each is on another object, by its id; two may still be on one duty.
        One that was refused, or that surely did not happen, is its error, as is one
        that a bug ended; the others stand. A ``StaleError`` is one whose object has
        another version than expected.
        """

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""
