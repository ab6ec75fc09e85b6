"""What a document keeps of one period, block by block, and the cases behind every figure of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import NUMBERED, Figure, Question, WholeDesk, figure
from amends.core.documents import in_short
from amends.core.periods import Period
from amends.core.policy.documents import Document
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack

MOST_ROWS = 500
"""So many cases or records are listed in a document; how many there are beside stands below."""

ALL = Indicator.model_validate(
    {
        "id": "all_cases",
        "title": {"zh-Hans": "来件", "en": "contacts"},
        "kind": "count",
        "unit": "cases",
        "digits": 0,
        "direction": "none",
    }
)
"""Everything that came in: what is counted where a document names no indicator."""


@dataclass
class Taking:
    """What one document is asked about; cases get a place in one list, so that each is named once.

    `counts` and `records` remember what the blocks have counted, for the texts that say it.
    """

    desk: Desk
    pack: Pack
    document: Document
    period: Period
    now: datetime
    proceeding: Proceeding | None
    places: dict[UUID, int] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    counts: dict[str, tuple[list[dict[str, Any]], int]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)

    @property
    def reader(self) -> WholeDesk:
        return WholeDesk(self.now)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    def question(self, name: str | None, period: Period | None = None, by: tuple[str, ...] = ()) -> Question:
        indicator = self.pack.kpis.indicator(name) if name else ALL
        if indicator is None:
            raise LookupError(f"{name}: pack check lets no document name an indicator that is not there")
        return Question(self.desk, indicator, period or self.period, by)

    def figure(self, name: str, which: str = "now") -> Figure:
        key = f"{name}:{which}"
        if key not in self.figures:
            spans = {"now": self.period, "before": self.period.before(), "year": self.period.a_year_before()}
            self.figures[key] = figure(self.reader, self.question(name, spans[which]))
        return self.figures[key]

    def noted(self, keys: Iterable[UUID]) -> str:
        return in_short([self.places.setdefault(key, len(self.places)) for key in keys])

    def names(self, by: str, keys: Iterable[Any]) -> dict[Any, str]:
        """The names of departments, people and partners as they are now: a document keeps them."""
        numbers = [key for key in keys if key is not None]
        if by not in NUMBERED or not numbers:
            return {}
        if by in ("department", "team"):
            return {unit.pk: unit.title for unit in Department.objects.filter(pk__in=numbers)}
        if by == "pack":
            return {number: f"{number}" for number in numbers}
        table: type[Person] | type[Partner] = Person if by == "handler" else Partner
        return dict(table.objects.filter(pk__in=numbers).values_list("pk", "name"))
