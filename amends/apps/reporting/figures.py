"""The one query layer: every figure of every page, export and document comes from here, so that two places never disagree.

A figure and the list of cases behind it are the same filter over the rows of figures, within what the viewer may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
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
from amends.core.policy.kpis import LENGTHS, Indicator, Kpis
from amends.core.refusals import FieldError, InvalidData

DIMENSIONS = {
    "department": "department_id", "team": "team_id", "handler": "handler_id", "partner": "partner_id",
    "category": "category_top", "category_path": "category", "cause": "cause", "product": "product",
    "product_version": "product_version", "region": "region", "channel": "channel", "channel_group": "channel_group",
    "kind": "kind", "level": "level", "urgent": "urgent", "outcome": "outcome", "state": "state", "pack": "pack__version",
    "counts": "counts", "taken_over": "taken_over",
}  # fmt: skip
"""What figures are grouped and filtered by, and the column in which it stands."""

NUMBERED = frozenset({"department", "team", "handler", "partner", "pack"})
TRUE_OR_FALSE = frozenset({"urgent", "counts", "taken_over"})
SPANS_OF_TIME = {"day": None, "week": TruncWeek, "month": TruncMonth, "quarter": TruncQuarter, "year": TruncYear}
"""What figures are grouped by along the days of the moment that the indicator goes by."""

Part = Literal["all", "counted", "rest", "open"]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the indicator of a desk over a period, split `by` dimensions or spans of time, of the cases that all `filters` leave.

    A filter on `category` takes everything below it; None stands for what is not known.
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


def kpis_of(desk: Desk, viewer: Viewer) -> Kpis:
    """The indicators of the policy in force on a desk."""
    return pack_in_force(desk, viewer.now).kpis


def figure(viewer: Viewer, question: Question) -> Figure:
    """The figure of an indicator without any grouping, over the cases that the viewer may see."""
    whole = Question(question.desk, question.indicator, question.period, (), question.filters)
    return figures(viewer, whole)[0]


def figures(viewer: Viewer, question: Question) -> list[Figure]:
    """The figures of an indicator by group, in the order of the groups; a fixed number of queries whatever the number of cases.

    Groups without any case have no figure; without grouping there is always one, not applicable where nothing was counted. Raises InvalidData for an unknown dimension or a value that can not be one.
    """
    found = _tallies(viewer, question)
    waiting = _open(viewer, question)
    volumes = _volumes(question) if question.indicator.kind == "per_volume" else {}
    keys = sorted({*found, *waiting} or ({()} if not question.by else set()), key=_sortable)
    return [
        Figure(question, key, _result(viewer, question, key, found.get(key, Tally()), volumes), waiting.get(key, 0)) for key in keys
    ]  # fmt: skip


def cases_behind(
    viewer: Viewer, question: Question, *, group: Key | None = None, part: Part = "all"
) -> QuerySet[CaseFact]:
    """The rows behind a figure: as many as it says. `counted` are those in the numerator, `rest` the others, `open` those without a value yet."""
    rows = _open_rows(viewer, question) if part == "open" else _population(viewer, question)
    if group is not None:
        rows = rows.filter(_in_group(question, group))
    counted = _counted(viewer, question)
    if part == "counted":
        return rows.filter(counted)
    return rows.filter(~counted) if part == "rest" else rows


def counted_by(
    viewer: Viewer, desk: Desk, period: Period, *, by: Sequence[str], filters: Mapping[str, Any] | None = None, day: str = "received"
) -> dict[Key, int]:  # fmt: skip
    """How many visible cases came (or were resolved, closed) in a period, by any combination of dimensions and spans of time; one query.

    What is not known has a group of its own, so that the cells add up to the total. Source: REP-2.3.1, REP-3.3.1
    """
    counting = Indicator.model_validate(
        {"id": "cases", "title": {"zh-Hans": "count"}, "kind": "count", "by": day, "unit": "cases"}
    )
    question = Question(desk, counting, period, tuple(by), filters or {})
    return _counts(_population(viewer, question), question)


# The rows that a figure is about


def _visible(viewer: Viewer, question: Question) -> QuerySet[CaseFact]:
    rows = CaseFact.objects.filter(desk=question.desk, case__in=visible_to(viewer, on=question.desk.pk).values("pk"))
    for name, value in question.filters.items():
        rows = rows.filter(_equals(name, value))
    asking = _asking(viewer, question)
    rows = rows.filter(filter_of(question.indicator.population, asking))
    return rows.filter(~filter_of(question.indicator.exclude, asking)) if question.indicator.exclude else rows


def _population(viewer: Viewer, question: Question) -> QuerySet[CaseFact]:
    day, period = _day(question), question.period
    return _visible(viewer, question).filter(**{f"{day}__gte": period.first, f"{day}__lte": period.last}).order_by()


def _open_rows(viewer: Viewer, question: Question) -> QuerySet[CaseFact]:
    """Cases of the period that have no value yet: received by its end and not come to the moment, or without the measure."""
    if question.indicator.by == "received":
        measure = _measure(question.indicator)
        return _population(viewer, question).filter(**{f"{measure}__isnull": True})
    missing = {f"{_day(question)}__isnull": True, "received_on__lte": question.period.last}
    return _visible(viewer, question).filter(**missing).order_by()


def _counted(viewer: Viewer, question: Question) -> Q:
    """Which cases of the population make the numerator."""
    indicator = question.indicator
    if indicator.kind in ("share", "count", "per_volume"):
        return filter_of(indicator.counted, _asking(viewer, question))
    return Q(**{f"{_measure(indicator)}__isnull": False})


def _asking(viewer: Viewer, question: Question) -> Asking:
    return Asking(viewer.now, kpis_of(question.desk, viewer).reads.repeats)


def _day(question: Question) -> str:
    return f"{question.indicator.by}_on"


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
        return int(value.pk if isinstance(value, Model) else value)
    except (TypeError, ValueError):
        raise InvalidData([FieldError(f"/{name}", "wrong_type", {"field": name})]) from None


def _groups(question: Question) -> dict[str, Any]:
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


def _counts(rows: QuerySet[CaseFact], question: Question) -> dict[Key, int]:
    groups = _groups(question)
    if not groups:
        number = rows.count()
        return {(): number} if number else {}
    found = rows.values(**groups).annotate(number=Count("pk")).values_list(*groups, "number")
    return {tuple(key): number for *key, number in found}


def _tallies(viewer: Viewer, question: Question) -> dict[Key, Tally]:
    rows, indicator = _population(viewer, question), question.indicator
    if indicator.kind not in ("share", "count", "per_volume"):
        return _measured(rows, question)
    population = _counts(rows, question)
    counted = _counts(rows.filter(_counted(viewer, question)), question)
    return {key: Tally(population=number, counted=counted.get(key, 0)) for key, number in population.items()}


def _measured(rows: QuerySet[CaseFact], question: Question) -> dict[Key, Tally]:
    column, groups = _measure(question.indicator), _groups(question)
    have = rows.filter(**{f"{column}__isnull": False})
    if question.indicator.kind in ("median", "percentile"):
        values: dict[Key, list[int]] = defaultdict(list)
        for *key, value in have.annotate(**groups).values_list(*groups, column):
            values[tuple(key)].append(value)
        return {key: Tally(len(some), len(some), len(some), sum(some), some) for key, some in values.items()}
    sums = {"number": Count("pk"), "total": Sum(column)}
    if not groups:
        row = have.aggregate(**sums)
        found = [((), row["number"], row["total"])] if row["number"] else []
    else:
        grouped = have.values(**groups).annotate(**sums).values_list(*groups, "number", "total")
        found = [(tuple(key), number, total) for *key, number, total in grouped]
    return {key: Tally(number, number, number, total) for key, number, total in found}


def _open(viewer: Viewer, question: Question) -> dict[Key, int]:
    """How many cases have no value yet, by group; spans of time have none, for they have not come to the day."""
    is_measured = question.indicator.kind in ("mean", "median", "percentile")
    if not is_measured or (question.indicator.by != "received" and set(question.by) & set(SPANS_OF_TIME)):
        return {}
    return _counts(_open_rows(viewer, question), question)


def _volumes(question: Question) -> dict[date, int]:
    rows = BusinessVolume.objects.filter(
        desk=question.desk, name=question.indicator.volume or "", month__in=question.period.months()
    )
    return dict(rows.values_list("month", "amount"))


def _result(viewer: Viewer, question: Question, key: Key, tally: Tally, volumes: Mapping[date, int]) -> Result:
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
