"""A contact that turns out to be another kind of case: a new case with everything entered so far, both linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.actions.register import Contact, register_case
from amends.apps.cases.models import Case, CaseLink
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import Details, details_of, events_of, text_of
from amends.core.policy.forms import TEXT_TYPES, Field, Form


@projector
def register_what_it_became(done: Performed) -> None:
    """Register the case that the verb founds, under the same channel and time of receipt."""
    kind = done.decision.transition.registers
    if kind is None:
        return
    form = done.pack.forms[done.pack.channels.kinds[kind].form]
    contact = Contact(
        desk=done.case.desk, kind=kind, channel=done.case.channel, data=entered_so_far(done.case, form), caller=done.caller,
        now=done.now, complainant=done.case.complainant,
    )  # fmt: skip
    founded = register_case(contact)
    pairs = ((done.case, founded, "became"), (founded, done.case, "came_from"))
    CaseLink.objects.bulk_create([CaseLink(case=a, other=b, kind=k, created_at=done.now) for a, b, k in pairs])


def entered_so_far(case: Case, form: Form) -> dict[str, Any]:
    """What was entered into the fields of a form, the latest values, as a door would hand them over."""
    events = events_of(case.chain)
    details = details_of(events)
    found: dict[str, Any] = {}
    for event in events:
        for field in form.fields:
            value = _value_in(event, field, details)
            if value is not None:
                found[field.id] = value
    return found


def _value_in(event: Event, field: Field, details: Details) -> Any:
    if field.type in ("computed", "files"):
        return None
    if field.type in TEXT_TYPES:
        return text_of(event, field.id, details)
    if field.type == "rows":
        return _rows(event, field, details) or None
    return as_entered(field, event.data.get("set", {}).get(field.id))


def as_entered(field: Field, value: Any) -> Any:
    """A stored code as it is typed in: money as an amount, everything else as it is."""
    if field.type == "money" and isinstance(value, Mapping):
        return {"amount": str(Decimal(value["minor"]) / 100), "currency": value["currency"]}
    return value


def _rows(event: Event, field: Field, details: Details) -> list[dict[str, Any]]:
    rows = event.data.get("rows", {}).get(field.id, ())
    return [dict(_cells(event, field, place, row, details)) for place, row in enumerate(rows, start=1)]


def _cells(
    event: Event, field: Field, place: int, row: Mapping[str, Any], details: Details
) -> Iterable[tuple[str, Any]]:
    for sub in field.fields:
        text = text_of(event, f"{field.id}.{place}.{sub.id}", details) if sub.type in TEXT_TYPES else None
        value = text if text is not None else as_entered(sub, row.get(sub.id))
        if value is not None:
            yield sub.id, value
