"""Long lists as spreadsheets: the heads in the first row so that programs read them, values of their kind, and every sheet ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext

from amends.doors.cells import as_text
from amends.doors.papers.columns import length_of
from amends.doors.printed_book import page_of

LOOKED_AT = 200
"""So many rows say how wide a column has to be: a list is written while it is read."""
NARROWEST, WIDEST = 7.0, 42.0
PADDING = 2.5
DAY_LONG, MOMENT_LONG = 14, 19


class ListFormats:
    """The formats of a list, each made once for a book: days and times as offices write them, amounts with their currency."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.moneys: dict[str, Any] = {}
        day = gettext('yyyy"年"m"月"d"日"')
        self.head = self._boxed({"bold": True, "bg_color": "#EBEBEB", "num_format": "@", "align": "center"})
        self.text = self._boxed({"num_format": "@"})
        self.whole = self._boxed({"num_format": "#,##0", "align": "right"})
        self.number = self._boxed({"num_format": "#,##0.##", "align": "right"})
        self.day = self._boxed({"num_format": day, "align": "left"})
        self.moment = self._boxed({"num_format": f"{day} hh:mm", "align": "left"})

    def money(self, currency: str) -> Any:
        if currency not in self.moneys:
            sign = "¥" if currency in ("", "CNY") else f"{currency} "
            self.moneys[currency] = self._boxed({"num_format": f'"{sign}"#,##0.00', "align": "right"})
        return self.moneys[currency]

    def _boxed(self, more: Mapping[str, Any]) -> Any:
        return self.book.add_format(
            {"border": 1, "border_color": "#999999", "text_wrap": True, "valign": "vcenter", **more}
        )


def write_list(
    book: Any, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str, formats: ListFormats
) -> int:
    """Write a list on a sheet of its own while it is read; return how many rows it has.

    `title` is printed above every page: what the list is, and of when. A row of another length than the heads is a fault.
    """
    sheet, reading = book.add_worksheet(name), iter(rows)
    first = list(islice(reading, LOOKED_AT))
    widths = [_width(head, [row[place] for row in first]) for place, head in enumerate(heads)]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    page_of(sheet, kept=1, foot=name, over=title, beside=1, across=sum(widths))
    for place, head in enumerate(heads):
        sheet.write_string(0, place, as_text(head), formats.head)
    count = 0
    for count, row in enumerate(chain(first, reading), start=1):
        for place, cell in zip(range(len(heads)), row, strict=True):
            _write(sheet, count, place, cell, formats)
    sheet.autofilter(0, 0, count, len(heads) - 1)
    return count


def _write(sheet: Any, row: int, place: int, cell: Any, formats: ListFormats) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, place, cell, formats.moment)
    elif isinstance(cell, date):
        sheet.write_datetime(row, place, cell, formats.day)
    elif isinstance(cell, Mapping):
        sheet.write_number(row, place, cell["minor"] / 100, formats.money(cell.get("currency", "")))
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        sheet.write_number(row, place, float(cell), formats.whole if cell == int(cell) else formats.number)
    elif cell in (None, ""):
        sheet.write_blank(row, place, None, formats.text)
    else:
        sheet.write_string(row, place, as_text(str(cell)), formats.text)


def _width(head: str, cells: Sequence[Any]) -> float:
    return min(max(length_of(head), NARROWEST, *map(_length, cells), 0) + PADDING, WIDEST)


def _length(cell: Any) -> float:
    if isinstance(cell, datetime):
        return MOMENT_LONG
    if isinstance(cell, date):
        return DAY_LONG
    if isinstance(cell, Mapping):
        return len(f"{cell['minor'] / 100:,.2f}") + 2
    return max((length_of(part) for part in str(cell or "").split("\n")), default=0)
