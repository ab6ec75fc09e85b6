"""Rows of a file, one after the other: CSV (also packed with gzip) and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from amends.jobs.imports.encodings import MARK, ImportRefused, encoding_of, open_bytes

LONGEST_CELL = 1_000_000
LARGEST_WORKBOOK = 500_000_000
"""Bytes of a workbook when unpacked: more does not fit the memory an import may use."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the file has it; `line` is where it begins."""

    line: int
    cells: list[str]


class Table(Protocol):
    """A file of rows under a header. `size` is about how many rows there are, `encoding` what it was read as."""

    header: list[str]
    encoding: str
    size: int

    def rows(self) -> Iterator[Row]: ...


def open_table(path: Path, *, encoding: str | None = None, delimiter: str = ",", sheet: str | None = None) -> Table:
    """The table in a file. Refuses ImportRefused for a file without header, and one that can not be read."""
    if not path.is_file():
        raise ImportRefused(_("没有找到文件 %(file)s。") % {"file": path})
    table: Table = _Workbook(path, sheet) if path.suffix.lower() == ".xlsx" else _Csv(path, encoding, delimiter)
    _check_header(table.header)
    return table


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise ImportRefused(_("文件是空的，或者第一行没有列名。"))
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise ImportRefused(_("列名重复：%(names)s。") % {"names": "、".join(repeated)})


class _Csv:
    def __init__(self, path: Path, encoding: str | None, delimiter: str) -> None:
        found = encoding_of(path, encoding)
        self._path, self._delimiter = path, delimiter
        self.encoding, self.size = found.name, max(found.lines - 1, 0)
        self.header = [name.strip() for name in next(self._read(), Row(1, [])).cells]

    def rows(self) -> Iterator[Row]:
        rows = self._read()
        next(rows, None)
        return rows

    def _read(self) -> Iterator[Row]:
        csv.field_size_limit(LONGEST_CELL)
        with open_bytes(self._path) as file:
            text = io.TextIOWrapper(file, encoding=self.encoding, errors=MARK, newline="")
            reader = csv.reader(text, delimiter=self._delimiter)
            begun = 1
            try:
                for cells in reader:
                    if cells:
                        yield Row(begun, cells)
                    begun = reader.line_num + 1
            except (csv.Error, UnicodeError, EOFError, OSError) as error:
                params = {"line": begun, "error": error}
                raise ImportRefused(_("从第 %(line)s 行起不能读取（引号没有成对？）：%(error)s。") % params) from error


class _Workbook:
    encoding = "xlsx"

    def __init__(self, path: Path, sheet: str | None) -> None:
        try:
            with zipfile.ZipFile(path) as packed:
                unpacked = sum(entry.file_size for entry in packed.infolist())
            if unpacked > LARGEST_WORKBOOK:
                raise ImportRefused(_("这个工作簿太大，请另存为 CSV 再导入。"))
            book = CalamineWorkbook.from_path(path)
            self._sheet = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
        except (CalamineError, zipfile.BadZipFile, OSError) as error:
            raise ImportRefused(_("不能打开这个工作簿：%(error)s。") % {"error": error}) from error
        self.size = max(self._sheet.height - 1, 0)
        self.header = next((row.cells for row in self._read()), [])

    def rows(self) -> Iterator[Row]:
        rows = self._read()
        next(rows, None)
        return rows

    def _read(self) -> Iterator[Row]:
        for line, cells in enumerate(self._sheet.iter_rows(), start=1):
            texts = [_text_of(cell) for cell in cells]
            if any(texts):
                yield Row(line, texts)


def _text_of(cell: Any) -> str:
    """A cell as one would type it: whole numbers without a point, times in ISO form."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell).strip()
