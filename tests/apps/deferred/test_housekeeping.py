"""What runs by the clock and belongs to no other app."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import load_kinds
from amends.apps.deferred.runner import run_next
from amends.apps.ledger.actions import append_many, open_chain
from amends.apps.ledger.checkpoints import anchor_file, read_anchors
from tests.apps.ledger.ledgers import drafts

pytestmark = pytest.mark.django_db


def run(kind):
    load_kinds()
    enqueue(kind, {}, now=timezone.now())
    return run_next(worker="worker", clock=timezone.now)


def test_checkpoints_are_signed_and_leave_the_database(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.ANCHOR_URL = f"file://{tmp_path}/elsewhere/anchors.jsonl"
    append_many(drafts(open_chain(kind="case", key="case:1"), 3))

    assert run("checkpoint").state == Job.State.DONE

    assert [(anchor.n, anchor.count) for anchor in read_anchors(anchor_file(settings.ANCHOR_URL))] == [(1, 3)]


def test_a_place_that_takes_no_anchors_is_tried_again(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.ANCHOR_URL = "mailto:audit@example.com"
    append_many(drafts(open_chain(kind="case", key="case:1"), 3))

    job = run("checkpoint")

    assert (job.state, job.error.split()[0]) == (Job.State.WAITING, "AnchorError")


def test_ended_sessions_are_forgotten():
    for name, days in (("ended", -1), ("going_on", 1)):
        expire_date = timezone.now() + timedelta(days=days)
        Session.objects.create(session_key=name, session_data="", expire_date=expire_date)

    run("forget_ended_sessions")

    assert [session.session_key for session in Session.objects.all()] == ["going_on"]


def test_finished_jobs_are_forgotten():
    long_ago = timezone.now() - timedelta(days=8)
    Job.objects.create(kind="old", state=Job.State.DONE, created_at=long_ago, finished_at=long_ago)

    run("forget_finished_jobs")

    assert [job.kind for job in Job.objects.all()] == ["forget_finished_jobs"]
