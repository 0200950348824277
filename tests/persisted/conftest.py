import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.support import RecordingTransport


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Write a manifest in Relay's form."""

    def write(name: str = "app.json", **texts: str) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(texts), encoding="utf-8")
        return path

    return write


@pytest.fixture
async def serve(
    sandbox: Sandbox, ottimate: RecordingTransport
) -> AsyncIterator[Callable[..., Any]]:
    """Open a client of a gateway with settings of its own."""
    async with AsyncExitStack() as stack:

        async def open_client(**members: Any) -> httpx.AsyncClient:
            settings = Settings.model_validate(members)
            app = create_app(
                settings, sandbox=sandbox, transports={ProviderName.OTTIMATE: ottimate}
            )
            http = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1",
                headers={"Accept": "application/graphql-response+json"},
            )
            return await stack.enter_async_context(http)

        yield open_client
