"""Where a case stands, in a customer's words: what is being done, what comes next, and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.models import Case
from amends.core.policy.pack import Pack
from amends.doors.wording import day_words, in_words, words
from amends.web.portal.desks import complainant_roles

STEPS = (gettext_noop("已收到"), gettext_noop("调查处理"), gettext_noop("答复与落实"), gettext_noop("办结"))

ZONES = {
    "Asia/Shanghai": gettext_noop("北京时间"),
    "Asia/Hong_Kong": gettext_noop("香港时间"),
    "Asia/Macau": gettext_noop("澳门时间"),
    "Asia/Taipei": gettext_noop("台北时间"),
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of a stage: the step it belongs to, what happens now, what comes next."""

    step: int
    now: str
    next: str


RECEIVED = Saying(
    0, gettext_noop("我们已收到，正在核对"), gettext_noop("工作人员会尽快看完您的反映，确定由哪个部门负责。")
)
ACCEPTED = Saying(0, gettext_noop("已经受理"), gettext_noop("工作人员可能会联系您，核对情况和诉求。"))
ASSIGNED = Saying(0, gettext_noop("已经受理，正在安排负责的部门"), gettext_noop("负责的部门接手后，开始调查处理。"))
INVESTIGATED = Saying(
    1, gettext_noop("负责的部门正在调查处理"), gettext_noop("查清情况后，我们会给出处理方案并答复您。")
)
PLANNED = Saying(
    2, gettext_noop("正在准备给您的答复"), gettext_noop("我们会把处理结果告诉您，您可以接受，也可以不接受。")
)
YOUR_TURN = Saying(
    2,
    gettext_noop("我们已答复，等您确认"),
    gettext_noop("请看我们的答复，告诉我们您是否接受。不接受时请说明理由，我们会继续处理。"),
)
CARRIED_OUT = Saying(2, gettext_noop("正在落实处理结果"), gettext_noop("落实之后，我们会再与您确认。"))
FINISHING = Saying(2, gettext_noop("处理已经完成，正在收尾"), gettext_noop("还需要补充的，现在仍可以告诉我们。"))
FOLLOWED = Saying(2, gettext_noop("处理已经完成，正在听取您的意见"), gettext_noop("欢迎告诉我们您是否满意。"))
OVER = gettext_noop("这件事已经办完。如果还有问题，请拨打服务热线。")

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


@dataclass(frozen=True, slots=True)
class Due:
    """A time by which something happens. `is_past` admits that it did not."""

    title: str
    at: str
    is_past: bool
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything a status page says: no names, no texts, no files."""

    headline: str
    next: str
    step: int
    is_over: bool
    is_your_turn: bool
    steps: list[str]
    due: list[Due]
    received: str
    zone: str
    round: int


def progress_of(case: Case, pack: Pack, *, now: datetime) -> Progress:
    """Where the case stands and what comes next, with the zone of its times named."""
    state = pack.lifecycle.states[case.state]
    is_over = not case.is_open
    your_turn = state.category == "waiting" and _waits_for_customer(pack, state.waits_for)
    saying = YOUR_TURN if your_turn else BY_STAGE.get(state.stage, FOLLOWED)
    zone = ZoneInfo(pack.head.zone)
    return Progress(
        headline=words(state.title) if is_over else in_words(saying.now),
        next=in_words(OVER) if is_over else in_words(saying.next),
        step=len(STEPS) - 1 if is_over else saying.step,
        is_over=is_over,
        is_your_turn=your_turn,
        steps=[in_words(step) for step in STEPS],
        due=_due(case, pack, zone, now),
        received=in_full(case.received_at, zone),
        zone=zone_words(pack.head.zone),
        round=case.round,
    )


def _waits_for_customer(pack: Pack, waits_for: str | None) -> bool:
    return waits_for is not None and (waits_for == "complainant" or waits_for in complainant_roles(pack))


def _due(case: Case, pack: Pack, zone: ZoneInfo, now: datetime) -> list[Due]:
    """The limits that the pack shows to complainants and that run now, the nearest first."""
    roles = complainant_roles(pack)
    shown = {rule.id: rule for rule in pack.clocks if set(rule.shown_to) & roles}
    running = [(row.due_at, row) for row in case.clocks.all() if row.rule in shown and row.stopped_at is None]
    dated = [(due_at, row) for due_at, row in running if due_at is not None and case.is_open]
    return [
        Due(words(shown[row.rule].title), in_full(due_at, zone), due_at <= now, row.provisional)
        for due_at, row in sorted(dated, key=lambda found: found[0])
    ]


def zone_words(name: str) -> str:
    """The name of a zone as people call it."""
    return in_words(ZONES[name]) if name in ZONES else gettext("%(zone)s 时间") % {"zone": name.replace("_", " ")}


def in_full(moment: datetime, zone: ZoneInfo) -> str:
    """A moment with its year and weekday: a customer may read it months later, or on paper."""
    local = moment.astimezone(zone)
    return f"{day_words(local, year=True)} {local:%H:%M}"
