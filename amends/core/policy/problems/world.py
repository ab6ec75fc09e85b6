"""What the parts of a pack may speak of: its facts with their values, its lists of choices, its conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from amends.core.approvals import DECISIONS
from amends.core.decision import APPLICANT
from amends.core.facts import BUILT_IN_FACTS, PROCESS_FACTS
from amends.core.form_data import RULE_OF
from amends.core.policy.base import Title
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.conditions import Condition
from amends.core.policy.forms import Field
from amends.core.policy.lifecycle import Process
from amends.core.policy.pack import Pack
from amends.core.policy.problems.report import Path
from amends.core.policy.proceedings import EXPECTED_FACTS
from amends.core.policy.templates import STEP_CHOICES

WRITTEN_AS = {
    "from_": "from",
    "in_": "in",
    "is_": "is",
    "register_": "register",
    "zh_hans": "zh-Hans",
    "zh_hant": "zh-Hant",
}


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a fact can have, and where the pack sets them."""

    values: frozenset[str]
    path: Path
    order: tuple[str, ...] = ()
    inside: Path = ()

    def place(self, value: str) -> Path:
        """Where the pack sets `value`, as near as is known."""
        if not self.inside or value not in self.order:
            return self.path
        return (*self.path, *self.inside, self.order.index(value))


