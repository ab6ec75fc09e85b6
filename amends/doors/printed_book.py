"""Spreadsheets that are ready to print: house, title and period at the head of every sheet, tables in frames, numbers as numbers, numbered pages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext

from amends.doors.cells import OPTIONS, as_text
from amends.doors.papers.columns import length_of

NUMBER = re.compile(r"[+-]?\d+(?:\.(\d+))?")
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
LONGEST_NAME = 31
A4 = 9
NARROWEST, WIDEST = 6.5, 46
"""Characters that stand side by side in a column at least and at most; longer texts take several lines."""
SHORT_HEAD = 10
"""Heads of so many characters stand in one line."""
LINE = 16
"""Points that a line of text takes."""
UPRIGHT = 95
"""Columns of so many characters stand on upright paper in their full size."""
SMALLEST = 240
"""Columns of so many characters still stand side by side on paper that lies on its side, in a size that can be read."""


def sheet_name(text: str) -> str:
    """A text as the name of a sheet can be."""
    return FORBIDDEN.sub(" ", text)[:LONGEST_NAME].strip()


def page_of(
    sheet: Any, *, kept: int, foot: str, is_wide: bool = True, pages_high: int = 0, beside: int = 0, over: str = "", across: float = 0
) -> None:  # fmt: skip
    """Make a sheet ready to print: A4, numbered pages; the first `kept` rows stay in view and stand on every page, `over` is printed above them.

    It is as wide as the paper. Told how many characters are `across`, it lies on its side where they need it, and takes several pages side by
    side, each with its first `beside` columns, before it becomes too small to read.
    """
    pages = max(1, math.ceil((across - beside * WIDEST / 2) / SMALLEST)) if across > SMALLEST else 1
    is_wide = across > UPRIGHT if across else is_wide
    sheet.freeze_panes(kept, beside)
    if kept:
        sheet.repeat_rows(0, kept - 1)
    sheet.set_paper(A4)
    sheet.set_margins(left=0.7, right=0.6, top=0.7, bottom=0.7)
    if is_wide:
        sheet.set_landscape()
    sheet.fit_to_pages(pages, pages_high)
    if pages > 1 and beside:
        sheet.repeat_columns(0, beside - 1)
    if over:
        sheet.set_header(f"&L{over.replace('&', '&&')}")
    numbered = gettext("第 {page} 页　共 {pages} 页").format(page="&P", pages="&N")
    sheet.set_footer(f"&L{foot.replace('&', '&&')}&R{numbered}")


@dataclass
class Formats:
    """The formats of a book, each made once."""

    book: Any
    numbers: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def title(self) -> Any:
        return self.book.add_format({"bold": True, "font_size": 16, "valign": "vcenter"})

    @cached_property
    def part(self) -> Any:
        return self.book.add_format({"bold": True, "font_size": 12})

    @cached_property
    def quiet(self) -> Any:
        return self.book.add_format({"font_color": "#555555", "num_format": "@"})

    @cached_property
    def quiet_lines(self) -> Any:
        return self.book.add_format({"font_color": "#555555", "num_format": "@", "text_wrap": True, "valign": "top"})

    @cached_property
    def plain(self) -> Any:
        return self.book.add_format({"num_format": "@"})

    @cached_property
    def caption(self) -> Any:
        return self.book.add_format({"bold": True, "num_format": "@"})

    @cached_property
    def text(self) -> Any:
        return self.book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})

    @cached_property
    def link(self) -> Any:
        return self.book.add_format({"font_color": "#1f5f99", "underline": 1})

    @cached_property
    def head(self) -> Any:
        return self._boxed({"bold": True, "bg_color": "#EBEBEB", "align": "center"})

    @cached_property
    def head_of_numbers(self) -> Any:
        return self._boxed({"bold": True, "bg_color": "#EBEBEB", "align": "right"})

    @cached_property
    def said(self) -> Any:
        return self._boxed({"num_format": "@", "indent": 1})

    @cached_property
    def day(self) -> Any:
        return self._boxed({"num_format": gettext('yyyy"年"m"月"d"日"'), "align": "left", "indent": 1})

    @cached_property
    def said_on_the_right(self) -> Any:
        return self._boxed({"num_format": "@", "align": "right"})

    def number(self, text: str, *, is_total: bool = False) -> Any:
        """With the digits that the figure has; a change keeps its sign."""
        digits = NUMBER.fullmatch(text)
        pattern = "#,##0" + (f".{'0' * len(digits[1])}" if digits and digits[1] else "")
        pattern = f"+{pattern};-{pattern};0" if text[:1] in "+-" else pattern
        key = f"{pattern}{is_total}"
        if key not in self.numbers:
            self.numbers[key] = self._boxed({"num_format": pattern, "align": "right", "bold": is_total})
        return self.numbers[key]

    def _boxed(self, more: dict[str, Any]) -> Any:
        return self.book.add_format(
            {"border": 1, "border_color": "#999999", "text_wrap": True, "valign": "vcenter", **more}
        )


Value = str | int | Decimal | date | None


@contextmanager
def printed_book(
    file: IO[bytes], *, house: str, title: str, about: Sequence[str] = (), signers: Sequence[str] = ()
) -> Iterator[PrintedBook]:
    """A spreadsheet under one title. `about` says what it is about: the period, the policy, who made it; `signers` sign its first sheet."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        book.set_properties({"title": title, "company": house})
        yield PrintedBook(book, Formats(book), house, title, "　".join(filter(None, about)), list(signers))


