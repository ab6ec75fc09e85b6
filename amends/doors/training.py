"""Training on paper and as a spreadsheet: certificates, the training record, and the performance record of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO
from zoneinfo import ZoneInfo

import xlsxwriter
from django.conf import settings
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.training.models import Attempt
from amends.core.policy.pack import Pack
from amends.core.training import Owed
from amends.doors.cells import OPTIONS
from amends.doors.listed_sheet import ListFormats, write_list
from amends.doors.papers.formats import day_in_print, moment_in_print, page_words
from amends.doors.papers.making import house_of
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet, Signer, full_width, shared
from amends.doors.wording import language, words

OWED = {
    Owed.PASSED: "已合格", Owed.NOT_YET: "未培训", Owed.AGAIN: "需复训", Owed.CONFIRM: "待确认新版制度", Owed.NO_TRIES: "测试次数已用完",
}  # fmt: skip
"""Where somebody stands with a module, as pages and papers say it."""


def owed_words(owed: Owed) -> str:
    return gettext(OWED[owed])


def percent_words(value: Decimal | None) -> str:
    """A share as it is shown: 75.0%; a dash where there is none."""
    return "—" if value is None else f"{value:.1f}%"


def _pair(label: str, value: str) -> Line:
    return Line((Cell("label", 6, label), Cell("value", COLUMNS - 6, value)))


def certificate_of(attempt: Attempt, pack: Pack, *, viewer: Viewer) -> Sheet:
    """The certificate of a test that was passed: who, which module, with which result, under which version of the policy."""
    module, zone = pack.training.modules[attempt.module], ZoneInfo(pack.head.zone)
    day = attempt.answered_at.astimezone(zone).date() if attempt.answered_at else None
    params = {"name": attempt.person.name, "module": words(module.title), "score": attempt.score}
    said = gettext("兹证明%(name)s完成“%(module)s”培训，测试成绩 %(score)s 分，达到合格要求。") % params
    unit = words(attempt.person.department.called) if attempt.person.department else "—"
    lines = [
        _pair(gettext("姓名"), attempt.person.name),
        _pair(gettext("部门"), unit),
        _pair(gettext("培训模块"), words(module.title)),
        _pair(gettext("培训目标"), words(module.aim)),
        _pair(gettext("测试成绩"), gettext("%(score)s 分（合格线 %(mark)s 分，答对 %(right)s / %(asked)s 题）") % {"score": attempt.score, "mark": module.pass_mark, "right": attempt.right, "asked": len(attempt.asked)}),
        _pair(gettext("合格日期"), day_in_print(day) if day else ""),
        full_width("text", said),
        Line((Cell("signatures", COLUMNS, signers=(
            Signer(gettext("培训部门（盖章）"), "", ""), Signer(gettext("本人签字"), "", ""),
        )),)),
    ]  # fmt: skip
    return Sheet(
        language=language(), house=house_of(pack, attempt.desk), title=gettext("培训合格证书"), code="",
        number=attempt.certificate, number_words=gettext("证书编号："), basis=_basis(pack),
        link=f"{settings.BASE_URL}/training/tests/{attempt.pk}/", link_words=gettext("扫码核对"),
        foot=_foot(viewer, zone), page_words=page_words(), lines=tuple(lines),
    )  # fmt: skip


def record_sheet_of(
    desk: Desk, pack: Pack, person: Person, tables: Iterable[tuple[str, Sequence[str], Sequence[Sequence[str]]]], *, viewer: Viewer
) -> Sheet:  # fmt: skip
    """The training record of a person: tables with their titles and heads, one below the other."""
    zone = ZoneInfo(pack.head.zone)
    unit = words(person.department.called) if person.department else "—"
    lines = [Line((Cell("label", 4, gettext("姓名")), Cell("value", 8, person.name), Cell("label", 4, gettext("部门")), Cell("value", 8, unit)))]  # fmt: skip
    for title, heads, rows in tables:
        spans = shared(COLUMNS, [3, *[2] * (len(heads) - 1)])
        lines.append(full_width("heading", title))
        lines.append(Line(tuple(Cell("column", span, head) for span, head in zip(spans, heads, strict=True)), is_head=True, is_repeated=True))  # fmt: skip
        for row in rows:
            lines.append(Line(tuple(Cell("value", span, cell) for span, cell in zip(spans, row, strict=True))))
        if not rows:
            lines.append(full_width("text", gettext("（无）")))
    return Sheet(
        language=language(), house=house_of(pack, desk), title=gettext("员工培训档案"), code="", number="", number_words="",
        basis=_basis(pack), link="", link_words="", foot=_foot(viewer, zone), page_words=page_words(), lines=tuple(lines),
    )  # fmt: skip


def _basis(pack: Pack) -> str:
    label = pack.head.policy_label or pack.head.title
    return gettext("%(policy)s　第 %(version)s 版") % {"policy": words(label), "version": pack.head.version}


def _foot(viewer: Viewer, zone: ZoneInfo) -> str:
    return gettext("打印：%(name)s　%(at)s") % {
        "name": viewer.person.name,
        "at": moment_in_print(viewer.now, zone),
    }


@dataclass(slots=True)
class Table:
    """One sheet of a spreadsheet: its name, its heads and its rows; numbers stay numbers."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[object]] = field(default_factory=list)


def write_tables(file: IO[bytes], tables: Iterable[Table], *, title: str) -> None:
    """Write each table as a sheet of its own."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        formats = ListFormats(book)
        for table in tables:
            write_list(book, table.title[:31], table.heads, table.rows, title=title, formats=formats)
