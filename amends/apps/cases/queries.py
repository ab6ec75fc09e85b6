"""Reads of cases. `visible_to` is the one place that says which cases somebody sees; every list and page starts from it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, UUIDField

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, CaseAsked, ClockRow
from amends.apps.cases.proceeding_models import Involved
from amends.apps.people.access import note_look
from amends.apps.people.actions import log_access
from amends.apps.people.directory import OrganisationOfDesk, Standing, read_department, standing_of
from amends.apps.people.models import Complainant, Department, Person
from amends.apps.people.rights import rights_of
from amends.apps.people.signed_in import Arrival
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import (
    NoPackInForce,
    asked_for_open_desks,
    pack_in_force,
    practice_desks,
    version_in_force,
)
from amends.apps.prepared import Asked, Given, Prepared, among, ask_among, given_key, given_number, prepared
from amends.core.directory import Actor, Caller, Holding
from amends.core.facts import CaseFacts
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.people import Role
from amends.core.refusals import NotVisible
from amends.core.roles import actor_on_case

NOTHING = Q(pk__in=[])
WITH_CASE = ("desk", "chain", "handler", "department", "team", "registered_by", "complainant")
"""What every page and answer about a single case shows of it, read along with it."""
READING = frozenset({"read", "write", "all"})
"""Scopes that let a token read what its owner sees; verbs and rights alone do not."""


_PRACTICE_DESKS = Prepared(practice_desks)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody signed in at a moment, and what a token limits them to: scopes, and desks (None: no limit).

    Whoever is `practising` works on the desks for practice and sees nothing that is live; nobody else sees those desks.
    """

    person: Person
    now: datetime
    scopes: frozenset[str] | None = None
    within: frozenset[int] | None = None
    practising: bool = False
    _read: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was read for this moment already: desks and roles are asked for many times while one page is made."""

    def desks(self) -> list[Desk]:
        """The desks the person works on, within those of the token; while practising, those for practice alone."""
        if "desks" not in self._read:
            desks = _PRACTICE_DESKS.ask() if self.practising else asked_for_open_desks().ask()
            self._read["desks"] = [desk for desk in desks if self.within is None or desk.pk in self.within]
        return list(self._read["desks"])

    def take(self, read: Arrival) -> None:
        """Have what was read at the beginning of the request, instead of reading it again."""
        self._read["standing"] = read.standing
        if not self.practising and self.within is None:
            self._read["desks"] = read.open_desks

    def may_read(self) -> bool:
        """Whether the scopes of a token let it read at all; without a token everybody may."""
        return self.scopes is None or bool(READING & self.scopes)

    def caller(self, desk: Desk, pack: Pack) -> Caller:
        """The person on a desk under a version of its pack; what they hold is read once for all desks and cases."""
        return self._standing().caller(desk, pack, scopes=self.scopes, desks=self.within)

    def works_on(self, desk: Desk) -> bool:
        """Whether the person holds any role on the desk, in whichever department."""
        return any(row.desk_id == desk.staffed_as for row in self._standing().memberships)

    def roles_held(self) -> list[tuple[Desk, Role]]:
        """The roles that the person holds, in whichever department, by the policies in force."""
        found = []
        for desk in self.desks():
            if not self.works_on(desk):
                continue
            pack = pack_in_force(desk, self.now)
            names = dict.fromkeys(holding.role for holding in self.caller(desk, pack).holdings)
            found += [(desk, pack.roles.roles[name]) for name in names if name in pack.roles.roles]
        return found

    def unit_paths(self) -> list[str]:
        """The paths of the person's own department and of those in which they hold a role, or stand in for somebody."""
        if "units" not in self._read:
            own = self.person.department
            held = {row.department_id for row in self._standing().memberships if row.department_id is not None}
            others = held - {own.pk} if own else held
            paths = list(Department.objects.filter(pk__in=others).values_list("path", flat=True)) if others else []
            self._read["units"] = [own.path, *paths] if own else paths
        return list(self._read["units"])

    def standpoint(self) -> Hashable:
        """Everything that decides what the person may see, and nothing else: who stands where sees by the same rules.

        Packs are named by their content, so that a key is never that of another policy.
        """
        if "standpoint" not in self._read:
            own = self.person.department
            held = ((m.person_id, m.desk_id, m.role, m.department_id) for m in self._standing().memberships)
            under = ((desk.pk, _policy_on(desk, self.now)) for desk in self.desks())
            self._read["standpoint"] = (
                self.person.pk, self.person.is_active, own.path if own else None, own.pk if own else None,
                self.scopes, self.within, tuple(held), tuple(under),
            )  # fmt: skip
        standpoint: Hashable = self._read["standpoint"]
        return standpoint

    def moment(self) -> Any:
        """The moment of the viewer in conditions: `now`, or in a prepared question the place where it will stand."""
        return self._read.get("moment", self.now)

    def at_any_moment(self) -> Viewer:
        """The same viewer in the words of a prepared question, which are right for every `now` that it is given."""
        return replace(self, _read={**self._read, "moment": Given("now", DateTimeField())})

    def _standing(self) -> Standing:
        if "standing" not in self._read:
            self._read["standing"] = standing_of(self.person, self.now)
            read_department(self.person)
        standing: Standing = self._read["standing"]
        return standing


