"""Mail that came in: the list by what became of it, one mail, and what a person decides about those that wait."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.queries import visible_case
from amends.apps.mail.deciding import DECIDABLE, add_to, leave, make_case, read_again
from amends.apps.mail.models import IncomingMail
from amends.apps.mail.queries import desks_whose_mail_is_read, mails_in, visible_mails
from amends.apps.people.actions import log_access
from amends.apps.policies.queries import pack_in_force
from amends.core.masking import masked_contact
from amends.core.refusals import FieldError, InvalidData, NotPermitted, Refusal
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import said, said_of_field
from amends.web.mail.words import checks_in, reason_in_words, state_in_words
from amends.web.viewing import viewer_of, zone_of

PAGE_SIZE = 50
TABS = (
    ("waiting", ("quarantined",)),
    ("cases", ("case",)),
    ("answers", ("answer",)),
    ("ignored", ("ignored",)),
    ("all", ()),
)
State = IncomingMail.State


@dataclass(frozen=True, slots=True)
class Line:
    """A mail as a line of the list."""

    mail: IncomingMail
    sender: str
    state: str
    reason: str
    files: int


@route(audience="staff", permission="register", kind="mail")
def page(request: HttpRequest) -> HttpResponse:
    """The mails of the viewer's desks, first those that wait for a decision."""
    viewer = viewer_of(request)
    if not desks_whose_mail_is_read(viewer):
        raise NotPermitted(verb="查看来信")
    tabs = dict(TABS)
    tab = request.GET.get("tab", "waiting")
    tab = tab if tab in tabs else "waiting"
    found = mails_in(viewer, tabs[tab], before=_before(request), size=PAGE_SIZE + 1)
    context: dict[str, Any] = {
        "area": "mail",
        "tab": tab,
        "lines": [_line(mail) for mail in found[:PAGE_SIZE]],
    }
    if len(found) > PAGE_SIZE:
        last = found[PAGE_SIZE - 1]
        context["next"] = urlencode({"tab": tab, "at": last.arrived_at.isoformat(), "id": str(last.pk)})
    return render(request, "mail/page.html", context)


def _line(mail: IncomingMail) -> Line:
    sender = mail.sender_name or masked_contact(mail.sender) if mail.sender or mail.sender_name else ""
    return Line(mail, sender, state_in_words(mail.state), reason_in_words(mail.reason), len(json.loads(mail.files)))


def _before(request: HttpRequest) -> tuple[datetime, uuid.UUID] | None:
    """The place to go on from; a place that can not be read begins at the start."""
    try:
        at = datetime.fromisoformat(request.GET.get("at", ""))
        return (at, uuid.UUID(request.GET.get("id", ""))) if at.tzinfo and 1900 <= at.year <= 2200 else None
    except ValueError:
        return None


def _mail(request: HttpRequest, key: uuid.UUID) -> IncomingMail:
    found = visible_mails(viewer_of(request)).select_related(
        "mailbox__desk", "case", "raw", "decided_by", "twin_of__case"
    )
    mail = found.filter(pk=key).first()
    if mail is None:
        raise Http404
    return mail


@route(audience="staff", permission="register", kind="mail")
def one(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One mail: its heads, what it says as plain text, and what may be decided about it. Looking at it is noted."""
    mail = _mail(request, key)
    _note(request, mail, "view")
    return _shown(request, mail)


def _shown(request: HttpRequest, mail: IncomingMail, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "area": "mail",
        "mail": mail,
        "zone": zone_of(pack_in_force(mail.mailbox.desk, viewer_of(request).now)),
        "state": state_in_words(mail.state),
        "reason": reason_in_words(mail.reason),
        "checks": checks_in(mail.verdict),
        "files": json.loads(mail.files),
        "may_decide": mail.state in DECIDABLE and mail.case_id is None and mail.twin_of_id is None,
        "may_retry": mail.state == State.QUARANTINED,
        **more,
    }
    return render(request, "mail/mail.html", context, status=status)


@route(audience="staff", permission="register", kind="mail")
def raw(request: HttpRequest, key: uuid.UUID) -> HttpResponse | FileResponse:
    """The mail byte for byte, as a download only; noted."""
    mail = _mail(request, key)
    if mail.raw is None:
        raise Http404
    _note(request, mail, "download")
    content = FileResponse(open_evidence(mail.raw), content_type="application/octet-stream")
    return as_attachment(content, mail.raw.name)


@route(audience="staff", permission="register", kind="mail", methods=["POST"])
def retry(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Let a mail that waits be read again."""
    mail = _mail(request, key)
    read_again(mail, by=viewer_of(request))
    messages.success(request, gettext("已重新读取，稍后刷新可看到结果。"))
    return HttpResponseRedirect(reverse("incoming_mail", args=[key]))


@route(audience="staff", permission="register", kind="mail", methods=["POST"])
def found(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Make a case of a mail."""
    mail = _mail(request, key)
    try:
        case = make_case(mail, by=viewer_of(request))
    except Refusal as refusal:
        return _refused(request, mail, refusal)
    messages.success(request, gettext("已立案，编号 %(number)s。") % {"number": case.number})
    return HttpResponseRedirect(reverse("case", args=[case.number]))


@route(audience="staff", permission="register", kind="mail", methods=["POST"])
def belongs(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Add a mail to the case whose number was typed."""
    mail = _mail(request, key)
    number = request.POST.get("number", "").strip()[:60]
    try:
        case = visible_case(viewer_of(request), number)
    except Refusal:
        no_such = FieldError("/number", "no_such_case", {"value": number})
        return _shown(request, mail, status=422, number=number, number_error=said_of_field(no_such))
    try:
        add_to(mail, case, by=viewer_of(request))
    except Refusal as refusal:
        return _refused(request, mail, refusal, number=number)
    messages.success(request, gettext("来信已并入个案 %(number)s。") % {"number": case.number})
    return HttpResponseRedirect(reverse("case", args=[case.number]))


@route(audience="staff", permission="register", kind="mail", methods=["POST"])
def ignore(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Leave a mail, with a reason."""
    mail = _mail(request, key)
    why = request.POST.get("why", "")
    if not why.strip():
        empty = FieldError("/why", "required", {"field": "不处理的理由"})
        return _shown(request, mail, status=422, why_error=said_of_field(empty))
    try:
        leave(mail, why, by=viewer_of(request))
    except InvalidData as refusal:
        return _shown(request, mail, status=422, why=why, why_error=said_of_field(refusal.errors[0]))
    messages.success(request, gettext("已标为不处理。"))
    return HttpResponseRedirect(reverse("incoming_mails"))


def _refused(request: HttpRequest, mail: IncomingMail, refusal: Refusal, **more: Any) -> HttpResponse:
    faults = [said_of_field(error) for error in refusal.errors] if isinstance(refusal, InvalidData) else []
    return _shown(request, mail, status=refusal.status, sentence=said(refusal), faults=faults, **more)


def _note(request: HttpRequest, mail: IncomingMail, action: str) -> None:
    viewer = viewer_of(request)
    log_access(
        actor=viewer.person.actor_id, action=action, object=f"mail:{mail.pk}", now=viewer.now, desk=mail.mailbox.desk_id
    )
