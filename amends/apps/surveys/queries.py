"""Reads of surveys: whose they are, which are open to everybody, what is to be asked by telephone, and the lists behind figures."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from amends.apps.cases.queries import Viewer, desks_with_right, visible_to
from amends.apps.keyset import behind
from amends.apps.policies.models import Desk
from amends.apps.surveys.models import Answer, Survey, SurveyInvitation
from amends.core.canonical import utc_text
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotVisible

RIGHT = "surveys"
PAGE = 50
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows, the latest first."""

    rows: list[Row]
    next_cursor: str | None


def desks_with_surveys(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer runs surveys: those that they have the right on."""
    return desks_with_right(viewer, RIGHT)


def surveys_of(viewer: Viewer) -> QuerySet[Survey]:
    """The surveys of the desks on which the viewer has the right."""
    return Survey.objects.filter(desk__in=list(desks_with_surveys(viewer))).select_related(
        "desk", "pack", "created_by", "chain"
    )


def survey_for(viewer: Viewer, key: uuid.UUID) -> Survey:
    """The survey of that id. Raises NotVisible alike for one of another desk and one that is not there."""
    found = surveys_of(viewer).filter(pk=key).first()
    if found is None:
        raise NotVisible
    return found


def survey_to_ask(viewer: Viewer, key: uuid.UUID) -> Survey:
    """A running survey on a desk where the viewer works, for taking down answers. Raises NotVisible."""
    found = Survey.objects.select_related("desk", "pack", "chain").filter(pk=key, state=Survey.State.RUNNING).first()
    if found is None or found.desk not in viewer.desks() or not viewer.works_on(found.desk):
        raise NotVisible
    return found


def public_survey(desk: str, questionnaire: str) -> Survey | None:
    """The running survey that anybody may answer with this questionnaire; the latest of several."""
    found = Survey.objects.filter(
        desk__code=desk, questionnaire=questionnaire, state=Survey.State.RUNNING, methods__contains="link"
    )
    return found.select_related("desk", "pack").order_by("-created_at").first()


def to_be_telephoned(viewer: Viewer, survey: Survey) -> QuerySet[SurveyInvitation]:
    """The open invitations by telephone whose case the viewer sees and does not handle; those that end first at the top."""
    waiting = SurveyInvitation.objects.filter(
        survey=survey,
        method="telephone",
        answered_at=None,
        expires_at__gt=viewer.now,
        case__in=visible_to(viewer).values("pk"),
    )
    return (
        waiting.exclude(case__handler=viewer.person)
        .select_related("case__complainant", "case__desk", "department")
        .order_by("expires_at", "pk")
    )


def surveys_by_telephone(viewer: Viewer) -> QuerySet[Survey]:
    """The running surveys by telephone on desks where the viewer works."""
    desks = [desk for desk in viewer.desks() if viewer.works_on(desk)]
    return Survey.objects.filter(desk__in=desks, state=Survey.State.RUNNING, methods__contains="telephone").order_by(
        "-created_at"
    )


def answers_page(survey: Survey, *, cursor: str = "", size: int = PAGE) -> Page[Answer]:
    """The answers behind the figures; one query for the rows and one for their scores."""
    rows = (
        Answer.objects.filter(survey=survey)
        .select_related("case", "interviewer", "department")
        .prefetch_related("scores")
    )
    return _page(rows, "answered_at", cursor, size)


def surveys_page(viewer: Viewer, *, cursor: str = "", size: int = PAGE) -> Page[Survey]:
    """The surveys that the viewer runs; one query beside those of the scope."""
    return _page(surveys_of(viewer), "created_at", cursor, size)


def _page(rows: QuerySet[Any], by: str, cursor: str, size: int) -> Page[Any]:
    if cursor:
        at, key = _read_cursor(cursor)
        rows = rows.filter(behind({f"-{by}": at, "-pk": key}))
    found = list(rows.order_by(f"-{by}", "-pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], _cursor(getattr(last, by), last.pk) if last is not None else None)


def _cursor(at: datetime, key: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(json.dumps([utc_text(at), str(key)]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(at).replace("Z", "+00:00")), uuid.UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error
