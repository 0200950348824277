"""What the resolvers of one request may reach."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import strawberry
from msgspec import Struct

from gateway.connector import Connector
from gateway.decisions import Decisions
from gateway.domain import InvoiceRecord, ProviderName
from gateway.errors import InvalidInputError
from gateway.loaders import ProviderLoaders
from gateway.security import Caller
from gateway.upstream import Clock


class Context(Struct, frozen=True, kw_only=True):
    """One request: who calls, and the providers as they may see them.

    Attributes:
        request_id: The id of the request, in logs and in errors.
        caller: Who calls.
        connectors: A connector for each configured provider, acting for the caller.
        loaders: The loaders over each connector.
        decisions: Where writes leave.
        most_rows: The largest page.
        clock: Where the time comes from.
    """

    request_id: str
    caller: Caller
    connectors: Mapping[ProviderName, Connector]
    loaders: Mapping[ProviderName, ProviderLoaders]
    decisions: Decisions
    most_rows: int
    clock: Clock

    def connector(self, provider: ProviderName) -> Connector:
        """Return the connector of a provider.

        Raises:
            InvalidInputError: This gateway is not connected to the provider.
        """
        if provider not in self.connectors:
            raise InvalidInputError(
                f"This gateway is not connected to {provider.value}."
            )
        return self.connectors[provider]

    async def load_invoice(
        self, provider: ProviderName, source_id: str
    ) -> InvoiceRecord | None:
        """Return an invoice by the provider's id, or None where there is none."""
        self.connector(provider)
        return await self.loaders[provider].invoice_by_id.load(source_id)

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
