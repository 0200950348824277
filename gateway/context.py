"""What the resolvers of one request may reach."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import strawberry
from msgspec import Struct

from gateway.connector import Connector
from gateway.decisions import Decisions
from gateway.domain import InvoiceRecord, PolicyRecord, ProviderName
from gateway.errors import ForbiddenError, InvalidInputError
from gateway.loaders import ProviderLoaders
from gateway.security import Caller
from gateway.upstream import Clock


class Context(Struct, frozen=True, kw_only=True):
    """One request: who calls, and the providers as they may see them.

    Attributes:
        request_id: The id of the request, in logs and in errors.
        caller: Who calls.
        connectors: A connector for each configured provider, acting for the caller.
        undecided: The providers where the caller may only look: they record the
            person, and the gateway has no credentials of this one.
        loaders: The loaders over each connector.
        decisions: Where writes leave.
        most_rows: The largest page.
        clock: Where the time comes from.
    """

    request_id: str
    caller: Caller
    connectors: Mapping[ProviderName, Connector]
    undecided: Collection[ProviderName]
    loaders: Mapping[ProviderName, ProviderLoaders]
    decisions: Decisions
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

    def deciding_connector(self, provider: ProviderName) -> Connector:
        """Return the connector of a provider where the caller may decide.

        Raises:
            InvalidInputError: This gateway is not connected to the provider.
            ForbiddenError: It would decide as somebody else.
        """
        connector = self.connector(provider)
        if provider in self.undecided:
            raise self.nobody_there(provider)
        return connector

    def nobody_there(self, provider: ProviderName) -> ForbiddenError:
        """Return why the caller can be nobody with a provider."""
        return ForbiddenError(
            f"{provider.value} records who decides, and this gateway has no "
            "credentials of yours for it; its operator can add them. Nothing was sent."
        )

    async def load_invoice(
        self, provider: ProviderName, source_id: str
    ) -> InvoiceRecord | None:
        """Return an invoice by the provider's id, or None where there is none."""
        self.connector(provider)
        return await self.loaders[provider].invoice_by_id.load(source_id)

    async def load_policy(
        self, provider: ProviderName, source_id: str
    ) -> PolicyRecord | None:
        """Return a policy by the provider's id, or None where there is none."""
        self.connector(provider)
        return await self.loaders[provider].policy_by_id.load(source_id)

    def cancel_reads(self) -> None:
        """End the reads under way, for a caller who has gone."""
        for loaders in self.loaders.values():
            loaders.cancel()

    def keep_invoices(self, invoices: Iterable[InvoiceRecord]) -> None:
        """Keep invoices that were read, so that no field asks for them again."""
        for invoice in invoices:
            loader = self.loaders[invoice.provider].invoice_by_id
            loader.prime(invoice.source_id, invoice)


Info: TypeAlias = strawberry.Info[Context, None]
