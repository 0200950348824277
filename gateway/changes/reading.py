"""Many objects of one provider, read as one account sees them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.changes.change import WatchedRecord
from gateway.connector import Connector, invoices_of, targets_of
from gateway.domain import ApprovableKey, ProviderName, TargetKey

# An object, None where this account has no such object, or why it could not be read.
Found: TypeAlias = WatchedRecord | Exception | None


async def read_records(
    provider: ProviderName, connector: Connector, keys: Sequence[ApprovableKey]
) -> dict[ApprovableKey, Found]:
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
) -> Mapping[str, Found]:
    if not keys:
        return {}
    try:
        return await invoices_of(provider, connector).get_invoices(keys)
    except Exception as error:  # noqa: BLE001 - each key has it
        return dict.fromkeys(keys, error)


async def _read_targets(
    connector: Connector, keys: Sequence[TargetKey]
) -> Mapping[TargetKey, Found]:
    if not keys:
        return {}
    try:
        return await targets_of(connector).get_targets(keys)
    except Exception as error:  # noqa: BLE001 - each key has it
        return dict.fromkeys(keys, error)
