"""What happened on a case, event by event, with what was entered: read from the ledger, masked by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import Details, details_of, events_of, text_of
from amends.apps.people.models import Department, Partner, Person
from amends.core.directory import Actor
from amends.core.form_data import options_of
from amends.core.masking import masked
from amends.core.policy.base import Title
from amends.core.policy.forms import TEXT_TYPES, Field, Form
from amends.core.policy.pack import Pack

Shown = Title | str | int | bool | None
"""A value as a reader gets it: a wording in the reader's language, or text, number, yes or no."""


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One field of a form as it was filled in. `kind` says how to show it; `is_masked` that a part is hidden."""

    id: str
    title: Title
    kind: str
    value: Any
    is_masked: bool = False
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the timeline."""

    seq: int
    verb: str
    at: datetime
    recorded_at: datetime
    actor: str
    actor_name: str
    role: Title | None
    deputy_for: str
    from_state: Title | None
    to_state: Title | None
    cycle: int
    round: int
    form: Title | None
    values: tuple[ShownValue, ...]
    graded: tuple[tuple[Title, Title | None, Title | None, tuple[Title, ...]], ...] = ()
    department: Title | str = ""
    handler: str = ""
    clauses: tuple[str, ...] = ()
    was_late_entry: bool = False


@dataclass(slots=True)
class Names:
    """The names behind the ids that events hold; three queries for any number of events."""

    people: dict[int, str] = field(default_factory=dict)
    departments: dict[int, Title | str] = field(default_factory=dict)
    partners: dict[int, str] = field(default_factory=dict)

    def of_actor(self, actor: str) -> str:
        kind, _, number = actor.partition(":")
        return self.people.get(int(number), "") if kind == "person" and number.isdigit() else ""


def timeline(case: Case, pack: Pack, *, roles: frozenset[str], revealed: frozenset[str] = frozenset()) -> list[Entry]:
    """Every event of the case, oldest first, as somebody with these roles may read it.

    Personal fields are masked unless their id is in `revealed`; fields that are `seen_by` other roles are left out. The
    reporter of a case that hides them stays hidden. The number of queries does not depend on the number of events.
    """
    events = events_of(case.chain)
    return entries_of(case, events, pack, roles=roles, revealed=revealed)


def reporter_is_hidden(case: Case, pack: Pack, roles: Iterable[str]) -> bool:
    """Whether the case keeps who reported it from somebody with these roles."""
    return case.hides_reporter and not any("see_reporter" in pack.roles.roles[name].may for name in roles)


TASK_VERBS = frozenset({"dispatch", "arbitrate", "reassign", "ask", "urge"})
"""Verbs that give somebody a task."""


def entries_for(case: Case, pack: Pack, actor: Actor) -> list[Entry]:
    """The timeline as `actor` may read it: whoever is complained about and sees the task only reads that and their own part."""
    found = timeline(case, pack, roles=actor.roles)
    if actor.accused and pack.roles.accused.sees == "task":
        return [entry for entry in found if entry.verb in TASK_VERBS or entry.actor == actor.id]
    return found


def entries_of(
    case: Case, events: list[LedgerEvent], pack: Pack, *, roles: frozenset[str], revealed: frozenset[str] = frozenset()
) -> list[Entry]:
    """The entries of events that were read already."""
    details = details_of(events)
    names = names_in(events, pack)
    teller = _Teller(case, pack, roles, revealed, details, names)
    return [teller.entry(event) for event in events]


def names_in(events: Iterable[LedgerEvent], pack: Pack) -> Names:
    """The names of everybody whom the events mention."""
    people, departments, partners = set[int](), set[int](), set[int]()
    kinds = {f.id: f.type for f in _all_fields(pack)}
    for event in events:
        if event.actor.startswith("person:"):
            people.add(int(event.actor[7:]))
        data = event.data
        people |= _numbers([data.get("deputy_for")])
        assign = data.get("assign", {})
        people |= _numbers([assign.get("handler")])
        departments |= _numbers([assign.get("department"), assign.get("team")])
        rows = [row for rows in data.get("rows", {}).values() for row in rows]
        for values in [data.get("set", {}), data.get("add", {}).get("item", {}), *rows]:
            for name, value in values.items():
                kind = kinds.get(name)
                if kind == "person":
                    people |= _numbers([value])
                elif kind in ("department", "team"):
                    departments |= _numbers([value])
                elif kind == "partner":
                    partners |= _numbers([value])
    return Names(
        people=dict(Person.objects.filter(pk__in=people).values_list("pk", "name")) if people else {},
        departments={unit.pk: unit.called for unit in Department.objects.filter(pk__in=departments)}
        if departments
        else {},
        partners=dict(Partner.objects.filter(pk__in=partners).values_list("pk", "name")) if partners else {},
    )


