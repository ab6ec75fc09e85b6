"""The browser of the journeys: one a process, in which every test finds nothing of another."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandlerMixin
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.patience import eventually

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MILLISECONDS = 60_000

expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest.fixture(autouse=True)
def files_are_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Styles and scripts may be kept by the browser, as the product says of them; the server of a test would be asked on every page."""
    answers = StaticFilesHandlerMixin.get_response

    def kept(handler: StaticFilesHandlerMixin, request: HttpRequest) -> HttpResponse:
        response = answers(handler, request)
        response["Cache-Control"] = "public, max-age=3600, immutable"
        return response

    monkeypatch.setattr(StaticFilesHandlerMixin, "get_response", kept)


@pytest.fixture(scope="package")
def started_browser(chromium_path: str) -> Iterator[Browser]:
    """One for all of them: starting it takes the processor as long as a short journey.

    It does not outlast them: while it is driven, this thread has an event loop, in which Django refuses to read the
    database unless it is told that nothing runs beside it.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def under_way(monkeypatch: pytest.MonkeyPatch) -> set[HttpRequest]:
    """The requests that the server is answering."""
    found, answers = set[HttpRequest](), WSGIHandler.get_response

    def noted(handler: WSGIHandler, request: HttpRequest) -> HttpResponseBase:
        found.add(request)
        try:
            return answers(handler, request)
        finally:
            found.discard(request)

    monkeypatch.setattr(WSGIHandler, "get_response", noted)
    return found


@pytest.fixture
def browser(started_browser: Browser, under_way: set[HttpRequest]) -> Iterator[Browser]:
    """A browser in which nothing is open or kept: cookies, storage and files belong to a context, and those of a test end with it.

    What its pages asked for at the end is answered before the database is emptied: later it would write into that of the next test.
    """
    yield started_browser
    for context in started_browser.contexts:
        context.close()
    eventually(lambda: not under_way)


@pytest.fixture
def window(browser: Browser) -> Page:
    """A window of it on a desk."""
    return patient(browser, viewport={"width": 1440, "height": 900}).new_page()


def patient(browser: Browser, **options: Any) -> BrowserContext:
    """Somebody else's browser, in Chinese, that waits for whatever it is told to wait for as long as every other."""
    context = browser.new_context(locale="zh-CN", **options)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    return context
