"""The one query layer: every figure of every page, export and document comes from here, so that two places never disagree.

A figure and the list of cases behind it are the same filter over the rows of figures, within what the viewer may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db.models import Count, F, Model, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncQuarter, TruncWeek, TruncYear

from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.conditions import ALWAYS, Asking, filter_of, within
from amends.apps.reporting.models import BusinessVolume, CaseFact
from amends.core.indicators import Result, Tally, Verdict, result_of
from amends.core.periods import Period
from amends.core.policy.base import Title
from amends.core.policy.conditions import Condition
from amends.core.policy.kpis import LENGTHS, Indicator, Kpis
from amends.core.policy.lifecycle import RESTING
from amends.core.refusals import FieldError, InvalidData

DIMENSIONS = {
    "department": "department_id", "team": "team_id", "handler": "handler_id", "partner": "partner_id",
    "category": "category_top", "category_path": "category", "cause": "cause", "product": "product",
    "product_version": "product_version", "region": "region", "channel": "channel", "channel_group": "channel_group",
    "kind": "kind", "level": "level", "urgent": "urgent", "outcome": "outcome", "state": "state", "pack": "pack__version",
    "counts": "counts", "taken_over": "taken_over", "restricted": "restricted",
}  # fmt: skip
"""What figures are grouped and filtered by, and the column in which it stands."""

NUMBERED = {
    "department": "责任部门", "team": "班组", "handler": "处理人", "partner": "合作方", "pack": "制度版本",
}  # fmt: skip
"""Dimensions that are kept as numbers, with their names for a refusal."""
TRUE_OR_FALSE = frozenset({"urgent", "counts", "taken_over", "restricted"})
SPANS_OF_TIME = {"day": None, "week": TruncWeek, "month": TruncMonth, "quarter": TruncQuarter, "year": TruncYear}
"""What figures are grouped by along the days of the moment that the indicator goes by."""

MOMENTS = {
    "received": "received_on", "responded": "responded_on", "told": "told_on", "resolved": "resolved_on", "due": "limit_due_on",
    "closed": "closed_on", "stopped": "limit_stopped_on",
}  # fmt: skip
"""The day by which a case belongs into a period; `stopped`, when its limits came to their end, is for the overview alone."""

NOWHERE = Q(pk__in=[])
LARGEST_NUMBER = 2**31 - 1
"""Of a department, a person, a partner or a version."""


@dataclass(frozen=True, slots=True)
class WholeDesk:
    """Reads all cases of a desk at a moment, whoever may see them: for documents, which are the same for everybody who may read them, and
    for whoever has a right to figures about people and none to cases. Only counts leave; the cases behind them are shown as far as they are
    visible.
    """

    now: datetime


Reader = Viewer | WholeDesk

Part = Literal["all", "counted", "rest", "open"]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the indicator of a desk over a period, split `by` dimensions or spans of time, of the cases that all `filters` leave.

    A filter on `category` takes everything below it; None stands for what is not known; of several values in a tuple any will do.
    """

    desk: Desk
    indicator: Indicator
    period: Period
    by: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of an indicator for one group of cases. `open` are cases that have not come to the moment or the measure yet."""

    question: Question
    group: Key
    result: Result
    open: int = 0

    @property
    def has_value(self) -> bool:
        return self.result.verdict is not Verdict.NOT_APPLICABLE


def kpis_of(desk: Desk, viewer: Reader) -> Kpis:
    """The indicators of the policy in force on a desk."""
    return pack_in_force(desk, viewer.now).kpis


def figure(viewer: Reader, question: Question) -> Figure:
    """The figure of an indicator without any grouping, over the cases that the viewer may see."""
    whole = replace(question, by=())
    return figures(viewer, whole)[0]


def figures(viewer: Reader, question: Question) -> list[Figure]:
    """The figures of an indicator by group, in the order of the groups; a fixed number of queries whatever the number of cases.

    Groups without any case have no figure; without grouping there is always one, not applicable where nothing was counted. Raises InvalidData for an unknown dimension or a value that can not be one.
    """
    return many_figures(viewer, [question])[0]


def many_figures(viewer: Reader, questions: Sequence[Question]) -> list[list[Figure]]:
    """The figures of several questions about one desk, of the same filters, in their order; each is as if it were asked alone.

    The rows are read once for all that are split alike: one query, and one for every median, percentile and business volume.
    """
    alike: dict[Key, list[int]] = {}
    for place, question in enumerate(questions):
        alike.setdefault(tuple(grouped(question).items()), []).append(place)
    found: list[list[Figure]] = [[] for _ in questions]
    for places in alike.values():
        asked = [questions[place] for place in places]
        for place, counted in zip(places, _counted_at_once(viewer, asked), strict=True):
            found[place] = _made(viewer, questions[place], *counted)
    return found


def _made(viewer: Reader, question: Question, found: dict[Key, Tally], waiting: dict[Key, int]) -> list[Figure]:
    volumes = _volumes(question) if question.indicator.kind == "per_volume" else {}
    keys = sorted({*found, *waiting} or ({()} if not question.by else set()), key=_sortable)
    return [
        Figure(question, key, _result(viewer, question, key, found.get(key, Tally()), volumes), waiting.get(key, 0)) for key in keys
    ]  # fmt: skip


def cases_behind(
    viewer: Reader, question: Question, *, group: Key | None = None, part: Part = "all"
) -> QuerySet[CaseFact]:
    """The rows behind a figure: as many as it says. `counted` are those in the numerator, `rest` the others, `open` those without a value yet."""
    rows = _open_rows(viewer, question) if part == "open" else _population(viewer, question)
    if group is not None:
        rows = rows.filter(_in_group(question, group))
    counted = _counted(viewer, question)
    if part == "counted":
        return rows.filter(counted)
    return rows.filter(~counted) if part == "rest" else rows


def counts_behind(viewer: Reader, question: Question, *, group: Key | None = None) -> dict[Part, int]:
    """How many cases each part of a figure has, as `cases_behind` lists them; one query. A part that the figure does not have is left out."""
    rows = _within_sight(viewer, question)
    if group is not None:
        rows = rows.filter(_in_group(question, group))
    meant, counted = _is_meant(viewer, question), _counted(viewer, question)
    here = meant & _is_of_period(question)
    sums: dict[Part, Q] = {"all": here}
    if question.indicator.kind in DIVIDED:
        sums |= {"counted": here & counted, "rest": here & ~counted}
    if _has_open(question):
        sums["open"] = meant & _is_open(question)
    found = rows.aggregate(**{f"part_{name}": Count("pk", filter=one) for name, one in sums.items()})
    return {name: found[f"part_{name}"] for name in sums}


def counted_by(
    viewer: Reader, desk: Desk, period: Period, *, by: Sequence[str], filters: Mapping[str, Any] | None = None, day: str = "received"
) -> dict[Key, int]:  # fmt: skip
    """How many visible cases came (or were resolved, closed) in a period, by any combination of dimensions and spans of time; one query.

    What is not known has a group of its own, so that the cells add up to the total. Source: REP-2.3.1, REP-3.3.1
    """
    question = Question(desk, counting(day), period, tuple(by), filters or {})
    return {one.group: one.result.numerator for one in figures(viewer, question) if one.result.numerator}


COMPLAINTS: dict[str, Any] = {"fact": "counts", "is": True}
STILL_OPEN: dict[str, Any] = {
    "all": [{"fact": "closed", "is": False}, {"fact": "state_category", "not_in": [*RESTING]}]
}
"""Not closed, and in a state that is not an end: old cases come in at their end, some without the day on which they ended."""


def counting(day: str, population: Mapping[str, Any] | None = None) -> Indicator:
    """An indicator that only counts the cases of a period by one of their days."""
    return Indicator.model_validate(
        {"id": "cases", "title": {"zh-Hans": "件数", "en": "cases"}, "kind": "count", "by": day, "population": population, "unit": "cases", "digits": 0, "direction": "none"}
    )  # fmt: skip


def _of_the_house(name: str, day: str, title: tuple[str, str], *conditions: Mapping[str, Any]) -> Indicator:
    made = counting(day, {"all": [COMPLAINTS, *conditions]})
    return made.model_copy(update={"id": name, "title": Title.model_validate({"zh-Hans": title[0], "en": title[1]})})


OWN = {
    one.id: one
    for one in (
        _of_the_house("_received", "received", ("受理的投诉", "complaints received")),
        _of_the_house("_closed", "closed", ("办结的投诉", "complaints closed")),
        _of_the_house("_open", "received", ("未结的投诉", "open complaints"), STILL_OPEN),
        _of_the_house("_overdue", "received", ("逾期未结的投诉", "open and overdue complaints"), STILL_OPEN, {"fact": "overdue", "is": True}),
    )
}  # fmt: skip
"""Counts that every desk has, whatever indicators its policy names; no id of a policy begins with an underscore."""


OWN["_all"] = counting("received").model_copy(update={"id": "_all"})


def _share_of_the_house(name: str, title: tuple[str, str], says: tuple[str, str], **more: Any) -> Indicator:
    made = _of_the_house(name, "received", title)
    said = Title.model_validate({"zh-Hans": says[0], "en": says[1]})
    return made.model_copy(update={"kind": "share", "unit": "percent", "digits": 1, "says": said, **more})


OWN |= {
    one.id: one
    for one in (
        _share_of_the_house(
            "_timeliness", ("按期办结率", "closed in time"),
            ("时限在这段时间内停止的投诉中，没有超过时限的；时限还在走的不计。", "Of the complaints whose limits stopped in the period, those that were in time; running limits do not count."),
            by="stopped", counted=Condition.model_validate({"fact": "in_time", "is": True}),
        ),
        _share_of_the_house(
            "_satisfaction", ("满意度", "satisfaction"),
            ("这段时间受理的投诉：客户评价为满意、不满意，或还没有评价。", "The complaints received in the period: rated as satisfied, as not satisfied, or not rated yet."),
            of="score", counted=Condition.model_validate({"fact": "satisfied", "is": True}),
        ),
    )
}  # fmt: skip


def indicator_of(kpis: Kpis, name: str) -> Indicator | None:
    """The indicator of that id: one of the policy, or a count that every desk has."""
    return kpis.indicator(name) or OWN.get(name)


# The rows that a figure is about


def _within_sight(viewer: Reader, question: Question) -> QuerySet[CaseFact]:
    """The cases of the desk that the reader sees, as far as the filters leave them."""
    rows = CaseFact.objects.filter(desk=question.desk)
    if isinstance(viewer, Viewer):
        rows = rows.filter(case__in=visible_to(viewer, on=question.desk.pk).values("pk"))
    for name, value in question.filters.items():
        rows = rows.filter(_equals(name, value))
    return rows.order_by()


def _is_meant(viewer: Reader, question: Question) -> Q:
    """Which cases the indicator is about, at whatever time."""
    asking, indicator = _asking(viewer, question), question.indicator
    meant = filter_of(indicator.population, asking)
    return meant & ~filter_of(indicator.exclude, asking) if indicator.exclude else meant


def _is_in_period(question: Question) -> Q:
    day, period = _day(question), question.period
    return Q(**{f"{day}__gte": period.first, f"{day}__lte": period.last})


def _is_of_period(question: Question) -> Q:
    """Cases of the period that have the measure which the figure is about, where it is about one."""
    here = _is_in_period(question)
    return here & Q(**{f"{_measure(question.indicator)}__isnull": False}) if question.indicator.of else here


def _is_open(question: Question) -> Q:
    """Cases of the period that have no value yet: received by its end and not come to the moment, or without the measure."""
    if question.indicator.by == "received":
        return _is_in_period(question) & Q(**{f"{_measure(question.indicator)}__isnull": True})
    return Q(**{f"{_day(question)}__isnull": True, "received_on__lte": question.period.last})


def _population(viewer: Reader, question: Question) -> QuerySet[CaseFact]:
    return _within_sight(viewer, question).filter(_is_of_period(question) & _is_meant(viewer, question))


def _open_rows(viewer: Reader, question: Question) -> QuerySet[CaseFact]:
    return _within_sight(viewer, question).filter(_is_open(question) & _is_meant(viewer, question))


def _counted(viewer: Reader, question: Question) -> Q:
    """Which cases of the population make the numerator."""
    indicator = question.indicator
    if indicator.kind in COUNTED:
        return filter_of(indicator.counted, _asking(viewer, question))
    return Q(**{f"{_measure(indicator)}__isnull": False})


def _asking(viewer: Reader, question: Question) -> Asking:
    return Asking(viewer.now, kpis_of(question.desk, viewer).reads.repeats)


def _day(question: Question) -> str:
    return MOMENTS[question.indicator.by]


def _measure(indicator: Indicator) -> str:
    """The column of what an indicator measures."""
    name = indicator.of or ""
    if name in LENGTHS:
        return f"{name}_work_seconds" if indicator.working else f"{name}_seconds"
    return "compensation_minor" if name == "compensation" else name


# Groups


def _equals(name: str, value: Any) -> Q:
    if name not in DIMENSIONS:
        raise InvalidData([FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(DIMENSIONS)})])
    if isinstance(value, tuple):
        return reduce(or_, (_equals(name, one) for one in value), NOWHERE)
    column = DIMENSIONS[name]
    if name in TRUE_OR_FALSE:
        return Q(**{column: str(value).lower() in ("true", "yes", "1")})
    if value in (None, ""):
        return Q(**{f"{column}__isnull": True}) if name in NUMBERED else Q(**{column: ""})
    if name in NUMBERED:
        return Q(**{column: _number(name, value)})
    return within("category", str(value)) if name == "category" else Q(**{column: value})


def _number(name: str, value: Any) -> int:
    try:
        number = int(value.pk if isinstance(value, Model) else value)
    except (TypeError, ValueError):
        number = -1
    # A database refuses a longer number with an error of its own.
    if not 0 <= number <= LARGEST_NUMBER:
        raise InvalidData([FieldError(f"/{name}", "wrong_type", {"field": NUMBERED[name]})])
    return number


def grouped(question: Question) -> dict[str, Any]:
    """The expression of every group, under a name that no column has."""
    found: dict[str, Any] = {}
    for place, name in enumerate(question.by):
        if name in SPANS_OF_TIME:
            cut = SPANS_OF_TIME[name]
            found[f"group_{place}"] = cut(_day(question)) if cut else F(_day(question))
        elif name in DIMENSIONS:
            found[f"group_{place}"] = F(DIMENSIONS[name])
        else:
            allowed = [*DIMENSIONS, *SPANS_OF_TIME]
            raise InvalidData([FieldError("/by", "unknown_filter", {"name": name[:60], "allowed": allowed})])
    return found


def _in_group(question: Question, group: Key) -> Q:
    found = ALWAYS
    for name, value in zip(question.by, group, strict=True):
        if name in SPANS_OF_TIME:
            span = _span(name, value)
            found &= Q(**{f"{_day(question)}__gte": span.first, f"{_day(question)}__lte": span.last})
        elif name == "category":
            found &= Q(category_top=value or "")
        else:
            found &= _equals(name, value)
    return found


def _span(name: str, first: date) -> Period:
    months = {"month": 1, "quarter": 3, "year": 12}.get(name)
    if months is None:
        return Period(first, date.fromordinal(first.toordinal() + (6 if name == "week" else 0)))
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return Period(first, date.fromordinal(date(year, month + 1, 1).toordinal() - 1))


def _sortable(key: Key) -> tuple[tuple[bool, Any], ...]:
    """What is not known stands last."""
    return tuple((value in (None, ""), "" if value is None else value) for value in key)


# Counting


COUNTED = frozenset({"share", "count", "per_volume"})
DIVIDED = frozenset({"share", "per_volume"})
RANKED = frozenset({"median", "percentile"})


def _counted_at_once(viewer: Reader, asked: Sequence[Question]) -> list[tuple[dict[Key, Tally], dict[Key, int]]]:
    """What every question counts by group, and how many cases have no value yet; the questions are split alike."""
    groups, touched = grouped(asked[0]), Q()
    sums: dict[str, Any] = {}
    for place, question in enumerate(asked):
        sums |= {f"{name}_{place}": one for name, one in _sums(viewer, question).items()}
        touched |= _is_of_period(question) | (_is_open(question) if _has_open(question) else Q())
    rows = _within_sight(viewer, asked[0]).filter(touched)
    if groups:
        lines = list(rows.values(**groups).annotate(**sums).values_list(*groups, *sums))
    else:
        lines = [tuple(rows.aggregate(**sums).values())]
    width = len(groups)
    read = [(tuple(line[:width]), dict(zip(sums, line[width:], strict=True))) for line in lines]
    return [_of_question(viewer, question, place, read) for place, question in enumerate(asked)]


def _sums(viewer: Reader, question: Question) -> dict[str, Any]:
    """What is counted for one question, under names of its own."""
    meant, indicator = _is_meant(viewer, question), question.indicator
    here = meant & _is_of_period(question)
    sums: dict[str, Any] = {"number": Count("pk", filter=here & _counted(viewer, question))}
    if indicator.kind in COUNTED:
        sums["all"] = Count("pk", filter=here)
    else:
        sums["total"] = Sum(_measure(indicator), filter=here)
    if _has_open(question):
        sums["open"] = Count("pk", filter=meant & _is_open(question))
    return sums


def _has_open(question: Question) -> bool:
    """Whether cases without a value are named beside the figure; spans of time have none, for those cases have not come to the day."""
    by_span = question.indicator.by != "received" and bool(set(question.by) & set(SPANS_OF_TIME))
    return bool(question.indicator.of) and question.indicator.kind != "sum" and not by_span


def _of_question(
    viewer: Reader, question: Question, place: int, read: list[tuple[Key, dict[str, Any]]]
) -> tuple[dict[Key, Tally], dict[Key, int]]:
    ranked = _values(viewer, question) if question.indicator.kind in RANKED else {}
    found, waiting = {}, {}
    for key, line in read:
        number, whole = line[f"number_{place}"], line.get(f"all_{place}")
        if whole:
            found[key] = Tally(population=whole, counted=number)
        elif whole is None and number:
            found[key] = Tally(number, number, number, line[f"total_{place}"] or 0, ranked.get(key, ()))
        if line.get(f"open_{place}"):
            waiting[key] = line[f"open_{place}"]
    return found, waiting


def _values(viewer: Reader, question: Question) -> dict[Key, list[int]]:
    """Every measure by group: what medians and percentiles need."""
    column, groups = _measure(question.indicator), grouped(question)
    have = _population(viewer, question).filter(**{f"{column}__isnull": False})
    found: dict[Key, list[int]] = {}
    for *key, value in have.annotate(**groups).values_list(*groups, column):
        found.setdefault(tuple(key), []).append(value)
    return found


def _volumes(question: Question) -> dict[date, int]:
    rows = BusinessVolume.objects.filter(
        desk=question.desk, name=question.indicator.volume or "", month__in=question.period.months()
    )
    return dict(rows.values_list("month", "amount"))


def _result(viewer: Reader, question: Question, key: Key, tally: Tally, volumes: Mapping[date, int]) -> Result:
    if question.indicator.kind != "per_volume":
        return result_of(question.indicator, tally)
    volume = _volume(question, key, volumes)
    return result_of(question.indicator, Tally(tally.population, tally.counted, volume=volume))


def _volume(question: Question, key: Key, volumes: Mapping[date, int]) -> int | None:
    """The business volume of a group: of its month, or of the whole period; None while a month is missing, or for parts of months."""
    months = question.period.months()
    for name, value in zip(question.by, key, strict=True):
        if name in SPANS_OF_TIME:
            months = _span(name, value).months() if name in ("month", "quarter", "year") else []
    is_whole = question.period.is_whole_months() and months and all(month in volumes for month in months)
    return sum(volumes[month] for month in months) if is_whole else None
