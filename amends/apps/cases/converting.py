"""A contact that turns out to be another kind of case: a new case with everything entered so far, both linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from amends.apps.cases.actions.perform import Followed, Performed, projector
from amends.apps.cases.actions.register import Contact, register_case
from amends.apps.cases.models import Case, CaseLink
from amends.apps.cases.proceeding_models import NamedCase
from amends.apps.ledger.models import Chain, Event
from amends.apps.ledger.queries import Details, details_of, events_of, text_of
from amends.core.policy.forms import FILE_TYPES, TEXT_TYPES, Field, Form
from amends.core.policy.lifecycle import Registers


@projector
def register_what_it_became(done: Performed) -> None:
    """Register the case that the verb founds, under the same channel and time of receipt."""
    founds = done.decision.transition.founds()
    if founds is None:
        return
    kind, form = founds.kind, done.pack.forms[done.pack.channels.kinds[founds.kind].form]
    filled = _filled(founds, done.decision.payload, done.decision.texts)
    contact = Contact(
        desk=done.case.desk, kind=kind, channel=done.case.channel, caller=done.caller,
        data={**entered_so_far(done.case.chain, form), **filled},
        now=done.now, complainant=done.case.complainant, linked_cases=1,
    )  # fmt: skip
    link_as_origin(done.case, register_case(contact), now=done.now)


def _filled(founds: Registers, payload: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """What the policy fills into the form of the new case: values, and what the step just said."""
    said = {**payload.get("set", {}), **texts}
    return {name: said.get(v["fact"]) if isinstance(v, Mapping) else v for name, v in founds.fills.items()}


def link_as_origin(case: Case, founded: Case, *, now: datetime) -> None:
    """Link the new case to the one it came from; both sides know of each other."""
    pairs = ((case, founded, "became"), (founded, case, "came_from"))
    CaseLink.objects.bulk_create([CaseLink(case=a, other=b, kind=k, created_at=now) for a, b, k in pairs])


def register_what_was_told(done: Followed) -> None:
    """Register the case that a step of a proceeding founds: what the customer told there, linked with it and with its case.

    Who the customer is comes from the case, else from the proceeding. Raises every refusal of `register_case`.
    """
    transition, proceeding = done.decision.transition, done.row
    founds = transition.founds()
    if founds is None:
        return
    form, case = done.pack.forms[done.pack.channels.kinds[founds.kind].form], proceeding.case
    filled = _filled(founds, done.decision.payload, done.decision.texts)
    known = entered_so_far(case.chain, form) if case else {}
    who = {name: value for name, value in known.items() if name.startswith(OF_THE_CUSTOMER)}
    founded = register_case(
        Contact(
            desk=proceeding.desk, kind=founds.kind, channel=transition.via or (case.channel if case else ""),
            data={**who, **entered_so_far(proceeding.chain, form), **filled}, caller=done.wish.caller, now=done.wish.now,
            complainant=case.complainant if case else None,
        )
    )  # fmt: skip
    NamedCase.objects.create(proceeding=proceeding, case=founded)
    if case is not None:
        link_as_origin(case, founded, now=done.wish.now)


OF_THE_CUSTOMER = "complainant_"
"""How the fields begin that say who the customer is."""


def entered_so_far(chain: Chain, form: Form) -> dict[str, Any]:
    """What was entered into the fields of a form, the latest values, as a door would hand them over."""
    events = events_of(chain)
    details = details_of(events)
    found: dict[str, Any] = {}
    for event in events:
        for field in form.fields:
            value = _value_in(event, field, details)
            if value is not None:
                found[field.id] = value
    return found


def _value_in(event: Event, field: Field, details: Details) -> Any:
    if field.type in ("computed", *FILE_TYPES):
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
