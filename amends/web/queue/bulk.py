"""One verb for several cases: first which of them allow it and why the others do not, then each on its own.

Every case is performed in a transaction of its own and with the version that was shown, so that nothing is half done and
nobody is overwritten. What was refused stands in the list of results with its reason.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.once import Answer, digest_of_form, key_of_form, once
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import allowed_actions
from amends.core.decision import form_for
from amends.core.directory import Actor
from amends.core.policy.forms import FILE_TYPES, Form
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted, Refusal, WrongState
from amends.core.roles import actor_on_case
from amends.core.verbs import FOR_MANY, VERBS
from amends.doors.routes import route
from amends.doors.wording import button_of, faults, said
from amends.web.addresses import own_address
from amends.web.forms import Posted, draw, posted
from amends.web.forms.drawing import Drawing
from amends.web.forms.posted import is_redraw
from amends.web.queue.rows import Row, rows_of
from amends.web.viewing import viewer_of, zone_of

MOST_AT_ONCE = 100
FILES = FILE_TYPES | {"file_of_case"}


@dataclass(slots=True)
class Line:
    """One of the cases: whether it allows the verb, why not, and what became of it."""

    row: Row
    actor: Actor
    transition: Transition | None
    refused: str = ""
    is_done: bool = False

    @property
    def case(self) -> Case:
        return self.row.case


@route(audience="staff", permission="signed_in", kind="case", methods=["POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The preview with the form of the verb; sent, the list of results. Cases outside the own scope are not there."""
    viewer, verb = viewer_of(request), request.POST.get("verb", "")
    if verb not in FOR_MANY:
        raise WrongState("“%(verb)s”不能批量办理。", verb=VERBS[verb].button if verb in VERBS else verb[:40])
    numbers = list(dict.fromkeys(request.POST.getlist("case")))
    context: dict[str, Any] = {
        "area": "queue", "verb": verb, "title": button_of(verb), "limit": MOST_AT_ONCE,
        "next": own_address(request.POST.get("next") or reverse("queue")),
    }  # fmt: skip
    if not numbers:
        return HttpResponseRedirect(context["next"])
    if len(numbers) > MOST_AT_ONCE:
        raise WrongState("一次最多办理 %(limit)s 件，请分几次进行。", limit=MOST_AT_ONCE)
    lines = lines_of(viewer, verb, numbers)
    context |= {"lines": lines, "missing": len(numbers) - len(lines)}
    form, refusal = common_form(lines)
    if form is None:
        return render(request, "queue/bulk.html", {**context, "refusal": refusal}, status=200 if lines else 404)
    if is_redraw(request.POST) or "_send" not in request.POST:
        return _preview(request, context, form, posted(form, request.POST), {}, status=200)
    return _performed(request, viewer, context, form)


def lines_of(viewer: Viewer, verb: str, numbers: list[str]) -> list[Line]:
    """Each visible case with what it says to the verb. The organisation of a desk is read once."""
    cases = visible_to(viewer).filter(number__in=[n for n in numbers if "\x00" not in n])
    related = cases.select_related("desk", "chain", "department", "handler", "partner").order_by(
        "band", "priority", "due_sort"
    )
    rows = rows_of(related, viewer.now)
    directories: dict[tuple[int, int], OrganisationOfDesk] = {}
    found = []
    for row in rows:
        case, pack = row.case, pack_of(row.case)
        directory = directories.setdefault(
            (case.desk_id, case.pack_id), OrganisationOfDesk(case.desk, pack, viewer.now)
        )
        actor = actor_on_case(pack, viewer.caller(case.desk, pack), facts_of(case), directory)
        found.append(_line(row, pack, actor, verb))
    return found


def _line(row: Row, pack: Pack, actor: Actor, verb: str) -> Line:
    try:
        return Line(row, actor, _allowed(row, pack, actor, verb))
    except Refusal as refusal:
        return Line(row, actor, None, said(refusal))


