"""Reads of cases. `visible_to` is the one place that says which cases somebody sees; every list and page starts from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.people.actions import log_access
from amends.apps.people.directory import OrganisationOfDesk, Standing, standing_of
from amends.apps.people.models import ApiToken, Department, Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.directory import Actor, Caller, Holding
from amends.core.policy.pack import Pack
from amends.core.policy.people import Role
from amends.core.refusals import NotVisible
from amends.core.roles import actor_on_case

NOTHING = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody signed in at a moment, and through which desks a token limits them (None: all their desks)."""

    person: Person
    now: datetime
    token: ApiToken | None = None
    _read: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was read for this moment already: desks and roles are asked for many times while one page is made."""

    def desks(self) -> list[Desk]:
        """The desks the person works on, within those of the token."""
        if "desks" not in self._read:
            self._read["desks"] = self._desks()
        return list(self._read["desks"])

    def _desks(self) -> list[Desk]:
        desks = Desk.objects.all()
        if self.token is not None and (limit := list(self.token.desks.values_list("pk", flat=True))):
            desks = desks.filter(pk__in=limit)
        return list(desks)

    def scopes(self) -> list[str] | None:
        return self.token.scopes.split() if self.token is not None else None

    def caller(self, desk: Desk, pack: Pack) -> Caller:
        """The person on a desk under a version of its pack; what they hold is read once for all desks and cases."""
        if "standing" not in self._read:
            self._read["standing"] = standing_of(self.person, self.now)
        standing: Standing = self._read["standing"]
        return standing.caller(desk, pack, scopes=self.scopes())


def visible_to(viewer: Viewer) -> QuerySet[Case]:
    """The cases somebody may see: V(u). Lists, search, counts, exports and single cases all start here."""
    if not viewer.person.is_active:
        return Case.objects.none()
    scope = NOTHING
    for desk in viewer.desks():
        scope |= _scope_on_desk(viewer, desk)
    return Case.objects.filter(scope)


def _scope_on_desk(viewer: Viewer, desk: Desk) -> Q:
    pack = pack_in_force(desk, viewer.now)
    caller = viewer.caller(desk, pack)
    seen = _seen_by_roles(pack, caller, viewer.person)
    own = Q(complainant__person=viewer.person)
    return Q(desk=desk) & ((seen & ~_accused(pack, viewer.person)) | own)


def _seen_by_roles(pack: Pack, caller: Caller, person: Person) -> Q:
    """What each role shows, within the restricted circles that this same role belongs to.

    A role that is in a circle opens it as far as the role itself sees: being head of one department opens nothing that
    only another role of the same person shows.
    """
    seen = NOTHING
    for holding in caller.holdings:
        role = pack.roles.roles.get(holding.role)
        if role is not None:
            seen |= _seen_by(role, holding, person) & _open_to({holding.role})
    held = {h.role for h in caller.holdings}
    if any(role.counts == "handler" for role in pack.roles.roles.values()) and caller.holdings:
        seen |= Q(handler=person) & _open_to(held)
    if any(role.counts == "employee" and "register" in role.may for role in pack.roles.roles.values()):
        seen |= Q(registered_by=person) & _open_to(held)
    return seen


def _seen_by(role: Role, holding: Holding, person: Person) -> Q:
    if role.sees == "desk":
        return Q()
    if role.sees == "department" and holding.department is not None:
        return Q(department__in=_below(holding.department)) | Q(team__in=_below(holding.department))
    if role.sees == "asked" and holding.department is not None:
        return Q(asked__department__in=_below(holding.department))
    if role.sees == "handled":
        return Q(handler=person)
    return NOTHING


def _open_to(roles: Iterable[str]) -> Q:
    """Cases without a restricted circle, and those whose circle one of the roles belongs to."""
    circle = Q(restricted_to="")
    for role in sorted(roles):
        circle |= Q(restricted_to__contains=f",{role},")
    return circle


def waiting_for(viewer: Viewer) -> Q:
    """What is the viewer's turn: cases they handle, cases that wait for a role they hold on the whole desk, and those
    without a handler that wait for a department in which they hold a role."""
    found = Q(handler=viewer.person)
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        for holding in viewer.caller(desk, pack).holdings:
            role = pack.roles.roles.get(holding.role)
            if role is not None and role.counts == "desk":
                found |= Q(desk=desk, waits_for=holding.role)
            elif role is not None and role.counts == "department" and holding.department is not None:
                inside = _below(holding.department)
                ours = Q(department__in=inside) | Q(team__in=inside)
                found |= Q(desk=desk, handler=None, waits_for__in=("department", holding.role)) & ours
    return found


def _below(department: int) -> QuerySet[Department]:
    """The department and everything under it, as a subquery."""
    root = Department.objects.filter(pk=department).values("path")
    return Department.objects.filter(path__startswith=Subquery(root))


def _accused(pack: Pack, person: Person) -> Q:
    """Cases that are closed to the person because they or their department are complained about."""
    rule = pack.roles.accused
    mine = Q(accused_person=person)
    ours = mine | _complains_about_unit_of(person)
    hidden = Q(hides_from_accused=True) & ours
    if rule.sees == "none":
        hidden |= ours if rule.department_counts else mine
    elif rule.sees == "task":
        asked = Q(asked__department=person.department) if person.department else NOTHING
        hidden |= mine & ~Q(handler=person) & ~asked
    return hidden


def _complains_about_unit_of(person: Person) -> Q:
    """The department complained about is the person's own, lies below it, or holds it within itself."""
    if person.department is None:
        return NOTHING
    path = person.department.path
    above = [int(part) for part in path.split(".") if part]
    below = Q(accused_department__path__startswith=path, accused_department__isnull=False)
    return below | Q(accused_department__in=above)


def is_closed_to(person: Person, case: Case, pack: Pack, roles: Iterable[str]) -> bool:
    """Whether a case stays closed to somebody who holds these roles: its circle is another, or it is about them."""
    open_to_them = Case.objects.filter(_open_to(roles) & ~_accused(pack, person))
    return not open_to_them.filter(pk=case.pk).exists()


def visible_case(viewer: Viewer, number: str) -> Case:
    """The case of that number. Raises NotVisible alike for one that does not exist and one that may not be seen.

    Either attempt is noted for review. Source: EXP-1.2.6
    """
    # One database can look for such a number and the other can not.
    if "\x00" in number:
        raise NotVisible
    found = visible_to(viewer).filter(number=number).select_related("desk", "chain").distinct().first()
    if found is None:
        log_access(actor=viewer.person.actor_id, action="refused", object=f"number:{number[:40]}", now=viewer.now)
        raise NotVisible
    return found


def actor_of(viewer: Viewer, case: Case) -> Actor:
    """The viewer as the rules of this case see them."""
    pack = pack_of(case)
    directory = OrganisationOfDesk(case.desk, pack, viewer.now)
    return actor_on_case(pack, viewer.caller(case.desk, pack), facts_of(case), directory)


def complainant_caller(case: Case) -> Caller:
    """The complainant of a case as a caller: what the portal acts as."""
    return Caller(id=f"complainant:{case.complainant_id}", complainant=case.complainant_id)


def open_cases(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.exclude(state_category__in=("done", "archived"))


def earlier_cases_of(complainants: Iterable[int], *, desk: Desk, since: datetime) -> QuerySet[Case]:
    """Cases of the same complainant on the desk, newest first."""
    return Case.objects.filter(desk=desk, complainant__in=list(complainants), received_at__gte=since).order_by(
        "-received_at"
    )
