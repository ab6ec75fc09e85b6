"""What happened on a case, event by event, with what was entered: read from the ledger, masked by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, QuerySet

from amends.apps.cases.clocks import Timed, process_of
from amends.apps.cases.facts import core_events, pack_at, packs_through
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.search import ABOUT_THE_REPORTER
from amends.apps.ledger.models import Detail
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import Details, details_of, events_of, text_of
from amends.apps.people.models import Department, Partner, Person
from amends.apps.prepared import among, ask_among
from amends.core.directory import Actor
from amends.core.extensions import DUE_BEFORE
from amends.core.facts import EMPTY
from amends.core.form_data import options_of
from amends.core.guidance import USED
from amends.core.masking import masked
from amends.core.policy.base import Title
from amends.core.policy.forms import TEXT_TYPES, Field, Form
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Pack
from amends.core.roles import sees_task_only
from amends.core.verbs import MOVE_VERSION, NOTE_PROCEEDING

Shown = Title | str | int | bool | None
"""A value as a reader gets it: a wording in the reader's language, or text, number, yes or no."""


class ShownValue(NamedTuple):
    """One field of a form as it was filled in. `kind` says how to show it; `is_masked` that a part is hidden."""

    id: str
    title: Title
    kind: str
    value: Any
    is_masked: bool = False
    is_erased: bool = False
    files: tuple[str, ...] = ()
    """The ids of the files that were handed in with it."""

    @property
    def is_said(self) -> bool:
        """Whether it is nothing but words that stand as they were written."""
        return self.kind in ("text", "long_text") and not self.is_masked and not self.is_erased


class Entry(NamedTuple):
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
    form_id: str = ""
    step: Title | None = None
    """What the pack calls the step of a proceeding; what happens on a case is told by its verb."""
    moved: bool = False
    """Whether the case stood somewhere else afterwards."""


@dataclass(slots=True)
class Names:
    """The names behind the ids that events hold; three queries for any number of events."""

    people: dict[int, str] = field(default_factory=dict)
    departments: dict[int, Title | str] = field(default_factory=dict)
    partners: dict[int, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)

    def of_actor(self, actor: str) -> str:
        kind, _, number = actor.partition(":")
        known = {"person": self.people, "partner": self.partners}.get(kind, {})
        return known.get(int(number), "") if number.isdigit() else ""


def timeline(case: Case, pack: Pack, *, roles: frozenset[str], revealed: frozenset[str] = frozenset()) -> list[Entry]:
    """Every event of the case, oldest first, as somebody with these roles may read it.

    Personal fields are masked unless their id is in `revealed`; fields that are `seen_by` other roles are left out. The
    reporter of a case that hides them stays hidden. The number of queries does not depend on the number of events.
    """
    events = events_of(case.chain)
    return entries_of(case, events, pack, roles=roles, revealed=revealed)


def reporter_is_hidden(row: Timed, pack: Pack, roles: Iterable[str]) -> bool:
    """Whether a case, or the case of a proceeding, keeps who reported it from somebody with these roles."""
    case = row.case if isinstance(row, Proceeding) else row
    return (
        case is not None
        and case.hides_reporter
        and not any("see_reporter" in pack.roles.roles[name].may for name in roles)
    )


NUMBER = BigIntegerField()
TEXTS_USED = Title(**{"zh-Hans": "采用的话术", "en": "prepared texts used"})
STATE = Title(**{"zh-Hans": "状态", "en": "state"})

TASK_VERBS = frozenset({"dispatch", "arbitrate", "reassign", "ask", "urge"})
"""Verbs that give somebody a task."""


def entries_for(case: Case, pack: Pack, actor: Actor, *, revealed: frozenset[str] = frozenset()) -> list[Entry]:
    """The timeline as `actor` may read it, oldest first."""
    events = readable(events_of(case.chain), pack, actor)
    return entries_of(case, events, pack, roles=actor.roles, revealed=revealed)


def readable(events: Iterable[LedgerEvent], pack: Pack, actor: Actor) -> list[LedgerEvent]:
    """What `actor` may read of events: whoever is complained about and sees the task only reads that and their own part,
    and that a confidential proceeding began or ended is told to the roles that see it."""
    found = [event for event in events if _is_open_to(event, pack, actor.roles)]
    return [event for event in found if _may_read(event, pack, actor)]


