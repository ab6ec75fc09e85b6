"""Where a case stands, in a customer's words: the steps passed and to come, what comes next, and by when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.promises import limits_shown
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import events_of
from amends.core.ends import last_day, last_minute
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.pack import Pack
from amends.core.process_map import way_of_case
from amends.core.roles import complainant_roles
from amends.doors.wording import day_words, in_words, language, words

ZONES = {
    "Asia/Shanghai": gettext_noop("北京时间"),
    "Asia/Hong_Kong": gettext_noop("香港时间"),
    "Asia/Macau": gettext_noop("澳门时间"),
    "Asia/Taipei": gettext_noop("台北时间"),
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of a stage: what happens now, what comes next."""

    now: str
    next: str


RECEIVED = Saying(gettext_noop("我们已收到，正在核对"), gettext_noop("工作人员会尽快看完您写的，确定由哪个部门负责。"))
ACCEPTED = Saying(gettext_noop("已经受理"), gettext_noop("工作人员可能会联系您，核对情况和诉求。"))
ASSIGNED = Saying(gettext_noop("已经受理，正在安排负责的部门"), gettext_noop("负责的部门接手后，开始调查处理。"))
INVESTIGATED = Saying(gettext_noop("负责的部门正在调查处理"), gettext_noop("查清情况后，我们会给出处理办法并答复您。"))
PLANNED = Saying(gettext_noop("正在准备给您的答复"), gettext_noop("我们会把处理结果告诉您，您可以接受，也可以不接受。"))
YOUR_TURN = Saying(
    gettext_noop("我们已答复，等您确认"),
    gettext_noop("请看我们的答复，告诉我们您是否接受。不接受时请说明理由，我们会继续处理。"),
)
CARRIED_OUT = Saying(gettext_noop("正在落实处理结果"), gettext_noop("落实之后，我们会再与您确认。"))
FINISHING = Saying(gettext_noop("处理已经完成，正在收尾"), gettext_noop("还需要补充的，现在仍可以告诉我们。"))
FOLLOWED = Saying(gettext_noop("处理已经完成，正在听取您的意见"), gettext_noop("欢迎告诉我们您是否满意。"))
OVER = gettext_noop("这件事已经办完。如果还有问题，请拨打服务热线。")
OVER_BY = {
    "mark_duplicate": gettext_noop("这件事与另一件是同一件，已合在一起处理。想知道进展，请看另一件，或拨打服务热线。"),
    "withdraw": gettext_noop("这件事已经撤回，不再处理。如果仍需要处理，请拨打服务热线。"),
    "decline": gettext_noop("这件事没有受理。如果有疑问，请拨打服务热线。"),
    "transfer": gettext_noop("这件事已移交给有权处理的单位。如果有疑问，请拨打服务热线。"),
}
"""What is said of a case that ended in another way than by being dealt with, by the verb that ended it."""