def _policy_on(desk: Desk, now: datetime) -> str:
    """The policy in force on a desk, named by its content; empty where there is none yet."""
    try:
        return version_in_force(desk, now).hash
    except NoPackInForce:
        return ""


def packs_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks of the viewer with the policy in force; a desk without one is left out."""
    if "packs" not in viewer._read:
        viewer._read["packs"] = dict(_packs_in_force(viewer.desks(), viewer.now))
    return dict(viewer._read["packs"])


def _packs_in_force(desks: Iterable[Desk], now: datetime) -> Iterator[tuple[Desk, Pack]]:
    for desk in desks:
        with suppress(NoPackInForce):
            yield desk, pack_in_force(desk, now)


def desks_with_right(viewer: Viewer, right: str) -> dict[Desk, Pack]:
    """The desks on which one of the viewer's roles has a right, with the policy in force."""
    return {
        desk: pack for desk, pack in packs_of(viewer).items() if right in rights_of(viewer.caller(desk, pack), pack)
    }


def visible_to(viewer: Viewer, *, on: int | None = None) -> QuerySet[Case]:
    """The cases somebody may see: V(u). Lists, search, counts, exports and single cases all start here.

    `on` leaves it at one desk, which is the same question for a case of that desk, and a cheaper one.
    """
    if not viewer.person.is_active:
        return Case.objects.none()
    scope = NOTHING
    for desk in viewer.desks():
        if on in (None, desk.pk):
            scope |= _scope_on_desk(viewer, desk)
    return Case.objects.filter(scope)


class _OneByOne(Exists):
    """EXISTS in words that PostgreSQL answers for each row by itself, never by a table of all answers."""

    template = "EXISTS(%(subquery)s OFFSET 0)"


def on_one_of(cases: QuerySet[Any], column: str = "case_id", *, for_a_page: bool = False) -> Q:
    """The condition that a row lies on one of these cases, for use beside alternatives; false for a row that lies on none.

    It is asked of each row by the key of its case. Where `case__in` is one of several alternatives, PostgreSQL first
    reads every case that somebody sees, however few rows there are. `for_a_page` is for lists that are cut off after a page:
    PostgreSQL reckons with the whole list, and would read every case for it all the same.
    """
    exists = _OneByOne if for_a_page else Exists
    return Q(exists(cases.order_by().filter(pk=OuterRef(column))))


def visible_with(viewer: Viewer, right: str) -> QuerySet[Case]:
    """The cases that a role which carries the right shows to somebody: what they may take away, for example.

    Within what `visible_to` shows; a case seen through another role, or only as handler or registrar, is not among them
    unless that role carries the right as well.
    """
    if not viewer.person.is_active:
        return Case.objects.none()
    scope = NOTHING
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        scope |= Q(desk=desk) & _seen_with(viewer, desk, pack, right) & ~_accused(pack, viewer.person)
    return Case.objects.filter(scope)


