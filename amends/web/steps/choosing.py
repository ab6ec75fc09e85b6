"""Which step a form belongs to, and why it can not be taken now: for cases and proceedings alike."""

from __future__ import annotations

from collections.abc import Iterable

from amends.core.decide import Action, why_not
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted, WrongState
from amends.core.verbs import VERBS
from amends.doors.wording import button_of, said, words


def transition_of(process: Process, state: str, verb: str, roles: frozenset[str]) -> Transition:
    """The transition whose form is shown: one out of the present state, else any with that verb.

    Raises NotPermitted when the verb is not for these roles, WrongState when the pack does not know it.
    """
    here = [t for t in process.from_state(state) if t.verb == verb]
    known = here or [t for t in process.with_verb(verb) if t.from_]
    if not known:
        raise WrongState("这里没有“%(verb)s”这一步。", verb=VERBS[verb].button if verb in VERBS else verb[:40])
    mine = [t for t in known if set(t.by) & roles]
    if not mine:
        raise NotPermitted(verb=VERBS[verb].button)
    return mine[0]


def action_called(actions: Iterable[Action], verb: str) -> Action | None:
    """The action of that verb, if it is open."""
    return next((action for action in actions if action.verb == verb), None)


def refused_beforehand(
    pack: Pack, process: Process, facts: CaseFacts, actor: Actor, verb: str, actions: Iterable[Action], sentence: str
) -> str:
    """Why the step can not be taken now, before anything is typed; empty when it can.

    `sentence` says that the present `state` does not allow `verb`; where it does, what else is in the way is said.
    """
    action = action_called(actions, verb)
    if action is None:
        is_known_here = any(t.verb == verb for t in process.from_state(facts.state))
        other = why_not(pack=pack, process=process, facts=facts, actor=actor, verb=verb) if is_known_here else None
        title = process.states[facts.state or ""].title
        return said(other or WrongState(sentence, state=title, verb=VERBS[verb].button, missing=()))
    return said(WrongState(verb=VERBS[verb].button, missing=action.needs_unmet)) if action.needs_unmet else ""


def title_of(transition: Transition) -> str:
    """What the pack calls the step, else the button of its verb."""
    return words(transition.title) if transition.title else button_of(transition.verb)
