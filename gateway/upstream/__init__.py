"""One provider's HTTP: the only code that touches httpx.

``clock`` (time, passed in) → ``deadline`` (how long reads may take) → ``call`` (what
is sent, what comes back) → ``session`` (a sign-in that callers share) → ``client``
(sends, retries reads, tells a lost answer from a refusal).
"""

from gateway.upstream.call import Answer, Call, Dialect
from gateway.upstream.client import Transport, Upstream, UpstreamPolicy
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
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
