"""The one way by which the server calls somebody else over HTTP: to named hosts, on checked addresses, within limits."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

LONGEST_CALL = 5.0
"""Seconds that a call may take from the first look at the name to the last octet of the answer."""
LARGEST_ANSWER = 64 * 1024
_SHARED_SPACE = ipaddress.ip_network("100.64.0.0/10")


class CallRefused(Exception):
    """The address may not be called: nothing was sent, and trying again changes nothing."""


class NotReached(Exception):
    """Nothing was handed over: the name was not known or the connection did not come about."""


class AnswerLost(Exception):
    """The request may have been taken; what was said to it is not known."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: status and body, at most 64 KB."""

    status: int
    body: bytes


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, hosts: Collection[str], within: float = LONGEST_CALL
) -> Answered:
    """Send one POST and return the answer, whatever its status.

    `hosts` are the names that may be called; the operator's `AMENDS_OUTBOUND_HOSTS` add to them. Only https, unless
    `AMENDS_OUTBOUND_PRIVATE` names the host and port: then its address may be private and plain http is spoken. The
    name is looked up once and the checked address is the one connected to. Redirects are not followed.
    Raises CallRefused, NotReached or AnswerLost (S12).
    """
    target = urlsplit(url)
    host, port = (target.hostname or "").lower(), target.port or (443 if target.scheme == "https" else 80)
    if target.scheme != "https" and not (target.scheme == "http" and f"{host}:{port}" in settings.OUTBOUND_PRIVATE):
        raise CallRefused("only https")
    if target.username is not None or host not in {*hosts, *settings.OUTBOUND_HOSTS}:
        raise CallRefused("not a host that may be called")
    ends_at = time.monotonic() + within
    address = checked_address(host, port)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    with _connected(host, address, encrypted=target.scheme == "https", within=within) as line:
        return _exchange(line, path, body, {"Host": target.netloc, **headers}, ends_at)


def checked_address(host: str, port: int) -> tuple[str, int]:
    """The address to connect to, looked up once. Raises NotReached, or CallRefused when it is not in the open network."""
    is_private = f"{host}:{port}" in settings.OUTBOUND_PRIVATE
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotReached("name not known") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not is_private and not all(is_public(address) for address in addresses):
        raise CallRefused("leads into a private network")
    return addresses[0], port


def is_public(address: str) -> bool:
    """Whether an address lies in the open network: not private, local, shared, multicast, reserved or mapped onto such."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not (ip.version == 4 and ip in _SHARED_SPACE)


def _connected(host: str, address: tuple[str, int], *, encrypted: bool, within: float) -> socket.socket:
    try:
        line = socket.create_connection(address, timeout=within)
        if not encrypted:
            return line
        return ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except OSError as error:
        raise NotReached(type(error).__name__) from error


def _exchange(
    line: socket.socket, path: str, body: bytes, headers: Mapping[str, str], ends_at: float
) -> Answered:  # fmt: skip
    connection = http.client.HTTPConnection("checked", timeout=LONGEST_CALL)
    connection.sock = line
    try:
        line.settimeout(_left(ends_at))
        connection.request("POST", path, body, dict(headers))
        line.settimeout(_left(ends_at))
        response = connection.getresponse()
        return Answered(response.status, _read(response, line, ends_at))
    except (OSError, http.client.HTTPException) as error:
        raise AnswerLost(type(error).__name__) from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, line: socket.socket, ends_at: float) -> bytes:
    """The body, read piece by piece so that a slow drip ends with the time."""
    pieces = bytearray()
    while piece := response.read1(8192):
        pieces += piece
        if len(pieces) > LARGEST_ANSWER:
            raise AnswerLost("answer too large")
        if response.fp is not None:
            line.settimeout(_left(ends_at))
    return bytes(pieces)


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
