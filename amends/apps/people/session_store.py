"""Sessions in Django's own table, read by a prepared question: every page begins with it."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from amends.apps.prepared import Prepared, given_moment, given_text

_SESSION = Prepared(lambda: Session.objects.filter(session_key=given_text("key"), expire_date__gt=given_moment("now")))


class SessionStore(db.SessionStore):
    """What Django keeps of a session; one that is absent or over is none."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
