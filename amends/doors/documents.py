"""A document that wrote itself as pages, papers, spreadsheets and the API show it: chapters of texts, tables and charts in the reader's words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.ledger.models import Event
from amends.apps.people.models import Person
from amends.apps.reporting.documents import Version, records_kept, versions_of
from amends.apps.reporting.figures import DIMENSIONS
from amends.core.documents import DUE_ON, at_length, titled
from amends.core.indicators import Verdict
from amends.core.periods import Period
from amends.core.policy.documents import Block, Document
from amends.core.policy.intake import CategoryScheme
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.doors.figures import Asked, dimension_words, group_value, target_words, unit_words, verdict_words
from amends.doors.pack_words import words_of
from amends.doors.papers.formats import day_in_print
from amends.doors.wording import language, words

CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `figure` names the list of cases behind it, `record` the proceeding, `second` is a smaller line below."""

    text: str
    is_number: bool = False
    figure: str = ""
    second: str = ""
    second_figure: str = ""
    tone: str = ""
    icon: str = ""
    record: str = ""
    share: int | None = None
    """How long a bar is, in percent of the longest."""


@dataclass(frozen=True, slots=True)
class Table:
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    weights: tuple[int, ...] = ()
    total: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A typical case of one value, without anybody's name."""

    about: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One block: a text, a table with what is to be said below it, or a chart with its table."""

    place: str
    title: str = ""
    text: str | None = None
    is_own_words: bool = False
    is_edited: bool = False
    table: Table | None = None
    note: str = ""
    samples: tuple[Sample, ...] = ()
    points: tuple[tuple[str, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    id: str
    mark: str
    title: str
    blocks: tuple[Shown, ...]
    clauses: tuple[str, ...] = ()


@dataclass(slots=True)
class Written:
    """A document at one of its versions, in the reader's words."""

    proceeding: Proceeding
    pack: Pack
    document: Document
    name: str
    version: Version
    versions: list[Version]
    title: str
    period: Period
    reporter: str
    released: tuple[str, date] | None
    due: date | None
    chapters: list[Chapter] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @property
    def drawn(self) -> datetime:
        return self.version.at.astimezone(self.zone)

    @property
    def is_latest(self) -> bool:
        return self.version.no == len(self.versions)


def written(proceeding: Proceeding, *, no: int | None = None) -> Written:
    """The document that a proceeding carries, at a version, the latest one by default. Raises NotVisible where there is none."""
    pack = pack_of(proceeding)
    found, versions = pack.reports.of_kind(proceeding.kind), versions_of(proceeding)
    if found is None or not versions or not 1 <= (no or 1) <= len(versions):
        raise NotVisible
    name, document = found
    version, texts = versions[(no or len(versions)) - 1], standing_texts(proceeding.chain)
    values = json.loads(proceeding.facts)["values"]
    period = Period(date.fromisoformat(version.kept["from"]), date.fromisoformat(version.kept["to"]))
    made = Written(
        proceeding=proceeding, pack=pack, document=document, name=name, version=version, versions=versions,
        title=titled(words(document.title), period), period=period, reporter=_reporter(document, values, texts, pack),
        released=_released(proceeding), due=date.fromisoformat(values[DUE_ON]) if values.get(DUE_ON) else None,
    )  # fmt: skip
    if no is not None and no < len(versions):
        texts = {**texts, **version.kept["texts"]}
    teller = _Teller(made, texts)
    made.chapters = [
        Chapter(
            part.id, _mark(place), words(part.title),
            tuple(teller.shown(f"{part.id}.{n}", block) for n, block in enumerate(part.blocks, start=1)), part.clause,
        )
        for place, part in enumerate(document.parts)
    ]  # fmt: skip
    return made


def _mark(place: int) -> str:
    return f"{place + 1}." if language() == "en" else f"{CHINESE[place]}、"


def _reporter(document: Document, values: Mapping[str, Any], texts: Mapping[str, str], pack: Pack) -> str:
    """The name under which the document stands; empty until somebody gave it."""
    name = document.reporter or ""
    source = pack.fields.get(name)
    if source is not None and source.type == "person":
        person = Person.objects.filter(pk=values[name]).first() if values.get(name) else None
        return person.name if person else ""
    return texts.get(name, "")


