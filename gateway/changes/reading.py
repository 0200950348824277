"""Many objects of one provider, read as one account sees them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from gateway.changes.change import WatchedRecord
from gateway.connector import Connector, invoices_of, targets_of
from gateway.domain import ApprovableKey, ProviderName, TargetKey
from gateway.errors import (
    UpstreamAuthError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
)

# After these, the gravest first, nothing else would be answered either.
_ENDING = (UpstreamRateLimitedError, UpstreamAuthError, UpstreamTimeoutError)

# An object, None where this account has no such object, or why it could not be read.
Reading: TypeAlias = WatchedRecord | Exception | None


def is_shown(value: Reading) -> bool:
    """Return whether there is the object, for this account."""
    return value is not None and not isinstance(value, Exception)


class PollResult(Struct):
    """How a poll went, so far.

    Attributes:
        is_changed: Whether something had changed.
        has_found: Whether anything could be read.
        error: Why something could not; the gravest reason.
    """

    is_changed: bool
    has_found: bool
    error: Exception | None = None

    @property
    def is_over(self) -> bool:
        """Whether the rest would not be answered either."""
        return isinstance(self.error, _ENDING)

    def count(self, found: Mapping[ApprovableKey, Reading]) -> None:
        """Add what was found, and what was not."""
        errors = [one for one in found.values() if isinstance(one, Exception)]
        self.has_found |= len(errors) < len(found)
        ending = [one for kind in _ENDING for one in errors if isinstance(one, kind)]
        self.error = next(iter(ending or errors), self.error)


async def read_records(
    provider: ProviderName, connector: Connector, keys: Sequence[ApprovableKey]
) -> dict[ApprovableKey, Reading]:
    """Return what there is of each key, its own failure among it; nothing is raised."""
    invoices = [one.key for one in keys if isinstance(one.key, str)]
    targets = [one.key for one in keys if isinstance(one.key, TargetKey)]
    found_invoices, found_targets = await asyncio.gather(
        _read_invoices(provider, connector, invoices),
        _read_targets(connector, targets),
    )
    return {
        one: found_invoices.get(one.key)
        if isinstance(one.key, str)
        else found_targets.get(one.key)
        for one in keys
    }


async def _read_invoices(
    provider: ProviderName, connector: Connector, keys: Sequence[str]
) -> Mapping[str, Reading]:
    if not keys:
        return {}
    try:
        return await invoices_of(provider, connector).get_invoices(keys)
    except Exception as error:  # noqa: BLE001 - each key has it
        return dict.fromkeys(keys, error)


async def _read_targets(
    connector: Connector, keys: Sequence[TargetKey]
) -> Mapping[TargetKey, Reading]:
    if not keys:
        return {}
    try:
        return await targets_of(connector).get_targets(keys)
    except Exception as error:  # noqa: BLE001 - each key has it
        return dict.fromkeys(keys, error)
