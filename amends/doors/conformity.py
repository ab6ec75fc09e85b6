"""Conformity of many cases in the reader's words: on pages, as a spreadsheet and as a paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from amends.apps.people.models import Department
from amends.apps.studies.conformity import Asked
from amends.apps.studies.standards import Carried, carried_out, summed, the_standard
from amends.core.indicators import rounded
from amends.core.policy.pack import Pack
from amends.doors.papers.formats import moment_in_print, span_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.papers.report import Report as Paper
from amends.doors.papers.tables import About, Part, report_of_tables, table_of
from amends.doors.printed_book import printed_book
from amends.doors.wording import happened, language, traditional, words


@dataclass(frozen=True, slots=True)
class Counted:
    """A clause of the policy with its counts, in words."""

    id: str
    wording: str
    kept_by: str
    applied: int
    kept: int
    running: int
    broken: int

    @property
    def percent(self) -> Decimal | None:
        """The part of the decided cases in which the clause was kept; None where none is decided."""
        decided = self.kept + self.broken
        return rounded(Fraction(100 * self.kept, decided), 1) if decided else None

    @property
    def share(self) -> str:
        return "—" if self.percent is None else f"{self.percent}%"


@dataclass(frozen=True, slots=True)
class StandardLine:
    """A clause of the standard: what carries it out, and the counts of the policy's clauses behind it."""

    carried: Carried
    wording: str
    says: str
    counts: Mapping[str, int]

    @property
    def no(self) -> str:
        return self.carried.clause.no

    @property
    def by(self) -> Sequence[str]:
        return self.carried.by


@dataclass(frozen=True, slots=True)
class Proved:
    """What shows a verdict on one case: an event or a clock, and when."""

    clause: str
    wording: str
    verdict: str
    number: str
    proofs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page, the spreadsheet and the paper say. `proved` are the cases by name, with what shows it where that was read."""

    asked: Asked
    pack: Pack
    made_at: datetime
    cases: int
    not_judged: int
    clauses: Sequence[Counted]
    standard: Sequence[StandardLine]
    proved: Sequence[Proved] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @property
    def counts(self) -> dict[str, int]:
        """How many clauses stand where: broken in any case, kept in all, not applied."""
        broken = sum(1 for one in self.clauses if one.broken)
        applied = sum(1 for one in self.clauses if one.applied)
        return {"broken": broken, "kept": applied - broken, "idle": len(self.clauses) - applied}


def report_of(
    asked: Asked, pack: Pack, result: Mapping[str, Any], made_at: datetime, proved: Iterable[Proved] = ()
) -> Report:
    """A result, as it was kept, in the reader's words; clauses with broken cases first, then those that applied most."""
    said = {clause.id: clause.text for clause in pack.clauses}
    clauses = [
        Counted(
            one["id"], _wording(one, said), one["kept_by"], one["applied"], one["kept"], one["running"], one["broken"]
        )
        for one in result["clauses"]
    ]
    ordered = sorted(clauses, key=lambda one: (-one.broken, -one.applied))
    by_id = {one["id"]: one for one in result["clauses"]}
    standard = [
        StandardLine(
            one, words(one.clause.title), words(one.clause.says) if one.clause.says else "", summed(one, by_id)
        )
        for one in carried_out(the_standard(), pack)
    ]
    return Report(asked, pack, made_at, result["cases"], result["not_judged"], ordered, standard, tuple(proved))


