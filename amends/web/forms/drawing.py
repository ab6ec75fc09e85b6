"""A form of the pack as a page shows it: fields in their sections, with values, choices, proposals and faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.evidence import rules_of
from amends.core.compensation import calculation_sheet
from amends.core.decide import fields_shown
from amends.core.facts import CaseFacts
from amends.core.form_data import DEFAULT_LENGTHS, Reading, asking, options_of, read_form
from amends.core.grading import propose
from amends.core.guidance import facts_asked
from amends.core.policy.conditions import Condition, holds
from amends.core.policy.forms import FILE_TYPES, NUMBERS, Computed, Field, Form
from amends.core.policy.pack import Pack
from amends.doors.reckoning import lines_of_sheet
from amends.doors.wording import words
from amends.web.forms.asked import Drawing
from amends.web.forms.choosing import FEW, Choosing, listed_values
from amends.web.forms.drawn import Choice, DrawnField, DrawnForm, DrawnRow, DrawnSection
from amends.web.forms.posted import Posted, without_blank_rows
from amends.web.portal.progress import zone_words

__all__ = ["Choice", "Drawing", "DrawnForm", "draw", "told_in", "was_typed"]

FINDS_THE_CALLER = frozenset({"complainant_phone", "complainant_email", "complainant_name"})
"""Fields by which earlier cases are found, beside the numbers of parcels and orders."""

TOLD = frozenset({"text", "long_text"})
READ = "_read"
"""The tick beside the form that a phrase which was put in has been read."""


def draw(form: Form, what: Drawing, entered: Posted, errors: Mapping[str, list[str]] | None = None) -> DrawnForm:
    """The form with what was typed and every fault at its field; faults of no field stand at the top."""
    drawer = _Drawer(form, what, entered, dict(errors or {}))
    return drawer.form_drawn()


PICKED = frozenset({
    "choice", "choices", "yes_no", "category", "axis", "person", "department", "team", "partner", "file_of_case", "computed",
})  # fmt: skip
"""What is answered by a click and costs nobody anything to answer again."""


def was_typed(form: Form, what: Drawing, entered: Posted, fills: Mapping[str, Any]) -> bool:
    """Whether something was typed into a form, beyond what it begins with. Where nothing is typed, what was picked counts."""
    fresh = _Drawer(form, what, Posted(data=dict(fills)), {}).data
    asked = [f.id for f in form.fields if f.type not in PICKED] or [f.id for f in form.fields]
    return any(entered.kept.get(name) or entered.data.get(name) not in (None, fresh.get(name)) for name in asked)


def told_in(form: Form, data: Mapping[str, Any]) -> str:
    """What the customer told, as far as it was typed: the free texts of a form and of the rows in it, but no names."""
    found: list[str] = []
    for f in form.fields:
        value = data.get(f.id)
        if f.type in TOLD and f.personal != "name" and f.format is None and isinstance(value, str):
            found.append(value)
        elif f.type == "rows" and isinstance(value, list):
            found += [str(text) for row in value for text in row.values()]
    return "\n".join(found)


EXPLAINS = {"route_reason": "department", "exception_reason": "handler"}
"""Reasons that only an exception asks for, with the choice that they explain."""


class _Drawer:
    def __init__(self, form: Form, what: Drawing, entered: Posted, errors: dict[str, list[str]]) -> None:
        self.form, self.what, self.errors = form, what, errors
        self.shown = fields_shown(form, what.roles) if what.roles else list(form.fields)
        self.data = self._with_starting_values(entered)
        self.kept = entered.kept
        self.known = self._known()
        explained = {EXPLAINS[f.id] for f in self.shown if f.id in EXPLAINS}
        self.redrawing_in_rows = _names_asked_in_rows(form)
        self.redrawing, self.either = _names_asked(form, what.pack, guided=not what.suggests) | explained, _either(form)
        self.choosing = Choosing(what, self.data, self.known, told_in(form, self.data) if what.suggests else "")

    def _with_starting_values(self, entered: Posted) -> dict[str, Any]:
        data = dict(entered.data)
        if not self.what.is_new:
            return data
        for f in self.shown:
            if f.id in data:
                continue
            if value := self._standing_value(f) or self._proposed(f):
                data[f.id] = value
            elif f.default is not None:
                data[f.id] = ("yes" if f.default else "no") if isinstance(f.default, bool) else str(f.default)
        return data

    def _standing_value(self, f: Field) -> Any:
        """What is already known and only to be confirmed: the category, an axis that must be chosen again, what the customer
        prefers.
        """
        if f.id in self.what.starts_with and self.what.starts_with[f.id] in options_of(f, self.what.pack):
            return self.what.starts_with[f.id]
        if f.type == "category" or (f.type == "axis" and self._must_be_chosen(f)):
            return self.what.facts.value(f.id)
        return None

    def _proposed(self, f: Field) -> str:
        """The words that the case already has for the field, to be changed before they are used."""
        return next((text for name in f.proposes if (text := self.what.proposed.get(name))), "")

    def _must_be_chosen(self, f: Field) -> bool:
        return f.required is True or (f.required is not False and holds(f.required, self.what.facts))

    def _known(self) -> CaseFacts:
        """The facts as they would be with what was typed so far, and with what follows for the axes."""
        reading = Reading(pack=self.what.pack, facts=self.what.facts, now=self.what.now, local_zone=self.what.zone)
        read = read_form(self.form, without_blank_rows(self.data), reading)
        self.worked_out = read.codes
        known = read.on(self.what.facts)
        for name in self.what.graded:
            axis = self.what.pack.grading.axis(name)
            if axis is not None and name not in read.codes:
                proposed = propose(axis, known).value
                known = known.with_values({name: proposed} if proposed else {})
        return known

    def form_drawn(self) -> DrawnForm:
        visible = {
            f.id: f
            for f in self.shown
            if (holds(f.when, self.known) or self._is_foreseen(f)) and not self._is_not_asked_yet(f)
        }
        visible = {name: f for name, f in visible.items() if not f.answers or self.known.open_items(f.answers)}
        asked = _asked_by_choices(visible.values(), self.worked_out)
        drawn = {name: self._field(f, asked) for name, f in visible.items()}
        sections: list[DrawnSection] = []
        placed: set[str] = set()
        for title, names in self.form.sections:
            fields = [drawn[name] for name in names if name in drawn]
            placed.update(names)
            if fields:
                sections.append(DrawnSection(words(title), fields, self._is_folded(fields)))
        rest = [field_ for name, field_ in drawn.items() if name not in placed]
        if rest:
            sections.append(DrawnSection("", rest))
        hidden = [(f.id, v) for f in self.shown if f.id not in visible and (v := self._scalar(f.id))]
        return DrawnForm(words(self.form.title), sections, hidden, self._loose_errors(drawn), self._faults(drawn))

    def _is_foreseen(self, f: Field) -> bool:
        """Whether it is drawn whatever stands in the fields that it depends on."""
        if not self.what.foresees or not isinstance(f.when, Condition):
            return False
        return any(kind == "fact" and self.form.field(name) is not None for kind, name in f.when.names())

    def _is_folded(self, fields: Iterable[DrawnField]) -> bool:
        """A section in which nothing must be filled in and nothing is, beside what a fresh form starts with."""
        if not self.what.folds:
            return False
        return not any(f.required or f.errors or self._was_entered(f) or self._has_a_fault_within(f.id) for f in fields)

    def _was_entered(self, drawn: DrawnField) -> bool:
        f = self.form.field(drawn.id)
        starts_so = f is not None and f.default is not None
        return not drawn.is_blank and drawn.widget != "computed" and not starts_so

    def _has_a_fault_within(self, name: str) -> bool:
        return any(place.startswith(f"{name}/") for place in self.errors)

    def _is_not_asked_yet(self, f: Field) -> bool:
        """A computed value is shown once what it is computed from is known, and why somebody else was chosen once somebody was."""
        if f.computed is not None:
            return f.id not in self.worked_out
        choice = EXPLAINS.get(f.id)
        if choice is None or f.required is not False or self.form.field(choice) is None:
            return False
        return not any(name in self.errors or self._scalar(name) for name in (f.id, choice))

    def _scalar(self, name: str) -> str:
        value = self.data.get(name) or self.kept.get(name) or ""
        return value if isinstance(value, str) else ""

    def _loose_errors(self, drawn: Mapping[str, DrawnField]) -> list[str]:
        return [s for place, found in self.errors.items() if place.split("/")[0] not in {*drawn, READ} for s in found]

    def _faults(self, drawn: Mapping[str, DrawnField]) -> list[tuple[str, str]]:
        """Every fault with the anchor of its field, for the summary on top."""
        found = []
        for place, sentences in self.errors.items():
            name = place.replace("/", "-")
            if place.split("/")[0] in {*drawn, READ}:
                found += [(f"f-{name}", sentence) for sentence in sentences]
        return found

    def _field(
        self, f: Field, asked: frozenset[str], *, prefix: str = "", pointer: str = "", value: Any = None
    ) -> DrawnField:
        raw = value if prefix else self.data.get(f.id, self.kept.get(f.id, ""))
        drawn = DrawnField(
            id=f.id,
            name=prefix + f.id,
            title=words(f.title),
            widget=f.type,
            value="" if raw is None else raw,
            required=f.id in asked or f.required is True or (f.required is not False and holds(f.required, self.known)),
            errors=self.errors.get(pointer or f.id, []),
            limit=f.length or f.max_length or DEFAULT_LENGTHS.get(f.type),
            redraws=f.id in (self.redrawing_in_rows if prefix else self.redrawing),
            is_either=not prefix and f.id in self.either,
            currency="¥" if f.currency == "CNY" else f.currency,
            looks_up=not prefix and (f.id in FINDS_THE_CALLER or f.format in NUMBERS),
            offers=[words(offered) for offered in f.offers],
            reads_file=f.format == "transcript",
            is_foreseen=not prefix and self._is_foreseen(f),
        )
        drawn.required = drawn.required and not drawn.is_foreseen
        self._fill_hints(f, drawn)
        self.choosing.fill(f, drawn)
        if f.type == "rows":
            self._fill_rows(f, drawn)
        elif f.type == "computed" and f.computed:
            drawn.value = self.worked_out.get(f.id)
            drawn.reckoning = self._reckoning(f.computed)
        elif f.type in FILE_TYPES:
            drawn.files = [self.what.uploads[u] for u in listed_values(raw) if u in self.what.uploads]
            drawn.rules = rules_of(self.what.pack)
        elif f.type in ("date", "datetime"):
            self._fill_bounds(f, drawn)
        drawn.is_wide = (
            drawn.widget in ("long_text", "rows", "drawn_up", "files", "signature", "address")
            or len(drawn.choices) > FEW
        )
        return drawn

    def _reckoning(self, rule: Computed) -> list[str]:
        """How the amount of a standard comes about, line by line; nothing for other computed values."""
        if not rule.standard:
            return []
        today = self.what.now.astimezone(ZoneInfo(self.what.pack.head.zone)).date()
        return lines_of_sheet(calculation_sheet(self.what.pack.compensation, rule.standard, self.known, on=today))

    def _fill_hints(self, f: Field, drawn: DrawnField) -> None:
        """The field's own guidance, and what the pack says of it for this kind of contact."""
        kind = self.what.facts.value("kind")
        of_pack = [g.text for g in self.what.pack.guidance if g.field == f.id and g.when_kind in (None, kind)]
        found = [words(text) for text in ([f.guidance] if f.guidance else []) + of_pack]
        found += [self.what.said_beside[f.id]] if f.id in self.what.said_beside else []
        drawn.guidance, drawn.hints = (found[0], found[1:]) if found else ("", [])

    def _fill_bounds(self, f: Field, drawn: DrawnField) -> None:
        """The zone in which a time is typed, and how far back or ahead it may lie, for the picker of the browser."""
        local = self.what.now.astimezone(self.what.zone)
        edge = f"{local:%Y-%m-%d}" if f.type == "date" else f"{local:%Y-%m-%dT%H:%M}"
        drawn.zone = str(self.what.zone)
        drawn.zone_name = zone_words(str(self.what.zone)) if f.type == "datetime" else ""
        drawn.earliest = edge if f.not_past else ""
        drawn.latest = edge if f.not_future else ""

    def _fill_rows(self, f: Field, drawn: DrawnField) -> None:
        rows = self.data.get(f.id)
        if f.from_records:
            self._fill_drawn_up(f, drawn, rows if isinstance(rows, list) else [])
            return
        if f.answers:
            self._fill_answers(f, f.answers, drawn, rows if isinstance(rows, list) else [])
            return
        labels: Mapping[int, str] = {}
        items = list(self.known.lists.get(f.one_for_each or "", ()))
        if not isinstance(rows, list):
            rows = []
        fixed = len(items)
        columns = [sub for sub in f.fields if sub.of_person is None]
        if fixed:
            labels = self.what.labels.get(f.one_for_each or "", {})
        least = fixed or f.min_rows or 1
        # A list that a choice brought onto the page starts with a row, as it would on a fresh form.
        rows = rows + [{}] * (least - len(rows)) if self.what.is_new or fixed or not rows else rows
        for n, row in enumerate(rows):
            asked = _asked_by_choices(f.fields, row)
            known = self.known.with_values(row)
            fields = [
                self._field(
                    sub,
                    asked,
                    prefix=f"{f.id}-{n}-",
                    pointer=f"{f.id}/{n}/{sub.id}",
                    value=row.get(sub.id) or (items[n].get(sub.as_in, "") if sub.as_in and n < fixed else ""),
                )  # fmt: skip
                for sub in columns
                if holds(sub.when, known)
            ]
            drawn.rows.append(DrawnRow(n, fields, labels.get(n + 1, "")))
        drawn.headings = [words(sub.title) for sub in columns]
        drawn.may_add = not fixed and len(rows) < f.max_rows
        drawn.may_remove = not fixed and len(rows) > max(f.min_rows, 1)

    def _fill_drawn_up(self, f: Field, drawn: DrawnField, rows: list[Any]) -> None:
        """The rows that follow from earlier records, to be read and not to be typed."""
        drawn.widget, drawn.headings = "drawn_up", [words(sub.title) for sub in f.fields]
        for n, row in enumerate(rows):
            cells = [
                DrawnField(
                    sub.id, "", words(sub.title), "shown", words(options_of(sub, self.what.pack).get(value, value))
                )
                for sub in f.fields
                for value in (row.get(sub.id, ""),)
            ]
            drawn.rows.append(DrawnRow(n, cells))

    def _fill_answers(self, f: Field, name: str, drawn: DrawnField, rows: list[Any]) -> None:
        """One row for every open item of the list, whatever was typed for it so far."""
        labels = self.what.labels.get(name, {})
        typed = {str(row.get("item")): row for row in rows if isinstance(row, dict)}
        for n, item in enumerate(self.known.open_items(name)):
            row = typed.get(str(item["no"]), {})
            fields = [
                self._field(
                    sub, frozenset(), prefix=f"{f.id}-{n}-", pointer=f"{f.id}/{n}/{sub.id}", value=row.get(sub.id, "")
                )
                for sub in f.fields
                if sub.id != "item"
            ]
            drawn.rows.append(DrawnRow(n, fields, labels.get(item["no"], ""), (f"{f.id}-{n}-item", item["no"])))