def _seen_with(viewer: Viewer, desk: Desk, pack: Pack, right: str) -> Q:
    caller = viewer.caller(desk, pack)
    held = {h.role for h in caller.holdings}
    seen = NOTHING
    for holding in caller.holdings:
        role = pack.roles.roles.get(holding.role)
        if role is not None and right in role.may:
            seen |= _seen_by(role, holding, viewer.person) & _open_to({holding.role})
    if held and any(role.counts == "handler" and right in role.may for role in pack.roles.roles.values()):
        seen |= Q(handler=viewer.person) & _open_to(held)
    return seen


def visible_to_caller(caller: Caller, now: datetime) -> QuerySet[Case]:
    """The cases that whoever performs a verb may name: what they see, within the limits of a token; a complainant's own."""
    if caller.is_system:
        return Case.objects.all()
    if caller.person is not None:
        person = Person.objects.get(pk=caller.person)
        return visible_to(Viewer(person=person, now=now, scopes=caller.scopes, within=caller.desks))
    return Case.objects.filter(complainant=caller.complainant) if caller.complainant else Case.objects.none()


def _scope_on_desk(viewer: Viewer, desk: Desk) -> Q:
    pack = pack_in_force(desk, viewer.now)
    caller = viewer.caller(desk, pack)
    seen = _seen_by_roles(pack, caller, viewer.person)
    if pack.proceedings:
        seen |= _opened_by_proceedings(viewer, pack, caller)
    # By their few keys: joined to every case, all complainants are read wherever cases are listed.
    own = Q(complainant__in=Complainant.objects.filter(person=viewer.person).values("pk"))
    return Q(desk=desk) & ((seen & ~_accused(pack, viewer.person)) | own)


def _opened_by_proceedings(viewer: Viewer, pack: Pack, caller: Caller) -> Q:
    """Cases that an open proceeding opens: to people it names, and to the departments it asks."""
    circles = _open_to({h.role for h in caller.holdings} | _named_roles(pack))
    named = Q(person=viewer.person)
    for holding in caller.holdings:
        role = pack.roles.roles.get(holding.role)
        if role is not None and role.counts == "asked" and holding.department is not None:
            named |= Q(department__in=below(holding.department), role=holding.role)
    return Q(pk__in=Involved.objects.filter(named, opens_case=True).values("case")) & circles


def _named_roles(pack: Pack) -> set[str]:
    return {name for name, role in pack.roles.roles.items() if role.counts == "named"}


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
        return Q(department__in=below(holding.department)) | Q(team__in=below(holding.department))
    if role.sees == "asked" and holding.department is not None:
        return _asked(department__in=below(holding.department))
    if role.sees == "handled":
        return Q(handler=person)
    return NOTHING


def _asked(**of: Any) -> Q:
    """Cases on which a department was asked. By itself, not by a join: a case of which two were asked is one row."""
    return Q(Exists(CaseAsked.objects.filter(case=OuterRef("pk"), **of)))


def _open_to(roles: Iterable[str]) -> Q:
    """Cases without a restricted circle, and those whose circle one of the roles belongs to."""
    circle = Q(restricted_to="")
    for role in sorted(roles):
        circle |= Q(restricted_to__contains=f",{role},")
    return circle


def waiting_for(viewer: Viewer) -> Q:
    """What is the viewer's turn: cases they handle, cases that wait for a role they hold on the whole desk, those
    without a handler that wait for a department in which they hold a role, and those whose customer they have to contact.
    """
    found = Q(handler=viewer.person) | to_be_contacted(viewer, mine=True)
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        for holding in viewer.caller(desk, pack).holdings:
            role = pack.roles.roles.get(holding.role)
            if role is not None and role.counts == "desk":
                found |= Q(desk=desk, waits_for=holding.role)
            elif role is not None and role.counts == "department" and holding.department is not None:
                inside = below(holding.department)
                ours = Q(department__in=inside) | Q(team__in=inside)
                found |= Q(desk=desk, handler=None, waits_for__in=("department", holding.role)) & ours
    return found


