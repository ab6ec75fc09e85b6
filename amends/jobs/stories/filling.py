"""A step's form as it is handed in: references resolved, times reckoned, and structure that a story need not spell out.

Never a text: what people write stands in the story, or the form is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.forms import FILE_TYPES, TEXT_TYPES, Field, Form
from amends.core.policy.lifecycle import Transition
from amends.core.routing import propose_route
from amends.core.working_time import WorkingCalendar
from amends.jobs.stories.cast import Cast
from amends.jobs.stories.moments import day_from, moment_from, read_span

PLACEHOLDER = re.compile(r"<<([^<>]+)>>")
STRUCTURE = frozenset({"datetime", "date", "person", "department", "team"})


class BadReference(LookupError):
    """A story speaks of something that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when a form is filled in. Functions give what only the stage knows."""

    cast: Cast
    calendar: WorkingCalendar
    at: datetime
    actor: Caller
    facts: CaseFacts
    number: str
    number_of: Callable[[str], str]
    record_of: Callable[[str], str]
    upload: Callable[[Mapping[str, Any]], str]
    file: Callable[[int], str]

    def text(self, raw: str) -> str:
        """The text with its placeholders filled: `<<me>>`, `<<number>>`, `<<case id>>`, `<<person role>>`, `<<-2d>>`."""
        return PLACEHOLDER.sub(lambda found: self._word(found[1].strip()), raw)

    def _word(self, word: str) -> str:
        if word == "me":
            return self.cast.name_of(self.actor.person)
        if word == "number":
            return self.number
        kind, _, name = word.partition(" ")
        if kind == "case":
            return self.number_of(name)
        if kind == "person":
            return self.cast.person(name).name
        return self._date_in_words(word)

    def _date_in_words(self, word: str) -> str:
        span = read_span(word)
        if span.seconds is None and span.is_of_days:
            day = day_from(word, at=self.at, calendar=self.calendar)
            return f"{day.month}月{day.day}日"
        local = self.calendar.local(moment_from(span, self.at, self.calendar, word))
        return f"{local.month}月{local.day}日{local:%H:%M}"

    def moment(self, span: str) -> str:
        return moment_from(read_span(span), self.at, self.calendar, span).isoformat()

    def day(self, span: str) -> str:
        return day_from(span, at=self.at, calendar=self.calendar).isoformat()

    def department(self, function: str) -> int:
        if function not in self.cast.departments:
            raise BadReference(function)
        return self.cast.departments[function]

    def partner(self, kind: str) -> int:
        if kind not in self.cast.partners:
            raise BadReference(kind)
        return self.cast.partners[kind]


def fill(form: Form, transition: Transition, data: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """What a door would hand over for the form."""
    given = {name: _resolved(form.field(name), value, scene) for name, value in data.items()}
    known = scene.facts.with_values({name: _as_fact(form.field(name), value) for name, value in given.items()})
    for f in form.fields:
        if f.type == "rows":
            given[f.id] = [_with_structure(f, row, scene) for row in given.get(f.id, ())]
        elif f.id not in given and f.type in STRUCTURE and _is_asked(f, known):
            given[f.id] = _structure(f, scene, known, transition)
    return {name: value for name, value in given.items() if value not in (None, [])}


def _is_asked(f: Field, known: CaseFacts) -> bool:
    if f.not_past or not holds(f.when, known):
        return False
    return f.required is True or (f.required is not False and holds(f.required, known))


def _structure(f: Field, scene: Scene, known: CaseFacts, transition: Transition | None) -> Any:
    """Now, today, the actor, or the department that the case goes to with somebody from it."""
    if f.type == "datetime":
        return scene.at.isoformat()
    if f.type == "date":
        return scene.calendar.local_date(scene.at).isoformat()
    home = _home(scene, known, transition)
    if f.type == "person":
        return (scene.cast.member_of(home) if f.id == "handler" and home else None) or scene.actor.person
    if home is None:
        return None
    return scene.cast.team_of(home) if f.type == "team" else home


def _home(scene: Scene, known: CaseFacts, transition: Transition | None) -> int | None:
    chosen = known.value("department")
    if transition is not None and transition.routes:
        proposal = propose_route(scene.cast.pack, known, scene.cast.directory)
        chosen = known.values.get("department") or (proposal.department if proposal else None)
    return chosen if isinstance(chosen, int) else None


def _with_structure(f: Field, row: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    missing = (sub for sub in f.fields if sub.required is True and sub.type in STRUCTURE and sub.id not in row)
    return {**row, **{sub.id: _structure(sub, scene, scene.facts, None) for sub in missing}}


def _resolved(f: Field | None, value: Any, scene: Scene) -> Any:
    if f is not None and f.type in FILE_TYPES:
        return [scene.upload(file) for file in value]
    if f is not None and f.type == "rows":
        fields = {sub.id: sub for sub in f.fields}
        return [{name: _resolved(fields.get(name), cell, scene) for name, cell in row.items()} for row in value]
    if isinstance(value, Mapping):
        return _referred(value, scene)
    return scene.text(value) if isinstance(value, str) else value


def _referred(value: Mapping[str, Any], scene: Scene) -> Any:
    if len(value) != 1:
        raise BadReference(", ".join(map(str, value)))
    ((kind, name),) = value.items()
    found: dict[str, Callable[[str], Any]] = {
        "person": lambda who: scene.cast.person(who).id,
        "department": scene.department,
        "partner": scene.partner,
        "case": scene.number_of,
        "record": scene.record_of,
        "moment": scene.moment,
        "day": scene.day,
        "file": lambda n: scene.file(int(n)),
    }
    if kind not in found:
        raise BadReference(str(kind))
    return found[kind](str(name))


def _as_fact(f: Field | None, value: Any) -> Any:
    if f is None:
        return value
    if f.type in TEXT_TYPES:
        return {"text": True}
    if f.type == "rows":
        return len(value)
    if f.type == "money":
        return {"minor": round(float(str(value)) * 100), "currency": f.currency}
    return value
