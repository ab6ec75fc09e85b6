"""Whether a request was made on the machine that answers it."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest

PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def comes_from_this_machine(request: HttpRequest | None) -> bool:
    """Whether it came over the loopback, to a loopback address, and was passed on by nobody."""
    if request is None or any(name in request.headers for name in PASSED_ON):
        return False
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and _is_loopback(_host_of(request))


def _host_of(request: HttpRequest) -> str:
    host = request.get_host()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False
