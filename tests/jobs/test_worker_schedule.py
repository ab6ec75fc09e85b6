"""The timetable enqueues each period once, whatever the clock does."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from amends.apps.deferred.actions import claim_next, finish
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import load_kinds, registered_kinds
from amends.jobs.management.commands import worker
from amends.jobs.management.commands.worker import ClockJumps
from amends.jobs.schedule import SCHEDULES, Schedule, Timetable

NOW = datetime(2026, 3, 1, 2, 0, 10, tzinfo=UTC)
HOURLY = (Schedule("checkpoint", every=timedelta(hours=1)),)


@pytest.fixture(autouse=True)
def kinds():
    load_kinds()


def enqueued():
    return list(Job.objects.order_by("id").values_list("unique_key", flat=True))


def work_off(now):
    while (job := claim_next(now=now, worker="worker")) is not None:
        finish(job, now=now)


@pytest.mark.parametrize(
    ("schedule", "now", "start"),
    [
        (Schedule("x", every=timedelta(seconds=30)), NOW, NOW.replace(second=0)),
        (Schedule("x", every=timedelta(hours=1)), NOW, NOW.replace(minute=0, second=0)),
        (
            Schedule("x", every=timedelta(days=1), offset=timedelta(hours=19)),
            NOW,
            datetime(2026, 2, 28, 19, tzinfo=UTC),
        ),
        (
            Schedule("x", every=timedelta(days=1), offset=timedelta(hours=19)),
            datetime(2028, 2, 29, 19, tzinfo=UTC),
            datetime(2028, 2, 29, 19, tzinfo=UTC),
        ),
    ],
)
def test_a_period_begins_at_a_full_multiple(schedule, now, start):
    assert schedule.period_start(now) == start


def test_every_scheduled_kind_is_registered():
    assert {schedule.kind for schedule in SCHEDULES} <= registered_kinds()


@pytest.mark.django_db
def test_a_period_is_enqueued_once_by_any_number_of_workers():
    for _ in range(3):
        Timetable(HOURLY).enqueue_due(NOW)

    assert enqueued() == ["checkpoint@2026-03-01T02:00:00Z"]


@pytest.mark.django_db
def test_a_period_already_seen_costs_no_query(django_assert_num_queries):
    timetable = Timetable(HOURLY)
    timetable.enqueue_due(NOW)

    with django_assert_num_queries(0):
        assert timetable.enqueue_due(NOW + timedelta(minutes=30)) == 0


@pytest.mark.django_db
def test_periods_missed_while_nothing_ran_are_not_made_up_for():
    timetable = Timetable(HOURLY)
    timetable.enqueue_due(NOW)
    timetable.enqueue_due(NOW + timedelta(days=3))

    assert enqueued() == ["checkpoint@2026-03-01T02:00:00Z", "checkpoint@2026-03-04T02:00:00Z"]


@pytest.mark.django_db
@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
def test_schedules_go_on_after_the_clock_was_set_back(back):
    timetable = Timetable(HOURLY)
    moments = [NOW - back, NOW - back + timedelta(hours=1), NOW, NOW + timedelta(hours=1)]
    for moment in moments:
        timetable.enqueue_due(moment)
        work_off(moment)
    before = Job.objects.count()

    for moment in moments:
        Timetable(HOURLY).enqueue_due(moment)
        timetable.enqueue_due(moment)
        work_off(moment)

    again = len(set(moments) - {max(moments)})
    assert Job.objects.count() == before + again
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}


@pytest.mark.django_db
def test_a_neighbour_s_clock_a_little_ahead_makes_nothing_run_twice():
    Timetable(HOURLY).enqueue_due(NOW + timedelta(seconds=50))
    Timetable(HOURLY).enqueue_due(NOW)

    assert enqueued() == ["checkpoint@2026-03-01T02:00:00Z"]


def test_a_jump_of_the_wall_clock_holds_leases_for_a_heartbeat():
    wall, steady = [1000.0], [10.0]
    jumps = ClockJumps(wall=lambda: wall[0], steady=lambda: steady[0])
    assert not jumps.settling()

    wall[0] += 86400
    assert jumps.settling()
    steady[0] += 19
    wall[0] += 19
    assert jumps.settling()
    steady[0] += 2
    wall[0] += 2
    assert not jumps.settling()


class Stop:
    """Stands for the end of a worker: it comes when no work is left, and the pauses until then are written down."""

    def __init__(self) -> None:
        self.is_over = False
        self.pauses: list[float] = []

    def is_set(self) -> bool:
        return self.is_over

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.django_db
def test_after_long_work_others_get_their_turn_at_the_embedded_database(monkeypatch):
    """Without it whoever signs in while a demo is made waits for a gap between two jobs, and misses it again and again."""
    stop, steady, left = Stop(), [0.0], [0.8, 0.01, 0.8]

    def run_next(**_):
        steady[0] += left.pop()
        stop.is_over = not left
        return Job(kind="any")

    monkeypatch.setattr(worker, "run_next", run_next)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: steady[0], time=lambda: steady[0]))
    monkeypatch.setattr(worker.connection, "vendor", "sqlite", raising=False)

    worker.run_for_ever(worker="one", timetable=Timetable(()), stop=stop)

    assert stop.pauses == [worker.TURN, worker.TURN]
