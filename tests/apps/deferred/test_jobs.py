"""Jobs: written with the change that asks for them, leased, tried again, parked, never in each other's way."""

import signal
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from amends.apps.deferred import registry
from amends.apps.deferred.actions import (
    LEASE,
    TRIES,
    claim_next,
    discard_parked,
    enqueue,
    fail,
    finish,
    forget_finished,
    parked_jobs,
    pause_before,
    renew_lease,
    retry_parked,
)
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import job
from amends.apps.deferred.runner import run_next

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
State = Job.State


class Clock:
    """A clock that tests set forward."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ran(monkeypatch):
    """Kinds for one test, and what they were run with."""
    monkeypatch.setattr(registry, "_KINDS", {})
    seen = []

    @job("note")
    def note(args):
        seen.append(args)

    return seen


def run(clock, *, worker="worker"):
    return run_next(worker=worker, clock=clock)


def run_all(clock):
    jobs = []
    while (ran_job := run(clock)) is not None:
        jobs.append(ran_job)
    return jobs


def stored(job_id):
    return Job.objects.get(pk=job_id)


def test_a_job_runs_with_its_arguments_and_is_done(clock, ran):
    enqueued = enqueue("note", {"case": 7, "code": "sms", "urgent": True}, now=NOW)

    run_all(clock)

    assert ran == [{"case": 7, "code": "sms", "urgent": True}]
    done = stored(enqueued.pk)
    assert (done.state, done.attempts, done.error, done.finished_at) == (State.DONE, 1, "", NOW)


def test_a_rolled_back_change_leaves_no_job(clock, ran):
    with transaction.atomic():
        enqueue("note", {}, now=NOW)
        transaction.set_rollback(True)

    assert run(clock) is None
    assert Job.objects.count() == 0


def test_a_job_waits_for_its_time(clock, ran):
    enqueue("note", {}, now=NOW, run_at=NOW + timedelta(minutes=5))

    assert run(clock) is None
    clock.forward(minutes=5)
    assert run(clock).state == State.DONE


def test_the_same_key_makes_one_job(clock, ran):
    first = enqueue("note", {"n": 1}, now=NOW, unique_key="send:1")
    assert enqueue("note", {"n": 2}, now=NOW, unique_key="send:1").pk == first.pk
    run_all(clock)
    assert enqueue("note", {"n": 3}, now=NOW, unique_key="send:1").state == State.DONE

    assert run_all(clock) == []
    assert ran == [{"n": 1}]


def test_lower_priority_numbers_run_first_then_the_older(clock, ran):
    for n, priority in ((1, 5), (2, 0), (3, 0), (4, -1)):
        enqueue("note", {"n": n}, now=NOW, priority=priority)

    run_all(clock)

    assert ran == [{"n": 4}, {"n": 2}, {"n": 3}, {"n": 1}]


@pytest.mark.parametrize("value", [{"a": 1}, [1], 0.5, b"x", "x" * 201])
def test_texts_and_structures_do_not_belong_into_jobs(value):
    with pytest.raises(ValueError, match="an id or a code"):
        enqueue("note", {"value": value}, now=NOW)


def test_two_workers_claim_different_jobs():
    for n in range(10):
        enqueue("note", {"n": n}, now=NOW)

    claims = [claim_next(now=NOW, worker=worker) for _ in range(5) for worker in ("one", "two")]

    assert len({claim.pk for claim in claims}) == 10
    assert claim_next(now=NOW, worker="one") is None


def test_a_claim_that_somebody_else_made_first_goes_to_the_next_job(monkeypatch):
    first, second = (enqueue("note", {"n": n}, now=NOW) for n in range(2))
    stale = [stored(first.pk), stored(second.pk)]
    claim_next(now=NOW, worker="one")
    monkeypatch.setattr("amends.apps.deferred.actions._candidates", lambda now, reclaim: iter(stale))

    assert claim_next(now=NOW, worker="two").pk == second.pk


def test_a_dead_worker_s_job_runs_again_within_60_seconds(clock, ran):
    enqueued = enqueue("note", {}, now=NOW)
    claim_next(now=NOW, worker="dies")

    clock.forward(seconds=44)
    assert run(clock) is None
    clock.forward(seconds=16)
    assert run(clock).pk == enqueued.pk
    assert (ran, stored(enqueued.pk).attempts) == ([{}], 2)


def test_a_renewed_lease_keeps_the_job():
    enqueue("note", {}, now=NOW)
    held = claim_next(now=NOW, worker="slow")

    assert renew_lease(held, now=NOW + timedelta(seconds=30))
    assert claim_next(now=NOW + timedelta(seconds=60), worker="other") is None


def test_who_lost_the_lease_can_neither_renew_nor_finish_nor_fail():
    enqueue("note", {}, now=NOW)
    lost = claim_next(now=NOW, worker="slow")
    later = NOW + LEASE
    taken = claim_next(now=later, worker="other")

    assert not renew_lease(lost, now=later)
    assert not finish(lost, now=later)
    assert not fail(lost, now=later, error="E", permanent=False)
    assert (stored(taken.pk).state, stored(taken.pk).leased_by) == (State.RUNNING, taken.leased_by)


def test_the_effect_of_a_job_that_lost_its_lease_is_undone(clock, ran):
    @job("slow", once=True)
    def slow(args):
        enqueue("note", {}, now=NOW)
        Job.objects.filter(kind="slow").update(leased_by="somebody else")

    enqueue("slow", {}, now=NOW)

    run(clock)

    assert Job.objects.filter(kind="note").count() == 0


def test_a_failing_job_is_tried_six_times_with_growing_pauses_then_parked(clock, ran):
    @job("poison")
    def poison(args):
        raise RuntimeError("王女士 13800138000")

    enqueued = enqueue("poison", {"case": 1}, now=NOW)
    pauses = []
    while run(clock).state == State.WAITING:
        pauses.append((stored(enqueued.pk).run_at - clock.now).total_seconds())
        assert run(clock) is None
        clock.now = stored(enqueued.pk).run_at

    assert len(pauses) == TRIES - 1
    middles = (5, 15, 45, 135, 405)
    assert all(0.8 * middle <= pause <= 1.2 * middle for pause, middle in zip(pauses, middles, strict=True))
    parked = stored(enqueued.pk)
    assert (parked.state, parked.attempts) == (State.PARKED, 6)
    assert parked.error.startswith("RuntimeError at test_jobs.py:")
    assert "13800138000" not in parked.error


def test_pauses_differ_so_that_failures_do_not_march_in_step():
    assert len({pause_before(4) for _ in range(20)}) > 1
    assert max(pause_before(60) for _ in range(20)) <= timedelta(minutes=15)


def test_a_permanent_error_parks_at_once(clock, ran):
    @job("refused", permanent_errors=(KeyError,))
    def refused(args):
        raise KeyError

    enqueued = enqueue("refused", {}, now=NOW)
    run(clock)

    assert (stored(enqueued.pk).state, stored(enqueued.pk).attempts) == (State.PARKED, 1)


@pytest.mark.parametrize("args", ["[1]", "nothing", "", "\ufffd\ufffd"])
def test_arguments_that_cannot_be_read_park_at_once(clock, ran, args):
    bad = Job.objects.create(kind="note", args=args, created_at=NOW)
    run(clock)

    assert stored(bad.pk).state == State.PARKED


def test_a_kind_that_only_a_newer_version_knows_is_tried_again(clock, ran):
    enqueued = enqueue("not_yet", {}, now=NOW)
    run(clock)

    assert (stored(enqueued.pk).state, stored(enqueued.pk).error.split()[0]) == (State.WAITING, "UnknownKind")


def test_a_job_that_hangs_is_broken_off(clock, ran):
    @job("hang", limit=timedelta(milliseconds=30))
    def hang(args):
        while True:
            signal.pause()

    enqueued = enqueue("hang", {}, now=NOW)
    run(clock)

    assert (stored(enqueued.pk).state, stored(enqueued.pk).error.split()[0]) == (State.WAITING, "TookTooLong")
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_job_that_catches_everything_is_broken_off_all_the_same(clock, ran):
    @job("hang", limit=timedelta(milliseconds=30))
    def hang(args):
        while True:
            try:
                signal.pause()
            except Exception:
                continue

    enqueued = enqueue("hang", {}, now=NOW)
    run(clock)

    assert stored(enqueued.pk).error.split()[0] == "TookTooLong"


def test_a_job_whose_worker_died_six_times_is_parked(clock, ran):
    enqueued = enqueue("note", {}, now=NOW)
    for _ in range(6):
        assert claim_next(now=clock.now, worker="dies").pk == enqueued.pk
        clock.forward(seconds=45)

    assert run(clock) is None
    assert (stored(enqueued.pk).state, stored(enqueued.pk).error) == (State.PARKED, "WorkerDied")
    assert ran == []


def test_poison_does_not_stop_the_others(clock, ran):
    @job("poison")
    def poison(args):
        raise RuntimeError

    for n in range(100):
        enqueue("note", {"n": n}, now=NOW)
        if n % 10 == 0:
            enqueue("poison", {}, now=NOW)
    for _ in range(10):
        run_all(clock)
        clock.forward(hours=1)

    assert [args["n"] for args in ran] == list(range(100))
    assert {parked.attempts for parked in parked_jobs()} == {6}
    assert len(parked_jobs()) == 10


def test_a_parked_job_can_be_retried_with_six_fresh_tries(clock, ran):
    parked = Job.objects.create(kind="note", state=State.PARKED, attempts=6, created_at=NOW)

    assert retry_parked(parked.pk)
    assert run(clock).state == State.DONE
    assert not retry_parked(parked.pk)


def test_a_parked_job_can_be_given_up(clock, ran):
    parked = Job.objects.create(kind="note", state=State.PARKED, attempts=6, created_at=NOW)

    assert discard_parked(parked.pk, now=NOW)
    assert run(clock) is None
    assert (stored(parked.pk).state, stored(parked.pk).error) == (State.DONE, "discarded")
    assert not discard_parked(parked.pk, now=NOW)


def test_jobs_done_long_ago_are_forgotten_and_parked_ones_are_not(clock, ran):
    enqueue("note", {}, now=NOW)
    run(clock)
    Job.objects.create(kind="note", state=State.PARKED, created_at=NOW)

    assert forget_finished(now=NOW + timedelta(days=7)) == 0
    assert forget_finished(now=NOW + timedelta(days=8)) == 1
    assert [left.state for left in Job.objects.all()] == [State.PARKED]


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-1), timedelta(days=1)])
def test_an_immediate_job_runs_although_the_clock_jumped(clock, ran, jump):
    enqueue("note", {}, now=NOW)
    clock.now += jump

    assert run(clock).state == State.DONE


def test_a_retry_is_not_put_off_by_a_clock_that_was_set_back(clock, ran):
    enqueued = enqueue("unknown", {}, now=NOW)
    run(clock)
    clock.forward(days=-1)

    assert run(clock).pk == enqueued.pk


def test_a_lease_given_before_the_clock_was_set_back_runs_out(clock, ran):
    enqueued = enqueue("note", {}, now=NOW)
    claim_next(now=NOW, worker="dies")
    clock.forward(days=-1)

    assert run(clock).pk == enqueued.pk


def test_leases_are_left_alone_while_the_clock_settles():
    enqueue("note", {}, now=NOW)
    claim_next(now=NOW, worker="alive")

    assert claim_next(now=NOW + timedelta(days=1), worker="other", reclaim=False) is None


def test_two_jobs_cannot_have_one_name(ran):
    with pytest.raises(ValueError, match="two jobs are called note"):
        job("note")(lambda args: None)
