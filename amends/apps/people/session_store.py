"""Sessions in Django's own table, read by a prepared question: every page begins with it."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from amends.apps.prepared import Prepared, given_moment, given_text

PLAIN = re.compile(r"[a-z0-9]{8,40}")
_SESSION = Prepared(lambda: Session.objects.filter(session_key=given_text("key"), expire_date__gt=given_moment("now")))


class SessionStore(db.SessionStore):
    """What Django keeps of a session; one that is absent or over is none, and so is one of a name that no session has."""

    def _validate_session_key(self, key: str | None) -> bool:
        """A cookie says what it likes: a database does not look for every text, and answers that as a fault."""
        return bool(key) and PLAIN.fullmatch(str(key)) is not None

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
