"""Why a clock is due when it is: its segments in sentences, in Simplified Chinese or English."""

import datetime as dt
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from amends.core.clocks import ClockReading
from amends.core.policy.clock_rules import ClockRule, Limit
from amends.core.working_time import Segment

WEEKDAYS = {
    "zh-Hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = {
    "Asia/Shanghai": {"zh-Hans": "北京时间", "en": "Beijing time"},
    "Asia/Hong_Kong": {"zh-Hans": "香港时间", "en": "Hong Kong time"},
    "Asia/Taipei": {"zh-Hans": "台北时间", "en": "Taipei time"},
    "UTC": {"zh-Hans": "协调世界时", "en": "UTC"},
}
UNITS = {
    "minutes": {"zh-Hans": "{n} 分钟", "en": "{n} minutes"},
    "hours": {"zh-Hans": "{n} 小时", "en": "{n} hours"},
    "working_hours": {"zh-Hans": "{n} 个工作小时", "en": "{n} working hours"},
    "working_days": {"zh-Hans": "{n} 个工作日", "en": "{n} working days"},
    "calendar_days": {"zh-Hans": "{n} 个自然日", "en": "{n} calendar days"},
}
WORDS = {
    "zh-Hans": {
        "same_day": "当天",
        "unset": "只计时，不设时限",
        "unknown": "时限待定",
        "fixed": "以约定时间为准",
        "by_day": "{month}{day} 日前",
        "through_day": "{month}{day} 日（含）前",
        "this_month": "当月 ",
        "next_month": "次月 ",
        "months_on": "{n} 个月后的 ",
        "received_not_counted": "收到，当日不计",
        "started_not_counted": "开始，当日不计",
        "working_day": "第 {day} 个工作日",
        "makeup_day": "第 {day} 个工作日（调休上班）",
        "holiday": "{name}放假，不计",
        "closed": "{name}，不计",
        "closed_unnamed": "休息，不计",
        "weekend": "休息日，不计",
        "outside_hours": "非工作时间，不计",
        "working_hours": "计 {time}",
        "makeup_hours": "计 {time}（调休上班）",
        "elapsed": "计 {time}",
        "measured": "已用 {time}",
        "calendar_days": "计 {days} 个自然日",
        "rolled": "遇休息日，顺延至下一个工作日",
        "promised": "承诺的时间",
        "fixed_date": "约定的时间",
        "month_day": "每月固定日期",
        "set_outside": "外部给定的期限更早，以它为准",
        "paused": "暂停（{reason}），不计",
        "closed_meanwhile": "结案期间",
        "carried_over": "暂停后顺延 {time}",
        "extended": "批准延期",
        "late": "已超时 {time}",
        "due": "{what}，到期",
        "due_close": "{what}下班时到期",
        "due_midnight": "{what}结束时到期",
        "original": "原定 {at} 到期",
        "stopped": "计时结束",
        "provisional": "放假安排尚未公布的年份只按周末计算，到期时间为暂定。",
        "zone": "以上为{zone}。",
        "colon": "：",
        "clauses": "（{clauses}）",
        "and": "、",
        "unnamed_zone": "{zone} 当地时间",
    },
    "en": {
        "same_day": "the same day",
        "unset": "measured only, no limit",
        "unknown": "limit not yet known",
        "fixed": "the agreed time",
        "by_day": "before day {day} {month}",
        "through_day": "by day {day} {month}",
        "this_month": "of the same month",
        "next_month": "of the next month",
        "months_on": "{n} months ahead",
        "received_not_counted": "received; this day is not counted",
        "started_not_counted": "started; this day is not counted",
        "working_day": "working day {day}",
        "makeup_day": "working day {day} (make-up working day)",
        "holiday": "{name}, not counted",
        "closed": "{name}, not counted",
        "closed_unnamed": "closed, not counted",
        "weekend": "days off, not counted",
        "outside_hours": "outside working hours, not counted",
        "working_hours": "{time} counted",
        "makeup_hours": "{time} counted (make-up working day)",
        "elapsed": "{time} counted",
        "measured": "{time} so far",
        "calendar_days": "{days} calendar days counted",
        "rolled": "a day off: moved to the next working day",
        "promised": "the promised time",
        "fixed_date": "the agreed time",
        "month_day": "a fixed day of the month",
        "set_outside": "a deadline set from outside is earlier and governs",
        "paused": "paused ({reason}), not counted",
        "closed_meanwhile": "the case was closed",
        "carried_over": "{time} carried over from the pause",
        "extended": "extension granted",
        "late": "{time} late",
        "due": "{what}; due",
        "due_close": "{what}; due at close of business",
        "due_midnight": "{what}; due at the end of the day",
        "original": "originally due {at}",
        "stopped": "the clock stops",
        "provisional": "Holidays of a year not yet published: only weekends are counted there, so this is provisional.",
        "zone": "All times are {zone}.",
        "colon": ": ",
        "clauses": " ({clauses})",
        "and": ", ",
        "unnamed_zone": "{zone} time",
    },
}


