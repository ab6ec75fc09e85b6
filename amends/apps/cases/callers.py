"""Whoever is on the line: their earlier cases and those about the same parcel or order, and what can be done with them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import normal_contact
from amends.apps.cases.queries import Viewer, open_cases, tasks_of, visible_to
from amends.apps.cases.search import matching
from amends.apps.people.actions import log_access
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import ContactPoint
from amends.core.decide import allowed_actions
from amends.core.roles import actor_on_case, has_right

SHOWN = 8
LOOKED_AT = 40
SHORTEST_PHONE, SHORTEST_NAME, SHORTEST_NUMBER = 7, 2, 6
BY_CALL = ("add_information", "urge")
"""What a caller may want of a case that is open already, instead of a new one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a caller so far, as it was typed; `numbers` are those of parcels and orders."""

    phone: str = ""
    email: str = ""
    name: str = ""
    numbers: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        return not (self.phone or self.email or self.name or self.numbers)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier case, what the viewer may do with it for the caller, and whether they may see who it was."""

    case: Case
    verbs: tuple[str, ...]
    may_reveal: bool


@dataclass(frozen=True, slots=True)
class Before:
    """What was found: cases of the caller (open ones first), how many there are in all, and cases about the same matter."""

    of_caller: list[Earlier] = field(default_factory=list)
    of_matter: list[Earlier] = field(default_factory=list)
    count: int = 0
    open_count: int = 0
    is_by_name: bool = False


def cases_before(viewer: Viewer, asked: Asked) -> Before:
    """The visible cases of whoever has this number or address, or else exactly this name, and those that mention the
    number of a parcel or order. A case that hides its reporter is never found by who reported it.

    The look is noted when somebody was found. The number of queries does not depend on how many cases there are.
    """
    callers, is_by_name = _cases_of(viewer, asked)
    found = _open_first(callers) if callers is not None else []
    counts = {"all": 0, "open": 0}
    if callers is not None and found:
        counts = {"all": callers.count(), "open": open_cases(callers).count()}
        who = ",".join(str(pk) for pk in dict.fromkeys(case.complainant_id for case in found))
        log_access(actor=viewer.person.actor_id, action="search", object=f"complainant:{who}"[:60], now=viewer.now)
    known = {case.pk for case in found}
    matter = [case for case in _cases_about(viewer, asked.numbers) if case.pk not in known]
    acting = _Acting(viewer)
    return Before(
        [acting.on(case) for case in found],
        [acting.on(case) for case in matter],
        counts["all"],
        counts["open"],
        is_by_name,
    )


def _cases_of(viewer: Viewer, asked: Asked) -> tuple[QuerySet[Case] | None, bool]:
    """The cases of whoever is meant, and whether only the name speaks for it; None when too little is known yet."""
    points = Q(pk__in=[])
    if sum(c.isdigit() for c in asked.phone) >= SHORTEST_PHONE:
        points |= Q(kind="phone", normal=normal_contact("phone", asked.phone))
    if "@" in asked.email.strip("@"):
        points |= Q(kind="email", normal=normal_contact("email", asked.email))
    cases = visible_to(viewer).filter(hides_reporter=False).exclude(tasks_of(viewer))
    if points != Q(pk__in=[]):
        return cases.filter(complainant__in=ContactPoint.objects.filter(points).values("complainant")), False
    if len(asked.name.strip()) >= SHORTEST_NAME:
        return cases.filter(complainant__name=asked.name.strip()), True
    return None, False


def _open_first(cases: QuerySet[Case]) -> list[Case]:
    related = ("desk", "complainant", "handler", "department")
    newest = list(cases.select_related(*related).order_by("-received_at")[:LOOKED_AT])
    return sorted(newest, key=lambda case: not case.is_open)[:SHOWN]


def _cases_about(viewer: Viewer, numbers: Iterable[str]) -> list[Case]:
    told = [number.strip() for number in numbers if len(number.strip()) >= SHORTEST_NUMBER]
    if not told:
        return []
    mentioned = Q(pk__in=[])
    for number in told[:3]:
        mentioned |= Q(pk__in=matching(Case.objects.all(), number).values("pk"))
    return _open_first(visible_to(viewer).filter(mentioned).exclude(tasks_of(viewer)))


class _Acting:
    """What the viewer may do on cases; the organisation of a desk is read once for all of them."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.directories: dict[tuple[int, int], OrganisationOfDesk] = {}

    def on(self, case: Case) -> Earlier:
        pack, facts = pack_of(case), facts_of(case)
        key = (case.desk_id, case.pack_id)
        directory = self.directories.setdefault(key, OrganisationOfDesk(case.desk, pack, self.viewer.now))
        actor = actor_on_case(pack, self.viewer.caller(case.desk, pack), facts, directory)
        actions = allowed_actions(pack=pack, process=pack.lifecycle, facts=facts, actor=actor) if case.is_open else []
        open_verbs = {action.verb for action in actions if not action.needs_unmet}
        return Earlier(case, tuple(verb for verb in BY_CALL if verb in open_verbs), has_right(pack, actor, "reveal"))
