"""Indicators as documents keep them: each beside the last period and the year before, by groups, month by month, and as scorecards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from amends.apps.reporting.documents.taking import Taking
from amends.apps.reporting.figures import DIMENSIONS, Figure, Question, cases_behind, figures
from amends.apps.reporting.scores import Scored, scores_of_month
from amends.core.periods import Period
from amends.core.policy.documents import Block
from amends.core.scorecards import Part as ScoredPart


def line_of(taking: Taking, name: str) -> dict[str, Any]:
    """An indicator of the period, beside the last period and the same one of the year before."""
    question = taking.question(name)
    line = {"id": name, **_kept(taking.figure(name)), **_behind(taking, question)}
    return line | {which: _kept(taking.figure(name, which)) for which in ("before", "year")}


def _behind(taking: Taking, question: Question) -> dict[str, str]:
    """The cases behind a figure: all it is about, those in the numerator, and those without a value yet."""
    parts = ["all", *(["counted"] if question.indicator.kind in ("share", "count", "per_volume") else ["open"])]
    return {
        part: taking.noted(cases_behind(taking.reader, question, part=part).values_list("case_id", flat=True))  # type: ignore[arg-type]
        for part in parts
    }


def by_group(taking: Taking, block: Block) -> dict[str, Any]:
    """Indicators by department, person or product: a line a group, a cell an indicator."""
    by = block.by or ""
    columns = []
    for name in block.indicators:
        question = taking.question(name, by=(by,))
        cases = _grouped(taking, question, by)
        before = {
            one.group[0]: one for one in figures(taking.reader, taking.question(name, taking.period.before(), (by,)))
        }
        cells = {
            one.group[0]: {
                **_kept(one),
                "all": taking.noted(cases.get(one.group[0], ())),
                "before": _value(before.get(one.group[0])),
            }
            for one in figures(taking.reader, question)
        }
        columns.append(cells)
    keys = list(dict.fromkeys(key for cells in columns for key in cells))
    names = taking.names(by, keys)
    keys.sort(key=lambda key: (key in (None, ""), names.get(key, str(key))))
    groups = [{"key": key, "name": names.get(key, ""), "cells": [cells.get(key) for cells in columns]} for key in keys]
    return {"by": by, "ids": list(block.indicators), "groups": groups}


def _grouped(taking: Taking, question: Question, by: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, value in cases_behind(taking.reader, question).values_list("case_id", DIMENSIONS[by]):
        found.setdefault(value, []).append(key)
    return found


def by_month(taking: Taking, block: Block) -> dict[str, Any]:
    """An indicator over the months up to the end of the period."""
    first = taking.period.months()[-1]
    for _ in range(block.months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    span = Period(first, taking.period.last)
    found = {one.group[0]: one for one in figures(taking.reader, taking.question(block.chart, span, ("month",)))}
    months = [(month, found.get(month)) for month in span.months()]
    counted = taking.question(block.chart).indicator.kind == "count"
    values = [[f"{month:%Y-%m}", _value(one) if one else ("0" if counted else None)] for month, one in months]
    return {"id": block.chart, "months": values}


def scores(taking: Taking) -> dict[str, Any]:
    """The scorecards of the departments for the last month of the period, the best first, beside those of the month before."""
    month = taking.period.months()[-1]
    now = scores_of_month(taking.reader, taking.desk, taking.pack, month, "department")
    before = scores_of_month(
        taking.reader, taking.desk, taking.pack, (month - timedelta(days=1)).replace(day=1), "department"
    )
    earlier = {one.key: one.card.total for one in before.scored}
    names = taking.names("department", [one.key for one in now.scored])
    cards = [
        {
            "key": one.key, "name": names.get(one.key, ""), "place": one.place, "total": _text(one.card.total), "deducted": str(one.card.deducted),
            "before": _text(earlier.get(one.key)), "deductions": [taken.number for taken in one.deductions],
            "cells": [_part(taking, one, part) for part in one.card.parts],
        }
        for one in now.scored
    ]  # fmt: skip
    return {
        "ids": [one.id for one in now.indicators],
        "weights": [one.weight for one in now.indicators],
        "groups": cards,
    }


def _part(taking: Taking, scored: Scored, part: ScoredPart) -> dict[str, Any]:
    """One indicator of a scorecard: value, points, and the cases that it rests on."""
    figure = scored.figures.get(part.indicator.id)
    keys = (
        cases_behind(taking.reader, figure.question, group=figure.group).values_list("case_id", flat=True)
        if figure
        else ()
    )
    return {
        "value": _text(part.result.value),
        "points": _text(part.points),
        "sample": part.result.sample,
        "all": taking.noted(keys),
    }


def _kept(one: Figure) -> dict[str, Any]:
    result = one.result
    return {
        "value": _value(one), "numerator": result.numerator, "denominator": result.denominator, "sample": result.sample,
        "verdict": str(result.verdict), "unfinished": one.open,
    }  # fmt: skip


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _value(one: Figure | None) -> str | None:
    return None if one is None or one.result.value is None else str(one.result.value)
