"""Ports for servers of tests that are programs of their own."""

from __future__ import annotations

import random
import socket
from pathlib import Path

GIVEN_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20_000


def free_port() -> int:
    """A port on which nobody listens. It lies below those that the system gives to whoever connects or asks for any: of those one may be
    taken between this look and the program's own."""
    first = int(GIVEN_OUT.read_text(encoding="ascii").split()[0]) if GIVEN_OUT.exists() else 32_768
    while True:
        port = random.SystemRandom().randrange(LOWEST, max(first, LOWEST + 1_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
