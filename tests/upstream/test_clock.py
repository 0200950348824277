from datetime import UTC

from gateway.upstream import Clock


def test_without_arguments_the_time_is_real_and_aware() -> None:
    clock = Clock()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
