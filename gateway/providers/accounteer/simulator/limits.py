"""The limit of calls per token and minute (3.5)."""

from collections import deque
from datetime import datetime, timedelta
from math import ceil

from gateway.providers.accounteer.simulator.replies import too_many
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches

_WINDOW = timedelta(minutes=1)


class Limits:
    """What each token has used in the last minute; refused calls do not count."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = {}

    def count(self, token: str, switches: AccounteerSwitches, now: datetime) -> None:
        """Count one call, where there is a limit.

        Raises:
            AccounteerError: 429; it says when the next call may come.
        """
        if not switches.rate_limit:
            return
        calls = self._calls.setdefault(token, deque())
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= switches.rate_limit:
            wait = calls[0] + _WINDOW - now
            raise too_many(ceil(wait.total_seconds()))
        calls.append(now)