def _may_read(event: LedgerEvent, pack: Pack, actor: Actor) -> bool:
    return not sees_task_only(pack, actor) or event.kind in TASK_VERBS or event.actor == actor.id


def entries_of(
    row: Timed, events: list[LedgerEvent], pack: Pack, *, roles: frozenset[str], revealed: frozenset[str] = frozenset()
) -> list[Entry]:
    """The entries of events that were read already: each in the words of the version it was done under.

    That a confidential proceeding began or ended is told to the roles that see it, and to nobody else.
    """
    events = [event for event in events if _is_open_to(event, pack, roles)]
    details = details_of(events)
    eras = packs_through(core_events(event for event in events if event.kind == MOVE_VERSION), pack)
    names = names_in(events, [policy for _, policy in eras], known=_brought_along(row))
    is_hidden = reporter_is_hidden(row, pack, roles)
    tellers = {id(policy): _Teller(row, policy, pack, roles, revealed, details, names, is_hidden) for _, policy in eras}
    return [tellers[id(pack_at(event.seq, eras))].entry(event) for event in events]


def _is_open_to(event: LedgerEvent, pack: Pack, roles: frozenset[str]) -> bool:
    if event.kind != NOTE_PROCEEDING:
        return True
    kind = pack.proceedings.get(event.data["proceeding"]["kind"])
    return kind is None or not kind.seen_by or bool(roles.intersection(kind.seen_by))


def _brought_along(row: Timed) -> Names:
    """The names that were read along with a case, and are not asked for again."""
    known = Names()
    for name in ("handler", "registered_by"):
        if (person := row._state.fields_cache.get(name)) is not None:
            known.people[person.pk] = person.name
    for name in ("department", "team"):
        if (unit := row._state.fields_cache.get(name)) is not None:
            known.departments[unit.pk] = unit.called
    return known


def names_in(events: Iterable[LedgerEvent], packs: Iterable[Pack], *, known: Names | None = None) -> Names:
    """The names of everybody whom the events mention; those that are `known` already are not asked for."""
    people, departments, partners, records = set[int](), set[int](), set[int](), set[str]()
    kinds: dict[str, str] = {}
    for pack in packs:
        kinds.update(_fields_that_name(pack))
    for event in events:
        if event.actor.startswith("person:"):
            people.add(int(event.actor[7:]))
        elif event.actor.startswith("partner:"):
            partners.add(int(event.actor[8:]))
        data = event.data
        assign = data.get("assign", EMPTY)
        people |= _numbers([data.get("deputy_for"), assign.get("handler")])
        departments |= _numbers([assign.get("department"), assign.get("team")])
        rows = [row for rows in data.get("rows", EMPTY).values() for row in rows]
        for values in [data.get("set", EMPTY), data.get("add", EMPTY).get("item", EMPTY), *rows]:
            for name in kinds.keys() & values.keys():
                kind, value = kinds[name], values[name]
                if kind == "person":
                    people |= _numbers([value])
                elif kind == "partner":
                    partners |= _numbers([value])
                elif kind != "record":
                    departments |= _numbers([value])
                elif value:
                    records.add(str(value))
    known = known or Names()
    found = names_of(people - known.people.keys(), departments - known.departments.keys(), partners, records)
    return replace(found, people=known.people | found.people, departments=known.departments | found.departments)


@once_a_pack
def _fields_that_name(pack: Pack) -> Mapping[str, str]:
    """Of the fields that hold people, units, partners and records their types; a few of hundreds."""
    naming = ("person", "department", "team", "partner", "record")
    return {name: kind for name, kind in pack.types_of_fields.items() if kind in naming}


def names_of(people: set[int], departments: set[int], partners: set[int], records: set[str]) -> Names:
    """The names behind these numbers; a query for each sort of them that is asked for."""
    called = Proceeding.objects.filter(number__in=records).values_list("number", "subject") if records else ()
    return Names(
        people=dict(ask_among("names", sorted(people), _names_of_people, of=NUMBER)),
        departments={unit.pk: unit.called for unit in ask_among("units", sorted(departments), _units, of=NUMBER)},
        partners=dict(Partner.objects.filter(pk__in=partners).values_list("pk", "name")) if partners else {},
        records={number: f"{subject}（{number}）" if subject else number for number, subject in called},
    )


