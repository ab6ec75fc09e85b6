"""个人信息: for those who answer for it, what is held about one person, a copy of it, and its erasure."""

from __future__ import annotations

import tempfile
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from amends.apps.people.actions import log_access
from amends.apps.people.models import Complainant
from amends.apps.upkeep.subjects import (
    GROUNDS,
    Subject,
    erase_subject,
    found_by,
    held_about,
    kept_by_policy,
    may_answer_somewhere,
    note_copy,
    still_open,
    subject_for,
)
from amends.core.masking import masked, masked_contact
from amends.core.refusals import InvalidData, NotPermitted, Refusal
from amends.doors.personal_copy import write_copy
from amends.doors.routes import route
from amends.doors.wording import day_words, faults, in_words, said
from amends.web.confirming import confirmed
from amends.web.viewing import viewer_of

VERB = gettext_noop("办理个人信息申请")
IN_MEMORY = 8 * 1024 * 1024


@route(audience="staff", permission="personal_data", kind="complainant", methods=["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Who is on file under a number, an address or the number of a case, masked; that it was asked is noted.

    What is asked comes by POST: it would outlive the erasure in histories and in logs of proxies.
    """
    viewer = viewer_of(request)
    if not may_answer_somewhere(viewer.person, now=viewer.now):
        raise NotPermitted(verb=VERB)
    asked, is_sent = request.POST.get("asked", "").strip()[:254], request.method == "POST"
    found = found_by(asked)
    if asked:
        log_access(actor=viewer.person.actor_id, action="search", object="complainants", now=viewer.now)
    rows = [(row.pk, masked("name", row.name), row.cases.count(), row.created_at) for row in found]
    return render(request, "personal/find.html", {"area": "personal", "asked": asked, "is_sent": is_sent, "rows": rows})


@route(audience="staff", permission="personal_data", kind="complainant")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What is held about one person, what would go and what would stay."""
    return _page(request, _subject(request, pk))


@route(audience="staff", permission="personal_data", kind="complainant", methods=["POST"])
@confirmed
def copy(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A ZIP with all of it, not masked; that it was handed out is kept."""
    viewer, subject = viewer_of(request), _subject(request, pk)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    write_copy(subject, file, now=viewer.now)
    note_copy(subject, by=viewer.person.actor_id, now=viewer.now)
    file.seek(0)
    name = f"personal-data-{subject.complainant.pk}-{viewer.now:%Y%m%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@route(audience="staff", permission="personal_data", kind="complainant", methods=["POST"])
@confirmed
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase all of it, for a ground that is kept; what keeps it from being erased is said."""
    viewer, subject = viewer_of(request), _subject(request, pk)
    given = {name: request.POST.get(name, "").strip()[:60] for name in ("ground", "reference", "before_time")}
    try:
        erase_subject(
            subject, ground=given["ground"], reference=given["reference"], before_time=bool(given["before_time"]),
            by=viewer.person.actor_id, now=viewer.now,
        )  # fmt: skip
    except InvalidData as refusal:
        return _page(request, subject, given=given, errors=faults(refusal), status=422)
    except Refusal as refusal:
        return _page(request, subject, given=given, errors={"whole": [said(refusal)]}, status=refusal.status)
    messages.success(request, gettext("已删除。编号、时间和存证哈希保留，可随时核验。"))
    return HttpResponseRedirect(reverse("personal_data", args=[pk]))


def _subject(request: HttpRequest, pk: int) -> Subject:
    viewer = viewer_of(request)
    return subject_for(viewer.person, pk, now=viewer.now)


def _page(
    request: HttpRequest, subject: Subject, *, given: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    viewer, person = viewer_of(request), subject.complainant
    kept = kept_by_policy(subject, now=viewer.now)
    context: dict[str, Any] = {
        "area": "personal",
        "subject": subject,
        "name": masked("name", person.name),
        "ways": [
            masked("address", p.value) if p.kind == "address" else masked_contact(p.value) for p in subject.points
        ],
        "is_erased": person.erased_at is not None,
        "held": held_about(subject),
        "open": still_open(subject),
        "kept": [(one.case.number, _until(one.until)) for one in kept],
        "kept_by_law": [one.case.number for one in kept if one.by_law],
        "in_book": subject.in_the_book.exists(),
        "alike": _alike(subject.look_alikes),
        "grounds": [(code, in_words(sentence)) for code, sentence in GROUNDS.items()],
        "given": given or {},
        "errors": errors or {},
    }
    return render(request, "personal/page.html", context, status=status)


def _until(day: date | None) -> str:
    return day_words(day, year=True) if day else gettext("长期")


def _alike(found: Any) -> list[tuple[int, str]]:
    return [(row.pk, masked("name", row.name)) for row in found[:20] if isinstance(row, Complainant)]
