"""What an offer of the policy fills in: facts of the case, and who led a department on the day it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from amends.apps.cases.proceedings.queries import Possible
from amends.apps.cases.timeline import Entry, ShownValue
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.form_data import as_entered, read_moment
from amends.core.policy.pack import Pack


def offered_fills(possible: Possible, *, desk: Desk, pack: Pack, facts: CaseFacts, now: datetime) -> dict[str, Any]:
    """The values that the offer of a proceeding proposes for its form; what is not known is left out."""
    if possible.offer is None:
        return {}
    return _Fills(desk, pack, facts, now).of(possible.offer.fills)


def quoted(possible: Possible, entries: Iterable[Entry]) -> ShownValue | None:
    """What somebody said on the case, as the reader of these entries may read it, that speaks for the offer: the latest of it."""
    name = possible.offer.quotes if possible.offer else None
    said = [value for entry in entries for value in entry.values if value.id == name] if name else []
    return said[-1] if said else None


class _Fills:
    def __init__(self, desk: Desk, pack: Pack, facts: CaseFacts, now: datetime) -> None:
        self.desk, self.pack, self.facts, self.now = desk, pack, facts, now

    def of(self, fills: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: self._value(value) for name, value in fills.items()}
        return {name: value for name, value in found.items() if value not in (None, [])}

    def _value(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self.of(row) for row in value]
        if isinstance(value, Mapping) and "fact" in value:
            return as_entered(self.facts.value(value["fact"]))
        if isinstance(value, Mapping) and "head_of" in value:
            return self._head(value["head_of"], value.get("at"))
        return value

    def _head(self, department: str, at: str | None) -> int | None:
        """Who led the department that a fact names, on the day that another fact says, or now."""
        day = self.facts.value(at) if at else None
        unit = self.facts.value(department)
        moment = read_moment(day) if day else self.now
        return OrganisationOfDesk(self.desk, self.pack, moment).head_of(unit) if unit is not None else None
