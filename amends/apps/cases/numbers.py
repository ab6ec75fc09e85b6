"""Case numbers: from the pack's pattern, never given out twice."""

from __future__ import annotations

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F

from amends.apps.cases.models import CaseNumberCounter

_PART = re.compile(r"\{(year|month|day|seq)(?::(\d))?\}")


def next_number(pattern: str, *, day: date) -> str:
    """The next number under the pattern; `{seq:5}` counts up within the year, month or day that the pattern names.

    One atomic update claims it; a number that was taken is never given out again, even when its case was not stored.
    """
    return _fill(pattern, day, _claim(_fill(pattern, day, None)))


def numbers_in_a_row(pattern: str, *, day: date, count: int) -> list[str]:
    """`count` numbers claimed at once, for imports."""
    last = _claim(_fill(pattern, day, None), count)
    return [_fill(pattern, day, n) for n in range(last - count + 1, last + 1)]


def _fill(pattern: str, day: date, sequence: int | None) -> str:
    def part(match: re.Match[str]) -> str:
        name, width = match.group(1), int(match.group(2) or 0)
        if name == "seq":
            return "{seq}" if sequence is None else str(sequence).zfill(width)
        return {"year": f"{day.year:04d}", "month": f"{day.month:02d}", "day": f"{day.day:02d}"}[name]

    return _PART.sub(part, pattern)


def _claim(prefix: str, count: int = 1) -> int:
    for _ in range(3):
        if CaseNumberCounter.objects.filter(prefix=prefix).update(last=F("last") + count):
            return CaseNumberCounter.objects.get(prefix=prefix).last
        try:
            with transaction.atomic():
                CaseNumberCounter.objects.create(prefix=prefix, last=count)
            return count
        except IntegrityError:
            continue
    raise RuntimeError("a case number could not be claimed")
