"""Limits in front of the API: two fixed windows per organization and token (2.6)."""

import math
from collections import Counter
from datetime import datetime

from gateway.providers.productive.simulator.replies import too_many_requests
from gateway.providers.productive.simulator.switches import ProductiveSwitches

_SHORT_SECONDS, _LONG_SECONDS = 10, 1800


class Limits:
    """What each token has used; every call counts, refused ones as well."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[int, int, str, str]] = Counter()

    def count(
        self,
        organization_id: str,
        token: str,
        switches: ProductiveSwitches,
        now: datetime,
    ) -> None:
        """Count one call.

        Raises:
            ProductiveError: 429; a window's calls are spent.
        """
        seconds = now.timestamp()
        for length, limit in (
            (_SHORT_SECONDS, switches.calls_per_10_seconds),
            (_LONG_SECONDS, switches.calls_per_30_minutes),
        ):
            window = int(seconds // length)
            place = (length, window, organization_id, token)
            self._calls[place] += 1
            if self._calls[place] > limit:
                wait = math.ceil((window + 1) * length - seconds)
                raise too_many_requests(limit, wait if switches.retry_after else None)
