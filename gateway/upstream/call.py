"""What is sent to a provider, what comes back, and how the provider says no."""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from http import HTTPStatus

from msgspec import Struct

from gateway.errors import GatewayError


class Call(Struct, frozen=True, kw_only=True):
    """One request; *path* is relative to the provider's base and already quoted.

    *absolute_url* replaces base and path (a token endpoint on another host); nothing
    that answers a sign-in is logged but its status. One that *is_urgent* waits for a
    limit behind others of its kind alone.
    """

    method: str
    path: str = ""
    params: Mapping[str, str] = {}
    json: object | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = {}
    absolute_url: str | None = None
    is_sign_in: bool = False
    is_urgent: bool = False

    def __repr__(self) -> str:
        # A form and headers may hold secrets.
        return f"Call(method={self.method!r}, path={self.path!r})"


class Verdict(Enum):
    """What an answer means for the call that it answers.

    *SIGNED_OUT* and *BUSY* promise that the call was not carried out: it is sent
    again, once after signing in, or as soon as the provider has a free slot.
    """

    DONE = auto()
    REFUSED = auto()
    SIGNED_OUT = auto()
    BUSY = auto()


class Answer(Struct, frozen=True, kw_only=True):
    """One response, read whole; *retry_after_seconds* as its header gave it.

    *verdict* is what the provider's dialect made of it, once, as it came.
    """

    status: int
    body: bytes
    retry_after_seconds: int | None = None
    verdict: Verdict = Verdict.REFUSED

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of the 200s."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of the status


def judge_by_status(answer: Answer) -> Verdict:
    """Return what the HTTP status alone means."""
    if answer.succeeded:
        return Verdict.DONE
    is_signed_out = answer.status == HTTPStatus.UNAUTHORIZED
    return Verdict.SIGNED_OUT if is_signed_out else Verdict.REFUSED


class Dialect(Struct, frozen=True, kw_only=True):
    """How one provider says no.

    Attributes:
        explain: Turns an answer without success into the error it stands for. A 5xx
            that leaves a write's fate open is an ``UpstreamUnavailableError`` or an
            ``UpstreamTimeoutError``; a limit that stays spent for long carries the
            seconds until it is not.
        describe: What of such an answer goes to the log: never a secret.
        judge: Tells success from the ways to say no; a body that it cannot read is
            no success, and never an exception.
    """

    explain: Callable[[Answer], GatewayError]
    describe: Callable[[Answer], dict[str, object]]
    judge: Callable[[Answer], Verdict] = judge_by_status
