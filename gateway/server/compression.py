"""Compresses answers with what the client accepts: Zstandard, Brotli, gzip.

Event streams and answers in parts are left alone, so that each part leaves at once;
so are small bodies and ranges of files. A coded answer is another representation: its
``ETag`` has the coding at its end, which the application never sees.
"""

import re
import sys
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from importlib.util import find_spec

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import (
    CompressMiddleware,
    add_compress_type,
    remove_compress_type,
)

CODINGS = frozenset({"zstd", "br", "gzip"})
# GraphiQL's largest file, 2.8 MB, in 11, 35 and 33 ms to 25 % of it; a level more takes
# up to twice the time for 5 %.
_ZSTD_LEVEL = 4
_BROTLI_QUALITY = 4
_GZIP_LEVEL = 4
_SMALL_BYTES = 500
_CODED_TAG = re.compile(r'"([^"]*)-(zstd|br|gzip)"')

add_compress_type("application/graphql-response+json")
remove_compress_type("text/event-stream")
remove_compress_type("multipart/mixed")


class CompressionMiddleware:
    """Compresses, and keeps entity tags apart by coding."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = CompressMiddleware(
            app,
            minimum_size=_SMALL_BYTES,
            # Python 3.14 has it itself, but where it was built without.
            zstd=sys.version_info < (3, 14) or find_spec("_zstd") is not None,
            zstd_level=_ZSTD_LEVEL,
            brotli_quality=_BROTLI_QUALITY,
            gzip_level=_GZIP_LEVEL,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, compressed where that is fit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = dict(scope)
        held = _take_codings(scope)

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                _tag(message, held)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _take_codings(scope: Scope) -> dict[str, str]:
    """Take the codings from the tags that a client holds, and return them by tag.

    A tag of a coding that this request does not accept stays as it is, and matches
    nothing: a cache must not answer with that representation.
    """
    headers = MutableHeaders(scope=scope)
    accepted = _accepted(headers)
    held: dict[str, str] = {}

    def strip(match: re.Match[str]) -> str:
        tag, coding = match.groups()
        if coding not in accepted:
            return match[0]
        held[tag] = coding
        return f'"{tag}"'

    tags = headers.getlist("if-none-match")
    if tags:
        headers["if-none-match"] = _CODED_TAG.sub(strip, ", ".join(tags))
    return held


def _accepted(headers: Headers) -> AbstractSet[str]:
    """Return the codings that a request accepts, in any order of preference."""
    accepted: dict[str, bool] = {}
    for item in ",".join(headers.getlist("accept-encoding")).split(","):
        coding, _, weight = item.partition(";")
        accepted[coding.strip().lower()] = not _is_zero(weight)
    return {one for one in CODINGS if accepted.get(one, accepted.get("*", False))}


def _is_zero(weight: str) -> bool:
    name, _, value = weight.partition("=")
    return name.strip().lower() == "q" and not value.strip().strip("0.")


def _tag(message: Message, held: dict[str, str]) -> None:
    """Put the coding in the entity tag of an answer, or of one that stands."""
    headers = MutableHeaders(scope=message)
    tag = headers.get("etag", "")
    if message["status"] == HTTPStatus.NOT_MODIFIED:
        coding = held.get(tag.removeprefix("W/").strip('"'))
        headers.add_vary_header("Accept-Encoding")
    else:
        coding = headers.get("content-encoding")
    if "vary" in headers:
        names = [one.strip() for one in headers["vary"].split(",")]
        # The application may have said it, too.
        headers["vary"] = ", ".join(dict.fromkeys(names))
    if coding not in CODINGS:
        return
    # No part of a coded file can be had.
    del headers["accept-ranges"]
    if tag.endswith('"'):
        headers["etag"] = f'{tag[:-1]}-{coding}"'
