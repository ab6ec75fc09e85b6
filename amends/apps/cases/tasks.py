"""Deferred work of cases."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from amends.apps.cases.actions.by_text import place_text
from amends.apps.cases.actions.move_version import JOB as MOVE_CASES
from amends.apps.cases.actions.move_version import work_off
from amends.apps.cases.actions.portal import send_code
from amends.apps.cases.actions.sweep import sweep_due_cases
from amends.apps.cases.calls import WAITS
from amends.apps.cases.carrying import carry, department_ways_waiting, send_digest, tell_department, ways_waiting
from amends.apps.cases.drafts import PORTAL_DRAFT_LIVES, portal_drafts
from amends.apps.cases.leftovers import remove_unattached, remove_unreferenced
from amends.apps.cases.models import Draft, EvidenceFile, IdempotencyKey, IncomingCall, PortalCode, VersionMove
from amends.apps.cases.posts import forget_ignored_posts
from amends.apps.cases.presence import forget_ended
from amends.apps.cases.previews import make_preview, order_preview, without_preview
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.broadcasting import JOB as TELL_CONCERNED
from amends.apps.cases.proceedings.broadcasting import tell_concerned
from amends.apps.cases.proceedings.concerning import tell_proposals
from amends.apps.cases.proceedings.reminding import remind_of_periods, remind_of_what_is_missing
from amends.apps.cases.reading_log import alert_about_much_reading
from amends.apps.cases.search import forget_old_words
from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.registry import job
from amends.apps.messaging.models import DepartmentWay, InboundText, NoticeWay
from amends.apps.messaging.outbound import AnswerLost, NotReached
from amends.apps.messaging.robots import RobotRefused


@job("clock_sweep")
def sweep_clocks(args: dict[str, Any]) -> None:
    """Remind and mark; goes on while a full batch was due."""
    while sweep_due_cases(now=timezone.now()) >= 200:
        pass


@job("remind_of_periods")
def remind_of_what_recurs(args: dict[str, Any]) -> None:
    """Once a day: meetings and reviews that are due, and what is missing of what people hand in by period."""
    remind_of_periods(now=timezone.now())
    remind_of_what_is_missing(now=timezone.now())
    tell_proposals(now=timezone.now())


@job(TELL_CONCERNED, limit=timedelta(minutes=10))
def tell_customers_concerned(args: dict[str, Any]) -> None:
    """Send the message of a notice on a known problem to the customers whom it concerns."""
    since = datetime.fromisoformat(args["at"])
    tell_concerned(Proceeding.objects.get(pk=args["proceeding"]), since=since, now=timezone.now())


@job("send_portal_code", once=True)
def send_portal_code(args: dict[str, Any]) -> None:
    """Make the code that somebody asked for, if what they typed belongs together."""
    send_code(PortalCode.objects.get(pk=args["request"]), now=timezone.now())


@job("forget_old_words", limit=timedelta(minutes=30))
def forget_words_of_the_erased(args: dict[str, Any]) -> None:
    """After somebody was erased: what their cases were found by leaves the index for good."""
    forget_old_words()


@job("place_text", once=True)
def place_text_message(args: dict[str, Any]) -> None:
    """Put what somebody sent by text message on their case, or on the list of those to be assigned."""
    text = InboundText.objects.filter(pk=args["text"]).first()
    if text is not None:
        place_text(text, now=timezone.now())


@job("carry_notices")
def carry_notices(args: dict[str, Any]) -> None:
    """Every two minutes: a job for each person or department whose notices wait, so that no robot holds up another."""
    now = timezone.now()
    for way in ways_waiting(now)[:1000]:
        enqueue("carry_to", {"way": way.pk}, now=now, unique_key=f"carry_to:{way.pk}@{now:%Y%m%d%H%M}")
    for common in department_ways_waiting(now)[:1000]:
        key = f"tell_department:{common.pk}@{now:%Y%m%d%H%M}"
        enqueue("tell_department", {"way": common.pk}, now=now, unique_key=key)


@job("carry_to", permanent_errors=(RobotRefused,))
def carry_to_person(args: dict[str, Any]) -> None:
    """Carry the notices of one person; what their robot says against it stands on their account page."""
    way = NoticeWay.objects.select_related("person").filter(pk=args["way"]).first()
    if way is None:
        return
    try:
        carry(way, now=timezone.now())
    except (RobotRefused, NotReached, AnswerLost) as error:
        NoticeWay.objects.filter(pk=way.pk).update(error=type(error).__name__)
        raise


@job("tell_department", permanent_errors=(RobotRefused,))
def tell_department_in_its_channel(args: dict[str, Any]) -> None:
    """Say what waits in the common channel of one department; what its robot says against it stands on the department's page."""
    way = DepartmentWay.objects.filter(pk=args["way"]).first()
    if way is None:
        return
    try:
        tell_department(way, now=timezone.now())
    except (RobotRefused, NotReached, AnswerLost) as error:
        DepartmentWay.objects.filter(pk=way.pk).update(error=type(error).__name__)
        raise


