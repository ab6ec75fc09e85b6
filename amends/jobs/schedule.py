"""What runs by the clock: a closed table, in UTC.

Each period of a schedule is enqueued once, whichever worker sees it first. Periods that passed while nothing ran are
not made up for: each job looks at everything that is due, so the present one is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import registered_kinds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may lie apart without one of them counting as set back."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job that is due once in every period; periods begin `offset` after midnight or the full period."""

    kind: str
    every: timedelta
    offset: timedelta = timedelta(0)

    def period_start(self, now: datetime) -> datetime:
        """When the period that `now` lies in began."""
        begun = EPOCH + self.offset
        return begun + (now - begun) // self.every * self.every


# Nights are those of China: 19:00 UTC is 03:00 there.
SCHEDULES: tuple[Schedule, ...] = (
    Schedule("clock_sweep", every=timedelta(seconds=30)),
    Schedule("poll_mailboxes", every=timedelta(minutes=1)),
    Schedule("checkpoint", every=timedelta(hours=1)),
    Schedule("watch_reading", every=timedelta(minutes=15)),
    Schedule("raise_gaps", every=timedelta(days=1), offset=timedelta(hours=23)),
    Schedule("forget_finished_jobs", every=timedelta(days=1), offset=timedelta(hours=19)),
    Schedule("remind_of_periods", every=timedelta(days=1), offset=timedelta(hours=0)),
    # Twenty minutes past midnight in China, on the first day after a period and every day after it until it stands.
    Schedule("write_documents", every=timedelta(days=1), offset=timedelta(hours=16, minutes=20)),
    Schedule("settle_days", every=timedelta(days=1), offset=timedelta(hours=19, minutes=40)),
    Schedule("run_survey_plans", every=timedelta(days=1), offset=timedelta(hours=1)),
    Schedule("look_for_warnings", every=timedelta(hours=1), offset=timedelta(minutes=10)),
    Schedule("look_ahead", every=timedelta(days=1), offset=timedelta(hours=18)),
    Schedule("order_previews", every=timedelta(hours=1), offset=timedelta(minutes=25)),
    Schedule("remove_leftovers", every=timedelta(days=1), offset=timedelta(hours=19, minutes=5)),
    Schedule("remove_exports", every=timedelta(hours=1), offset=timedelta(minutes=20)),
    Schedule("forget_old_studies", every=timedelta(days=1), offset=timedelta(hours=19, minutes=30)),
    Schedule("forget_ended_sessions", every=timedelta(days=1), offset=timedelta(hours=19, minutes=10)),
    Schedule("expire_archive_packages", every=timedelta(hours=1), offset=timedelta(minutes=20)),
    Schedule("carry_notices", every=timedelta(minutes=2)),
    # 08:30 in China.
    Schedule("morning_digests", every=timedelta(days=1), offset=timedelta(minutes=30)),
    Schedule("look_after_messages", every=timedelta(minutes=10)),
    Schedule("collect_texts", every=timedelta(minutes=5)),
    Schedule("forget_ignored_mails", every=timedelta(days=1), offset=timedelta(hours=19, minutes=20)),
    Schedule("forget_ignored_posts", every=timedelta(days=1), offset=timedelta(hours=19, minutes=25)),
    Schedule("forget_sent_secrets", every=timedelta(days=1), offset=timedelta(hours=19, minutes=15)),
)


@dataclass(slots=True)
class Timetable:
    """Enqueues what the schedules ask for; remembers the period it last saw, so that most asks cost no query."""

    schedules: Sequence[Schedule] = SCHEDULES
    seen: dict[str, datetime] = field(default_factory=dict)

    def enqueue_due(self, now: datetime) -> int:
        """Enqueue every schedule whose period is new to this worker, and return how many there were.

        Kinds that no app of this version registers are left out.
        """
        known = registered_kinds()
        new = [
            (schedule, start)
            for schedule in self.schedules
            if schedule.kind in known and self.seen.get(schedule.kind) != (start := schedule.period_start(now))
        ]
        for schedule, start in new:
            enqueue(schedule.kind, {}, now=now, run_at=start, unique_key=_period_key(schedule.kind, start, now))
            self.seen[schedule.kind] = start
        return len(new)


def _period_key(kind: str, start: datetime, now: datetime) -> str:
    """One key a period. After the clock was set back, periods that already ran get a new key: sweeps must go on."""
    key = f"{kind}@{start:%Y-%m-%dT%H:%M:%SZ}"
    future = Job.objects.filter(created_at__gt=now + SKEW, kind=kind).order_by("-id").values_list("id", flat=True)
    again = future.first()
    return key if again is None else f"{key}~{again}"
