"""Who plays: the departments of a desk by function, its people by role, and which of them acts in a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import DeskFunction, Membership, Partner, Person
from amends.apps.people.partners import kinds_of_partners
from amends.apps.policies.models import Desk
from amends.core.directory import Caller, Directory, Holding
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.pack import Pack
from amends.core.policy.people import Role
from amends.core.roles import actor_on_case
from amends.jobs.organisation import departments_parents_first, employee_username, is_appointed, where_held

PAPER_COMPLAINANT = 1
NOBODY_YET = 0
STRANGER = "portal:demo"
"""Who a complainant is before the case exists: a visitor of the portal."""


class NobodyMay(LookupError):
    """No holder of the role counts on the case as it stands."""


@dataclass(frozen=True, slots=True)
class Player:
    """One holding of a role by one person; `function` is empty where the role is held on the whole desk."""

    role: str
    function: str
    id: int
    name: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of one desk. On paper the ids are made up; on a desk they are those of its tables."""

    pack: Pack
    directory: Directory
    departments: Mapping[str, int]
    players: Sequence[Player]
    units: Mapping[int, int | None] = field(default_factory=dict)
    """The department above each department."""
    partners: Mapping[str, int] = field(default_factory=dict)
    """The first partner of each kind."""

    def caller(self, by: str, facts: CaseFacts) -> Caller:
        """The holder of `role` or `role@function` who may act as such on this case. Raises NobodyMay.

        Behind the role of partners stands their kind: `partner_contact@transport`.
        """
        name, _, function = by.partition("@")
        role = self.pack.roles.roles.get(name)
        if role is None:
            raise NobodyMay(by)
        if role.counts == "system":
            return Caller(id="system", is_system=True)
        if role.counts == "partner":
            return self._caller_of_partner(function)
        found = next(self._acting(name, role, function, facts), None)
        if found is None:
            raise NobodyMay(by)
        return found.caller

    def _caller_of_partner(self, kind: str) -> Caller:
        if kind not in self.partners:
            raise NobodyMay(kind)
        return Caller(id=f"partner:{self.partners[kind]}", partner=self.partners[kind])

    def _acting(self, name: str, role: Role, function: str, facts: CaseFacts) -> Iterator[Player]:
        for player in self.players:
            if role.counts == "handler" and player.id != facts.handler:
                continue
            if role.counts not in ("handler", "employee", "named") and player.role != name:
                continue
            if function and player.function != function:
                continue
            if name in actor_on_case(self.pack, player.caller, facts, self.directory).roles:
                yield player

    def person(self, who: str) -> Player:
        """The first holder of `role` or `role@function`. Raises NobodyMay."""
        name, _, function = who.partition("@")
        for player in self.players:
            if player.role == name and (not function or player.function == function):
                return player
        raise NobodyMay(who)

    def name_of(self, person: int | None) -> str:
        return next((player.name for player in self.players if player.id == person), "")

    def member_of(self, department: int) -> int | None:
        """Somebody of the department who does not lead it, else its head."""
        inside = [p for p in self.players if self.departments.get(p.function) == department]
        plain = [p for p in inside if not self.pack.roles.roles[p.role].heads]
        return next((p.id for p in [*plain, *inside]), None)

    def team_of(self, department: int) -> int:
        """A unit below the department, else the department itself."""
        return next((unit for unit, above in self.units.items() if above == department), department)


def cast_on_paper(pack: Pack) -> Cast:
    """A cast that fits any pack, without a database: what `pack check` rehearses with."""
    departments = {name: number for number, name in enumerate(departments_parents_first(pack), start=1)}
    units = {
        departments[name]: departments.get(rule.parent or "") for name, rule in pack.routing.functions.items()
    }  # fmt: skip
    players = list(_paper_players(pack, departments))
    partners = {kind: number for number, kind in enumerate(kinds_of_partners(pack), start=1)}
    directory = PaperDirectory(pack, departments, units, players, partners)
    return Cast(pack, directory, departments, players, units, partners)


def _paper_players(pack: Pack, departments: Mapping[str, int]) -> Iterator[Player]:
    number = 0
    for name, role in pack.roles.roles.items():
        if not is_appointed(role):
            continue
        for function in where_held(pack, role):
            number += 1
            department = None if role.counts == "desk" else departments.get(function)
            caller = Caller(id=f"person:{number}", person=number, holdings=(Holding(name, department),))
            yield Player(name, function, number, f"某{number}", caller)
    number += 1
    yield Player("employee", "", number, "某员工", Caller(id=f"person:{number}", person=number))


