"""Figures of real imported data, worked out a second time from nothing but the raw events of the ledger: equal to the last digit."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from amends.apps.reporting.figures import Question, cases_behind, counted_by, figures
from amends.core.periods import Period
from amends.core.policy.kpis import Indicator
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MAPPINGS = Path(__file__).resolve().parents[3] / "docs" / "mappings"
SHANGHAI = timezone(timedelta(hours=8))
WHOLE = Period(date(2017, 1, 1), date(2026, 12, 31))
ROWS = 600
FILES = {
    "nyc_council": ("nyc_council/cases.csv.gz", "escalation", "cs_supervisor", "category"),
    "zh_gov_category": ("zh_gov_category/fulltext.csv.gz", "reporting", "team_lead", "complaint_type"),
}


@pytest.fixture
def imported(request, real_data, tmp_path, settings, capsys):
    """A desk with the first rows of a real file, and who sees all of it."""
    file, desk, role, field = FILES[request.param]
    settings.VAR_DIR = tmp_path / "var"
    publish_shipped((desk,), now=NOW)
    world = open_world(desk, now=NOW)
    shorter = tmp_path / "first_rows.csv"
    with (
        gzip.open(real_data / file, "rt", encoding="utf-8", newline="") as source,
        shorter.open("w", newline="") as target,
    ):
        csv.writer(target).writerows(itertools.islice(csv.reader(source), ROWS + 1))
    call_command(
        "import_cases", str(shorter), "--mapping", str(MAPPINGS / f"{request.param}.yaml"), "--json", "--processes", "1"
    )
    capsys.readouterr()
    return world, world.viewer(role), field


def raw_lives(field):
    """Day of receipt, seconds until the source closed it, day of that, and main category of every case: from payloads alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM ledger_event WHERE kind = 'take_over'")
        payloads = [json.loads(row[0]) for row in cursor.fetchall()]
    for payload in payloads:
        entered = payload["set"]
        received = datetime.fromisoformat(entered["received_at"].replace("Z", "+00:00"))
        closed = entered.get("source_closed_at")
        end = datetime.fromisoformat(closed.replace("Z", "+00:00")) if closed else None
        category = entered.get(field) or ""
        yield (
            received.astimezone(SHANGHAI).date(), int((end - received).total_seconds()) if end else None,
            end.astimezone(SHANGHAI).date() if end else None, category.split("/")[0],
        )  # fmt: skip


def by_hand(seconds, digits="0.1"):
    """Mean in hours, rounded half up."""
    exact = Decimal(sum(seconds)) / Decimal(len(seconds)) / Decimal(3600)
    return exact.quantize(Decimal(digits), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("imported", FILES, indirect=True)
def test_what_is_worked_out_again_from_raw_events_agrees_to_the_last_digit(imported):
    world, viewer, field = imported
    lives = list(raw_lives(field))
    assert len(lives) > ROWS * 0.9

    within = [life for life in lives if WHOLE.first <= life[0] <= WHOLE.last]
    months = Counter((received.replace(day=1), category) for received, _, _, category in within)
    counted = counted_by(viewer, world.desk, WHOLE, by=("month", "category"))
    assert counted == dict(months)
    assert sum(counted.values()) == len(within) > 0

    spans = defaultdict(list)
    for _, seconds, closed_on, category in lives:
        if seconds is not None and WHOLE.first <= closed_on <= WHOLE.last:
            spans[category].append(seconds)
    mean = Indicator.model_validate(
        {
            "id": "closing",
            "title": {"zh-Hans": "closing"},
            "kind": "mean",
            "of": "closing",
            "by": "closed",
            "unit": "hours",
        }
    )
    question = Question(world.desk, mean, WHOLE, ("category",))
    found = {one.group: one for one in figures(viewer, question) if one.has_value}
    assert {key[0]: one.result.value for key, one in found.items()} == {
        key: by_hand(some) for key, some in spans.items()
    }
    assert {key[0]: one.result.sample for key, one in found.items()} == {key: len(some) for key, some in spans.items()}
    for key, one in found.items():
        assert cases_behind(viewer, question, group=key, part="counted").count() == one.result.sample

    nine_in_ten = mean.model_copy(update={"kind": "percentile", "percent": 90})
    (figure,) = figures(viewer, Question(world.desk, nine_in_ten, WHOLE))
    ordered = sorted(seconds for some in spans.values() for seconds in some)
    rank = ordered[-(-len(ordered) * 90 // 100) - 1] if ordered else None
    assert figure.result.value == (None if rank is None else by_hand([rank]))
