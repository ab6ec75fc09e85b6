"""The report of an import: every row that was not taken, with line, field, reason and the row itself, as a CSV."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amends.jobs.imports.encodings import UNREADABLE
from amends.jobs.imports.rows import Fault

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
        if not keep_bytes:
            self._write([[*OWN_COLUMNS, *header]], start=BOM)

    def add(self, refused: Iterable[Refused]) -> int:
        """Write rows to disk and return how long the report is now, in bytes."""
        rows = [_as_row(one) for one in refused]
        if rows:
            self._write(rows)
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def _write(self, rows: Iterable[list[str]], start: str = "") -> None:
        text = io.StringIO(newline="")
        text.write(start)
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode("utf-8", "replace"))
        self._file.flush()
        os.fsync(self._file.fileno())


def _as_row(refused: Refused) -> list[str]:
    fields = "; ".join(field for field, _reason in refused.faults)
    reasons = " ".join(reason for _field, reason in refused.faults)
    cells = [cell.replace(UNREADABLE, "\ufffd") for cell in refused.cells]
    return [str(refused.line), fields, reasons, *cells]
