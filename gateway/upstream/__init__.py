"""One provider's HTTP: the only code that touches httpx.

``clock`` (time, passed in) → ``deadline`` (how long reads may take) → ``call`` (what
is sent, what comes back, what that means) → ``policy`` (limits and manners) →
``limit`` (what is spent, and until when) → ``session`` (a sign-in that callers share)
→ ``sender`` (one request, once) → ``client`` (signs, retries reads, tells a lost
answer from a refusal).
"""

from gateway.upstream.call import Answer, Call, Dialect, Verdict
from gateway.upstream.client import Upstream
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.limit import seconds_to_next_hour
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
    "Verdict",
    "seconds_to_next_hour",
]
