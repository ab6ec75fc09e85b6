"""Clocks over real case histories that nobody here wrote."""

import csv
import datetime as dt
import gzip

import pytest

from amends.core.clocks import ClockEvent, read_clock
from amends.core.working_time import SECOND
from tests.core.clock_cast import clock, daily
from tests.core.log_times import times_of

AMSTERDAM = daily("Europe/Amsterdam", ("00:00", "24:00"))


def rows_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as log:
        yield from csv.DictReader(log)


def deadlines(real_data):
    """Start and deadline of each case of the log, as local times without fractions of a second."""
    cases = {}
    for row in rows_of(real_data / "logs" / "receipt.csv.gz"):
        cases[row["case:concept:name"]] = (row["case:startdate"], row["case:deadline"])
    return [tuple(dt.datetime.fromisoformat(text) for text in pair) for pair in cases.values()]


def due(rule, start, **values):
    opened = ClockEvent(1, start, start, "register", "registered", values=values)
    (reading,) = read_clock(rule, [opened], AMSTERDAM, start)
    return reading.due_at


def whole_local_days(start, deadline):
    """Return how many local days lie between, or None if it is not a whole number of them."""
    a, b = (AMSTERDAM.local(moment).replace(microsecond=0, tzinfo=None) for moment in (start, deadline))
    return (b - a).days if a.time() == b.time() else None


def test_deadlines_of_whole_local_days_come_out_equal_across_summer_time(real_data):
    cases = deadlines(real_data)
    whole = [(start, deadline) for start, deadline in cases if whole_local_days(start, deadline) is not None]
    assert (len(cases), len(whole)) == (1011, 909)
    crossing = 0
    for start, deadline in whole:
        rule = clock(limit={"calendar_days": whole_local_days(start, deadline)}, ends="same_time")
        assert due(rule, start).replace(microsecond=0) == deadline.replace(microsecond=0)
        crossing += AMSTERDAM.local(start).utcoffset() != AMSTERDAM.local(deadline).utcoffset()
    assert crossing > 100


def test_deadlines_of_another_making_are_kept_as_given(real_data):
    rule = clock(limit={"until": "deadline"})
    given = [pair for pair in deadlines(real_data) if whole_local_days(*pair) is None]
    assert len(given) == 102
    for start, deadline in given:
        assert due(rule, start, deadline=deadline) == deadline


@pytest.mark.parametrize(
    ("log", "column", "cases"),
    [("helpdesk", "concept:name", 3192), ("bpic2013_incidents", "lifecycle:transition", 5288)],
)
def test_elapsed_waiting_and_net_time_agree_with_an_independent_script(real_data, log, column, cases):
    path = real_data / "logs" / f"{log}.csv.gz"
    expected = times_of(path, column)
    assert len(expected) == cases
    rule = clock(
        start={"field_set": "opened"}, stop={"field_set": "ended"}, limit={"hours": 24}, pause={"reasons": ["waiting"]}
    )
    histories = {}
    for row in rows_of(path):
        histories.setdefault(row["case:concept:name"], []).append((row[column], row["time:timestamp"]))
    waited = 0
    for case, steps in histories.items():
        events = [one_event(seq, len(steps), *step) for seq, step in enumerate(steps, start=1)]
        (reading,) = read_clock(rule, events, AMSTERDAM, events[-1].at, with_segments=False)
        net, paused = reading.spent / SECOND, reading.paused_total / SECOND
        assert (net + paused, paused, net) == pytest.approx(expected[case], abs=1e-5)
        waited += paused > 0
    assert waited > 500


def one_event(seq, last, status, when):
    moment = dt.datetime.fromisoformat(when)
    values = {"opened": True} if seq == 1 else {}
    values = {**values, "ended": True} if seq == last else values
    reason = "waiting" if status.startswith("Wait") else None
    return ClockEvent(seq, moment, moment, "log", status, values=values, pause_reason=reason)
