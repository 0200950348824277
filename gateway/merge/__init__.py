"""One ordered, resumable list over several providers.

``invoices`` reads of each provider no more than a page needs: ``readers`` reads one
provider's rows, ``matching`` says what passes and in which order, ``cursors`` a row's
place. ``whole`` pages through what is read whole: policies, and a person's queue.
"""

from gateway.merge.invoices import MOST_ROWS, InvoiceList, list_invoices
from gateway.merge.whole import (
    Page,
    check_cursor,
    cut_page,
    no_cursor,
    pack_cursor,
    parse_cursor,
    read_each,
)

__all__ = [
    "MOST_ROWS",
    "InvoiceList",
    "Page",
    "check_cursor",
    "cut_page",
    "list_invoices",
    "no_cursor",
    "pack_cursor",
    "parse_cursor",
    "read_each",
]
