"""What a caller wants of cases that are there already: add to one what they tell, urge it, or link the new one to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from amends.apps.cases.actions.perform import Wish, perform
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.core.decision import form_for
from amends.core.directory import Caller
from amends.core.policy.forms import Field, Form
from amends.core.refusals import Refusal

LONG = ("long_text", "text")


def form_of_verb(case: Case, verb: str) -> Form | None:
    """The form that the policy of the case asks for a verb in its state; None when the verb is not open there."""
    pack = pack_of(case)
    here = [t for t in pack.lifecycle.from_state(case.state) if t.verb == verb]
    return form_for(pack, here[0]) if here else None


def as_told(form: Form, text: str, files: Sequence[str]) -> dict[str, Any]:
    """What a caller told, in the fields of a form: the text in the first that takes one, the files beside it."""
    data: dict[str, Any] = {}
    taking = _first(form, LONG, required=True) or _first(form, LONG)
    if taking is not None and text:
        data[taking.id] = text
    filed = _first(form, ("files",))
    if filed is not None and files:
        data[filed.id] = list(files)
    return data


def _first(form: Form, types: Iterable[str], *, required: bool = False) -> Field | None:
    return next((f for f in form.fields if f.type in types and (f.required is True or not required)), None)


def add_what_was_told(case: Case, verb: str, data: dict[str, Any], *, caller: Caller, now: datetime) -> Case:
    """Perform the verb with what was told. Raises every refusal of `perform`; the version is not asked, since it only adds."""
    return perform(case, Wish(verb=verb, data=data, caller=caller, now=now))


def link_to_earlier(case: Case, others: Iterable[Case], *, caller: Caller, now: datetime) -> list[tuple[Case, Refusal]]:
    """Link a case to earlier ones; those that the policy refuses come back with why, the others are linked."""
    refused = []
    for other in others:
        form = form_of_verb(case, "link")
        named = _first(form, ("case",)) if form else None
        try:
            case = perform(
                case, Wish(verb="link", data={named.id: other.number} if named else {}, caller=caller, now=now)
            )
        except Refusal as refusal:
            refused.append((other, refusal))
    return refused