def _names_of_people(keys: list[Any]) -> QuerySet[Person, tuple[int, str]]:
    return Person.objects.filter(among("pk", keys)).values_list("pk", "name")


def _units(keys: list[Any]) -> QuerySet[Department]:
    return Department.objects.filter(among("pk", keys))


def _numbers(values: Iterable[Any]) -> set[int]:
    return {value for value in values if isinstance(value, int) and not isinstance(value, bool)}


@dataclass(slots=True)
class _Teller:
    """Tells events in the words of `pack`; who may read what is asked of `present`, the version in force for the case."""

    row: Timed
    pack: Pack
    present: Pack
    roles: frozenset[str]
    revealed: frozenset[str]
    details: Details
    names: Names
    hides_reporter: bool

    def entry(self, event: LedgerEvent) -> Entry:
        data = event.data
        states = process_of(self.row, self.pack).states
        before, after = states.get(data.get("from") or ""), states.get(data.get("to") or "")
        left, reached = before.title if before else None, after.title if after else None
        form = self.pack.forms.get(data.get("form", ""))
        assign = data.get("assign", EMPTY)
        is_by_reporter = self._is_by_reporter(event)
        return Entry(
            seq=event.seq,
            verb=event.kind,
            at=event.at,
            recorded_at=event.recorded_at,
            actor="" if is_by_reporter else event.actor,
            actor_name="" if is_by_reporter else self.names.of_actor(event.actor),
            role=self._role(event),
            deputy_for=self.names.people.get(data.get("deputy_for") or 0, ""),
            from_state=left,
            to_state=reached,
            moved=reached is not None and left != reached,
            cycle=data.get("cycle", 1),
            round=data.get("round", 1),
            form=form.title if form else None,
            values=tuple(self._told(event, form)),
            graded=tuple(self._graded(data.get("graded", {}))),
            department=self.names.departments.get(assign.get("department") or 0, ""),
            handler=self.names.people.get(assign.get("handler") or 0, ""),
            clauses=tuple(data.get("clause", ())),
            form_id=form.id if form else "",
            step=self._step(event),
            was_late_entry=(event.recorded_at - event.at).total_seconds() > 60,
        )

    def _step(self, event: LedgerEvent) -> Title | None:
        if not isinstance(self.row, Proceeding):
            return None
        origin, target = event.data.get("from"), event.data.get("to")
        ways = process_of(self.row, self.pack).from_state(origin)
        return next((t.title for t in ways if t.verb == event.kind and t.target(origin) == target), None)

    def _role(self, event: LedgerEvent) -> Title | None:
        """The role in which somebody acted; what the system did in the name of a person is told by the name alone."""
        role = self.pack.roles.roles.get(event.data.get("role", ""))
        if role is None or (role.counts == "system" and not event.actor.startswith("system")):
            return None
        return role.title

    def _is_by_reporter(self, event: LedgerEvent) -> bool:
        """Whether the event would tell who reported a case that hides it: its first event, and all they did themselves."""
        if not self.hides_reporter:
            return False
        role = self.pack.roles.roles.get(event.data.get("role", ""))
        by_themselves = role is not None and role.counts in ("employee", "complainant")
        return event.kind == "register" or by_themselves or event.actor.startswith("complainant:")

    def _told(self, event: LedgerEvent, form: Form | None) -> Iterable[ShownValue]:
        if event.kind == NOTE_PROCEEDING:
            return self._proceeding(event.data["proceeding"])
        entered = self._values(event, form) if form else self._loose_texts(event)
        return chain(entered, self._texts_used(event))

    def _texts_used(self, event: LedgerEvent) -> Iterable[ShownValue]:
        """The prepared texts that somebody put in, by their titles. Source: EXP-10.2.2"""
        used = event.data.get(USED, EMPTY).get("phrases")
        if used and (titles := [g.title for g in self.pack.guidance if g.id in used and g.title]):
            yield ShownValue("texts_used", TEXTS_USED, "choices", titles)

    def _proceeding(self, noted: Mapping[str, Any]) -> Iterable[ShownValue]:
        kind = self.pack.proceedings.get(noted["kind"])
        if kind is not None:
            yield ShownValue("proceeding", kind.title, "text", noted["number"])
            yield ShownValue("proceeding_state", STATE, "choices", [kind.states[noted["state"]].title])

    def _values(self, event: LedgerEvent, form: Form) -> Iterable[ShownValue]:
        data = event.data
        entered = {**data.get("set", EMPTY), **data.get("add", EMPTY).get("item", EMPTY)}
        rows, texts = data.get("rows", EMPTY), self._texts_of(event)
        for f in form.fields:
            name = f.id
            if name not in texts and name not in entered and name not in rows:
                continue
            if not self.present.fields.get(name, f).is_seen_by(self.roles):
                continue
            if f.type == "rows":
                if told := self._rows(event, f, rows.get(name, [])):
                    yield ShownValue(name, f.title, "rows", told)
            elif f.type in TEXT_TYPES:
                if name in texts:
                    yield self._text(event, f, name)
            elif entered.get(name) is not None:
                yield self._code(f, entered[name])

    def _code(self, f: Field, value: Any) -> ShownValue:
        files = {"files": value, "file_of_case": [value]}.get(f.type, ())
        return ShownValue(f.id, f.title, *code_shown(f, value, self.pack, self.names), files=tuple(files))

    def _texts_of(self, event: LedgerEvent) -> Mapping[str, Detail]:
        return self.details.get((event.chain_id, event.seq), EMPTY)

    def _loose_texts(self, event: LedgerEvent) -> Iterable[ShownValue]:
        """Texts of an event without a form of its own, under the titles of the pack's fields."""
        for name in self._texts_of(event):
            if f := self.pack.fields.get(name):
                yield self._text(event, f, name)

    def _text(self, event: LedgerEvent, f: Field, name: str) -> ShownValue:
        text = text_of(event, name, self.details)
        if text is None:
            return ShownValue(f.id, f.title, "text", "", is_erased=True)
        if self._hides(f):
            return ShownValue(f.id, f.title, "text", "", is_masked=True)
        present = self.present.fields.get(f.id, f)
        personal = present.personal or f.personal
        if personal is None or f.id in self.revealed or self.roles.intersection(present.clear_to):
            return ShownValue(f.id, f.title, _kind_of_text(f), text)
        shown = masked(personal, text)
        return ShownValue(f.id, f.title, _kind_of_text(f), shown, is_masked=shown != text)

    def _hides(self, f: Field) -> bool:
        """Who reported an internal case is known only to those with the right."""
        return self.hides_reporter and tells_of_the_reporter(f)

    def _rows(self, event: LedgerEvent, f: Field, rows: list[Mapping[str, Any]]) -> list[list[ShownValue]]:
        found, texts = [], self._texts_of(event)
        present = {sub.id: sub for sub in self.present.fields.get(f.id, f).fields}
        read = [sub for sub in f.fields if present.get(sub.id, sub).is_seen_by(self.roles)]
        for place, row in enumerate(rows, start=1):
            shown = []
            for sub in read:
                name = f"{f.id}.{place}.{sub.id}"
                if sub.type in TEXT_TYPES:
                    if name in texts:
                        shown.append(self._text(event, sub, name))
                elif row.get(sub.id) is not None:
                    shown.append(self._code(sub, row[sub.id]))
            found.append(shown)
        return found

    def _graded(self, graded: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
        for name, found in graded.items():
            axis = self.pack.grading.axis(name)
            if axis is None:
                continue
            criteria = {c.id: c.title for c in axis.criteria}
            reasons = tuple(criteria[c] for c in found.get("criteria", ()) if c in criteria)
            before = axis.title_of(found["before"]) if found.get("before") else None
            yield axis.title, axis.title_of(found["value"]), before, reasons


def tells_of_the_reporter(f: Field) -> bool:
    """Whether a field says who reported."""
    return f.id.startswith(ABOUT_THE_REPORTER) and f.personal is not None


def code_shown(f: Field, value: Any, pack: Pack, names: Names) -> tuple[str, Any]:
    """How to show a coded value of a field, and what."""
    if f.type in ("choice", "choices", "axis", "category"):
        options = options_of(f, pack)
        values = value if isinstance(value, list) else [value]
        return "choices", [options.get(v, v) for v in values]
    if f.type == "person":
        return "text", names.people.get(value, "")
    if f.type in ("department", "team"):
        return "text", names.departments.get(value, "")
    if f.type == "partner":
        return "text", names.partners.get(value, "")
    if f.type == "record":
        return "text", names.records.get(value, value)
    if f.type == "files":
        return "files", len(value)
    if f.type == "signature":
        return "signature", value[0] if value else ""
    if f.type == "file_of_case":
        return "files", 1
    if f.type == "case":
        return "case", value
    if f.type == "computed" and isinstance(value, list):
        return "numbers", value
    if f.type == "computed" and f.computed is not None and f.computed.days_without is not None:
        return "days", value
    if f.type == "computed" and f.computed is not None and f.computed.found == DUE_BEFORE:
        return "datetime", value
    return f.type, value


LABEL_LENGTH = 80


def labels_of(row: Timed, lists: Iterable[str], *, pack: Pack, actor: Actor) -> dict[str, dict[int, str]]:
    """What the items of the lists of a case or proceeding are about: the first text entered with each, by list and number.

    Items of events that the actor may not read, and texts that are for other roles, are there without their text.
    """
    wanted = set(lists)
    events = [e for e in events_of(row.chain) if _list_touched(e.data, wanted)]
    details = details_of([e for e in events if _may_read(e, pack, actor)])
    found: dict[str, dict[int, str]] = {name: {} for name in wanted}
    for event in events:
        beside = details.get((event.chain_id, event.seq), EMPTY).items()
        texts = {name: d.text for name, d in beside if not d.erased_at and _is_seen(name, pack, actor.roles)}
        for name in wanted & set(event.data.get("rows", {})):
            count = len(event.data["rows"][name])
            found[name] = {n: _first_text(texts, f"{name}.{n}.") for n in range(1, count + 1)}
            if not any(found[name].values()):
                found[name] = _departments_named(event.data["rows"][name])
        for name, texts_opened in _opened_in(event.data, texts).items():
            if name in wanted:
                found[name] |= dict(enumerate(texts_opened, start=len(found[name]) + 1))
        added = event.data.get("add", {}).get("list")
        if added in wanted:
            found[added][len(found[added]) + 1] = _first_text(texts, "")
    return found


def _is_seen(name: str, pack: Pack, roles: frozenset[str]) -> bool:
    """Whether a text beside an event, of a field or of a column of rows, is for somebody with these roles."""
    f, column = pack.fields.get(name.partition(".")[0]), name.rpartition(".")[2]
    return f is None or all(one.is_seen_by(roles) for one in (f, *f.fields) if one is f or one.id == column)


def _opened_in(data: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The texts of the items that fields of an event opened, by list, in their order."""
    found: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    for opened in data.get("opens", ()):
        name = opened["item"]["field"]
        places[name] = places.get(name, 0) + 1
        text = texts.get(name) or _first_text(texts, f"{name}.{places[name]}.")
        found.setdefault(opened["list"], []).append(text[:LABEL_LENGTH])
    return found


def _departments_named(rows: list[Mapping[str, Any]]) -> dict[int, str]:
    """What rows without a text are about: the department that each asks."""
    asked = {n: row["asked_department"] for n, row in enumerate(rows, start=1) if row.get("asked_department")}
    units = {unit.pk: unit.title for unit in Department.objects.filter(pk__in=asked.values())} if asked else {}
    return {n: units.get(asked.get(n, 0), "") for n in range(1, len(rows) + 1)}


def _list_touched(data: Mapping[str, Any], wanted: set[str]) -> bool:
    opened = {one["list"] for one in data.get("opens", ())}
    return bool(wanted & (set(data.get("rows", {})) | opened)) or data.get("add", {}).get("list") in wanted


def _first_text(texts: Mapping[str, str], prefix: str) -> str:
    return next((text[:LABEL_LENGTH] for name, text in texts.items() if name.startswith(prefix) and text), "")


def _kind_of_text(f: Field) -> str:
    return "transcript" if f.format == "transcript" else f.type
