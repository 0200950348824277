from typing import Any

import pytest

from gateway.upstream import Dialect, Upstream, UpstreamPolicy
from tests.support import FakeTime
from tests.upstream.scripted import DIALECT, Create, Reply, Scripted


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
