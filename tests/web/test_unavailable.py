"""A database that is locked, lost or full, and a full disk, are answered in a sentence, and what was typed is shown again."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from amends.web.middleware.unavailable import Unavailable

pytestmark = pytest.mark.django_db


def failing_with(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("database is locked"), 503),
        (OperationalError("server closed the connection unexpectedly"), 503),
        (OperationalError("database or disk is full"), 507),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
)
def test_trouble_is_answered_with_a_time_to_try_again(error: Exception, status: int) -> None:
    response = Unavailable(failing_with(error))(RequestFactory().post("/api/v1/cases"))
    assert (response.status_code, response["Retry-After"]) == (status, "5")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "error", [DataError("value too long"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")]
)
def test_what_no_database_can_hold_is_refused_with_what_was_typed(error: Exception) -> None:
    middleware = Unavailable(failing_with(OSError()))
    machine = middleware.process_exception(RequestFactory().post("/api/v1/cases"), error)
    page = middleware.process_exception(RequestFactory().post("/intake/", {"subject": "包裹破损"}), error)

    assert machine is not None
    assert page is not None
    assert (machine.status_code, page.status_code) == (422, 422)
    assert machine.headers["Content-Type"] == "application/problem+json"
    assert "无法保存" in page.content.decode()
    assert "包裹破损" in page.content.decode()
    assert "Retry-After" not in page


def test_what_was_typed_is_shown_again_without_secrets() -> None:
    request = RequestFactory().post(
        "/intake/", {"subject": "包裹破损", "password": "geheim", "csrfmiddlewaretoken": "x1y2"}
    )
    page = Unavailable(failing_with(OperationalError("database is locked")))(request).content.decode()
    assert "包裹破损" in page
    assert "geheim" not in page
    assert "x1y2" not in page


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(PermissionError):
        Unavailable(failing_with(PermissionError(errno.EACCES, "no")))(RequestFactory().get("/"))
