"""What a provider tells of its own accord: webhooks."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from gateway.domain import TargetKey


class Notice(Struct, frozen=True, kw_only=True):
    """One thing that a provider told; how it stands now is read again.

    *id* is the same each time that it is told. *target* is what changed, or None
    where that is nothing of this graph.
    """

    id: str
    event: str
    target: TargetKey | None


class Webhooks(Protocol):
    """How a provider's webhooks are known, and what they say."""

    def parse(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a delivery says; names of headers are in any case.

        Raises:
            UnauthenticatedError: It is not signed by the provider, or not just now.
            RequestError: It is signed, and cannot be understood.
        """
