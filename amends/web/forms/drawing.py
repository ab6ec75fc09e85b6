"""A form of the pack as a page shows it: fields in their sections, with values, choices, proposals and faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.people.choices import departments_to_choose, partners_to_choose, people_to_choose
from amends.core.decide import fields_shown
from amends.core.facts import CaseFacts
from amends.core.form_data import DEFAULT_LENGTHS, Reading, compute, options_of, read_form
from amends.core.grading import propose
from amends.core.measures import fitting_first
from amends.core.policy.conditions import Condition, holds
from amends.core.policy.forms import Field, Form
from amends.core.policy.intake import CategoryNode
from amends.core.policy.pack import Pack
from amends.doors.wording import listed, words
from amends.web.forms.posted import Posted, without_blank_rows

FEW = 7
"""Up to this many choices are drawn side by side; more of them go into a list."""


@dataclass(slots=True)
class Choice:
    """One choice of a field. `depth` indents, `note` explains, `is_proposed` marks what the system suggests."""

    value: str
    title: str
    depth: int = 0
    note: str = ""
    is_chosen: bool = False
    is_closed: bool = False
    is_proposed: bool = False
    group: str = ""


@dataclass(slots=True)
class DrawnField:
    """One field as the template shows it."""

    id: str
    name: str
    title: str
    widget: str
    value: Any = ""
    required: bool = False
    errors: list[str] = field(default_factory=list)
    guidance: str = ""
    choices: list[Choice] = field(default_factory=list)
    limit: int | None = None
    redraws: bool = False
    rows: list[DrawnRow] = field(default_factory=list)
    may_add: bool = False
    may_remove: bool = False
    headings: list[str] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    proposal: str = ""
    is_wide: bool = False
    currency: str = ""

    @property
    def anchor(self) -> str:
        return f"f-{self.name}"


@dataclass(slots=True)
class DrawnRow:
    """One row of a list field: its number, what it answers, its fields."""

    number: int
    fields: list[DrawnField]
    about: str = ""


@dataclass(slots=True)
class DrawnForm:
    """A form ready for the template. `hidden` are values typed into fields that the conditions hide just now."""

    title: str
    sections: list[tuple[str, list[DrawnField]]]
    hidden: list[tuple[str, str]]
    errors: list[str]
    faults: list[tuple[str, str]]

    def fields(self) -> Iterable[DrawnField]:
        for _, fields in self.sections:
            yield from fields


@dataclass
class Drawing:
    """What a form is drawn from. `labels` names the items of lists by number; `department` is the proposal of the route,
    `files` those that the case has."""

    pack: Pack
    facts: CaseFacts
    now: datetime
    zone: ZoneInfo
    roles: frozenset[str] = frozenset()
    graded: tuple[str, ...] = ()
    settles: str = ""
    labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    department: int | None = None
    department_reason: str = ""
    uploads: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
    is_new: bool = True

    @cached_property
    def departments(self) -> list[Any]:
        return departments_to_choose()

    @cached_property
    def people(self) -> list[Any]:
        return people_to_choose(now=self.now)

    @cached_property
    def partners(self) -> list[tuple[int, str]]:
        return partners_to_choose()


def draw(form: Form, what: Drawing, entered: Posted, errors: Mapping[str, list[str]] | None = None) -> DrawnForm:
    """The form with what was typed and every fault at its field; faults of no field stand at the top."""
    drawer = _Drawer(form, what, entered, dict(errors or {}))
    return drawer.form_drawn()


class _Drawer:
    def __init__(self, form: Form, what: Drawing, entered: Posted, errors: dict[str, list[str]]) -> None:
        self.form, self.what, self.errors = form, what, errors
        self.shown = fields_shown(form, what.roles) if what.roles else list(form.fields)
        self.data = self._with_starting_values(entered)
        self.kept = entered.kept
        self.known = self._known()
        self.redrawing = _names_asked(form, what.pack)

    def _with_starting_values(self, entered: Posted) -> dict[str, Any]:
        data = dict(entered.data)
        if not self.what.is_new:
            return data
        for f in self.shown:
            if f.id in data:
                continue
            if f.default is not None:
                data[f.id] = ("yes" if f.default else "no") if isinstance(f.default, bool) else str(f.default)
            elif value := self._standing_value(f):
                data[f.id] = value
        return data

    def _standing_value(self, f: Field) -> Any:
        """What is already known and only to be confirmed: the category, and an axis that must be chosen again."""
        if f.type == "category" or (f.type == "axis" and self._must_be_chosen(f)):
            return self.what.facts.value(f.id)
        return None

    def _must_be_chosen(self, f: Field) -> bool:
        return f.required is True or (f.required is not False and holds(f.required, self.what.facts))

    def _known(self) -> CaseFacts:
        """The facts as they would be with what was typed so far, and with what follows for the axes."""
        reading = Reading(pack=self.what.pack, facts=self.what.facts, now=self.what.now, local_zone=self.what.zone)
        read = read_form(self.form, without_blank_rows(self.data), reading)
        known = self.what.facts.with_values(read.facts())
        for name in self.what.graded:
            axis = self.what.pack.grading.axis(name)
            if axis is not None and name not in read.codes:
                proposed = propose(axis, known).value
                known = known.with_values({name: proposed} if proposed else {})
        return known

    def form_drawn(self) -> DrawnForm:
        visible = {f.id: f for f in self.shown if holds(f.when, self.known) and not self._waits_for_others(f)}
        drawn = {name: self._field(f) for name, f in visible.items()}
        sections: list[tuple[str, list[DrawnField]]] = []
        placed: set[str] = set()
        for title, names in self.form.sections:
            fields = [drawn[name] for name in names if name in drawn]
            placed.update(names)
            if fields:
                sections.append((words(title), fields))
        rest = [field_ for name, field_ in drawn.items() if name not in placed]
        if rest:
            sections.append(("", rest))
        hidden = [(f.id, v) for f in self.shown if f.id not in visible and (v := self._scalar(f.id))]
        return DrawnForm(words(self.form.title), sections, hidden, self._loose_errors(drawn), self._faults(drawn))

    def _waits_for_others(self, f: Field) -> bool:
        """A computed value is shown once what it is computed from is known."""
        return f.computed is not None and compute(f.computed, self.known) is None

    def _scalar(self, name: str) -> str:
        value = self.data.get(name) or self.kept.get(name) or ""
        return value if isinstance(value, str) else ""

    def _loose_errors(self, drawn: Mapping[str, DrawnField]) -> list[str]:
        return [s for place, found in self.errors.items() if place.split("/")[0] not in drawn for s in found]

    def _faults(self, drawn: Mapping[str, DrawnField]) -> list[tuple[str, str]]:
        """Every fault with the anchor of its field, for the summary on top."""
        found = []
        for place, sentences in self.errors.items():
            name = place.replace("/", "-")
            if place.split("/")[0] in drawn:
                found += [(f"f-{name}", sentence) for sentence in sentences]
        return found

    def _field(self, f: Field, *, prefix: str = "", pointer: str = "", value: Any = None) -> DrawnField:
        raw = value if prefix else self.data.get(f.id, self.kept.get(f.id, ""))
        drawn = DrawnField(
            id=f.id,
            name=prefix + f.id,
            title=words(f.title),
            widget=f.type,
            value="" if raw is None else raw,
            required=f.required is True or (f.required is not False and holds(f.required, self.known)),
            errors=self.errors.get(pointer or f.id, []),
            guidance=words(f.guidance) if f.guidance else self._guidance_of_pack(f),
            limit=f.max_length or DEFAULT_LENGTHS.get(f.type),
            redraws=not prefix and f.id in self.redrawing,
            currency="¥" if f.currency == "CNY" else f.currency,
        )
        self._fill_choices(f, drawn)
        if f.type == "rows":
            self._fill_rows(f, drawn)
        elif f.type == "computed" and f.computed:
            drawn.value = compute(f.computed, self.known)
        elif f.type == "files":
            drawn.files = [self.what.uploads[u] for u in _listed(raw) if u in self.what.uploads]
        elif f.type == "number" and f.id == "item" and self.what.settles:
            drawn.widget = "select"
            drawn.choices = self._items(raw)
        drawn.is_wide = drawn.widget in ("long_text", "rows", "files", "address") or len(drawn.choices) > FEW
        return drawn

    def _guidance_of_pack(self, f: Field) -> str:
        found = [g.text for g in self.what.pack.guidance if g.field == f.id]
        return words(found[0]) if found else ""

    def _items(self, raw: Any) -> list[Choice]:
        labels = self.what.labels.get(self.what.settles, {})
        found = []
        for item in self.what.facts.open_items(self.what.settles):
            label = labels.get(item["no"], "")
            title = gettext("第 %(n)s 项") % {"n": item["no"]} + (gettext("：") + label if label else "")
            found.append(Choice(str(item["no"]), title, is_chosen=str(item["no"]) == str(raw)))
        return found

    def _options(self, f: Field) -> dict[str, Any]:
        """The choices of a field; measures that fit the category of the case come first."""
        options = options_of(f, self.what.pack)
        if f.options_from != "measures":
            return options
        return fitting_first(options, self.what.pack, {**self.what.facts.values, **self.data})

    def _fill_choices(self, f: Field, drawn: DrawnField) -> None:
        chosen = {str(v) for v in _listed(drawn.value)}
        if f.type in ("choice", "choices"):
            drawn.choices = [Choice(k, words(t), is_chosen=k in chosen) for k, t in self._options(f).items()]
            drawn.widget = _widget_for(f.type, len(drawn.choices))
        elif f.type == "yes_no":
            drawn.choices = [Choice(v, words(v == "yes"), is_chosen=v in chosen) for v in ("yes", "no")]
            drawn.widget = "pills"
        elif f.type == "axis":
            self._fill_axis(f, drawn, chosen)
        elif f.type == "category":
            self._fill_category(f, drawn, chosen)
        elif f.type in ("department", "team"):
            self._fill_departments(f, drawn, chosen)
        elif f.type == "person":
            self._fill_people(f, drawn, chosen)
        elif f.type == "partner":
            drawn.choices = [Choice(str(k), name, is_chosen=str(k) in chosen) for k, name in self.what.partners]
            drawn.widget = "select"
        elif f.type == "file_of_case":
            drawn.choices = [Choice(k, name, is_chosen=k in chosen) for k, name in self.what.files]
            drawn.widget = "select"

    def _fill_axis(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        axis = self.what.pack.grading.axis(f.axis or "")
        if axis is None:
            return
        proposal = propose(axis, self.known)
        proposes = f.id in self.what.graded and proposal.value is not None
        for value in axis.values:
            note = words(value.meaning) if value.meaning else ""
            suggested = proposes and value.id == proposal.value
            drawn.choices.append(
                Choice(value.id, words(value.title), note=note, is_chosen=value.id in chosen, is_proposed=suggested)
            )
        drawn.widget = "pills"
        if proposes:
            title = words(axis.title_of(proposal.value or ""))
            reasons = [c.title for c in axis.criteria if c.id in proposal.criteria]
            because = gettext("（依据：%(reasons)s）") % {"reasons": listed(reasons)} if reasons else ""
            drawn.proposal = gettext("系统建议：%(value)s") % {"value": title} + because
            if not drawn.required:
                follow = Choice("", gettext("按建议：%(value)s") % {"value": title}, is_chosen=not chosen)
                drawn.choices.insert(0, follow)

    def _fill_category(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        scheme = self.what.pack.categories.scheme(f.scheme or "")
        if scheme is None:
            return
        drawn.choices = list(_category_choices(scheme.values, "", 0, chosen))
        drawn.widget = "checks" if scheme.several else "select"

    def _fill_departments(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        for unit in self.what.departments:
            drawn.choices.append(
                Choice(str(unit.id), words(unit.title), depth=unit.depth, is_chosen=str(unit.id) in chosen)
            )
        drawn.widget = "select"
        if f.id == "department" and self.what.department is not None:
            title = next((words(u.title) for u in self.what.departments if u.id == self.what.department), "")
            drawn.proposal = gettext("系统建议：%(value)s") % {"value": title} + self.what.department_reason
            if not drawn.required:
                drawn.choices.insert(
                    0, Choice("", gettext("按建议：%(value)s") % {"value": title}, is_chosen=not chosen)
                )

    def _fill_people(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        for person in self._people_for(f):
            note = ""
            if person.away:
                deputy = gettext("，代理人：%(name)s") % {"name": person.deputy} if person.deputy else ""
                note = gettext("（不在岗%(deputy)s）") % {"deputy": deputy}
            drawn.choices.append(
                Choice(
                    str(person.id),
                    person.name + note,
                    group=words(person.department_title),
                    is_chosen=str(person.id) in chosen,
                    is_closed=person.away and f.id == "handler",
                )  # fmt: skip
            )
        drawn.widget = "people"

    def _people_for(self, f: Field) -> list[Any]:
        """For the handler, the department's people first; everybody else after them, since heads may sit elsewhere."""
        if f.id != "handler":
            return self.what.people
        place = self.data.get("department") or self.what.department or self.what.facts.department
        path = next((u.path for u in self.what.departments if str(u.id) == str(place)), None)
        if path is None:
            return self.what.people
        inside = {u.id for u in self.what.departments if u.path.startswith(path)}
        return sorted(self.what.people, key=lambda person: person.department not in inside)

    def _fill_rows(self, f: Field, drawn: DrawnField) -> None:
        rows = self.data.get(f.id)
        labels: Mapping[int, str] = {}
        if not isinstance(rows, list):
            rows = []
        fixed = len(self.known.lists.get(f.one_for_each or "", ())) if f.one_for_each else 0
        if fixed:
            labels = self.what.labels.get(f.one_for_each or "", {})
        least = fixed or f.min_rows or 1
        # A list that a choice brought onto the page starts with a row, as it would on a fresh form.
        rows = rows + [{}] * (least - len(rows)) if self.what.is_new or fixed or not rows else rows
        for n, row in enumerate(rows):
            fields = [
                self._field(sub, prefix=f"{f.id}-{n}-", pointer=f"{f.id}/{n}/{sub.id}", value=row.get(sub.id, ""))
                for sub in f.fields
            ]
            drawn.rows.append(DrawnRow(n, fields, labels.get(n + 1, "")))
        drawn.headings = [words(sub.title) for sub in f.fields]
        drawn.may_add = not fixed and len(rows) < f.max_rows
        drawn.may_remove = not fixed and len(rows) > f.min_rows


def _widget_for(kind: str, count: int) -> str:
    if kind == "choices":
        return "checks"
    return "pills" if count <= FEW else "select"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value not in ("", None) else []


def _category_choices(nodes: tuple[CategoryNode, ...], prefix: str, depth: int, chosen: set[str]) -> Iterable[Choice]:
    for node in nodes:
        if node.retired:
            continue
        path = prefix + node.id
        yield Choice(path, words(node.title), depth=depth, is_chosen=path in chosen)
        yield from _category_choices(node.children, path + "/", depth + 1, chosen)


def _names_asked(form: Form, pack: Pack) -> frozenset[str]:
    """The fields on which something else in the form depends: a change in them draws the form again."""
    found: set[str] = set()
    for f in form.fields:
        for condition in (f.when, f.required):
            if isinstance(condition, Condition):
                found |= {name for kind, name in condition.names() if kind == "fact"}
        if f.computed:
            found |= set(f.computed.days_between or f.computed.difference or ())
        axis = pack.grading.axis(f.axis or "") if f.type == "axis" else None
        for criterion in axis.criteria if axis else ():
            found |= {name for kind, name in criterion.when.names() if kind == "fact"}
    if form.field("handler"):
        found.add("department")
    return frozenset(found)
