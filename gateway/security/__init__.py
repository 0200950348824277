"""Who calls, whose credentials are used, and how large an operation may be."""

from gateway.security.api_keys import APIKeys
from gateway.security.caller import (
    IDENTITY_HEADERS,
    Authenticate,
    Caller,
    DemoPersons,
    is_same_email,
)
from gateway.security.credentials import Credentials
from gateway.security.jwt import Tokens
from gateway.security.key_set import KeySet, KeySource, parse_key_set
from gateway.security.limits import check_limits
from gateway.security.loopback import is_loopback

__all__ = [
    "IDENTITY_HEADERS",
    "APIKeys",
    "Authenticate",
    "Caller",
    "Credentials",
    "DemoPersons",
    "KeySet",
    "KeySource",
    "Tokens",
    "check_limits",
    "is_loopback",
    "is_same_email",
    "parse_key_set",
]
