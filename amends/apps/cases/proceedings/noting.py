"""What a case learns of its proceedings: that one began or ended, and the facts that its rules may ask about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.apps.cases.actions.perform import Wish, append_and_follow
from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.core.decision import Decision
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import RESTING, Transition
from amends.core.policy.pack import Pack
from amends.core.verbs import NOTE_PROCEEDING

NOTING = Transition(verb=NOTE_PROCEEDING, from_=(), to="same", by=())


def note_on_case(
    proceeding: Proceeding,
    before: CaseFacts,
    facts: CaseFacts,
    *,
    marks: Mapping[str, Any],
    wish: Wish,
    pack: Pack,
) -> None:
    """Append one event to the case when what its rules can see of the proceeding has changed; nothing otherwise.

    The event carries the proceeding's head hash, so the case's chain vouches for the proceeding's.
    """
    if proceeding.case_id is None:
        return
    item = _item(proceeding, facts, pack)
    if before.state is not None and not marks and item == _item(proceeding, before, pack):
        return
    case = Case.objects.select_related("desk", "chain", "complainant", "department", "handler").get(
        pk=proceeding.case_id
    )
    of_case = facts_of(case)
    payload = {
        "from": of_case.state,
        "to": of_case.state,
        "cycle": of_case.cycle,
        "round": of_case.round,
        "set": dict(marks),
        "put": {"list": proceeding.kind, "item": item},
        "proceeding": {
            "key": proceeding.chain.key,
            "kind": proceeding.kind,
            "number": proceeding.number,
            "state": facts.state,
            "seq": proceeding.chain.head_seq,
            "hash": proceeding.chain.head_hash,
        },
    }
    decision = Decision(verb=NOTE_PROCEEDING, transition=NOTING, payload=payload, texts={}, tells=(), notices=())
    noting = Wish(verb=NOTE_PROCEEDING, data={}, caller=wish.caller, now=wish.now, at=wish.at)
    append_and_follow(case, pack=pack, before=of_case, decision=decision, wish=noting)


def _item(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> dict[str, Any]:
    kind = pack.proceedings[proceeding.kind]
    shared = {name: facts.values[name] for name in kind.shares if name in facts.values}
    is_open = kind.states[facts.state or ""].category not in RESTING
    is_void = facts.state in kind.void
    return {**shared, "id": str(proceeding.pk), "number": proceeding.number, "open": is_open, "void": is_void}
