"""What every spreadsheet is written with: texts stay texts, none is ever a formula or a link."""

from __future__ import annotations

OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "remove_timezone": False, "default_date_format": "yyyy-mm-dd hh:mm",
}  # fmt: skip
LONGEST_CELL = 32_000


def as_text(value: str) -> str:
    """A text as a cell can hold it: without characters that no spreadsheet can store, and not beyond its length."""
    return "".join(c for c in value if c >= " " or c in "\n\t")[:LONGEST_CELL]
