"""Whether an address is this machine's own."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether *host*, a name or an address, is reached from here only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
