"""The one engine: may they, does the state allow it, is the form right, and what follows.

`decide()` is pure. It returns what happened as one event, or raises a refusal. It serves cases and proceedings, pages,
portal, API, import and timers alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.core.archive import missing_from_file
from amends.core.directory import Actor, Directory
from amends.core.facts import CaseFacts
from amends.core.form_data import Entered, Reading, read_form
from amends.core.grading import priority_of, propose
from amends.core.policy.base import Title
from amends.core.policy.conditions import holds
from amends.core.policy.forms import Field, Form
from amends.core.policy.lifecycle import Notice, Process, Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted, WrongState
from amends.core.routing import owner_rank, present_head, propose_route
from amends.core.verbs import EXITS, TAKE_OVER, VERBS

NO_FORM = Form(id="nothing", title=Title(**{"zh-Hans": "无", "en": "nothing"}))


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do. `given` holds facts the doors found out (channel, earlier cases …), already checked."""

    verb: str
    data: Mapping[str, Any]
    actor: Actor
    now: datetime
    given: Mapping[str, Any] = field(default_factory=dict)
    local_zone: ZoneInfo | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One event to record, and what follows from it outside the case."""

    verb: str
    transition: Transition
    payload: dict[str, Any]
    texts: dict[str, str]
    tells: tuple[str, ...]
    notices: tuple[Notice, ...]
    starts: tuple[str, ...]


def decide(*, pack: Pack, process: Process, facts: CaseFacts, request: Request, directory: Directory) -> Decision:
    """What the verb does to the case, under its pack.

    Raises NotPermitted when the verb is not for this actor, WrongState when the state does not allow it or something
    is missing (and names it), InvalidData with every fault of the form at its field.
    """
    offered = _transitions_for(process, facts, request.verb, request.actor, pack)
    known = facts.with_values(request.given)
    form = form_for(pack, offered[0], request.form)
    is_old = request.verb == TAKE_OVER
    reading = Reading(pack=pack, facts=known, now=request.now, local_zone=request.local_zone, is_old=is_old)
    entered = read_form(form, request.data, reading)
    known = known.with_values(entered.facts())
    if facts.state is None:
        accepted = marks_on_acceptance(pack, known)
        known = known.with_values(accepted)
        request = replace(request, given={**request.given, **accepted})
    transition = _first_that_holds(offered, known, facts, request.verb, entered)
    _refuse_unmet_needs(pack, process, transition, known)
    _refuse_same_hand(transition, facts, request.actor)
    outcome = _Outcome(
        pack=pack, facts=facts, known=known, entered=entered, request=request, directory=directory, form=form
    )
    return outcome.of(transition)


def marks_on_acceptance(pack: Pack, known: CaseFacts) -> dict[str, Any]:
    """What the first acceptance rule that holds marks on a case that is being registered."""
    return next((dict(rule.marks) for rule in pack.head.acceptance if holds(rule.when, known)), {})


def first_classification(pack: Pack, facts: CaseFacts, known: CaseFacts) -> dict[str, Any]:
    """The level and the main category as they are first given, kept for figures when they are corrected later."""
    found = {"first_level": known.value(pack.grading.level) if pack.grading.level else None}
    found["first_category"] = main_category(pack, known)
    return {name: value for name, value in found.items() if value and facts.value(name) is None}


def main_category(pack: Pack, facts: CaseFacts) -> str:
    """The value of the pack's first category scheme, under whichever field holds it; empty when there is none."""
    scheme = pack.categories.schemes[0].id
    for f in pack.fields.values():
        if f.scheme == scheme and (value := facts.value(f.id)):
            return str(value[0] if isinstance(value, list) else value)
    return ""


def form_for(pack: Pack, transition: Transition, given: str | None = None) -> Form:
    """The form of a transition; registering without one of its own takes the form of the kind (`given`)."""
    name = transition.form or given
    return pack.forms[name] if name else NO_FORM


