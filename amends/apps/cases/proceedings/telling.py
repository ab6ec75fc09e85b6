"""Who is told what after a step of a proceeding: staff by role, the complainant of its case by a message of the pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Involved, Proceeding
from amends.apps.cases.telling import (
    by_when_in,
    message_values,
    people_in_roles,
    signature_of,
    tell_complainant,
    title_in,
)
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Department, Person
from amends.core.decision import Decision
from amends.core.policy.lifecycle import Notice
from amends.core.policy.pack import Pack


def values_of_proceeding(
    proceeding: Proceeding, pack: Pack, *, reason: str = "", extra: Mapping[str, str] | None = None,
    language: str = "zh-hans",
) -> dict[str, str]:  # fmt: skip
    """What placeholders stand for: those of the case, and what the proceeding is, its number, subject, state and due time."""
    case = proceeding.case
    kind = pack.proceedings[proceeding.kind]
    of_case = message_values(case, facts_of(case), pack, reason=reason, language=language) if case else {}
    state = kind.states.get(proceeding.state)
    return {
        "number": proceeding.number,
        "case_title": proceeding.subject,
        "desk": signature_of(proceeding.desk, pack, language),
        "reason": reason,
        **of_case,
        "proceeding": title_in(kind.title, language),
        "proceeding_number": proceeding.number,
        "proceeding_title": proceeding.subject,
        "proceeding_state": title_in(state.title, language) if state else "",
        "proceeding_due_at": by_when_in(proceeding.due_at, ZoneInfo(pack.head.zone), language),
        **(extra or {}),
    }


def people_of_roles(proceeding: Proceeding, roles: Iterable[str], *, pack: Pack, now: datetime) -> list[Person]:
    """The people whom roles mean in this proceeding: those it names and the departments it asks, else as on its case or desk."""
    found: dict[int, Person] = {}
    for name in roles:
        role = pack.roles.roles.get(name)
        if role is None:
            continue
        if role.counts in ("named", "asked"):
            people = _people_involved(proceeding, name, now)
        elif role.counts == "handler" and proceeding.handler is not None:
            people = [proceeding.handler]
        elif proceeding.case is not None:
            people = people_in_roles(proceeding.case, [name], pack=pack, now=now)
        else:
            people = holders_of([name], desk=proceeding.desk, now=now, within=_units(role.counts, proceeding))
        found.update({person.pk: person for person in people if person.is_active})
    return list(found.values())


def _people_involved(proceeding: Proceeding, role: str, now: datetime) -> list[Person]:
    rows = Involved.objects.filter(proceeding=proceeding, role=role).select_related("person", "department")
    people = [row.person for row in rows if row.person is not None]
    units = [unit for row in rows if row.department is not None for unit in _line_of(row.department)]
    return [*people, *(holders_of([role], desk=proceeding.desk, now=now, within=units) if units else [])]


def _units(counts: str, proceeding: Proceeding) -> list[int] | None:
    if counts not in ("department", "superior"):
        return None
    line = _line_of(proceeding.department) if proceeding.department else []
    return line[:-1] if counts == "superior" else line


def _line_of(department: Department) -> list[int]:
    return [int(part) for part in department.path.split(".") if part]


def notify_of_proceeding(
    proceeding: Proceeding, notices: Iterable[Notice], *, pack: Pack, now: datetime, key: str, step: Decision | None = None,
    extra: Mapping[str, str] | None = None, extra_en: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Give every holder of the named roles a notice that leads to the proceeding, once for the event (`key`).

    It says the reason of the `step` where all of them may read that.
    """
    for notice in notices:
        people = people_of_roles(proceeding, notice.to, pack=pack, now=now)
        reason = step.reason_for(notice.to) if step else ""
        notify(
            people, pack=pack, message=notice.message,
            values=values_of_proceeding(proceeding, pack, reason=reason, extra=extra),
            values_en=values_of_proceeding(proceeding, pack, reason=reason, extra=extra_en or extra, language="en"),
            case_key=str(proceeding.case_id or ""), case_number=proceeding.case.number if proceeding.case else "",
            proceeding_key=str(proceeding.pk), now=now, unique_key=f"{key}:{notice.message}", usual=USUAL,
            desk=proceeding.desk,
        )  # fmt: skip


USUAL = {
    "zh-hans": "{{proceeding}}（{{proceeding_number}}）{{proceeding_title}}：{{proceeding_state}}，请您处理。",
    "en": "{{proceeding}} ({{proceeding_number}}) {{proceeding_title}}: {{proceeding_state}}. Please look at it.",
}
"""What people read where the policy has no words of its own for a step."""


def tell_complainant_of(
    proceeding: Proceeding, messages: Iterable[str], *, case: Case, pack: Pack, reason: str, now: datetime
) -> None:
    """Messages of the pack to the complainant of the case, with the proceeding's placeholders beside those of the case."""
    extra = {
        language: values_of_proceeding(proceeding, pack, reason=reason, language=language)
        for language in ("zh-hans", "en")
    }
    tell_complainant(case, messages, facts=facts_of(case), pack=pack, now=now, reason=reason, extra=extra)
