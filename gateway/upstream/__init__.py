"""One provider's HTTP: the only code that touches httpx.

``clock`` (time, passed in) → ``deadline`` (how long reads may take) → ``call`` (what
is sent, what comes back, what that means) → ``policy`` (limits and manners) →
``window`` (calls counted over time) → ``limit`` (what is spent, until when, and whose
turn it is) → ``session`` (a sign-in that callers share) → ``sender`` (one request,
once) → ``client`` (signs, retries reads, tells a lost answer from a refusal).

Beside them is what connectors share: ``beliefs`` (what answers taught), ``locks`` (one
at a time), ``numbered`` (pages under which rows move), ``refused`` (a no to a read),
``together`` (calls of which each is needed).
"""

from gateway.upstream.beliefs import Beliefs
from gateway.upstream.call import Answer, Call, Dialect, Verdict
from gateway.upstream.client import Upstream
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.limit import Limit, seconds_to_next_hour
from gateway.upstream.locks import Locks
from gateway.upstream.numbered import page_after
from gateway.upstream.policy import UpstreamPolicy
from gateway.upstream.refused import RefusedError, as_read, as_write
from gateway.upstream.sender import Transport
from gateway.upstream.session import Grant, Session
from gateway.upstream.together import together
from gateway.upstream.window import Window

__all__ = [
    "Answer",
    "Beliefs",
    "Call",
    "Clock",
    "Deadline",
    "Dialect",
    "Grant",
    "Limit",
    "Locks",
    "RefusedError",
    "Session",
    "Transport",
    "Upstream",
    "UpstreamPolicy",
    "Verdict",
    "Window",
    "as_read",
    "as_write",
    "page_after",
    "seconds_to_next_hour",
    "together",
]
