"""A client of an application of its own, for tests that make many."""

import httpx

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.support import Client, FakeTime, RecordingTransport


class OpenClient:
    """A client of an application over one sandbox; *productive* records its calls."""

    def __init__(self, sandbox: Sandbox, time: FakeTime) -> None:
        assert sandbox.transport is not None
        self.productive = RecordingTransport(sandbox.transport, "/productive/api/v2")
        app = create_app(
            Settings(),
            sandbox=sandbox,
            transports={ProviderName.PRODUCTIVE: self.productive},
            clock=time.clock,
        )
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        )

    async def __aenter__(self) -> Client:
        return Client(await self._http.__aenter__())

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
