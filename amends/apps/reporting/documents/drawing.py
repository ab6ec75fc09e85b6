"""Drawing up a document: the step of its proceeding gets the figures, the texts written beforehand and the due day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.proceedings.adding import Drawn, Step, drawer
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.reporting.documents.blocks import taken
from amends.apps.reporting.documents.queries import document_of_period
from amends.apps.reporting.documents.taking import Taking
from amends.apps.reporting.documents.versions import versions_of
from amends.core.canonical import canonical_json
from amends.core.documents import DUE_ON, FIGURES, FROM, TO, due_day, title_of_period, whole_period
from amends.core.periods import Period, begun
from amends.core.policy.documents import Document
from amends.core.refusals import CHOSEN, FieldError, InvalidData, not_given


@drawer
def draw_document(step: Step) -> Drawn:
    """The figures, the texts written beforehand and the due day of a document. Source: ESC-6.2.1b, REP-0.1

    A text that its author changed is left as it is; every other is written anew from the new figures. Raises InvalidData for
    days that are no period of the document, and for a second document of one period.
    """
    found = step.pack.reports.of_kind(step.kind)
    if found is None:
        return Drawn()
    name, document = found
    period = begun(
        period_in(document, step.values), step.now.astimezone(ZoneInfo(step.pack.head.zone)).date(), at=f"/{FROM}"
    )
    _refuse_a_second(document, period, step)
    kept = taken(name, Taking(step.desk, step.pack, document, period, step.now, step.proceeding))
    texts = _kept_by_author(step, kept["texts"])
    kind = step.pack.proceedings[step.kind]
    if kind.title_from and not step.texts.get(kind.title_from) and step.proceeding is None:
        texts[kind.title_from] = title_of_period(document, period).zh_hans
    due = due_day(document, period)
    return Drawn({DUE_ON: due.isoformat()} if due else {}, {**texts, FIGURES: canonical_json(kept)})


def period_in(document: Document, values: Mapping[str, Any]) -> Period:
    """The period that a form names. Raises InvalidData at the field: an end before the start, or parts of a month where months are reported."""
    try:
        period = Period(_day(values.get(FROM)), _day(values.get(TO)))
    except InvalidData as refusal:
        raise InvalidData([replace(error, pointer=f"/{TO}") for error in refusal.errors]) from None
    length = {"month": 1, "quarter": 3}.get(document.period)
    if length and not document.any_days and not (period.is_whole_months() and len(period.months()) == length):
        whole = whole_period(document.period, period.first)
        told = {"every": "月" if length == 1 else "季度", "first": whole.first, "last": whole.last}
        raise InvalidData([FieldError(f"/{TO}", "period_not_whole", told)])
    return period


def _day(value: Any) -> date:
    if isinstance(value, str | date):
        return value if isinstance(value, date) else date.fromisoformat(value[:10])
    raise InvalidData([not_given(f"/{TO}", "统计时间段", way=CHOSEN)])


def _refuse_a_second(document: Document, period: Period, step: Step) -> None:
    if step.proceeding is not None:
        return
    standing = document_of_period(step.desk, step.pack, step.kind, period)
    if standing is not None:
        told = {"title": title_of_period(document, period), "number": standing.number}
        raise InvalidData([FieldError(f"/{FROM}", "document_stands_already", told)])


def _kept_by_author(step: Step, written: Mapping[str, str]) -> dict[str, str]:
    """The texts to write: all at the beginning; later those that nobody changed since they were last written."""
    if step.proceeding is None:
        return {name: text for name, text in written.items() if not step.texts.get(name)}
    before, standing = versions_of(step.proceeding)[-1].kept["texts"], standing_texts(step.proceeding.chain)
    return {name: text for name, text in written.items() if standing.get(name) in (None, before.get(name))}
