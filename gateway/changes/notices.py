"""What providers say has changed: read again, each once, however often it is told.

A delivery may come twice, late, or after a newer one. So nothing that it says is
believed but what it is about: that is read again, and how it stands now is what
counts, for whoever watches it. One that could not be read is not taken, and the
provider tells it again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from gateway.connector import Notice, Targets
from gateway.domain import (
    ApprovableKey,
    ChangeCause,
    ProviderName,
    TargetDetails,
    TargetKey,
)
from gateway.observability import get_logger

# As many notices are remembered; Productive repeats one within two days.
_MOST_KNOWN = 10_000


class Notices:
    """What one provider says has changed."""

    def __init__(
        self,
        provider: ProviderName,
        open_targets: Callable[[], Targets],
        tell: Callable[[ApprovableKey, ChangeCause], None],
    ) -> None:
        """Create it.

        Args:
            provider: Who says so.
            open_targets: Returns what is read with, for a few seconds.
            tell: Is told of what changed, once it was read.
        """
        self._provider = provider
        self._open_targets = open_targets
        self._tell = tell
        self._known: OrderedDict[str, None] = OrderedDict()
        self._waiting: dict[TargetKey, asyncio.Future[TargetDetails | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def take(self, notice: Notice) -> None:
        """Read again what changed, unless that was done for this notice already.

        What is told while others are read is read with the next ones, in one batch.

        Raises:
            GatewayError: It could not be read, and should be told again.
        """
        log = get_logger().bind(
            provider=self._provider.value, upstream_event=notice.event
        )
        if notice.id in self._known:
            log.info("change_known")
            return
        if notice.target is None:
            log.info("change_passed_over")
        else:
            details = await self._read(notice.target)
            key = ApprovableKey(self._provider, notice.target)
            self._tell(key, ChangeCause.WEBHOOK)
            log.info(
                "change",
                target_type=notice.target.type.value,
                target=notice.target.source_id,
                state=None if details is None else details.target.approval_state.value,
            )
        self._known[notice.id] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def _read(self, key: TargetKey) -> TargetDetails | None:
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        future = self._waiting[key]
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_waiting())
        # Others may wait for it as well.
        return await asyncio.shield(future)

    async def _read_waiting(self) -> None:
        try:
            while self._waiting:
                # What is told from here on may be newer than what is read now.
                batch, self._waiting = self._waiting, {}
                await self._read_batch(batch)
        finally:
            self._reading = None

    async def _read_batch(
        self, batch: dict[TargetKey, asyncio.Future[TargetDetails | None]]
    ) -> None:
        found: Mapping[TargetKey, TargetDetails | Exception]
        try:
            found = await self._open_targets().get_targets(list(batch))
        except Exception as error:  # noqa: BLE001 - each who waits raises it
            found = dict.fromkeys(batch, error)
        for key, future in batch.items():
            value = found.get(key)
            if isinstance(value, Exception):
                future.set_exception(value)
                # Whoever told it may have gone.
                future.exception()
            else:
                future.set_result(value)
