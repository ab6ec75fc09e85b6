"""Which forms a phone keeps, so that they can be filled in where there is no connection."""

from __future__ import annotations

from django.urls import reverse

from amends.apps.cases.proceedings.queries import possible_under
from amends.core.policy.lifecycle import Process
from amends.web.proceedings.seeing import ProceedingView


def forms_to_keep(seen: ProceedingView) -> list[str]:
    """The addresses of the offline forms that the viewer may come to need from here on: the steps of this proceeding,
    later ones too, and what is begun under it or under the one above it."""
    return [*_steps(seen), *_beginnings(seen)]


def _steps(seen: ProceedingView) -> list[str]:
    if not (seen.kind.offline and seen.proceeding.is_open):
        return []
    ahead = _states_ahead(seen.kind, seen.proceeding.state)
    mine = [t for t in seen.kind.transitions if set(t.by) & seen.actor.roles]
    verbs = dict.fromkeys(t.verb for t in mine if ahead & set(t.from_))
    return [reverse("proceeding_act", args=[seen.proceeding.pk, verb]) for verb in verbs]


def _states_ahead(process: Process, state: str) -> set[str]:
    """The state and every one that can follow it."""
    found, fresh = {state}, {state}
    while fresh:
        fresh = {t.to for t in process.transitions if fresh & set(t.from_) and t.to in process.states} - found
        found |= fresh
    return found


def _beginnings(seen: ProceedingView) -> list[str]:
    found = [(seen.proceeding, one) for one in seen.beneath]
    if seen.proceeding.parent is not None:
        found += [(seen.proceeding.parent, one) for one in possible_under(seen.viewer, seen.proceeding.parent)]
    return [reverse("begin_under", args=[above.pk, one.kind_id]) for above, one in found if one.kind.offline]
