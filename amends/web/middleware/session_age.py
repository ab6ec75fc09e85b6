"""A session ends after some idle time and, at the latest, some hours after signing in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

BEGAN, LAST_USED = "began_at", "last_used_at"
WRITTEN_EVERY = timedelta(minutes=1)


class SessionAge:
    """Signs out a session that was idle too long or is too old; writes its last use at most once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(request, timezone.now())
        return self.get_response(request)

    def _check(self, request: HttpRequest, now: datetime) -> None:
        began, used = _moment(request, BEGAN), _moment(request, LAST_USED)
        if not request.user.is_active or is_over(began=began, last_used=used, now=now):
            logout(request)
            return
        if began is None:
            request.session[BEGAN] = now.isoformat()
        if used is None or now - used >= WRITTEN_EVERY:
            request.session[LAST_USED] = now.isoformat()


def is_over(*, began: datetime | None, last_used: datetime | None, now: datetime) -> bool:
    """Whether the session was idle longer than SESSION_IDLE or lives longer than SESSION_COOKIE_AGE."""
    if last_used is not None and now - last_used > settings.SESSION_IDLE:
        return True
    return began is not None and now - began > timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _moment(request: HttpRequest, key: str) -> datetime | None:
    text = request.session.get(key)
    return datetime.fromisoformat(text) if text else None
