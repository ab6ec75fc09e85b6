"""What a demo desk has made of its cases: tests passed, reports released, periods analysed, conformity looked at.

Read from `packs/<id>/demo/around.yaml` and done through the same functions as on a real desk. Nothing leaves the house.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.queries import Viewer
from amends.apps.outlook.analyses import analyse
from amends.apps.outlook.figures import take_figures
from amends.apps.people.models import Person
from amends.apps.policies.files import Place
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.writing import begin_document
from amends.apps.studies.asking import ask_for_conformity
from amends.apps.studies.conformity import Asked
from amends.apps.training.learning import begin_test, hand_in
from amends.core.documents import period_before
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.policy.training import ExamQuestion
from amends.jobs.stories.moments import read_span
from amends.jobs.stories.playing import stage_of
from amends.jobs.stories.recording import keep_record
from amends.jobs.stories.script import Story, step_from

TEST_TAKES = timedelta(minutes=14)
MORNING = time(9, 40)
EARLY = time(6, 10)
"""When the documents of a period that is over are begun."""


@dataclass(frozen=True, slots=True)
class Knowing:
    """A demo desk that looks at its cases, at the end of its stories."""

    desk: Desk
    now: datetime

    @property
    def pack(self) -> Pack:
        return pack_in_force(self.desk, self.now)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def ago(self, span: str) -> datetime:
        """So many hours before now: `5h`."""
        return self.now - timedelta(hours=read_span(span).count)

    def morning(self, span: str) -> datetime:
        """The morning of the day so many hours before now."""
        return datetime.combine(self.ago(span).astimezone(self.zone).date(), MORNING, tzinfo=self.zone)

    def holders(self, role: str) -> list[Person]:
        """Everybody of the demo who has a role."""
        found = Person.objects.filter(is_demo=True, is_active=True, username__startswith=f"{self.desk.code}.")
        return list(found.filter(username__endswith=f".{role}").order_by("pk"))


def look_at_the_cases(desk: Desk, told: Mapping[str, Any], *, now: datetime) -> None:
    """Do what the demo of the desk's pack tells of its training, reports, analyses and studies."""
    known = Knowing(desk, now)
    for line in told.get("training", ()):
        _pass_tests(known, line)
    for line in told.get("figures", ()):
        _take_in_figures(known, line)
    for kind, steps in told.get("reports", {}).items():
        _write_report(known, kind, steps)
    for line in told.get("analyses", ()):
        _analyse(known, line)
    for line in told.get("conformity", ()):
        _look_at_conformity(known, line)


def _pass_tests(known: Knowing, line: Mapping[str, Any]) -> None:
    """The holders of some roles take the test of a module; `wrong` of the questions are answered wrong."""
    bank = known.pack.training.banks[known.pack.training.modules[line["module"]].bank]
    questions = {question.id: question for question in bank.questions}
    for role in line["by"]:
        for n, person in enumerate(known.holders(role)):
            begun_at = known.morning(line["ago"]) + timedelta(minutes=25 * n)
            attempt = begin_test(known.desk, line["module"], person, now=begun_at)
            wrong = attempt.asked[: line.get("wrong", 0)]
            answers = {name: _answer(questions[name], wrong=name in wrong) for name in attempt.asked}
            hand_in(attempt, answers, now=begun_at + TEST_TAKES)


def _answer(question: ExamQuestion, *, wrong: bool) -> list[str]:
    if not wrong:
        return list(question.right)
    return [next(name for name in (*question.options, "yes", "no") if name not in question.right)]


def _take_in_figures(known: Knowing, line: Mapping[str, Any]) -> None:
    by = next(iter(known.holders(line["by"])), None)
    if by is None:
        return
    rows = [
        f"{place},{(known.today - timedelta(days=days)).isoformat()},{count}" for place, days, count in line["rows"]
    ]
    take_figures(known.desk, known.pack, line["measure"], "\n".join(rows).encode(), by=by, now=known.now)


def _write_report(known: Knowing, kind: str, steps: Iterable[Mapping[str, Any]]) -> None:
    """The document of the last period, begun the morning after it and taken on by its steps."""
    document = known.pack.reports.documents[kind]
    period = period_before(document.period, known.today)
    if period is None:
        return
    begun_at = datetime.combine(period.last + timedelta(days=1), EARLY, tzinfo=known.zone)
    begun = begin_document(known.desk, document, period, now=begun_at)
    taken = tuple(step_from({**step, "in": document.proceeding}, Place(Path(kind), 1)) for step in steps)
    if taken:
        stage = stage_of(known.desk, now=known.now, subjects={})
        story = Story(kind, begun.subject, taken, {}, taken[0].place, document.proceeding)
        keep_record(story, stage, now=known.now, begun=begun)


def _analyse(known: Knowing, line: Mapping[str, Any]) -> None:
    by = next(iter(known.holders(line["by"])), None)
    last = known.today.replace(day=1) - timedelta(days=1)
    first = last - timedelta(days=int(line["days"]) - 1)
    analyse(known.desk, known.pack, first, last, comment=line["comment"], by=by, now=known.ago("20h"))


def _look_at_conformity(known: Knowing, line: Mapping[str, Any]) -> None:
    for person in known.holders(line["by"])[:1]:
        period = Period(known.today - timedelta(days=int(line["days"])), known.today)
        ask_for_conformity(Viewer(person, known.now), Asked(known.desk, period))
