"""Who calls, and how large an operation may be."""

from gateway.security.caller import Caller, authenticate
from gateway.security.limits import check_limits
from gateway.security.loopback import is_loopback

__all__ = ["Caller", "authenticate", "check_limits", "is_loopback"]
