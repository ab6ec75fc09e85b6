"""Puts the kept figures of one version of a document into words: every block of the policy becomes a text, a table or a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.people.models import Department
from amends.apps.reporting.documents.records import as_they_stand, as_they_stood, records_kept
from amends.apps.reporting.documents.versions import Version
from amends.apps.reporting.figures import DIMENSIONS
from amends.core.indicators import Verdict, as_said
from amends.core.periods import Period
from amends.core.policy.documents import Block
from amends.core.policy.forms import Field
from amends.core.policy.intake import CategoryScheme
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.doors.documents.parts import Cell, Head, Sample, Shown, Table
from amends.doors.figures import (
    Asked,
    day_of,
    dimension_words,
    group_value,
    in_unit,
    unit_words,
    verdict_words,
    words_of_unit,
)
from amends.doors.pack_words import words_of
from amends.doors.papers.formats import day_in_print, month_in_print, short_month, stored_in_print
from amends.doors.wording import begun, language, traditional_of_reader, words

NUMBERS = ("number", "money")
"""Types of fields whose values stand on the right of their column."""


@dataclass(slots=True)
class Teller:
    """Tells what was kept of a document, in the reader's words."""

    proceeding: Proceeding
    pack: Pack
    period: Period
    version: Version
    texts: Mapping[str, str]
    _in_english: dict[int, str] | None = None

    @property
    def kept(self) -> Mapping[str, Any]:
        return self.version.kept

    @property
    def asked(self) -> Asked:
        return Asked(self.proceeding.desk, self.pack, self.period)

    def shown(self, place: str, block: Block) -> Shown:
        """One block of the policy with what was kept at its place."""
        kept, title = self.kept["blocks"].get(place, {}), words(block.title) if block.title else ""
        if block.text:
            return self._text(place, block, title)
        if block.indicators and block.by:
            return self._groups(place, kept, title)
        if block.indicators:
            return self._lines(place, kept, title)
        if block.counts:
            return self._counts(place, kept, title)
        if block.cases:
            return self._cases(place, kept, title)
        if block.chart:
            return self._chart(place, kept, title)
        if block.scores:
            return self._scores(place, kept, title)
        if block.per:
            return self._in_numbers(place, block, kept, title)
        return self._records(place, block, kept, title)

    def _text(self, place: str, block: Block, title: str) -> Shown:
        text = self.texts.get(block.text or "", "")
        first = self.kept["texts"].get(block.text or "")
        edited = block.says is not None and first is not None and bool(text) and text != first
        return Shown(place, title, text=text, is_own_words=block.says is None, is_edited=edited)

    def _indicator(self, name: str) -> Indicator:
        found = self.pack.kpis.indicator(name)
        if found is None:
            raise LookupError(name)
        return found

    # Indicators

    def _lines(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        lines = kept.get("lines", ())
        heads = (
            Head(gettext("指标")), Head(gettext("单位")), Head(gettext("本期"), True), Head(gettext("统计件数"), True, besides=(gettext("另有未完成"),)),
            Head(gettext("目标"), True), Head(gettext("评价")), Head(gettext("上期"), True), Head(gettext("较上期"), True), Head(gettext("去年同期"), True),
            Head(gettext("较同期"), True),
        )  # fmt: skip
        table = Table(heads, tuple(self._line(f"{place}/{n}", line) for n, line in enumerate(lines)))
        has_shares = any(self._indicator(line["id"]).unit in ("percent", "per_thousand") for line in lines)
        note = gettext("注：比率的增减以百分点计，写作“分子 / 分母”的为其统计件数。") if has_shares else ""
        return Shown(place, title, table=table, note=note if lines else nothing_said())

    def _line(self, place: str, line: Mapping[str, Any]) -> tuple[Cell, ...]:
        one = self._indicator(line["id"])
        word, icon, tone = verdict_words(Verdict(line["verdict"]))
        kept = (_decimal(value) for value in (line["value"], line["before"]["value"], line["year"]["value"]))
        unit, said = as_said(one.unit, *kept, one.target.value if one.target else None)
        now, before, year, target = (None if value is None else str(value) for value in said)
        return (
            Cell(words(one.title)), Cell(words_of_unit(unit) or gettext("件")),
            Cell(plain_value(now), is_number=True, figure=f"{place}/all" if line["sample"] else ""),
            self._counted(place, line, one), Cell(_target(one, target), is_number=True), Cell(word, tone=tone, icon=icon),
            Cell(plain_value(before), is_number=True), Cell(_change(now, before), is_number=True),
            Cell(plain_value(year), is_number=True), Cell(_change(now, year), is_number=True),
        )  # fmt: skip

    @staticmethod
    def _counted(place: str, line: Mapping[str, Any], one: Indicator) -> Cell:
        """How many cases a figure rests on, and how many had no value yet."""
        is_part = one.kind in ("share", "per_volume") and line["value"] is not None
        text = f"{line['numerator']} / {line['denominator']}" if is_part else str(line["sample"])
        figure = f"{place}/counted" if is_part and line.get("counted") else ""
        unfinished = line.get("unfinished")
        return Cell(text, is_number=True, figure=figure, besides=(str(unfinished) if unfinished else "",))

    def _groups(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        ids = [self._indicator(name) for name in kept.get("ids", ())]
        heads = (Head(self._dimension(kept.get("by", ""))), *(self._group_head(one) for one in ids))
        rows = tuple(
            (
                Cell(self._value(kept["by"], group)),
                *(self._group_cell(f"{place}/{n}/{m}", cell, one) for m, (cell, one) in enumerate(zip(group["cells"], ids, strict=True))),
            )
            for n, group in enumerate(kept.get("groups", ()))
        )  # fmt: skip
        return Shown(place, title, table=Table(heads, rows), note="" if rows else nothing_said())

    @staticmethod
    def _group_head(one: Indicator) -> Head:
        besides = (gettext("上期"),) if one.kind == "count" else (gettext("件数"), gettext("上期"))
        return Head(words(one.title), True, unit_of(one), besides)

    @staticmethod
    def _group_cell(place: str, cell: Mapping[str, Any] | None, one: Indicator) -> Cell:
        if cell is None:
            return Cell("—", is_number=True)
        before = cell["before"] or ""
        _, icon, tone = verdict_words(Verdict(cell["verdict"]))
        is_judged = tone in ("good", "late")
        return Cell(
            plain_value(cell["value"]), is_number=True, figure=place if cell["sample"] else "",
            besides=(before,) if one.kind == "count" else (str(cell["sample"]), before),
            tone=tone if is_judged else "", icon=icon if is_judged else "",
        )  # fmt: skip

    def _dimension(self, by: str) -> str:
        scheme = self._scheme(by)
        return words(scheme.title) if scheme else dimension_words(self.pack).get(by, by)

    def _scheme(self, by: str) -> CategoryScheme | None:
        """The category scheme that is counted by, where it is not one of the dimensions that every policy has."""
        known = (one for one in self.pack.categories.schemes if one.id == by and by not in DIMENSIONS)
        return next(known, None)

    def _value(self, by: str, line: Mapping[str, Any]) -> str:
        key, scheme = line["key"], self._scheme(by)
        if scheme is not None and key:
            title = {path: node.title for path, node in scheme.walk()}.get(key)
            return words(title) if title else str(key)
        name = self._unit(line) if by in ("department", "team") else line["name"]
        return group_value(self.asked, by, key, {key: name} if name else {})

    def _unit(self, line: Mapping[str, Any]) -> str:
        """A department by the name that the document kept; in English, in which none was kept, by the one that it has now."""
        if language() != "en":
            return traditional_of_reader(line["name"])
        if self._in_english is None:
            named = Department.objects.exclude(title_en="").values_list("pk", "title_en")
            self._in_english = dict(named)
        return begun(self._in_english.get(line["key"], line["name"]))

    # Counts

    def _counts(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        by, lines = kept["by"], kept["lines"]
        most = max((line["count"] for line in lines), default=0)
        heads = (
            Head(self._dimension(by)), Head(gettext("件数"), True), Head(gettext("占比"), True, "%"), Head(gettext("上期件数"), True),
            Head(gettext("较上期"), True),
        )  # fmt: skip
        rows = tuple(
            (
                Cell(self._value(by, line), share=100 * line["count"] // most if most else 0),
                Cell(str(line["count"]), is_number=True, figure=f"{place}/{n}/all" if line["count"] else ""),
                Cell(line["share"] or "—", is_number=True), Cell(str(line["before"]), is_number=True),
                Cell(_change(str(line["count"]), str(line["before"])), is_number=True),
            )
            for n, line in enumerate(lines)
        )  # fmt: skip
        samples = tuple(
            Sample(self._value(by, line), one["number"], one["text"]) for line in lines for one in line["samples"]
        )
        table = Table(heads, rows, self._total_of_counts(kept))
        return Shown(place, title, table=table, samples=samples, note="" if kept["total"] else nothing_said())

    @staticmethod
    def _total_of_counts(kept: Mapping[str, Any]) -> tuple[Cell, ...]:
        total, lines = kept["total"], kept["lines"]
        before = kept["total_before"] if "total_before" in kept else sum(line["before"] for line in lines)
        told = [str(total), "100.0" if total else "—", str(before), _change(str(total), str(before))]
        return (Cell(gettext("合计")), *(Cell(text, is_number=True) for text in told))

    # Lists

    def _cases(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        lines, columns = kept["lines"], kept["columns"]
        titles = {
            "received": gettext("受理日期"), "closed": gettext("办结日期"), "in_time": gettext("按期"), "score": gettext("评分"),
            **dimension_words(self.pack),
        }  # fmt: skip
        heads = (Head(gettext("编号")), *(Head(titles[name], name == "score") for name in columns))
        rows = tuple(
            (
                Cell(line["number"], figure=f"{place}/{n}/all"),
                *(self._of_case(name, line[name]) for name in columns),
            )
            for n, line in enumerate(lines)
        )
        left = kept["total"] - len(lines)
        note = gettext("另有 %(n)s 件未列出。") % {"n": left} if left else "" if lines else nothing_said()
        return Shown(place, title, table=Table(heads, rows), note=note)

    def _of_case(self, name: str, value: Any) -> Cell:
        if name in ("received", "closed"):
            return self._day(value)
        return Cell(self._said_of_case(name, value), is_number=name == "score")

    @staticmethod
    def _day(value: Any) -> Cell:
        day = day_of(str(value or ""))
        return Cell(day_in_print(day), day=day) if day else Cell(_plain(value))

    def _said_of_case(self, name: str, value: Any) -> str:
        said = words_of(self.pack)
        if value in (None, ""):
            return "—"
        if isinstance(value, bool):
            return words(value)
        if name == "level":
            return said.level(value)[0]
        return (
            str(getattr(said, name)(value))
            if name in ("category", "channel", "kind", "state", "outcome")
            else str(value)
        )

    def _records(self, place: str, block: Block, kept: Mapping[str, Any], title: str) -> Shown:
        kind, fields = self.pack.proceedings[block.records or ""], self.pack.fields
        lines = kept.get("lines", ())
        if block.which == "started":
            lines = self._started(block)
        columns = [name for name in block.columns if name != kind.title_from]
        numeric = {name for name in columns if fields[name].type in NUMBERS}
        heads = (
            Head(gettext("编号")), Head(gettext("内容")), *(Head(words(fields[name].title), name in numeric) for name in columns),
            Head(gettext("进展")),
        )  # fmt: skip
        rows = tuple(
            (
                Cell(line["number"], record=line["key"]), Cell(line["subject"] or "—"),
                *(self._of_record(fields[name], line["values"].get(name)) for name in columns),
                Cell(words(kind.states[line["state"]].title)),
            )
            for line in lines
        )  # fmt: skip
        left = kept.get("total", len(lines)) - len(lines)
        note = gettext("另有 %(n)s 项未列出。") % {"n": left} if left > 0 else "" if lines else _none_said(block)
        return Shown(place, title or words(kind.title), table=Table(heads, rows), note=note)

    def _of_record(self, source: Field, value: Any) -> Cell:
        if source.type == "date":
            return self._day(value)
        if source.type == "datetime" and value:
            return Cell(stored_in_print(source.type, str(value), ZoneInfo(self.pack.head.zone)))
        return Cell(_plain(value), is_number=source.type in NUMBERS)

    def _started(self, block: Block) -> Sequence[Mapping[str, Any]]:
        """What a document starts goes on living after it: the latest version shows it as it stands now, an older one as it stood."""
        rows = list(
            Proceeding.objects.filter(parent=self.proceeding, kind=block.records).order_by("begun_at", "number")
        )
        if self.version.next is None:
            records = as_they_stand(rows, block.columns)
        else:
            title = self.pack.proceedings[block.records or ""].title_from
            records = as_they_stood(rows, block.columns, before=self.version.next.recorded_at, title=title)
        return records_kept(self.pack, block, records, ZoneInfo(self.pack.head.zone))

    def _in_numbers(self, place: str, block: Block, kept: Mapping[str, Any], title: str) -> Shown:
        fields, kind = self.pack.fields, self.pack.proceedings[block.records or ""]
        source, summed = fields.get(block.per or ""), fields.get(block.sum or "")
        sums = (Head(words(summed.title), True),) if summed else ()
        heads = (Head(words(source.title) if source else gettext("状态")), Head(gettext("件数"), True), *sums)

        def named(line: Mapping[str, Any]) -> str:
            if block.per == "state":
                return words(kind.states[line["key"]].title)
            return line["name"] or _plain(line["key"]) if line["key"] not in (None, "") else gettext("未定")

        def counted(line: Mapping[str, Any], count: str) -> list[Cell]:
            told = [str(line[count]), *([_number(line["sum"])] if summed else [])]
            return [Cell(text, is_number=True) for text in told]

        rows = tuple((Cell(named(line)), *counted(line, "count")) for line in kept["lines"])
        total = (Cell(gettext("合计")), *counted(kept, "total"))
        return Shown(place, title, table=Table(heads, rows, total), note="" if rows else _none_said(block))

    # Scores

    def _scores(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        ids = [self._indicator(name) for name in kept.get("ids", ())]
        weighted = (
            Head(f"{words(one.title)}（{weight}%）", True, besides=(gettext("实绩"),))
            for one, weight in zip(ids, kept.get("weights", ()), strict=True)
        )
        heads = (
            Head(gettext("名次"), True), Head(gettext("责任部门")), *weighted, Head(gettext("扣分"), True, besides=(gettext("扣分单"),)), Head(gettext("得分"), True),
            Head(gettext("上月"), True), Head(gettext("较上月"), True),
        )  # fmt: skip
        rows = tuple(
            (
                Cell(str(card["place"] or "—"), is_number=True), Cell(self._unit(card)),
                *(self._score_cell(f"{place}/{n}/{m}", cell, one) for m, (cell, one) in enumerate(zip(card["cells"], ids, strict=True))),
                Cell(_number(card["deducted"]), is_number=True, besides=(" ".join(card["deductions"]),)),
                Cell(card["total"] or gettext("不适用"), is_number=True), Cell(card["before"] or gettext("不适用"), is_number=True),
                Cell(_change(card["total"], card["before"]), is_number=True),
            )
            for n, card in enumerate(kept.get("groups", ()))
        )  # fmt: skip
        return Shown(place, title, table=Table(heads, rows), note="" if rows else nothing_said())

    @staticmethod
    def _score_cell(place: str, cell: Mapping[str, Any], one: Indicator) -> Cell:
        points = cell["points"] if cell["points"] is not None else gettext("不计分")
        value = "" if cell["value"] is None else in_unit(cell["value"], one.unit)
        return Cell(points, is_number=True, figure=place if cell["sample"] else "", besides=(value,))

    def _chart(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        one, months = self._indicator(kept["id"]), kept["months"]
        values = [float(value or 0) for _, value in months]
        most, days = max(values, default=0), [date.fromisoformat(f"{month}-01") for month, _ in months]
        rows = tuple(
            (
                Cell(month_in_print(day)),
                Cell(plain_value(value), is_number=True, share=round(100 * amount / most) if most else 0),
            )
            for day, (_, value), amount in zip(days, months, values, strict=True)
        )
        points = tuple(
            (short_month(day), amount, plain_value(value))
            for day, (_, value), amount in zip(days, months, values, strict=True)
        )
        heads = (Head(gettext("月份")), Head(words(one.title), True, unit_of(one)))
        return Shown(
            place,
            title or words(one.title),
            table=Table(heads, rows),
            points=points,
            months=tuple(days),
            unit=unit_of(one),
        )


def _none_said(block: Block) -> str:
    """What stands where a table of records would be empty."""
    return gettext("无。") if block.which in ("started", "carried") else gettext("本期没有登记。")


def nothing_said() -> str:
    return gettext("本期没有可统计的内容。")


def unit_of(one: Indicator) -> str:
    """In what an indicator is counted; cases are said too."""
    return unit_words(one) or gettext("件")


def plain_value(value: str | None) -> str:
    """A kept value without its unit, which stands in the head; in words where there was nothing to divide by."""
    return gettext("不适用") if value is None else value


def _target(one: Indicator, target: str | None) -> str:
    return "—" if target is None else f"{'≥' if one.direction == 'up' else '≤'} {target}"


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _plain(value: Any) -> str:
    if value in (None, ""):
        return "—"
    return words(value) if isinstance(value, bool) else str(value)


def _number(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _change(now: str | None, before: str | None) -> str:
    """By how much a value rose or fell; a dash where one of the two is missing."""
    if now is None or before is None:
        return "—"
    change = Decimal(now) - Decimal(before)
    return f"{change:+}" if change else "0"