def _numbers(values: Iterable[Any]) -> set[int]:
    return {value for value in values if isinstance(value, int) and not isinstance(value, bool)}


def _all_fields(pack: Pack) -> Iterable[Field]:
    for form in pack.forms.values():
        for f in form.fields:
            yield f
            yield from f.fields


@dataclass(slots=True)
class _Teller:
    case: Case
    pack: Pack
    roles: frozenset[str]
    revealed: frozenset[str]
    details: Details
    names: Names

    def entry(self, event: LedgerEvent) -> Entry:
        data = event.data
        states = self.pack.lifecycle.states
        form = self.pack.forms.get(data.get("form", ""))
        role = self.pack.roles.roles.get(data.get("role", ""))
        assign = data.get("assign", {})
        return Entry(
            seq=event.seq,
            verb=event.kind,
            at=event.at,
            recorded_at=event.recorded_at,
            actor="" if self._is_by_reporter(event) else event.actor,
            actor_name=self._actor(event),
            role=role.title if role else None,
            deputy_for=self.names.people.get(data.get("deputy_for") or 0, ""),
            from_state=states[data["from"]].title if data.get("from") in states else None,
            to_state=states[data["to"]].title if data.get("to") in states else None,
            cycle=data.get("cycle", 1),
            round=data.get("round", 1),
            form=form.title if form else None,
            values=tuple(self._values(event, form)) if form else tuple(self._loose_texts(event)),
            graded=tuple(self._graded(data.get("graded", {}))),
            department=self.names.departments.get(assign.get("department") or 0, ""),
            handler=self.names.people.get(assign.get("handler") or 0, ""),
            clauses=tuple(data.get("clause", ())),
            was_late_entry=(event.recorded_at - event.at).total_seconds() > 60,
        )

    def _actor(self, event: LedgerEvent) -> str:
        return "" if self._is_by_reporter(event) else self.names.of_actor(event.actor)

    def _is_by_reporter(self, event: LedgerEvent) -> bool:
        """Whether the event would tell who reported a case that hides it: its first event, and all they did themselves."""
        if not reporter_is_hidden(self.case, self.pack, self.roles):
            return False
        role = self.pack.roles.roles.get(event.data.get("role", ""))
        by_themselves = role is not None and role.counts in ("employee", "complainant")
        return event.kind == "register" or by_themselves or event.actor.startswith("complainant:")

    def _values(self, event: LedgerEvent, form: Form) -> Iterable[ShownValue]:
        data = event.data
        entered = {**data.get("set", {}), **data.get("add", {}).get("item", {})}
        for f in form.fields:
            if f.seen_by and not set(f.seen_by) & self.roles:
                continue
            if f.type == "rows":
                if rows := self._rows(event, f, data.get("rows", {}).get(f.id, [])):
                    yield ShownValue(f.id, f.title, "rows", rows)
            elif f.type in TEXT_TYPES:
                if self._was_entered(event, f.id):
                    yield self._text(event, f, f.id)
            elif f.id in entered and entered[f.id] is not None:
                yield ShownValue(f.id, f.title, *self._code(f, entered[f.id]))

    def _was_entered(self, event: LedgerEvent, name: str) -> bool:
        return name in self.details.get((event.chain_id, event.seq), {})

    def _loose_texts(self, event: LedgerEvent) -> Iterable[ShownValue]:
        """Texts of an event without a form of its own, under the titles of the pack's fields."""
        for name in self.details.get((event.chain_id, event.seq), {}):
            if f := self.pack.fields.get(name):
                yield self._text(event, f, name)

    def _text(self, event: LedgerEvent, f: Field, name: str) -> ShownValue:
        text = text_of(event, name, self.details)
        if text is None:
            return ShownValue(f.id, f.title, "text", "", is_erased=True)
        if self._hides(f, event):
            return ShownValue(f.id, f.title, "text", "", is_masked=True)
        if f.personal is None or f.id in self.revealed:
            return ShownValue(f.id, f.title, f.type, text)
        shown = masked(f.personal, text)
        return ShownValue(f.id, f.title, f.type, shown, is_masked=shown != text)

    def _hides(self, f: Field, event: LedgerEvent) -> bool:
        """Who reported an internal case is known only to those with the right."""
        about_the_reporter = f.id.startswith("complainant_") and f.personal is not None
        return about_the_reporter and reporter_is_hidden(self.case, self.pack, self.roles)

    def _rows(self, event: LedgerEvent, f: Field, rows: list[Mapping[str, Any]]) -> list[list[ShownValue]]:
        found = []
        for place, row in enumerate(rows, start=1):
            shown = []
            for sub in f.fields:
                name = f"{f.id}.{place}.{sub.id}"
                if sub.type in TEXT_TYPES:
                    if self._was_entered(event, name):
                        shown.append(self._text(event, sub, name))
                elif row.get(sub.id) is not None:
                    shown.append(ShownValue(sub.id, sub.title, *self._code(sub, row[sub.id])))
            found.append(shown)
        return found

    def _code(self, f: Field, value: Any) -> tuple[str, Any]:
        """How to show a coded value, and what."""
        if f.type in ("choice", "choices", "axis", "category"):
            options = options_of(f, self.pack)
            values = value if isinstance(value, list) else [value]
            return "choices", [options.get(v, v) for v in values]
        if f.type == "person":
            return "text", self.names.people.get(value, "")
        if f.type in ("department", "team"):
            return "text", self.names.departments.get(value, "")
        if f.type == "partner":
            return "text", self.names.partners.get(value, "")
        if f.type == "files":
            return "files", len(value)
        if f.type == "file_of_case":
            return "files", 1
        if f.type == "case":
            return "case", value
        return f.type, value

    def _graded(self, graded: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
        for name, found in graded.items():
            axis = self.pack.grading.axis(name)
            if axis is None:
                continue
            criteria = {c.id: c.title for c in axis.criteria}
            reasons = tuple(criteria[c] for c in found.get("criteria", ()) if c in criteria)
            before = axis.title_of(found["before"]) if found.get("before") else None
            yield axis.title, axis.title_of(found["value"]), before, reasons


def files_of(case: Case) -> list[EvidenceFile]:
    """The evidence of a case with what supersedes it, oldest first."""
    return list(EvidenceFile.objects.filter(case=case).order_by("uploaded_at", "pk"))


def labels_of(case: Case, lists: Iterable[str]) -> dict[str, dict[int, str]]:
    """What the items of the case's lists are about: the first text entered with each, by list and number."""
    wanted = set(lists)
    events = [e for e in events_of(case.chain) if _list_touched(e.data, wanted)]
    details = details_of(events)
    found: dict[str, dict[int, str]] = {name: {} for name in wanted}
    for event in events:
        texts = {name: d.text for name, d in details.get((event.chain_id, event.seq), {}).items() if not d.erased_at}
        for name in wanted & set(event.data.get("rows", {})):
            count = len(event.data["rows"][name])
            found[name] = {n: _first_text(texts, f"{name}.{n}.") for n in range(1, count + 1)}
        added = event.data.get("add", {}).get("list")
        if added in wanted:
            found[added][len(found[added]) + 1] = _first_text(texts, "")
    return found


def _list_touched(data: Mapping[str, Any], wanted: set[str]) -> bool:
    return bool(wanted & set(data.get("rows", {}))) or data.get("add", {}).get("list") in wanted


def _first_text(texts: Mapping[str, str], prefix: str) -> str:
    return next((text[:80] for name, text in texts.items() if name.startswith(prefix) and text), "")
