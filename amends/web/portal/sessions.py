"""What a browser session at the portal may see: the cases it made or opened, each for half an hour."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from amends.apps.cases.models import Case

OPEN_FOR = timedelta(minutes=30)
KEY = "portal"


class PortalSession:
    """The portal's part of a session. Its `id` owns uploads and form tokens; it is not the secret of the cookie."""

    def __init__(self, request: HttpRequest) -> None:
        self.session = request.session

    @property
    def _kept(self) -> dict[str, Any]:
        return dict(self.session.get(KEY, {}))

    def _keep(self, **values: Any) -> None:
        self.session[KEY] = {**self._kept, **values}

    @property
    def id(self) -> str:
        found = self._kept.get("id")
        if not found:
            found = secrets.token_hex(12)
            self._keep(id=found)
        return str(found)

    def open(self, case: Case, *, now: datetime) -> None:
        """Let this session read and answer on a case for half an hour; its cookie changes."""
        opened = {number: kept for number, kept in self._opened().items() if _moment(kept) > now}
        opened[case.number] = {"case": str(case.pk), "until": (now + OPEN_FOR).isoformat()}
        self.session.cycle_key()
        self._keep(opened=opened)

    def opened_case(self, number: str, *, now: datetime) -> Case | None:
        """The case of that number if this session opened it and half an hour is not over."""
        kept = self._opened().get(number)
        if kept is None or _moment(kept) <= now:
            return None
        related = ("desk", "chain", "complainant", "department", "handler")
        return Case.objects.select_related(*related).filter(pk=kept["case"]).first()

    def open_until(self, number: str) -> datetime | None:
        kept = self._opened().get(number)
        return _moment(kept) if kept else None

    def close(self) -> None:
        """Forget every case that was opened, and the link by which a code was asked for."""
        self._keep(opened={}, code=None, code_link="")

    def _opened(self) -> dict[str, Any]:
        return dict(self._kept.get("opened", {}))

    @property
    def code_request(self) -> int | None:
        """The request for a code that waits to be entered."""
        found = self._kept.get("code")
        return int(found) if found else None

    @property
    def code_link(self) -> str:
        """The private link by which that code was asked for; empty when number and address were typed."""
        return str(self._kept.get("code_link", ""))

    def await_code(self, request_id: int | None, *, link: str = "") -> None:
        self._keep(code=request_id, code_link=link)


def _moment(kept: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(kept["until"])