def _released(proceeding: Proceeding) -> tuple[str, date] | None:
    """Who released it last, and on which day of the desk; None while it is a draft."""
    if proceeding.is_open:
        return None
    event = Event.objects.filter(chain=proceeding.chain, kind="release").order_by("-seq").first()
    if event is None:
        return None
    number = event.actor.partition(":")[2]
    person = Person.objects.filter(pk=int(number)).first() if event.actor.startswith("person:") else None
    zone = ZoneInfo(pack_of(proceeding).head.zone)
    return (person.name if person else "", event.at.astimezone(zone).date())


@dataclass(slots=True)
class _Teller:
    """Puts the kept figures of one version into words."""

    made: Written
    texts: Mapping[str, str]

    @property
    def asked(self) -> Asked:
        return Asked(self.made.proceeding.desk, self.made.pack, self.made.period)

    def shown(self, place: str, block: Block) -> Shown:
        kept, title = self.made.version.kept["blocks"].get(place, {}), words(block.title) if block.title else ""
        if block.text:
            return self._text(place, block, title)
        if block.indicators:
            table = self._groups(place, kept) if block.by else self._lines(place, kept)
            return Shown(place, title, table=table, note="" if table.rows else nothing_said())
        if block.counts:
            return self._counts(place, block, kept, title)
        if block.cases:
            return self._cases(place, kept, title)
        if block.chart:
            return self._chart(place, kept, title)
        if block.scores:
            return self._scores(place, kept, title)
        return self._records(place, block, kept, title)

    def _text(self, place: str, block: Block, title: str) -> Shown:
        text = self.texts.get(block.text or "", "")
        first = self.made.version.kept["texts"].get(block.text or "")
        edited = block.says is not None and first is not None and bool(text) and text != first
        return Shown(place, title, text=text, is_own_words=block.says is None, is_edited=edited)

    def _indicator(self, name: str) -> Indicator:
        found = self.made.pack.kpis.indicator(name)
        if found is None:
            raise LookupError(name)
        return found

    def _lines(self, place: str, kept: Mapping[str, Any]) -> Table:
        heads = (
            (gettext("指标"), False), (gettext("本期"), True), (gettext("目标"), False), (gettext("上期"), True), (gettext("去年同期"), True),
        )  # fmt: skip
        rows = tuple(self._line(f"{place}/{n}", line) for n, line in enumerate(kept.get("lines", ())))
        return Table(heads, rows, (5, 4, 4, 3, 3))

    def _line(self, place: str, line: Mapping[str, Any]) -> tuple[Cell, ...]:
        one = self._indicator(line["id"])
        word, icon, tone = verdict_words(Verdict(line["verdict"]))
        earlier = [
            Cell(
                said_value(line[which]["value"], one),
                is_number=True,
                second=_change(line["value"], line[which]["value"], one),
            )
            for which in ("before", "year")
        ]
        return (
            Cell(words(one.title)),
            self._now(place, line, one),
            Cell(word, second=target_words(one), tone=tone, icon=icon),
            *earlier,
        )

    def _now(self, place: str, line: Mapping[str, Any], one: Indicator) -> Cell:
        is_part = one.kind in ("share", "per_volume") and line["value"] is not None
        second = f"{line['numerator']} / {line['denominator']}" if is_part else ""
        if not is_part and one.kind not in ("count", "sum") and line["sample"]:
            second = gettext("样本 %(n)s 件") % {"n": line["sample"]}
        if line.get("unfinished"):
            second = gettext("；").join(
                filter(None, [second, gettext("另有 %(n)s 件未完成") % {"n": line["unfinished"]}])
            )
        return Cell(
            said_value(line["value"], one), is_number=True, figure=f"{place}/all" if line["sample"] else "", second=second,
            second_figure=f"{place}/counted" if is_part and line.get("counted") else "",
        )  # fmt: skip

    def _groups(self, place: str, kept: Mapping[str, Any]) -> Table:
        ids = [self._indicator(name) for name in kept.get("ids", ())]
        heads = ((self._dimension(kept.get("by", "")), False), *((words(one.title), True) for one in ids))
        rows = []
        for n, group in enumerate(kept.get("groups", ())):
            cells = [
                self._group_cell(f"{place}/{n}/{m}", cell, one)
                for m, (cell, one) in enumerate(zip(group["cells"], ids, strict=True))
            ]
            rows.append((Cell(self._value(kept["by"], group)), *cells))
        return Table(heads, tuple(rows), (4, *(3 for _ in ids)))

    def _group_cell(self, place: str, cell: Mapping[str, Any] | None, one: Indicator) -> Cell:
        if cell is None:
            return Cell("—", is_number=True)
        said = [] if one.kind == "count" else [gettext("%(n)s 件") % {"n": cell["sample"]}]
        said += [gettext("上期 %(value)s") % {"value": said_value(cell["before"], one)}]
        word, icon, tone = verdict_words(Verdict(cell["verdict"]))
        is_judged = tone in ("good", "late")
        return Cell(
            said_value(cell["value"], one), is_number=True, figure=place if cell["sample"] else "", second=gettext("；").join(said),
            tone=tone if is_judged else "", icon=icon if is_judged else "",
        )  # fmt: skip

    def _dimension(self, by: str) -> str:
        scheme = self._scheme(by)
        return words(scheme.title) if scheme else dimension_words(self.made.pack).get(by, by)

    def _scheme(self, by: str) -> CategoryScheme | None:
        """The category scheme that is counted by, where it is not one of the dimensions that every policy has."""
        known = (one for one in self.made.pack.categories.schemes if one.id == by and by not in DIMENSIONS)
        return next(known, None)

    def _value(self, by: str, line: Mapping[str, Any]) -> str:
        key, scheme = line["key"], self._scheme(by)
        if scheme is not None and key:
            title = {path: node.title for path, node in scheme.walk()}.get(key)
            return words(title) if title else str(key)
        return group_value(self.asked, by, key, {key: line["name"]} if line["name"] else {})

    def _counts(self, place: str, block: Block, kept: Mapping[str, Any], title: str) -> Shown:
        by, lines = kept["by"], kept["lines"]
        most = max((line["count"] for line in lines), default=0)
        heads = (
            (self._dimension(by), False),
            (gettext("件数"), True),
            (gettext("占比"), True),
            (gettext("上期"), True),
        )
        rows = tuple(
            (
                Cell(self._value(by, line), share=100 * line["count"] // most if most else 0),
                Cell(str(line["count"]), is_number=True, figure=f"{place}/{n}/all" if line["count"] else ""),
                Cell(f"{line['share']}%" if line["share"] else "—", is_number=True),
                Cell(str(line["before"]), is_number=True),
            )
            for n, line in enumerate(lines)
        )
        before = sum(line["before"] for line in lines)
        total = (
            Cell(gettext("合计")), Cell(str(kept["total"]), is_number=True), Cell("100%" if kept["total"] else "—", is_number=True),
            Cell(str(before), is_number=True),
        )  # fmt: skip
        samples = tuple(
            Sample(self._value(by, line), one["number"], one["text"]) for line in lines for one in line["samples"]
        )
        return Shown(
            place,
            title,
            table=Table(heads, rows, (8, 3, 3, 3), total),
            samples=samples,
            note="" if kept["total"] else nothing_said(),
        )

    def _cases(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        lines, columns = kept["lines"], kept["columns"]
        titles = {
            "received": gettext("受理日期"), "closed": gettext("办结日期"), "in_time": gettext("按期"), "score": gettext("评分"),
            **dimension_words(self.made.pack),
        }  # fmt: skip
        heads = ((gettext("编号"), False), *((titles[name], False) for name in columns))
        rows = tuple(
            (
                Cell(line["number"], figure=f"{place}/{n}/all"),
                *(Cell(self._of_case(name, line[name])) for name in columns),
            )
            for n, line in enumerate(lines)
        )
        left = kept["total"] - len(lines)
        note = gettext("另有 %(n)s 件未列出。") % {"n": left} if left else "" if lines else nothing_said()
        return Shown(place, title, table=Table(heads, rows, (5, *(3 for _ in columns))), note=note)

    def _of_case(self, name: str, value: Any) -> str:
        said = words_of(self.made.pack)
        if value in (None, ""):
            return "—"
        if isinstance(value, bool):
            return words(value)
        if name in ("received", "closed"):
            return str(value)
        if name == "level":
            return said.level(value)[0]
        return (
            str(getattr(said, name)(value))
            if name in ("category", "channel", "kind", "state", "outcome")
            else str(value)
        )

    def _records(self, place: str, block: Block, kept: Mapping[str, Any], title: str) -> Shown:
        kind = self.made.pack.proceedings[block.records or ""]
        if block.per:
            return self._in_numbers(place, block, kept, title)
        lines = kept.get("lines", ())
        if block.which == "started":
            # What a document starts goes on living after it: it is shown as it stands now.
            children = Proceeding.objects.filter(parent=self.made.proceeding, kind=block.records).order_by(
                "begun_at", "number"
            )
            lines = records_kept(self.made.pack, block, list(children.select_related("chain")), self.made.zone)
        columns = [name for name in block.columns if name != kind.title_from]
        fields = self.made.pack.fields
        heads = (
            (gettext("编号"), False), (gettext("内容"), False), *((words(fields[name].title), False) for name in columns),
            (gettext("进展"), False),
        )  # fmt: skip
        rows = tuple(
            (
                Cell(line["number"], record=line["key"]), Cell(line["subject"] or "—"),
                *(Cell(_plain(line["values"].get(name))) for name in columns), Cell(words(kind.states[line["state"]].title)),
            )
            for line in lines
        )  # fmt: skip
        left = kept.get("total", len(lines)) - len(lines)
        note = gettext("另有 %(n)s 项未列出。") % {"n": left} if left > 0 else "" if lines else gettext("无。")
        return Shown(
            place, title or words(kind.title), table=Table(heads, rows, (4, 8, *(3 for _ in columns), 3)), note=note
        )

    def _in_numbers(self, place: str, block: Block, kept: Mapping[str, Any], title: str) -> Shown:
        fields, kind = self.made.pack.fields, self.made.pack.proceedings[block.records or ""]
        source, summed = fields.get(block.per or ""), fields.get(block.sum or "")
        head = words(source.title) if source else gettext("状态")
        heads = ((head, False), (gettext("件数"), True), *(((words(summed.title), True),) if summed else ()))

        def named(line: Mapping[str, Any]) -> str:
            if block.per == "state":
                return words(kind.states[line["key"]].title)
            return line["name"] or _plain(line["key"]) if line["key"] not in (None, "") else gettext("未定")

        rows = tuple(
            (
                Cell(named(line)),
                Cell(str(line["count"]), is_number=True),
                *((Cell(_number(line["sum"]), is_number=True),) if summed else ()),
            )
            for line in kept["lines"]
        )
        total = (
            Cell(gettext("合计")), Cell(str(kept["total"]), is_number=True), *((Cell(_number(kept["sum"]), is_number=True),) if summed else ()),
        )  # fmt: skip
        return Shown(
            place, title, table=Table(heads, rows, (8, 3, 3)[: len(heads)], total), note="" if rows else gettext("无。")
        )

    def _scores(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        ids = [self._indicator(name) for name in kept.get("ids", ())]
        weighted = [
            f"{words(one.title)}（{weight}%）" for one, weight in zip(ids, kept.get("weights", ()), strict=True)
        ]
        heads = (
            (gettext("名次"), True), (gettext("责任部门"), False), *((head, True) for head in weighted), (gettext("扣分"), True), (gettext("得分"), True),
            (gettext("上月"), True),
        )  # fmt: skip
        rows = tuple(
            (
                Cell(str(card["place"] or "—"), is_number=True), Cell(card["name"]),
                *(self._score_cell(f"{place}/{n}/{m}", cell, one) for m, (cell, one) in enumerate(zip(card["cells"], ids, strict=True))),
                Cell(_number(card["deducted"]), is_number=True, second=" ".join(card["deductions"])),
                Cell(card["total"] or gettext("不适用"), is_number=True), self._score_before(card),
            )
            for n, card in enumerate(kept.get("groups", ()))
        )  # fmt: skip
        return Shown(
            place,
            title,
            table=Table(heads, rows, (2, 4, *(4 for _ in ids), 3, 3, 3)),
            note="" if rows else nothing_said(),
        )

    @staticmethod
    def _score_cell(place: str, cell: Mapping[str, Any], one: Indicator) -> Cell:
        said = (
            gettext("%(points)s 分") % {"points": cell["points"]} if cell["points"] is not None else gettext("不计分")
        )
        return Cell(said_value(cell["value"], one), is_number=True, figure=place if cell["sample"] else "", second=said)

    @staticmethod
    def _score_before(card: Mapping[str, Any]) -> Cell:
        now, before = card["total"], card["before"]
        change = f"{Decimal(now) - Decimal(before):+}" if now and before else ""
        return Cell(before or gettext("不适用"), is_number=True, second=change)

    def _chart(self, place: str, kept: Mapping[str, Any], title: str) -> Shown:
        one = self._indicator(kept["id"])
        months = kept["months"]
        values = [float(value or 0) for _, value in months]
        most = max(values, default=0)
        rows = tuple(
            (Cell(month), Cell(said_value(value, one), is_number=True, share=round(100 * amount / most) if most else 0))
            for (month, value), amount in zip(months, values, strict=True)
        )
        points = tuple(
            (month, amount, said_value(value, one)) for (month, value), amount in zip(months, values, strict=True)
        )
        heads = ((gettext("月份"), False), (words(one.title), True))
        return Shown(place, title or words(one.title), table=Table(heads, rows, (3, 9)), points=points)


def nothing_said() -> str:
    return gettext("本期没有可统计的内容。")


def _plain(value: Any) -> str:
    if value in (None, ""):
        return "—"
    return words(value) if isinstance(value, bool) else str(value)


def _number(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def said_value(value: str | None, one: Indicator) -> str:
    """A kept value with its unit; in words where there was nothing to divide by."""
    if value is None:
        return gettext("不适用")
    unit = unit_words(one)
    return f"{value}{unit}" if unit in ("%", "‰", "") else f"{value} {unit}"


def _change(now: str | None, before: str | None, one: Indicator) -> str:
    if now is None or before is None:
        return ""
    change = Decimal(now) - Decimal(before)
    return f"{change:+}{unit_words(one)}" if change else gettext("持平")


def cases_of_figure(made: Written, figure: str) -> list[str]:
    """The ids of the cases behind a figure as they were when it was drawn. Raises NotVisible for a figure that the document has not."""
    place, *steps = figure.split("/")
    block = made.version.kept["blocks"].get(place)
    short = _behind(block, steps) if isinstance(block, Mapping) else None
    if short is None:
        raise NotVisible
    cases: Sequence[str] = made.version.kept["cases"]
    return [cases[place] for place in at_length(short)]


def _behind(block: Mapping[str, Any], steps: Sequence[str]) -> str | None:
    """The cases in short: of a line and part of it, or of a group and its column."""
    if len(steps) != 2 or not steps[0].isdigit():
        return None
    row, rest = int(steps[0]), steps[1]
    if "groups" in block:
        groups = block["groups"]
        cell = (
            groups[row]["cells"][int(rest)]
            if row < len(groups) and rest.isdigit() and int(rest) < len(block["ids"])
            else None
        )
        return cell["all"] if cell else None
    lines = block.get("lines", ())
    return lines[row].get(rest) if row < len(lines) and rest in ("all", "counted", "open") else None


def cases_shown(viewer: Viewer, keys: Iterable[str]) -> Any:
    """Those of the cases that the viewer may see now, the latest first."""
    return visible_to(viewer).filter(pk__in=list(keys)).order_by("-received_at", "pk")


def span_said(made: Written) -> str:
    return f"{day_in_print(made.period.first)} – {day_in_print(made.period.last)}"


def as_data(made: Written) -> dict[str, Any]:
    """The document for machines: chapters in order, tables as text and the kept figures as they were counted."""
    return {
        "id": str(made.proceeding.pk), "number": made.proceeding.number, "document": made.name, "title": made.title,
        "code": made.document.code, "desk": made.proceeding.desk.code, "from": made.period.first.isoformat(), "to": made.period.last.isoformat(),
        "state": made.proceeding.state, "reporter": made.reporter, "version": made.version.no, "versions": len(made.versions),
        "drawn_at": made.version.at.isoformat(), "due": made.due.isoformat() if made.due else None, "late": made.proceeding.is_late,
        "released_on": made.released[1].isoformat() if made.released else None,
        "contents": [f"{one.mark}{one.title}" for one in made.chapters],
        "chapters": [
            {"id": one.id, "title": one.title, "clause": list(one.clauses), "blocks": [_block(made, block) for block in one.blocks]}
            for one in made.chapters
        ],
    }  # fmt: skip


def _block(made: Written, block: Shown) -> dict[str, Any]:
    found: dict[str, Any] = {"title": block.title}
    if block.text is not None:
        return {**found, "text": block.text, "is_own_words": block.is_own_words, "is_edited": block.is_edited}
    table = block.table
    found |= {"note": block.note, "kept": made.version.kept["blocks"].get(block.place, {})}
    if table is not None:
        found |= {
            "heads": [head for head, _ in table.heads], "rows": [[cell.text for cell in row] for row in table.rows],
            "figures": [[cell.figure or None for cell in row] for row in table.rows], "total": [cell.text for cell in table.total],
        }  # fmt: skip
    if block.samples:
        found["samples"] = [{"about": one.about, "number": one.number, "text": one.text} for one in block.samples]
    return found
