"""The verbs that are open on a case as buttons; one that is not ready says what is missing and where to supply it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext

from amends.core.archive import EVIDENCE_IN_WORDS, missing_from_file
from amends.core.decide import Action
from amends.core.policy.conditions import Condition
from amends.core.policy.forms import FILE_TYPES
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.verbs import EXITS
from amends.doors.wording import button_of, language, listed, words
from amends.web.case.seeing import CaseView


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a verb waits for, and the form that supplies it or the page where it is done, if there is one."""

    what: str
    address: str = ""
    title: str = ""
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """One verb that is open now; `missing` says why it is not ready, `key` is the key that opens it."""

    verb: str
    title: str
    address: str
    missing: Sequence[Missing] = ()
    key: str = ""

    @property
    def why(self) -> str:
        """What is missing, as one sentence; empty when the verb is ready."""
        things = listed(thing.what for thing in self.missing)
        return gettext("还缺：%(missing)s") % {"missing": things} if things else ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """The verbs of the way, those beside it, and the ways out."""

    moves: Sequence[Button]
    asides: Sequence[Button]
    exits: Sequence[Button]

    def of(self, verb: str) -> Button | None:
        """The button of a verb that is ready."""
        ready = (b for b in (*self.moves, *self.asides, *self.exits) if not b.missing)
        return next((button for button in ready if button.verb == verb), None)

    @property
    def waiting(self) -> list[Button]:
        """The steps of the way that are not ready."""
        return [button for button in self.moves if button.missing]


def buttons_of(seen: CaseView, actions: Sequence[Action]) -> Buttons:
    """The verbs by where they lead. What is ready comes first, and has the first numbers as its keys."""
    tongue = language()
    titled = [(action, _title(action, tongue)) for action in actions]
    made = [(a, Button(a.verb, title, seen.address_of(a.verb), _missing(seen, a, actions))) for a, title in titled]
    exits = [button for action, button in made if action.verb in EXITS]
    moves = [button for action, button in made if action.verb not in EXITS and action.is_move]
    asides = [button for action, button in made if action.verb not in EXITS and not action.is_move]
    return Buttons(_with_keys(sorted(moves, key=lambda b: bool(b.missing))), asides, exits)


def _with_keys(moves: Iterable[Button]) -> list[Button]:
    return [replace(b, key="" if b.missing or n > 9 else str(n)) for n, b in enumerate(moves, start=1)]


def _title(action: Action, tongue: str = "") -> str:
    return words(action.title, tongue=tongue) if action.title else button_of(action.verb, tongue=tongue)


def _missing(seen: CaseView, action: Action, actions: Sequence[Action]) -> list[Missing]:
    found = []
    if action.needs_unmet:
        conditions = {need.say: need.that for t in _transitions(seen, action) for need in t.needs}
        found = [_thing(words(say), conditions.get(say), seen, action, actions) for say in action.needs_unmet]
    said = {thing.what for thing in found}
    return found + [thing for thing in _missing_from_file(seen, action, actions) if thing.what not in said]


def _missing_from_file(seen: CaseView, action: Action, actions: Sequence[Action]) -> list[Missing]:
    """What the check list of the archive wants, apart from evidence that the form itself takes."""
    leaving = seen.pack.lifecycle.from_state(seen.case.state)
    first = next((t for t in leaving if t.verb == action.verb), None)
    titles = missing_from_file(seen.pack, seen.pack.lifecycle, seen.facts, first) if first else []
    if not titles or seen.pack.head.archive is None:
        return []
    takes_files = any(f.type in FILE_TYPES for f in action.form.fields)
    items = {item.title: item for item in seen.pack.head.archive.items}
    found = []
    for title in titles:
        item = items[title]
        if takes_files and item.evidence:
            continue
        wanted = {item.verb, EVIDENCE_IN_WORDS if item.evidence else None}
        way = next((a for a in actions if a.verb in wanted and not a.needs_unmet), None)
        address = seen.address_of(way.verb) if way else ""
        found.append(Missing(words(title), address, _title(way) if way else ""))
    return found


def _transitions(seen: CaseView, action: Action) -> list[Transition]:
    return [t for t in seen.pack.lifecycle.from_state(seen.case.state) if t.verb == action.verb]


def _thing(
    what: str, condition: Condition | None, seen: CaseView, waiting: Action, actions: Sequence[Action]
) -> Missing:
    asked = set(condition.names()) if condition else set()
    for action in actions:
        if action.verb != waiting.verb and not action.needs_unmet and _supplies(action, asked, seen):
            return Missing(what, seen.address_of(action.verb), _title(action))
    if _rests_on_proceedings(asked, seen.pack):
        return Missing(what, f"{reverse('case', args=[seen.case.number])}?tab=proceedings", is_page=True)
    return Missing(what)


def _rests_on_proceedings(asked: set[tuple[str, str]], pack: Pack) -> bool:
    """Whether it is asked how many proceedings of a kind there are, or are open."""
    counted = {f"{kind}_{how}" for kind in pack.proceedings for how in ("open", "count")}
    return any(kind == "fact" and name in counted for kind, name in asked)


def _supplies(action: Action, asked: set[tuple[str, str]], seen: CaseView) -> bool:
    """Whether doing the verb can make true what is asked: it is the verb, or it enters, marks or grades the fact."""
    if ("verb", action.verb) in asked:
        return True
    facts = {name for kind, name in asked if kind == "fact"}
    given = {f.id for f in action.form.fields}
    for transition in _transitions(seen, action):
        given |= {*transition.marks, *transition.grades}
        given |= {f"{transition.settles}_open"} if transition.settles else set()
        given |= {f"{transition.adds}_count"} if transition.adds else set()
    given |= _facts_of_categories(seen.pack, action)
    return bool(facts & given)


def _facts_of_categories(pack: Pack, action: Action) -> set[str]:
    """The schemes that a form sorts the case by are facts of the same name."""
    return {f.scheme for f in action.form.fields if f.scheme}
