"""The page of a proceeding as its pack lays it out: people, plan, meetings, requests, report, what the customer was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from amends.apps.cases.proceeding_models import Involved, Proceeding
from amends.apps.cases.proceedings.facts import facts_at
from amends.apps.cases.proceedings.queries import possible_on_case, visible_proceedings
from amends.apps.cases.timeline import Entry, ShownValue, reporter_is_hidden
from amends.core.conversation import TELLING_VERBS
from amends.core.policy.base import Title
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import RoomSection
from amends.doors.wording import listed, words
from amends.web.portal.sent import Sent, messages_to
from amends.web.proceedings.lines import Line, lines_of
from amends.web.proceedings.seeing import ProceedingView


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of several fields put side by side: the titles of the columns, and a cell or nothing for each."""

    heads: tuple[Title, ...]
    rows: tuple[tuple[ShownValue | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A task or request, and who has it."""

    line: Line
    people: str


@dataclass(slots=True)
class Section:
    """One part of the room. `shape` says which of its contents it shows; `does` are the verbs whose buttons stand in it, and
    `begins` the titles and addresses of what may be begun from it.
    """

    title: str
    shape: str
    does: tuple[str, ...] = ()
    begins: list[tuple[str, str]] = field(default_factory=list)
    values: list[ShownValue] = field(default_factory=list)
    table: Table | None = None
    records: list[Entry] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    told: list[Entry] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """How many of the items have ended."""
        return sum(not item.line.row.is_open for item in self.items)

    @property
    def is_empty(self) -> bool:
        return not (self.values or self.table or self.records or self.items or self.told or self.sent)


def room_of(seen: ProceedingView) -> list[Section]:
    """The parts that the pack lays out, none when it lays out nothing; as many queries for many rows as for one."""
    parts = seen.kind.room
    rows = {id(part): _rows(seen, part) for part in parts}
    items = _items([row for some in rows.values() for row in some])
    values = {value.id: value for entry in seen.entries for value in entry.values}
    return [_section(seen, part, values, [items[row.pk] for row in rows[id(part)]]) for part in parts]


def _section(seen: ProceedingView, part: RoomSection, values: Mapping[str, ShownValue], items: list[Item]) -> Section:
    title = words(part.title)
    if part.fields:
        return Section(title, "fields", part.does, values=[values[name] for name in part.fields if name in values])
    if part.joined:
        return Section(title, "table", part.does, table=_joined(seen.pack, part.joined, values))
    if part.records:
        filled = [entry for entry in reversed(seen.entries) if entry.form_id in part.records]
        return Section(title, "records", part.does, records=filled)
    if part.told:
        told, sent = _told(seen)
        return Section(title, "told", part.does, told=told, sent=sent)
    return Section(title, "items", part.does, begins=_begins(seen, part), items=items)


def _begins(seen: ProceedingView, part: RoomSection) -> list[tuple[str, str]]:
    """Which of the kinds of a part the viewer may begin, on the case or under this proceeding, and where."""
    if part.children:
        under = [one for one in seen.beneath if one.kind_id in part.children]
        return [(words(one.title), reverse("begin_under", args=[seen.proceeding.pk, one.kind_id])) for one in under]
    if not part.beside or seen.behind is None:
        return []
    case = seen.behind.case
    found = possible_on_case(seen.pack, facts_at(case, seen.viewer.now), seen.actor)
    beside = [one for one in found if one.kind_id in part.beside]
    return [(words(one.title), reverse("begin_on_case", args=[case.number, one.kind_id])) for one in beside]


def _joined(pack: Pack, names: Iterable[str], values: Mapping[str, ShownValue]) -> Table | None:
    """The rows of several fields side by side, those with the same first value in one line; None without any row.

    Two rows of one field never share a line: nothing that was entered is left out.
    """
    heads: list[Title] = []
    columns: list[str] = []
    lines: list[dict[str, ShownValue]] = []
    for name in names:
        fields = pack.fields[name].fields[1 if columns else 0 :]
        heads += [f.title for f in fields]
        columns += [f.id for f in fields]
        for first, *others in values[name].value if name in values else ():
            given = {cell.id: cell for cell in others}
            line = next(
                (one for one in lines if _is_about(one[columns[0]], first) and not given.keys() & one.keys()), None
            )
            if line is None:
                lines.append(line := {columns[0]: first})
            line.update(given)
    rows = tuple(tuple(line.get(column) for column in columns) for line in lines)
    return Table(tuple(heads), rows) if rows else None


def _is_about(one: ShownValue, other: ShownValue) -> bool:
    return words(one.value) == words(other.value)


def _rows(seen: ProceedingView, part: RoomSection) -> list[Proceeding]:
    """The proceedings that a part lists: those that this one started, or those beside it on the same case."""
    if part.children:
        return [row for row in seen.children if row.kind in part.children]
    if not part.beside or seen.proceeding.case is None:
        return []
    found = visible_proceedings(seen.viewer).filter(case=seen.proceeding.case, kind__in=part.beside)
    related = ("handler", "department", "case", "desk", "pack")
    return list(found.exclude(pk=seen.proceeding.pk).select_related(*related).order_by("begun_at", "number"))


def _items(rows: list[Proceeding]) -> dict[Any, Item]:
    people = _people(rows)
    return {line.row.pk: Item(line, people.get(line.row.pk, "")) for line in lines_of(rows)}


def _people(rows: list[Proceeding]) -> dict[Any, str]:
    """Who is named in each of them, or the department that is asked; one query."""
    found: dict[Any, list[str]] = {}
    involved = Involved.objects.filter(proceeding__in=[row.pk for row in rows]).select_related("person", "department")
    for one in involved.order_by("pk") if rows else ():
        name = one.person.name if one.person else words(one.department.called) if one.department else ""
        found.setdefault(one.proceeding_id, []).append(name)
    return {key: listed(dict.fromkeys(filter(None, names))) for key, names in found.items()}


def _told(seen: ProceedingView) -> tuple[list[Entry], list[Sent]]:
    """What the customer of the case was told by people, and what was sent to them, the newest first.

    Nothing for somebody who does not see the case.
    """
    behind = seen.behind
    if behind is None:
        return [], []
    told = behind.told([event for event in behind.readable if event.kind in TELLING_VERBS])
    hidden = behind.actor.accused or reporter_is_hidden(behind.case, seen.pack, behind.actor.roles)
    return list(reversed(told)), [] if hidden else messages_to(behind.case, seen.zone)