@dataclass
class PrintedBook:
    """A spreadsheet whose sheets are tables."""

    book: Any
    formats: Formats
    house: str
    title: str
    about: str
    signers: list[str]

    def table(
        self,
        name: str,
        heads: Sequence[str],
        rows: Iterable[Sequence[Value]],
        *,
        notes: Sequence[str] = (),
        empty: str = "",
    ) -> None:
        """A table on a sheet of its own: numbers on the right, long texts in several lines; one without rows says so in words."""
        lines, sheet = list(rows), self.book.add_worksheet(sheet_name(name))
        on_the_right = [_is_of_numbers(lines, place) for place, _ in enumerate(heads)]
        widths = [_width(head, lines, place) for place, head in enumerate(heads)]
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        top = self._head(sheet, name, widths)
        sheet.set_row(top, LINE * lines_in(heads, widths) + 4)
        for place, head in enumerate(heads):
            form = self.formats.head_of_numbers if on_the_right[place] else self.formats.head
            sheet.write_string(top, place, as_text(head), form)
        row = top + 1
        for line in lines:
            sheet.set_row(row, LINE * lines_in(line, widths) + 2)
            for place, _ in enumerate(heads):
                value = line[place] if place < len(line) else ""
                self._value(sheet, row, place, value, is_number=on_the_right[place])
            row += 1
        for note in [*([] if lines else [empty or gettext("本期没有可统计的内容。")]), *notes]:
            sheet.write_string(row, 0, as_text(note), self.formats.quiet)
            row += 1
        self._signatures(sheet, row + 1)
        page_of(sheet, kept=top + 1, foot=self.title, beside=1 if len(heads) > 2 else 0, across=sum(widths))

    def _head(self, sheet: Any, name: str, widths: Sequence[float]) -> int:
        """House, title, what it is about and the name of the sheet; return the row that follows."""
        for row, height in enumerate((18, 28, 20, 22)):
            sheet.set_row(row, height)
        sheet.write_string(0, 0, as_text(self.house), self.formats.quiet)
        sheet.write_string(1, 0, as_text(self.title), self.formats.title)
        self._about(sheet, widths)
        sheet.write_string(3, 0, as_text(name), self.formats.part)
        return 4

    def _about(self, sheet: Any, widths: Sequence[float]) -> None:
        """What the table is about, in several lines where it is longer than the table is wide: else the paper would be as wide as the line."""
        across = sum(widths)
        if length_of(self.about) > across and len(widths) > 1:
            sheet.set_row(2, LINE * lines_in([self.about], [across]) + 4)
            sheet.merge_range(2, 0, 2, len(widths) - 1, "", self.formats.quiet_lines)
            sheet.write_string(2, 0, as_text(self.about), self.formats.quiet_lines)
            return
        sheet.write_string(2, 0, as_text(self.about), self.formats.quiet)

    def _value(self, sheet: Any, row: int, place: int, value: Value, *, is_number: bool) -> None:
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            sheet.write_number(
                row,
                place,
                float(value),
                self.formats.number(f"{value:f}" if isinstance(value, Decimal) else str(value)),
            )
            return
        form = self.formats.said_on_the_right if is_number else self.formats.said
        sheet.write_string(row, place, as_text("" if value is None else str(value)), form)

    def _signatures(self, sheet: Any, row: int) -> None:
        """Who signs stands below the first table."""
        if self.signers:
            said = [f"{one}{gettext('：')}{'＿' * 8}" for one in self.signers]
            sheet.write_string(
                row, 0, "　　".join([*said, f"{gettext('日期')}{gettext('：')}{'＿' * 6}"]), self.formats.plain
            )
            self.signers = []


def _is_of_numbers(lines: Sequence[Sequence[Value]], place: int) -> bool:
    return any(isinstance(line[place], Decimal | int) for line in lines if place < len(line))


def _width(head: str, lines: Sequence[Sequence[Value]], place: int) -> float:
    """As wide as its values; a longer head stands in two lines."""
    length = length_of(head)
    values = (length_of(part) for line in lines if place < len(line) for part in str(line[place] or "").split("\n"))
    longest = max([length if length <= SHORT_HEAD else length / 2 + 3, *values])
    return min(max(longest + 2.5, NARROWEST), WIDEST)


def lines_in(cells: Sequence[Value], widths: Sequence[float]) -> int:
    """How many lines the highest of the cells takes."""
    found = [1]
    for cell, width in zip(cells, widths, strict=False):
        if isinstance(cell, str):
            found.append(sum(max(1, math.ceil(length_of(part) / (width - 2.2))) for part in cell.split("\n")))
    return max(found)
