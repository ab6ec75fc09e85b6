"""Maintenance windows: announced in advance, seen by everybody signed in from the announced time on, withdrawn for all to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from amends.apps.kept import Kept
from amends.apps.people.models import Person
from amends.apps.prepared import Prepared
from amends.apps.upkeep.models import MaintenanceWindow
from amends.apps.upkeep.record import record_act
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotPermitted

LONGEST_TEXT = 200
_STANDING = Kept(
    Prepared(lambda: MaintenanceWindow.objects.filter(withdrawn_at=None).order_by("starts_at", "pk")),
    of=MaintenanceWindow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is entered about a window. Left out, it is announced at once."""

    starts_at: datetime
    ends_at: datetime
    text: str
    text_en: str = ""
    announced_from: datetime | None = None


@transaction.atomic
def announce(window: Window, *, by: Person, now: datetime) -> MaintenanceWindow:
    """Announce a window. Raises NotPermitted for anybody but an administrator of the installation, InvalidData for an end before
    the start, a start in the past, an announcement after the start, and a blank text. Source: EXP-10.3.1
    """
    _check_administers(by)
    from_when = window.announced_from or now
    errors = []
    if window.starts_at <= now:
        errors.append(FieldError("/starts_at", "in_past", {"field": "开始"}))
    if window.ends_at <= window.starts_at:
        errors.append(FieldError("/ends_at", "ends_before_start", {"field": "结束"}))
    if from_when > window.starts_at:
        errors.append(FieldError("/announced_from", "announced_too_late", {}))
    if not window.text.strip():
        errors.append(FieldError("/text", "required", {"field": "说明"}))
    if errors:
        raise InvalidData(errors)
    text = checked_text(window.text, pointer="/text", field="说明", limit=LONGEST_TEXT).strip()
    text_en = checked_text(window.text_en, pointer="/text_en", field="英文说明", limit=LONGEST_TEXT).strip()
    made = MaintenanceWindow.objects.create(
        announced_from=from_when, starts_at=window.starts_at, ends_at=window.ends_at, text=text, text_en=text_en,
        made_by=by, made_at=now,
    )  # fmt: skip
    _record("window_announced", made, by, now)
    return made


@transaction.atomic
def withdraw(window: MaintenanceWindow, *, by: Person, now: datetime) -> None:
    """Take an announcement back, or end a window early; one that is over stays as it was. Raises NotPermitted."""
    _check_administers(by)
    changed = MaintenanceWindow.objects.filter(pk=window.pk, withdrawn_at=None, ends_at__gt=now)
    if not changed.update(withdrawn_at=now):
        raise NotPermitted("这次维护已经结束或撤销，不能再改。")
    _STANDING.forget()
    _record("window_withdrawn", window, by, now)


def announced(now: datetime) -> list[MaintenanceWindow]:
    """The windows that people are told of at a moment, the next first; those of another process some seconds later."""
    return [window for window in _STANDING.ask() if window.announced_from <= now < window.ends_at]


def _check_administers(person: Person) -> None:
    if not (person.is_active and person.is_administrator):
        raise NotPermitted(verb="系统管理")


def _record(kind: str, window: MaintenanceWindow, by: Person, now: datetime) -> None:
    facts: dict[str, Any] = {"window": str(window.pk), "from": window.starts_at, "until": window.ends_at}
    record_act(kind, facts, by=by.actor_id, now=now, texts={"text": window.text})
