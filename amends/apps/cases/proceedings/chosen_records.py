"""Records of registers that forms let choose: they exist on the desk and stand where the policy allows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.policies.models import Desk
from amends.core.policy.forms import Field, RecordChoice
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData


def check_records(payload: Mapping[str, Any], pack: Pack, desk: Desk, *, own: str = "") -> None:
    """Raise InvalidData for every record that an event names and that is not there, may not be chosen any more, or is itself
    the one it happens to (`own`).
    """
    named = list(_named(payload, pack))
    if not named:
        return
    numbers = {number for _, _, number in named}
    others = Proceeding.objects.filter(desk=desk, number__in=numbers).exclude(number=own)
    known = {row.number: row for row in others.defer("facts")}
    errors = [error for pointer, f, number in named if (error := _fault(pointer, f, known.get(number), number, pack))]
    if errors:
        raise InvalidData(errors)


def _named(payload: Mapping[str, Any], pack: Pack) -> Iterator[tuple[str, Field, str]]:
    given, rows = payload.get("set", {}), payload.get("rows", {})
    for f in pack.fields.values():
        if f.record is not None and given.get(f.id):
            yield f"/{f.id}", f, str(given[f.id])
        for sub in f.fields if f.id in rows else ():
            if sub.record is not None:
                named = ((n, row.get(sub.id)) for n, row in enumerate(rows[f.id]))
                yield from ((f"/{f.id}/{n}/{sub.id}", sub, str(number)) for n, number in named if number)


def _fault(pointer: str, f: Field, found: Proceeding | None, number: str, pack: Pack) -> FieldError | None:
    if f.record is None or (found is not None and found.kind == f.record.kind and found.state in f.record.states):
        return None
    if found is None or found.kind != f.record.kind:
        return FieldError(pointer, "no_such_record", {"field": f.title, "value": number[:60]})
    state = pack.proceedings[found.kind].states.get(found.state)
    params = {"field": f.title, "value": found.subject or number, "state": state.title if state else found.state}
    return FieldError(pointer, "record_not_open", params)


def records_to_choose(desk: Desk, choice: RecordChoice) -> list[tuple[str, str]]:
    """The records that may be chosen, by name: their number, and what they are called."""
    rows = Proceeding.objects.filter(desk=desk, kind=choice.kind, state__in=choice.states)
    return [
        (number, subject or number)
        for number, subject in rows.order_by("subject", "number").values_list("number", "subject")
    ]
