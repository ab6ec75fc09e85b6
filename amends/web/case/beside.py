"""What stands beside the story of a case: whom it is about, what was registered, its forms, its files, related cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import related_cases
from amends.apps.ledger.models import Event
from amends.apps.people.queries import ways_to_reach
from amends.core.facts import CaseFacts
from amends.core.form_data import options_of
from amends.core.grading import explain_priority
from amends.core.masking import masked, masked_contact
from amends.core.policy.base import Title
from amends.core.policy.levels import Axis
from amends.core.policy.pack import Pack
from amends.core.roles import sees_task_only
from amends.doors.pack_words import words_of
from amends.doors.wording import language, words
from amends.web.case.glance import names_of_values
from amends.web.case.seeing import CaseView


@dataclass(frozen=True, slots=True)
class PersonalLine:
    """One personal value, masked, and the field under which it can be revealed."""

    title: str
    shown: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Whom the case is about, masked."""

    lines: Sequence[PersonalLine]
    is_hidden: bool
    may_reveal: bool


def people_of(seen: CaseView) -> People:
    """The complainant and the ways to reach them; nothing of them where who reported is kept from the viewer."""
    case, complainant = seen.case, seen.case.complainant
    is_hidden = case.hides_reporter and not seen.may("see_reporter")
    lines = []
    if complainant is not None and not is_hidden and not sees_task_only(seen.pack, seen.actor):
        lines.append(_line(seen, "complainant_name", masked("name", complainant.name)))
        for point in ways_to_reach(complainant):
            shown = masked("address", point.value) if point.kind == "address" else masked_contact(point.value)
            lines.append(_line(seen, f"complainant_{point.kind}", shown))
    return People(lines, is_hidden, seen.may("reveal"))


def _line(seen: CaseView, field: str, shown: str) -> PersonalLine:
    definition = seen.pack.fields.get(field)
    return PersonalLine(words(definition.title) if definition else field, shown, field if definition else "")


def forms_of(events: Iterable[Event], pack: Pack) -> list[tuple[Title, Event]]:
    """The forms that were filled in, the latest of each, in the order in which those were filled in."""
    found: dict[str, tuple[Title, Event]] = {}
    for event in events:
        form = pack.forms.get(event.data.get("form", ""))
        if form is not None:
            found[form.id] = (form.title, event)
    return sorted(found.values(), key=lambda one: (one[1].at, one[1].seq))


def order_of(pack: Pack, facts: CaseFacts) -> list[tuple[str, str, int]]:
    """Why the case stands where it stands in the queue: each key of the order with its value and rank."""
    tongue = language()
    names = names_of_values(pack, tongue)
    found = []
    for by, value, rank in explain_priority(pack.grading, facts.values):
        axis = pack.grading.axis(by)
        called = axis.title if axis else pack.fields[by].title if by in pack.fields else by
        title = words(called, tongue=tongue)
        shown = words(axis.title_of(str(value))) if axis and value else names.get(str(value), words(value))
        found.append((title, shown, rank))
    return found


def axes_of(pack: Pack, facts: CaseFacts) -> list[tuple[str, str]]:
    """Every axis that has been graded, or stands at what is not yet known, with its value and where that comes from."""
    found = []
    for axis in pack.grading.axes:
        value = facts.value(axis.id) or axis.unknown
        if isinstance(value, str):
            source = _source_of(axis, pack, facts) if facts.value(axis.id) else ""
            found.append((words(axis.title), (words(axis.title_of(value)) or value) + source))
    return found


def _source_of(axis: Axis, pack: Pack, facts: CaseFacts) -> str:
    field, told = pack.fields.get(axis.told_in or ""), facts.value(axis.told_in or "")
    title = options_of(field, pack).get(told) if field is not None and isinstance(told, str) else None
    return gettext("（%(source)s）") % {"source": words(title)} if title else ""


def related_to(seen: CaseView) -> list[tuple[str, Case, str]]:
    """The cases that belong to this one and that the viewer may see, with the words for their state; one query."""
    if sees_task_only(seen.pack, seen.actor):
        return []
    found = []
    for other, link in related_cases(seen.viewer, seen.case):
        found.append((link or "same_person", other, words_of(pack_of(other)).state(other.state)))
    return found
