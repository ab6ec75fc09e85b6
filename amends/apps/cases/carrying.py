"""Notices carried to where people are: bundled, within their working hours unless the case is urgent; a digest each morning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language, gettext, override

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import visible_proceedings_among
from amends.apps.cases.queries import Viewer, open_cases, visible_among, visible_to
from amends.apps.cases.telling import by_when_in
from amends.apps.messaging.actions import Wording, put_into_outbox
from amends.apps.messaging.models import DepartmentWay, Notice, NoticeWay
from amends.apps.messaging.robots import say
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, calendar_for, pack_in_force
from amends.core.working_time import WorkingCalendar

YOUNG = timedelta(days=2)
"""Older notices are not carried any more: the page has them."""
SHOWN = 10
MESSAGE = "staff_notices"


def ways_waiting(now: datetime) -> QuerySet[NoticeWay]:
    """Ways of people at work here whose notices wait to be carried."""
    fresh = Notice.objects.filter(carried_at=None, acknowledged_at=None, created_at__gte=now - YOUNG)
    return NoticeWay.objects.filter(person__is_active=True, person__in=fresh.values("person")).order_by("pk")


def carry(way: NoticeWay, *, now: datetime) -> int:
    """Carry what waits for a person in one message; returns how many notices it held.

    Outside their working hours, and sooner than they want the next one, only what is about an urgent case is carried.
    Of what they may not see any more nothing is said. Raises what sending raises: then all of it waits on.
    """
    waiting = list(_waiting(way.person, now)[:50])
    viewer = Viewer(person=way.person, now=now)
    keys = visible_among(viewer, [n.case_key for n in waiting if n.case_key])
    begun = visible_proceedings_among(viewer, [n.proceeding_key for n in waiting if n.proceeding_key])
    open_to_them = [n for n in waiting if _is_open(n, keys, begun)]
    if not _may_come_now(way, now):
        urgent = _urgent_among({n.case_key for n in open_to_them if n.case_key})
        open_to_them = [n for n in open_to_them if n.case_key in urgent]
        waiting = open_to_them
    if open_to_them:
        with override(way.person.language):
            text = _bundle(open_to_them)
        _send(way, text, now)
        NoticeWay.objects.filter(pk=way.pk).update(carried_at=now, error="")
    Notice.objects.filter(pk__in=[n.pk for n in waiting]).update(carried_at=now)
    return len(open_to_them)


def department_ways_waiting(now: datetime) -> QuerySet[DepartmentWay]:
    """Common channels of departments whose people have notices that were not said there yet."""
    fresh = Notice.objects.filter(told_department_at=None, created_at__gte=now - YOUNG)
    return DepartmentWay.objects.filter(department__in=fresh.values("person__department")).order_by("pk")


def tell_department(way: DepartmentWay, *, now: datetime) -> int:
    """Say in the common channel of a department, each once, what its people got notices about; returns how much it was.

    Outside working hours, and sooner than they want the next message, only what is about an urgent case is said. What is closed
    to one of them is left out: everybody reads along. Raises what sending raises: then all of it waits on.
    """
    fresh = Notice.objects.filter(person__department=way.department_id, told_department_at=None)
    waiting = list(fresh.filter(created_at__gte=now - YOUNG).order_by("created_at", "pk")[:200])
    said = _open_there(_once_each(waiting), way.department_id)
    if not _may_be_said_now(way, now):
        urgent = _urgent_among({n.case_key for n in said if n.case_key})
        said = [n for n in said if n.case_key in urgent]
        keys = {_event_of(n) for n in said}
        waiting = [n for n in waiting if _event_of(n) in keys]
    if said:
        with override("zh-hans"):
            say(way, _bundle(said))
        DepartmentWay.objects.filter(pk=way.pk).update(carried_at=now, error="")
    Notice.objects.filter(pk__in=[n.pk for n in waiting]).update(told_department_at=now)
    return len(said)


def _event_of(notice: Notice) -> str:
    """What a notice is about: the same for everybody who got it."""
    return notice.unique_key.rpartition(":")[0]


def _once_each(notices: list[Notice]) -> list[Notice]:
    return list({_event_of(notice): notice for notice in reversed(notices)}.values())[::-1]


def _open_there(notices: list[Notice], department: int) -> list[Notice]:
    """Those that may be said where a whole department reads along: nothing of a restricted or confidential reporter's case, of a
    confidential proceeding, or of a case about the department or one of its people."""
    cases = (
        Case.objects.filter(pk__in={n.case_key for n in notices if n.case_key}, restricted_to="", hides_reporter=False)
        .exclude(accused_department=department)
        .exclude(accused_person__department=department)
    )
    begun = Proceeding.objects.filter(pk__in={n.proceeding_key for n in notices if n.proceeding_key}, seen_by="")
    open_cases_there = {str(pk) for pk in cases.values_list("pk", flat=True)}
    open_proceedings = {str(pk) for pk in begun.values_list("pk", flat=True)}
    return [
        n
        for n in notices
        if (not n.case_key or n.case_key in open_cases_there)
        and (not n.proceeding_key or n.proceeding_key in open_proceedings)
    ]


def _may_be_said_now(way: DepartmentWay, now: datetime) -> bool:
    is_soon = way.carried_at is not None and now < way.carried_at + timedelta(minutes=way.every_minutes)
    desks = Desk.objects.filter(memberships__person__department=way.department_id).distinct()
    return not is_soon and any(calendar.is_open_at(now) for calendar in _calendars_of(desks, now))


def _waiting(person: Person, now: datetime) -> QuerySet[Notice]:
    fresh = Notice.objects.filter(person=person, carried_at=None, acknowledged_at=None, created_at__gte=now - YOUNG)
    return fresh.order_by("created_at", "pk")


def _is_open(notice: Notice, cases: Iterable[str], proceedings: Iterable[str]) -> bool:
    if notice.proceeding_key:
        return notice.proceeding_key in proceedings
    return not notice.case_key or notice.case_key in cases


def _may_come_now(way: NoticeWay, now: datetime) -> bool:
    is_soon = way.carried_at is not None and now < way.carried_at + timedelta(minutes=way.every_minutes)
    return not is_soon and any(calendar.is_open_at(now) for calendar in _calendars(way.person, now))


def _calendars(person: Person, now: datetime) -> list[WorkingCalendar]:
    """The usual hours of the desks that somebody works on."""
    return _calendars_of(Desk.objects.filter(memberships__person=person).distinct(), now)


def _calendars_of(desks: Iterable[Desk], now: datetime) -> list[WorkingCalendar]:
    found = []
    for desk in desks:
        try:
            pack = pack_in_force(desk, now)
        except NoPackInForce:
            continue
        found.append(calendar_for(pack, pack.calendar.default))
    return found


def _urgent_among(keys: set[str]) -> set[str]:
    cases = Case.objects.filter(pk__in=keys).select_related("desk")
    return {str(case.pk) for case in cases if case.level in pack_of(case).texting.urgent_levels}


def _bundle(notices: list[Notice]) -> str:
    lines = [gettext("客诉台：%(n)s 条新通知") % {"n": len(notices)}]
    lines += [f"· {_said(notice)}\n  {_address(notice)}" for notice in notices[:SHOWN]]
    if len(notices) > SHOWN:
        more = gettext("另有 %(n)s 条：") % {"n": len(notices) - SHOWN}
        lines.append(f"{more}{settings.BASE_URL}/notices/")
    return "\n".join(lines)


def _said(notice: Notice) -> str:
    return notice.text_en if get_language() == "en" and notice.text_en else notice.text


def _address(notice: Notice) -> str:
    if notice.proceeding_key:
        return f"{settings.BASE_URL}/proceedings/{notice.proceeding_key}/"
    place = f"/cases/{notice.case_number}/" if notice.case_number else notice.place or "/notices/"
    return f"{settings.BASE_URL}{place}"


def _send(way: NoticeWay, text: str, now: datetime) -> None:
    if way.kind != NoticeWay.Kind.EMAIL:
        say(way, text)
        return
    subject, _, body = text.partition("\n")
    put_into_outbox(
        Wording("{{subject}}\n{{body}}", {"subject": subject, "body": body}), message=MESSAGE, channel="email",
        address=way.address, language="zh-hans", case_key="", now=now, not_before=now, is_automatic=True,
        sender_name=urlsplit(settings.BASE_URL).hostname or "",
    )  # fmt: skip


def send_digest(way: NoticeWay, *, now: datetime) -> bool:
    """Tell somebody in the morning of a working day what they handle is due today or overdue; False when there is nothing."""
    working = [c for c in _calendars(way.person, now) if c.is_working(c.local_date(now))]
    if not working:
        return False
    calendar = working[0]
    today = calendar.local_date(now)
    if not way.digest or way.digest_on == today:
        return False
    mine = open_cases(visible_to(Viewer(person=way.person, now=now)).filter(handler=way.person))
    due = mine.filter(due_at__lte=calendar.midnight_after(today))
    counted = due.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    if counted["all"]:
        with override(way.person.language):
            text = _digest(due.order_by("due_at", "pk")[:SHOWN], counted, calendar.tz, now)
        _send(way, text, now)
    NoticeWay.objects.filter(pk=way.pk).update(digest_on=today)
    return bool(counted["all"])


def _digest(first: Iterable[Case], counted: Mapping[str, int], zone: ZoneInfo, now: datetime) -> str:
    """How many there are, and the most urgent with the time by which each is due and the way to it."""
    total, late = counted["all"], counted["late"]
    lines = [gettext("客诉台：今天到期 %(due)s 件，已超时 %(late)s 件") % {"due": total - late, "late": late}]
    for case in first:
        said = (
            gettext("已超时，应于 %(time)s 前办理") if case.due_at and case.due_at < now else gettext("%(time)s 到期")
        )
        due = said % {"time": by_when_in(case.due_at, zone, str(get_language()))}
        lines.append(f"· {case.number} {case.subject[:40]}\n  {due}\n  {settings.BASE_URL}/cases/{case.number}/")
    if total > SHOWN:
        more = gettext("另有 %(n)s 件：") % {"n": total - SHOWN}
        lines.append(f"{more}{settings.BASE_URL}/queue/")
    return "\n".join(lines)