def _wording(one: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """A policy titles its clauses in Chinese and tells them in English."""
    if language() == "en":
        return said.get(one["id"], str(one["title"]))
    return traditional(one["title"]) if language() == "zh-hant" else str(one["title"])


def proved_by(report: Report, answers: Iterable[Mapping[str, Any]]) -> list[Proved]:
    """What shows each verdict on these cases, in words."""
    said = {one.id: one.wording for one in report.clauses}
    clocks = {rule.id: rule.title for rule in report.pack.clocks}
    clocks |= {rule.id: rule.title for kind in report.pack.proceedings.values() for rule in kind.clocks}
    return [
        Proved(
            line["id"], said.get(line["id"], line["title"]), line["verdict"], answer["number"],
            [proof_words(proof, clocks, report.zone) for proof in line["shown_by"]],
        )
        for answer in answers
        for line in answer["clauses"]
    ]  # fmt: skip


def proof_words(proof: Mapping[str, Any], clocks: Mapping[str, Any], zone: ZoneInfo) -> str:
    """An event with its moment, or a clock with its due time and how it stands."""
    of = f"（{proof['proceeding']}）" if proof.get("proceeding") else ""
    if "event" in proof:
        return f"{happened(proof['verb'])}{of} {moment_in_print(_moment(proof['at']), zone)}"
    due = f" {gettext('到期')} {moment_in_print(_moment(proof['due_at']), zone)}" if proof["due_at"] else ""
    title = words(clocks[proof["clock"]]) if proof["clock"] in clocks else gettext("时限")
    return f"{title}{of} {status_words(proof['status'])}{due}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def status_words(status: str) -> str:
    return {
        "running": gettext("计时中"), "paused": gettext("暂停中"), "kept": gettext("按时"), "broken": gettext("超时"),
        "stopped_no_limit": gettext("只计时"),
    }[status]  # fmt: skip


def verdict_words(verdict: str) -> str:
    return {"broken": gettext("不符合"), "running": gettext("进行中"), "kept": gettext("符合")}[verdict]


def scope_words(asked: Asked) -> str:
    """Whose conformity it is: the case, or the period and the department."""
    if asked.number:
        return gettext("个案 %(number)s") % {"number": asked.number}
    span = span_in_print(asked.period) if asked.period else gettext("全部时间")
    unit = Department.objects.filter(pk=asked.department).first() if asked.department else None
    return f"{span}　{words(unit.called)}" if unit else span


# Spreadsheet


def write_report(file: IO[bytes], report: Report) -> None:
    """The report as a spreadsheet: the result first, then the clauses, the standard, and the cases by name.

    Of many cases what shows a verdict stands there only where a clause was not kept: everything else would be a hundred pages.
    """
    pack = report.pack
    about = [scope_words(report.asked), _cases_words(report), version_of(pack)]
    signers = [gettext("编制"), gettext("审核")]
    with printed_book(
        file, house=house_of(pack, report.asked.desk), title=gettext("条款符合情况"), about=about, signers=signers
    ) as book:
        book.table(gettext("概要"), [gettext("项目"), gettext("结果")], _result_rows(report))
        rows = [
            [*_cells(one)[:-1], "—" if one.percent is None else one.percent, kept_by_words(one.kept_by)]
            for one in report.clauses
        ]
        heads = [*clause_heads()[:-1], gettext("符合率 %"), gettext("由谁保证")]
        book.table(gettext("条款"), heads, rows)
        book.table(gettext("标准对照"), _standard_heads(), [_standard_cells(line) for line in report.standard])
        if report.proved:
            book.table(gettext("个案"), _case_heads(), list(_case_rows(report.proved)))
            heads = [gettext("编号"), gettext("条款"), gettext("结论"), gettext("内容"), gettext("依据")]
            shown = [one for one in report.proved if report.asked.number or one.verdict == "broken"]
            none, rest = (
                gettext("没有不符合的条款。"),
                gettext("符合和进行中的依据，请打开该个案的“制度执行”，或只核对这一件个案。"),
            )
            book.table(
                gettext("依据"), heads, [_proved_cells(one) for one in shown], empty=none, notes=[] if report.asked.number else [rest]
            )  # fmt: skip


def _lines_words(n: int) -> str:
    return ngettext("%(n)s 条", "%(n)s 条", n) % {"n": n}


def _result_rows(report: Report) -> list[list[Any]]:
    """What was looked at and how it came out, in pairs."""
    counts = report.counts
    return [
        [gettext("范围"), scope_words(report.asked)], [gettext("核对时间"), moment_in_print(report.made_at, report.zone)],
        [gettext("核对结果"), _cases_words(report)], [gettext("不符合条款"), _lines_words(counts["broken"])],
        [gettext("符合条款"), _lines_words(counts["kept"])], [gettext("本期没有用到的条款"), _lines_words(counts["idle"])],
    ]  # fmt: skip


def _case_heads() -> list[str]:
    return [
        gettext("编号"), gettext("适用"), gettext("符合"), gettext("进行中"), gettext("不符合"), gettext("不符合的条款"), gettext("进行中的条款"),
    ]  # fmt: skip


def _case_rows(proved: Sequence[Proved]) -> Iterator[list[Any]]:
    """A line a case: how many clauses stand where, and which of them are not kept."""
    by_case: dict[str, list[Proved]] = {}
    for one in proved:
        by_case.setdefault(one.number, []).append(one)
    for number, lines in by_case.items():
        of = {
            verdict: [one.clause for one in lines if one.verdict == verdict]
            for verdict in ("kept", "running", "broken")
        }
        yield [
            number, len(lines), *(len(some) for some in of.values()), "、".join(of["broken"]) or "—", "、".join(of["running"]) or "—"
        ]  # fmt: skip


def clause_heads() -> list[str]:
    return [
        gettext("条款"), gettext("内容"), gettext("适用"), gettext("符合"), gettext("进行中"), gettext("不符合"), gettext("符合率"),
    ]  # fmt: skip


def _cells(one: Counted) -> list[Any]:
    return [one.id, one.wording, one.applied, one.kept, one.running, one.broken, one.share]


def kept_by_words(kept_by: str) -> str:
    return {"pack": gettext("制度规则"), "product": gettext("系统本身"), "later": gettext("尚未配置")}[kept_by]


def _cases_words(report: Report) -> str:
    said = gettext("个案 %(n)s 件") % {"n": report.cases}
    return (
        f"{said}{gettext('；')}{gettext('其中历史个案 %(n)s 件不作评判') % {'n': report.not_judged}}"
        if report.not_judged
        else said
    )


def _standard_heads() -> list[str]:
    return [
        gettext("条号"), gettext("要求"), gettext("制度条款"), gettext("系统如何做到"), gettext("适用"), gettext("符合"), gettext("进行中"),
        gettext("不符合"),
    ]  # fmt: skip


def _standard_cells(line: StandardLine) -> list[Any]:
    if line.carried.clause.chapter:
        return [line.no, line.wording]
    counts = (line.counts[name] for name in ("applied", "kept", "running", "broken"))
    return [line.no, line.wording, _listed(line.by), line.says, *counts]


def _proved_cells(one: Proved) -> list[Any]:
    return [one.number, one.clause, verdict_words(one.verdict), one.wording, "\n".join(one.proofs)]


# Paper


def report_paper(report: Report, *, made_by: str) -> Paper:
    """The report as one paper: what applied, the standard beside it, and for one case what shows each verdict."""
    counts = report.counts
    facts = (
        (gettext("核对时间"), moment_in_print(report.made_at, report.zone)), (gettext("核对结果"), _cases_words(report)),
        (gettext("不符合条款"), _lines_words(counts["broken"])), (gettext("符合条款"), _lines_words(counts["kept"])),
    )  # fmt: skip
    about = About(
        title=gettext("条款符合情况"), facts=facts, number=(gettext("范围："), scope_words(report.asked)), page="/conformity/",
        signers=(gettext("编制"), gettext("审核")), made_by=made_by, at=report.made_at,
    )  # fmt: skip
    first = _proved_part(report) if report.asked.number else _clause_part(report)
    return report_of_tables(about, [first, *_standard_parts(report)], desk=report.asked.desk, pack=report.pack)


def _clause_part(report: Report) -> Part:
    applied = [one for one in report.clauses if one.applied]
    idle = [one.id for one in report.clauses if not one.applied]
    heads = [(head, place > 1) for place, head in enumerate(clause_heads())]
    unused = gettext("本期没有用到的条款（%(n)s 条）：") % {"n": len(idle)} + "、".join(idle)
    return Part(gettext("制度条款"), table_of(heads, [_cells(one) for one in applied]), [unused] if idle else [])


def _proved_part(report: Report) -> Part:
    heads = [(head, False) for head in (gettext("条款"), gettext("内容"), gettext("结论"), gettext("依据"))]
    rows = [(one.clause, one.wording, verdict_words(one.verdict), "\n".join(one.proofs)) for one in report.proved]
    return Part(gettext("制度条款"), table_of(heads, rows))


def _standard_parts(report: Report) -> Iterator[Part]:
    """A chapter of the standard each: what the house does for its clauses, and how often that was kept."""
    heads = [
        *((head, False) for head in (gettext("条号"), gettext("要求"), gettext("系统如何做到"), gettext("制度条款"))),
        *((head, True) for head in (gettext("适用"), gettext("符合"), gettext("进行中"), gettext("不符合"))),
    ]  # fmt: skip
    title, rows = "", []
    for line in [*report.standard, None]:
        if line is not None and not line.carried.clause.chapter:
            counts = (line.counts[name] for name in ("applied", "kept", "running", "broken"))
            rows.append((line.no, line.wording, line.says or "—", _listed(line.by) or "—", *counts))
            continue
        if rows:
            yield Part(title or words(the_standard().title), table_of(heads, rows))
        title, rows = f"{words(the_standard().title)}　{line.no} {line.wording}" if line else "", []


def _listed(names: Sequence[str], most: int = 6) -> str:
    """Some of the names, and how many more there are."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else gettext("%(names)s 等 %(n)s 条") % {"names": shown, "n": len(names)}