def _asked_by_choices(fields: Iterable[Field], chosen: Mapping[str, Any]) -> frozenset[str]:
    """The fields that must be filled in because of what is chosen beside them."""
    return frozenset(option.asks for f in fields for option in asking(f, chosen.get(f.id)) if option.asks)


def _asked_by_standard(rule: Computed, pack: Pack) -> frozenset[str]:
    """The facts on which the amount of a compensation standard rests."""
    standard = pack.compensation.standards.get(rule.standard or "")
    return standard.facts() if standard else frozenset()


def _names_asked(form: Form, pack: Pack, *, guided: bool) -> frozenset[str]:
    """The fields on which something else in the form depends: a change in them draws the form again."""
    found: set[str] = set()
    of_guidance = facts_asked(pack) if guided else frozenset()
    for f in form.fields:
        for condition in (f.when, f.required):
            if isinstance(condition, Condition):
                found |= {name for kind, name in condition.names() if kind == "fact"}
        if any(option.asks for option in f.options):
            found.add(f.id)
        if f.id in of_guidance:
            found.add(f.id)
        if f.from_records:
            found |= {f.from_records.since, f.from_records.until}
        if f.computed:
            found |= {*f.computed.sources(), *_asked_by_standard(f.computed, pack)}
        axis = pack.grading.axis(f.axis or "") if f.type == "axis" else None
        for criterion in axis.criteria if axis else ():
            found |= {name for kind, name in criterion.when.names() if kind == "fact"}
    if form.field("handler"):
        found.add("department")
    return frozenset(found)


def _names_asked_in_rows(form: Form) -> frozenset[str]:
    """The cells of rows on which another cell depends: a change in them draws the form again."""
    conditions = [cell.when for f in form.fields for cell in f.fields if cell.when]
    return frozenset(name for when in conditions for kind, name in when.names() if kind == "fact")


def _either(form: Form) -> frozenset[str]:
    """The fields of which one is enough: each has to be filled in while another is not."""
    found: set[str] = set()
    for f in form.fields:
        if isinstance(f.required, Condition):
            others = {asked.fact for asked in f.required.comparisons() if asked.given is not None and asked.fact}
            shown = {name for name in others if form.field(name)}
            found |= shown | {f.id} if shown else set()
    return frozenset(found)
