"""The row of a proceeding as it follows from its facts, and whom it involves. Pure derivation, so that it can be rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from amends.apps.cases.facts import facts_text
from amends.apps.cases.proceeding_models import Involved, Proceeding
from amends.apps.people.queries import person_of
from amends.core.approvals import DECISIONS, chains_of_state, roles_due
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.roles import departments_asked, people_named

DERIVED = (
    "version", "facts", "state", "state_category", "waits_for", "seen_by", "round", "department_id", "handler_id", "ended_at",
)  # fmt: skip
"""The columns that a rebuild must reproduce."""
CONFIRMED = "confirmed"
"""Stands where others have a role: who confirmed what a record says now."""
ACTED = "acted"
"""Stands where others have a role that names them."""


def project_proceeding(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> None:
    """Set the derived columns of the row from the facts; does not save."""
    kind = pack.proceedings[proceeding.kind]
    state = kind.states[facts.state or ""]
    proceeding.version = facts.version
    proceeding.facts = facts_text(facts)
    proceeding.state = facts.state or ""
    proceeding.state_category = state.category
    proceeding.waits_for = listed(waiting_roles(pack, kind, facts))
    proceeding.seen_by = listed(kind.seen_by)
    proceeding.round = facts.round
    proceeding.department_id, proceeding.handler_id = facts.lies_in, facts.handler
    proceeding.ended_at = _ended_at(kind, facts)


def listed(names: tuple[str, ...]) -> str:
    """Names in one column, each between commas."""
    return f",{','.join(names)}," if names else ""


def waiting_roles(pack: Pack, kind: ProceedingKind, facts: CaseFacts) -> tuple[str, ...]:
    """Whose turn it is: the roles that an approval chain asks now, else the one that the state names."""
    for chain in chains_of_state(kind.transitions, facts.state):
        return roles_due(chain, pack.approvals.chains[chain], facts)
    waits = kind.states[facts.state or ""].waits_for
    return (waits,) if waits else ()


def _ended_at(kind: ProceedingKind, facts: CaseFacts) -> datetime | None:
    if kind.states[facts.state or ""].category not in RESTING:
        return None
    leading = kind.verbs_into(set(RESTING))
    times = [(doing.seq, doing.at) for verb, doing in facts.done.items() if verb in leading]
    return max(times)[1] if times else None


def involve(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> None:
    """Keep the rows of who is named in the proceeding; its case is open to them while the proceeding is."""
    wanted = {(row.role, row.person_id, row.department_id): row for row in _involved(proceeding, facts, pack)}
    present = {
        (row.role, row.person_id, row.department_id): row for row in Involved.objects.filter(proceeding=proceeding)
    }
    gone = [row.pk for key, row in present.items() if key not in wanted]
    if gone:
        Involved.objects.filter(pk__in=gone).delete()
    Involved.objects.bulk_create([row for key, row in wanted.items() if key not in present])
    changed = [row.pk for key, row in present.items() if key in wanted and row.opens_case != wanted[key].opens_case]
    if changed:
        Involved.objects.filter(pk__in=changed).update(opens_case=proceeding.is_open)


def _people_acting(facts: CaseFacts) -> set[int]:
    """Who did or decided something in it so far: they go on seeing what they answer for."""
    actors = {doing.actor for doing in facts.done.values()} | {row["by"] for row in facts.lists.get(DECISIONS, ())}
    return {person for actor in actors if (person := person_of(actor)) is not None}


def _people_who_confirmed(kind: ProceedingKind, facts: CaseFacts) -> set[int]:
    """Who confirmed the version of a record that is in force."""
    rule = kind.acknowledged
    lists = {t.adds for t in kind.transitions if rule and t.verb == rule.verb and t.adds}
    actors = {item.get("by", "") for name in lists for item in facts.lists.get(name, ())}
    return {person for actor in actors if (person := person_of(actor)) is not None}


def _involved(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> Iterator[Involved]:
    kind = pack.proceedings[proceeding.kind]
    own = CaseFacts(values=facts.values, lists=facts.lists, behind=CaseFacts())
    for name, role in pack.roles.roles.items():
        opens = proceeding.is_open and role.sees not in ("none", "own")
        is_closed = bool(kind.seen_by) and name not in kind.seen_by
        units = departments_asked(own) if role.counts == "asked" and not is_closed else set()
        people = people_named(role, own) if role.counts == "named" else set()
        rows = [{"person_id": person} for person in sorted(people)] + [
            {"department_id": unit} for unit in sorted(units)
        ]
        for row in rows:
            yield Involved(proceeding=proceeding, case_id=proceeding.case_id, role=name, opens_case=opens, **row)
    for person in sorted(_people_who_confirmed(kind, facts)):
        yield Involved(proceeding=proceeding, case_id=proceeding.case_id, role=CONFIRMED, person_id=person)
    for person in sorted(_people_acting(facts)):
        yield Involved(proceeding=proceeding, case_id=proceeding.case_id, role=ACTED, person_id=person)
