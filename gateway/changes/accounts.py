"""What is watched with one account's credentials: read once, however many watch."""

import asyncio
import contextvars
from collections.abc import Callable, Collection, Iterable, Sequence

from gateway.changes.change import Change
from gateway.changes.inbox import Inbox, too_slow
from gateway.changes.named import NamedObjects
from gateway.changes.reading import PollResult, Reading, is_shown, read_records
from gateway.changes.schedule import Schedule, count_reads
from gateway.changes.told import BATCH, Repeats, ToldQueue
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
        self._named = NamedObjects(pace)
        self._told = ToldQueue()
        self._repeats = Repeats()
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
        return self._named.keys

    @property
    def reads(self) -> int:
        """How many reads a poll takes."""
        return count_reads(self._named.size, self._pace)

    def add(self, inbox: Inbox) -> None:
        """Let somebody watch whatever they named of this provider."""
        self._inboxes.add(inbox)
        self._repeats.forget()
        if self._named.add(self.provider, inbox):
            self._has_new_keys = True
            self._fit()
            self._schedule.hasten(self._clock.monotonic())
        self._wake.set()

    def remove(self, inbox: Inbox) -> None:
        """Let somebody go, and what nobody else watches with them."""
        self._inboxes.discard(inbox)
        self._named.remove(inbox)
        if not self._inboxes:
            self.task.cancel()

    def tell(self, key: ApprovableKey, cause: ChangeCause) -> None:
        """Have an object read that changed, if anybody here watches it."""
        wide = self._list_wide()
        if self._told.is_full and key not in self._told:
            for inbox in wide:
                inbox.end(too_slow())
            wide = []
        if wide or key in self._named.keys:
            self._told.put(key, cause)
            self._wake.set()

    def end(self, error: Exception | None = None) -> None:
        """Let everybody go."""
        for inbox in list(self._inboxes):
            inbox.end(error)

    def _list_wide(self) -> list[Inbox]:
        return [one for one in self._inboxes if one.keys is None]

    def _fit(self) -> None:
        self._schedule.fit(self._named.size, self._count_all_reads())

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """Let everybody know that nothing is read any more, which is a bug."""
        bug = None if task.cancelled() else task.exception()
        if isinstance(bug, Exception):
            self._log.error("watch_broken", exc_info=bug)
            self.end(bug)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self._read_told()
            now = self._clock.monotonic()
            has_new_keys, self._has_new_keys = self._has_new_keys, False
            if self._named and now >= self._schedule.next_at:
                await self._poll(self._named.list_due(now), is_regular=True)
            elif has_new_keys:
                await self._poll(self._named.list_unread(), is_regular=False)
            else:
                await self._wait(now)

    async def _wait(self, now: float) -> None:
        """Wait until there is something to do, or something is told."""
        waiting: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._wake.wait())
        ]
        ready_at = self._told.ready_at()
        ends = [] if ready_at is None else [ready_at]
        if self._named:
            ends.append(self._schedule.next_at)
        if ends:
            seconds = max(0.0, min(ends) - now)
            waiting.append(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _read_told(self) -> None:
        """Read what was told, and tell it on."""
        batch = self._told.take(self._clock.monotonic())
        if not batch:
            return
        found = await read_records(self.provider, self._connect(), list(batch))
        now = self._clock.monotonic()
        lost: list[Exception] = []
        for key, told in batch.items():
            value = found[key]
            if not isinstance(value, Exception):
                self._schedule.hasten(now)
            elif self._told.put_back(key, told, value, now):
                continue
            else:
                lost.append(value)
            self._tell_on(key, value, told.cause)
        if lost:
            self._log_failure("change_failed", "change_broken", lost[0])

    async def _poll(self, keys: Sequence[ApprovableKey], *, is_regular: bool) -> None:
        """Read again, and tell what is otherwise than it was seen last.

        What is seen for the first time is no change, and what cannot be read keeps
        nobody from the rest.
        """
        # A first look says nothing of how often things change.
        poll = PollResult(is_changed=not self._named.has_read, has_found=not keys)
        for start in range(0, len(keys), BATCH):
            # Who waits for what was told goes first.
            await self._read_told()
            connector, now = self._connect(), self._clock.monotonic()
            quota = connector.get_quota()
            if self._schedule.keeps_back(quota, now, self._clock.now()):
                return
            batch = keys[start : start + BATCH]
            self._named.look_for(batch, now)
            found = await self._look(connector, batch)
            poll.is_changed |= self._compare(found)
            poll.count(found)
            if poll.is_over:
                break
        if poll.error is not None:
            self._log_failure("poll_failed", "poll_broken", poll.error)
        self._plan(poll, is_regular=is_regular)

    def _plan(self, poll: PollResult, *, is_regular: bool) -> None:
        """Decide when to poll again: later where the provider seems to fail.

        Whoever comes to watch what cannot be read keeps nobody else from theirs.
        """
        now, error = self._clock.monotonic(), poll.error
        if isinstance(error, UpstreamRateLimitedError):
            self._schedule.failed(now, error.retry_after_seconds)
        elif is_regular and (poll.is_over or not poll.has_found):
            self._schedule.failed(now, None)
        else:
            self._fit()
            if is_regular:
                self._schedule.found(now, changed=poll.is_changed)

    def _connect(self) -> Connector:
        return self._account.connect(Deadline(_READ_SECONDS, self._clock))

    async def _look(
        self, connector: Connector, keys: Sequence[ApprovableKey]
    ) -> dict[ApprovableKey, Reading]:
        """Read objects; what seems gone is looked for again by itself.

        A list may leave out what is there.
        """
        found = await read_records(self.provider, connector, keys)
        gone = [one for one in keys if found[one] is None and self._was_there(one)]
        for one in gone[_MOST_GONE:]:
            # The next poll looks for it.
            del found[one]
        if gone:
            again = gone[:_MOST_GONE]
            found |= await read_records(self.provider, connector, again)
        return found

    def _was_there(self, key: ApprovableKey) -> bool:
        named = self._named.get(key)
        return named is not None and named.snapshot is not None

    def _compare(self, found: dict[ApprovableKey, Reading]) -> bool:
        """Tell what changed, and return whether anything did.

        What cannot be read is told to nobody yet, and what was told since is read once
        more, and told with its own cause.
        """
        is_changed = False
        for key, value in found.items():
            named = self._named.get(key)
            if named is None or key in self._told or isinstance(value, Exception):
                continue
            hearers = named.who_may_hear(value)
            if named.renew(value):
                is_changed = True
                self._deliver(key, value, ChangeCause.POLL, hearers)
        return is_changed

    def _tell_on(self, key: ApprovableKey, value: Reading, cause: ChangeCause) -> None:
        """Tell those who named what was told, and of what there is all the others."""
        named = self._named.get(key)
        hearers: list[Inbox] = []
        if named is not None:
            hearers += named.who_may_hear(value)
            named.renew(value)
        if is_shown(value):
            hearers += self._list_wide()
        if not self._repeats.has(key, value, cause):
            self._deliver(key, value, cause, hearers)

    def _deliver(
        self,
        key: ApprovableKey,
        value: Reading,
        cause: ChangeCause,
        hearers: Iterable[Inbox],
    ) -> None:
        self._repeats.keep(key, value, cause)
        change = Change(
            key=key,
            account=self._account,
            record=None if isinstance(value, Exception) else value,
            error=value if isinstance(value, Exception) else None,
            cause=cause,
            at=self._clock.now(),
        )
        for inbox in list(hearers):
            inbox.put(change)

    def _log_failure(self, failed: str, broken: str, error: Exception) -> None:
        """Log what could not be read: as *failed*, or as *broken* where it is a bug."""
        if isinstance(error, GatewayError):
            self._log.warning(failed, code=error.code)
        else:
            self._log.error(broken, exc_info=error)