def _allowed(row: Row, pack: Pack, actor: Actor, verb: str) -> Transition:
    process, facts = pack.lifecycle, facts_of(row.case)
    action = next(
        (a for a in allowed_actions(pack=pack, process=process, facts=facts, actor=actor) if a.verb == verb), None
    )
    known = process.with_verb(verb)
    if not any(set(t.by) & actor.roles for t in known):
        raise NotPermitted(verb=button_of(verb))
    if action is None:
        raise WrongState("个案目前“%(state)s”，不能%(verb)s。", state=row.state, verb=VERBS[verb].button, missing=())
    if action.needs_unmet:
        raise WrongState(verb=VERBS[verb].button, missing=action.needs_unmet)
    return next(t for t in process.from_state(row.case.state) if t.verb == verb and set(t.by) & actor.roles)


def common_form(lines: list[Line]) -> tuple[Form | None, str]:
    """The one form that all allowed cases share, without its files; None and a sentence when there is none."""
    forms = {}
    for line in lines:
        if line.transition is not None:
            form = form_for(pack_of(line.case), line.transition)
            forms[line.case.desk_id, form.id] = form
    if not forms:
        return None, gettext("所选个案目前都不能这样办理，原因见下表。")
    if len(forms) > 1:
        return None, gettext("所选个案分属不同的受理台，填写的内容不同，请按受理台分别办理。")
    form = next(iter(forms.values()))
    if any(f.type in FILES and f.required is True for f in form.fields):
        return None, gettext("这一步须逐件上传材料，不能批量办理。")
    return form.model_copy(update={"fields": tuple(f for f in form.fields if f.type not in FILES)}), ""


def _preview(
    request: HttpRequest,
    context: dict[str, Any],
    form: Form,
    entered: Posted,
    errors: dict[str, list[str]],
    *,
    status: int,
) -> HttpResponse:
    viewer = viewer_of(request)
    first = next(line for line in context["lines"] if line.transition is not None)
    pack = pack_of(first.case)
    what = Drawing(
        pack=pack, facts=facts_of(first.case), now=viewer.now, zone=zone_of(pack), roles=first.actor.roles,
        graded=first.transition.grades, is_new=not entered.data, desk=first.case.desk,
    )  # fmt: skip
    allowed = sum(1 for line in context["lines"] if line.transition is not None)
    more = {
        "form": draw(form, what, entered, errors), "allowed": allowed, "action": reverse("bulk"),
        "token": request.POST.get("_token") or uuid.uuid4().hex,
    }  # fmt: skip
    is_part = request.headers.get("HX-Target") == "form-body"
    return render(request, "ui/form.html" if is_part else "queue/bulk.html", {**context, **more}, status=status)


def _performed(request: HttpRequest, viewer: Viewer, context: dict[str, Any], form: Form) -> HttpResponse:
    """Each allowed case; a form that the first of them finds wrong comes back before anything was done."""
    entered = posted(form, request.POST)
    token = request.POST.get("_token") or uuid.uuid4().hex
    is_first = True
    for line in context["lines"]:
        if line.transition is None:
            continue
        try:
            _perform_one(line, viewer, form, entered, _version(request.POST, line.case), token)
            line.is_done = True
        except InvalidData as refusal:
            if is_first:
                return _preview(request, context, form, entered, faults(refusal), status=422)
            line.refused = " ".join(sentence for found in faults(refusal).values() for sentence in found)
        except Refusal as refusal:
            line.refused = said(refusal)
        is_first = False
    done = sum(1 for line in context["lines"] if line.is_done)
    return render(request, "queue/bulk_done.html", {**context, "done": done, "left": len(context["lines"]) - done})


def _perform_one(line: Line, viewer: Viewer, form: Form, entered: Posted, version: int, token: str) -> None:
    """Perform on one case, once for the token however often it is sent."""
    case, pack = line.case, pack_of(line.case)
    verb = line.transition.verb if line.transition else ""
    wish = Wish(
        verb=verb, data=dict(entered.data), caller=viewer.caller(case.desk, pack), now=viewer.now, version=version,
        local_zone=line.row.zone,
    )  # fmt: skip
    digest = digest_of_form(f"bulk:{verb}:{case.number}", form, wish.data)
    once(
        caller=viewer.person.actor_id, key=key_of_form(f"{token}:{case.number}"), digest=digest, now=viewer.now,
        do=lambda: Answer(str(perform(case, wish).version)),
    )  # fmt: skip


def _version(post: QueryDict, case: Case) -> int:
    """The version of the case that the preview showed; one that is missing counts as outdated."""
    text = post.get(f"version-{case.number}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
