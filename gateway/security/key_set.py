"""The identity provider's keys: fetched when they are needed, and kept."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import jwt
import msgspec
from msgspec import Struct

from gateway.errors import IdentityUnavailableError, UpstreamError
from gateway.observability import get_logger

# Public keys only: what is signed with a shared secret, or not at all, proves nothing.
_ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
ALGORITHMS = frozenset(name for names in _ALGORITHMS.values() for name in names)

# A key that the provider took back is accepted for this long, ...
_MAX_AGE_SECONDS = 600.0
# ... or, while the provider is down, for this long.
_MAX_STALE_SECONDS = 86_400.0
# The provider is asked once in this time, however many unknown keys are named.
_INTERVAL_SECONDS = 10.0

# Keys by their id and by the algorithm with which they verify.
KeySet: TypeAlias = Mapping[tuple[str, str], jwt.PyJWK]


class _Document(Struct, frozen=True):
    keys: list[dict[str, Any]]


def parse_key_set(body: bytes) -> KeySet:
    """Return the keys of a JWK Set (RFC 7517) that can verify a token.

    Raises:
        msgspec.DecodeError: It is none.
    """
    document = msgspec.json.decode(body, type=_Document)
    return {
        (key_id, algorithm): key
        for data in document.keys
        if isinstance(key_id := data.get("kid"), str)
        for algorithm in _find_algorithms(data)
        if (key := _parse_key(data, algorithm)) is not None
    }


def _find_algorithms(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a key verifies: its own algorithm, or all of its type's."""
    if data.get("use", "sig") != "sig":
        return ()
    possible = _ALGORITHMS.get(str(data.get("kty")), ())
    if "alg" not in data:
        return possible
    return tuple(name for name in possible if name == data["alg"])


def _parse_key(data: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(data, algorithm)
    except jwt.PyJWTError:
        # Malformed, or a kind that nobody here knows: the other keys stand.
        return None


class KeySource:
    """Holds the keys, and fetches them where one is unknown or all are old.

    However many callers wait, one fetch is under way, and a caller that goes away
    does not end it. While fetches fail, the keys that are known stay in use for a day.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[KeySet]],
        monotonic: Callable[[], float],
    ) -> None:
        """Create the source; *fetch* raises an ``UpstreamError`` where it fails."""
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: KeySet = {}
        self._fetched_at = -math.inf
        self._next_fetch_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None

    async def get_key(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """Return a key, or None where the identity provider has none like it.

        Raises:
            IdentityUnavailableError: No keys are known, and none can be fetched.
        """
        is_known = (key_id, algorithm) in self._keys
        if not is_known or self._age_seconds >= _MAX_AGE_SECONDS:
            await self._refresh()
        if self._age_seconds >= _MAX_STALE_SECONDS:
            raise IdentityUnavailableError(
                "Who calls cannot be checked now: the identity provider is not "
                "reached. Try again soon."
            )
        return self._keys.get((key_id, algorithm))

    @property
    def _age_seconds(self) -> float:
        return self._monotonic() - self._fetched_at

    async def _refresh(self) -> None:
        if self._fetching is None:
            if self._monotonic() < self._next_fetch_at:
                return
            self._fetching = asyncio.create_task(self._replace_keys())
        await asyncio.shield(self._fetching)

    async def _replace_keys(self) -> None:
        started_at = self._monotonic()
        try:
            self._keys = await self._fetch()
        except UpstreamError as error:
            get_logger().warning("identity_keys_unavailable", code=error.code)
        else:
            self._fetched_at = started_at
            get_logger().info("identity_keys_fetched", count=len(self._keys))
        finally:
            self._next_fetch_at = self._monotonic() + _INTERVAL_SECONDS
            self._fetching = None
