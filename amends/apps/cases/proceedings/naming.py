"""How a proceeding is called, and the cases that it names as what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amends.apps.cases.actions.perform import Wish
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import NamedCase, Proceeding
from amends.apps.cases.queries import visible_to_caller
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

LONG_FOR_A_TITLE = 60


def title_of(text: str) -> str:
    """A text as a title, at most 200 characters: of a long one, or one of several lines, the first sentence. It stands within
    sentences, so a full stop does not end it.
    """
    whole = text.strip()
    first, _, more = whole.partition("\n")
    if more or len(first) > LONG_FOR_A_TITLE:
        first = first.partition("。")[0]
    return first.strip().removesuffix("。")[:200]


def name_cases(proceeding: Proceeding, payload: Mapping[str, Any], pack: Pack, wish: Wish) -> None:
    """Keep which cases a step named. Raises InvalidData for one that the caller can not see, as for one that is not there."""
    named = dict(_named(payload, pack))
    if not named:
        return
    seen = visible_to_caller(wish.caller, wish.now).filter(number__in=named.values()).distinct()
    by_number: dict[str, Case] = {case.number: case for case in seen}
    errors = [
        FieldError(pointer, "no_such_case", {"value": number})
        for pointer, number in named.items()
        if number not in by_number
    ]
    if errors and not wish.by_rule:
        raise InvalidData(errors)
    rows = [NamedCase(proceeding=proceeding, case=case) for case in by_number.values()]
    NamedCase.objects.bulk_create(rows, ignore_conflicts=True)


def _named(payload: Mapping[str, Any], pack: Pack) -> Iterator[tuple[str, str]]:
    """The numbers of cases in an event, each by the place where it was entered."""
    given, rows = payload.get("set", {}), payload.get("rows", {})
    for f in pack.fields.values():
        if f.type == "case" and given.get(f.id):
            yield f"/{f.id}", str(given[f.id])
        for sub in f.fields if f.type == "rows" else ():
            if sub.type == "case":
                places = enumerate(rows.get(f.id, ()))
                yield from ((f"/{f.id}/{n}/{sub.id}", str(row[sub.id])) for n, row in places if row.get(sub.id))
