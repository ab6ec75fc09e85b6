"""The report of an import: every row that was not taken, with line, field, reason and the row itself, as a CSV.

No cell of it runs as a formula; a corrected report is imported as it was typed.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amends.doors.spreadsheets import as_text, as_typed
from amends.jobs.imports.encodings import UNREADABLE
from amends.jobs.imports.rows import Fault
from amends.jobs.imports.tables import Row, Table

OWN_COLUMNS = ("line", "field", "reason")
BOM = "\ufeff"
"""So that a spreadsheet program shows Chinese."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken."""

    line: int
    cells: list[str]
    faults: list[Fault]


class Report:
    """A growing file. What was written after the last batch that counts is cut off when the import continues."""

    def __init__(self, path: Path, header: list[str], *, keep_bytes: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: IO[bytes] = path.open("r+b" if keep_bytes else "wb")
        self._file.truncate(keep_bytes)
        self._file.seek(keep_bytes)
        self._begins_at = len(OWN_COLUMNS) if is_report(header) else 0
        if not keep_bytes:
            self._write([[*OWN_COLUMNS, *header[self._begins_at :]]], start=BOM)

    def add(self, refused: Iterable[Refused]) -> int:
        """Write rows to disk and return how long the report is now, in bytes."""
        rows = [self._as_row(one) for one in refused]
        if rows:
            self._write(rows)
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def _write(self, rows: Iterable[list[str]], start: str = "") -> None:
        text = io.StringIO(newline="")
        text.write(start)
        csv.writer(text).writerows([as_text(cell) for cell in row] for row in rows)
        self._file.write(text.getvalue().encode("utf-8", "replace"))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _as_row(self, refused: Refused) -> list[str]:
        fields = "; ".join(field for field, _reason in refused.faults)
        reasons = " ".join(reason for _field, reason in refused.faults)
        cells = [cell.replace(UNREADABLE, "\ufffd") for cell in refused.cells[self._begins_at :]]
        return [str(refused.line), fields, reasons, *cells]


def is_report(header: list[str]) -> bool:
    """Whether a table with this header is a report that somebody corrected."""
    return tuple(header[: len(OWN_COLUMNS)]) == OWN_COLUMNS


def as_before_the_report(table: Table) -> Table:
    """The table with its cells as they were before a report made them safe; a table that is no report as it is."""
    return _Corrected(table) if is_report(table.header) else table


class _Corrected:
    def __init__(self, table: Table) -> None:
        self._table, self.encoding, self.size = table, table.encoding, table.size
        self.header = [as_typed(name) for name in table.header]

    def rows(self) -> Iterator[Row]:
        for row in self._table.rows():
            yield Row(row.line, [as_typed(cell) for cell in row.cells])
