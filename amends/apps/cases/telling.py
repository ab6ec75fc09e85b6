"""Who is told what after a verb: messages of the pack to the complainant, notices to staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from amends.apps.cases.models import Case
from amends.apps.messaging.actions import notify, write_to_outbox
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Department, Person
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import Notice
from amends.core.policy.pack import Pack


def message_values(
    case: Case, facts: CaseFacts, pack: Pack, *, texts: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What placeholders stand for, from the case as it is now."""
    zone = ZoneInfo(pack.head.zone)
    level = pack.grading.axis(pack.grading.level or "") if pack.grading.level else None
    level_title = level.title_of(case.level) if level and case.level else None
    return {
        "number": case.number,
        "case_title": case.subject,
        "state": pack.lifecycle.states[case.state].title.zh_hans,
        "due_at": _when(case.due_at, zone),
        "received_at": _when(case.received_at, zone),
        "complainant_name": case.complainant.name if case.complainant else "",
        "department": case.department.title if case.department else "",
        "handler": case.handler.name if case.handler else "",
        "hotline": pack.head.hotline or "",
        "desk": case.desk.title,
        "level": level_title.zh_hans if level_title else "",
        "round": str(case.round),
        "reason": texts.get("reason") or texts.get("answer_text") or texts.get("result_text") or "",
        "promised_reply_at": _when(_moment(facts.value("promised_reply_at")), zone),
        "link": f"{settings.BASE_URL}/portal/{case.number}/",
        **(extra or {}),
    }


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None


def _when(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y年%m月%d日 %H:%M") if moment else ""


def address_of(case: Case) -> tuple[str, str] | None:
    """How the complainant is reached: (channel, address), e-mail before SMS; None when no address is on file."""
    if case.complainant is None:
        return None
    points = {point.kind: point.value for point in case.complainant.contact_points.all()}
    if "email" in points:
        return "email", points["email"]
    return ("sms", points["phone"]) if "phone" in points else None


def tell_complainant(
    case: Case, messages: Iterable[str], *, facts: CaseFacts, pack: Pack, texts: Mapping[str, str], now: datetime
) -> None:
    """Put the messages into the outbox; a complainant without an address on file reads them in the portal only."""
    messages = list(messages)
    reached = address_of(case) if messages else None
    if reached is None:
        return
    channel, address = reached
    values = message_values(case, facts, pack, texts=texts)
    for message in messages:
        write_to_outbox(
            pack=pack, message=message, channel=channel, address=address, language="zh-hans", values=values,
            case_key=str(case.pk), now=now,
        )  # fmt: skip


def notify_staff(
    case: Case,
    notices: Iterable[Notice],
    *,
    facts: CaseFacts,
    pack: Pack,
    texts: Mapping[str, str],
    now: datetime,
    key: str,
) -> None:
    """Give every holder of the named roles a notice, once for the event (`key`)."""
    for notice in notices:
        people = people_in_roles(case, notice.to, pack=pack, now=now)
        values = message_values(case, facts, pack, texts=texts)
        notify(
            people, pack=pack, message=notice.message, values=values, case_key=str(case.pk), case_number=case.number,
            now=now, unique_key=f"{key}:{notice.message}",
        )  # fmt: skip


def people_in_roles(case: Case, roles: Iterable[str], *, pack: Pack, now: datetime) -> list[Person]:
    """The people whom roles mean on this case; the party complained about is left out."""
    found: dict[int, Person] = {}
    for name in roles:
        role = pack.roles.roles.get(name)
        if role is None:
            continue
        if role.counts == "handler":
            people = [case.handler] if case.handler else []
        elif role.counts in ("department", "superior"):
            people = holders_of(
                [name], desk=case.desk, now=now, within=_units(case, superior=role.counts == "superior")
            )
        elif role.counts == "asked":
            asked = [unit for row in case.asked.select_related("department") for unit in _line_of(row.department)]
            people = holders_of([name], desk=case.desk, now=now, within=asked)
        else:
            people = holders_of([name], desk=case.desk, now=now)
        found.update({p.pk: p for p in people if p.pk != case.accused_person_id})
    return list(found.values())


def _units(case: Case, *, superior: bool) -> list[int]:
    if case.department is None:
        return []
    line = _line_of(case.department)
    if superior:
        return line[:-1]
    return [*line, case.team_id] if case.team_id else line


def _line_of(department: Department) -> list[int]:
    """The ids from the root down to the department."""
    return [int(part) for part in department.path.split(".") if part]
