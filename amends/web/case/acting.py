"""Performing a verb from a page: its form, every refusal at its field, and nothing typed lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.clocks import has_open_promise
from amends.apps.cases.evidence import evidence_for
from amends.apps.cases.presence import end_presence, others_present
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.timeline import labels_of
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Action, allowed_actions
from amends.core.decision import form_for
from amends.core.policy.forms import Form
from amends.core.policy.lifecycle import Transition
from amends.core.roles import sees_task_only
from amends.core.routing import propose_route
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.case.conflict import conflict_of
from amends.web.case.seeing import CaseView, case_view
from amends.web.case.watching import in_words
from amends.web.case.writing import prepare_letter
from amends.web.forms.drawing import Drawing, DrawnForm
from amends.web.guidance.answering import answers_for_case
from amends.web.guidance.customer import (
    brief_of,
    known_of_customer,
    moods_of,
    solutions_that_helped,
    studies_for,
    values_of_customer,
)
from amends.web.guidance.panel import used_in
from amends.web.guidance.places import guide_of_step
from amends.web.steps.answering import Step, answer_step
from amends.web.steps.choosing import action_called, refused_beforehand, title_of, transition_of
from amends.web.steps.closing import Closed

NOT_IN_THIS_STATE = gettext_noop("个案目前“%(state)s”，不能%(verb)s。")


@route(audience="staff", permission="visible", kind="case", methods=["GET", "POST"])
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """The form of a verb, in a drawer or on its own page; sent, it is performed once."""
    seen = case_view(request, number)
    viewer, case = seen.viewer, seen.case
    transition = transition_of(seen.pack.lifecycle, case.state, verb, seen.actor.roles)
    from_calls = request.GET.get("from") == "calls"
    address = reverse("calls") if from_calls else seen.address

    def do(data: dict[str, Any], version: int) -> str:
        caller = viewer.caller(case.desk, seen.pack)
        perform(
            case,
            Wish(
                verb=verb,
                data=data,
                caller=caller,
                now=viewer.now,
                version=version,
                local_zone=seen.zone,
                used=used_in(request.POST),
            ),
        )
        end_presence(case, viewer.person)
        return address

    step = Step(
        viewer=viewer, pack=seen.pack, form=form_for(seen.pack, transition), title=title_of(transition),
        place=f"case:{number}:{verb}", address=seen.address_of(verb) + ("?from=calls" if from_calls else ""), back=address,
        desk=case.desk.code, version=case.version, do=do, drawing=lambda form: _drawing(seen, transition, form),
        context=lambda: _around(seen, verb), refused=lambda: _refused_beforehand(seen, verb),
        closed=lambda: None if action_called(_actions(seen), verb) else Closed(_refused_beforehand(seen, verb)),
        conflict=lambda drawn, since: _conflict(seen, verb, drawn, since),
        beside=lambda data: _beside(request, seen, transition, data),
    )  # fmt: skip
    return answer_step(request, step)


def _refused_beforehand(seen: CaseView, verb: str) -> str:
    return refused_beforehand(
        seen.pack, seen.pack.lifecycle, seen.facts, seen.actor, verb, _actions(seen), NOT_IN_THIS_STATE
    )


def _actions(seen: CaseView) -> list[Action]:
    return allowed_actions(pack=seen.pack, process=seen.pack.lifecycle, facts=seen.facts, actor=seen.actor)


def _around(seen: CaseView, verb: str) -> dict[str, Any]:
    """What stands around the form: the case, its state, and who else has it open."""
    return {
        "area": "queue",
        "case": seen.case,
        "about": seen.case.number,
        "subject": seen.case.subject,
        "state": seen.pack.lifecycle.states[seen.case.state],
        "doing": verb,
        "present": in_words(others_present(seen.case, seen.viewer.person, now=seen.viewer.now), seen.pack),
    }


def _beside(request: HttpRequest, seen: CaseView, transition: Transition, data: Mapping[str, Any]) -> dict[str, Any]:
    """What helps with the form: guidance for what is typed so far, the customer, solutions of similar cases, earlier answers."""
    form = form_for(seen.pack, transition)
    verb = transition.verb
    known, helped = known_of_customer(seen, verb), solutions_that_helped(seen, verb)
    studies = studies_for(seen, verb)
    answers = answers_for_case(seen, verb)
    is_about_customer = known is not None or helped is not None or bool(studies) or bool(answers and answers.lines)
    beside = {"brief": brief_of(seen), "moods": moods_of(seen), "known": known, "helped": helped, "studies": studies}
    return {
        "beside": beside if is_about_customer else None,
        "answers": answers,
        "answers_form": "step-form",
        "guide": guide_of_step(seen, verb=transition.verb, form=form, data=data, post=request.POST),
    }


def _conflict(seen: CaseView, verb: str, drawn: DrawnForm, since: int) -> dict[str, Any]:
    """What somebody else did meanwhile, beside what was typed here; a note where the verb can not be done any more."""
    no_longer = _refused_beforehand(seen, verb)
    note = "note" if no_longer and action_called(_actions(seen), "note") else ""
    return {"conflict": conflict_of(seen, drawn, since=since, no_longer=no_longer), "note_verb": note}


def _drawing(seen: CaseView, transition: Transition, form: Form) -> Drawing:
    viewer = seen.viewer
    lists = [name for f in form.fields for name in (f.one_for_each, f.answers) if name] + [transition.settles or ""]
    facts = replace(seen.facts, promise_open=has_open_promise(seen.case, seen.pack))
    what = Drawing(
        pack=seen.pack, facts=facts, now=viewer.now, zone=seen.zone, roles=seen.actor.roles, graded=transition.grades,
        settles=transition.settles or "", desk=seen.case.desk,
        labels=_labels(seen, [name for name in lists if name]),
        starts_with=_starting(seen, form),
        files=_files_of(seen) if any(f.type == "file_of_case" for f in form.fields) else (),
    )  # fmt: skip
    if any(f.proposes for f in form.fields) and not sees_task_only(seen.pack, seen.actor):
        what.proposed = standing_texts(seen.case.chain)
    if transition.sends:
        prepare_letter(what, seen, transition.sends)
    if transition.routes:
        directory = OrganisationOfDesk(seen.case.desk, seen.pack, viewer.now)
        proposal = propose_route(seen.pack, seen.facts, directory)
        if proposal is not None and proposal.department is not None:
            what.department = proposal.department
            title = words(proposal.route.title) if proposal.route.title else ""
            what.department_reason = gettext("（依据：%(reasons)s）") % {"reasons": title} if title else ""
    return what


def _starting(seen: CaseView, form: Form) -> dict[str, Any]:
    """What fresh fields start with because of what is known of the customer."""
    wanted = {f.default_from for f in form.fields if f.default_from}
    known = values_of_customer(seen, sorted(wanted)) if wanted else {}
    return {f.id: known[f.default_from] for f in form.fields if f.default_from in known}


def _labels(seen: CaseView, lists: list[str]) -> dict[str, dict[int, str]]:
    return labels_of(seen.case, lists, pack=seen.pack, actor=seen.actor) if lists else {}


def _files_of(seen: CaseView) -> tuple[tuple[str, str], ...]:
    """The files that the case has, by id, to choose one from."""
    return tuple((str(file.pk), file.name) for file in evidence_for(seen.case, seen.pack, seen.actor))
