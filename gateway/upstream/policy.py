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
        busy_attempts: How often a call is sent while the provider has no free slot.
        busy_wait_seconds: The wait before the second of these attempts; it doubles.
        spent_from_seconds: From which wait on a limit counts as spent, so that
            nobody sends anything until it opens.
        sign_ins_per_hour: How many sign-ins the provider grants in a clock hour,
            apart from its other calls; None where it counts them alike.
    """

    in_flight: int = 50
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    write_seconds: float = 30.0
    attempts: int = 3
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 8.0
    busy_attempts: int = 6
    busy_wait_seconds: float = 0.2
    spent_from_seconds: int = 60
    sign_ins_per_hour: int | None = None
