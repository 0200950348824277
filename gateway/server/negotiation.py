"""Which forms may answer a request: what ``Accept`` prefers, and what it names."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"


class IncrementalSpec(StrEnum):
    """A form of answers in parts, as the parameter of ``multipart/mixed``."""

    DEFER_2022 = "deferSpec=20220824"
    NEWEST = "incrementalSpec=v0.2"


# With these parameters Apollo's clients name a form; the last is of subscriptions by
# multipart, whose parts are of another kind.
_SPECS = ("deferspec", "incrementalspec", "subscriptionspec")
_BY_NAME = {one.value.lower(): one for one in IncrementalSpec}


class _Range(Struct, frozen=True):
    pattern: str
    parameters: Mapping[str, str]
    quality: float
    place: int


def negotiate(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the offered media type that *accept* prefers, or None.

    The most specific range decides the quality of a type (RFC 9110, 12.5.1); among
    equals the one named first wins, and among those that one range names, the first
    offer. Without the header it is the first offer. Parameters but ``q`` are passed
    over.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _parse_ranges(accept)
    best: tuple[float, int] | None = None
    chosen = None
    for media_type in offered:
        match = _most_specific(media_type, ranges)
        if match is None or match.quality == 0:
            continue
        rank = (match.quality, -match.place)
        if best is None or rank > best:
            best, chosen = rank, media_type
    return chosen


def accepts_event_stream(accept: str) -> bool:
    """Return whether *accept* names event streams; a wildcard does not ask for one."""
    return any(
        one.pattern == EVENT_STREAM and one.quality > 0 for one in _parse_ranges(accept)
    )


def find_incremental_spec(accept: str) -> IncrementalSpec | None:
    """Return the form of answers in parts that *accept* prefers, or None.

    `multipart/mixed` without a form is the newest one, which urql and GraphiQL read; a
    wildcard names none.
    """
    named = [
        one
        for one in _parse_ranges(accept)
        if one.pattern == MULTIPART and one.quality > 0
    ]
    named.sort(key=lambda one: (-one.quality, one.place))
    specs = (_find_spec(one.parameters) for one in named)
    return next((spec for spec in specs if spec is not None), None)


def _find_spec(parameters: Mapping[str, str]) -> IncrementalSpec | None:
    for name in _SPECS:
        if name in parameters:
            return _BY_NAME.get(f"{name}={parameters[name]}")
    return IncrementalSpec.NEWEST


def _parse_ranges(accept: str) -> list[_Range]:
    return [
        _parse_range(part, place)
        for place, part in enumerate(accept.split(","))
        if part.strip()
    ]


def _parse_range(part: str, place: int) -> _Range:
    pattern, *pieces = (piece.strip().lower() for piece in part.split(";"))
    parameters = {}
    for piece in pieces:
        key, _, value = piece.partition("=")
        parameters[key.strip()] = value.strip().strip('"')
    return _Range(pattern, parameters, _parse_quality(parameters.get("q")), place)


def _parse_quality(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _most_specific(media_type: str, ranges: Sequence[_Range]) -> _Range | None:
    main = media_type.partition("/")[0]
    for pattern in (media_type, f"{main}/*", "*/*"):
        for one in ranges:
            if one.pattern == pattern:
                return one
    return None
