"""The errors that a client can see, and nothing else.

    GatewayError                    code, message: both safe to show; extensions
    ├── InvalidInputError           BAD_USER_INPUT
    ├── UnauthenticatedError        UNAUTHENTICATED
    ├── IdentityUnavailableError    UPSTREAM_UNAVAILABLE
    ├── ForbiddenError              FORBIDDEN
    ├── OperationError              PERSISTED_QUERY_NOT_FOUND,
    │                               PERSISTED_QUERY_NOT_IN_LIST,
    │                               PERSISTED_QUERY_ID_REQUIRED,
    │                               PERSISTED_QUERY_HASH_MISMATCH,
    │                               QUERY_NOT_IN_SAFELIST, CANNOT_SEND_PQ_ID_AND_BODY
    ├── LimitError                  MAX_DEPTH_LIMIT, MAX_ALIASES_LIMIT,
    │                               MAX_ROOT_FIELDS_LIMIT, MAX_TOKENS_LIMIT,
    │                               MAX_ROWS_LIMIT, SUBSCRIPTION_LIMIT,
    │                               SUBSCRIPTION_TOO_SLOW
    ├── RequestError                BAD_REQUEST, CSRF_PREVENTION, BODY_TOO_LARGE,
    │                               NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE,
    │                               METHOD_NOT_ALLOWED, BATCHING_NOT_ENABLED,
    │                               BATCH_LIMIT_EXCEEDED, OVERLOADED
    ├── NotFoundError               NOT_FOUND
    ├── ConflictError               CONFLICT
    ├── StaleError                  STALE
    ├── UnsupportedError            UNSUPPORTED
    └── UpstreamError               carries provider
        ├── UpstreamTimeoutError        UPSTREAM_TIMEOUT
        ├── UpstreamUnavailableError    UPSTREAM_UNAVAILABLE
        ├── UpstreamRateLimitedError    UPSTREAM_RATE_LIMITED
        ├── UpstreamAuthError           UPSTREAM_AUTH_FAILED
        ├── UpstreamResponseError       UPSTREAM_RESPONSE_INVALID
        └── LostAnswerError             UPSTREAM_ANSWER_LOST

Messages and extensions are written by this project alone: no upstream URL, body,
header or message enters one. GraphQL's own faults keep the codes that clients know
(``GRAPHQL_PARSE_FAILED``, ``GRAPHQL_VALIDATION_FAILED``, ``BAD_USER_INPUT``,
``OPERATION_RESOLUTION_FAILURE``); what is none of these is a bug, and shows as
``INTERNAL_SERVER_ERROR``.
"""

from typing import Self


class GatewayError(Exception):
    """Something that a client is told, with a stable code."""

    code: str
    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def extensions(self) -> dict[str, object]:
        """The members of the error's ``extensions``."""
        return {"code": self.code, "retryable": self.retryable}

    def made_retryable(self) -> Self:
        """Return this error as one after which sending again is safe.

        It is another object: several callers may be waiting for this one.
        """
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(self.__dict__)
        twin.retryable = True
        return twin


class InvalidInputError(GatewayError):
    """A value that the caller sent is wrong; *field* is its path in the input."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *, field: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnauthenticatedError(GatewayError):
    """Who calls could not be established."""

    code = "UNAUTHENTICATED"


class IdentityUnavailableError(GatewayError):
    """Who calls cannot be established now: the identity provider is not reached."""

    code = "UPSTREAM_UNAVAILABLE"
    retryable = True


class ForbiddenError(GatewayError):
    """The person may not do this."""

    code = "FORBIDDEN"


class LimitError(GatewayError):
    """An operation is larger than this gateway runs; *code* names the limit."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OperationError(GatewayError):
    """A document is not known by its id, or may not be sent so.

    Codes and statuses are those that Apollo's clients and router use.
    """

    def __init__(self, code: str, message: str, *, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class RequestError(GatewayError):
    """An HTTP request that is no GraphQL request; *status* is the answer's."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "BAD_REQUEST",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.code = code


class NotFoundError(GatewayError):
    """Absent, or not for this viewer; which of the two is never told."""

    code = "NOT_FOUND"


class ConflictError(GatewayError):
    """The object's state does not allow this any more, or not yet."""

    code = "CONFLICT"


class StaleError(GatewayError):
    """The object has another version than the input says. Nothing was sent."""

    code = "STALE"

    def __init__(self) -> None:
        super().__init__(
            "It is not as it was when `expectedVersion` was read. Look at it again, "
            "and decide with its `version` of now. Nothing was sent."
        )
        self.field = ("expectedVersion",)


class UnsupportedError(GatewayError):
    """The provider has no such call, or, where *asked*, said that the account lacks it.

    Without *asked* nothing was sent to find that out.
    """

    code = "UNSUPPORTED"

    def __init__(
        self, message: str, *, field: tuple[str, ...] | None = None, asked: bool = False
    ) -> None:
        super().__init__(message)
        self.field = field
        self.asked = asked


class UpstreamError(GatewayError):
    """A provider failed; *provider* is its name in the graph."""

    def __init__(self, provider: str, message: str) -> None:
        super().__init__(message)
        self.provider = provider

    @property
    def extensions(self) -> dict[str, object]:
        """The members of the error's ``extensions``."""
        return {**super().extensions, "provider": self.provider}


class UpstreamTimeoutError(UpstreamError):
    """The provider gave no answer in time."""

    code = "UPSTREAM_TIMEOUT"
    retryable = True


class UpstreamUnavailableError(UpstreamError):
    """No connection, or an answer that says the provider is down."""

    code = "UPSTREAM_UNAVAILABLE"
    retryable = True


class UpstreamRateLimitedError(UpstreamError):
    """The provider's limit is spent; *retry_after_seconds* where that is known."""

    code = "UPSTREAM_RATE_LIMITED"
    retryable = True

    def __init__(
        self, provider: str, message: str, *, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(provider, message)
        self.retry_after_seconds = retry_after_seconds

    @property
    def extensions(self) -> dict[str, object]:
        """The members of the error's ``extensions``."""
        if self.retry_after_seconds is None:
            return super().extensions
        return {**super().extensions, "retryAfterSeconds": self.retry_after_seconds}


class UpstreamAuthError(UpstreamError):
    """The provider does not accept our credentials: the operator's problem."""

    code = "UPSTREAM_AUTH_FAILED"


class UpstreamResponseError(UpstreamError):
    """The provider sent an answer that this gateway does not understand."""

    code = "UPSTREAM_RESPONSE_INVALID"


class LostAnswerError(UpstreamError):
    """A write was sent and its answer was lost: it may or may not have happened.

    A decision turns it into the outcome ``UNKNOWN`` when reading back does not
    settle it; it is never a reason to send again.
    """

    code = "UPSTREAM_ANSWER_LOST"
