"""The customer in sight: what they want and how they are, what is known of them, and what helped others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.cases.caring import count_of_others, solutions_tried
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.library import libraries_of, studies_beside
from amends.apps.cases.queries import tasks_of, visible_to
from amends.apps.cases.timeline import ShownValue
from amends.core.form_data import options_of
from amends.core.guidance import grants, worth_of
from amends.core.policy.base import Title
from amends.core.roles import sees_task_only
from amends.doors.wording import words
from amends.web.case.seeing import CaseView
from amends.web.guidance.filling import latest_values

MOST_EARLIER = 5
MOST_TRIED = 6


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that stands on top of a case: its latest value, and what it was before somebody put it right."""

    value: ShownValue
    earlier: tuple[ShownValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Felt:
    """How the customer felt at one contact."""

    title: str
    at: datetime
    is_high: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier case of the same customer that the viewer may see."""

    case: Case
    state: str


@dataclass(slots=True)
class Known:
    """What is known of the customer beyond this case; `count` is of all their other cases on the desk, `earlier` of those that
    the viewer may see.
    """

    values: list[tuple[str, Any, str]] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Helped:
    """A kind of solution with how often it was accepted; `is_beyond` where the viewer may not grant it alone."""

    title: str
    answered: int
    share: int | None
    average: Mapping[str, Any] | None
    is_beyond: bool


def brief_of(seen: CaseView) -> list[Kept]:
    """What the policy keeps on top of every page of the case, as far as it is known and the viewer may read it.

    Source: ESC-1.3.1, MKT-3.2a, MKT-3.1b
    """
    care = seen.pack.head.care
    found = latest_values(seen, care.brief_fields())
    kept = []
    for one in care.brief:
        values = [found[name] for name in ((one,) if isinstance(one, str) else one) if name in found]
        if values:
            kept.append(Kept(values[0], tuple(values[1:])))
    return kept


def moods_of(seen: CaseView) -> list[Felt]:
    """The course of the customer's mood, the first contact first. Contacts at which it was not noted are left out.

    Source: MKT-5.1a
    """
    mood = seen.pack.head.care.mood
    f = seen.pack.fields.get(mood.field) if mood else None
    if mood is None or f is None or (f.seen_by and not set(f.seen_by) & seen.actor.roles):
        return []
    titles = options_of(f, seen.pack)
    noted = [(event.data.get("set", {}).get(mood.field), event.at) for event in seen.readable]
    return [Felt(words(titles.get(value, value)), at, value in mood.high) for value, at in noted if value]


def known_of_customer(seen: CaseView, verb: str) -> Known | None:
    """What stands beside the form of a verb about the customer; None where the policy shows nothing there, or the viewer
    sees their task alone. Three queries. Source: MKT-3.5, REP-6.2.1
    """
    rule = seen.pack.head.care.relationship
    if rule is None or verb not in rule.beside or sees_task_only(seen.pack, seen.actor) or seen.case.hides_reporter:
        return None
    values = values_of_customer(seen, rule.fields)
    known = Known(
        values=[(words(seen.pack.fields[name].title), *_shown(seen, name, value)) for name, value in values.items()]
    )
    known.count = count_of_others(seen.case)
    for case in _earlier(seen):
        state = pack_of(case).lifecycle.states.get(case.state)
        known.earlier.append(Earlier(case, words(state.title) if state else case.state))
    return known


def _shown(seen: CaseView, name: str, value: Any) -> tuple[Any, str]:
    f = seen.pack.fields[name]
    if f.type in ("choice", "choices"):
        titles = options_of(f, seen.pack)
        return words([titles.get(v, v) for v in (value if isinstance(value, list) else [value])]), "text"
    return value, f.type


def _earlier(seen: CaseView) -> list[Case]:
    if seen.case.complainant_id is None:
        return []
    theirs = visible_to(seen.viewer).filter(complainant=seen.case.complainant_id, hides_reporter=False)
    return list(
        theirs.exclude(tasks_of(seen.viewer))
        .exclude(pk=seen.case.pk)
        .distinct()
        .order_by("-received_at")[:MOST_EARLIER]
    )


def values_of_customer(seen: CaseView, names: Iterable[str]) -> dict[str, Any]:
    """Coded values of these fields as this case holds them, else as the customer's latest other case of the desk does.

    Texts are taken from this case alone: those of others lie beside their own events.
    """
    shown = latest_values(seen, names)
    found: dict[str, Any] = {}
    for name in names:
        f = seen.pack.fields[name]
        if f.seen_by and not set(f.seen_by) & seen.actor.roles:
            continue
        value = seen.facts.value(name)
        if name in shown and shown[name].kind in ("text", "long_text"):
            found[name] = shown[name].value
        elif value is not None and not isinstance(value, Mapping) or _is_amount(value):
            found[name] = value
        elif (other := _of_other_cases(seen, name)) is not None:
            found[name] = other
    return found


def _is_amount(value: Any) -> bool:
    return isinstance(value, Mapping) and "minor" in value


def _of_other_cases(seen: CaseView, name: str) -> Any:
    for values in seen.values_of_others:
        value = values.get(name)
        if value is not None and (not isinstance(value, Mapping) or _is_amount(value)):
            return value
    return None


def solutions_that_helped(seen: CaseView, verb: str) -> list[Helped] | None:
    """Solutions tried in other cases of the same category; None where the policy shows none there. Source: EXP-5.1.4"""
    rule = seen.pack.head.care.similar
    if rule is None or verb not in rule.beside or sees_task_only(seen.pack, seen.actor):
        return None
    f = seen.pack.fields[rule.field]
    titles: Mapping[str, Title] = options_of(f, seen.pack)
    limit = grants(seen.pack, seen.actor.roles)
    found = []
    for tried in solutions_tried(seen.case.desk, seen.case.category, apart_from=seen.case)[:MOST_TRIED]:
        cost = max(worth_of(f.options, tried.option), tried.average_minor or 0)
        average = {"minor": tried.average_minor, "currency": "CNY"} if tried.average_minor else None
        title = words(titles.get(tried.option, tried.option))
        found.append(Helped(title, tried.answered, tried.share, average, cost > limit))
    return found


def studies_like(seen: CaseView) -> list[Proceeding]:
    """Published studies of the same category, for the page of a case; none for whoever sees their task alone."""
    return [] if sees_task_only(seen.pack, seen.actor) else studies_beside(seen.viewer, seen.case, seen.pack)


def studies_for(seen: CaseView, verb: str) -> list[Proceeding]:
    """Published studies of the same category that the policy offers beside the form of a verb. Source: EXP-7.1"""
    rules = [kind.library for kind in libraries_of(seen.pack).values() if kind.library is not None]
    return studies_like(seen) if any(verb in rule.beside for rule in rules) else []
