"""One provider's invoices, read as far as a page needs them."""

from gateway.connector import Invoices
from gateway.domain import InvoiceFilter, InvoicePlace, InvoiceRecord, ProviderName
from gateway.errors import UpstreamError
from gateway.merge.matching import passes


class Reader:
    """What was read of one provider, complete up to the last row.

    Attributes:
        provider: Whose rows they are.
        error: Why it could not be read, or None. Then it has no rows.
        rows: The matching rows by id.
        hinted: The rows, matching or not, for which the provider gave a hint, and it.
        count: How many rows were read, matching or not.
        total: How many rows match in all, or None where that is not known.
        is_last: Whether nothing follows what was read.
        is_complete: Whether the provider can list all that was asked for.
    """

    def __init__(
        self,
        provider: ProviderName,
        invoices: Invoices,
        place: InvoicePlace | None,
        invoice_filter: InvoiceFilter,
    ) -> None:
        self.provider = provider
        self.error: UpstreamError | None = None
        self.rows: dict[str, InvoiceRecord] = {}
        self.hinted: list[tuple[InvoiceRecord, str]] = []
        self.count = 0
        self.total: int | None = None
        self.is_last = False
        self.is_complete = True
        self._invoices = invoices
        self._is_whole = place is None
        self._place = place
        self._filter = invoice_filter

    def may_hold_before(self, row: InvoiceRecord) -> bool:
        """Return whether a row that was not read could come before *row*."""
        return not self.is_last and (
            self._place is None or self._place.precedes(row.created_at, row.id)
        )

    async def read_on(self, size: int) -> None:
        """Read at least *size* rows more, or all that there are; keep an error."""
        try:
            part = await self._invoices.list_invoices(
                first=size, after=self._place, invoice_filter=self._filter
            )
        except UpstreamError as error:
            self.error, self.is_last = error, True
            self.rows, self.hinted, self.total = {}, [], None
            return
        if self.count == 0 and self._is_whole:
            self.total = part.total
        self.count += len(part.invoices)
        self.is_last = part.is_last
        self.is_complete = self.is_complete and part.is_complete
        for row in part.invoices:
            # A list that shifted under its pages may show a row again.
            if passes(row, self._filter, is_searched=part.is_searched):
                self.rows[row.id] = row
            if row.id in part.hints:
                self.hinted.append((row, part.hints[row.id]))
        if not self.is_last:
            self._place = self._after(part.invoices[-1])
        elif self._is_whole:
            self.total = len(self.rows)
        if not self.is_complete:
            self.total = None

    def _after(self, row: InvoiceRecord) -> InvoicePlace:
        if self.hinted:
            hint: str | None = self.hinted[-1][1]
        else:
            hint = None if self._place is None else self._place.hint
        return InvoicePlace(created_at=row.created_at, id=row.id, hint=hint)
