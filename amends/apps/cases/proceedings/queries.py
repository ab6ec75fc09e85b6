"""Reads of proceedings. `visible_proceedings` is the one place that says which of them somebody sees."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import BooleanField, Exists, ExpressionWrapper, Max, OuterRef, Q, QuerySet, UUIDField, Value, When
from django.db.models.functions import Concat, StrIndex

from amends.apps.cases.actions.perform import facts_at_moment, facts_known
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Involved, NamedCase, Proceeding
from amends.apps.cases.proceedings.beginning import beginning_verb
from amends.apps.cases.proceedings.projection import CONFIRMED
from amends.apps.cases.queries import Viewer, below, closed_to_accused, on_one_of, seen_as_task, visible_to
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.prepared import Asked, Prepared, among, ask_among, given_key, prepared
from amends.core.decide import Action, allowed_actions
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import Offer, ProceedingKind
from amends.core.refusals import NotVisible
from amends.core.roles import actor_on_case


def visible_proceedings(viewer: Viewer, *, for_a_page: bool = False) -> QuerySet[Proceeding]:
    """The proceedings somebody may see: those of visible cases, those of their desks, those that name them, and those that they
    decided in or have to decide in, even where the case is closed to them.

    A confidential one is seen by the roles it names and by the people in it, whatever else they may see. Whoever is
    complained about and sees the task only sees those that they are in. A register shows its records to its readers.
    `for_a_page` asks the same in words for the page of a list.
    """
    if not viewer.person.is_active:
        return Proceeding.objects.none()
    return Proceeding.objects.filter(_seen_by(viewer, for_a_page=for_a_page), desk__in=viewer.desks())


def _seen_by(viewer: Viewer, *, for_a_page: bool) -> Q:
    scope = _involving(viewer) | Q(begun_by=viewer.person) | Q(handler=viewer.person)
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        held = {h.role for h in viewer.caller(desk, pack).holdings}
        cases = visible_to(viewer, on=desk.pk).exclude(seen_as_task(pack, viewer.person))
        seen = on_one_of(cases, for_a_page=for_a_page)
        if any(pack.roles.roles[name].sees == "desk" for name in held if name in pack.roles.roles):
            seen |= Q(case=None)
        closed = on_one_of(closed_to_accused(pack, viewer.person), for_a_page=for_a_page)
        asked = _turn_of_roles(viewer, desk, pack) & ~closed
        scope |= Q(desk=desk) & (seen | asked) & _open_to(held)
        scope |= Q(desk=desk) & _read_in_registers(pack, held)
    return scope


def _read_in_registers(pack: Pack, held: set[str]) -> Q:
    """What a policy lets a role read in a register, a commendation for example, though it sees nothing else of the desk."""
    roles = held | {name for name, role in pack.roles.roles.items() if role.counts == "employee"}
    found = Q(pk__in=[])
    for name, kind in pack.proceedings.items():
        for readers in kind.register_.readers if kind.register_ else ():
            if roles & set(readers.roles):
                found |= Q(kind=name, case=None, state__in=list(readers.states or kind.states))
    return found


def _open_to(roles: Iterable[str]) -> Q:
    circle = Q(seen_by="")
    for name in sorted(roles):
        circle |= Q(seen_by__contains=f",{name},")
    return circle


def _naming(condition: Q) -> Q:
    """Proceedings that name somebody, asked by their key: whoever works for long is named in very many that ended."""
    return Q(Exists(Involved.objects.filter(condition, proceeding=OuterRef("pk"))))


def _involving(viewer: Viewer) -> Q:
    found = Q(person=viewer.person)
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        for holding in viewer.caller(desk, pack).holdings:
            role = pack.roles.roles.get(holding.role)
            if role is not None and role.counts == "asked" and holding.department is not None:
                found |= Q(department__in=below(holding.department), role=holding.role)
    return _naming(found)


def visible_proceeding(viewer: Viewer, key: str | uuid.UUID) -> Proceeding:
    """The proceeding of that id. Raises NotVisible alike for one that does not exist and one that may not be seen."""
    try:
        found = _proceeding_seen(viewer).first(key=uuid.UUID(str(key)))
    except ValueError:
        found = None
    if found is None:
        raise NotVisible
    return found


def _proceeding_seen(viewer: Viewer) -> Prepared[Proceeding]:
    """The proceeding of a `key` within what the viewer sees, with what pages show along with it."""
    return prepared(
        ("proceeding_seen", viewer.standpoint()),
        lambda: visible_proceedings(viewer).filter(pk=given_key("key")).select_related(*RELATED),
    )


def visible_proceedings_among(viewer: Viewer, keys: Iterable[str]) -> set[str]:
    """Those of the proceedings, by id, that the viewer may see."""

    def asks(wanted: list[Any]) -> QuerySet[Proceeding, uuid.UUID]:
        return visible_proceedings(viewer).filter(among("pk", wanted)).values_list("pk", flat=True)

    key = ("proceedings_among", viewer.standpoint())
    return {str(found) for found in ask_among(key, map(uuid.UUID, keys), asks, of=UUIDField())}


RELATED = ("desk", "chain", "case", "parent", "department", "handler", "begun_by")


def open_proceedings(cases: Iterable[Case] | QuerySet[Case]) -> QuerySet[Proceeding]:
    """The proceedings of these cases that have not ended, oldest first, whoever may see them."""
    return Proceeding.objects.filter(case__in=cases).exclude(state_category__in=RESTING).order_by("begun_at", "number")


def _keys_about_case() -> QuerySet[Any, Any]:
    named = NamedCase.objects.filter(case=given_key("case")).values_list("proceeding")
    return Proceeding.objects.filter(case=given_key("case")).values_list("pk").union(named)


_ABOUT_CASE: Prepared[tuple[uuid.UUID]] = Prepared(_keys_about_case)


def proceedings_of(viewer: Viewer, case: Case) -> list[Proceeding]:
    """The proceedings of a case that the viewer may see, and those elsewhere that name it, in the order they began.

    Their keys first, for which one query does where there are none: as alternatives beside what the viewer sees, every
    proceeding of the desk would be read.
    """

    def asks(wanted: list[Any]) -> QuerySet[Proceeding]:
        found = visible_proceedings(viewer).filter(among("pk", wanted))
        return found.select_related(*RELATED).order_by("begun_at", "number")

    keys = [key for (key,) in _ABOUT_CASE.ask(case=case.pk)]
    return ask_among(("proceedings_of", viewer.standpoint()), keys, asks, of=UUIDField())


def proceedings_beneath(viewer: Viewer, case: Case) -> list[Proceeding]:
    """Those of the proceedings on a case that the viewer may see, in the order they began."""

    def asks() -> QuerySet[Proceeding]:
        found = visible_proceedings(viewer).filter(case=given_key("case"))
        return found.select_related("chain").order_by("begun_at", "number")

    return prepared(("proceedings_beneath", viewer.standpoint()), asks).ask(case=case.pk)


def proceedings_under(viewer: Viewer, parent: Proceeding) -> list[Proceeding]:
    """Those of the proceedings under another one that the viewer may see, in the order they began."""

    def asks() -> QuerySet[Proceeding]:
        found = visible_proceedings(viewer).filter(parent=given_key("parent"))
        return found.select_related(*RELATED).order_by("begun_at", "number")

    return prepared(("proceedings_under", viewer.standpoint()), asks).ask(parent=parent.pk)


def waiting_proceedings(viewer: Viewer) -> QuerySet[Proceeding]:
    """The open proceedings in which it is the viewer's turn: the inbox of decisions and tasks.

    Whose turn it is stands in the row, so that is asked first, and of the few that are left whether they may be seen.
    """
    if not viewer.person.is_active:
        return Proceeding.objects.none()
    seen = ExpressionWrapper(_seen_by(viewer, for_a_page=False), output_field=BooleanField())
    open_ones = Proceeding.objects.filter(desk__in=viewer.desks()).exclude(state_category__in=RESTING)
    return open_ones.filter(models.Case(When(_turn_of(viewer), then=seen), default=Value(False)))


def _turn_of(viewer: Viewer) -> Q:
    turn = Q(handler=viewer.person, waits_for__contains=",handler,")
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        named = {name for name, role in pack.roles.roles.items() if role.counts == "named"}
        of_desk = (
            _turn_of_roles(viewer, desk, pack) | _to_confirm(viewer, desk, pack) | _waits_for_one_named(viewer, named)
        )
        for name, role in pack.roles.roles.items():
            if role.counts == "handler":
                of_desk |= Q(waits_for__contains=f",{name},") & (
                    Q(handler=viewer.person) | _on_a_case_of(viewer.person)
                )
        turn |= Q(desk=desk) & of_desk
    return turn


def _waits_for_one_named(viewer: Viewer, roles: set[str]) -> Q:
    """What waits for somebody whom it names under one of the roles, where that is the viewer."""
    waits = StrIndex(OuterRef("waits_for"), Concat(Value(","), "role", Value(",")))
    named = Involved.objects.filter(person=viewer.person, role__in=sorted(roles), proceeding=OuterRef("pk"))
    return ~Q(waits_for="") & Q(Exists(named.alias(waits=waits).filter(waits__gt=0)))


def _on_a_case_of(person: Person) -> Q:
    """Without a handler of its own, on a case that the person handles; asked by the key of that case."""
    handled = Case.objects.filter(handler=person)
    return Q(handler=None) & on_one_of(handled, for_a_page=True)


def _to_confirm(viewer: Viewer, desk: Desk, pack: Pack) -> Q:
    """What the viewer has to confirm as read and has not: the versions of records in force for a role of theirs."""
    held = {h.role for h in viewer.caller(desk, pack).holdings}
    turn = Q(pk__in=[])
    for name, kind in pack.proceedings.items():
        if kind.acknowledged is not None and held & set(kind.acknowledged.by):
            turn |= Q(kind=name, state__in=list(kind.acknowledged.in_))
    return turn & ~_naming(Q(role=CONFIRMED, person=viewer.person))


def count_waiting_proceedings(viewer: Viewer) -> Asked[Any]:
    """How many they are now; every page of the viewer shows it."""
    key = ("waiting_proceedings", viewer.standpoint())
    return prepared(key, lambda: waiting_proceedings(viewer).order_by().values_list("pk")).given()


def _turn_of_roles(viewer: Viewer, desk: Desk, pack: Pack) -> Q:
    """What waits for a role that the viewer holds: on the desk, in the department where it lies, in one that was asked."""
    turn = Q(pk__in=[])
    for holding in viewer.caller(desk, pack).holdings:
        role = pack.roles.roles.get(holding.role)
        if role is None:
            continue
        waits = Q(waits_for__contains=f",{holding.role},")
        if role.counts == "desk":
            turn |= waits
        elif role.counts in ("department", "superior") and holding.department is not None:
            turn |= waits & Q(department__in=below(holding.department))
        elif role.counts == "asked" and holding.department is not None:
            turn |= waits & _naming(Q(role=holding.role, department__in=below(holding.department)))
    return turn


def actor_in(viewer: Viewer, proceeding: Proceeding) -> Actor:
    """The viewer as the rules of this proceeding see them."""
    pack = pack_of(proceeding)
    directory = OrganisationOfDesk(proceeding.desk, pack, viewer.now)
    return actor_on_case(pack, viewer.caller(proceeding.desk, pack), facts_known(proceeding), directory)


def actions_in(viewer: Viewer, proceeding: Proceeding) -> list[Action]:
    """The verbs that the viewer may use on the proceeding now."""
    pack = pack_of(proceeding)
    return allowed_actions(
        pack=pack,
        process=pack.proceedings[proceeding.kind],
        facts=facts_at_moment(proceeding, pack, viewer.now),
        actor=actor_in(viewer, proceeding),
    )


@dataclass(frozen=True, slots=True)
class Possible:
    """A kind of proceeding that somebody may begin; `offer` says why the policy suggests or demands it now."""

    kind_id: str
    kind: ProceedingKind
    action: Action
    offer: Offer | None

    @property
    def title(self) -> Title:
        return self.kind.title


def possible_on_case(pack: Pack, facts: CaseFacts, actor: Actor) -> list[Possible]:
    """The proceedings that the actor may begin on a case, those that are offered or demanded first."""
    kinds = {n: kind for n, kind in pack.proceedings.items() if kind.about != "desk" and not kind.under}
    return _possible(pack, kinds, CaseFacts(behind=facts), actor)


def possible_on_desk(viewer: Viewer, desk: Desk) -> list[Possible]:
    """The proceedings that stand by themselves and that the viewer may begin on a desk."""
    pack = pack_in_force(desk, viewer.now)
    kinds = {n: kind for n, kind in pack.proceedings.items() if kind.about != "case" and not kind.under}
    facts = CaseFacts(behind=CaseFacts())
    directory = OrganisationOfDesk(desk, pack, viewer.now)
    return _possible(pack, kinds, facts, actor_on_case(pack, viewer.caller(desk, pack), facts, directory))


def possible_under(viewer: Viewer, parent: Proceeding) -> list[Possible]:
    """The proceedings that the viewer may begin under an open one, as its kind allows."""
    pack = pack_of(parent)
    kinds = pack.kinds_under(parent.kind) if parent.is_open else {}
    if not kinds:
        return []
    facts = CaseFacts(behind=facts_known(parent))
    directory = OrganisationOfDesk(parent.desk, pack, viewer.now)
    return _possible(pack, kinds, facts, actor_on_case(pack, viewer.caller(parent.desk, pack), facts, directory))


def _possible(pack: Pack, kinds: dict[str, ProceedingKind], facts: CaseFacts, actor: Actor) -> list[Possible]:
    found = []
    for name, kind in kinds.items():
        verb = beginning_verb(kind)
        actions = allowed_actions(pack=pack, process=kind, facts=facts, actor=actor)
        action = next((one for one in actions if one.verb == verb), None)
        if action is not None and not _stands_already(kind, name, facts):
            found.append(Possible(name, kind, action, offer_of(kind, facts)))
    return sorted(found, key=lambda one: (one.offer is None, one.offer is not None and not one.offer.demanded))


def _stands_already(kind: ProceedingKind, name: str, facts: CaseFacts) -> bool:
    """Whether one for each case is allowed and it stands: then another one need not be offered."""
    return kind.once_per == () and any(not item.get("void") for item in facts.case_behind.lists.get(name, ()))


def offer_of(kind: ProceedingKind, facts: CaseFacts) -> Offer | None:
    """The first offer of the kind that holds of the case behind, those that are demanded before others."""
    holding = [offer for offer in kind.offers if holds(offer.when, facts.case_behind)]
    return min(holding, key=lambda offer: not offer.demanded, default=None)


def overdue_periods(desk: Desk, now: datetime) -> list[tuple[str, ProceedingKind]]:
    """The recurring proceedings of a desk whose last one is older than the policy allows."""
    pack = pack_in_force(desk, now)
    recurring = {
        name: kind for name, kind in pack.proceedings.items() if kind.periodic is not None and kind.about != "case"
    }
    rows = Proceeding.objects.filter(desk=desk, kind__in=recurring).values("kind").annotate(last=Max("begun_at"))
    last = {row["kind"]: row["last"] for row in rows}
    return [
        (name, kind)
        for name, kind in recurring.items()
        if name not in last or last[name] < now - timedelta(days=kind.periodic.every_days if kind.periodic else 0)
    ]
