"""Sending the form: registered once, linked to what was ticked, and on to the page that is read out to the caller."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions import register_case
from amends.apps.cases.actions.by_call import link_to_earlier
from amends.apps.cases.drafts import drop_draft, save_draft
from amends.apps.cases.models import Case
from amends.apps.cases.once import Answer, OtherContent, digest_of_form, key_of_form, once
from amends.apps.cases.queries import visible_to
from amends.core.policy.forms import TEXT_TYPES
from amends.core.refusals import InvalidData, Refusal
from amends.doors.wording import faults, said
from amends.web.drafts.views import kept_as_draft, place_of_intake
from amends.web.intake.state import Intake

META = {"kind": "_kind", "channel": "_channel", "received_at": "_received_at", "backdate_reason": "_backdate_reason"}
JUST_REGISTERED = "just_registered"
MOST_LINKS = 5

Draw = Callable[..., HttpResponse]


def registered(request: HttpRequest, intake: Intake, drawn: Draw) -> HttpResponse:
    """Register what was typed, or draw the form again with what keeps it from that."""
    viewer = intake.viewer
    token = intake.token or uuid.uuid4().hex
    linked = request.POST.getlist("_link")[:MOST_LINKS]
    try:
        contact = intake.contact(received_at=intake.received_at())
        sent = {**contact.data, **{name: request.POST.get(name, "") for name in META.values()}}
        answer = once(
            caller=intake.owner, key=key_of_form(token), now=viewer.now,
            digest=digest_of_form(f"intake:{intake.desk.pk}", intake.form, sent),
            do=lambda: Answer(_register(request, intake, register_case(contact), linked)),
        )  # fmt: skip
    except OtherContent as other:
        again = gettext("这份表单已经提交过，编号为 %(number)s。如要登记另一件事，请核对后再次提交。")
        errors = {"": [again % {"number": other.first.body}]}
        return drawn(request, intake, errors, status=422, token=uuid.uuid4().hex)
    except Refusal as refusal:
        keep_typed(request, intake, token)
        errors = faults(refusal) if isinstance(refusal, InvalidData) else {"": [said(refusal)]}
        return drawn(request, intake, errors, status=refusal.status, token=token)
    drop_draft(owner=intake.owner, place=place_of_intake(token))
    request.session[JUST_REGISTERED] = answer.body
    return led_to(request, reverse("intake_done", args=[answer.body]))


def keep_typed(request: HttpRequest, intake: Intake, token: str) -> None:
    """What was sent and not taken is a draft at once: the window may be closed before the browser saves one."""
    typed = intake.data()
    if any(typed.get(f.id) for f in intake.form.fields if f.type in TEXT_TYPES | {"rows"}):
        content = kept_as_draft(request.POST)
        save_draft(owner=intake.owner, place=place_of_intake(token), content=content, now=intake.viewer.now)


def _register(request: HttpRequest, intake: Intake, case: Case, linked: list[str]) -> str:
    """Link the new case to the visible ones that were ticked; what can not be linked is said and holds nothing up."""
    if linked:
        viewer = intake.viewer
        others = visible_to(viewer).filter(number__in=[number for number in linked if "\x00" not in number])
        caller = viewer.caller(intake.desk, intake.pack)
        for other, refusal in link_to_earlier(case, others.distinct(), caller=caller, now=viewer.now):
            sentence = gettext("没有与 %(number)s 关联：%(why)s") % {"number": other.number, "why": said(refusal)}
            messages.warning(request, sentence)
    return case.number


def led_to(request: HttpRequest, address: str) -> HttpResponse:
    """On to another page, the way the request was sent."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
