"""What is sent to a provider, what comes back, and how the provider says no."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from gateway.errors import GatewayError


class Call(Struct, frozen=True, kw_only=True):
    """One request; *path* is relative to the provider's base and already quoted.

    *absolute_url* replaces base and path (a token endpoint on another host); nothing
    that answers a sign-in is logged but its status.
    """

    method: str
    path: str = ""
    params: Mapping[str, str] = {}
    json: object | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = {}
    absolute_url: str | None = None
    is_sign_in: bool = False

    def __repr__(self) -> str:
        # A form and headers may hold secrets.
        return f"Call(method={self.method!r}, path={self.path!r})"


class Answer(Struct, frozen=True, kw_only=True):
    """One response, read whole; *retry_after_seconds* as its header gave it."""

    status: int
    body: bytes
    retry_after_seconds: int | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of the 200s."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of the status


class Dialect(Struct, frozen=True, kw_only=True):
    """How one provider says no.

    Attributes:
        explain: Turns an answer without success into the error it stands for. A 5xx
            that leaves a write's fate open is an ``UpstreamUnavailableError`` or an
            ``UpstreamTimeoutError``; a limit that stays spent for long carries the
            seconds until it is not.
        describe: What of such an answer goes to the log: never a secret.
    """

    explain: Callable[[Answer], GatewayError]
    describe: Callable[[Answer], dict[str, object]]
