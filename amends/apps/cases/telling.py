"""Who is told what after a verb: messages of the pack to the complainant, notices to staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import addresses_of, is_verified, new_link
from amends.apps.cases.promises import limits_shown, promised_at
from amends.apps.cases.queries import is_closed_to
from amends.apps.messaging.actions import Automatic, Written, mentions, notify, sender_name_of, write_to_outbox
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk
from amends.apps.policies.traditional import traditional
from amends.core.clock_fold import EXTENSION
from amends.core.decision import Decision
from amends.core.ends import last_day, last_minute
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.lifecycle import Notice
from amends.core.policy.pack import Pack
from amends.core.policy.wording import DUE_OF
from amends.core.roles import complainant_roles

LANGUAGE = "zh-hans"
"""Of messages, unless the complainant chose another when they complained."""

LATER = Title.model_validate({"zh-Hans": "另行通知的时间", "en": "a date we will tell you"})
"""Stands for the limit in a message while none runs that complainants are shown."""


def message_values(
    case: Case,
    facts: CaseFacts,
    pack: Pack,
    *,
    reason: str = "",
    extra: Mapping[str, str] | None = None,
    language: str = LANGUAGE,
    to_stranger: bool = False,
) -> dict[str, str]:
    """What placeholders stand for, from the case as it is now.

    With `to_stranger` nothing that the submitter typed is among them: the address may be somebody else's.
    """
    zone = ZoneInfo(pack.head.zone)
    level = pack.grading.axis(pack.grading.level or "") if pack.grading.level else None
    level_title = level.title_of(case.level) if level and case.level else None
    values = {
        "number": case.number,
        "case_title": case.subject,
        "state": title_in(pack.lifecycle.states[case.state].title, language),
        "due_at": by_when_in(case.due_at, zone, language),
        "received_at": when_in(case.received_at, zone, language),
        "complainant_name": case.complainant.name if case.complainant else "",
        "department": title_in(case.department.called, language) if case.department else "",
        "handler": case.handler.name if case.handler else "",
        "hotline": pack.head.hotline or "",
        "desk": signature_of(case.desk, pack, language),
        "level": title_in(level_title, language) if level_title else "",
        "round": str(case.round),
        "reason": reason,
        "promised_reply_at": by_when_in(_moment(facts.value("promised_reply_at")), zone, language),
        "extended_until": by_when_in(_extended(facts), zone, language),
        "link": f"{settings.BASE_URL}/portal/",
        **(extra or {}),
    }
    return {**values, **_in_place_of_typed(case, pack, language)} if to_stranger else values


def _promised(case: Case, pack: Pack, now: datetime, language: str) -> str:
    """Until when complainants may count on something, in words that fit into a sentence also while no limit is promised."""
    due = promised_at(case, pack, now=now)
    return by_when_in(due, ZoneInfo(pack.head.zone), language) if due else title_in(LATER, language)


def _limits_by_clock(case: Case, pack: Pack, now: datetime, language: str) -> dict[str, str]:
    """`due_at:<clock>` of every clock that complainants are shown, in words also while it does not run or is over."""
    zone, roles = ZoneInfo(pack.head.zone), complainant_roles(pack)
    found = {f"{DUE_OF}{rule.id}": title_in(LATER, language) for rule in pack.clocks if set(rule.shown_to) & roles}
    for rule, _, due in reversed([shown for shown in limits_shown(case, pack) if shown[2] > now]):
        found[f"{DUE_OF}{rule.id}"] = by_when_in(due, zone, language)
    return found


def _in_place_of_typed(case: Case, pack: Pack, language: str) -> dict[str, str]:
    kind = title_in(pack.channels.kinds[case.kind].title, language)
    return {"complainant_name": "customer" if language == "en" else "客户", "case_title": kind, "reason": ""}


def _extended(facts: CaseFacts) -> datetime | None:
    """The due date that was last granted."""
    given = facts.value(EXTENSION)
    return _moment(given["due_at"]) if given else None


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None


def by_when_in(due: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Until when, as messages write it: what is due at midnight is due by 24:00 of the day before."""
    return "" if due is None else _written(last_day(due, zone), last_minute(due, zone), language)


def day_in(day: date, language: str) -> str:
    """A day as messages write it."""
    return f"{day.day} {day:%B %Y}" if language == "en" else f"{day.year}年{day.month}月{day.day}日"


def when_in(moment: datetime | None, zone: ZoneInfo, language: str) -> str:
    """A moment as messages write it, in the zone given; empty when there is none."""
    local = moment.astimezone(zone) if moment else None
    return "" if local is None else _written(local.date(), f"{local:%H:%M}", language)


def _written(day: date, clock: str, language: str) -> str:
    return f"{day_in(day, language)}, {clock}" if language == "en" else f"{day_in(day, language)} {clock}"


def title_in(title: Title, language: str) -> str:
    """A wording in the language of a message; Traditional Chinese is derived where the pack does not bring it."""
    return traditional(title.zh_hans) if language == "zh-hant" and not title.zh_hant else title.in_language(language)


