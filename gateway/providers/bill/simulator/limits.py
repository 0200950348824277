"""Limits in front of the API: calls per clock hour, and slots (1.5)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from gateway.providers.bill.simulator.names import SIGN_IN_CALLS
from gateway.providers.bill.simulator.replies import BillError, spent
from gateway.providers.bill.simulator.switches import BillSwitches


class Limits:
    """What each developer key has used; every call counts, refused ones as well."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.sign_ins: Counter[str] = Counter()
        self.in_flight: Counter[tuple[str, str]] = Counter()
        self._hour: datetime | None = None

    def count(
        self, dev_key: str, call: str, switches: BillSwitches, now: datetime
    ) -> None:
        """Count one call.

        Raises:
            BillError: BDC_1144; the hour's calls, or its sign-ins, are spent.
        """
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour = hour
            self.calls.clear()
            self.sign_ins.clear()
        self.calls[dev_key] += 1
        self.sign_ins[dev_key] += call in SIGN_IN_CALLS
        if self.calls[dev_key] > switches.calls_per_hour:
            raise spent(switches.calls_per_hour)
        over = self.sign_ins[dev_key] > switches.sign_ins_per_hour
        if over and call in SIGN_IN_CALLS:
            raise spent(switches.sign_ins_per_hour)

    @contextmanager
    def slot(
        self, dev_key: str, organization_id: str, switches: BillSwitches
    ) -> Iterator[None]:
        """Hold one of the slots; there is no queue for them.

        Raises:
            BillError: BDC_1322; all are held.
        """
        place = (dev_key, organization_id)
        if self.in_flight[place] >= switches.concurrent_calls:
            raise BillError("BDC_1322")
        self.in_flight[place] += 1
        try:
            yield
        finally:
            self.in_flight[place] -= 1