class ExplainedRow(NamedTuple):
    """One row of an explanation: when, and what."""

    when: str
    what: str


def explain(
    reading: ClockReading,
    language: str,
    *,
    rule: ClockRule,
    words: Mapping[str, str] | None = None,
    name_zone: bool = False,
) -> list[str]:
    """Return the lines that say why a clock is due when it is; the two columns are aligned.

    `language` is zh-Hans or en. `words` gives the pack's words for choices and pause reasons. `name_zone` adds the
    zone, as customers need it. The reading must have been made with segments.
    """
    rows = explained_rows(reading, language, rule=rule, words=words)
    width = max((_width(row.when) for row in rows), default=0)
    lines = [heading(reading, language, rule=rule, words=words)]
    lines += [f"{row.when}{' ' * (width - _width(row.when))}  {row.what}" for row in rows]
    say = WORDS[language]
    if reading.provisional:
        lines.append(say["provisional"])
    if name_zone:
        lines.append(say["zone"].format(zone=zone_name(reading.zone, language)))
    return lines


def heading(reading: ClockReading, language: str, *, rule: ClockRule, words: Mapping[str, str] | None = None) -> str:
    """Return the first line: clock, choice, limit, clauses."""
    say = WORDS[language]
    choice = (words or {}).get(reading.choice or "", "")
    limit = limit_in_words(reading.limit, language)
    clauses = say["clauses"].format(clauses=say["and"].join(reading.clause)) if reading.clause else ""
    return f"{_named(rule.title, language)}{say['colon']}{f'{choice} ' if choice else ''}{limit}{clauses}"


def explained_rows(
    reading: ClockReading, language: str, *, rule: ClockRule, words: Mapping[str, str] | None = None
) -> list[ExplainedRow]:
    """Return one row a segment, in the calendar's zone; the one that ends at the due date says so."""
    tell = _Teller(reading, language, rule, words or {})
    return [tell.row(segment) for segment in reading.segments]


def limit_in_words(limit: Limit | None, language: str) -> str:
    """Return a limit as people say it: 3 个工作日, 3 working days."""
    say = WORDS[language]
    if limit is None or limit.shape == "by":
        return say["unknown"]
    if limit.unset or limit.blank:
        return say["unset"]
    if limit.month_day is not None:
        months = {0: "this_month", 1: "next_month"}.get(limit.months, "months_on")
        shape = "through_day" if limit.inclusive else "by_day"
        return say[shape].format(day=limit.month_day, month=say[months].format(n=limit.months))
    if not limit.is_amount:
        return say["fixed"]
    number = getattr(limit, limit.shape)
    if number == 0:
        return say["same_day"]
    text = UNITS[limit.shape][language].format(n=number)
    return text[:-1] if language == "en" and number == 1 else text


def zone_name(zone: str, language: str) -> str:
    """Return a zone as customers know it, with its identifier."""
    known = ZONES.get(zone)
    if known is None:
        return WORDS[language]["unnamed_zone"].format(zone=zone)
    return f"{known[language]}（{zone}）" if language != "en" else f"{known[language]} ({zone})"