def to_be_contacted(viewer: Viewer, *, mine: bool) -> Q:
    """Cases on which somebody has to speak with the customer, or only those on which it is the viewer's to do.

    These are the tasks of clocks, as far as they are raised by now, and questions of the customer that whoever handles the
    case has not answered.
    """
    found = Q(questions_open__gt=0) & (Q(handler=viewer.person) if mine else Q())
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        for rule in pack.clocks:
            if rule.task is not None:
                theirs = _held_by(viewer, desk, pack, rule.task.to) if mine else Q(desk=desk)
                found |= theirs & Q(pk__in=_raised(rule, desk, viewer.moment()).values("case"))
    return found


def _raised(rule: ClockRule, desk: Desk, now: Any) -> QuerySet[ClockRow]:
    """The running clocks of a rule that stand for a task at a moment."""
    rows = ClockRow.objects.filter(rule=rule.id, stopped_at=None, case__desk=desk)
    return rows.filter(due_at__lte=now) if rule.task and rule.task.raised == "when_due" else rows


def _held_by(viewer: Viewer, desk: Desk, pack: Pack, roles: Iterable[str]) -> Q:
    """The cases of a desk on which the viewer holds one of the roles."""
    names = set(roles)
    by_handling = {name for name, role in pack.roles.roles.items() if role.counts == "handler"}
    found = Q(handler=viewer.person) if names & by_handling else NOTHING
    for holding in viewer.caller(desk, pack).holdings:
        role = pack.roles.roles.get(holding.role) if holding.role in names else None
        if role is not None and role.counts == "desk":
            found |= Q(desk=desk)
        elif role is not None and holding.department is not None:
            inside = below(holding.department)
            found |= Q(department__in=inside) | Q(team__in=inside)
    return Q(desk=desk) & found


def below(department: int) -> QuerySet[Department]:
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
        asked = _asked(department=person.department) if person.department else NOTHING
        hidden |= mine & ~Q(handler=person) & ~asked
    return hidden


def closed_to_accused(pack: Pack, person: Person) -> QuerySet[Case]:
    """The cases that the person does not see, or sees the task of only, because they or their department are complained about."""
    return Case.objects.filter(_accused(pack, person) | seen_as_task(pack, person))


def seen_as_task(pack: Pack, person: Person) -> Q:
    """Cases of which the person sees the task only, because they or their department are complained about."""
    rule = pack.roles.accused
    if rule.sees != "task":
        return NOTHING
    mine = Q(accused_person=person)
    return mine | _complains_about_unit_of(person) if rule.department_counts else mine


def tasks_of(viewer: Viewer) -> Q:
    """The cases of which the viewer sees the task only, on whichever desk: nothing tells them who complained or what was written."""
    found = NOTHING
    for desk in viewer.desks():
        found |= Q(desk=desk) & seen_as_task(pack_in_force(desk, viewer.now), viewer.person)
    return found


def _complains_about_unit_of(person: Person) -> Q:
    """The department complained about is the person's own, lies below it, or holds it within itself."""
    if person.department is None:
        return NOTHING
    path = person.department.path
    above = [int(part) for part in path.split(".") if part]
    # By their keys: joined to every case, they would take from lists the order of an index.
    inside = Department.objects.filter(path__startswith=path)
    return Q(accused_department__in=inside) | Q(accused_department__in=above)


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
    found = _case_seen(viewer).first(number=number)
    if found is None:
        desk = Case.objects.filter(number=number).values_list("desk", flat=True).first()
        log_access(
            actor=viewer.person.actor_id, action="refused", object=f"number:{number[:40]}", now=viewer.now, desk=desk
        )
        raise NotVisible
    note_look(actor=viewer.person.actor_id, object=f"case:{found.pk}", desk=found.desk_id, now=viewer.now)
    return found


