"""Rows that are drawn up from what was recorded earlier in the same proceeding, such as a report of a week from daily entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import details_of, events_of
from amends.core.form_data import as_entered
from amends.core.policy.forms import Field, Form, FromRecords
from amends.core.policy.pack import Pack


def with_records(proceeding: Proceeding, forms: Iterable[Form | None], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data with the rows that these forms draw up from earlier records, whatever was sent for them.

    Rows whose period is not known yet are left out. Nothing is read where no form draws anything up.
    """
    drawn = {f.id: f for form in forms if form for f in form.fields if f.from_records}
    if not drawn:
        return data
    events = events_of(proceeding.chain)
    return {**data, **{name: _rows(events, f, data) for name, f in drawn.items()}}


def forms_of_verb(pack: Pack, kind: str, verb: str) -> list[Form | None]:
    """The forms that a verb of a kind of proceeding can have."""
    return [pack.forms.get(t.form or "") for t in pack.proceedings[kind].with_verb(verb)]


def _rows(events: list[Event], f: Field, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    rule = f.from_records
    since, until = (str(data.get(name) or "")[:10] for name in (rule.since, rule.until)) if rule else ("", "")
    if rule is None or not since or not until:
        return []
    told = [event for event in events if event.data.get("form") == rule.form]
    days = [(str(_entered(event).get(rule.day, "")), event.seq, event) for event in told]
    found = [event for day, _, event in sorted(days, key=lambda one: one[:2]) if since <= day[:10] <= until]
    details = details_of(found)
    return [_row(event, rule, details.get((event.chain_id, event.seq), {})) for event in found[: f.max_rows]]


def _entered(event: Event) -> dict[str, Any]:
    return {**event.data.get("set", {}), **event.data.get("add", {}).get("item", {})}


def _row(event: Event, rule: FromRecords, details: Mapping[str, Any]) -> dict[str, Any]:
    codes = _entered(event)
    texts = {name: detail.text for name, detail in details.items() if detail.erased_at is None}
    said = {column: texts.get(name, as_entered(codes.get(name))) for column, name in rule.takes.items()}
    return {column: value for column, value in said.items() if isinstance(value, str | int | bool) and value != ""}
