"""How many connections an address has on this gateway, and whether it may have one more. Any thread."""

import threading
from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network

ONE_SITE_BITS = 64
"""What a site is given of IPv6 at least (RFC 6177): its addresses count as one."""


class Admission:
    """Counts by address; loopback and Unix sockets have no limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit  # 0: none; may be changed at any time
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, address: str, change: int) -> bool:
        """+1: counts one more, unless the address has as many as it may (False); -1: one less."""
        site = _site(address)
        if site is None:
            return True
        with self._lock:
            if change > 0 and self.limit and self._counts[site] >= self.limit:
                return False
            self._counts[site] += change
            if not self._counts[site]:
                del self._counts[site]
        return True


def _site(address: str) -> str | None:
    """What is counted; None for what has no limit."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None  # a Unix socket
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback:
        return None
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, ONE_SITE_BITS), strict=False))
    return str(parsed)
