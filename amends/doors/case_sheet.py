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
from amends.doors.pack_words import PackWords, words_of
from amends.doors.wording import words

OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "remove_timezone": False, "default_date_format": "yyyy-mm-dd hh:mm",
}  # fmt: skip
LONGEST_CELL = 32_000
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
    file: IO[bytes], cases: Iterable[tuple[Case, str, bool]], *, columns: Iterable[str], about: Iterable[tuple[str, str]],
    now: datetime,
) -> int:  # fmt: skip
    """Write the cases, each with the telephone number of its complainant and whether both are masked; return how many.

    Times are those of the desk. A second sheet says what this is (`about`).
    """
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        titles = sheet_titles(columns)
        count = _write_rows(
            book,
            titles,
            ([_cell(name, case, phone, is_masked, now) for name in titles] for case, phone, is_masked in cases),
        )
        _write_about(book, [*about, (gettext("件数"), str(count))])
    return count


def _write_rows(book: Any, titles: dict[str, str], rows: Iterator[list[Cell]]) -> int:
    """Write the rows, on as many sheets as they need: none may be lost without a word."""
    text, moment = (
        book.add_format({"num_format": "@", "valign": "top"}),
        book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    )
    head = book.add_format({"bold": True, "num_format": "@", "bottom": 1})
    total = 0
    for no in count_from(1):
        count = _write_sheet(book, no, titles, islice(rows, MOST_ROWS), head=head, text=text, moment=moment)
        total += count
        if count < MOST_ROWS:
            break
    return total


def _write_sheet(
    book: Any, no: int, titles: dict[str, str], rows: Iterable[list[Cell]], *, head: Any, text: Any, moment: Any
) -> int:
    sheet = book.add_worksheet(gettext("个案") if no == 1 else f"{gettext('个案')} {no}")
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 40)
    sheet.set_column(2, max(len(titles) - 1, 2), 17)
    for place, title in enumerate(titles.values()):
        sheet.write_string(0, place, title, head)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        for place, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(count, place, value, moment)
            elif value:
                sheet.write_string(count, place, as_text(value), text)
    sheet.autofilter(0, 0, count, len(titles) - 1)
    return count


def _write_about(book: Any, lines: Iterable[tuple[str, str]]) -> None:
    sheet, text = (
        book.add_worksheet(gettext("说明")),
        book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
    )
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 70)
    for number, (title, value) in enumerate(lines):
        sheet.write_string(number, 0, title, text)
        sheet.write_string(number, 1, as_text(value), text)


def as_text(value: str) -> str:
    """A text as a cell can hold it: without characters that no spreadsheet can store, and not beyond its length."""
    return "".join(c for c in value if c >= " " or c in "\n\t")[:LONGEST_CELL]


def _cell(name: str, case: Case, phone: str, is_masked: bool, now: datetime) -> Cell:
    said = words_of(read_version(case.pack_id))
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
