"""``Idempotency-Key``: a write that succeeded is replayed, not repeated (3.6)."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from gateway.providers.ottimate.simulator.replies import OttimateError, Reply
from gateway.providers.ottimate.simulator.switches import OttimateSwitches

_KEY = re.compile(r"[A-Za-z0-9._\-+=/]{1,128}")
_LIFETIME = timedelta(hours=24)
# What the reference lists. The simulator has none of these calls yet.
LISTED_CALLS = frozenset({"create_vendor", "create_dimension", "upload_invoice"})


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a write."""

    call: str
    api_key: str
    method: str
    path: str
    key: str | None
    body: bytes
    content_type: str

    @property
    def is_json(self) -> bool:
        """Whether the body may be replayed; an empty one counts as JSON."""
        return not self.body or "json" in self.content_type


class _Done(msgspec.Struct, frozen=True):
    digest: bytes
    reply: Reply
    at: datetime


class Idempotency:
    """The replies that are kept, for 24 hours after the success."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._done: dict[tuple[str, ...], _Done] = {}
        self._running: set[tuple[str, ...]] = set()

    async def run(
        self,
        write: Write,
        switches: OttimateSwitches,
        work: Callable[[], Awaitable[Reply]],
    ) -> Reply:
        """Return the reply of *work*, or the stored one.

        Raises:
            OttimateError: 400 for a malformed key, 409 while the first call runs,
                422 for another body or a key that can only be used once.
        """
        if write.key is None or not _is_on(write.call, switches):
            return await work()
        if not _KEY.fullmatch(write.key):
            raise OttimateError(400, "GEN4000", "Malformed Idempotency-Key.")
        place = (write.api_key, write.method, write.path, write.key)
        if place in self._running:
            raise OttimateError(409, "GEN4090", "The first request is in progress.")
        done = self._done.get(place)
        if done is not None and self._now() < done.at + _LIFETIME:
            return _replay(done, write)
        return await self._first(place, write, work)

    async def _first(
        self,
        place: tuple[str, ...],
        write: Write,
        work: Callable[[], Awaitable[Reply]],
    ) -> Reply:
        self._running.add(place)
        try:
            reply = await work()
        finally:
            self._running.discard(place)
        self._done[place] = _Done(sha256(write.body).digest(), reply, self._now())
        return reply


def _is_on(call: str, switches: OttimateSwitches) -> bool:
    listed = call in LISTED_CALLS or switches.idempotency_on_unlisted_writes
    return switches.idempotency and listed


def _replay(done: _Done, write: Write) -> Reply:
    if not write.is_json:
        raise OttimateError(422, "GEN4220", "This key can be used only once.")
    if sha256(write.body).digest() != done.digest:
        raise OttimateError(422, "GEN4220", "The key was used with another body.")
    return Reply(
        status=done.reply.status,
        body=done.reply.body,
        headers=done.reply.headers | {"X-Idempotent-Replayed": "true"},
    )