def _transitions_for(process: Process, facts: CaseFacts, verb: str, actor: Actor, pack: Pack) -> list[Transition]:
    all_with_verb = process.with_verb(verb)
    here = [t for t in process.from_state(facts.state) if t.verb == verb]
    if not _may_any(here or all_with_verb, actor):
        raise NotPermitted(verb=_button(verb))
    if not here:
        raise _wrong_state(process, facts, verb)
    permitted = [t for t in here if set(t.by) & actor.roles]
    if actor.accused:
        permitted = [t for t in permitted if t.open_to_accused or verb in pack.roles.accused.may]
        if not permitted:
            raise NotPermitted("您是这件投诉的被投诉方，不能进行“%(verb)s”。", verb=_button(verb))
    return permitted


def _may_any(transitions: Iterable[Transition], actor: Actor) -> bool:
    """Whether the actor may do one of the transitions, within the scopes of a token."""
    for transition in transitions:
        if actor.scopes is not None and not {"all", "write", transition.verb} & actor.scopes:
            continue
        if set(transition.by) & actor.roles:
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
    raise WrongState("按现在的情况，不能%(verb)s。", verb=_button(verb), missing=())


def _refuse_unmet_needs(pack: Pack, process: Process, transition: Transition, known: CaseFacts) -> None:
    missing = [need.say for need in transition.needs if not holds(need.that, known)]
    missing += [title for title in missing_from_file(pack, process, known, transition) if title not in missing]
    if missing:
        raise WrongState(verb=_button(transition.verb), missing=missing)


def _refuse_same_hand(transition: Transition, facts: CaseFacts, actor: Actor) -> None:
    for verb in transition.apart_from:
        doing = facts.done.get(verb)
        if doing and doing.cycle == facts.cycle and doing.actor == actor.id:
            raise NotPermitted(
                "“%(earlier)s”由您完成，“%(verb)s”须由另一人进行。",
                verb=_button(transition.verb),
                earlier=_button(verb),
            )


def _wrong_state(process: Process, facts: CaseFacts, verb: str) -> WrongState:
    missing = missing_stages(process, facts, verb)
    if missing:
        return WrongState(verb=_button(verb), missing=[t.title or _button(t.verb) for t in missing])
    state = process.states.get(facts.state or "")
    return WrongState("个案目前“%(state)s”，不能%(verb)s。", verb=_button(verb), state=state.title if state else "")


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
    if transition.when is None:
        return True
    asked = {name for kind, name in transition.when.names() if kind == "fact"}
    return any(facts.value(name) is None for name in asked) or holds(transition.when, facts)


def _button(verb: str) -> str:
    return VERBS[verb].button if verb in VERBS else verb