@dataclass(frozen=True)
class World:
    """Names of one pack, worked out once for all checks."""

    pack: Pack
    left_out: frozenset[str] = field(default_factory=frozenset)
    left_out_parts: frozenset[str] = field(default_factory=frozenset)
    unread: frozenset[str] = field(default_factory=frozenset)

    def is_missed(self, name: str, *parts: str) -> bool:
        """Whether a name is unknown only because its piece, or one of the parts it could stand in, was not read."""
        return name in self.left_out or bool(self.unread.intersection(parts))

    @cached_property
    def processes(self) -> list[tuple[Path, Process]]:
        proceedings = [(("proceedings", name), process) for name, process in self.pack.proceedings.items()]
        return [(("lifecycle",), self.pack.lifecycle), *proceedings]

    @cached_property
    def all_clocks(self) -> list[ClockRule]:
        """The clocks of the cases and of every kind of proceeding."""
        return [*self.pack.clocks, *(rule for kind in self.pack.proceedings.values() for rule in kind.clocks)]

    @cached_property
    def verbs_used(self) -> frozenset[str]:
        return frozenset(t.verb for _, process in self.processes for t in process.transitions)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return self.pack.fields

    @cached_property
    def lists(self) -> frozenset[str]:
        """The lists that a case can have: rows fields, and what transitions add to."""
        rows = {f.id for f in self.fields.values() if f.type == "rows"}
        added = {t.adds for _, p in self.processes for t in p.transitions if t.adds}
        opened = {f.opens for f in self.fields.values() if f.opens}
        return frozenset(rows | added | opened | set(self.pack.proceedings) | {DECISIONS})

    @cached_property
    def marks(self) -> frozenset[str]:
        """Facts that transitions, categories and acceptance rules mark."""
        marked = {name for _, p in self.processes for t in p.transitions for name in (*t.marks, *t.marks_case)}
        for scheme in self.pack.categories.schemes:
            marked |= {name for _, node in scheme.walk() for name in (*node.marks, *node.maps_to)}
        return frozenset(marked | {name for rule in self.pack.head.acceptance for name in rule.marks})

    @cached_property
    def facts(self) -> frozenset[str]:
        lists = {f"{name}_{what}" for name in self.lists for what in ("open", "count")}
        axes = {axis.id for axis in self.pack.grading.axes}
        of_case = {f"case_{name}" for name in PROCESS_FACTS} if self.pack.proceedings else set()
        gathered = {rule.id for kind in self.pack.proceedings.values() for rule in kind.gathers}
        expected = [kind.expected_from for kind in self.pack.proceedings.values() if kind.expected_from]
        handed_in = {*EXPECTED_FACTS, *(one.by for one in expected)} if expected else set()
        beneath = {
            f"{name}_{what}"
            for name, kind in self.pack.proceedings.items()
            if kind.under
            for what in ("count", "open", "late", *kind.states)
        }
        by_rule = {f"{f.id}{RULE_OF}" for f in self.fields.values() if f.computed and f.computed.standard}
        return frozenset(
            BUILT_IN_FACTS
            | set(self.fields)
            | self.marks
            | axes
            | lists
            | of_case
            | by_rule
            | gathered
            | handed_in
            | beneath
            | {APPLICANT}
        )

    @cached_property
    def facts_of_rows(self) -> frozenset[str]:
        """The fields of rows that a proceeding is started for, one by one: its condition is asked of each row."""
        starts = [s for _, p in self.processes for t in p.transitions for s in t.proceedings() if s.for_each and s.when]
        rows = [self.fields.get(s.for_each or "") for s in starts]
        return frozenset(inner.id for f in rows if f for inner in f.fields)

    def knows_fact(self, name: str) -> bool:
        return (
            name in self.facts
            or name in self.facts_of_rows
            or self.is_missed(name, "forms", "grading", "categories", "lifecycle", "head")
        )

    @cached_property
    def choice_lists(self) -> Mapping[str, tuple[Path, tuple[str, ...]]]:
        """Every named list that `options_from` can mean: where it stands and its values."""
        pack = self.pack
        found: dict[str, tuple[Path, tuple[str, ...]]] = {
            "channels": (("channels", "channels"), tuple(pack.channels.channels)),
            "kinds": (("channels", "kinds"), tuple(pack.channels.kinds)),
            "functions": (("routing", "functions"), tuple(pack.routing.functions)),
            "measures": (("categories", "measures"), tuple(pack.categories.measures)),
            "outcomes": (("categories", "outcomes"), tuple(pack.categories.outcomes)),
            "indicators": (("kpis", "indicators"), tuple(indicator.id for indicator in pack.kpis.indicators)),
        }
        if pack.templates.handling:
            found[STEP_CHOICES] = (("templates", "handling"), tuple(pack.templates.step_titles()))
        for name, choices in pack.categories.lists.items():
            found[name] = (("categories", "lists", name), tuple(choices))
        return found

    def domain(self, fact: str) -> Domain | None:
        """The values of a fact; None where any value is possible."""
        return self._built_in_domain(fact) or self._axis_domain(fact) or self._field_domain(fact)

    def _built_in_domain(self, fact: str) -> Domain | None:
        channels = self.pack.channels
        known: dict[str, tuple[Path, Any]] = {
            "kind": (("channels", "kinds"), channels.kinds),
            "channel": (("channels", "channels"), channels.channels),
            "channel_group": (("channels", "groups"), channels.groups),
            "function": (("routing", "functions"), self.pack.routing.functions),
            "state": (("lifecycle", "states"), self.pack.lifecycle.states),
        }
        return _domain(*known[fact]) if fact in known else None

    def _axis_domain(self, fact: str) -> Domain | None:
        for index, axis in enumerate(self.pack.grading.axes):
            if axis.id == fact:
                return _domain(("grading", "axes", index), [value.id for value in axis.values], inside=("values",))
        return None

    def _field_domain(self, fact: str) -> Domain | None:
        found = [
            (("forms", form_id, "fields", index), f)
            for form_id, form in self.pack.forms.items()
            for index, f in enumerate(form.fields)
            if f.id == fact
        ]
        domains = [self.field_domain(path, f) for path, f in found]
        if not domains or any(domain is None for domain in domains):
            return None
        values = [value for domain in domains if domain for value in (domain.order or sorted(domain.values))]
        first = domains[0]
        if len(found) == 1 or not first:
            return first
        return _domain(first.path, list(dict.fromkeys(values)))

    def field_domain(self, path: Path, f: Field) -> Domain | None:
        if f.type == "axis":
            return self._axis_domain(f.axis or "")
        if f.type == "category":
            return self._category_domain(f.scheme or "")
        if f.type not in ("choice", "choices"):
            return None
        if f.options:
            return _domain(path, [option.id for option in f.options], inside=("options",))
        named = self.choice_lists.get(f.options_from or "")
        return _domain(*named) if named else None

    def _category_domain(self, scheme_id: str) -> Domain | None:
        for index, scheme in enumerate(self.pack.categories.schemes):
            if scheme.id == scheme_id:
                return _domain(("categories", "schemes", index), [path for path, _ in scheme.walk()])
        return None

    @cached_property
    def conditions(self) -> list[tuple[Path, Condition]]:
        """Every condition of the pack, those inside others left out."""
        found = [(path, piece) for path, piece in walk(self.pack, (), stop=Condition) if isinstance(piece, Condition)]
        # Indicators ask for what figures know of a case, which is another list of facts.
        return [
            (path, piece)
            for path, piece in found
            if path[:2] not in (("kpis", "indicators"), ("warnings", "key_problems"))
        ]


def _domain(path: Path, values: Any, *, inside: Path = ()) -> Domain:
    return Domain(frozenset(values), path, tuple(values), inside)


def walk(piece: Any, path: Path, *, stop: type[BaseModel] | None = None) -> Iterator[tuple[Path, BaseModel]]:
    """Every model inside `piece` with its path as written in the files; does not look into a `stop`."""
    if isinstance(piece, BaseModel):
        yield path, piece
        if stop is not None and isinstance(piece, stop):
            return
        for name in type(piece).model_fields:
            yield from walk(getattr(piece, name), (*path, WRITTEN_AS.get(name, name)), stop=stop)
    elif isinstance(piece, Mapping):
        for key, value in piece.items():
            yield from walk(value, (*path, key), stop=stop)
    elif isinstance(piece, tuple | list):
        for index, value in enumerate(piece):
            yield from walk(value, (*path, index), stop=stop)


def titles(pack: Pack) -> Iterator[tuple[Path, Title]]:
    for path, piece in walk(pack, ()):
        if isinstance(piece, Title):
            yield path, piece