BY_STAGE = {
    "7.2": RECEIVED,
    "7.3": ACCEPTED,
    "7.4": ACCEPTED,
    "7.5": ASSIGNED,
    "7.6": INVESTIGATED,
    "7.7": PLANNED,
    "7.8": CARRIED_OUT,
    "7.9": FINISHING,
}
LATE = gettext_noop("原定 %(at)s 前的期限已经过了，我们正在加紧处理，对不起让您久等。")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way in a customer's words. `at` is when it began; `times` says that it is done once more."""

    title: str
    at: str = ""
    is_past: bool = False
    is_now: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence with its time. `is_past` admits that the time is over; `is_yours` that it is the customer's."""

    sentence: str
    is_past: bool
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything a status page says: no names, no texts, no files."""

    headline: str
    next: str
    is_over: bool
    is_your_turn: bool
    steps: list[Step]
    promises: list[Promise]
    received: str
    zone: str
    round: int


def progress_of(case: Case, pack: Pack, *, now: datetime, events: Sequence[Event] | None = None) -> Progress:
    """Where the case stands and what comes next, with the zone of its times named."""
    state = pack.lifecycle.states[case.state]
    is_over = not case.is_open
    your_turn = state.category == "waiting" and _waits_for_customer(pack, state.waits_for)
    saying = YOUR_TURN if your_turn else BY_STAGE.get(state.stage, FOLLOWED)
    happened = list(events if events is not None else events_of(case.chain))
    zone = ZoneInfo(pack.head.zone)
    return Progress(
        headline=step_title(pack, case.state) if is_over else in_words(saying.now),
        next=in_words(_ended(happened)) if is_over else in_words(saying.next),
        is_over=is_over,
        is_your_turn=your_turn,
        steps=_steps(case, pack, zone, happened),
        promises=_promises(case, pack, zone, now),
        received=in_full(case.received_at, zone),
        zone=zone_words(pack.head.zone),
        round=case.round,
    )


def _ended(events: Sequence[Event]) -> str:
    """What is said of a case that is over: by which verb it ended, whether its file was archived since or not."""
    moves = (e.kind for e in reversed(events) if e.data.get("to") != e.data.get("from") and e.kind != "archive")
    return OVER_BY.get(next(moves, ""), OVER)


def _waits_for_customer(pack: Pack, waits_for: str | None) -> bool:
    return waits_for is not None and (waits_for == "complainant" or waits_for in complainant_roles(pack))


def step_title(pack: Pack, state: str) -> str:
    """The step under which customers see a state."""
    found = pack.lifecycle.states[state]
    return words(found.told_as or found.title)


# The steps


def _steps(case: Case, pack: Pack, zone: ZoneInfo, events: Iterable[Event]) -> list[Step]:
    """Those passed, with the moment they began; the present one; and those to come on the way that the facts point at."""
    moved = [(event.data["to"], event) for event in events if event.data.get("to") in pack.lifecycle.states]
    passed: list[tuple[str, datetime]] = []
    for state, event in moved:
        title = step_title(pack, state)
        if not passed or passed[-1][0] != title:
            passed.append((title, event.at))
    found, times = [], Counter[str]()
    for n, (title, at) in enumerate(passed, start=1):
        times[title] += 1
        is_now = n == len(passed)
        is_past = not is_now or not case.is_open
        found.append(Step(title, in_full(at, zone), is_past=is_past, is_now=is_now, times=times[title]))
    states = [state for state, event in moved if event.data.get("cycle", 1) == case.cycle]
    return found + [Step(title) for title in _to_come(case, pack, states, found[-1].title if found else "")]


def _to_come(case: Case, pack: Pack, passed: list[str], now: str) -> list[str]:
    if not case.is_open or not passed:
        return []
    ahead = way_of_case(pack, facts_of(case), passed).ahead
    return [title for title in dict.fromkeys(step_title(pack, state) for state in ahead) if title != now]


# The promises


def _promises(case: Case, pack: Pack, zone: ZoneInfo, now: datetime) -> list[Promise]:
    """The limits that the pack shows to complainants and that run now, the nearest first."""
    if not case.is_open:
        return []
    return [
        Promise(_promise(rule, due, zone, now), due <= now, row.provisional)
        for rule, row, due in limits_shown(case, pack)
    ]


def _promise(rule: ClockRule, due: datetime, zone: ZoneInfo, now: datetime) -> str:
    at = by_when(due, zone, now=now)
    if due <= now:
        return (in_words(LATE) % {"at": at}).replace("） ", "）")
    if rule.told_as:
        sentence = words(rule.told_as).replace("{{due_at}}", at)
        # Full-width brackets bring their own room.
        return sentence.replace("） ", "）")
    return gettext("%(title)s：%(at)s 前") % {"title": words(rule.title), "at": at}


def by_when(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """A limit as a promise names it: 11月30日（周一）18:00（北京时间）. The year stands only where it is another one."""
    last, clock = last_day(moment, zone), last_minute(moment, zone)
    other_year = last.year != now.astimezone(zone).year
    place = zone_words(zone.key)
    if language() == "en":
        return f"{clock} ({place}) on {day_words(last, year=other_year)}"
    day, _, weekday = day_words(last, year=other_year).rpartition(" ")
    return f"{day}（{weekday}）{clock}（{place}）"


def zone_words(name: str) -> str:
    """The name of a zone as people call it."""
    return in_words(ZONES[name]) if name in ZONES else gettext("%(zone)s 时间") % {"zone": name.replace("_", " ")}


def in_full(moment: datetime, zone: ZoneInfo) -> str:
    """A moment with its year and weekday: a customer may read it months later, or on paper."""
    local = moment.astimezone(zone)
    return f"{day_words(local, year=True)} {local:%H:%M}"
