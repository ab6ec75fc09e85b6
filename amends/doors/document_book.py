"""A document that wrote itself as a spreadsheet: its head and contents first, then a sheet a chapter, ready to print, numbers as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext

from amends.doors.cells import OPTIONS, as_text
from amends.doors.documents.parts import Cell, Chapter, Shown, Table
from amends.doors.documents.written import Written
from amends.doors.papers.columns import length_of
from amends.doors.papers.document import left_to, signers_of
from amends.doors.papers.formats import day_in_print, moment_in_print
from amends.doors.papers.making import house_of
from amends.doors.papers.sheet import Signer
from amends.doors.printed_book import LINE, NUMBER, SHORT_HEAD, Formats, lines_in, page_of, sheet_name

NARROWEST, WIDEST = 8, 34
LEAST_COLUMNS = 6
"""Over so many columns at least a text stands."""
LONG = 30
"""A table of more rows has a sheet of its own, so that its head can stay in view and be printed on every page."""
WIDE, WIDE_ROOM = 100, 150
"""Sheets whose columns take more characters lie on their side when they are printed; so many stand side by side there."""
PAGE, PAGE_OF_WIDE = 730, 480
"""Points from margin to margin, upright and on its side."""
TIGHTER = 1.4
"""What is little more than a page is printed a little smaller, on one."""


def write_document(file: IO[bytes], made: Written) -> None:
    """Write the document; every figure stands as a number, its unit in the head of its column."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        book.set_properties(
            {"title": made.title, "subject": made.span, "company": house_of(made.pack, made.proceeding.desk)}
        )
        formats = Formats(book)
        cover = _Page(book, formats, made, gettext("目录"), "")
        pages = [page for chapter in made.chapters for page in _pages(book, formats, made, _narrowed(chapter))]
        _write_cover(cover, made, pages)
        (pages or [cover])[-1].signatures(signers_of(made))
        for page in (cover, *pages):
            page.finish()


def _write_cover(page: _Page, made: Written, pages: list[_Page]) -> None:
    facts = [
        (gettext("编号"), made.proceeding.number), (gettext("统计期间"), made.span), (made.author_words, made.reporter),
        (gettext("提交期限"), day_in_print(made.due) if made.due else gettext("不限")), (gettext("数据版本"), str(made.version.no)),
        (gettext("取数时间"), moment_in_print(made.version.at, made.zone)),
    ]  # fmt: skip
    for name, value in facts:
        page.put(0, name, page.formats.head)
        page.put(1, value, page.formats.said)
        page.row += 1
    page.row += 1
    page.put(0, gettext("目录"), page.formats.caption)
    page.row += 1
    for one in pages:
        page.sheet.write_url(page.row, 0, f"internal:'{one.name}'!A1", page.formats.link, one.name)
        page.row += 1
    page.widths = {0: 24, 1: 56}


def _pages(book: Any, formats: Formats, made: Written, chapter: Chapter) -> Iterator[_Page]:
    """The sheet of a chapter, and one more for each long table of it."""
    title = f"{chapter.mark}{chapter.title}"
    long = [block for block in chapter.blocks if block.table and len(block.table.rows) > LONG and not block.points]
    if len(long) < len(chapter.blocks):
        page = _Page(book, formats, made, title, "")
        for block in chapter.blocks:
            if block.table and block not in long:
                page.make_room(block.table)
        for block in chapter.blocks:
            if block in long:
                page.line(f"{block.caption}{gettext('：')}{gettext('见单独的工作表')}")
            else:
                page.block(block)
        yield page
    for block in long:
        own = _Page(book, formats, made, title, block.mark if len(chapter.blocks) > 1 else "")
        own.long_table(block)
        yield own


