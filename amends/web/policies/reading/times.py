"""Time limits and opening hours in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext

from amends.core.policy.clock_rules import STEP, ClockRule, HoursRule, LadderStep, Limit
from amends.core.policy.pack import Pack
from amends.doors.wording import WEEKDAYS, day_words, in_words, language, listed
from amends.web.policies.reading.names import Names, amount, of_amount, titled
from amends.web.policies.reading.saying import Saying

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One line of the table of limits: for which cases, and by when."""

    whom: str
    limit: str


def clocks(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every clock of a case."""
    yield from clocks_in("clocks", "", pack.clocks, names)


def clocks_in(part: str, prefix: str, rules: Iterable[ClockRule], names: Names) -> Iterator[Saying]:
    """Clocks with their limits, what starts and stops them, and their reminders."""
    for rule in rules:
        clauses = tuple(
            dict.fromkeys(
                [
                    *rule.clause,
                    *(c for leaf in rule.limit.leaves() for c in leaf.clause),
                    *(c for step in rule.ladder for c in step.clause),
                ]
            )
        )
        yield Saying(part, f"{prefix}clock:{rule.id}", titled(rule.title), tuple(_of_clock(rule, names)), clauses)


def _of_clock(rule: ClockRule, names: Names) -> Iterator[str]:
    for line in limit_lines(rule, names):
        yield (
            gettext("%(whom)s：%(limit)s。") % {"whom": line.whom, "limit": line.limit}
            if line.whom
            else line.limit + gettext("。")
        )
    yield gettext("%(starts)s时开始计时，%(stops)s时停止。") % {
        "starts": starts(rule, names),
        "stops": stops(rule, names),
    }
    if said := applies(rule, names):
        yield gettext("适用于：%(when)s。") % {"when": said}
    if said := pauses(rule, names):
        yield said
    if rule.no_later_than is not None:
        yield gettext("最迟不超过“%(field)s”：两个期限中较早的一个决定提醒。") % {
            "field": names.fact(rule.no_later_than)
        }
    if rule.kind == "statutory":
        yield gettext("属于法定期限，不能暂停。")
    if rule.extend is not None:
        yield gettext("可以申请延期 %(times)s 次。") % {"times": rule.extend.times}
    for step in rule.ladder:
        yield reminder(step, names)


def limit_lines(rule: ClockRule, names: Names) -> list[LimitLine]:
    """The limit, or one line for each value that has its own."""
    return list(_lines(rule, rule.limit, "", names))


def _lines(rule: ClockRule, limit: Limit, whom: str, names: Names) -> Iterator[LimitLine]:
    for faster in limit.faster:
        yield from _lines(rule, faster.limit, gettext("“%(flag)s”的") % {"flag": names.fact(faster.flag)}, names)
    if limit.by is None:
        yield LimitLine(whom or (gettext("其他") if limit.faster else ""), _in_full(rule, limit, names))
        return
    for value, inner in limit.table.items():
        yield from _lines(rule, inner, _value(limit.by, value, names), names)
    if limit.otherwise is not None:
        yield from _lines(rule, limit.otherwise, gettext("其他"), names)


def _value(fact: str, value: str, names: Names) -> str:
    plain: dict[str, bool] = {"true": True, "false": False}
    return names.value(fact, plain.get(value, value))


def _in_full(rule: ClockRule, limit: Limit, names: Names) -> str:
    """A limit with how it is counted: `3 个工作日，收到次日起算，到期日下班时`."""
    said = [names.limit(limit)]
    if limit.shape in ("working_days", "calendar_days"):
        said.append(_counted(rule))
    if end := _ending(rule, limit):
        said.append(end)
    if limit.shape == "calendar_days" and rule.roll == "next_working_day":
        said.append(gettext("遇休息日顺延到下一个工作日"))
    return gettext("，").join(said)


def _counted(rule: ClockRule) -> str:
    counted = {
        "from_next_day": gettext("次日起算"), "same_day": gettext("当日起算"),
        "next_working_moment": gettext("从下一个工作时刻起算"),
    }  # fmt: skip
    return counted[rule.counts]


def _ending(rule: ClockRule, limit: Limit) -> str:
    usual = {"working_days": "close_of_business", "calendar_days": "midnight", "month_day": "midnight"}
    ends = rule.ends or usual.get(limit.shape)
    if limit.shape in ("minutes", "hours", "working_hours", "unset", "blank") or ends is None:
        return ""
    said = {
        "close_of_business": gettext("到期日下班时"), "midnight": gettext("到期日 24 时"),
        "same_time": gettext("到期日同一时刻"),
    }  # fmt: skip
    return said[ends]


def starts(rule: ClockRule, names: Names) -> str:
    return gettext("或").join(names.trigger(trigger) for trigger in rule.start)


def stops(rule: ClockRule, names: Names) -> str:
    return gettext("或").join(names.trigger(trigger) for trigger in rule.stop) or gettext("办结")


def applies(rule: ClockRule, names: Names) -> str:
    """For which cases the clock runs; empty for all."""
    return names.condition(rule.when) if rule.when else ""


def pauses(rule: ClockRule, names: Names) -> str:
    if rule.pause is None:
        return ""
    reasons = listed(names.value("pause_reason", reason) for reason in rule.pause.reasons)
    said = gettext("因%(reasons)s可以暂停计时") % {"reasons": reasons}
    if rule.pause.in_:
        said += gettext("（限“%(states)s”环节）") % {"states": listed(names.state(name) for name in rule.pause.in_)}
    if rule.pause.cap.total is not None:
        said += gettext("，累计最多 %(most)s") % {"most": of_amount(rule.pause.cap.total)}
    return said + gettext("。")


def reminder(step: LadderStep, names: Names) -> str:
    """One reminder in words."""
    params = {"at": _moment(step.at), "who": names.roles(step.tell)}
    said = gettext("%(at)s，提醒%(who)s") % params if step.tell else params["at"]
    return said + (gettext("，并标为超时") if step.marks == "late" else "") + gettext("。")


def _moment(at: str) -> str:
    found = STEP.match(at)
    if found is None:
        return at
    if found["percent"]:
        return (
            gettext("到期时")
            if found["percent"] == "100"
            else gettext("用去时限的 %(percent)s%%") % {"percent": found["percent"]}
        )
    units = {"m": "minutes", "min": "minutes", "h": "hours", "hour": "hours", "minute": "minutes"}
    unit = found["unit"]
    unit = units.get(unit, unit if unit.endswith("s") else unit + "s")
    span = {"span": amount(unit, int(found["amount"]))}
    return (gettext("到期前 %(span)s") if found["sign"] == "-" else gettext("超过 %(span)s后")) % span


def calendar(pack: Pack, names: Names) -> Iterator[Saying]:
    """Opening hours by name."""
    for name, hours in pack.calendar.hours.items():
        title = titled(hours.title) or name
        clauses = tuple(pack.calendar.clause) if name == pack.calendar.default else ()
        yield Saying(
            "calendar",
            f"hours:{name}",
            title,
            tuple(_of_hours(hours, is_default=name == pack.calendar.default)),
            clauses,
        )


def _of_hours(hours: HoursRule, *, is_default: bool) -> Iterator[str]:
    for days, spans in _runs(hours):
        yield gettext("%(days)s：%(spans)s。") % {"days": days, "spans": spans or gettext("休息")}
    yield gettext("法定节假日休息。") if hours.holidays == "observe" else gettext("法定节假日照常。")
    if hours.makeup:
        yield gettext("调休上班日：%(spans)s。") % {"spans": _spans(hours.makeup)}
    for day in hours.days:
        said = gettext("休息") if day.closed else _spans(day.hours)
        yield gettext("%(day)s：%(said)s。") % {
            "day": f"{day_words(day.date, year=True)} {titled(day.title)}".strip(),
            "said": said,
        }
    if is_default:
        yield gettext("没有另外写明的时限按它计算。")


def _runs(hours: HoursRule) -> Iterator[tuple[str, str]]:
    """Days with the same hours together, from Monday on."""
    begin = 0
    for n in range(1, 8):
        if n < 7 and hours.week.get(DAYS[n], ()) == hours.week.get(DAYS[begin], ()):
            continue
        first, last = _day(begin), _day(n - 1)
        days = first if begin == n - 1 else gettext("%(first)s至%(last)s") % {"first": first, "last": last}
        yield days, _spans(hours.week.get(DAYS[begin], ()))
        begin = n


def _day(n: int) -> str:
    return DAYS[n].capitalize() if language() == "en" else in_words(WEEKDAYS[n])


def _spans(spans: Iterable[tuple[str, str]]) -> str:
    return listed(f"{begin}–{end}" for begin, end in spans)