@dataclass(slots=True)
class _Outcome:
    """Works out the event of one transition, collecting the faults of every part before refusing."""

    pack: Pack
    facts: CaseFacts
    known: CaseFacts
    entered: Entered
    request: Request
    directory: Directory
    form: Form

    def of(self, transition: Transition) -> Decision:
        errors = list(self.entered.errors)
        payload = self._places(transition)
        changed = {**self.request.given, **self.entered.facts(), **transition.marks}
        changed.update(self._category_marks())
        known = self.known.with_values(changed)
        graded = self._grades(transition, known, errors)
        changed.update({axis: value["value"] for axis, value in graded.items()})
        known = known.with_values(changed)
        changed |= first_classification(self.pack, self.facts, known)
        assign, routed = self._assignment(transition, known, errors)
        self._check_identities(errors)
        settled = self._settled(transition, errors)
        if errors:
            raise InvalidData(_without_repeats(errors))
        changed["priority"] = priority_of(self.pack.grading, {**known.values, **changed})
        payload |= {"set": changed}
        for key, value in (("graded", graded), ("assign", assign), ("routed", routed), ("settle", settled)):
            if value:
                payload[key] = value
        if self.entered.rows:
            payload["rows"] = self.entered.rows
        if transition.adds:
            payload["add"] = {"list": transition.adds, "item": dict(self.entered.codes)}
        if transition.clears:
            payload["clear"] = list(transition.clears)
        return self._decision(transition, payload, known)

    def _places(self, transition: Transition) -> dict[str, Any]:
        """From where to where, in which cycle and round, and in which role."""
        state = self.facts.state
        is_new = state is None
        cycle = 1 if is_new else self.facts.cycle + (transition.opens == "cycle")
        round_ = 1 if is_new or transition.opens == "cycle" else self.facts.round + (transition.opens == "round")
        role = next(r for r in transition.by if r in self.request.actor.roles)
        payload: dict[str, Any] = {
            "to": transition.target(state),
            "cycle": cycle,
            "round": round_,
            "role": role,
        }
        if state is not None:
            payload["from"] = state
        deputised = self.request.actor.deputy_for(role)
        if deputised is not None:
            payload["deputy_for"] = deputised
        if self.form is not NO_FORM:
            payload["form"] = self.form.id
        if transition.clause:
            payload["clause"] = list(transition.clause)
        return payload

    def _category_marks(self) -> dict[str, Any]:
        """Facts that follow from the category chosen, and proposals for other schemes that are still empty."""
        found: dict[str, Any] = {}
        for scheme in self.pack.categories.schemes:
            for f in self.form.fields:
                if f.scheme != scheme.id or f.id not in self.entered.codes:
                    continue
                chosen = self.entered.codes[f.id]
                for path in chosen if isinstance(chosen, list) else [chosen]:
                    found.update(self._marks_of_path(scheme.id, path))
        return found

    def _marks_of_path(self, scheme_id: str, path: str) -> dict[str, Any]:
        scheme = self.pack.categories.scheme(scheme_id)
        found: dict[str, Any] = {}
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            node = scheme.node("/".join(parts[:depth])) if scheme else None
            if node is None:
                continue
            found.update(node.marks)
            for other, target in node.maps_to.items():
                if self.known.value(other) is None:
                    found[other] = target
        return found

    def _grades(self, transition: Transition, known: CaseFacts, errors: list[FieldError]) -> dict[str, dict[str, Any]]:
        graded = {}
        for name in transition.grades:
            axis = self.pack.grading.axis(name)
            if axis is None:
                continue
            before = self.facts.value(name)
            proposal = propose(axis, known)
            chosen = self.entered.codes.get(name) or _keep_or_take(proposal.value, before, bool(proposal.criteria))
            if chosen is None:
                errors.append(FieldError(f"/{name}", "required", {"field": axis.title}))
                continue
            differs = proposal.value is not None and chosen != proposal.value and name in self.entered.codes
            if differs and not ({"grade_reason", "reason"} & set(self.entered.texts)):
                reason = self.form.field("grade_reason") or self.form.field("reason")
                pointer = reason.id if reason else name
                errors.append(
                    FieldError(f"/{pointer}", "reason_needed", {"field": reason.title if reason else axis.title})
                )
            known = known.with_values({name: chosen})
            graded[name] = {
                "value": chosen,
                "proposed": proposal.value,
                "criteria": list(proposal.criteria),
                "before": before,
            }
        return graded

    def _assignment(
        self, transition: Transition, known: CaseFacts, errors: list[FieldError]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if transition.routes:
            return self._route(known, errors)
        if transition.assigns == "actor":
            return {"handler": self.request.actor.person}, {}
        if transition.assigns == "none":
            return {"handler": None, "department": None, "team": None}, {}
        if transition.assigns == "head":
            return self._to_head(self.facts.department, errors), {}
        if transition.assigns == "chosen":
            return self._to_chosen(known, errors), {}
        return {}, {}

    def _route(self, known: CaseFacts, errors: list[FieldError]) -> tuple[dict[str, Any], dict[str, Any]]:
        proposal = propose_route(self.pack, known, self.directory)
        chosen = self.entered.codes.get("department")
        department = chosen or (proposal.department if proposal else None)
        if department is None:
            errors.append(FieldError("/department", "required", {"field": self._title("department")}))
            return {}, {}
        differs = proposal is not None and chosen is not None and chosen != proposal.department
        if differs and self.pack.routing.reason_for_other_department and "route_reason" not in self.entered.texts:
            errors.append(FieldError("/route_reason", "reason_needed", {"field": self._title("route_reason")}))
        routed: dict[str, Any] = {"department": department}
        if proposal:
            routed |= {"rule": proposal.index, "proposed": proposal.department}
        assign = {"department": department, "team": self.entered.codes.get("team")}
        assign["handler"] = self._owner(
            department, owner_rank(self.pack, known, proposal.route if proposal else None), errors
        )
        return assign, routed

    def _owner(self, department: int, rank: str, errors: list[FieldError]) -> int | None:
        chosen = self.entered.codes.get("handler")
        if rank == "agent":
            return self.request.actor.person
        if rank == "team_member":
            for name in ("team", "handler"):
                if name not in self.entered.codes:
                    errors.append(FieldError(f"/{name}", "required", {"field": self._title(name)}))
        if rank == "head" and chosen is not None and chosen != present_head(department, self.directory):
            self._allow_exception(errors)
        if chosen is not None:
            return self._able(chosen, department, errors)
        return self._to_head(department, errors).get("handler")

    def _allow_exception(self, errors: list[FieldError]) -> None:
        if "exception_reason" not in self.entered.texts:
            errors.append(FieldError("/handler", "head_only", {"field": self._title("exception_reason")}))

    def _to_head(self, department: int | None, errors: list[FieldError]) -> dict[str, Any]:
        head = present_head(department, self.directory) if department is not None else None
        if head is None or head == self.known.value("accused_person"):
            name = self.directory.name_of_department(department) if department is not None else ""
            errors.append(FieldError("/department", "no_head", {"department": name}))
            return {}
        return {"handler": head}

    def _to_chosen(self, known: CaseFacts, errors: list[FieldError]) -> dict[str, Any]:
        chosen = self.entered.codes.get("handler")
        department = self.entered.codes.get("department") or self.facts.department
        if chosen is None or department is None:
            errors.append(FieldError("/handler", "required", {"field": self._title("handler")}))
            return {}
        if owner_rank(self.pack, known, None) == "head" and chosen != present_head(department, self.directory):
            self._allow_exception(errors)
        assign: dict[str, Any] = {"handler": self._able(chosen, department, errors)}
        for name in ("department", "team"):
            if name in self.entered.codes:
                assign[name] = self.entered.codes[name]
        return assign

    def _able(self, person: int, department: int, errors: list[FieldError]) -> int | None:
        """The person, when they exist, belong to the department, are at work and are not complained about."""
        if not self.directory.person_is_active(person):
            errors.append(FieldError("/handler", "no_such_person", {"field": self._title("handler")}))
        elif not self.directory.is_member(person, department):
            errors.append(
                FieldError("/handler", "not_a_member", {"department": self.directory.name_of_department(department)})
            )
        elif person == self.known.value("accused_person"):
            errors.append(FieldError("/handler", "accused", {}))
        elif not self.directory.is_present(person):
            deputy = self.directory.deputy_of(person)
            errors.append(
                FieldError("/handler", "absent", {"deputy": self.directory.name_of_person(deputy) if deputy else ""})
            )
        else:
            return person
        return None

    def _title(self, name: str) -> Any:
        found = self.form.field(name)
        return found.title if found else name

    def _check_identities(self, errors: list[FieldError]) -> None:
        for f in self.form.fields:
            value = self.entered.codes.get(f.id)
            if value is None:
                continue
            if f.type in ("department", "team") and not self.directory.department_exists(value):
                errors.append(FieldError(f"/{f.id}", "no_such_department", {"field": f.title}))
            elif f.type == "person" and f.id != "handler" and not self.directory.person_is_active(value):
                errors.append(FieldError(f"/{f.id}", "no_such_person", {"field": f.title}))
            elif f.type == "partner" and not self.directory.partner_exists(value):
                errors.append(FieldError(f"/{f.id}", "unknown_choice", {"field": f.title, "value": value}))
            elif f.type == "person" and f.id != "accused_person" and value == self.known.value("accused_person"):
                errors.append(FieldError(f"/{f.id}", "accused", {}))

    def _settled(self, transition: Transition, errors: list[FieldError]) -> dict[str, Any]:
        if not transition.settles:
            return {}
        number = self.entered.codes.get("item")
        if any(item["no"] == number for item in self.facts.open_items(transition.settles)):
            return {"list": transition.settles, "no": number}
        errors.append(FieldError("/item", "no_open_item", {"number": number if number is not None else "?"}))
        return {}

    def _decision(self, transition: Transition, payload: dict[str, Any], known: CaseFacts) -> Decision:
        tells = tuple(t.message for t in transition.messages() if holds(t.when, known))
        notices = tuple(n for n in transition.notifies if holds(n.when, known))
        return Decision(
            verb=transition.verb, transition=transition, payload=payload, texts=dict(self.entered.texts),
            tells=tells, notices=notices, starts=transition.starts,
        )  # fmt: skip


def _keep_or_take(proposed: str | None, before: str | None, by_criterion: bool) -> str | None:
    """A mere default does not displace a value that stands; a criterion that matched does."""
    return proposed if by_criterion or before is None else before


def _without_repeats(errors: list[FieldError]) -> list[FieldError]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for error in errors:
        if (error.pointer, error.code) not in seen:
            seen.add((error.pointer, error.code))
            kept.append(error)
    return kept


@dataclass(frozen=True, slots=True)
class Action:
    """A verb that is open to the actor now, with its form and the words of its button."""

    verb: str
    title: Title | None
    form: Form
    is_move: bool
    needs_unmet: tuple[Title, ...]


def allowed_actions(*, pack: Pack, process: Process, facts: CaseFacts, actor: Actor) -> list[Action]:
    """The verbs this actor may use in this state, in the order of the pack; each verb once.

    A verb whose needs are unmet is listed with what is missing, so that a page can say why its button is not ready.
    Verbs whose condition can not hold any more are left out.
    """
    found: dict[str, Action] = {}
    for transition in process.from_state(facts.state):
        verb = transition.verb
        if verb in found or not _may_any([transition], actor) or not _could_hold(transition, facts):
            continue
        if actor.accused and not (transition.open_to_accused or verb in pack.roles.accused.may):
            continue
        if any(_did_last(facts, earlier, actor) for earlier in transition.apart_from):
            continue
        unmet = tuple(need.say for need in transition.needs if _is_unmet_already(need.that, facts, pack, transition))
        moves = VERBS[verb].is_move and transition.target(facts.state) != facts.state
        found[verb] = Action(verb, transition.title, form_for(pack, transition), moves, unmet)
    return list(found.values())


def _did_last(facts: CaseFacts, verb: str, actor: Actor) -> bool:
    doing = facts.done.get(verb)
    return doing is not None and doing.cycle == facts.cycle and doing.actor == actor.id


def _is_unmet_already(condition: Any, facts: CaseFacts, pack: Pack, transition: Transition) -> bool:
    """Needs that the form itself can still fulfil are not held against the button."""
    in_form = {f.id for f in form_for(pack, transition).fields}
    asked = {name for kind, name in condition.names() if kind == "fact"}
    return not (asked & in_form) and not holds(condition, facts)


def fields_shown(form: Form, roles: frozenset[str]) -> list[Field]:
    """The fields of a form that somebody with these roles may see."""
    return [f for f in form.fields if not f.seen_by or set(f.seen_by) & roles]