def duration_in_words(seconds: int, language: str) -> str:
    """Return a duration in hours and minutes; seconds are counted and not said."""
    if 0 < seconds < 60:
        return "less than 1 min" if language == "en" else "不到 1 分钟"
    hours, minutes = divmod(seconds // 60, 60)
    parts = [(hours, "小时", "h"), (minutes, "分钟", "min")]
    given = [part for part in parts if part[0]] or [parts[1]]
    return " ".join(f"{n} {english if language == 'en' else chinese}" for n, chinese, english in given)


class _Teller:
    """Turns segments into rows of one language and zone."""

    def __init__(self, reading: ClockReading, language: str, rule: ClockRule, words: Mapping[str, str]) -> None:
        self.reading = reading
        self.language = language
        self.rule = rule
        self.words = words
        self.say = WORDS[language]
        self.zone = ZoneInfo(reading.zone)
        self.year = reading.started_at.astimezone(self.zone).year

    def row(self, segment: Segment) -> ExplainedRow:
        """Return when and what of one segment."""
        return ExplainedRow(self._when(segment), self._what(segment))

    def _what(self, segment: Segment) -> str:
        what = self._plain_what(segment)
        if segment.to_at != self.reading.due_at or segment.reason == "late":
            return what
        limit = self.reading.limit
        if limit is not None and limit.working_days is not None and segment.day:
            ends = self.rule.ends or "close_of_business"
            how = {"close_of_business": "due_close", "midnight": "due_midnight"}.get(ends, "due")
            return self.say[how].format(what=what)
        return self.say["due"].format(what=what)

    def _plain_what(self, segment: Segment) -> str:
        reason = segment.reason
        name = _named(segment.params.get("name"), self.language)
        if reason == "received_not_counted" and not self.reading.starts_case:
            reason = "started_not_counted"
        if reason == "closed" and not name:
            reason = "closed_unnamed"
        paused_for = str(segment.params.get("reason", ""))
        return self.say[reason].format(
            day=segment.day,
            name=name,
            time=duration_in_words(segment.counted or 0, self.language),
            days=segment.params.get("days"),
            reason=self.words.get(paused_for) or self.say.get(paused_for, paused_for),
        )

    def _when(self, segment: Segment) -> str:
        start, end = segment.from_at.astimezone(self.zone), segment.to_at.astimezone(self.zone)
        if segment.reason == "received_not_counted":
            return self._at(start)
        if segment.to_at == self.reading.due_at and (segment.day or segment.counted is None):
            return self._at(end, closing=True)
        if _is_midnight(start) and _is_midnight(end):
            return self._days(start.date(), end.date() - dt.timedelta(1))
        last = end - dt.timedelta(microseconds=1)
        if start.date() == last.date():
            return f"{self._at(start)} – {_clock(end, closing=True)}"
        return f"{self._at(start)} – {self._at(end, closing=True)}"

    def _days(self, first: dt.date, last: dt.date) -> str:
        if first >= last:
            return f"{self._date(first)} {self._weekday(first)}"
        if self.language == "en":
            return f"{self._date(first)} – {self._date(last)}"
        same_month = (first.year, first.month) == (last.year, last.month)
        return f"{self._date(first)} – {f'{last.day}日' if same_month else self._date(last)}"

    def _at(self, local: dt.datetime, *, closing: bool = False) -> str:
        """Return date, weekday and time; as the end of something, midnight is 24:00 of the day before."""
        date = local.date()
        if closing and _is_midnight(local):
            date -= dt.timedelta(1)
        return f"{self._date(date)} {self._weekday(date)} {_clock(local, closing=closing)}"

    def _date(self, date: dt.date) -> str:
        if self.language == "en":
            year = "" if date.year == self.year else f" {date.year}"
            return f"{date.day} {MONTHS[date.month - 1]}{year}"
        return f"{'' if date.year == self.year else f'{date.year}年'}{date.month}月{date.day}日"

    def _weekday(self, date: dt.date) -> str:
        return WEEKDAYS[self.language][date.weekday()]


def _is_midnight(local: dt.datetime) -> bool:
    return local.time() == dt.time()


def _clock(local: dt.datetime, *, closing: bool = False) -> str:
    if closing and _is_midnight(local):
        return "24:00"
    return local.strftime("%H:%M")


def _named(names: object, language: str) -> str:
    if not isinstance(names, Mapping):
        return str(names or "")
    return str(names.get(language) or names.get("zh-Hans") or next(iter(names.values()), ""))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
