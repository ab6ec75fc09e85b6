"""Working time: when an office is open, and how much of it lies between two moments.

Moments go in and come out as aware times; results are in UTC. Days, opening hours and closings belong to the
calendar's own zone. Every interval is half-open: a span 09:00 to 18:00 holds 09:00 and does not hold 18:00.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Counts = Literal["from_next_day", "same_day", "next_working_moment"]
Ends = Literal["close_of_business", "midnight", "same_time"]
Roll = Literal["none", "next_working_day"]
Spans = tuple[tuple[int, int], ...]

FIRST_YEAR = 1900
LAST_YEAR = 2300
DAY_SECONDS = 86_400
MOST_KEPT = 20_000
SECOND = 1_000_000
"""Microseconds in a second; all sums are whole microseconds, so nothing is ever rounded."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()


class WorkingTimeError(ValueError):
    """A question about working time that has no answer; the text says why."""


class NaiveTimeError(WorkingTimeError):
    """A time without offset was given where a moment is needed."""


class EmptyCalendarError(WorkingTimeError):
    """The calendar has no opening hours in any week, so no working time would ever pass."""


class OutOfRangeError(WorkingTimeError):
    """The answer lies outside the years that a calendar covers."""


@dataclass(frozen=True, slots=True)
class DayRule:
    """What is special about one date: its own spans (none: closed), of which kind, and what it is called."""

    kind: Literal["holiday", "makeup", "closed", "special_hours"]
    spans: Spans = ()
    name: Mapping[str, str] = field(default_factory=dict)


class Segment(NamedTuple):
    """A stretch of time in an explanation: what was counted in it, and why or why not.

    `counted` is seconds of counted time, or None where whole days are counted; `day` is the number of the
    counted day.
    """

    from_at: dt.datetime
    to_at: dt.datetime
    reason: str
    counted: int | None = None
    day: int | None = None
    params: Mapping[str, object] = {}


class _Table(NamedTuple):
    """Opening hours of some years, laid out for bisection. Microseconds since 1970 in UTC."""

    first_year: int
    last_year: int
    starts: list[int]
    ends: list[int]
    passed: list[int]  # working time before span i; one longer than the spans
    dates: list[int]  # ordinal of the local date that span i belongs to
    days: list[int]  # ordinals of working days


def read_spans(pairs: Iterable[tuple[str, str]]) -> Spans:
    """Return spans like ("09:00", "12:00") as seconds after midnight, in order.

    An end that is not after its start lies on the next day; 24:00 is allowed. Refuses overlap and
    unreadable times.
    """
    spans = []
    for opens, closes in pairs:
        start, end = _seconds_of(opens), _seconds_of(closes)
        if start == DAY_SECONDS:
            raise WorkingTimeError(f"a span cannot start at 24:00: {opens}-{closes}")
        spans.append((start, end if end > start else end + DAY_SECONDS))
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise WorkingTimeError(f"spans overlap: {', '.join('-'.join(pair) for pair in pairs)}")
    return tuple(spans)