@job("morning_digests")
def morning_digests(args: dict[str, Any]) -> None:
    """In the morning: what is due today, to each who wants it."""
    now = timezone.now()
    for way in NoticeWay.objects.filter(digest=True, person__is_active=True).order_by("pk"):
        enqueue("send_digest", {"way": way.pk}, now=now, unique_key=f"send_digest:{way.pk}@{now:%Y%m%d}")


@job("send_digest", permanent_errors=(RobotRefused,))
def send_digest_to(args: dict[str, Any]) -> None:
    """The digest of one person."""
    way = NoticeWay.objects.select_related("person").filter(pk=args["way"]).first()
    if way is not None:
        send_digest(way, now=timezone.now())


@job("make_preview")
def make_preview_of_file(args: dict[str, Any]) -> None:
    """Draw the pictures of one file of a case."""
    file = EvidenceFile.objects.filter(pk=args["file"]).first()
    if file is not None:
        make_preview(file, now=timezone.now())


@job("order_previews")
def order_missing_previews(args: dict[str, Any]) -> None:
    """Have previews made of files that have none, a thousand a time."""
    now = timezone.now()
    for file in without_preview().order_by("pk")[:1000]:
        order_preview(file, now=now)


MOVED_AT_ONCE = 50
LONGEST_TURN = 30.0
"""After so many seconds a long move lets other jobs have their turn."""


@job(MOVE_CASES)
def move_cases(args: dict[str, Any]) -> None:
    """Work off the list of a move in batches; what is left after a turn goes on in a further job."""
    move = VersionMove.objects.select_related("desk").get(pk=args["move"])
    began = time.monotonic()
    while not work_off(move, now=timezone.now(), most=MOVED_AT_ONCE):
        if time.monotonic() - began > LONGEST_TURN:
            enqueue(MOVE_CASES, {"move": move.pk}, now=timezone.now())
            return


@job("watch_reading")
def watch_reading(args: dict[str, Any]) -> None:
    """Tell those who audit a desk when somebody looked at unusually many cases."""
    alert_about_much_reading(now=timezone.now())


@job("forget_ignored_posts")
def forget_old_ignored_posts(args: dict[str, Any]) -> None:
    """Every night: what ignored posts said goes after the days that the operator keeps it."""
    before = timezone.now() - timedelta(days=settings.KEEP_IGNORED_DAYS)
    while forget_ignored_posts(before=before):
        pass


@job("remove_leftovers")
def remove_leftovers(args: dict[str, Any]) -> None:
    """Files that nothing refers to go after a day, answers kept for repeated requests after two, drafts after thirty, and
    who had a form open at once.

    What customers typed stays for a week; files stay as long as a draft may name them. Numbers of calls go once nobody can
    take them any more. Of requests for a code only those stay that showed an address to be reached.
    """
    now = timezone.now()
    portal_drafts().filter(saved_at__lt=now - PORTAL_DRAFT_LIVES).delete()
    remove_unattached(now=now)
    remove_unreferenced(now=now)
    IdempotencyKey.objects.filter(created_at__lt=now - timedelta(days=2)).delete()
    Draft.objects.filter(saved_at__lt=now - timedelta(days=30)).delete()
    forget_ended(now=now)
    IncomingCall.objects.filter(created_at__lt=now - WAITS).delete()
    PortalCode.objects.filter(created_at__lt=now - timedelta(days=2), used_at=None).delete()
