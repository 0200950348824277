"""``gateway doctor`` and the keys that callers' tokens are checked with."""

import threading
from collections.abc import Iterator

import pytest
import structlog
import uvicorn
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.cli import main
from tests.security.issuer import public_jwk

HEADER = "The settings are fine. No provider is configured.\n"
NAME = f"{'Callers':<12}{'keys of tokens':<30}"


async def keys(request: Request) -> Response:
    del request
    return JSONResponse({"keys": [public_jwk("one"), public_jwk("two", "ES256")]})


async def no_keys(request: Request) -> Response:
    del request
    return JSONResponse({"keys": []})


@pytest.fixture(autouse=True)
def logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def origin() -> Iterator[str]:
    app = Starlette(routes=[Route("/keys", keys), Route("/no-keys", no_keys)])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with config.bind_socket() as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
    assert not thread.is_alive()


def doctor(url: str) -> Result:
    return CliRunner().invoke(
        main,
        ["doctor"],
        env={
            "GATEWAY_AUTH__MODE": "jwt",
            "GATEWAY_AUTH__JWKS_URL": url,
            "GATEWAY_AUTH__ISSUER": "https://identity.example/",
            "GATEWAY_AUTH__AUDIENCE": "approvals",
        },
    )


def test_keys_that_can_be_used_are_counted(origin: str) -> None:
    result = doctor(f"{origin}/keys")

    assert result.stdout == f"{HEADER}{NAME}ok     2 can be used\n"
    assert result.exit_code == 0


def test_a_set_without_keys_is_wrong(origin: str) -> None:
    result = doctor(f"{origin}/no-keys")

    assert result.stdout == f"{HEADER}{NAME}WRONG  0 can be used\n"
    assert result.exit_code == 1


def test_an_address_without_keys_is_wrong(origin: str) -> None:
    result = doctor(f"{origin}/elsewhere")

    assert result.stdout == f"{HEADER}{NAME}WRONG  It has no keys.\n"
    assert result.exit_code == 1


def test_without_tokens_nothing_is_fetched() -> None:
    result = CliRunner().invoke(main, ["doctor"])

    assert result.stdout == HEADER
    assert result.exit_code == 0
