"""A mail server in this process, for a test that looks at what it is handed."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from aiosmtpd.controller import Controller

from tests.patience import HANGS_AFTER_SECONDS


class _Listening(Controller):
    """Takes over a socket that listens already, so that nobody else can have its port."""

    def __init__(self, handler: Any, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port, ready_timeout=HANGS_AFTER_SECONDS)
        self.listener = listener

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.listener)


@contextlib.contextmanager
def mail_server(handler: Any) -> Iterator[int]:
    """The port on which `handler` takes mail until the block ends."""
    server = _Listening(handler, socket.create_server(("127.0.0.1", 0)))
    server.start()
    try:
        yield server.port
    finally:
        server.stop()
