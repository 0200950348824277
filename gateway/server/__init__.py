"""HTTP and WebSockets in and out: the routes, and what stands around them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gateway.server.compression import CompressionMiddleware
from gateway.server.endpoint import GraphQLEndpoint
from gateway.server.graphiql import ENDPOINT, Example, find_assets, graphiql_routes
from gateway.server.graphiql import render as render_graphiql
from gateway.server.request_id import RequestIDMiddleware
from gateway.server.runner import Runner
from gateway.server.webhooks import WebhookEndpoint
from gateway.server.websocket import ConnectionLimits, WebSocketEndpoint
from gateway.settings import LimitSettings, MaxAges

__all__ = ["Example", "Runner", "WebhookEndpoint", "create_server"]

_CORS_HEADERS = [
    "Authorization",
    "Content-Type",
    "X-API-Key",
    "X-Request-ID",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-require-preflight",
    "x-apollo-operation-name",
]


def create_server(
    *,
    runner: Runner,
    limits: LimitSettings,
    max_ages: MaxAges,
    allowed_origins: list[str],
    loopback_only: bool,
    graphiql: bool,
    examples: list[Example],
    banner: str,
    webhooks: Mapping[str, WebhookEndpoint],
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]],
) -> Starlette:
    """Return the application that serves the gateway's HTTP."""
    endpoint = GraphQLEndpoint(
        runner=runner,
        body_bytes=limits.body_bytes,
        most_operations=limits.batch,
        max_ages=max_ages,
        allowed_origins=allowed_origins,
        loopback_only=loopback_only,
        graphiql=_graphiql_page(examples, banner) if graphiql else None,
    )
    sockets = WebSocketEndpoint(
        runner=runner,
        allowed_origins=allowed_origins,
        loopback_only=loopback_only,
        limits=ConnectionLimits(message_bytes=limits.body_bytes),
    )
    app = Starlette(
        routes=[
            Route(ENDPOINT, endpoint),
            Route(f"{ENDPOINT}/{{document_id}}", endpoint),
            WebSocketRoute(ENDPOINT, sockets),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            *(Route(f"/webhooks/{key}", one) for key, one in webhooks.items()),
            *(_graphiql_routes() if graphiql else []),
        ],
        middleware=_create_middleware(allowed_origins),
        lifespan=lifespan,
    )
    # A redirection would repeat whatever the request calls this machine.
    app.router.redirect_slashes = False
    return app


def _create_middleware(allowed_origins: list[str]) -> list[Middleware]:
    return [
        Middleware(RequestIDMiddleware),
        Middleware(CompressionMiddleware),
        Middleware(
            CORSMiddleware,
            allow_origins=allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=_CORS_HEADERS,
            expose_headers=["ETag", "X-Request-ID"],
        ),
    ]


def _graphiql_routes() -> list[BaseRoute]:
    return [Route("/", _to_graphiql), *graphiql_routes(assets=find_assets())]


def _graphiql_page(examples: list[Example], banner: str) -> Callable[[], Response]:
    html, policy = render_graphiql(examples, banner, assets=find_assets())
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
    }
    return lambda: Response(html, media_type="text/html", headers=headers)


async def _to_graphiql(request: Request) -> Response:
    del request
    return RedirectResponse(ENDPOINT)


async def _healthz(request: Request) -> Response:
    """Say that the process lives."""
    del request
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Say that the process can serve; no provider has a say in that."""
    del request
    return JSONResponse({"status": "ready"})
