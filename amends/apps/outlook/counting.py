"""Counts of a desk's complaints by month and by day, and the values by which they are alike.

They are read from the rows of figures, as every other figure is, so that no two pages disagree. Counted are cases that belong into complaint
figures; those that only few may see are left out, so the figures are the same for everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Count, F, JSONField, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, TruncMonth

from amends.apps.ledger.models import Detail
from amends.apps.outlook.models import LeadingFigure
from amends.apps.policies.models import Desk
from amends.apps.reporting.models import CaseFact
from amends.core.policy.pack import Pack

COLUMNS = {
    "category": "category", "department": "department_id", "kind": "kind", "channel": "channel", "level": "level",
    "complainant": "complainant_id", "handler": "handler_id", "partner": "partner_id",
}  # fmt: skip
"""The facts that stand in a column of the rows of figures; others are read from its facts or the texts beside its events."""

TOTAL = "total"
VOLUME = "volume"
_TEXT = CharField()


def counted_cases(desk: Desk) -> QuerySet[CaseFact]:
    """The rows of the cases of a desk that its complaint figures count, without those that only few may see."""
    return CaseFact.objects.filter(desk=desk, counts=True, restricted=False).order_by()


@dataclass(slots=True)
class Monthly:
    """Counts by month for the whole and for each category and department; months without any are there as zero."""

    months: list[date]
    series: dict[str, list[int]] = field(default_factory=dict)

    def of(self, subject: str) -> list[int]:
        return self.series.get(subject) or [0] * len(self.months)

    def subjects(self, kind: str) -> list[str]:
        """The subjects of a kind (`category`, `department`), the most frequent of the last year first."""
        found = [name for name in self.series if name.startswith(f"{kind}:")]
        return sorted(found, key=lambda name: (-sum(self.series[name][-12:]), name))


def monthly(desk: Desk, today: date, *, months: int = 60) -> Monthly:
    """Counts of the complete months before the one of `today`, from the first with a case, at most `months`; one query."""
    this = today.replace(day=1)
    rows = (
        counted_cases(desk)
        .filter(received_on__lt=this, received_on__gte=months_before(this, months))
        .values("category", "department_id", month=TruncMonth("received_on"))
        .annotate(count=Count("pk"))
    )
    by_subject: dict[str, Counter[date]] = {}
    for row in rows:
        top = (row["category"] or "").split("/")[0]
        names = [TOTAL, f"category:{top}"] + ([f"department:{row['department_id']}"] if row["department_id"] else [])
        if "/" in (row["category"] or ""):
            names.append(f"category:{row['category']}")
        for name in names:
            by_subject.setdefault(name, Counter())[row["month"]] += row["count"]
    first = min(by_subject.get(TOTAL, ()), default=this)
    line = list(months_between(first, this))
    return Monthly(line, {name: [counts[m] for m in line] for name, counts in by_subject.items()})


def with_volume(counts: Monthly, volume: Mapping[date, int], today: date) -> Monthly:
    """The same counts with the business volume beside them, as far as it was handed in for complete months."""
    this = today.replace(day=1)
    given = {month: n for month, n in volume.items() if month < this}
    if not given:
        return counts
    line = counts.months or list(months_between(min(given), this))
    return Monthly(line, {**counts.series, VOLUME: [given.get(month, 0) for month in line]})


def volume_of(desk: Desk, pack: Pack) -> dict[date, int]:
    """The business volume by month; nothing where the policy names none or none was handed in. One query."""
    if pack.warnings.volume is None:
        return {}
    rows = LeadingFigure.objects.filter(desk=desk, measure=pack.warnings.volume).order_by()
    return {row["month"]: row["n"] for row in rows.values(month=TruncMonth("day")).annotate(n=Sum("count"))}


def months_before(month: date, count: int) -> date:
    """The first day of the month `count` months earlier, or later where it is negative."""
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def months_between(first: date, end: date) -> Iterable[date]:
    """The first days of the months from `first` on, without that of `end`."""
    while first < end:
        yield first
        first = months_before(first, -1)


def daily(desk: Desk, by: str, pack: Pack, *, until: date, days: int) -> dict[str, list[int]]:
    """Counts of each of the last `days` days before `until`, by the values of one fact; days without any are zero."""
    begin = until - timedelta(days=days)
    cases = counted_cases(desk).filter(received_on__gte=begin, received_on__lt=until)
    found: dict[str, list[int]] = {}
    for values, (_, day, _) in alike(cases, (by,), pack):
        found.setdefault(values[0], [0] * days)[(day - begin).days] += 1
    return found


Seen = tuple[Any, date, bool]
"""A case as figures see it: its key, the day on which it came, whether it is urgent."""


def alike(cases: QuerySet[CaseFact], names: Sequence[str], pack: Pack) -> list[tuple[tuple[str, ...], Seen]]:
    """Each case with the values of facts; those that lack one are left out. Two queries at most.

    A text is read from beside the first event that brought it. Texts that differ in blanks and case are one, in one spelling of theirs.
    """
    texts = [name for name in names if name not in COLUMNS and name in pack.fields and is_text(pack, name)]
    wanted = {
        f"v_{place}": Cast(COLUMNS[name], output_field=_TEXT) if name in COLUMNS else _fact(name)
        for place, name in enumerate(names)
        if name not in texts
    }
    rows = list(
        cases.annotate(**wanted, chain=F("case__chain")).values("pk", "chain", "received_on", "urgent", *wanted)
    )
    said = _texts_of([row["chain"] for row in rows], texts)
    found = []
    for row in rows:
        values = tuple(
            said.get((row["chain"], name), "") if name in texts else str(row[f"v_{place}"] or "")
            for place, name in enumerate(names)
        )
        if all(values):
            found.append((values, (row["pk"], row["received_on"], row["urgent"])))
    return found


def is_text(pack: Pack, name: str) -> bool:
    """Whether a field is free text, which lies beside events."""
    return pack.fields[name].type in ("text", "long_text")


def _texts_of(chains: list[int], names: Sequence[str]) -> dict[tuple[int, str], str]:
    if not names:
        return {}
    found: dict[tuple[int, str], str] = {}
    spelled: dict[str, str] = {}
    for start in range(0, len(chains), 500):
        rows = Detail.objects.filter(chain__in=chains[start : start + 500], field__in=names, erased_at=None)
        for chain, name, text in rows.order_by("seq", "pk").values_list("chain_id", "field", "text"):
            said = " ".join(text.split())[:120]
            found.setdefault((chain, name), spelled.setdefault(said.lower(), said))
    return found


def key_of(values: Sequence[str]) -> str:
    """What stands for values that are alike, however their texts were spelled."""
    return ":".join(values).lower()[:300]


def _fact(name: str) -> KeyTextTransform:
    return KeyTextTransform(name, KeyTransform("values", Cast("case__facts", JSONField())))
