"""What is watched with one account's credentials: read once, however many watch."""

import asyncio
import contextvars
from collections.abc import Callable, Collection, Sequence

from gateway.changes.change import Change
from gateway.changes.inbox import Inbox, too_slow
from gateway.changes.reading import Found, read_records
from gateway.changes.schedule import Schedule, count_reads
from gateway.changes.snapshots import Snapshot, create_snapshot, renew
from gateway.changes.told import BATCH, ToldQueue
from gateway.connector import Account, Connector, Pace
from gateway.domain import ApprovableKey, ChangeCause, ProviderName
from gateway.errors import GatewayError, UpstreamRateLimitedError
from gateway.observability import get_logger
from gateway.upstream import Clock, Deadline

# A batch is read within so many seconds.
_READ_SECONDS = 20.0
# As many objects that a poll does not find are looked for again before that is told.
_MOST_GONE = 5


class AccountWatch:
    """All that is watched with one account: one snapshot a key, one task, one poll.

    The task runs while somebody watches. What is told is read first, many in one
    call; what is watched by id is polled.
    """

    def __init__(
        self,
        provider: ProviderName,
        account: Account,
        *,
        pace: Pace,
        clock: Clock,
        count_all_reads: Callable[[], int],
    ) -> None:
        """Create it.

        Args:
            provider: Whose account it is.
            account: Reads as those who watch.
            pace: How often.
            clock: Where the time comes from.
            count_all_reads: Returns how many reads a poll of each account of the
                provider takes.
        """
        self.provider = provider
        self._account = account
        self._pace = pace
        self._clock = clock
        self._count_all_reads = count_all_reads
        self._schedule = Schedule(pace, clock.monotonic())
        self._inboxes: set[Inbox] = set()
        self._by_key: dict[ApprovableKey, set[Inbox]] = {}
        self._seen: dict[ApprovableKey, Snapshot] = {}
        self._told = ToldQueue()
        self._has_new_keys = False
        self._wake = asyncio.Event()
        self._log = get_logger().bind(provider=provider.value)
        # What it logs belongs to no request.
        self.task = asyncio.create_task(self._run(), context=contextvars.Context())
        self.task.add_done_callback(self._end_with)

    @property
    def count(self) -> int:
        """How many watch."""
        return len(self._inboxes)

    @property
    def keys(self) -> Collection[ApprovableKey]:
        """What is watched by its id."""
        return self._by_key.keys()

    @property
    def reads(self) -> int:
        """How many reads a poll takes."""
        return count_reads(len(self._by_key), self._pace)

    def add(self, inbox: Inbox) -> None:
        """Let somebody watch whatever they named of this provider."""
        self._inboxes.add(inbox)
        for key in inbox.keys or ():
            if key.provider is self.provider:
                self._has_new_keys |= key not in self._by_key
                self._by_key.setdefault(key, set()).add(inbox)
        if self._has_new_keys:
            self._fit()
            self._schedule.hasten(self._clock.monotonic())
        self._wake.set()

    def remove(self, inbox: Inbox) -> None:
        """Let somebody go, and what nobody else watches with them."""
        self._inboxes.discard(inbox)
        for key in inbox.keys or ():
            watchers = self._by_key.get(key, set())
            watchers.discard(inbox)
            if not watchers:
                self._by_key.pop(key, None)
                self._seen.pop(key, None)
        if not self._inboxes:
            self.task.cancel()

    def tell(self, key: ApprovableKey, cause: ChangeCause) -> None:
        """Have an object read that changed, if anybody here watches it."""
        wide = self._list_wide()
        if self._told.is_full and key not in self._told:
            for inbox in wide:
                inbox.end(too_slow())
            wide = []
        if wide or key in self._by_key:
            self._told.put(key, cause)
            self._wake.set()

    def end(self, error: Exception | None = None) -> None:
        """Let everybody go."""
        for inbox in list(self._inboxes):
            inbox.end(error)

    def _list_wide(self) -> list[Inbox]:
        return [one for one in self._inboxes if one.keys is None]

    def _fit(self) -> None:
        self._schedule.fit(len(self._by_key), self._count_all_reads())

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """Let everybody know that nothing is read any more, which is a bug."""
        bug = None if task.cancelled() else task.exception()
        if isinstance(bug, Exception):
            self._log.error("watch_broken", exc_info=bug)
            self.end(bug)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            if await self._read_told():
                continue
            now = self._clock.monotonic()
            has_new_keys, self._has_new_keys = self._has_new_keys, False
            if self._by_key and now >= self._schedule.next_at:
                await self._poll(list(self._by_key), is_regular=True)
            elif has_new_keys:
                unseen = [one for one in self._by_key if one not in self._seen]
                await self._poll(unseen, is_regular=False)
            else:
                await self._wait(now)

    async def _wait(self, now: float) -> None:
        """Wait until there is something to do, or something is told."""
        waiting: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._wake.wait())
        ]
        ready_at = self._told.ready_at()
        ends = [] if ready_at is None else [ready_at]
        if self._by_key:
            ends.append(self._schedule.next_at)
        if ends:
            seconds = max(0.0, min(ends) - now)
            waiting.append(asyncio.ensure_future(_sleep(self._clock, seconds)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _read_told(self) -> bool:
        """Read what was told first, and tell it on; false where nothing is to be."""
        batch = self._told.take(self._clock.monotonic())
        if not batch:
            return False
        found = await read_records(self.provider, self._connect(), list(batch))
        now = self._clock.monotonic()
        for key, told in batch.items():
            value = found[key]
            if isinstance(value, Exception):
                if not self._told.put_back(key, told, value, now):
                    self._deliver(key, value, told.cause)
                continue
            if key in self._by_key:
                self._renew(key, value)
            self._deliver(key, value, told.cause)
            self._schedule.hasten(now)
        return True

    async def _poll(self, keys: Sequence[ApprovableKey], *, is_regular: bool) -> None:
        """Read again, and tell what is otherwise than it was seen last.

        What is seen for the first time is no change.
        """
        # A first look says nothing of how often things change.
        is_changed = not self._seen
        for start in range(0, len(keys), BATCH):
            # Who waits for what was told goes first.
            await self._read_told()
            connector, now = self._connect(), self._clock.monotonic()
            quota = connector.get_quota()
            if self._schedule.keeps_back(quota, now, self._clock.now()):
                return
            found = await self._look(connector, keys[start : start + BATCH])
            is_changed |= self._compare(found)
            error = next(
                (one for one in found.values() if isinstance(one, Exception)), None
            )
            if error is not None:
                self._fail(error)
                return
        if is_regular:
            self._fit()
            self._schedule.found(self._clock.monotonic(), changed=is_changed)

    def _connect(self) -> Connector:
        return self._account.connect(Deadline(_READ_SECONDS, self._clock))

    async def _look(
        self, connector: Connector, keys: Sequence[ApprovableKey]
    ) -> dict[ApprovableKey, Found]:
        """Read objects; what seems gone is looked for again by itself.

        A list may leave out what is there.
        """
        found = await read_records(self.provider, connector, keys)
        gone = [one for one in keys if found[one] is None and self._seen.get(one)]
        for one in gone[_MOST_GONE:]:
            # The next poll looks for it.
            del found[one]
        if gone:
            again = gone[:_MOST_GONE]
            found |= await read_records(self.provider, connector, again)
        return found

    def _compare(self, found: dict[ApprovableKey, Found]) -> bool:
        """Tell what changed, and return whether anything did."""
        is_changed = False
        for key, value in found.items():
            # What was told since is read once more, and told with its own cause.
            is_late = key in self._told or key not in self._by_key
            if is_late or isinstance(value, Exception):
                continue
            is_known = key in self._seen
            if self._renew(key, value) and is_known:
                is_changed = True
                self._deliver(key, value, ChangeCause.POLL)
        return is_changed

    def _renew(self, key: ApprovableKey, value: Found) -> bool:
        """Remember how an object stands, and return whether it stood otherwise."""
        assert not isinstance(value, Exception)  # noqa: S101 - those stand nowhere
        former = self._seen.get(key)
        self._seen[key], is_changed = renew(former, create_snapshot(value))
        return is_changed

    def _fail(self, error: Exception) -> None:
        """Poll later; a change that cannot be read is told to nobody yet."""
        seconds = None
        if isinstance(error, UpstreamRateLimitedError):
            seconds = error.retry_after_seconds
        self._schedule.failed(self._clock.monotonic(), seconds)
        if isinstance(error, GatewayError):
            self._log.warning("poll_failed", code=error.code)
        else:
            self._log.error("poll_broken", exc_info=error)

    def _deliver(self, key: ApprovableKey, value: Found, cause: ChangeCause) -> None:
        """Tell those who watch an object, and those who watch whatever they may see."""
        error = value if isinstance(value, Exception) else None
        change = Change(
            key=key,
            account=self._account,
            record=None if isinstance(value, Exception) else value,
            error=error,
            cause=cause,
            at=self._clock.now(),
        )
        told = list(self._by_key.get(key, ()))
        if value is not None and cause is not ChangeCause.POLL:
            told += self._list_wide()
        for inbox in told:
            inbox.put(change)


async def _sleep(clock: Clock, seconds: float) -> None:
    await clock.sleep(seconds)
