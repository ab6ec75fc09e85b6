"""The form of a verb on a case, of a step in a proceeding or of its beginning: every refusal at its field, nothing typed lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.drafts import draft_at, drop_draft, save_draft
from amends.apps.cases.models import Draft
from amends.apps.cases.once import Answer, OtherContent, digest_of_form, key_of_form, once
from amends.apps.cases.queries import Viewer
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, Refusal, Stale, WrongState
from amends.doors.wording import faults, said
from amends.web.drafts.views import content_of, kept_as_draft
from amends.web.forms import Posted, draw, posted
from amends.web.forms.drawing import Drawing, DrawnForm, was_typed
from amends.web.forms.posted import is_redraw, several_of, without_blank_rows
from amends.web.forms.standing import as_one_text, typed_in
from amends.web.forms.uploads import kept_uploads, take_uploads
from amends.web.steps.closing import Closed

KEPT = "steps/kept.html"
"""The page of a form as phones keep it."""
FRAGMENTS = {"drawer-body": "steps/_drawer.html", "answers": "guidance/_answers.html"}
"""What is sent for a place of a page alone; for any other it is the fields."""
Do = Callable[[dict[str, Any], int], str]
"""Takes the data and the version that the page showed; returns the address to go on to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One form with all that its page needs.

    `refused` says beforehand why it can not be done now, `closed` what stands in place of the form where nobody could send it,
    `context` what stands around the form, and `conflict` what
    somebody else did meanwhile, beside what was typed here; without it a stale page says so in a sentence.
    `drawn_up` adds the rows that follow from earlier records to what was typed.
    An `offline` one is kept on the phone and sent once the connection is back.
    `doubt` says what the writer may not have thought of; sent once more, it is done all the same.
    The `button` says what sending does, where the title is that of a thing.
    `beside` is what stands beside the form for what is typed into it: guidance, the customer, earlier solutions.
    """

    viewer: Viewer
    pack: Pack
    form: Form
    title: str
    place: str
    address: str
    back: str
    desk: str
    version: int
    do: Do
    drawing: Callable[[Form], Drawing]
    context: Callable[[], Mapping[str, Any]]
    refused: Callable[[], str] = str
    closed: Callable[[], Closed | None] = lambda: None
    fills: Mapping[str, Any] = field(default_factory=dict)
    conflict: Callable[[DrawnForm, int], Mapping[str, Any]] | None = None
    drawn_up: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    doubt: Callable[[Mapping[str, Any]], str] = lambda data: ""
    offline: bool = False
    beside: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    button: str = ""

    @property
    def own_address(self) -> str:
        """Where the form stands, whatever it goes back to."""
        return self.address.partition("?")[0]


def answer_step(request: HttpRequest, step: Step) -> HttpResponse:
    """Show the form, draw it again, or do it once."""
    owner = step.viewer.person.actor_id
    if request.method in ("GET", "HEAD"):
        return _opened(request, step, draft_at(owner=owner, place=step.place))
    entered = posted(step.form, request.POST, several=several_of(step.form, step.pack))
    errors = take_uploads(request, step.form, step.pack, entered, owner=owner, now=step.viewer.now)
    if is_redraw(request.POST):
        return _shown(request, step, entered, errors, is_new=False, status=422 if errors else 200)
    if errors:
        _keep(request, step, entered)
        return _shown(request, step, entered, errors, is_new=False, status=422)
    return _done(request, step, entered)


def _opened(request: HttpRequest, step: Step, draft: Draft | None) -> HttpResponse:
    """The form with what was left in it: a draft that had to be asked for would be overwritten by the next thing typed."""
    if request.GET.get("kept") and step.offline:
        return _shown(request, step, Posted(data=dict(step.fills)), {})
    left = posted(step.form, content_of(draft), several=several_of(step.form, step.pack)) if draft else None
    if closed := step.closed():
        return _closed(request, step, closed, left or Posted(data=dict(step.fills)), draft=draft)
    refused = step.refused()
    errors = {"": [refused]} if refused else {}
    if left is None or not _was_typed(step, left):
        return _shown(request, step, Posted(data=dict(step.fills)), errors)
    return _shown(request, step, left, errors, is_new=False, draft=draft)


def _was_typed(step: Step, entered: Posted) -> bool:
    """Whether a draft holds anything that is worth going on with."""
    entered = replace(entered, data=without_blank_rows(entered.data))
    return was_typed(step.form, step.drawing(step.form), entered, {**step.fills, **step.drawn_up(dict(step.fills))})


def _done(request: HttpRequest, step: Step, entered: Posted) -> HttpResponse:
    owner, data = step.viewer.person.actor_id, without_blank_rows(entered.data)
    key = key_of_form(request.POST.get("_token") or uuid.uuid4().hex)
    digest = digest_of_form(step.place, step.form, data)
    if (doubt := step.doubt(data)) and request.POST.get("_doubt") != doubt:
        return _shown(request, step, entered, {}, is_new=False, status=422, more={"doubt": doubt})
    try:
        answer = once(
            caller=owner, key=key, digest=digest, now=step.viewer.now,
            do=lambda: Answer(step.do(data, _version(request.POST))),
        )  # fmt: skip
    except OtherContent as other:
        return _shown(request, step, entered, {"": [said(other)]}, is_new=False, status=422, new_token=True)
    except Refusal as refusal:
        _keep(request, step, entered)
        return _refused(request, step, entered, refusal)
    drop_draft(owner=owner, place=step.place)
    if answer.is_first:
        messages.success(request, gettext("已完成：%(verb)s") % {"verb": step.button or step.title})
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": answer.body})
    return HttpResponseRedirect(answer.body)


def _keep(request: HttpRequest, step: Step, entered: Posted) -> None:
    """What was sent and not taken is a draft at once: the window may be closed before the browser saves one."""
    if _was_typed(step, entered):
        content = kept_as_draft(request.POST)
        save_draft(owner=step.viewer.person.actor_id, place=step.place, content=content, now=step.viewer.now)


def _refused(request: HttpRequest, step: Step, entered: Posted, refusal: Refusal) -> HttpResponse:
    """The form again with what keeps it from being taken."""
    if isinstance(refusal, Stale) and step.conflict is not None:
        return _stale(request, step, step.conflict, entered, refusal)
    if closed := step.closed():
        # Tried, a step says what is missing; looked at, only that it is not the time for it.
        why = said(refusal) if isinstance(refusal, WrongState) else closed.why
        return _closed(request, step, replace(closed, why=why), entered, status=refusal.status)
    errors = faults(refusal) if isinstance(refusal, InvalidData) else {"": [said(refusal)]}
    return _shown(request, step, entered, errors, is_new=False, status=refusal.status)


def _stale(
    request: HttpRequest, step: Step, conflict: Callable[[DrawnForm, int], Mapping[str, Any]], entered: Posted,
    refusal: Stale,
) -> HttpResponse:  # fmt: skip
    """That somebody else was first; what was typed is kept, and sending again uses the present version."""
    more = {"stale": said(refusal), **conflict(_drawn(step, entered), _version(request.POST))}
    return _shown(request, step, entered, {}, is_new=False, status=refusal.status, more=more)


def _drawn(step: Step, entered: Posted) -> DrawnForm:
    return draw(step.form, _drawing(step, entered, is_new=False), entered, {})


def _closed(
    request: HttpRequest, step: Step, closed: Closed, entered: Posted, *, status: int = 200, draft: Draft | None = None
) -> HttpResponse:
    """Why the step can not be taken and what can be done instead, with what was typed to be read and copied; no form."""
    typed = typed_in(_drawn(step, entered)) if _was_typed(step, entered) else []
    template = _template(request, step)
    context = {
        "step": step, "closed": closed, "typed": typed, "typed_text": as_one_text(typed), "draft": draft,
        "zone": step.drawing(step.form).zone, **step.context(),
    }  # fmt: skip
    if template != "steps/_fields.html":
        return render(request, template, context, status=status)
    response = render(request, "steps/_closed.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#step-form", "outerHTML show:.step-closed:top"
    return response


def _version(post: QueryDict) -> int:
    """The version that the page showed. A page without one counts as outdated."""
    text = post.get("_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _shown(
    request: HttpRequest, step: Step, entered: Posted, errors: dict[str, list[str]], *,
    is_new: bool = True, status: int = 200, draft: Any = None, new_token: bool = False,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    what = _drawing(step, entered, is_new=is_new)
    what.foresees = _template(request, step) == KEPT
    entered = replace(entered, data=dict(step.drawn_up(entered.data)))
    token = "" if new_token else request.POST.get("_token")
    context = {
        "step": step,
        "action": step.address,
        "form": draw(step.form, what, entered, errors),
        "errors": errors,
        "token": token or uuid.uuid4().hex,
        "zone": what.zone,
        "draft": draft,
        "is_fragment": _template(request, step) == "steps/_fields.html",
        **step.context(),
        **(step.beside(without_blank_rows(entered.data)) if step.beside else {}),
        **(more or {}),
    }
    return render(request, _template(request, step), context, status=status)


def _drawing(step: Step, entered: Posted, *, is_new: bool) -> Drawing:
    what = step.drawing(step.form)
    what.is_new = is_new
    what.uploads = kept_uploads(step.form, entered, owner=step.viewer.person.actor_id)
    return what


def _template(request: HttpRequest, step: Step) -> str:
    """The whole page, the one that phones keep, the drawer, or only what is drawn again: the fields, or the earlier answers."""
    if request.headers.get("HX-Request") != "true":
        return KEPT if step.offline and request.GET.get("kept") else "steps/page.html"
    return FRAGMENTS.get(request.headers.get("HX-Target", ""), "steps/_fields.html")
