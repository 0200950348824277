"""Time, passed in so that no test waits for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from msgspec import Struct


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock(Struct, frozen=True, kw_only=True):
    """Where the time comes from: seconds that only grow, an instant, a wait."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
