"""A list of cases as a spreadsheet: every cell is text or a time, none is ever a formula or a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count as count_from
from itertools import islice
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter
from django.utils.translation import gettext

from amends.apps.cases.models import Case
from amends.apps.policies.queries import read_version
from amends.core.masking import HIDDEN, masked
from amends.doors.cells import OPTIONS, as_text
from amends.doors.listed_sheet import ListFormats, write_list
from amends.doors.pack_words import PackWords, words_of
from amends.doors.papers.formats import day_in_print, moment_in_print
from amends.doors.printed_book import page_of
from amends.doors.wording import words

MOST_ROWS = 1_000_000
"""So many cases stand on a sheet; a program that opens it holds 1,048,576 rows and drops what is more."""
Cell = str | datetime | None


def sheet_titles(columns: Iterable[str]) -> dict[str, str]:
    """Every column of the sheet with its head: what always stands there, and what the reader chose for the queue."""
    always = {
        "number": gettext("编号"),
        "subject": gettext("事项"),
        "complainant": gettext("投诉人"),
        "phone": gettext("联系电话"),
    }
    offered = {
        "desk": gettext("受理台"), "level": gettext("级别"), "urgent": gettext("紧急"), "state": gettext("状态"),
        "owner": gettext("责任部门"), "handler": gettext("处理人"), "due": gettext("最近到期"), "late": gettext("是否超时"),
        "told": gettext("最近告知客户"), "word": gettext("下次告知客户"), "category": gettext("类别"), "kind": gettext("类型"), "channel": gettext("渠道"),
        "outcome": gettext("处理结果"), "partner": gettext("合作方"), "received": gettext("收到"), "closed": gettext("办结"),
        "changed": gettext("最近更新"),
    }  # fmt: skip
    wanted = {*columns, "urgent", "handler", "late", "closed", "outcome"}
    return always | {name: title for name, title in offered.items() if name in wanted}


def write_sheet(
    file: IO[bytes], cases: Iterable[tuple[Case, str, bool, datetime | None]], *, columns: Iterable[str], about: Iterable[tuple[str, str]],
    now: datetime, zone: ZoneInfo,
) -> int:  # fmt: skip
    """Write the cases, each with the telephone number of its complainant, whether both are masked, and until when quiet hours
    hold back what was last said to them; return how many.

    Times are those of the desk, the day above the list that of `zone`. A second sheet says what this is (`about`).
    """
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        titles = sheet_titles(columns)
        count = _write_rows(
            book,
            titles,
            ([_cell(name, *case, now) for name in titles] for case in cases),
            title=f"{gettext('个案清单')}　{day_in_print(now.astimezone(zone).date())}",
        )
        _write_about(book, [*about, (gettext("件数"), str(count))])
    return count


def _write_rows(book: Any, titles: dict[str, str], rows: Iterator[list[Cell]], title: str) -> int:
    """Write the rows, on as many sheets as they need: none may be lost without a word."""
    formats = ListFormats(book)
    total = 0
    for no in count_from(1):
        name = gettext("个案") if no == 1 else f"{gettext('个案')} {no}"
        count = write_list(book, name, list(titles.values()), islice(rows, MOST_ROWS), title=title, formats=formats)
        total += count
        if count < MOST_ROWS:
            break
    return total


def _write_about(book: Any, lines: Iterable[tuple[str, str]]) -> None:
    sheet, text = (
        book.add_worksheet(gettext("说明")),
        book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
    )
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 70)
    page_of(sheet, kept=0, foot=gettext("个案清单"), is_wide=False)
    for number, (title, value) in enumerate(lines):
        sheet.write_string(number, 0, title, text)
        sheet.write_string(number, 1, as_text(value), text)


def _cell(name: str, case: Case, phone: str, is_masked: bool, held_until: datetime | None, now: datetime) -> Cell:
    said = words_of(read_version(case.pack_id))
    if name == "told" and held_until is not None:
        return gettext("将于 %(time)s 发出") % {"time": moment_in_print(held_until, said.zone)}
    if name in ("complainant", "phone"):
        return _personal(name, case, phone, is_masked)
    return _CELLS[name](case, said, now) if name in _CELLS else None


def _personal(name: str, case: Case, phone: str, is_masked: bool) -> str:
    if case.hides_reporter:
        return HIDDEN
    text = phone if name == "phone" else (case.complainant.name if case.complainant else "")
    return masked(name if name == "phone" else "name", text) if is_masked else text


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None


def _yes(flag: bool) -> str:
    return gettext("是") if flag else gettext("否")


def _late(case: Case, said: PackWords, now: datetime) -> str:
    return _yes(case.is_open and (case.is_late or (case.due_at is not None and case.due_at <= now)))


_CELLS: dict[str, Any] = {
    "number": lambda case, said, now: case.number,
    "subject": lambda case, said, now: case.subject,
    "desk": lambda case, said, now: words(case.desk.called),
    "level": lambda case, said, now: said.level(case.level)[0],
    "urgent": lambda case, said, now: _yes(case.urgent),
    "state": lambda case, said, now: said.state(case.state),
    "owner": lambda case, said, now: words(case.department.called) if case.department else "",
    "handler": lambda case, said, now: case.handler.name if case.handler else "",
    "due": lambda case, said, now: _local(case.due_at, said.zone) if case.is_open else None,
    "late": _late,
    "told": lambda case, said, now: _local(case.last_told_at, said.zone),
    "word": lambda case, said, now: _local(case.word_due_at, said.zone),
    "category": lambda case, said, now: said.category(case.category),
    "kind": lambda case, said, now: said.kind(case.kind),
    "channel": lambda case, said, now: said.channel(case.channel),
    "outcome": lambda case, said, now: said.outcome(case.outcome),
    "partner": lambda case, said, now: case.partner.name if case.partner else "",
    "received": lambda case, said, now: _local(case.received_at, said.zone),
    "closed": lambda case, said, now: _local(case.closed_at, said.zone),
    "changed": lambda case, said, now: _local(case.changed_at, said.zone),
}
"""What stands in each column."""
