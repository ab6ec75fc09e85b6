"""The one engine: may they, does the state allow it, is the form right, and what follows.

`decide()` is pure. It returns what happened as one event, or raises a refusal. It serves cases and proceedings, pages,
portal, API, import and timers alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from amends.core.approvals import step_for
from amends.core.archive import missing_from_file
from amends.core.decision import (
    APPLICANT,
    REASON_TO_SET_ASIDE,
    Decision,
    Request,
    button_of,
    form_for,
)
from amends.core.directory import Actor, Directory
from amends.core.facts import CaseFacts
from amends.core.form_data import Entered, Reading, read_form, with_departments
from amends.core.outcome import Outcome
from amends.core.policy.base import Title
from amends.core.policy.conditions import holds, verdict
from amends.core.policy.forms import Field, Form
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import AlreadyDecided, InvalidData, NotPermitted, Refusal, WrongState
from amends.core.roles import has_right
from amends.core.verbs import EXITS, TAKE_OVER, VERBS


def decide(*, pack: Pack, process: Process, facts: CaseFacts, request: Request, directory: Directory) -> Decision:
    """What the verb does to the case, under its pack.

    Raises NotPermitted when the verb is not for this actor, AlreadyDecided when a signature stands (and says whose), WrongState when
    the state does not allow it or something is missing (and names it), InvalidData with every fault of the form at its field.
    """
    try:
        offered = _transitions_for(process, facts, request.verb, request.actor, pack)
    except WrongState as refusal:
        raise _signed_already(pack, process, facts, request, directory) or refusal from refusal
    known = facts.with_values(request.given)
    form = form_for(pack, offered[0], request.form)
    is_old = request.verb == TAKE_OVER
    reading = Reading(pack=pack, facts=known, now=request.now, local_zone=request.local_zone, is_old=is_old)
    entered = read_form(form, with_departments(form, request.data, directory), reading)
    known = entered.on(known)
    if facts.state is None and process is pack.lifecycle:
        accepted = marks_on_acceptance(pack, known)
        known = known.with_values(accepted)
        request = replace(request, given={**request.given, **accepted})
    transition = _first_that_holds(offered, known, facts, request.verb, entered)
    _refuse_unmet_needs(pack, process, transition, known, entered)
    set_aside = _same_hand_set_aside(pack, transition, facts, request.actor, entered)
    outcome = Outcome(
        pack=pack, process=process, facts=facts, known=known, entered=entered, request=request, directory=directory,
        form=form, set_aside=set_aside,
    )  # fmt: skip
    return outcome.of(transition)


def marks_on_acceptance(pack: Pack, known: CaseFacts) -> dict[str, Any]:
    """What the first acceptance rule that holds marks on a case that is being registered."""
    return next((dict(rule.marks) for rule in pack.head.acceptance if holds(rule.when, known)), {})


def why_not(*, pack: Pack, process: Process, facts: CaseFacts, actor: Actor, verb: str) -> Refusal | None:
    """Why somebody can not do a verb now that the present state knows: too early, too late, done by them before."""
    try:
        _transitions_for(process, facts, verb, actor, pack)
    except Refusal as refusal:
        return refusal
    return None


def _transitions_for(process: Process, facts: CaseFacts, verb: str, actor: Actor, pack: Pack) -> list[Transition]:
    all_with_verb = process.with_verb(verb)
    here = [t for t in process.from_state(facts.state) if t.verb == verb]
    if not _may_any(here or all_with_verb, actor):
        raise NotPermitted(verb=button_of(verb))
    if not here:
        raise _wrong_state(process, facts, verb)
    permitted = [t for t in here if set(t.by) & actor.roles]
    if actor.accused:
        permitted = [t for t in permitted if t.open_to_accused or verb in pack.roles.accused.may]
        if not permitted:
            raise NotPermitted("您是这件投诉的被投诉方，不能进行“%(verb)s”。", verb=button_of(verb))
    timely = [t for t in permitted if _is_timely(t, facts)]
    if not timely:
        raise _untimely(process, permitted[0])
    if all(_did_it(t, facts, actor) for t in timely):
        raise AlreadyDecided("您已经%(verb)s过一次，不能再次提出。", verb=button_of(verb))
    return timely


def _is_timely(transition: Transition, facts: CaseFacts) -> bool:
    """Whether the clocks that the transition is bound to leave it open now."""
    return transition.until not in facts.over and (transition.after is None or transition.after in facts.over)


def _untimely(process: Process, transition: Transition) -> WrongState:
    clocks = {rule.id: rule.title for rule in getattr(process, "clocks", ())}
    bound = transition.until or transition.after or ""
    sentence = (
        "“%(clock)s”已经届满，不能再%(verb)s。" if transition.until else "“%(clock)s”尚未届满，还不能办理“%(verb)s”。"
    )
    title = transition.title or button_of(transition.verb)
    return WrongState(sentence, clock=clocks.get(bound, bound), verb=title, missing=())


def _did_it(transition: Transition, facts: CaseFacts, actor: Actor) -> bool:
    """Whether the actor did once what everybody may do once."""
    return transition.once_each and any(
        item.get("by") == actor.id for item in facts.lists.get(transition.adds or "", ())
    )


def _may_any(transitions: Iterable[Transition], actor: Actor) -> bool:
    """Whether the actor may do one of the transitions, within the scopes of a token."""
    for transition in transitions:
        if actor.scopes is not None and not {"all", "write", transition.verb} & actor.scopes:
            continue
        if not actor.roles.isdisjoint(transition.by):
            return True
    return False


def _first_that_holds(
    offered: list[Transition], known: CaseFacts, facts: CaseFacts, verb: str, entered: Entered
) -> Transition:
    for transition in offered:
        if holds(transition.when, known):
            return transition
    if entered.errors:
        raise InvalidData(entered.errors)
    raise WrongState("按现在的情况，不能%(verb)s。", verb=button_of(verb), missing=())


def _refuse_unmet_needs(
    pack: Pack, process: Process, transition: Transition, known: CaseFacts, entered: Entered
) -> None:
    unmet = [need for need in transition.needs if not holds(need.that, known)]
    in_form = {f.id for f in form_for(pack, transition).fields}
    mistyped = any(error.code != "required" for error in entered.errors)
    if mistyped and any(name in in_form for need in unmet for _, name in need.that.names()):
        # What the form was to bring is missing because something in it was mistyped: that is what people have to hear of.
        raise InvalidData(entered.errors)
    missing = [need.say for need in unmet]
    if process is pack.lifecycle:
        missing += [t for t in missing_from_file(pack, process, known, transition) if t not in missing]
    if missing:
        raise WrongState(verb=button_of(transition.verb), missing=missing)


def _same_hand_set_aside(
    pack: Pack, transition: Transition, facts: CaseFacts, actor: Actor, entered: Entered
) -> list[str]:
    """The verbs that the same hand did although they are kept apart; refused without the right and a reason."""
    if _is_own_case(transition, facts, actor):
        raise NotPermitted("这件个案由您办理，“%(verb)s”须由另一人进行。", verb=button_of(transition.verb))
    earlier = [verb for verb in transition.apart_from if _did_last(facts, verb, actor)]
    if not earlier:
        return []
    if REASON_TO_SET_ASIDE in entered.texts and has_right(pack, actor, "set_separation_aside"):
        return earlier
    raise NotPermitted(
        "“%(earlier)s”由您完成，“%(verb)s”须由另一人进行。",
        verb=button_of(transition.verb),
        earlier=button_of(earlier[0]),
    )


def _is_own_case(transition: Transition, facts: CaseFacts, actor: Actor) -> bool:
    """Whether the verb is for others than whoever handles the case, and the actor handles it. Source: EXP-9.2.3"""
    handler = facts.case_behind.value("handler")
    return transition.apart_from_handler and handler is not None and handler == actor.person


def _wrong_state(process: Process, facts: CaseFacts, verb: str) -> WrongState:
    missing = missing_stages(process, facts, verb)
    if missing:
        return WrongState(verb=button_of(verb), missing=[t.title or button_of(t.verb) for t in missing])
    state = process.states.get(facts.state or "")
    return WrongState("个案目前“%(state)s”，不能%(verb)s。", verb=button_of(verb), state=state.title if state else "")


def _signed_already(
    pack: Pack, process: Process, facts: CaseFacts, request: Request, directory: Directory
) -> AlreadyDecided | None:
    """That a decision of another hand than the one before stands, with who made it and when; None where it has to be made again.

    It stands while it was the last to lead on from where it is made, and the process has not come back before it, as the pack
    lists its states. Names are for colleagues: not for customers and partners, nor for those who are complained about.
    """
    verb, actor = request.verb, request.actor
    doing = facts.done.get(verb)
    if doing is None or actor.person is None or actor.accused or not facts.was_done(verb, within="round"):
        return None
    if any(t.verb == verb for t in process.from_state(facts.state)):
        return None
    states = list(process.states)
    here = states.index(facts.state) if facts.state in states else -1
    made = [
        t
        for t in process.with_verb(verb)
        if t.apart_from
        and any(_leads_on(process, t, state) for state in t.from_)
        and here >= states.index(t.to)
        and _last_out_of(process, facts, t.from_) == verb
    ]
    kind, _, person = doing.actor.partition(":")
    name = directory.name_of_person(int(person)) if made and kind == "person" else ""
    if not name:
        return None
    return AlreadyDecided(
        "%(who)s已于%(at)s完成“%(verb)s”，不能再次进行。", who=name,
        at=doing.at.astimezone(ZoneInfo(pack.head.zone)), verb=made[0].title or button_of(verb),
    )  # fmt: skip


def _last_out_of(process: Process, facts: CaseFacts, states: Iterable[str]) -> str | None:
    """The verb that was done last of those that leave one of the states."""
    leaving = {t.verb for state in states for t in process.from_state(state) if t.target(state) != state}
    return max(leaving & facts.done.keys(), key=lambda verb: facts.done[verb].seq, default=None)


def missing_stages(process: Process, facts: CaseFacts, verb: str) -> list[Transition]:
    """The transitions that must be taken before `verb` is possible, along the shortest main way; empty when no way leads there.

    Exits such as withdrawal are never proposed as the missing stage, and ways whose condition is already false are not taken.
    """
    queue: deque[tuple[str, tuple[Transition, ...]]] = deque([(facts.state or "", ())])
    seen = {facts.state}
    while queue:
        state, way = queue.popleft()
        for transition in process.from_state(state):
            if transition.verb == verb and way:
                return list(way)
            target = transition.target(state)
            if (
                target in seen
                or transition.verb in EXITS
                or transition.verb == verb
                or not _could_hold(transition, facts)
            ):
                continue
            seen.add(target)
            queue.append((target, (*way, transition)))
    return []


def _could_hold(transition: Transition, facts: CaseFacts) -> bool:
    """Conditions on facts that are still unknown are taken as possible."""
    if transition.when is None or holds(transition.when, facts):
        return True
    asked = {name for kind, name in transition.when.names() if kind == "fact"}
    is_open = any(facts.value(name) is None for name in asked)
    return is_open and verdict(transition.when, facts, verbs_are_known=True) is not False


def _form_cannot_help(pack: Pack, transition: Transition, facts: CaseFacts) -> bool:
    """Whether the condition fails on a case as it stands and asks for marks alone, which no form and no file brings."""
    if facts.state is None or transition.when is None or holds(transition.when, facts):
        return False
    marked = {name for t in pack.lifecycle.transitions for name in t.marks}
    brought = {name for f in form_for(pack, transition).fields for name in (f.id, f.scheme, f.axis)}
    return all(kind == "fact" and name in marked - brought for kind, name in transition.when.names())


class Action(NamedTuple):
    """A verb that is open to the actor now, with its form and the words of its button."""

    verb: str
    title: Title | None
    form: Form
    is_move: bool
    needs_unmet: tuple[Title, ...]


def allowed_actions(*, pack: Pack, process: Process, facts: CaseFacts, actor: Actor) -> list[Action]:
    """The verbs this actor may use in this state, each once: the first that leads on, then all others in the order of the pack.

    A verb whose needs are unmet is listed with what is missing, so that a page can say why its button is not ready.
    Verbs whose condition can not hold any more are left out.
    """
    found: dict[str, Action] = {}
    leads_on = ""
    for transition in process.from_state(facts.state):
        verb = transition.verb
        if verb in found or not _may_any([transition], actor) or not _could_hold(transition, facts):
            continue
        if process is pack.lifecycle and _form_cannot_help(pack, transition, facts):
            continue
        if actor.accused and not (transition.open_to_accused or verb in pack.roles.accused.may):
            continue
        if not _hand_is_free(pack, transition, facts, actor) or not _is_timely(transition, facts):
            continue
        if _did_it(transition, facts, actor):
            continue
        unmet = tuple(need.say for need in transition.needs if _is_unmet_already(need.that, facts, pack, transition))
        moves = VERBS[verb].is_move and transition.target(facts.state) != facts.state
        found[verb] = Action(verb, transition.title, form_for(pack, transition), moves, unmet)
        if not leads_on and moves and _leads_on(process, transition, facts.state):
            leads_on = verb
    return sorted(found.values(), key=lambda action: action.verb != leads_on)


def _leads_on(process: Process, transition: Transition, state: str | None) -> bool:
    """Whether a step goes further down the way, as the pack lists its states, and not out of it."""
    states = list(process.states)
    target = transition.target(state)
    if transition.verb in EXITS or state not in states or target not in states:
        return False
    return states.index(target) > states.index(state)


def _hand_is_free(pack: Pack, transition: Transition, facts: CaseFacts, actor: Actor) -> bool:
    """Whether separation of duties and the approval chain let this actor act now, or may be set aside by them."""
    if _is_own_case(transition, facts, actor):
        return False
    if any(_did_last(facts, earlier, actor) for earlier in transition.apart_from):
        form = form_for(pack, transition)
        return form.field(REASON_TO_SET_ASIDE) is not None and has_right(pack, actor, "set_separation_aside")
    if not transition.approves:
        return True
    chain = pack.approvals.chains[transition.approves]
    try:
        step_for(transition.approves, chain, facts, actor, applicant=facts.values.get(APPLICANT))
    except (NotPermitted, AlreadyDecided, WrongState):
        return False
    return True


def _did_last(facts: CaseFacts, verb: str, actor: Actor) -> bool:
    """Whether the actor was the last to do the verb in the present cycle, here or in what lies behind."""
    doing = facts.done.get(verb)
    if doing is None and facts.behind is not None:
        return _did_last(facts.behind, verb, actor)
    return doing is not None and doing.cycle == facts.cycle and doing.actor == actor.id


def _is_unmet_already(condition: Any, facts: CaseFacts, pack: Pack, transition: Transition) -> bool:
    """Needs that the form itself can still fulfil are not held against the button."""
    in_form = {f.id for f in form_for(pack, transition).fields}
    asked = {name for kind, name in condition.names() if kind == "fact"}
    return not (asked & in_form) and not holds(condition, facts)


def fields_shown(form: Form, roles: frozenset[str]) -> list[Field]:
    """The fields of a form that somebody with these roles may see."""
    return [f for f in form.fields if not f.seen_by or set(f.seen_by) & roles]
