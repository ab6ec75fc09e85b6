"""Faults that harnesses plant in a server to prove that they would notice. The product knows none of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

Next = Callable[[HttpRequest], HttpResponse]


class AcknowledgeBeforeCommit:
    """Answers a POST while its transaction is still open, and is not yet committing when it is killed."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        answered, found = threading.Event(), []

        def work() -> None:
            with transaction.atomic():
                found.append(self.get_response(request))
                answered.set()
                time.sleep(3600)
            connection.close()

        threading.Thread(target=work, daemon=True).start()
        answered.wait()
        return found[0]


class DropTheKey:
    """Forgets the key that makes a repeated request safe."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META.pop("HTTP_IDEMPOTENCY_KEY", None)
        return self.get_response(request)


class IgnoreTheVersion:
    """Performs verbs whatever version of the case was seen."""

    def __init__(self, get_response: Next) -> None:
        from amends.api import cases, proceedings

        wish = cases.Wish
        for module in (cases, proceedings):
            module.Wish = lambda **named: wish(**{**named, "version": None})  # type: ignore[assignment, attr-defined]
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