def signature_of(desk: Desk, pack: Pack, language: str) -> str:
    """Who signs what leaves the house: the company, or else the desk."""
    return sender_name_of(pack, language) or title_in(desk.called, language)


def address_of(case: Case) -> tuple[str, str] | None:
    """How the complainant is reached: (channel, address), e-mail before SMS; None when no address is on file."""
    return next(iter(addresses_of(case)), None)


def tell_complainant(
    case: Case,
    messages: Iterable[str],
    *,
    facts: CaseFacts,
    pack: Pack,
    now: datetime,
    reason: str = "",
    to_stranger: bool = False,
    extra: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Put the messages into the outbox; a complainant without an address on file reads them in the portal only.

    A message that mentions the link carries a private link of its own. `to_stranger` says that the message answers
    by itself what somebody outside sent: then the limits of automatic mail hold. `extra` brings further placeholders by
    language. `due_at` is the nearest limit that complainants are shown; limits within the house are not told.
    """
    messages = list(messages)
    reached = address_of(case) if messages else None
    if reached is None:
        return
    channel, address = reached
    language = language_of(facts)
    automatic = Automatic(to_verified_address=is_verified(address)) if to_stranger else None
    unverified = automatic is not None and not automatic.to_verified_address
    values = values_for_complainant(case, facts, pack, now=now, reason=reason, to_stranger=unverified)
    values = {**(extra or {}).get("en" if language == "en" else LANGUAGE, {}), **values}
    for message in messages:
        put_to_complainant(
            case, message, channel=channel, address=address, values=values, pack=pack, language=language, now=now,
            automatic=automatic,
        )  # fmt: skip


def language_of(facts: CaseFacts) -> str:
    """The language in which the complainant is written to."""
    return str(facts.value("language") or LANGUAGE)


def values_for_complainant(
    case: Case, facts: CaseFacts, pack: Pack, *, now: datetime, reason: str = "", to_stranger: bool = False
) -> dict[str, str]:
    """What placeholders stand for in messages to the complainant: limits within the house are not among them."""
    language = language_of(facts)
    values = message_values(case, facts, pack, reason=reason, language=language, to_stranger=to_stranger)
    values["due_at"] = _promised(case, pack, now, language)
    return values | _limits_by_clock(case, pack, now, language)


def put_to_complainant(
    case: Case, message: str, *, channel: str, address: str, values: Mapping[str, str], pack: Pack, language: str, now: datetime,
    automatic: Automatic | None = None, written: Written | None = None,
) -> None:  # fmt: skip
    """Put one message into the outbox, with a private link of its own where it mentions one."""
    has_link = mentions(pack, message, channel, language, "link", case.desk)
    write_to_outbox(
        pack=pack, message=message, channel=channel, address=address, language=language, values=values,
        secrets={"link": new_link(case, now=now)} if has_link else {}, automatic=automatic, written=written,
        case_key=str(case.pk), now=now, desk=case.desk,
    )  # fmt: skip


def notify_staff(
    case: Case,
    notices: Iterable[Notice],
    *,
    facts: CaseFacts,
    pack: Pack,
    now: datetime,
    key: str,
    step: Decision | None = None,
) -> None:
    """Give every holder of the named roles a notice, once for the event (`key`); it says the reason of the `step` where all may read that."""
    for notice in notices:
        people = people_in_roles(case, notice.to, pack=pack, now=now)
        own = {"complainant_name": ""} if case.hides_reporter else {}
        reason = step.reason_for(notice.to) if step else ""
        notify(
            people, pack=pack, message=notice.message,
            values=message_values(case, facts, pack, reason=reason, extra=own),
            values_en=message_values(case, facts, pack, reason=reason, extra=own, language="en"),
            case_key=str(case.pk),
            case_number=case.number, now=now, unique_key=f"{key}:{notice.message}", desk=case.desk,
        )  # fmt: skip


def people_in_roles(case: Case, roles: Iterable[str], *, pack: Pack, now: datetime) -> list[Person]:
    """The people whom roles mean on this case; the party complained about and whoever the case is closed to are left out.

    Who sees the whole desk is told wherever the case lies, also after it went on to another department.
    """
    found: dict[int, Person] = {}
    is_guarded = bool(case.restricted_to or case.hides_from_accused or case.accused_department_id)
    for name in roles:
        role = pack.roles.roles.get(name)
        if role is None:
            continue
        if role.counts == "handler":
            people = [case.handler] if case.handler else []
        elif role.counts in ("department", "superior") and role.sees != "desk":
            people = holders_of(
                [name], desk=case.desk, now=now, within=_units(case, superior=role.counts == "superior")
            )
        elif role.counts == "asked":
            asked = [unit for row in case.asked.select_related("department") for unit in _line_of(row.department)]
            people = holders_of([name], desk=case.desk, now=now, within=asked)
        else:
            people = holders_of([name], desk=case.desk, now=now)
        told = [p for p in people if not is_guarded or not is_closed_to(p, case, pack, {name})]
        found.update({p.pk: p for p in told if p.pk != case.accused_person_id})
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
