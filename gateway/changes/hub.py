"""Who watches what, in this process."""

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping, Sequence

from gateway.changes.accounts import AccountWatch
from gateway.changes.change import Change
from gateway.changes.inbox import Inbox, Stream
from gateway.changes.shares import Shares, check_account, check_keys
from gateway.connector import Account, Pace
from gateway.domain import ApprovableKey, ChangeCause, ProviderName
from gateway.upstream import Clock


class Changes:
    """Tells those who watch what changed; one for the process.

    Each reads with their own account. Those with one account share what is read, and
    nothing is read while nobody watches.
    """

    def __init__(self, paces: Mapping[ProviderName, Pace], clock: Clock) -> None:
        """Create it; *paces* say how often what is watched by its id is polled."""
        self._paces = paces
        self._clock = clock
        self._watches: dict[Account, AccountWatch] = {}
        self._shares = Shares()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def tell(self, key: ApprovableKey, cause: ChangeCause) -> None:
        """Let those who watch know that something changed, or may have.

        It is read anew for each account with which somebody watches it.
        """
        for watch in list(self._watches.values()):
            if watch.provider is key.provider:
                watch.tell(key, cause)

    def watch(
        self,
        accounts: Mapping[ProviderName, Account],
        subject: str | None,
        keys: Sequence[ApprovableKey] | None,
    ) -> AsyncIterator[Change]:
        """Return the changes from now on, as they come.

        Args:
            accounts: What whoever watches reads each provider with.
            subject: Who that is; None for the anonymous, who are as one.
            keys: What is watched, which is polled as well; None for whatever is told
                of what these accounts can see.

        Raises:
            InvalidInputError: There are too many keys.
            LimitError: Too many watch already, or too much.
        """
        check_keys(keys or ())
        named = None if keys is None else frozenset(keys)
        inbox = Inbox(named, self._leave, subject=subject)
        stream = Stream(inbox)
        if self._is_closed:
            inbox.end()
            return stream
        self._shares.check_caller(inbox)
        providers = accounts if keys is None else {one.provider for one in keys}
        for provider in providers:
            if (watch := self._watches.get(accounts[provider])) is not None:
                check_account(watch, inbox)
        self._shares.add(inbox)
        for provider in providers:
            self._open(provider, accounts[provider]).add(inbox)
        return stream

    def forget(self, account: Account, error: Exception) -> None:
        """Let those go who watch with an account that nobody has any more."""
        if account in self._watches:
            self._watches[account].end(error)

    def close(self) -> None:
        """End every watch: the process is to end."""
        self._is_closed = True
        for watch in list(self._watches.values()):
            watch.end()

    async def aclose(self) -> None:
        """End every watch, and wait until nothing is read any more."""
        self.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _open(self, provider: ProviderName, account: Account) -> AccountWatch:
        if account not in self._watches:
            watch = AccountWatch(
                provider,
                account,
                pace=self._paces[provider],
                clock=self._clock,
                count_all_reads=functools.partial(self._count_reads, provider),
            )
            self._watches[account] = watch
            self._tasks.add(watch.task)
            watch.task.add_done_callback(self._tasks.discard)
        return self._watches[account]

    def _count_reads(self, provider: ProviderName) -> int:
        return sum(
            one.reads for one in self._watches.values() if one.provider is provider
        )

    def _leave(self, inbox: Inbox) -> None:
        self._shares.remove(inbox)
        for account, watch in list(self._watches.items()):
            watch.remove(inbox)
            if watch.count == 0:
                del self._watches[account]
