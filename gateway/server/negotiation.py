"""Which media type answers a request: what ``Accept`` prefers of what is offered."""

from collections.abc import Sequence

from msgspec import Struct

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


class _Range(Struct, frozen=True):
    pattern: str
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
    ranges = [
        _parse_range(part, place)
        for place, part in enumerate(accept.split(","))
        if part.strip()
    ]
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


def _parse_range(part: str, place: int) -> _Range:
    pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return _Range(pattern, quality, place)


def _most_specific(media_type: str, ranges: Sequence[_Range]) -> _Range | None:
    main = media_type.partition("/")[0]
    for pattern in (media_type, f"{main}/*", "*/*"):
        for one in ranges:
            if one.pattern == pattern:
                return one
    return None
