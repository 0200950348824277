"""How one provider is treated."""

from msgspec import Struct


class UpstreamPolicy(Struct, frozen=True, kw_only=True):
    """Limits and manners, apart from what the provider says itself.

    Attributes:
        in_flight: The most calls under way at once, over all callers.
        connect_seconds: How long a connection may take.
        read_seconds: How long one attempt of a read may take.
        write_seconds: How long a write may take; longer than the provider's own
            limit, so that the provider's word comes before ours.
        attempts: How often a read is tried.
        wait_initial_seconds: The wait before a read's second attempt; it doubles.
        wait_max_seconds: The longest wait before another attempt.
    """

    in_flight: int = 50
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    write_seconds: float = 30.0
    attempts: int = 3
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 8.0
