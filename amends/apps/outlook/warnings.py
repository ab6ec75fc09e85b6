"""A warning's life: raised once for a cause, owned, acted on, closed with what came of it and whether it was a false alarm."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from amends.apps.cases.models import Case
from amends.apps.cases.telling import when_in
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.messaging.actions import notify
from amends.apps.outlook.models import EarlyWarning
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_version
from amends.core.canonical import canonical_json
from amends.core.form_data import checked_text
from amends.core.policy.warnings import WarningRule
from amends.core.refusals import FieldError, InvalidData, Refusal

SYSTEM = "system"
LONGEST = 2000
USUAL = {
    "zh-hans": "预警：{{title}}。请在 {{due_at}} 前处理。",
    "en": "Warning: {{title}}. Please act by {{due_at}}.",
}


class WarningClosed(Refusal):
    """Somebody has closed it; what was written there stays."""

    code = "warning_closed"
    status = 409
    sentence = "这条预警已经关闭，不能再改。"


class NotActedOn(Refusal):
    """A true alarm is closed after something was done about it. Source: EXP-8.1.3"""

    code = "not_acted_on"
    status = 409
    sentence = "还没有记录采取的措施。先记录提前介入，再关闭；误报可以直接关闭。"


def raise_warning(
    desk: Desk, version: PackVersion, rule: str, cause: str, about: Mapping[str, Any], *, case: Case | None = None, now: datetime
) -> EarlyWarning | None:  # fmt: skip
    """Raise a warning on a cause and tell those it goes to; None while one on the same cause stands. Source: EXP-8.1.3"""
    if EarlyWarning.objects.filter(desk=desk, rule=rule, cause=cause).exclude(state=EarlyWarning.State.CLOSED).exists():
        return None
    asked = read_version(version.pk).warnings.rules[rule]
    people = _in_order(asked, desk, now)
    try:
        with transaction.atomic():
            warning = _stored(desk, version, rule, cause, about, asked, people, case, now)
    except IntegrityError:
        return None
    _tell(warning, asked, people, now)
    return warning


def _in_order(asked: WarningRule, desk: Desk, now: datetime) -> list[Person]:
    """Whom a warning goes to, the holders of the role that is named first before the others."""
    found: dict[int, Person] = {}
    for role in asked.to:
        for person in sorted(holders_of([role], desk=desk, now=now), key=lambda one: one.pk):
            found.setdefault(person.pk, person)
    return list(found.values())


def _stored(
    desk: Desk, version: PackVersion, rule: str, cause: str, about: Mapping[str, Any], asked: WarningRule, people: list[Person],
    case: Case | None, now: datetime,
) -> EarlyWarning:  # fmt: skip
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.WARNING, key=f"warning:{key}")
    payload = {
        "desk": desk.code,
        "rule": rule,
        "cause": cause,
        "about": dict(about),
        "case": str(case.pk) if case else None,
    }
    append(chain=chain, kind="raise_warning", at=now, recorded_at=now, actor=SYSTEM, payload=payload)
    return EarlyWarning.objects.create(
        id=key, chain=chain, desk=desk, pack=version, rule=rule, cause=cause, about=canonical_json(dict(about)), case=case,
        owner=people[0] if people else None, raised_at=now, react_by=now + timedelta(hours=asked.react_hours),
    )  # fmt: skip


def _tell(warning: EarlyWarning, asked: WarningRule, people: list[Person], now: datetime) -> None:
    pack = read_version(warning.pack_id)
    zone = ZoneInfo(pack.head.zone)
    values, values_en = (
        {"title": asked.title.in_language(language), "due_at": when_in(warning.react_by, zone, language)}
        for language in ("zh-hans", "en")
    )
    notify(
        people, pack=pack, message="warning_raised", values=values, values_en=values_en,
        case_key=str(warning.case_id or ""), case_number=warning.case.number if warning.case else "", now=now,
        unique_key=f"{warning.pk}:raised", usual=USUAL,
    )  # fmt: skip


@transaction.atomic
def take_over_warning(warning: EarlyWarning, *, by: Person, now: datetime) -> EarlyWarning:
    """Make it one's own. Raises WarningClosed."""
    _claim(warning, owner=by)
    _record(warning, "take_over_warning", {"owner": by.actor_id}, {}, by=by, now=now)
    return warning


@transaction.atomic
def act_on_warning(warning: EarlyWarning, text: str, *, by: Person, now: datetime) -> EarlyWarning:
    """Record what was done before it becomes a complaint; a later word adds to the earlier one. Raises WarningClosed, InvalidData."""
    said = _needed(text, "intervention", "采取的措施")
    together = f"{warning.intervention}\n{said}".strip()
    _claim(
        warning, state=EarlyWarning.State.ACTED, acted_at=warning.acted_at or now, intervention=together,
        owner=warning.owner or by,
    )  # fmt: skip
    _record(warning, "act_on_warning", {}, {"intervention": said}, by=by, now=now)
    return warning


@transaction.atomic
def close_warning(
    warning: EarlyWarning, *, outcome: str, is_false_alarm: bool, by: Person, now: datetime
) -> EarlyWarning:
    """Close it with what came of it. Raises WarningClosed, InvalidData, NotActedOn for a true alarm on which nothing was done."""
    said = _needed(outcome, "outcome", "结果")
    if warning.is_open and not is_false_alarm and warning.acted_at is None:
        raise NotActedOn
    _claim(
        warning, state=EarlyWarning.State.CLOSED, closed_at=now, closed_by=by, outcome=said, is_false_alarm=is_false_alarm
    )  # fmt: skip
    _record(warning, "close_warning", {"false_alarm": is_false_alarm}, {"outcome": said}, by=by, now=now)
    return warning


def _claim(warning: EarlyWarning, **changes: Any) -> None:
    still = EarlyWarning.objects.filter(pk=warning.pk).exclude(state=EarlyWarning.State.CLOSED)
    if not still.update(**changes):
        raise WarningClosed
    warning.refresh_from_db()


def _record(
    warning: EarlyWarning,
    kind: str,
    payload: Mapping[str, Any],
    details: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
) -> None:
    append(chain=warning.chain, kind=kind, at=now, recorded_at=now, actor=by.actor_id, payload=payload, details=details)


def _needed(text: str, name: str, title: str) -> str:
    said = checked_text(text, pointer=f"/{name}", field=title, limit=LONGEST)
    if not said:
        raise InvalidData([FieldError(f"/{name}", "required", {"field": title})])
    return said
