"""Rate limits in front of the API: a token bucket and a quota for the day (3.5)."""

from datetime import UTC, date, datetime

from gateway.providers.ottimate.simulator.replies import GatewayFormError
from gateway.providers.ottimate.simulator.switches import OttimateSwitches


class Limits:
    """What one API key has used; every call counts, refused ones as well."""

    def __init__(self) -> None:
        self.calls_today = 0
        self._day: date | None = None
        self._used = 0.0
        self._at: datetime | None = None

    def count(self, switches: OttimateSwitches, now: datetime) -> None:
        """Count one call.

        Raises:
            GatewayFormError: 429; the day's quota or the bucket is spent.
        """
        self._count_day(now)
        if self.calls_today > switches.day_quota:
            raise GatewayFormError(429, "Limit Exceeded")
        self._refill(switches, now)
        if self._used + 1 > switches.burst:
            raise GatewayFormError(429, "Too Many Requests")
        self._used += 1

    def _count_day(self, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        if today != self._day:
            self._day = today
            self.calls_today = 0
        self.calls_today += 1

    def _refill(self, switches: OttimateSwitches, now: datetime) -> None:
        if self._at is not None:
            elapsed = max((now - self._at).total_seconds(), 0.0)
            self._used = max(self._used - elapsed * switches.steady_per_second, 0.0)
        self._at = now
