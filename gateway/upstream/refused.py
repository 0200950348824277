"""A provider's no to a read: a fault in a query, a refusal in a write."""

from collections.abc import Awaitable
from typing import TypeVar

from gateway.errors import (
    ConflictError,
    GatewayError,
    InvalidInputError,
    UpstreamError,
    UpstreamResponseError,
)

T = TypeVar("T")


class RefusedError(UpstreamResponseError):
    """A provider said no to a read, which is a fault; *refusal* is what it said."""

    def __init__(self, provider: str, refusal: GatewayError) -> None:
        super().__init__(provider, "The provider refused a read.")
        self.refusal = refusal

    @property
    def of_write(self) -> GatewayError:
        """What it means for a write that needs the read: who may not see, may not."""
        if isinstance(self.refusal, InvalidInputError):
            # The values are ours, and none of the person's.
            return ConflictError(
                "The provider refused a read that this needs. Nothing was changed."
            )
        return self.refusal


async def as_read(provider: str, read: Awaitable[T]) -> T:
    """Return what *read* gives, where a refusal of the provider is a fault.

    Raises:
        RefusedError: The provider says no to what this person, or any, may read.
        UpstreamError: There is no usable answer.
    """
    try:
        return await read
    except UpstreamError:
        raise
    except GatewayError as error:
        raise RefusedError(provider, error) from error


async def as_write(write: Awaitable[T]) -> T:
    """Return what *write* gives, where a refused read is a refusal of the write."""
    try:
        return await write
    except RefusedError as error:
        raise error.of_write from error