@dataclass
class _Page:
    """One sheet: the house, the title and the chapter stand at its head and are printed on every page."""

    book: Any
    formats: Formats
    made: Written
    title: str
    mark: str
    row: int = 0
    widths: dict[int, float] = field(default_factory=dict)
    more_height: float = 0
    """How many points the high rows take above the usual."""
    kept: int = 3
    """So many rows stay in view and are printed on every page."""

    def __post_init__(self) -> None:
        self.name = sheet_name(f"{self.title} {self.mark}".strip())
        self.sheet = self.book.add_worksheet(self.name)
        self.sheet.write_string(0, 0, as_text(house_of(self.made.pack, self.made.proceeding.desk)), self.formats.quiet)
        self.sheet.write_string(1, 0, as_text(self.made.title), self.formats.title)
        self.sheet.write_string(2, 0, as_text(self.title), self.formats.part)
        self.sheet.set_row(0, 18)
        self.sheet.set_row(1, 28)
        self.sheet.set_row(2, 20)
        self.row = 4

    def put(self, place: int, text: str, form: Any) -> None:
        self.sheet.write_string(self.row, place, as_text(text), form)

    def line(self, text: str, form: Any = None) -> None:
        if text:
            self.put(0, text, form or self.formats.quiet)
            self.row += 1

    def block(self, block: Shown) -> None:
        """A block with a blank row behind it."""
        if block.text is not None:
            self.line(block.title, self.formats.caption)
            self._text(block.text or left_to(self.made.author_words))
        elif block.has_rows and block.table is not None:
            self.line(block.caption, self.formats.caption)
            first = self.row
            self._table(block.table)
            if block.points:
                self._chart(block, first)
            self.line(block.note)
            for one in block.samples:
                self._text(f"{one.about}{gettext('：')}{one.text}（{one.number}）")
        else:
            self._text(gettext("：").join(filter(None, [block.title, block.note])))
        self.row += 1

    def long_table(self, block: Shown) -> None:
        """A table that keeps its head in view, on the screen and on paper, and can be filtered."""
        if block.table is None:
            return
        self.row = 3
        self.line(block.caption, self.formats.caption)
        first = self.row
        self.kept = first + 1
        self._table(block.table)
        self.sheet.autofilter(first, 0, self.row - 1, len(_heads(block.table)) - 1)
        self.line(block.note)

    def signatures(self, signers: tuple[Signer, ...]) -> None:
        """Who signs, each with room for name and day."""
        self.row += 1
        for one in signers:
            self.line(f"{one.title}{gettext('：')}{one.name or '＿' * 8}　　{one.day}", self.formats.plain)

    def _text(self, text: str) -> None:
        columns = max(LEAST_COLUMNS, len(self.widths))
        across = sum(self.widths.get(place, NARROWEST + 3) for place in range(columns))
        lines = sum(1 + int(length_of(part) // max(across, 1)) for part in text.split("\n"))
        self.sheet.merge_range(self.row, 0, self.row, columns - 1, "", self.formats.text)
        self.put(0, text, self.formats.text)
        self._high(LINE * lines)
        self.row += 1

    def _table(self, table: Table) -> None:
        heads, rows = _heads(table), _rows(table)
        self.make_room(table)
        for place, (head, is_number) in enumerate(heads):
            self.put(place, head, self.formats.head_of_numbers if is_number else self.formats.head)
        widths = [self.widths[place] for place, _ in enumerate(heads)]
        self._high(LINE * lines_in([head for head, _ in heads], widths) + 4)
        for row in rows:
            self.row += 1
            values = _values(table, row)
            if (lines := lines_in([value.text for value in values], widths)) > 1:
                self._high(LINE * lines + 2)
            for place, value in enumerate(values):
                self._value(place, value, is_total=row is table.total)
        self.row += 1

    def _high(self, points: float) -> None:
        """Make the present row as high as what stands in it."""
        self.sheet.set_row(self.row, points)
        self.more_height += points - LINE

    def make_room(self, table: Table) -> None:
        """Make columns as wide as their values, heads in up to three lines; tables below each other share them."""
        rows = [_values(table, row) for row in _rows(table)]
        for place, (head, is_number) in enumerate(_heads(table)):
            length = length_of(head)
            longest = max(
                [
                    length / 3 if is_number and length > SHORT_HEAD else length,
                    *(length_of(row[place].text) for row in rows),
                ]
            )
            self.widths[place] = max(self.widths.get(place, NARROWEST), min(longest + 2.5, WIDEST))

    def _value(self, place: int, value: Cell, *, is_total: bool) -> None:
        if value.day:
            self.sheet.write_datetime(self.row, place, value.day, self.formats.day)
        elif value.is_number and NUMBER.fullmatch(value.text):
            form = self.formats.number(value.text, is_total=is_total)
            self.sheet.write_number(self.row, place, float(value.text), form)
        else:
            self.put(place, value.text, self.formats.said_on_the_right if value.is_number else self.formats.said)

    def _chart(self, block: Shown, first: int) -> None:
        """The columns of the table beside it, drawn by the program that opens the file."""
        chart = self.book.add_chart({"type": "column"})
        last = first + len(block.points)
        chart.add_series({
            "categories": [self.name, first + 1, 0, last, 0], "values": [self.name, first + 1, 1, last, 1], "gap": 60,
            "fill": {"color": "#3b6ea5"}, "data_labels": {"value": True},
        })  # fmt: skip
        chart.set_title({"name": block.caption, "name_font": {"size": 11}})
        chart.set_legend({"none": True})
        chart.set_y_axis({"name": block.unit, "major_gridlines": {"visible": True, "line": {"color": "#dddddd"}}})
        chart.set_size({"width": 620, "height": 20 * (len(block.points) + 1)})
        self.sheet.insert_chart(first, 3, chart, {"x_offset": 8, "description": block.caption})

    def finish(self) -> None:
        """Set widths and the page: A4, as wide as the paper, with what stays in view repeated, and numbered pages."""
        for place, width in self.widths.items():
            self.sheet.set_column(place, place, width)
        across = sum(self.widths.values())
        is_wide = across > WIDE
        room = (PAGE_OF_WIDE if is_wide else PAGE) * max(1.0, across / (WIDE_ROOM if is_wide else WIDE))
        is_one_page = LINE * self.row + self.more_height < TIGHTER * room
        page_of(
            self.sheet, kept=self.kept, foot=self.made.proceeding.number, is_wide=is_wide, pages_high=int(is_one_page)
        )


def _narrowed(chapter: Chapter) -> Chapter:
    """The chapter without the columns of smaller values that no row has."""
    return replace(
        chapter,
        blocks=tuple(replace(b, table=_without_empty(b.table)) if b.table else b for b in chapter.blocks),
    )


def _without_empty(table: Table) -> Table:
    rows = _rows(table)
    said = [
        [n for n, _ in enumerate(head.besides) if any("".join(row[place].besides[n : n + 1]) for row in rows)]
        for place, head in enumerate(table.heads)
    ]
    heads = tuple(
        replace(head, besides=tuple(head.besides[n] for n in kept))
        for head, kept in zip(table.heads, said, strict=True)
    )
    return Table(heads, tuple(_narrow(row, said) for row in table.rows), _narrow(table.total, said))


def _narrow(row: tuple[Cell, ...], said: list[list[int]]) -> tuple[Cell, ...]:
    """The cells of a row with those of their smaller values that are kept."""
    return tuple(
        replace(cell, besides=tuple("".join(cell.besides[n : n + 1]) for n in kept))
        for cell, kept in zip(row, said, strict=False)
    )


def _heads(table: Table) -> list[tuple[str, bool]]:
    """The heads with a column of its own for every smaller value."""
    found = []
    for head in table.heads:
        found.append((head.said, head.is_number))
        found += [(f"{head.text} {name}", True) for name in head.besides]
    return found


def _rows(table: Table) -> list[tuple[Cell, ...]]:
    return [*table.rows, *([table.total] if table.total else [])]


def _values(table: Table, row: tuple[Cell, ...]) -> list[Cell]:
    """The cells of a row with a cell of its own for every smaller value."""
    found = []
    for head, cell in zip(table.heads, row, strict=True):
        besides = [*cell.besides, *[""] * (len(head.besides) - len(cell.besides))]
        found += [cell, *(Cell(text, is_number=True) for text in besides)]
    return found
