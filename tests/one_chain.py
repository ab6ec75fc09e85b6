"""Every client of a test sends its requests through the same chain of middleware, as those of a server do.

Django's test client builds a chain of its own, and many a test has a client for each request. A changed setting builds a new one.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.base import BaseHandler
from django.core.signals import setting_changed
from django.test.client import ClientHandler

PARTS = ("_middleware_chain", "_view_middleware", "_template_response_middleware", "_exception_middleware")


@pytest.fixture(scope="session", autouse=True)
def clients_share_their_middleware() -> Iterator[None]:
    chain: dict[str, Any] = {}

    def load(self: ClientHandler, is_async: bool = False) -> None:
        if not chain:
            BaseHandler.load_middleware(self, is_async)
            chain.update({name: getattr(self, name) for name in PARTS})
        vars(self).update(chain)

    def forget(**_: Any) -> None:
        chain.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load)
        yield
    setting_changed.disconnect(forget)
