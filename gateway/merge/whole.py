"""Pages of a list that is read whole, because it is short or because it must be."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from gateway.domain import ProviderName
from gateway.errors import GatewayError, InvalidInputError, UpstreamError


class _Row(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Row)
T = TypeVar("T")


class Cursor(Struct, frozen=True, array_like=True):
    """A row of a list: its place there, as text, and its id."""

    list_name: str
    value: str
    id: str


_CURSOR = msgspec.json.Decoder(Cursor)


class Page(Struct, Generic[R], frozen=True, kw_only=True):
    """Rows in order, each with its cursor; *total* counts the whole list."""

    rows: list[R]
    cursors: list[str]
    has_next_page: bool
    total: int


async def read_each(
    reads: Mapping[ProviderName, Awaitable[T]],
) -> tuple[dict[ProviderName, T], dict[ProviderName, GatewayError]]:
    """Return what each provider gave, and the error of each that failed."""
    results = await asyncio.gather(*reads.values(), return_exceptions=True)
    found: dict[ProviderName, T] = {}
    failures: dict[ProviderName, GatewayError] = {}
    for name, result in zip(reads, results, strict=True):
        if isinstance(result, UpstreamError):
            failures[name] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            found[name] = result
    return found, failures


def cut_page(
    rows: Sequence[R],
    *,
    list_name: str,
    value: Callable[[R], str],
    first: int,
    after: str | None,
    newest_first: bool = False,
) -> Page[R]:
    """Return the *first* rows after the cursor *after*.

    Rows are ordered by *value*, which must sort as text, then by id. Cursors are good
    for lists of the same *list_name* alone.

    Raises:
        InvalidInputError: *after* is no cursor of such a list.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    ordered.sort(key=value, reverse=newest_first)
    rest = ordered
    if after is not None:
        cursor = parse_cursor(after, list_name)
        rest = [
            row for row in ordered if _follows(value(row), row.id, cursor, newest_first)
        ]
    return Page(
        rows=rest[:first],
        cursors=[pack_cursor(list_name, value(row), row.id) for row in rest[:first]],
        has_next_page=len(rest) > first,
        total=len(ordered),
    )


def check_cursor(text: str | None, list_name: str) -> None:
    """Hold a cursor against the list that it is sent to, before that is read.

    Raises:
        InvalidInputError: It is no cursor of such a list.
    """
    if text is not None:
        parse_cursor(text, list_name)


def _follows(value: str, row_id: str, cursor: Cursor, newest_first: bool) -> bool:
    if value == cursor.value:
        return row_id > cursor.id
    return (value < cursor.value) is newest_first


def pack_cursor(list_name: str, value: str, row_id: str) -> str:
    """Return the opaque cursor of a row in a list: its place, and its id."""
    packed = msgspec.json.encode(Cursor(list_name, value, row_id))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def parse_cursor(text: str, list_name: str) -> Cursor:
    """Return what a cursor of such a list was made of.

    Raises:
        InvalidInputError: *text* is no cursor of such a list, to the letter.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor = _CURSOR.decode(packed)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise no_cursor() from error
    canonical = pack_cursor(cursor.list_name, cursor.value, cursor.id)
    if cursor.list_name != list_name or canonical != text:
        raise no_cursor()
    return cursor


def no_cursor() -> InvalidInputError:
    """Return the refusal of a cursor that is none of the list."""
    return InvalidInputError(
        "`after` is no cursor of this list. Send a `cursor` or `endCursor` as this "
        "list returned it.",
        field=("after",),
    )
