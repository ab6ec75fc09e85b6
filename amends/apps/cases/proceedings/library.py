"""The library of a desk: studies of cases that everybody of the desk reads, without anything of the people concerned."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from amends.apps.cases.actions.perform import Followed
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.queries import Viewer
from amends.apps.ledger.models import Detail, Event
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.core.anonymous import personal_in, without_personal
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import Library, ProceedingKind
from amends.core.refusals import FieldError, InvalidData, NotVisible

PERSONAL = frozenset({"name", "phone", "email", "id_number", "address"})
"""Kinds of personal fields whose texts point at somebody; what customers tell is their story and stays."""

LONGEST_SEARCH = 100
MOST_FOUND = 3
"""So many places are named at each field; with them gone, the next ones are."""


def known_of_people(case: Case | None) -> set[str]:
    """What is known of the people of a case: names, numbers and addresses that were entered on it or in its proceedings, and
    the names of staff whom its facts and events name.
    """
    if case is None:
        return set()
    pack = pack_of(case)
    chains = [case.chain_id, *Proceeding.objects.filter(case=case).values_list("chain_id", flat=True)]
    personal = personal_fields(pack)
    told = Detail.objects.filter(chain_id__in=chains, erased_at=None).values_list("field", "text")
    found = {text for name, text in told if name.rpartition(".")[2] in personal}
    if case.complainant is not None:
        found |= {case.complainant.name, *case.complainant.contact_points.values_list("value", flat=True)}
    actors = Event.objects.filter(chain_id__in=chains, actor__startswith="person:").values_list("actor", flat=True)
    staff = {int(actor[7:]) for actor in actors if actor[7:].isdigit()}
    values = facts_of(case).values
    people = {f.id for f in _all_fields(pack) if f.type == "person"}
    staff |= {value for name, value in values.items() if name in people and isinstance(value, int)}
    return {text for text in found | set(Person.objects.filter(pk__in=staff).values_list("name", flat=True)) if text}


def personal_fields(pack: Pack) -> set[str]:
    """The fields of a policy whose texts point at somebody."""
    return {f.id for f in _all_fields(pack) if f.personal in PERSONAL}


def _all_fields(pack: Pack) -> Iterator[Any]:
    for form in pack.forms.values():
        for f in form.fields:
            yield f
            yield from f.fields


def refuse_personal(done: Followed) -> None:
    """Keep personal data out of what the library shows, at the verbs that the policy names.

    Raises InvalidData with every place at its field; a place in a text that the form does not ask stands at the whole form.
    """
    library = done.pack.proceedings[done.row.kind].library
    if library is None or done.event.kind not in library.checked_at:
        return
    known = known_of_people(done.row.case)
    form = done.pack.forms.get(done.event.data.get("form", ""))
    texts = {**standing_texts(done.row.chain), **done.decision.texts}
    errors = []
    for name in dict.fromkeys((library.title, *library.fields)):
        places = personal_in(texts.get(name, ""), known)
        if places:
            is_asked = form is not None and form.field(name) is not None
            where = "、".join(dict.fromkeys(f"“{place.around}”" for place in places[:MOST_FOUND]))
            params = {"field": done.pack.fields[name].title, "places": where}
            errors.append(FieldError(f"/{name}" if is_asked else "/", "personal_data_left", params))
    if errors:
        raise InvalidData(errors)


def prefilled(library: Library, case: Case, told: Mapping[str, str], course: Iterable[str]) -> dict[str, str]:
    """What a fresh study of a case begins with: the texts that the policy names, and the course of the case in numbered steps,
    without anything of the people concerned. `told` are texts of the case as the author may read them. Source: EXP-7.1
    """
    known = known_of_people(case)
    found = {
        into: without_personal("\n".join(filter(None, (told.get(name, "") for name in names))), known)
        for into, names in library.prefills.items()
    }
    if library.steps:
        steps = [f"{n}. {without_personal(step, known)}" for n, step in enumerate(course, start=1)]
        found[library.steps] = "\n".join(steps)
    return {name: text for name, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class Study:
    """A study as everybody of the desk reads it: its title, its class, and the texts that the policy shows."""

    row: Proceeding
    title: str
    category: str
    texts: Mapping[str, str]


def libraries_of(pack: Pack) -> dict[str, ProceedingKind]:
    """The kinds of a policy that are kept in its library."""
    return {name: kind for name, kind in pack.proceedings.items() if kind.library is not None}


def reads_library(viewer: Viewer, desk: Desk) -> bool:
    """Whether somebody works on the desk: then its library is open to them."""
    return viewer.person.is_active and viewer.works_on(desk)


def published(viewer: Viewer, desk: Desk, pack: Pack, *, category: str = "", text: str = "") -> QuerySet[Proceeding]:
    """The studies of a desk, the latest first: of a class or one below it, with a text in what readers see.

    Raises NotVisible for somebody who does not work there.
    """
    if not reads_library(viewer, desk):
        raise NotVisible
    shown = Q(pk__in=[])
    for name, kind in libraries_of(pack).items():
        library = kind.library
        if library is None:
            continue
        one = Q(kind=name, state__in=library.states)
        if category:
            one &= _of_class(library, category)
        if text:
            told = Detail.objects.filter(
                chain=OuterRef("chain"), field__in=[library.title, *library.fields], erased_at=None,
                text__icontains=text[:LONGEST_SEARCH],
            )  # fmt: skip
            one &= Q(Exists(told))
        shown |= one
    return Proceeding.objects.filter(shown, desk=desk).select_related("chain", "desk").order_by("-ended_at", "-id")


def _of_class(library: Library, category: str) -> Q:
    """Facts are canonical JSON: the value of a fact, or the beginning of the path below it, stands there in one way."""
    same = Q(facts__contains=f'"{library.category}":{json.dumps(category, ensure_ascii=False)}')
    below = Q(facts__contains=f'"{library.category}":{json.dumps(category + "/", ensure_ascii=False)[:-1]}')
    return same | below


def study_of(viewer: Viewer, desk: Desk, pack: Pack, key: uuid.UUID) -> Study:
    """One study with its texts. Raises NotVisible for one that is not published there."""
    row = published(viewer, desk, pack).filter(pk=key).first()
    library = pack.proceedings[row.kind].library if row is not None and row.kind in pack.proceedings else None
    if row is None or library is None:
        raise NotVisible
    texts = standing_texts(row.chain)
    return Study(
        row,
        texts.get(library.title, row.number),
        class_of(row, library),
        {n: texts[n] for n in library.fields if texts.get(n)},
    )


def class_of(row: Proceeding, library: Library) -> str:
    """The class of a study, as its facts hold it."""
    value = json.loads(row.facts)["values"].get(library.category)
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, str) else ""


def studies_beside(viewer: Viewer, case: Case, pack: Pack, *, at_most: int = 3) -> list[Proceeding]:
    """The latest studies of the same main category as a case, its own left out, for whoever works on it."""
    if not case.category or not libraries_of(pack) or not reads_library(viewer, case.desk):
        return []
    found = published(viewer, case.desk, pack, category=case.category)
    return list(found.exclude(case=case)[:at_most])
