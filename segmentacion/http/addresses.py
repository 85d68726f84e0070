"""Where a request comes from: whole for limits, cut short for what is kept."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
KEPT_BITS = {4: 24, 6: 48}
HOME_BITS = 64  # what one customer of a provider has of IPv6


def address_of(request: HttpRequest) -> str:
    """Return the address of who asks, or "" when there is none (a Unix socket).

    Behind proxies it is the entry of `X-Forwarded-For` that the outermost of our own wrote
    (`PROXIES` says how many they are): what stands before it the client may have made up.
    """
    count = settings.PROXY_COUNT
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if count and len(told) >= count and (found := _parsed(told[-count])):
        return str(found)
    found = _parsed(request.META.get("REMOTE_ADDR", ""))
    return str(found) if found else ""


def household(address: str) -> str:
    """Return what limits count as one place: an IPv4 address, or the /64 of an IPv6 one."""
    found = _parsed(address)
    if found is None or found.version == 4:
        return address
    return str(ip_network((found, HOME_BITS), strict=False))


def shortened(address: str) -> str:
    """Return `203.0.113.0/24` for `203.0.113.7`: tells places apart, not people."""
    found = _parsed(address)
    return str(ip_network((found, KEPT_BITS[found.version]), strict=False)) if found else ""


def _parsed(text: str) -> Address | None:
    try:
        found = ip_address(text.strip("[] "))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
