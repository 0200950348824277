"""What queries take as input."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from gateway import domain
from gateway.domain import (
    ApprovalState,
    InvoiceKind,
    InvoiceOrderField,
    InvoiceStatus,
    OrderDirection,
    PolicyRecord,
    ProviderName,
)
from gateway.errors import InvalidInputError

_LONGEST_SEARCH = 200


@strawberry.input(
    description="Which invoices a list holds: those that pass every member. A member "
    "that is null or left out does not matter; an empty list lets nothing through."
)
class InvoiceFilter:
    """Which invoices a list holds."""

    providers: list[ProviderName] | None = strawberry.field(
        default=None, description="The systems to look in; all by default."
    )
    states: list[ApprovalState] | None = strawberry.field(
        default=None, description="How far the approval is."
    )
    statuses: list[InvoiceStatus] | None = strawberry.field(
        default=None, description="Where the invoice stands in its life."
    )
    kinds: list[InvoiceKind] | None = strawberry.field(
        default=None, description="The sorts of document."
    )
    search: str | None = strawberry.field(
        default=None,
        description="Text as the provider searches for it (Ottimate: number, "
        "counterparty and order number); where it cannot (BILL, Accounteer), text in "
        "the number or in the counterparty's name.",
    )
    issued_after: date | None = strawberry.field(
        default=None, description="The first day of issue, included."
    )
    issued_before: date | None = strawberry.field(
        default=None, description="The last day of issue, included."
    )
    due_after: date | None = strawberry.field(
        default=None, description="The first day on which it is due, included."
    )
    due_before: date | None = strawberry.field(
        default=None, description="The last day on which it is due, included."
    )
    updated_since: datetime | None = strawberry.field(
        default=None,
        description="The earliest last change, included. Where a provider tells days "
        "alone (Accounteer), those of a day and a half before are included as well.",
    )
    minimum_total: Decimal | None = strawberry.field(
        default=None, description="The smallest total, whatever the currency."
    )
    maximum_total: Decimal | None = strawberry.field(
        default=None, description="The largest total, whatever the currency."
    )

    def to_record(self) -> domain.InvoiceFilter:
        """Return the filter in the domain's terms, without its providers.

        Raises:
            InvalidInputError: `search` is longer than anything that could be found.
        """
        if self.search is not None and len(self.search) > _LONGEST_SEARCH:
            raise InvalidInputError(
                f"`search` takes at most {_LONGEST_SEARCH} characters.",
                field=("filter", "search"),
            )
        return domain.InvoiceFilter(
            states=self.states,
            statuses=self.statuses,
            kinds=self.kinds,
            search=self.search,
            issued_after=self.issued_after,
            issued_before=self.issued_before,
            due_after=self.due_after,
            due_before=self.due_before,
            updated_since=self.updated_since,
            minimum_total=self.minimum_total,
            maximum_total=self.maximum_total,
        )


@strawberry.input(
    description="Which policies a list holds: those that pass every member. A member "
    "that is null or left out does not matter; an empty list lets nothing through."
)
class PolicyFilter:
    """Which policies a list holds."""

    providers: list[ProviderName] | None = strawberry.field(
        default=None, description="The systems to look in; all by default."
    )
    is_active: bool | None = strawberry.field(
        default=None, description="True for those in use, false for those deleted."
    )
    applies_to: list[InvoiceKind] | None = strawberry.field(
        default=None, description="What they apply to."
    )

    def takes(self, policy: PolicyRecord) -> bool:
        """Return whether a policy passes every member but the providers."""
        is_active_taken = self.is_active is None or policy.is_active is self.is_active
        return is_active_taken and (
            self.applies_to is None or policy.applies_to in self.applies_to
        )


@strawberry.input(
    description="How invoices are ordered; ties are ordered by id, and invoices "
    "without the value come last."
)
class InvoiceOrder:
    """How invoices are ordered."""

    field: InvoiceOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.DESC, description="Which end comes first."
    )

    def to_record(self) -> domain.InvoiceOrder:
        """Return the order in the domain's terms."""
        return domain.InvoiceOrder(field=self.field, direction=self.direction)
