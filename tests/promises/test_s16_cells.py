"""S16: what leaves in a table is text for whatever program opens it, and reads back as it was."""

import csv
import io
import itertools

import pytest

from amends.doors.spreadsheets import as_text, as_typed

STARTS = "=+-@\t\r\n\0＝＋－＠"
BEFORE = ["", " ", "  ", "'", '"', "\u3000", "“", "\u00a0'", "' \""]
RUNS = [f"{before}{start}cmd|' /C calc'!A0" for before, start in itertools.product(BEFORE, STARTS)]
PLAIN = ["", "'", "王小明", "13800138000", "a=b", "1-2", "x@y.cn", "“引号”", "''", "' '", "it's"]


@pytest.mark.parametrize("cell", [*RUNS, *(f"'{cell}" for cell in RUNS)])
def test_a_cell_that_could_run_begins_with_an_apostrophe_and_reads_back_equal(cell: str):
    written = io.StringIO(newline="")
    csv.writer(written).writerow([as_text(cell)])
    (read,) = next(csv.reader(io.StringIO(written.getvalue(), newline="")))

    assert read.startswith("'")
    assert as_typed(read) == cell


@pytest.mark.parametrize("cell", PLAIN)
def test_every_other_cell_stays_as_it_is(cell: str):
    assert as_text(cell) == cell
    assert as_typed(cell) == cell
