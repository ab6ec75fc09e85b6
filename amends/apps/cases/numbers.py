"""Case numbers: from the pack's pattern, never given out twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from amends.apps.cases.models import CaseNumberCounter
from amends.apps.policies.models import Desk

_PART = re.compile(r"\{(year|month|day|seq)(?::(\d))?\}")


def next_number(pattern: str, *, day: date) -> str:
    """The next number under the pattern; `{seq:5}` counts up within the year, month or day that the pattern names.

    One atomic update claims it; a number that was taken is never given out again, even when its case was not stored.
    """
    return _fill(pattern, day, _claim(_fill(pattern, day, None)))


PRACTICE = "LX-"
"""Before the numbers of what is only practised, so that they count by themselves and nobody takes them for a live one."""


def pattern_on(desk: Desk, pattern: str) -> str:
    """The pattern of numbers on a desk: the policy's, and where people practise another one."""
    return f"{PRACTICE}{pattern}" if desk.is_practice else pattern


def numbers_for(pattern: str, days: Sequence[date]) -> list[str]:
    """A number for each day given, claimed at once, for imports; under one prefix they count up in the order given."""
    prefixes = [_prefix(pattern, day) for day in days]
    wanted = Counter(prefixes)
    following = {prefix: last - wanted[prefix] for prefix, last in _claim_many(wanted).items()}
    width = next((int(width or 0) for name, width in _PART.findall(pattern) if name == "seq"), 0)
    numbers = []
    for prefix in prefixes:
        following[prefix] += 1
        numbers.append(prefix.replace("{seq}", str(following[prefix]).zfill(width)))
    return numbers


@lru_cache(maxsize=4096)
def _prefix(pattern: str, day: date) -> str:
    return _fill(pattern, day, None)


def _claim_many(wanted: Mapping[str, int]) -> dict[str, int]:
    """Move several counters on in one statement, in one order so that two claims never wait for each other in a circle."""
    table = connection.ops.quote_name(CaseNumberCounter._meta.db_table)
    claims = sorted(wanted.items())
    places = ", ".join(["(%s, %s)"] * len(claims))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (prefix, last) VALUES {places} "  # noqa: S608
            f"ON CONFLICT (prefix) DO UPDATE SET last = {table}.last + excluded.last RETURNING prefix, last",
            [value for claim in claims for value in claim],
        )
        return dict(cursor.fetchall())


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
