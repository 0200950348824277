from typing import Any

import pytest

from gateway.upstream import Dialect, Upstream, UpstreamPolicy
from tests.support import FakeTime
from tests.upstream.scripted import DIALECT, Create, Reply, Scripted
from tests.upstream.stamped import HeldTime


@pytest.fixture
def create(time: FakeTime) -> Create:
    """Create an upstream over a scripted transport."""

    def create_upstream(
        *replies: Reply, dialect: Dialect = DIALECT, **policy: Any
    ) -> tuple[Upstream, Scripted]:
        transport = Scripted(*replies)
        upstream = Upstream(
            provider="ALPHA",
            base_url="https://alpha.example/v1/",
            dialect=dialect,
            policy=UpstreamPolicy(**policy),
            clock=time.clock,
            transport=transport,
        )
        return upstream, transport

    return create_upstream


@pytest.fixture
async def held(monkeypatch: pytest.MonkeyPatch) -> HeldTime:
    """Time that only a test moves, and the event loop's own with it."""
    return HeldTime(monkeypatch)
