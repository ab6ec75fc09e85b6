"""Performing a verb from a page: its form, every refusal at its field, and nothing typed lost."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.drafts import draft_at, drop_draft
from amends.apps.cases.evidence import evidence_of
from amends.apps.cases.once import once
from amends.apps.cases.timeline import labels_of
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Action, allowed_actions, form_for
from amends.core.policy.forms import Form
from amends.core.policy.lifecycle import Transition
from amends.core.refusals import InvalidData, NotPermitted, Refusal, Stale, WrongState
from amends.core.routing import propose_route
from amends.core.verbs import VERBS
from amends.doors.routes import route
from amends.doors.wording import button_of, faults, happened, said, words
from amends.web.case.views import CaseView, case_view
from amends.web.drafts.views import content_of
from amends.web.forms import Posted, draw, posted
from amends.web.forms.drawing import Drawing
from amends.web.forms.posted import is_redraw, without_blank_rows
from amends.web.forms.uploads import kept_uploads, take_uploads
from amends.web.intake.views import several_of


@route(audience="staff", permission="visible", kind="case", methods=["GET", "POST"])
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """The form of a verb, in a drawer or on its own page; sent, it is performed once."""
    seen = case_view(request, number)
    transition = transition_of(seen, verb)
    form = form_for(seen.pack, transition)
    place = f"case:{number}:{verb}"
    if request.method == "GET":
        refused = _refused_beforehand(seen, verb)
        draft = draft_at(owner=seen.viewer.person.actor_id, place=place)
        if draft is not None and request.GET.get("draft"):
            entered = posted(form, content_of(draft), several=several_of(form, seen.pack))
            return _shown(request, seen, transition, entered, {}, is_new=False)
        return _shown(request, seen, transition, Posted(), {"": [refused]} if refused else {}, draft=draft)
    entered = posted(form, request.POST, several=several_of(form, seen.pack))
    owner = seen.viewer.person.actor_id
    errors = take_uploads(request, form, seen.pack, entered, owner=owner, now=seen.viewer.now)
    if is_redraw(request.POST) or errors:
        return _shown(request, seen, transition, entered, errors, is_new=False, status=422 if errors else 200)
    return _performed(request, seen, transition, entered, place)


def transition_of(seen: CaseView, verb: str) -> Transition:
    """The transition whose form is shown: one out of the present state, else any with that verb.

    Raises NotPermitted when the verb is not for this person, WrongState when the pack does not know it.
    """
    process = seen.pack.lifecycle
    here = [t for t in process.from_state(seen.case.state) if t.verb == verb]
    known = here or [t for t in process.with_verb(verb) if t.from_]
    if not known:
        raise WrongState("这里没有“%(verb)s”这一步。", verb=VERBS[verb].button if verb in VERBS else verb[:40])
    mine = [t for t in known if set(t.by) & seen.actor.roles]
    if not mine:
        raise NotPermitted(verb=VERBS[verb].button)
    return mine[0]


def _action(seen: CaseView, verb: str) -> Action | None:
    actions = allowed_actions(pack=seen.pack, process=seen.pack.lifecycle, facts=seen.facts, actor=seen.actor)
    return next((action for action in actions if action.verb == verb), None)


def _refused_beforehand(seen: CaseView, verb: str) -> str:
    """Why the verb can not be performed now, before anything is typed; empty when it can."""
    action = _action(seen, verb)
    if action is None:
        state = seen.pack.lifecycle.states[seen.case.state].title
        return said(WrongState("个案目前“%(state)s”，不能%(verb)s。", state=state, verb=VERBS[verb].button, missing=()))
    if action.needs_unmet:
        return said(WrongState(verb=VERBS[verb].button, missing=action.needs_unmet))
    return ""


def _performed(
    request: HttpRequest, seen: CaseView, transition: Transition, entered: Posted, place: str
) -> HttpResponse:
    viewer, case = seen.viewer, seen.case
    wish = Wish(
        verb=transition.verb,
        data=without_blank_rows(entered.data),
        caller=viewer.caller(case.desk, seen.pack),
        now=viewer.now,
        version=_version(request.POST),
        local_zone=seen.zone,
    )
    key = request.POST.get("_token") or uuid.uuid4().hex
    try:
        _, is_first = once(
            caller=viewer.person.actor_id, key=key, now=viewer.now, do=lambda: str(perform(case, wish).version)
        )
    except Stale as refusal:
        return _stale(request, seen, transition, entered, refusal)
    except InvalidData as refusal:
        return _shown(request, seen, transition, entered, faults(refusal), is_new=False, status=422)
    except Refusal as refusal:
        return _shown(request, seen, transition, entered, {"": [said(refusal)]}, is_new=False, status=refusal.status)
    drop_draft(owner=viewer.person.actor_id, place=place)
    if is_first:
        messages.success(request, gettext("已完成：%(verb)s") % {"verb": button_of(transition.verb)})
    address = reverse("case", args=[case.number])
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _version(post: QueryDict) -> int:
    """The version that the page showed. A page without one counts as outdated."""
    text = post.get("_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _stale(
    request: HttpRequest, seen: CaseView, transition: Transition, entered: Posted, refusal: Stale
) -> HttpResponse:
    """What somebody else did meanwhile, beside what was typed here; sending again uses the present version."""
    before = _version(request.POST)
    changes = [entry for entry in seen.entries if entry.seq > before]
    still_open = _refused_beforehand(seen, transition.verb)
    context = {"changes": changes, "stale": said(refusal), "no_longer": still_open, "happened": happened}
    return _shown(request, seen, transition, entered, {}, is_new=False, status=refusal.status, more=context)


def _shown(
    request: HttpRequest, seen: CaseView, transition: Transition, entered: Posted, errors: dict[str, list[str]], *,
    is_new: bool = True, status: int = 200, draft: Any = None, more: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    form = form_for(seen.pack, transition)
    what = _drawing(seen, transition, form, entered, is_new=is_new)
    context = {
        "area": "queue",
        "case": seen.case,
        "state": seen.pack.lifecycle.states[seen.case.state],
        "verb": transition.verb,
        "title": words(transition.title) if transition.title else button_of(transition.verb),
        "form": draw(form, what, entered, errors),
        "errors": errors,
        "token": request.POST.get("_token") or uuid.uuid4().hex,
        "action": reverse("act", args=[seen.case.number, transition.verb]),
        "place": f"case:{seen.case.number}:{transition.verb}",
        "zone": seen.zone,
        "draft": draft,
        **(more or {}),
    }
    return render(request, _template(request), context, status=status)


def _template(request: HttpRequest) -> str:
    """The whole page, the drawer, or only the fields that are drawn again."""
    if request.headers.get("HX-Request") != "true":
        return "case/act.html"
    return "case/_act_drawer.html" if request.headers.get("HX-Target") == "drawer-body" else "case/_act_fields.html"


def _drawing(seen: CaseView, transition: Transition, form: Form, entered: Posted, *, is_new: bool) -> Drawing:
    viewer = seen.viewer
    lists = [f.one_for_each for f in form.fields if f.one_for_each] + [transition.settles or ""]
    what = Drawing(
        pack=seen.pack, facts=seen.facts, now=viewer.now, zone=seen.zone, roles=seen.actor.roles, graded=transition.grades,
        settles=transition.settles or "", is_new=is_new,
        labels=labels_of(seen.case, [name for name in lists if name]) if any(lists) else {},
        uploads=kept_uploads(form, entered, owner=viewer.person.actor_id),
        files=_files_of(seen) if any(f.type == "file_of_case" for f in form.fields) else (),
    )  # fmt: skip
    if transition.routes:
        directory = OrganisationOfDesk(seen.case.desk, seen.pack, viewer.now)
        proposal = propose_route(seen.pack, seen.facts, directory)
        if proposal is not None and proposal.department is not None:
            what.department = proposal.department
            title = words(proposal.route.title) if proposal.route.title else ""
            what.department_reason = gettext("（依据：%(reasons)s）") % {"reasons": title} if title else ""
    return what


def _files_of(seen: CaseView) -> tuple[tuple[str, str], ...]:
    """The files that the case has, by id, to choose one from."""
    return tuple((str(file.pk), file.name) for file in evidence_of(seen.case))
