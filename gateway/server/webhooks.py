"""Where providers tell what changed: ``POST /webhooks/<provider>``.

size → signature → what it says → read again → 204
"""

from http import HTTPStatus

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.changes import Notices
from gateway.connector import Webhooks
from gateway.errors import GatewayError, RequestError
from gateway.observability import get_logger
from gateway.server.presenter import failure_status, present_failure
from gateway.server.requests import read_body

# What changed comes with its whole object.
_BODY_BYTES = 1_048_576


class WebhookEndpoint:
    """Takes one provider's deliveries, as an ASGI application."""

    def __init__(self, webhooks: Webhooks, notices: Notices) -> None:
        """Create the endpoint."""
        self._webhooks = webhooks
        self._notices = notices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery: with 204 once what it tells was read again."""
        request = Request(scope, receive)
        try:
            await self._take(request)
            response = Response(status_code=HTTPStatus.NO_CONTENT)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
            if isinstance(error, GatewayError):
                # Whoever set the webhook up sees none of our answers.
                get_logger().warning(
                    "webhook_refused", code=error.code, reason=error.message
                )
            response = _fail(error, request.state.request_id)
        await response(scope, receive, send)

    async def _take(self, request: Request) -> None:
        if request.method != "POST":
            raise RequestError(
                "Webhooks are delivered by POST.",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                code="METHOD_NOT_ALLOWED",
                headers={"Allow": "POST"},
            )
        body = await read_body(request, _BODY_BYTES)
        await self._notices.take(self._webhooks.parse(request.headers, body))


def _fail(error: Exception, request_id: str) -> Response:
    # What could not be read now is to be told again.
    status = failure_status(error) or HTTPStatus.SERVICE_UNAVAILABLE
    return Response(
        orjson.dumps(present_failure(error, request_id)),
        status_code=status,
        media_type="application/json",
        headers=error.headers if isinstance(error, RequestError) else None,
    )
