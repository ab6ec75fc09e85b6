"""Cells that leave as text: nothing that somebody typed runs as a formula in the spreadsheet program that opens the file."""

from __future__ import annotations

STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")
PASSED_OVER = " \u00a0\u3000'\"‘’“”"
"""Blanks and quotes in front of which programs still see a formula."""
MARK = "'"


def as_text(cell: str) -> str:
    """The cell with an apostrophe in front where a program could take it for a formula; every other cell as it is."""
    return f"{MARK}{cell}" if _could_run(cell) else cell


def as_typed(cell: str) -> str:
    """What `as_text` was given."""
    return cell[1:] if cell.startswith(MARK) and _could_run(cell[1:]) else cell


def _could_run(cell: str) -> bool:
    return cell.lstrip(PASSED_OVER)[:1] in STARTS