def _seconds_of(text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if not (colon and len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise WorkingTimeError(f"not a time of day: {text!r}; write 09:00")
    seconds = int(hours) * 3600 + int(minutes) * 60
    if int(minutes) > 59 or seconds > DAY_SECONDS:
        raise WorkingTimeError(f"not a time of day: {text!r}; write 00:00 to 24:00")
    return seconds


def micros_of(moment: dt.datetime) -> int:
    """Return microseconds since 1970 in UTC. Refuses a time without offset."""
    try:
        passed = moment - _EPOCH
    except TypeError:
        raise NaiveTimeError(f"time without offset: {moment}") from None
    return (passed.days * DAY_SECONDS + passed.seconds) * SECOND + passed.microseconds


def moment_of(micros: int) -> dt.datetime:
    """Return the UTC moment of so many microseconds since 1970."""
    return _EPOCH + dt.timedelta(0, 0, micros)


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """Opening hours of a week in one zone, with the dates that differ.

    `weekly` holds spans for Monday to Sunday. `published_years` are the years whose holidays are known;
    None means that this calendar does not depend on them. `year_end_days` is how many last days of December
    the *next* year's notice may still change. Refuses unknown zones and a week without opening hours.
    """

    weekly: tuple[Spans, ...]
    zone: str
    days: Mapping[dt.date, DayRule] = field(default_factory=dict)
    published_years: frozenset[int] | None = None
    year_end_days: int = 0
    version: str = ""
    tz: ZoneInfo = field(init=False, repr=False)
    _cache: list[_Table] = field(init=False, repr=False, default_factory=list)
    _known: dict[tuple[int, int], int] = field(init=False, repr=False, default_factory=dict)
    _ends: dict[tuple[dt.date, int, Counts, Ends], dt.datetime] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.weekly) != 7:
            raise WorkingTimeError("a week has seven days: give spans for Monday to Sunday")
        if not any(self.weekly):
            raise EmptyCalendarError("the calendar has no opening hours on any day of the week")
        object.__setattr__(self, "tz", _zone(self.zone))

    # -- days --------------------------------------------------------------------------------------

    def spans_on(self, date: dt.date) -> Spans:
        """Return the spans that start on a local date, as seconds after its midnight."""
        rule = self.days.get(date)
        return self.weekly[date.weekday()] if rule is None else rule.spans

    def is_working(self, date: dt.date) -> bool:
        """Tell whether a local date is a working day: at least one span starts on it."""
        return bool(self.spans_on(date))

    def kind_of(self, date: dt.date) -> str:
        """Return working, makeup, weekend, holiday, closed or special_hours."""
        rule = self.days.get(date)
        if rule is not None:
            return rule.kind
        return "working" if self.weekly[date.weekday()] else "weekend"

    def name_of(self, date: dt.date) -> Mapping[str, str]:
        """Return the names of a special date by language; empty for an ordinary one."""
        rule = self.days.get(date)
        return {} if rule is None else rule.name

    def local_date(self, moment: dt.datetime) -> dt.date:
        """Return the date that a moment has in the calendar's zone."""
        return self.local(moment).date()

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Return a moment in the calendar's zone. Refuses a time without offset."""
        if moment.tzinfo is None:
            raise NaiveTimeError(f"time without offset: {moment}")
        return moment.astimezone(self.tz)

    def moment_at(self, date: dt.date, seconds: int) -> dt.datetime:
        """Return the moment so many seconds of wall-clock time after a local midnight.

        A wall time that exists twice means its first occurrence; one that does not exist means the change
        itself.
        """
        return moment_of(self._micros_at(date.toordinal(), seconds))

    def midnight_after(self, date: dt.date) -> dt.datetime:
        """Return the end of a local date, 24:00."""
        return self.moment_at(date, DAY_SECONDS)

    def close_of(self, date: dt.date) -> dt.datetime:
        """Return when business of a local date ends. Refuses a date that is not a working day."""
        spans = self.spans_on(date)
        if not spans:
            raise WorkingTimeError(f"{date} is not a working day")
        return self.moment_at(date, spans[-1][1])

    @property
    def standard_day(self) -> int:
        """Return the working seconds of the first working day of an ordinary week."""
        spans = next(spans for spans in self.weekly if spans)
        return sum(end - start for start, end in spans)

    def leans_on_unpublished_year(self, a: dt.datetime, b: dt.datetime) -> bool:
        """Tell whether the stretch from a to b touches days whose holidays are not yet published."""
        if self.published_years is None:
            return False
        first, last = self.local_date(min(a, b)), self.local_date(max(a, b))
        if any(year not in self.published_years for year in range(first.year, last.year + 1)):
            return True
        tail = dt.date(last.year, 12, 31) - dt.timedelta(self.year_end_days)
        return last > tail and last.year + 1 not in self.published_years

    # -- working time ------------------------------------------------------------------------------

    def add_working_time(self, start: dt.datetime, amount: dt.timedelta | int) -> dt.datetime:
        """Return the earliest moment at which `amount` (seconds or timedelta) of working time has passed.

        Zero returns the start itself. A negative amount looks back: the latest moment from which that much
        working time leads to `start`. Refuses naive times and answers outside the covered years.
        """
        at = micros_of(start)
        todo = amount * SECOND if isinstance(amount, int) else amount // _MICROSECOND
        if todo == 0:
            return moment_of(at)
        table = self._cache[-1] if self._cache else self._table_around(at)
        while True:
            _, _, starts, ends, passed, _, _ = table
            if starts and ends[0] <= at < starts[-1]:
                i = bisect_right(starts, at) - 1
                end = ends[i]
                target = passed[i] + (at if at < end else end) - starts[i] + todo
                if todo > 0 and target <= passed[-1]:
                    j = bisect_left(passed, target, i) - 1
                    return _EPOCH + dt.timedelta(0, 0, starts[j] + target - passed[j])
                if todo < 0 <= target:
                    j = bisect_right(passed, target, 0, i + 1) - 1
                    return _EPOCH + dt.timedelta(0, 0, starts[j] + target - passed[j])
            table = self._widened(at, back=todo < 0, forth=todo > 0)

    def working_time_between(self, a: dt.datetime, b: dt.datetime) -> dt.timedelta:
        """Return the working time from a to b; negative when b is before a."""
        return dt.timedelta(0, 0, self.working_micros_between(a, b))

    def working_micros_between(self, a: dt.datetime, b: dt.datetime) -> int:
        """Return the working time from a to b in microseconds; negative when b is before a."""
        first, last = micros_of(a), micros_of(b)
        table = self._table_around(first, last)
        return _position(table, last) - _position(table, first)

    def working_micros_until(self, moments: Sequence[dt.datetime]) -> list[int]:
        """Return the working time from the first moment to each, in microseconds; negative for one that is before it."""
        all_of = [micros_of(moment) for moment in moments]
        if not all_of:
            return []
        table = self._table_around(*all_of)
        first = _position(table, all_of[0])
        return [_position(table, at) - first for at in all_of]

    def is_open_at(self, moment: dt.datetime) -> bool:
        """Tell whether a moment lies in working time."""
        at = micros_of(moment)
        table = self._table_around(at)
        i = bisect_right(table.starts, at) - 1
        return i >= 0 and at < table.ends[i]

    def next_working_moment(self, moment: dt.datetime) -> dt.datetime:
        """Return the moment itself in working time, else the next opening."""
        at = micros_of(moment)
        table, i = self._span_ending_after(at)
        return moment_of(max(at, table.starts[i]))

    # -- whole days --------------------------------------------------------------------------------

    def add_working_days(
        self,
        start: dt.datetime,
        n: int,
        counts: Counts = "from_next_day",
        ends: Ends = "close_of_business",
    ) -> dt.datetime:
        """Return the end of the n-th working day.

        `counts` says which day is the first: the next working day, the day of start if it is one, or the
        day of the next working moment. `n` = 0 means the same day, or the next working day if that is none
        or already over. Refuses negative n.
        """
        if ends == "same_time" or counts == "next_working_moment":
            return self._end_of(self._last_day(start, n, counts, ends), ends, start)
        # Everything that starts on a day ends at the same moment, unless that is over already.
        asked = (self.local_date(start), n, counts, ends)
        end = self._ends.get(asked)
        if end is None:
            end = self._kept(asked, self._end_of(self.working_day(start, n, counts), ends, start))
        return end if end > start else self._end_of(self._last_day(start, n, counts, ends), ends, start)

    def _kept(self, asked: tuple[dt.date, int, Counts, Ends], end: dt.datetime) -> dt.datetime:
        if len(self._ends) >= MOST_KEPT:
            self._ends.clear()
        self._ends[asked] = end
        return end

    def _last_day(self, start: dt.datetime, n: int, counts: Counts, ends: Ends) -> dt.date:
        day = self.working_day(start, n, counts)
        if self._end_of(day, ends, start) > start:
            return day
        return dt.date.fromordinal(self._nth_day(day.toordinal(), 0, bisect_right))

    def working_day(self, start: dt.datetime, n: int, counts: Counts = "from_next_day") -> dt.date:
        """Return the local date of the n-th working day after start (see `add_working_days`)."""
        if n < 0:
            raise WorkingTimeError(f"cannot count {n} working days forward")
        day = self.local_date(start).toordinal()
        if counts == "next_working_moment":
            table, i = self._span_ending_after(micros_of(start))
            day = table.dates[i]
        find = bisect_right if counts == "from_next_day" and n > 0 else bisect_left
        return dt.date.fromordinal(self._nth_day(day, max(n, 1) - 1, find))

    def shift_working_days(self, moment: dt.datetime, n: int) -> dt.datetime:
        """Return the same wall-clock time n working days later, or earlier for a negative n."""
        local = self.local(moment)
        day = local.toordinal()
        if n > 0:
            day = self._nth_day(day, n - 1, bisect_right)
        elif n < 0:
            day = self._nth_day(day, n, bisect_left)
        return moment_of(self._micros_at(day, _seconds_into(local)) + local.microsecond)

    def add_calendar_days(
        self,
        start: dt.datetime,
        n: int,
        counts: Counts = "from_next_day",
        ends: Ends = "midnight",
        roll: Roll = "none",
    ) -> dt.datetime:
        """Return the end of the n-th calendar day; `same_time` keeps the wall-clock time of the start.

        `roll` moves an end on a day off to the next working day. Close of business needs a working day, so
        there it always rolls. Refuses negative n.
        """
        if n < 0:
            raise WorkingTimeError(f"cannot count {n} days forward")
        counted = n if counts == "from_next_day" else max(n - 1, 0)
        return self.end_of_date(self.local_date(start) + dt.timedelta(counted), ends, roll, start)

    def end_of_date(
        self, date: dt.date, ends: Ends = "midnight", roll: Roll = "none", start: dt.datetime | None = None
    ) -> dt.datetime:
        """Return when a local date ends, rolled to the next working day if asked or needed."""
        day = date.toordinal()
        if roll == "next_working_day" or ends == "close_of_business":
            day = self._nth_day(day, 0, bisect_left)
        return self._end_of(dt.date.fromordinal(day), ends, start)

    def _end_of(self, date: dt.date, ends: Ends, start: dt.datetime | None) -> dt.datetime:
        if ends == "close_of_business":
            return self.close_of(date)
        if ends == "midnight" or start is None:
            return self.midnight_after(date)
        local = self.local(start)
        return moment_of(self._micros_at(date.toordinal(), _seconds_into(local)) + local.microsecond)

    def _nth_day(self, day: int, offset: int, find: Callable[[list[int], int], int]) -> int:
        at = (day - _EPOCH_ORDINAL) * DAY_SECONDS * SECOND
        table = self._table_around(at)
        while True:
            i = find(table.days, day) + offset
            if 0 <= i < len(table.days) and table.first_year <= dt.date.fromordinal(day).year <= table.last_year:
                return table.days[i]
            table = self._widened(at, back=offset < 0, forth=True)

    # -- explanations ------------------------------------------------------------------------------

    def explain_working_time(
        self, start: dt.datetime, amount: dt.timedelta | int
    ) -> tuple[dt.datetime, tuple[Segment, ...]]:
        """Return the end of `add_working_time` and the segments that lead to it (forward amounts only)."""
        end = self.add_working_time(start, amount)
        return end, self.segments_between(start, end)

    def segments_between(self, a: dt.datetime, b: dt.datetime) -> tuple[Segment, ...]:
        """Return the stretches of working time and of none between two moments, in order and without gaps."""
        at, end = micros_of(a), micros_of(b)
        table = self._table_around(at, end)
        i = bisect_right(table.ends, at)
        found: list[Segment] = []
        while at < end:
            opens = table.starts[i] if i < len(table.starts) else end
            if opens > at:
                found += self._closed_segments(at, min(opens, end))
                at = min(opens, end)
                continue
            upto = min(table.ends[i], end)
            counted = upto // SECOND - at // SECOND
            date = dt.date.fromordinal(table.dates[i])
            reason = "makeup_hours" if self.kind_of(date) == "makeup" else "working_hours"
            params = {"name": self.name_of(date)} if reason == "makeup_hours" else {}
            found.append(Segment(moment_of(at), moment_of(upto), reason, counted, None, params))
            at, i = upto, i + 1
        return merged(found)

    def explain_working_days(
        self, start: dt.datetime, n: int, counts: Counts = "from_next_day", ends: Ends = "close_of_business"
    ) -> tuple[dt.datetime, tuple[Segment, ...]]:
        """Return the end of `add_working_days` and a segment for each day or run of days off on the way."""
        due = self.add_working_days(start, n, counts, ends)
        last = self._last_day(start, n, counts, ends)
        first = min(last, last if n == 0 else self.working_day(start, 1, counts))
        found, day, at = [], 0, start
        for date in _dates(self.local_date(start), last):
            upto = due if date == last else self.midnight_after(date)
            if upto > at and date >= first and self.is_working(date):
                day += 1
                found.append(self._day_segment(date, at, upto, day))
            elif at == start:
                found.append(Segment(at, upto, "received_not_counted"))
            else:
                found.append(self._off_segment(date, at, upto))
            at = upto
        return due, merged(found)

    def _day_segment(self, date: dt.date, at: dt.datetime, upto: dt.datetime, day: int) -> Segment:
        kind = self.kind_of(date)
        reason = "makeup_day" if kind == "makeup" else "working_day"
        params = {"name": self.name_of(date)} if kind == "makeup" else {}
        return Segment(at, upto, reason, None, day, params)

    def _off_segment(self, date: dt.date, at: dt.datetime, upto: dt.datetime) -> Segment:
        kind = self.kind_of(date)
        if kind in ("working", "makeup", "special_hours"):
            return Segment(at, upto, "outside_hours", 0)
        params = {} if kind == "weekend" else {"name": self.name_of(date)}
        return Segment(at, upto, kind, 0, None, params)

    def _closed_segments(self, at: int, end: int) -> list[Segment]:
        first, last = self.local_date(moment_of(at)), self.local_date(moment_of(end - 1))
        found = []
        for date in _dates(first, last):
            upto = min(end, self._micros_at(date.toordinal(), DAY_SECONDS))
            found.append(self._off_segment(date, moment_of(at), moment_of(upto)))
            at = upto
        return found

    # -- tables ------------------------------------------------------------------------------------

    def _span_ending_after(self, at: int) -> tuple[_Table, int]:
        table = self._table_around(at)
        while True:
            i = bisect_right(table.ends, at)
            if i < len(table.ends):
                return table, i
            table = self._widened(at, back=False, forth=True)

    def _table_around(self, *moments: int) -> _Table:
        """Return a table with opening hours before and after all the moments."""
        low, high = min(moments), max(moments)
        if self._cache and _holds(self._cache[-1], low, high):
            return self._cache[-1]
        first, last = moment_of(low).year - 1, moment_of(high).year + 1
        if first < FIRST_YEAR or last > LAST_YEAR:
            raise OutOfRangeError(f"the time is not between the years {FIRST_YEAR} and {LAST_YEAR}")
        if self._cache:
            known = self._cache[-1]
            first, last = min(first, known.first_year), max(last, known.last_year)
            if (first, last) == (known.first_year, known.last_year):
                first, last = first - 1, last + 1
        table = self._covering(first, last)
        while not _holds(table, low, high):
            span = table.last_year - table.first_year + 1
            table = self._covering(table.first_year - span, table.last_year + span)
        return table

    def _widened(self, at: int, *, back: bool, forth: bool) -> _Table:
        table = self._table_around(at)
        span = table.last_year - table.first_year + 1
        return self._covering(table.first_year - span * back, table.last_year + span * forth)

    def _covering(self, first: int, last: int) -> _Table:
        wanted = max(first, FIRST_YEAR), min(last, LAST_YEAR)
        if self._cache and (self._cache[-1].first_year, self._cache[-1].last_year) == wanted:
            raise OutOfRangeError(f"the answer is not between the years {FIRST_YEAR} and {LAST_YEAR}")
        table = self._build(*wanted)
        self._cache[:] = [table]
        return table

    def _build(self, first: int, last: int) -> _Table:
        table = _Table(first, last, [], [], [0], [], [])
        latest = None
        for day in range(dt.date(first, 1, 1).toordinal(), dt.date(last, 12, 31).toordinal() + 1):
            spans = self.spans_on(dt.date.fromordinal(day))
            for opens, closes in spans:
                start, end = self._micros_at(day, opens), self._micros_at(day, closes)
                # A night shift may run into the next day's own hours; no minute counts twice.
                start = start if latest is None else max(start, latest)
                if start >= end:
                    continue
                table.starts.append(start)
                table.ends.append(end)
                table.passed.append(table.passed[-1] + end - start)
                table.dates.append(day)
                latest = end
            if spans:
                table.days.append(day)
        return table

    def _micros_at(self, day: int, seconds: int) -> int:
        """Kept: days begin and close at the same few times, and the zone is slow to ask."""
        known = self._known.get((day, seconds))
        if known is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[day, seconds] = self._micros_worked_out(day, seconds)
        return known

    def _micros_worked_out(self, day: int, seconds: int) -> int:
        days, rest = divmod(seconds, DAY_SECONDS)
        day += days
        date = dt.date.fromordinal(day)
        wall = dt.datetime(date.year, date.month, date.day, rest // 3600, rest // 60 % 60, rest % 60, 0, self.tz)
        offset = wall.utcoffset()
        later = wall.replace(fold=1).utcoffset()
        naive = (day - _EPOCH_ORDINAL) * DAY_SECONDS + rest
        if later is None or offset is None or later <= offset:
            return (naive - _whole_seconds(offset)) * SECOND
        return self._change_between(naive - _whole_seconds(later), naive - _whole_seconds(offset)) * SECOND

    def _change_between(self, before: int, after: int) -> int:
        """Return the second of UTC at which the zone's offset changes; a wall time in the gap means this
        moment.
        """
        old = moment_of(before * SECOND).astimezone(self.tz).utcoffset()
        while after - before > 1:
            middle = (before + after) // 2
            if moment_of(middle * SECOND).astimezone(self.tz).utcoffset() == old:
                before = middle
            else:
                after = middle
        return after


_MICROSECOND = dt.timedelta(microseconds=1)


def merged(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments with neighbours of the same uncounted reason joined."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if (
            last
            and not segment.day
            and not segment.counted
            and not last.day
            and not last.counted
            and (
                last.reason,
                last.params,
            )
            == (segment.reason, segment.params)
        ):
            found[-1] = last._replace(to_at=segment.to_at)
        else:
            found.append(segment)
    return tuple(found)


def _holds(table: _Table, low: int, high: int) -> bool:
    return bool(table.starts) and table.ends[0] <= low and high < table.starts[-1]


def _position(table: _Table, at: int) -> int:
    i = bisect_right(table.starts, at) - 1
    return table.passed[i] + min(at, table.ends[i]) - table.starts[i]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WorkingTimeError(f"unknown time zone: {name!r}") from None


def _seconds_into(local: dt.datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second


def _whole_seconds(offset: dt.timedelta | None) -> int:
    return 0 if offset is None else offset.days * DAY_SECONDS + offset.seconds


def _dates(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    for day in range(first.toordinal(), last.toordinal() + 1):
        yield dt.date.fromordinal(day)