@dataclass(frozen=True, slots=True)
class PaperDirectory:
    """The organisation of `cast_on_paper` as the rules ask for it: everybody is there every day."""

    pack: Pack
    departments: Mapping[str, int]
    units: Mapping[int, int | None]
    players: Sequence[Player]
    partners: Mapping[str, int]

    def department_for(self, function: str) -> int | None:
        return self.departments.get(function)

    def function_of(self, department: int) -> str | None:
        return next((name for name, number in self.departments.items() if number == department), None)

    def name_of_department(self, department: int) -> Title | str:
        function = self.function_of(department)
        return self.pack.routing.functions[function].title if function else ""

    def department_exists(self, department: int) -> bool:
        return department in self.units

    def person_is_active(self, person: int) -> bool:
        return any(player.id == person for player in self.players)

    def is_present(self, person: int) -> bool:
        return self.person_is_active(person)

    def deputy_of(self, person: int) -> int | None:
        return None

    def name_of_person(self, person: int) -> str:
        return next((player.name for player in self.players if player.id == person), "")

    def head_of(self, department: int) -> int | None:
        unit: int | None = department
        while unit is not None:
            for player in self.players:
                if self.departments.get(player.function) == unit and self._leads(player):
                    return player.id
            unit = self.units.get(unit)
        return None

    def _leads(self, player: Player) -> bool:
        role = self.pack.roles.roles.get(player.role)
        return role is not None and role.heads

    def department_of(self, person: int) -> int | None:
        return next((self.departments.get(player.function) for player in self.players if player.id == person), None)

    def is_member(self, person: int, department: int) -> bool:
        homes = [self.departments.get(player.function) for player in self.players if player.id == person]
        return any(home is not None and self.lies_within(home, department) for home in homes)

    def least_loaded(
        self, department: int, roles: Sequence[str], skills: Sequence[str], *, apart_from: int | None = None
    ) -> int | None:
        return None

    def holds_one_of(self, person: int, roles: Sequence[str]) -> bool:
        return any(player.id == person and player.role in roles for player in self.players)

    def lies_within(self, department: int, ancestor: int) -> bool:
        unit: int | None = department
        while unit is not None:
            if unit == ancestor:
                return True
            unit = self.units.get(unit)
        return False

    def partner_exists(self, partner: int) -> bool:
        return partner in self.partners.values()

    def partner_kind(self, partner: int) -> str | None:
        return next((kind for kind, number in self.partners.items() if number == partner), None)


def cast_of_desk(desk: Desk, pack: Pack, directory: OrganisationOfDesk) -> Cast:
    """The people and departments of a demo desk as they are in the tables. Nobody of a demo is ever away."""
    bindings = list(DeskFunction.objects.filter(desk=desk).select_related("department").order_by("pk"))
    departments = {binding.function: binding.department_id for binding in bindings}
    functions = {number: name for name, number in departments.items()}
    units = {binding.department_id: binding.department.parent_id for binding in bindings}
    held = list(
        Membership.objects.filter(desk=desk, person__is_active=True).select_related("person").order_by("pk")
    )  # fmt: skip
    holdings: dict[int, list[Holding]] = {}
    for row in held:
        holdings.setdefault(row.person_id, []).append(Holding(row.role, row.department_id))
    players = [
        Player(
            row.role, functions.get(row.department_id or row.person.department_id or 0, ""), row.person_id,
            row.person.name, _caller_of(row.person, holdings[row.person_id]),
        )
        for row in held
    ]  # fmt: skip
    for person in Person.objects.filter(username=employee_username(desk)):
        players.append(Player("employee", "", person.pk, person.name, _caller_of(person, [])))
    partners = {row.kind: row.pk for row in Partner.objects.filter(desk=desk, retired_at=None).order_by("-pk")}
    return Cast(pack, directory, departments, players, units, partners)


def _caller_of(person: Person, holdings: Sequence[Holding]) -> Caller:
    return Caller(id=person.actor_id, person=person.pk, holdings=tuple(holdings))
