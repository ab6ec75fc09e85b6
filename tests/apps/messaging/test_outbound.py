"""The server calls nobody on a stranger's word (S12)."""

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager
from itertools import chain, repeat

import pytest

from amends.apps.messaging import outbound
from amends.apps.messaging.outbound import AnswerLost, CallRefused, NotReached, is_public, post

INWARD = [
    "127.0.0.1", "127.8.9.1", "10.0.0.8", "172.16.3.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_an_address_that_leads_inward_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["223.5.5.5", "2400:3200::1", "::ffff:223.5.5.5"])
def test_an_address_in_the_open_network_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://carrier.example/", "https://other.example/", "https://carrier.example@other.example/",
        "https://user@carrier.example/", "ftp://carrier.example/", "file:///etc/passwd", "https://carrier.example.evil/",
        "https:///", "//carrier.example/",
    ],
)  # fmt: skip
def test_nobody_but_the_named_host_is_called_and_only_by_https(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("looked a name up"))

    with pytest.raises(CallRefused):
        post(url, b"", {}, hosts=["carrier.example"])


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.1.1", "::ffff:192.168.0.1"])
def test_a_named_host_that_leads_inward_is_not_called(address, monkeypatch):
    both = [(2, 1, 6, "", ("223.5.5.5", 443)), (2, 1, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: both)
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))

    with pytest.raises(CallRefused):
        post("https://carrier.example/", b"", {}, hosts=["carrier.example"])


@contextmanager
def server(answers: Iterable[bytes], *, settings):
    """One that says the pieces, a tenth of a second apart, until whoever listens has gone."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve():
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line:
            asked.append(line.recv(65536))
            for piece in answers:
                try:
                    line.sendall(piece)
                except OSError:
                    return
                time.sleep(0.1)

    threading.Thread(target=serve, daemon=True).start()
    netloc = f"127.0.0.1:{listener.getsockname()[1]}"
    settings.OUTBOUND_PRIVATE, settings.OUTBOUND_HOSTS = [netloc], ["127.0.0.1"]
    try:
        yield f"http://{netloc}/x?y=1", asked
    finally:
        listener.close()


def test_a_redirect_is_an_answer_and_is_not_followed(settings):
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with server([redirect], settings=settings) as (url, asked):
        answer = post(url, b"{}", {"X-A": "b"}, hosts=[])

    assert answer.status == 302
    assert asked[0].startswith(b"POST /x?y=1 HTTP/1.1\r\n")


def test_an_answer_larger_than_64_kb_is_broken_off(settings):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with server([head + b"x" * 100_000], settings=settings) as (url, _), pytest.raises(AnswerLost, match="too large"):
        post(url, b"", {}, hosts=[])


def test_an_answer_that_drips_ends_with_the_time(settings):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    drip = chain([head], repeat(b"x"))
    with server(drip, settings=settings) as (url, _), pytest.raises(AnswerLost, match="TimeoutError"):
        post(url, b"", {}, hosts=[], within=0.4)


def test_a_name_that_nobody_knows_was_not_reached(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(outbound.socket, "getaddrinfo", unknown)

    with pytest.raises(NotReached):
        post("https://carrier.example/", b"", {}, hosts=["carrier.example"])


def test_no_line_can_be_added_to_the_request(settings):
    with (
        server([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], settings=settings) as (url, _),
        pytest.raises(ValueError, match="Invalid header"),
    ):
        post(url, b"", {"X-A": "b\r\nX-Evil: c"}, hosts=[])
