"""What follows from one transition: the event with everything it changes, or every fault that keeps it from happening."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from amends.core.approvals import DECISIONS, chains_of_state, is_reset_by, progress, step_for
from amends.core.canonical import utc_text
from amends.core.category_marks import marks_of_categories
from amends.core.conversation import words_exchanged
from amends.core.decision import (
    APPLICANT,
    NO_FORM,
    Decision,
    Follows,
    Request,
    Started,
    first_classification,
    form_for,
)
from amends.core.directory import Directory
from amends.core.facts import TEXT_GIVEN, CaseFacts
from amends.core.form_data import Entered, as_entered
from amends.core.grading import REASONS, idle_grading, priority_of, propose
from amends.core.guidance import USED, grants, recorded_use, worth_of
from amends.core.policy.conditions import holds
from amends.core.policy.forms import Field, Form
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import CHOSEN, FieldError, InvalidData, not_given
from amends.core.routing import owner_rank, picked_by_load, present_head, propose_route


@dataclass(slots=True)
class Outcome:
    """Works out the event of one transition, collecting the faults of every part before refusing."""

    pack: Pack
    process: Process
    facts: CaseFacts
    known: CaseFacts
    entered: Entered
    request: Request
    directory: Directory
    form: Form
    set_aside: list[str]

    def of(self, transition: Transition) -> Decision:
        errors = list(self.entered.errors)
        payload = self._places(transition)
        changed = {**self.request.given, **self.entered.facts(), **transition.marks}
        changed.update(marks_of_categories(self.pack, self.form, self.entered.codes, self.known))
        known = self.known.with_values(changed)
        graded = self._grades(transition, known, errors)
        if idle := idle_grading(self.pack.grading, transition, self.facts, self.entered, graded):
            errors.append(idle)
        changed.update({axis: value["value"] for axis, value in graded.items()})
        known = known.with_values(changed)
        if self.process is self.pack.lifecycle:
            changed |= first_classification(self.pack, self.facts, known)
        assign, routed = self._assignment(transition, known, errors)
        self._check_identities(errors)
        self._check_authority(errors)
        self._check_dates_ahead(errors)
        settled = self._settled(transition, errors)
        answered = self._answered(errors)
        if errors:
            raise InvalidData(_without_repeats(errors))
        if self.process is self.pack.lifecycle:
            changed["priority"] = priority_of(self.pack.grading, {**known.values, **changed})
            changed |= self._words_exchanged(transition, known.with_values(changed), answers=bool(answered))
        if transition.approves:
            leads_on = self._decide_step(transition, transition.approves, known, payload)
            if not leads_on:
                return self._decision(transition, {**payload, "set": changed}, known, leads_on=False)
        payload |= {"set": changed}
        for key, value in (
            ("graded", graded),
            ("assign", assign),
            ("routed", routed),
            ("settle", settled),
            ("answered", answered),
            ("opens", self._opened()),
        ):
            if value:
                payload[key] = value
        if self.entered.rows:
            payload["rows"] = self.entered.rows
        if transition.adds:
            who = {"by": self.request.actor.id} if transition.once_each else {}
            payload["add"] = {"list": transition.adds, "item": {**self.entered.codes, **who}}
        if clears := self._cleared(transition, payload):
            payload["clear"] = clears
        if used := recorded_use(self.pack, self.request.used):
            payload[USED] = used
        return self._decision(transition, payload, known)

    def _decide_step(self, transition: Transition, chain_id: str, known: CaseFacts, payload: dict[str, Any]) -> bool:
        """Note the decision on the step that is due; False while an approval leaves others to be asked."""
        chain = self.pack.approvals.chains[chain_id]
        actor = self.request.actor
        number = step_for(chain_id, chain, known, actor, applicant=self.facts.values.get(APPLICANT))
        item = {"chain": chain_id, "step": number, "verdict": transition.verb, "by": actor.id}
        payload["role"] = next(role for role in chain.steps[number - 1].by if role in actor.roles)
        payload["add"] = {"list": DECISIONS, "item": item}
        if transition.verb != "approve":
            return True
        decided = self.facts.lists.get(DECISIONS, ())
        after = replace(known, lists={**known.lists, DECISIONS: (*decided, item)})
        if progress(chain_id, chain, after).is_complete:
            return True
        payload["to"] = self.facts.state
        return False

    def _cleared(self, transition: Transition, payload: dict[str, Any]) -> list[str]:
        """What is forgotten: what the transition says, and decisions that no longer stand for what is now proposed."""
        clears = list(transition.clears)
        if transition.approves and payload["to"] == self.facts.state:
            return clears
        opens = chains_of_state(self.process.transitions, payload["to"]) and payload["to"] != self.facts.state
        chains = {t.approves for t in self.process.transitions if t.approves}
        changed = payload["set"]
        resets = any(is_reset_by(self.pack.approvals.chains[c], self.facts, changed) for c in chains)
        if not transition.approves and (opens or resets):
            changed[APPLICANT] = self.request.actor.id
            clears.append(DECISIONS)
        return clears

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
                errors.append(not_given(f"/{name}", axis.title, way=CHOSEN))
                continue
            differs = proposal.value is not None and chosen != proposal.value and name in self.entered.codes
            if differs and not (REASONS & set(self.entered.texts)):
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
            errors.append(not_given("/department", self._title("department"), way=CHOSEN))
            return {}, {}
        differs = proposal is not None and chosen is not None and chosen != proposal.department
        if differs and self.pack.routing.reason_for_other_department and "route_reason" not in self.entered.texts:
            errors.append(FieldError("/route_reason", "reason_needed", {"field": self._title("route_reason")}))
        routed: dict[str, Any] = {"department": department}
        if proposal:
            routed |= {"rule": proposal.index, "proposed": proposal.department}
        assign = {"department": department, "team": self.entered.codes.get("team")}
        route = proposal.route if proposal and proposal.department == department else None
        rank = owner_rank(self.pack, known, proposal.route if proposal else None)
        by_load = picked_by_load(self.pack, known, route, department, self.directory) if rank == "member" else None
        assign["handler"] = self._owner(department, rank, by_load, errors)
        return assign, routed

    def _owner(self, department: int, rank: str, by_load: int | None, errors: list[FieldError]) -> int | None:
        chosen = self.entered.codes.get("handler")
        if rank == "agent":
            return self.request.actor.person
        if rank == "team_member":
            for name in ("team", "handler"):
                if name not in self.entered.codes:
                    errors.append(not_given(f"/{name}", self._title(name), way=CHOSEN))
        if rank == "head" and chosen is not None and chosen != present_head(department, self.directory):
            self._allow_exception(errors)
        if chosen is not None:
            return self._able(chosen, department, errors)
        return by_load or self._to_head(department, errors).get("handler")

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
            errors.append(not_given("/handler", self._title("handler"), way=CHOSEN))
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
        """Every person, department and partner that was named exists and is one who may be named there, in rows as well."""
        for f in self.form.fields:
            self._check_identity(f, self.entered.codes, f"/{f.id}", errors)
            accused = self.known.value("accused_person")
            may_be_named = f.may_be_accused or f.id == "accused_person"
            if f.type == "person" and not may_be_named and self.entered.codes.get(f.id, 0) == accused:
                errors.append(FieldError(f"/{f.id}", "accused", {}))
            for place, row in enumerate(self.entered.rows.get(f.id, ())):
                for inner in f.fields:
                    self._check_identity(inner, row, f"/{f.id}/{place}/{inner.id}", errors)

    def _check_authority(self, errors: list[FieldError]) -> None:
        """Nobody grants alone more than their roles allow: amounts, and what chosen gestures cost together."""
        bound = [f for f in self.form.fields if f.within_authority and f.id in self.entered.codes]
        limit = grants(self.pack, self.request.actor.roles) if bound else 0
        for f in bound:
            value = self.entered.codes[f.id]
            asked = value["minor"] if f.type == "money" else worth_of(f.options, value)
            if asked > limit:
                params = {"field": f.title, "limit": f"{limit // 100}.{limit % 100:02}"}
                errors.append(FieldError(f"/{f.id}", "beyond_authority", params))

    def _check_identity(self, f: Field, values: Mapping[str, Any], pointer: str, errors: list[FieldError]) -> None:
        value = values.get(f.id)
        if value is None:
            return
        if f.type in ("department", "team") and not self.directory.department_exists(value):
            errors.append(FieldError(pointer, "no_such_department", {"field": f.title}))
        elif f.type == "person" and f.id != "handler" and not self.directory.person_is_active(value):
            errors.append(FieldError(pointer, "no_such_person", {"field": f.title}))
        elif f.holding and not self.directory.holds_one_of(value, f.holding):
            errors.append(FieldError(pointer, "wrong_role", {"field": f.title}))
        elif f.type == "partner" and not self.directory.partner_exists(value):
            errors.append(FieldError(pointer, "unknown_choice", {"field": f.title, "value": value}))
        elif f.of_kind and not self._is_of_kind(value, values.get(f.of_kind)):
            errors.append(FieldError(pointer, "wrong_partner_kind", {"field": f.title}))
        elif f.among and value not in self._values_among(f.among):
            kind = self.pack.proceedings.get(f.among.partition(".")[0])
            errors.append(FieldError(pointer, "not_among", {"field": f.title, "list": kind.title if kind else f.among}))

    def _is_of_kind(self, partner: int, kind: Any) -> bool:
        registered = self.directory.partner_kind(partner)
        return kind is None or registered is None or registered == kind

    def _values_among(self, place: str) -> set[Any]:
        """What the items of a list of the case hold in a fact; items that do not stand any more do not count."""
        name, _, fact = place.partition(".")
        items = self.known.case_behind.lists.get(name, ())
        return {item.get(fact) for item in items if not item.get("void")}

    def _settled(self, transition: Transition, errors: list[FieldError]) -> dict[str, Any]:
        if not transition.settles:
            return {}
        number = self.entered.codes.get("item")
        if any(item["no"] == number for item in self.facts.open_items(transition.settles)):
            return {"list": transition.settles, "no": number}
        errors.append(FieldError("/item", "no_open_item", {"number": number if number is not None else "?"}))
        return {}

    def _check_dates_ahead(self, errors: list[FieldError]) -> None:
        """Nobody promises a day that is too far away to be meant."""
        for f in self.form.fields:
            value = self.entered.codes.get(f.id)
            if value is not None and f.days_ahead and _day_of(value) > self._last_day(f.days_ahead):
                errors.append(FieldError(f"/{f.id}", "too_far_ahead", {"field": f.title, "limit": f.days_ahead}))

    def _last_day(self, days: int) -> date:
        return (self.request.now + timedelta(days=days)).date()

    def _opened(self) -> list[dict[str, Any]]:
        """The open items that what was entered makes, in the order of the form."""
        who = {"by": self.request.actor.id, "at": utc_text(self.request.now)}
        found = []
        for f in self.form.fields:
            count = len(self.entered.rows.get(f.id, ())) if f.type == "rows" else int(f.id in self.entered.texts)
            found += [{"list": f.opens, "item": {**who, "field": f.id}}] * (count if f.opens else 0)
        return found

    def _answered(self, errors: list[FieldError]) -> dict[str, Any]:
        """The open items that rows answer, by their numbers."""
        for f in self.form.fields:
            rows = self.entered.rows.get(f.id, ()) if f.answers else ()
            if not rows or not f.answers:
                continue
            still_open = {item["no"] for item in self.facts.open_items(f.answers)}
            for place, row in enumerate(rows):
                if row.get("item") not in still_open:
                    errors.append(FieldError(f"/{f.id}/{place}", "no_open_item", {"number": row.get("item", "?")}))
            return {"list": f.answers, "nos": sorted(row["item"] for row in rows if "item" in row)}
        return {}

    def _words_exchanged(self, transition: Transition, known: CaseFacts, *, answers: bool) -> dict[str, str]:
        leaves_message = known.value("has_contact") is True and any(
            holds(told.when, known) for told in transition.messages()
        )
        return words_exchanged(
            transition.verb, self.entered.codes, received_at=known.value("received_at"),
            leaves_message=leaves_message, answers=answers, now=self.request.now,
        )  # fmt: skip

    def _decision(
        self, transition: Transition, payload: dict[str, Any], known: CaseFacts, *, leads_on: bool = True
    ) -> Decision:
        """The decision with what follows from it; one step of a chain that leaves others to be asked has no effects yet."""
        if self.set_aside:
            payload["set_aside"] = self.set_aside
        if not leads_on:
            return Decision(
                verb=transition.verb, transition=transition, payload=payload, texts=dict(self.entered.texts),
                tells=(), notices=(), form=self.form,
            )  # fmt: skip
        return Decision(
            verb=transition.verb,
            transition=transition,
            payload=payload,
            texts=dict(self.entered.texts),
            tells=tuple(t.message for t in transition.messages() if holds(t.when, known)),
            notices=tuple(n for n in transition.notifies if holds(n.when, known)),
            starts=tuple(self._started(transition, known)),
            on_case=tuple(
                Follows(step.verb, self._filled(step.fills, known))
                for step in transition.on_case
                if holds(step.when, known)
            ),
            tells_partner=transition.tells_partner,
            marks_case={name: self._filling(value, known) for name, value in transition.marks_case.items()},
            form=self.form,
        )

    def _started(self, transition: Transition, known: CaseFacts) -> Iterator[Started]:
        for start in transition.proceedings():
            data = self._filled(start.fills, known)
            if start.for_each is None:
                if holds(start.when, known):
                    yield Started(start.proceeding, data, start.share)
                continue
            for place, row in enumerate(self._rows(start.for_each, known), start=1):
                if not holds(start.when, known.with_values(row)):
                    continue
                prefix = f"{start.for_each}.{place}."
                texts = {k.removeprefix(prefix): v for k, v in self._texts().items() if k.startswith(prefix)}
                codes = {name: as_entered(value) for name, value in row.items()}
                asked = self._asked_at_the_start(start.proceeding)
                of_row = {name: value for name, value in {**codes, **texts}.items() if name in asked}
                yield Started(start.proceeding, {**data, **of_row})

    def _asked_at_the_start(self, proceeding: str) -> set[str]:
        """The fields of the form that begins a proceeding; what else a row holds stays where it is."""
        first = self.pack.proceedings[proceeding].from_state(None)[0]
        return {f.id for f in form_for(self.pack, first).fields}

    def _rows(self, name: str, known: CaseFacts) -> list[dict[str, Any]]:
        """The rows of a field as just entered, else as an earlier step left them."""
        if name in self.entered.rows:
            return self.entered.rows[name]
        kept = known.lists.get(name, ())
        return [{key: value for key, value in row.items() if key not in ("no", "open")} for row in kept]

    def _texts(self) -> Mapping[str, str]:
        return {**self.request.texts, **self.entered.texts}

    def _filled(self, fills: Mapping[str, Any], known: CaseFacts) -> dict[str, Any]:
        found = {name: as_entered(self._filling(value, known)) for name, value in fills.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _filling(self, value: Any, known: CaseFacts) -> Any:
        """The value itself, what `{fact: name}` stands for (a text just entered, one of an earlier step, or a fact), or the
        department of `{function: name}`.
        """
        if isinstance(value, Mapping) and set(value) == {"function"}:
            return self.directory.department_for(value["function"])
        if not (isinstance(value, Mapping) and set(value) == {"fact"}):
            return value
        text = self._texts().get(value["fact"])
        found = known.value(value["fact"]) if text is None else text
        return None if found == TEXT_GIVEN else found


def _day_of(value: str) -> date:
    return date.fromisoformat(value[:10])


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
