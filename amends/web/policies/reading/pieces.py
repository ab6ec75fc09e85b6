"""A pack as its pieces, each said in sentences: what clauses, search and the comparison of versions read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from amends.core.policy.pack import Pack
from amends.web.policies.reading import (
    ahead,
    contact,
    intake,
    kpis,
    levels,
    papers,
    people,
    process,
    reports,
    settings,
    times,
    training,
)
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

TELLERS: tuple[Callable[[Pack, Names], Iterable[Saying]], ...] = (
    settings.settings, intake.intake, levels.levels, process.states, process.transitions, process.proceedings, process.templates,
    times.clocks, times.calendar, people.roles, people.routes, people.approvals, papers.forms, papers.messages,
    contact.contact, kpis.kpis, reports.reports, ahead.ahead, training.training, papers.file_of_a_case, papers.guidance,
)  # fmt: skip
"""What tells the parts of a pack, in their order."""


def sayings_of(pack: Pack) -> list[Saying]:
    """Every piece of the pack, in the order of its parts."""
    names = Names(pack)
    return [saying for tell in TELLERS for saying in tell(pack, names)]


def by_clause(sayings: Iterable[Saying]) -> dict[str, list[Saying]]:
    """The pieces that name each clause."""
    found: dict[str, list[Saying]] = {}
    for saying in sayings:
        for clause in saying.clauses:
            found.setdefault(clause, []).append(saying)
    return found


def found_in(sayings: Iterable[Saying], asked: str) -> list[Saying]:
    """The pieces whose words hold everything asked for."""
    wanted = asked.lower().split()
    return [s for s in sayings if all(word in s.text.lower() for word in wanted)]


@dataclass(frozen=True, slots=True)
class Difference:
    """One piece that two versions say differently: only one of `before` and `after` where it is new or gone."""

    part: str
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind: str


_Place = tuple[str, str]
_Places = dict[_Place, Saying]


def differences(old: Pack, new: Pack) -> list[Difference]:
    """What the new version says otherwise, piece by piece."""
    before = {(s.part, s.key): s for s in sayings_of(old)}
    after = {(s.part, s.key): s for s in sayings_of(new)}
    places = dict.fromkeys([*before, *after])
    moved = _moved(before, after)
    gone = set(moved.values())
    pairs = ((before.get(moved.get(place, place)), after.get(place)) for place in places if place not in gone)
    return [found for pair in pairs if (found := _difference(*pair))]


def _moved(before: _Places, after: _Places) -> dict[_Place, _Place]:
    """Where a piece stood before that stands at another place now: in their order, kin for kin."""
    left: dict[tuple[str, str], list[_Place]] = {}
    for place, saying in before.items():
        if saying.kin and place not in after:
            left.setdefault((saying.part, saying.kin), []).append(place)
    come = [place for place in after if place not in before]
    return {place: found.pop(0) for place in come if (found := left.get((after[place].part, after[place].kin)))}


def _difference(old: Saying | None, new: Saying | None) -> Difference | None:
    if old is None:
        return Difference(new.part, new.title, (), new.sentences, "new") if new else None
    if new is None:
        return Difference(old.part, old.title, old.sentences, (), "gone")
    if (old.title, old.sentences) == (new.title, new.sentences):
        return None
    gone = tuple(s for s in old.sentences if s not in new.sentences)
    come = tuple(s for s in new.sentences if s not in old.sentences)
    if old.title != new.title:
        gone, come = (_called(old.title), *gone), (_called(new.title), *come)
    return Difference(new.part, new.title, gone, come, "changed")


def _called(title: str) -> str:
    return gettext("名称：%(title)s") % {"title": title}
