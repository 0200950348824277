"""One provider's HTTP: the only code that touches httpx.

``clock`` (time, passed in) → ``deadline`` (how long reads may take) → ``call`` (what
is sent, what comes back) → ``policy`` (limits and manners) → ``sender`` (one request,
once) → ``session`` (a sign-in that callers share) → ``client`` (signs, retries reads,
tells a lost answer from a refusal).
"""

from gateway.upstream.call import Answer, Call, Dialect
from gateway.upstream.client import Upstream
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.policy import UpstreamPolicy
from gateway.upstream.sender import Transport
from gateway.upstream.session import Grant, Session

__all__ = [
    "Answer",
    "Call",
    "Clock",
    "Deadline",
    "Dialect",
    "Grant",
    "Session",
    "Transport",
    "Upstream",
    "UpstreamPolicy",
]
