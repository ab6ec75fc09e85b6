"""Asking for a study, and making it: at once where it is small, else by the worker, which says how far it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.deferred.actions import enqueue
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.studies.conformity import Asked, asked_from, cases_asked, findings_over
from amends.apps.studies.drafts import kept, named, read_kept, refuse_other_policy
from amends.apps.studies.models import Study, StudyLine
from amends.apps.studies.what_if import as_data, cases_since, line_data, parts_of, simulate
from amends.core.refusals import FieldError, InvalidData, NotVisible

AT_ONCE = 60
"""So many cases are looked at while the page waits; more are left to the worker."""
KEPT_FOR = timedelta(days=90)
MAKE = "make_study"
State = Study.State


def ask_for_conformity(viewer: Viewer, asked: Asked) -> Study:
    """Look at the conformity of the cases that the viewer may see. Raises InvalidData as `cases_asked`."""
    total = cases_asked(asked, viewer).count()
    study = _begun(viewer, asked.desk, Study.Kind.CONFORMITY, asked.as_data(), total)
    return _made_or_left(study, viewer.now)


def ask_what_if(viewer: Viewer, desk: Desk, raw: Mapping[str, Any], since: date, *, file: str = "") -> Study:
    """Try a draft over the cases of a desk that were received since a day; `file` is the name under which it was uploaded.

    Raises OtherPolicy for a draft of another policy than the desk's, and InvalidData for a day that has not come yet.
    """
    present, text = pack_in_force(desk, viewer.now), kept(raw)
    draft = read_kept(text)
    refuse_other_policy(draft, present)
    today = viewer.now.astimezone(ZoneInfo(present.head.zone)).date()
    if since > today:
        raise InvalidData([FieldError("/since", "in_future", {"field": "起始日期"})])
    total = cases_since(desk, since).count()
    question = {"since": since.isoformat(), "until": today.isoformat(), "draft": named(draft, file)}
    study = _begun(viewer, desk, Study.Kind.WHAT_IF, question, total, draft=text)
    return _made_or_left(study, viewer.now)


def _begun(viewer: Viewer, desk: Desk, kind: str, question: dict[str, Any], total: int, draft: str = "") -> Study:
    return Study.objects.create(
        kind=kind, desk=desk, asked_by=viewer.person, question=json.dumps(question), draft=draft, total=total, asked_at=viewer.now,
    )  # fmt: skip


def _made_or_left(study: Study, now: datetime) -> Study:
    if study.total <= AT_ONCE:
        make_study(study.pk, now=now)
        study.refresh_from_db()
    else:
        enqueue(MAKE, {"study": str(study.pk)}, now=now)
    return study


def make_study(key: UUID | str, *, now: datetime) -> None:
    """Work a study out and keep its result. Made again it is the same; nothing but the study is written."""
    study = Study.objects.select_related("desk", "asked_by").filter(pk=key, state=State.WAITING).first()
    if study is None:
        return
    made = _MAKERS[study.kind]
    result, lines = made(study, now)
    with transaction.atomic():
        study.lines.all().delete()
        StudyLine.objects.bulk_create(lines, batch_size=1000)
        study.result, study.state, study.made_at, study.done = json.dumps(result), State.MADE, now, study.total
        study.save(update_fields=["result", "state", "made_at", "done"])


def _make_conformity(study: Study, now: datetime) -> tuple[dict[str, Any], list[StudyLine]]:
    viewer = Viewer(person=study.asked_by, now=now)
    asked = asked_from(study.desk, json.loads(study.question))
    pack = pack_in_force(study.desk, now)
    found = findings_over(cases_asked(asked, viewer), pack, now, viewer=viewer, progress=progress_of(study))
    lines = [
        StudyLine(study=study, part=clause, verdict=verdict, case_id=key)
        for (clause, verdict), keys in found.listed.items()
        for key in keys
    ]
    return {**found.as_data(), "version": pack.version}, lines


def _make_what_if(study: Study, now: datetime) -> tuple[dict[str, Any], list[StudyLine]]:
    draft, since = read_kept(study.draft), date.fromisoformat(json.loads(study.question)["since"])
    found = simulate(study.desk, draft, since, now, progress=progress_of(study))
    lines = [
        StudyLine(study=study, part=part, verdict="", case_id=UUID(one.id), data=json.dumps(line_data(one)))
        for one in found.differing
        for part in parts_of(one)
    ]
    return as_data(found, study.desk, draft, now), lines


def progress_of(study: Study) -> Callable[[int], None]:
    """Keeps how far a study has come, for the page that waits for it."""

    def note(done: int) -> None:
        Study.objects.filter(pk=study.pk).update(done=done)

    return note


_MAKERS: dict[str, Callable[[Study, datetime], tuple[dict[str, Any], list[StudyLine]]]] = {
    Study.Kind.CONFORMITY: _make_conformity,
    Study.Kind.WHAT_IF: _make_what_if,
}


def study_of(viewer: Viewer, key: UUID, kind: str) -> Study:
    """A study of the viewer's own. Raises NotVisible for one of somebody else, the same as for none."""
    found = Study.objects.select_related("desk").filter(pk=key, kind=kind, asked_by=viewer.person).first()
    if found is None:
        raise NotVisible
    return found


def studies_of(viewer: Viewer, kind: str, desk: Desk) -> QuerySet[Study]:
    """What the viewer asked on a desk, the latest first."""
    asked = Study.objects.filter(asked_by=viewer.person, kind=kind, desk=desk).select_related("asked_by")
    return asked.defer("draft", "result").order_by("-asked_at", "pk")


def lines_behind(viewer: Viewer, study: Study, part: str, verdict: str) -> QuerySet[StudyLine]:
    """The cases behind a figure as far as the viewer may see them now, in the order in which they were found."""
    seen = visible_to(viewer, on=study.desk_id).values("pk")
    return study.lines.filter(part=part, verdict=verdict, case__in=seen).order_by("pk")


def cases_of(lines: list[StudyLine]) -> list[Case]:
    """The cases of lines, in their order; one query."""
    rows = Case.objects.select_related("desk", "department", "handler", "pack").in_bulk(
        [line.case_id for line in lines]
    )
    return [rows[line.case_id] for line in lines if line.case_id in rows]


def forget_old_studies(*, now: datetime) -> None:
    """Studies are kept for ninety days; what they were made from stays in the ledger, and they can be made again."""
    Study.objects.filter(asked_at__lt=now - KEPT_FOR).delete()


def lines_that_differ(viewer: Viewer, study: Study, part: str) -> QuerySet[StudyLine]:
    """The cases that a draft changes, for somebody who manages the policy: none with a restricted circle, and none about the viewer.

    They are named by number alone where the viewer may not open them.
    """
    guarded = ~Q(case__restricted_to="") | Q(case__hides_from_accused=True)
    return study.lines.filter(part=part).exclude(guarded).exclude(case__accused_person=viewer.person).order_by("pk")
