"""The figures of documents that write themselves: taken once from the one query layer, kept beside the event, never changed afterwards."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.adding import Drawn, Step, drawer
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.queries import Viewer
from amends.apps.ledger.models import Chain, Detail, Event
from amends.apps.ledger.queries import latest_texts, texts_of
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import (
    DIMENSIONS,
    NUMBERED,
    Figure,
    Question,
    WholeDesk,
    cases_behind,
    figure,
    figures,
)
from amends.apps.reporting.models import CaseFact
from amends.apps.reporting.scores import Scored, scores_of_month
from amends.core.canonical import canonical_json
from amends.core.documents import DUE_ON, FIGURES, FROM, TO, due_day, filled_in, in_short, titled
from amends.core.form_data import options_of
from amends.core.indicators import as_said, rounded
from amends.core.masking import anonymous
from amends.core.periods import Period
from amends.core.policy.documents import Block, Document
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.scorecards import Part as ScoredPart

MOST_ROWS = 500
"""So many cases or records are listed in a document; how many there are beside stands below."""
SAMPLE_LENGTH = 160
UNITS = {
    "percent": "%", "cases": " 件", "minutes": " 分钟", "hours": " 小时", "days": " 天", "points": " 分", "money": " 元", "per_thousand": "‰",
}  # fmt: skip
SPAN, MOST = "%(first)s至 %(last)s", "%(title)s（%(count)s 件，占 %(share)s%%）"
MORE, LESS = "较上期增加 %(amount)s", "较上期减少 %(amount)s"
"""Sentences of texts, which are kept as they were written: in Chinese."""
POINTS = {"percent": " 个百分点"}
"""How a change is said where it is not in the unit of the figure."""

ALL = Indicator.model_validate(
    {
        "id": "all_cases",
        "title": {"zh-Hans": "来件", "en": "contacts"},
        "kind": "count",
        "unit": "cases",
        "digits": 0,
        "direction": "none",
    }
)
"""Everything that came in: what is counted where a document names no indicator."""


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
    period = period_in(document, step.values)
    _refuse_a_second(document, period, step)
    taken = _Taking(step.desk, step.pack, document, period, step.now, step.proceeding)
    kept = taken.everything(name)
    texts = _kept_by_author(step, kept["texts"])
    kind = step.pack.proceedings[step.kind]
    if kind.title_from and not step.texts.get(kind.title_from) and step.proceeding is None:
        texts[kind.title_from] = titled(document.title.zh_hans, period)
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
        every, example = ("月", "2026-05-01 至 2026-05-31") if length == 1 else ("季度", "2026-04-01 至 2026-06-30")
        raise InvalidData([FieldError(f"/{TO}", "period_not_whole", {"every": every, "example": example})])
    return period


def _day(value: Any) -> date:
    if isinstance(value, str | date):
        return value if isinstance(value, date) else date.fromisoformat(value[:10])
    raise InvalidData([FieldError(f"/{TO}", "required", {"field": "统计时间段"})])


def _refuse_a_second(document: Document, period: Period, step: Step) -> None:
    if step.proceeding is not None:
        return
    standing = document_of_period(step.desk, step.pack, step.kind, period)
    if standing is not None:
        told = {"title": document.title, "number": standing.number}
        raise InvalidData([FieldError(f"/{FROM}", "document_stands_already", told)])


def document_of_period(desk: Desk, pack: Pack, kind: str, period: Period) -> Proceeding | None:
    """The document of a kind that stands for a period; None where there is none, or only withdrawn ones."""
    rows = Proceeding.objects.filter(desk=desk, kind=kind).exclude(state__in=pack.proceedings[kind].void)
    wanted = {FROM: period.first.isoformat(), TO: period.last.isoformat()}
    for row in rows.order_by("-begun_at"):
        if wanted.items() <= json.loads(row.facts)["values"].items():
            return row
    return None


def document_rows(
    viewer: Viewer, packs: Mapping[Desk, Pack], *, document: str = "", before: str = "", size: int = 50
) -> list[Proceeding]:
    """The documents of desks that the viewer may see, the latest first, from behind the one with the id `before`; of one `document` only
    where it is named. Raises InvalidData for a place in the list that is none.
    """
    scope = Q(pk__in=[])
    for desk, pack in packs.items():
        kinds = [one.proceeding for name, one in pack.reports.documents.items() if document in ("", name)]
        scope |= Q(desk=desk, kind__in=kinds)
    rows = visible_proceedings(viewer).filter(scope)
    if before:
        try:
            last = rows.filter(pk=uuid.UUID(before)).first()
        except ValueError:
            last = None
        if last is None:
            raise InvalidData([FieldError("/cursor", "bad_cursor")])
        rows = rows.filter(Q(begun_at__lt=last.begun_at) | Q(begun_at=last.begun_at, number__lt=last.number))
    return list(rows.select_related("desk").order_by("-begun_at", "-number")[:size])


def _kept_by_author(step: Step, written: Mapping[str, str]) -> dict[str, str]:
    """The texts to write: all at the beginning; later those that nobody changed since they were last written."""
    if step.proceeding is None:
        return {name: text for name, text in written.items() if not step.texts.get(name)}
    before, standing = versions_of(step.proceeding)[-1].kept["texts"], standing_texts(step.proceeding.chain)
    return {name: text for name, text in written.items() if standing.get(name) in (None, before.get(name))}


@dataclass(frozen=True, slots=True)
class Version:
    """The figures of a document as they were drawn at one event."""

    no: int
    seq: int
    at: datetime
    actor: str
    kept: Mapping[str, Any]


def versions_of(proceeding: Proceeding) -> list[Version]:
    """Every drawing of the figures of a document, the first one first; as many as the ledger holds."""
    return versions_of_chain(proceeding.chain)


def versions_of_chain(chain: Chain) -> list[Version]:
    rows = Detail.objects.filter(chain=chain, field=FIGURES, erased_at=None).order_by("seq")
    texts = dict(rows.values_list("seq", "text"))
    events = Event.objects.filter(chain=chain, seq__in=texts).order_by("seq") if texts else ()
    return [
        Version(no, event.seq, event.at, event.actor, json.loads(texts[event.seq]))
        for no, event in enumerate(events, start=1)
    ]


# Taking


@dataclass
class _Taking:
    """Takes the figures of one document; cases get a place in one list, so that each is named once."""

    desk: Desk
    pack: Pack
    document: Document
    period: Period
    now: datetime
    proceeding: Proceeding | None
    places: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    counts: dict[str, tuple[str, list[dict[str, Any]], int]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)

    def everything(self, name: str) -> dict[str, Any]:
        blocks = {place: self._block(block) for place, block in self.document.blocks()}
        texts = {
            block.text: filled_in(block.says.zh_hans, self._said).strip()
            for _, block in self.document.blocks()
            if block.text and block.says
        }
        return {
            "document": name, "version": self.pack.version, "from": self.period.first.isoformat(), "to": self.period.last.isoformat(),
            "blocks": {place: found for place, found in blocks.items() if found}, "texts": texts, "cases": list(self.places),
        }  # fmt: skip

    @property
    def reader(self) -> WholeDesk:
        return WholeDesk(self.now)

    def _block(self, block: Block) -> dict[str, Any]:
        if block.indicators:
            return self._by_group(block) if block.by else {"lines": [self._line(name) for name in block.indicators]}
        if block.counts:
            return self._counted(block)
        if block.cases:
            return self._list_of_cases(block)
        if block.records and block.which != "started":
            return self._records(block)
        if block.chart:
            return self._chart(block)
        return self._scores() if block.scores else {}

    # Indicators

    def _question(self, name: str | None, period: Period | None = None, by: tuple[str, ...] = ()) -> Question:
        indicator = self.pack.kpis.indicator(name) if name else ALL
        if indicator is None:
            raise LookupError(f"{name}: pack check lets no document name an indicator that is not there")
        return Question(self.desk, indicator, period or self.period, by)

    def _figure(self, name: str, which: str = "now") -> Figure:
        key = f"{name}:{which}"
        if key not in self.figures:
            spans = {"now": self.period, "before": self.period.before(), "year": self.period.a_year_before()}
            self.figures[key] = figure(self.reader, self._question(name, spans[which]))
        return self.figures[key]

    def _line(self, name: str) -> dict[str, Any]:
        question = self._question(name)
        line = {"id": name, **_kept(self._figure(name)), **self._behind(question)}
        return line | {which: _kept(self._figure(name, which)) for which in ("before", "year")}

    def _behind(self, question: Question) -> dict[str, str]:
        """The cases behind a figure: all it is about, those in the numerator, and those without a value yet."""
        parts = ["all", *(["counted"] if question.indicator.kind in ("share", "count", "per_volume") else ["open"])]
        return {
            part: self._noted(cases_behind(self.reader, question, part=part).values_list("case_id", flat=True))  # type: ignore[arg-type]
            for part in parts
        }

    def _noted(self, keys: Iterable[Any]) -> str:
        return in_short(self.places.setdefault(str(key), len(self.places)) for key in keys)

    def _by_group(self, block: Block) -> dict[str, Any]:
        by = block.by or ""
        columns = []
        for name in block.indicators:
            question = self._question(name, by=(by,))
            behind = self._grouped(question, by)
            before = {
                one.group[0]: one for one in figures(self.reader, self._question(name, self.period.before(), (by,)))
            }
            cells = {
                one.group[0]: {
                    **_kept(one),
                    "all": self._noted(behind.get(one.group[0], ())),
                    "before": _value(before.get(one.group[0])),
                }
                for one in figures(self.reader, question)
            }
            columns.append(cells)
        keys = list(dict.fromkeys(key for cells in columns for key in cells))
        names = self._names(by, keys)
        keys.sort(key=lambda key: (key in (None, ""), names.get(key, str(key))))
        groups = [
            {"key": key, "name": names.get(key, ""), "cells": [cells.get(key) for cells in columns]} for key in keys
        ]
        return {"by": by, "ids": list(block.indicators), "groups": groups}

    def _grouped(self, question: Question, by: str) -> dict[Any, list[Any]]:
        found: dict[Any, list[Any]] = {}
        for key, value in cases_behind(self.reader, question).values_list("case_id", DIMENSIONS[by]):
            found.setdefault(value, []).append(key)
        return found

    def _names(self, by: str, keys: Iterable[Any]) -> dict[Any, str]:
        """The names of departments, people and partners as they are now: a document keeps them."""
        numbers = [key for key in keys if key is not None]
        if by not in NUMBERED or not numbers:
            return {}
        if by in ("department", "team"):
            return {unit.pk: unit.title for unit in Department.objects.filter(pk__in=numbers)}
        if by == "pack":
            return {number: f"{number}" for number in numbers}
        table: type[Person] | type[Partner] = Person if by == "handler" else Partner
        return dict(table.objects.filter(pk__in=numbers).values_list("pk", "name"))

    # Counts

    def _counted(self, block: Block) -> dict[str, Any]:
        by = block.counts or ""
        question = self._question(block.of)
        found: dict[Any, list[Any]] = {value: [] for value in block.always}
        for value, key in self._valued(block.of, by, self.period):
            found.setdefault(value, []).append(key)
        total = cases_behind(self.reader, question, part="counted").count()
        before = Counter(value for value, _ in self._valued(block.of, by, self.period.before()))
        names = self._names(by, found)
        samples = self._samples(found, block.samples)
        lines = [
            {
                "key": value, "name": names.get(value, ""), "count": len(keys), "before": before[value], "all": self._noted(keys),
                "share": str(rounded(Fraction(100 * len(keys), total), 1)) if total else None, "samples": samples.get(value, []),
            }
            for value, keys in found.items()
        ]  # fmt: skip
        lines.sort(key=lambda line: (line["key"] in (None, ""), -line["count"], str(line["name"] or line["key"])))
        self.counts.setdefault(by, (by, lines, total))
        return {"by": by, "of": block.of, "total": total, "lines": lines}

    def _valued(self, of: str | None, by: str, period: Period) -> Iterator[tuple[Any, Any]]:
        """Every case that is counted with its value, one with several values of a scheme under each; in the order of receipt."""
        rows = cases_behind(self.reader, self._question(of, period), part="counted").order_by("received_at", "case_id")
        if by in DIMENSIONS:
            for key, value in rows.values_list("case_id", DIMENSIONS[by]):
                yield value, key
            return
        fields = [f.id for f in self.pack.fields.values() if f.scheme == by]
        for key, facts in rows.values_list("case_id", "case__facts"):
            values = json.loads(facts)["values"]
            chosen = next((values[name] for name in fields if values.get(name)), "")
            for value in chosen if isinstance(chosen, list) else [chosen]:
                yield value, key

    def _samples(self, found: Mapping[Any, Sequence[Any]], count: int) -> dict[Any, list[dict[str, str]]]:
        """The first cases of every value that are open to all readers, in what was told, without anybody's name."""
        if not count:
            return {}
        wanted = {value: keys[: count + 4] for value, keys in found.items()}
        open_ones = CaseFact.objects.filter(
            case__in=[key for keys in wanted.values() for key in keys], restricted=False
        )
        cases = (
            Case.objects.filter(figures__in=open_ones)
            .select_related("complainant", "accused_person", "handler")
            .in_bulk()
        )
        texts = texts_of(case.chain_id for case in cases.values())
        chosen = {value: [cases[key] for key in keys if key in cases][:count] for value, keys in wanted.items()}
        return {
            value: [{"number": case.number, "text": self._sample(case, texts.get(case.chain_id, []))} for case in some]
            for value, some in chosen.items()
        }

    def _sample(self, case: Case, texts: Sequence[tuple[str, str]]) -> str:
        kinds = {name: f.personal for name, f in self.pack.fields.items()}
        said = [text for name, text in texts if kinds.get(name) not in (None, "content") and len(text) <= 200]
        said += [one.name for one in (case.complainant, case.accused_person, case.handler) if one is not None]
        told = next((text for name, text in texts if name == "description"), "") or case.subject
        plain = " ".join(anonymous(told, said).split())
        return plain if len(plain) <= SAMPLE_LENGTH else f"{plain[:SAMPLE_LENGTH]}…"

    # Lists

    def _list_of_cases(self, block: Block) -> dict[str, Any]:
        behind = cases_behind(self.reader, self._question(block.of), part="counted").select_related("case")
        rows = list(behind.order_by("received_at", "case_id")[: MOST_ROWS + 1])
        units = self._names("department", {row.department_id for row in rows})
        people = self._names("handler", {row.handler_id for row in rows})
        lines = [
            {"number": row.case.number, "all": self._noted([row.case_id]), **_columns(row, block.cases, units, people)}
            for row in rows[:MOST_ROWS]
        ]
        return {"columns": list(block.cases), "lines": lines, "total": behind.count()}

    def _records(self, block: Block) -> dict[str, Any]:
        rows = self._recorded(block).order_by("begun_at", "number")
        total = rows.count()
        self.records.setdefault(block.records or "", total)
        if block.per:
            return self._in_numbers(block, list(rows))
        lines = records_kept(self.pack, block, list(rows[:MOST_ROWS]), self._zone)
        return {"kind": block.records, "lines": lines, "total": total}

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    def _recorded(self, block: Block) -> QuerySet[Proceeding]:
        """The records of a kind: begun, ended or registered in the period, or carried forward from released documents of this kind."""
        zone = self._zone
        start = datetime.combine(self.period.first, time(), tzinfo=zone)
        end = datetime.combine(self.period.last + timedelta(days=1), time(), tzinfo=zone)
        found = Proceeding.objects.filter(desk=self.desk, kind=block.records or "")
        found = found.exclude(state__in=self.pack.proceedings[block.records or ""].void)
        if block.which == "begun":
            return found.filter(begun_at__gte=start, begun_at__lt=end)
        if block.which == "ended":
            return found.filter(ended_at__gte=start, ended_at__lt=end)
        if block.which == "registered":
            found = found.filter(register_line__day__range=(self.period.first, self.period.last))
            states = register.states if (register := self.pack.proceedings[block.records or ""].register_) else ()
            return found.filter(state__in=states) if states else found
        # Carried forward: everything that earlier documents asked for and that was not over before the period began.
        found = found.filter(parent__kind=self.document.proceeding).exclude(ended_at__lt=start)
        return found.exclude(parent=self.proceeding) if self.proceeding else found

    def _in_numbers(self, block: Block, rows: Sequence[Proceeding]) -> dict[str, Any]:
        per = block.per or ""
        found: dict[Any, list[Proceeding]] = {}
        values = {row.pk: json.loads(row.facts)["values"] for row in rows}
        texts = latest_texts([row.chain_id for row in rows], [per]) if rows else {}
        for row in rows:
            key = (
                row.state if block.per == "state" else texts.get((row.chain_id, per)) or _code(values[row.pk].get(per))
            )
            found.setdefault(key, []).append(row)
        sums = {
            key: sum((_amount(values[row.pk].get(block.sum or "")) for row in some), Decimal(0))
            for key, some in found.items()
        }
        names = code_names(self.pack, {block.per or "": set(found)})
        lines = [
            {
                "key": key,
                "name": names.get((block.per, key), ""),
                "count": len(some),
                "sum": str(sums[key]),
                "numbers": [row.number for row in some],
            }
            for key, some in sorted(found.items(), key=lambda one: (one[0] is None, -len(one[1]), str(one[0])))
        ]
        return {
            "kind": block.records,
            "per": block.per,
            "lines": lines,
            "total": len(rows),
            "sum": str(sum(sums.values(), Decimal(0))),
        }

    def _chart(self, block: Block) -> dict[str, Any]:
        first = self.period.months()[-1]
        for _ in range(block.months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        span = Period(first, self.period.last)
        found = {one.group[0]: one for one in figures(self.reader, self._question(block.chart, span, ("month",)))}
        months = [(month, found.get(month)) for month in span.months()]
        counted = self._question(block.chart).indicator.kind == "count"
        values = [[f"{month:%Y-%m}", _value(one) if one else ("0" if counted else None)] for month, one in months]
        return {"id": block.chart, "months": values}

    def _scores(self) -> dict[str, Any]:
        """The scorecards of the departments for the last month of the period, the best first, beside those of the month before."""
        month = self.period.months()[-1]
        now = scores_of_month(self.reader, self.desk, self.pack, month, "department")
        before = scores_of_month(
            self.reader, self.desk, self.pack, (month - timedelta(days=1)).replace(day=1), "department"
        )
        earlier = {one.key: one.card.total for one in before.scored}
        names = self._names("department", [one.key for one in now.scored])
        cards = [
            {
                "key": one.key, "name": names.get(one.key, ""), "place": one.place, "total": _text(one.card.total), "deducted": str(one.card.deducted),
                "before": _text(earlier.get(one.key)), "deductions": [taken.number for taken in one.deductions],
                "cells": [self._part(one, part) for part in one.card.parts],
            }
            for one in now.scored
        ]  # fmt: skip
        return {
            "ids": [one.id for one in now.indicators],
            "weights": [one.weight for one in now.indicators],
            "groups": cards,
        }

    def _part(self, scored: Scored, part: ScoredPart) -> dict[str, Any]:
        """One indicator of a scorecard: value, points, and the cases that it rests on."""
        figure = scored.figures.get(part.indicator.id)
        keys = (
            cases_behind(self.reader, figure.question, group=figure.group).values_list("case_id", flat=True)
            if figure
            else ()
        )
        return {
            "value": _text(part.result.value),
            "points": _text(part.points),
            "sample": part.result.sample,
            "all": self._noted(keys),
        }

    # Sentences

    def _said(self, name: str, asked: str) -> str:
        """What stands for a placeholder of a text: it says what a figure shows, and that there is none where there is none."""
        if name == "period":
            return SPAN % {"first": _in_words(self.period.first), "last": _in_words(self.period.last)}
        if name == "desk":
            return self.desk.title
        if name == "most":
            return self._most(asked)
        if name == "records":
            return str(self.records.get(asked, 0))
        now = self._figure(name)
        if asked == "sample":
            return str(now.result.sample)
        if asked == "change":
            return _change(now, self._figure(name, "before"))
        return _in_unit(self._figure(name, "before") if asked == "before" else now)

    def _most(self, by: str) -> str:
        _, lines, total = self.counts.get(by, ("", [], 0))
        known = [line for line in lines if line["key"] not in (None, "") and line["count"]]
        if not known or not total:
            return "暂无"
        first = max(known, key=lambda line: line["count"])
        title = first["name"] or title_of(self.pack, by, first["key"])
        return MOST % {"title": title, "count": first["count"], "share": first["share"]}


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


def _in_unit(one: Figure) -> str:
    unit, (value,) = as_said(one.question.indicator.unit, one.result.value)
    return "不适用（没有可统计的个案）" if value is None else f"{value}{UNITS[unit]}"


def _change(now: Figure, before: Figure) -> str:
    """How a figure stands beside that of the period before, in words."""
    if now.result.value is None or before.result.value is None:
        return "上期或本期没有可比的数据"
    change = now.result.value - before.result.value
    if not change:
        return "与上期持平"
    said = MORE if change > 0 else LESS
    unit, (amount,) = as_said(now.question.indicator.unit, abs(change))
    return said % {"amount": f"{amount}{POINTS.get(unit, UNITS[unit])}"}


def _in_words(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _amount(value: Any) -> Decimal:
    if isinstance(value, Mapping):
        return Decimal(int(value["minor"])) / 100
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def _columns(
    row: CaseFact, names: Iterable[str], units: Mapping[Any, str], people: Mapping[Any, str]
) -> dict[str, Any]:
    known = {
        "received": row.received_on.isoformat(), "category": row.category, "channel": row.channel, "kind": row.kind, "level": row.level,
        "department": units.get(row.department_id, ""), "handler": people.get(row.handler_id, ""), "state": row.state, "outcome": row.outcome,
        "closed": row.closed_on.isoformat() if row.closed_on else "", "in_time": row.in_time, "score": row.score,
    }  # fmt: skip
    return {name: known[name] for name in names}


def records_kept(pack: Pack, block: Block, rows: Sequence[Proceeding], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Records as a document keeps them: number, subject, state, and the latest values of the columns; a fixed number of queries."""
    texts = latest_texts([row.chain_id for row in rows], block.columns) if rows else {}
    values = {row.pk: json.loads(row.facts)["values"] for row in rows}
    wanted = {name: {_code(values[row.pk].get(name)) for row in rows} for name in block.columns}
    names = code_names(pack, wanted)
    return [
        {
            "key": str(row.pk), "number": row.number, "subject": row.subject, "state": row.state, "begun": row.begun_at.astimezone(zone).date().isoformat(),
            "values": {name: texts.get((row.chain_id, name)) or _shown(name, values[row.pk].get(name), names) for name in block.columns},
        }
        for row in rows
    ]  # fmt: skip


def _code(value: Any) -> Any:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _shown(name: str, value: Any, names: Mapping[tuple[str | None, Any], str]) -> Any:
    if isinstance(value, Mapping):
        return str(Decimal(int(value["minor"])) / 100)
    return names.get((name, value), value) if _code(value) is not None else value


def code_names(pack: Pack, wanted: Mapping[str, Iterable[Any]]) -> dict[tuple[str | None, Any], str]:
    """The names of the people, departments and choices that fields hold, in the language of the house."""
    found: dict[tuple[str | None, Any], str] = {}
    for name, values in wanted.items():
        source, numbers = pack.fields.get(name), [value for value in values if isinstance(value, int)]
        kind = source.type if source else ""
        if kind == "person" and numbers:
            found |= {
                (name, key): called for key, called in Person.objects.filter(pk__in=numbers).values_list("pk", "name")
            }
        elif kind in ("department", "team") and numbers:
            found |= {(name, unit.pk): unit.title for unit in Department.objects.filter(pk__in=numbers)}
        elif source is not None and kind in ("choice", "axis", "category"):
            found |= {(name, code): title.zh_hans for code, title in options_of(source, pack).items()}
    return found


def title_of(pack: Pack, by: str, value: str) -> str:
    """The word of the house for a value of a dimension, in Chinese: what texts of documents are written in."""
    axis = pack.grading.axis(pack.grading.level or "")
    tables: dict[str, Mapping[str, Any]] = {
        "kind": {name: one.title for name, one in pack.channels.kinds.items()},
        "channel": {name: one.title for name, one in pack.channels.channels.items()},
        "channel_group": pack.channels.groups,
        "category": {path: node.title for path, node in pack.categories.schemes[0].walk()},
        "level": {one.id: one.title for one in axis.values} if axis else {},
        "state": {name: one.title for name, one in pack.lifecycle.states.items()},
        "outcome": pack.categories.outcomes,
    }
    scheme = next((one for one in pack.categories.schemes if one.id == by), None)
    if scheme is not None:
        tables[by] = {path: node.title for path, node in scheme.walk()}
    title = tables.get(by, {}).get(value)
    return title.zh_hans if title is not None else str(value)
