"""What would follow if a contact were registered as it is filled in so far: nothing is refused, and nothing happens."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.category_marks import marks_of_categories
from amends.core.decide import marks_on_acceptance
from amends.core.decision import Request, form_for
from amends.core.directory import Directory
from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, read_form
from amends.core.grading import Proposal, propose
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.routing import RouteProposal, propose_route


@dataclass(frozen=True, slots=True)
class Foresight:
    """The transition that would be taken, what it would grade by which criteria, and where it would send the case.

    The level is among the grades also where the pack leaves it to a later verb: as it would be proposed by what is known.
    """

    transition: Transition | None
    grades: tuple[Proposal, ...] = ()
    route: RouteProposal | None = None


def foresee(pack: Pack, request: Request, directory: Directory) -> Foresight:
    """The grades and the route that registering now would propose; an empty one when the actor may not register so."""
    offered = [t for t in pack.lifecycle.from_state(None) if t.verb == request.verb and set(t.by) & request.actor.roles]
    if not offered:
        return Foresight(None)
    known = CaseFacts().with_values(request.given)
    form = form_for(pack, offered[0], request.form)
    entered = read_form(form, request.data, Reading(pack, known, request.now, request.local_zone))
    known = entered.on(known)
    known = known.with_values(marks_on_acceptance(pack, known))
    taken = next((t for t in offered if holds(t.when, known)), None)
    if taken is None:
        return Foresight(None)
    known = known.with_values({**taken.marks, **marks_of_categories(pack, form, entered.codes, known)})
    grades = []
    later = [pack.grading.level] if pack.grading.level and pack.grading.level not in taken.grades else []
    for name in (*taken.grades, *later):
        axis = pack.grading.axis(name)
        if axis is None:
            continue
        proposal = propose(axis, known)
        grades.append(proposal)
        chosen = entered.codes.get(name) or proposal.value
        known = known.with_values({name: chosen} if chosen else {})
    return Foresight(taken, tuple(grades), propose_route(pack, known, directory) if taken.routes else None)