def _case_seen(viewer: Viewer) -> Prepared[Case]:
    """The case of a `number` within what the viewer sees, with what pages show along with it."""
    return prepared(
        ("case_seen", viewer.standpoint()),
        lambda: (
            visible_to(viewer).filter(number=Given("number", Case._meta.get_field("number"))).select_related(*WITH_CASE)
        ),
    )


def visible_among(viewer: Viewer, keys: Iterable[str]) -> set[str]:
    """Of these keys of cases, those that the viewer may see now; one query, whatever their number."""

    def asks(wanted: list[Any]) -> QuerySet[Case, UUID]:
        return visible_to(viewer).filter(among("pk", wanted)).values_list("pk", flat=True)

    key = ("visible_among", viewer.standpoint())
    return {str(pk) for pk in ask_among(key, (UUID(str(one)) for one in set(keys)), asks, of=UUIDField())}


MOST_EARLIER = 10


def related_cases(viewer: Viewer, case: Case) -> list[tuple[Case, str | None]]:
    """The cases that belong to one and that the viewer may see now, the latest first: those linked with it, each with the kind of
    its link, and the latest others of the same complainant, as far as it may be known of both who that is; two queries.
    """
    linked, theirs = (asked.ask() for asked in asked_for_related(viewer, case))
    found = {other.pk: (other, getattr(other, "link", None)) for other in (*theirs, *reversed(linked))}
    return sorted(found.values(), key=lambda one: one[0].received_at, reverse=True)


def asked_for_related(viewer: Viewer, case: Case) -> tuple[Asked[Case], Asked[Case]]:
    """What `related_cases` asks: the linked ones, by the kind of their link, and those of the same complainant."""
    complainant = None if case.hides_reporter else case.complainant_id
    linked = prepared(("linked", viewer.standpoint()), lambda: _linked(viewer))
    theirs = prepared(("of_complainant", viewer.standpoint()), lambda: _of_complainant(viewer))
    return linked.given(case=case.pk), theirs.given(case=case.pk, complainant=complainant)


SHOWN_OF_OTHERS = ("number", "subject", "state", "pack", "received_at")


def _linked(viewer: Viewer) -> QuerySet[Case]:
    seen = visible_to(viewer).filter(linked_from__case_id=given_key("case"))
    return seen.annotate(link=F("linked_from__kind")).only(*SHOWN_OF_OTHERS).order_by("link")


def _of_complainant(viewer: Viewer) -> QuerySet[Case]:
    # Asked of what the viewer sees: the latest ten that are closed to them would leave no room for the ten that are not.
    seen = visible_to(viewer).filter(complainant_id=given_number("complainant"), hides_reporter=False)
    others = seen.exclude(tasks_of(viewer)).exclude(pk=given_key("case"))
    return others.only(*SHOWN_OF_OTHERS).order_by("-received_at")[:MOST_EARLIER]


def actor_of(viewer: Viewer, case: Case, facts: CaseFacts | None = None) -> Actor:
    """The viewer as the rules of this case see them; `facts` are those of the case where they were read already."""
    pack = pack_of(case)
    directory = OrganisationOfDesk(case.desk, pack, viewer.now)
    return actor_on_case(pack, viewer.caller(case.desk, pack), facts or facts_of(case), directory)


def complainant_caller(case: Case) -> Caller:
    """The complainant of a case as a caller: what the portal acts as."""
    return Caller(id=f"complainant:{case.complainant_id}", complainant=case.complainant_id)


def open_cases(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.exclude(state_category__in=RESTING)


def earlier_cases_of(complainants: Iterable[int], *, desk: Desk, since: datetime) -> QuerySet[Case]:
    """Cases of the same complainant on the desk, newest first."""
    return Case.objects.filter(desk=desk, complainant__in=list(complainants), received_at__gte=since).order_by(
        "-received_at"
    )
