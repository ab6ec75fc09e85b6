"""Several processes at one piece of work come to what one comes to, each with its own connection to the same database."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum

from amends.apps.deferred.processes import shared_out
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.apps.reporting.rows.days import DAY_COUNTS, DAY_KEYS
from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint
from tests.doors import START, Clock, Office
from tests.world import open_world, publish_shipped

PACKS = Path(__file__).parents[2] / "packs"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """A desk whose cases are committed: other processes see them."""
    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    publish_shipped(("escalation",), now=START)
    world = open_world("escalation", now=START)
    clock.worlds.append(world)
    return Office(world, clock)


def test_a_draft_over_cases_that_several_processes_read_says_the_same(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint(office, *TO_TOLD)
    office.clock.later(days=1)
    complaint(office)
    folder = tmp_path / "draft"
    shutil.copytree(PACKS / "escalation", folder)
    (folder / "examples.yaml").write_text("[]\n", encoding="utf-8")
    levels = folder / "levels.yaml"
    was, becomes = "otherwise: {setting: level_without_criterion}", "otherwise: level_2"
    assert was in levels.read_text(encoding="utf-8")
    levels.write_text(levels.read_text(encoding="utf-8").replace(was, becomes), encoding="utf-8")
    monkeypatch.setattr("amends.apps.studies.what_if.WORTH_PROCESSES", 1)
    monkeypatch.setattr("amends.apps.studies.what_if.AT_ONCE", 1)

    by_one, by_two = (simulated(office, folder, tmp_path / f"{number}.json", number) for number in (1, 2))
    assert by_one["sums"]["differing"] == 2
    assert by_two == by_one


def simulated(office: Office, folder: Path, output: Path, processes: int) -> dict[str, Any]:
    said = StringIO()
    arguments = ("--since", "2026-03-01", "--desk", office.world.desk.code, "--processes", str(processes))
    call_command("pack", "simulate", str(folder), *arguments, "--json", "--output", str(output), stdout=said)
    return {"sums": json.loads(said.getvalue()), "written": json.loads(output.read_text(encoding="utf-8"))}


def test_figures_rebuilt_by_several_processes_are_those_of_the_verbs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.apps.reporting.rows.mending.AT_A_TIME", 1)
    complaint(office, *TO_TOLD)
    complaint(office)
    before = figures()
    StepFact.objects.update(seconds=1)
    CaseFact.objects.update(rounds=7)
    DayFact.objects.all().delete()
    call_command("rebuild_figures", "--processes", "2", "--json", stdout=StringIO())
    assert figures() == before


def figures() -> list[list[dict[str, Any]]]:
    """Every row that figures are read from, days as their sums; a row of a visit that was written again has another number."""
    days = DayFact.objects.values(*DAY_KEYS).annotate(*map(Sum, DAY_COUNTS)).order_by(*DAY_KEYS)
    visits = [{**row, "id": None} for row in StepFact.objects.order_by("case", "no").values()]
    counted = [row for row in days if any(row[f"{name}__sum"] for name in DAY_COUNTS)]
    return [list(CaseFact.objects.order_by("case").values()), visits, counted]


def test_what_a_process_refuses_reaches_whoever_asked(office: Office) -> None:
    with pytest.raises(CommandError):
        list(shared_out(call_command, ["rebuild_nothing"], 1))
    assert connection.is_usable()
