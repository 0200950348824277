"""Wiring: the only place where objects are put together.

configured   what an operator set: which providers, which files, which switches
identity     how it is known who calls
gateway      Gateway: what lives as long as the process
create       create_app: the application that is served
"""

from gateway.app.configured import (
    check_files,
    configured_providers,
    describe_providers,
    is_on,
    sections_in_use,
)
from gateway.app.create import create_app
from gateway.app.gateway import Gateway
from gateway.app.identity import fetch_keys, open_identity

__all__ = [
    "Gateway",
    "check_files",
    "configured_providers",
    "create_app",
    "describe_providers",
    "fetch_keys",
    "is_on",
    "open_identity",
    "sections_in_use",
]
