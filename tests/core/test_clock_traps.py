"""Fifteen mistakes that other systems shipped with; each is shown not to happen here."""

import datetime as dt

import pytest

from amends.core.clock_explanations import explain
from amends.core.clocks import promises_of, read_clock, readings_text, steps_to_take
from amends.core.policy.clock_rules import ClockRule, LadderStep
from amends.core.working_time import WorkingCalendar, read_spans
from tests.core.clock_cast import at, china, clock, daily, event

PAUSE = {"in": ["told"], "reasons": ["awaiting_complainant"]}
NOW = at("2026-03-20T10:00")


def opened(**values: object):
    return event(1, "2026-03-02T10:00", "register", "registered", values=values)


def told(seq: int, when: str):
    return event(seq, when, "tell", "told", pause_reason="awaiting_complainant")


def only(rule: ClockRule, events: list, now: dt.datetime = NOW):
    (reading,) = read_clock(rule, events, china(), now)
    return reading


def test_trap_1_a_changed_rule_leaves_nothing_stale():
    """Due dates and statistics are read anew from the events, under whatever rule is in force."""
    events = [opened(), event(2, "2026-03-06T10:00", "close", "closed", done=True)]
    short, long = (only(clock(limit={"working_days": days}), events) for days in (3, 5))
    assert (short.status, long.status) == ("broken", "kept")
    assert short.due_at == at("2026-03-05T18:00")
    assert long.due_at == at("2026-03-09T18:00")


def test_trap_2_each_duty_has_its_own_date_and_its_own_breach():
    events = [opened(), event(2, "2026-03-03T10:00", "contact", "registered")]
    first_contact = clock(id="first_contact", stop={"verb": "contact"}, limit={"hours": 1})
    handling = clock(limit={"working_days": 20})
    assert only(first_contact, events).status == "broken"
    assert only(handling, events).status == "running"


def test_trap_3_waiting_time_survives_a_change_of_the_limit():
    limit = {"by": "class", "general": {"working_days": 3}, "major": {"working_days": 5}}
    events = [
        opened(**{"class": "general"}),
        told(2, "2026-03-03T09:00"),
        event(3, "2026-03-04T09:00", "refuse", "investigating"),
        event(4, "2026-03-04T10:00", "regrade", "investigating", values={"class": "major"}),
    ]
    reading = only(clock(limit=limit, pause=PAUSE), events, at("2026-03-04T11:00"))
    assert reading.due_at == at("2026-03-10T18:00")
    assert reading.as_data()["paused_seconds"] == 8 * 3600


def test_trap_3_no_violation_is_raised_in_a_pause_and_solved_time_is_no_pause():
    rule = clock(limit={"hours": 4}, pause=PAUSE)
    events = [opened(), told(2, "2026-03-02T11:00")]
    assert only(rule, events).status == "paused"
    solved = [opened(), event(2, "2026-03-02T11:00", "close", "closed", done=True)]
    assert only(rule, solved).paused_total == 0


def test_trap_4_a_hold_is_kept_when_the_case_closes_straight_from_it():
    rule = clock(limit={"hours": 4}, pause=PAUSE)
    events = [opened(), told(2, "2026-03-02T11:00"), event(3, "2026-04-13T11:00", "close", "closed", done=True)]
    reading = only(rule, events, at("2026-04-20T10:00"))
    assert reading.as_data()["spent_seconds"] == 3600
    assert reading.as_data()["paused_seconds"] == 42 * 86_400
    assert reading.status == "kept"
    assert reading.started_at == at("2026-03-02T10:00")


def test_trap_5_an_edit_does_not_restart_the_clock_and_nobody_needs_to_be_assigned():
    rule = clock(start=["registered", {"verb": "note"}], limit={"working_days": 3})
    events = [opened(), *(event(seq, f"2026-03-0{seq}T10:00", "note", "registered") for seq in (2, 3, 4))]
    assert [reading.started_at for reading in read_clock(rule, events, china(), NOW)] == [at("2026-03-02T10:00")]


def test_trap_6_days_off_lengthen_the_limit():
    friday = event(1, "2026-03-06T10:00", "register", "registered")
    calendar_days = only(clock(limit={"calendar_days": 3}), [friday], friday.at).due_at
    working_days = only(clock(limit={"working_days": 3}), [friday], friday.at).due_at
    assert working_days > calendar_days


def test_trap_6_no_step_is_taken_at_once():
    rule = clock(limit={"hours": 1}, ladder=[{"at": "-2h"}, {"at": "-1 working_day"}, {"at": "50%"}])
    reading = only(rule, [opened()], at("2026-03-02T10:00"))
    assert steps_to_take(reading, at("2026-03-02T10:00"), []) == []
    assert [moment.step.at for moment in reading.ladder] == ["50%"]


def test_trap_7_a_date_has_as_many_spans_as_it_needs():
    calendar = daily("Asia/Shanghai", ("08:00", "10:00"), ("11:00", "13:00"), ("15:00", "16:00"))
    assert calendar.working_time_between(at("2026-03-02T00:00"), at("2026-03-03T00:00")) == dt.timedelta(hours=5)
    assert calendar.add_working_time(at("2026-03-02T09:00"), 4 * 3600) == at("2026-03-02T16:00")


def test_trap_8_one_option_does_not_switch_on_another():
    """Start, end, roll and pause are separate settings: changing one leaves what the others say."""
    base = clock(limit={"calendar_days": 5})
    rolled = clock(limit={"calendar_days": 5}, roll="next_working_day")
    assert {**base.model_dump(), "roll": "next_working_day"} == rolled.model_dump()
    events = [event(1, "2026-03-02T10:00", "register", "registered", pause_reason="awaiting_complainant")]
    assert only(base, events, events[0].at).due_at == at("2026-03-08T00:00")
    assert only(rolled, events, events[0].at).due_at == at("2026-03-10T00:00")
    assert only(rolled, events, events[0].at).status == "running"


def test_trap_9_round_the_clock_has_no_closed_minute_at_midnight():
    calendar = china("always")
    start = at("2026-03-02T00:00")
    assert calendar.working_time_between(start, start + dt.timedelta(days=7)) == dt.timedelta(days=7)
    assert all(calendar.is_open_at(start + dt.timedelta(seconds=second)) for second in (-60, -1, 0, 1, 60))


def test_trap_9_a_holiday_is_on_its_own_date():
    assert [china().kind_of(dt.date(2026, 10, day)) for day in (1, 7, 8, 10)] == [
        "holiday",
        "holiday",
        "working",
        "makeup",
    ]
    assert china().kind_of(dt.date(2026, 12, 25)) == "working"


def test_trap_10_nothing_runs_on_or_grows_after_the_case_is_closed():
    rule = clock(
        start=["registered", {"verb": "contact"}], stop=[{"verb": "answer"}], limit={"hours": 1}, repeats="each_start"
    )
    events = [opened(), event(2, "2026-03-02T12:00", "close", "closed", done=True)]
    soon, late = (only(rule, events, now) for now in (at("2026-03-02T12:00"), at("2027-03-02T12:00")))
    assert readings_text([soon]) == readings_text([late])
    assert (soon.status, soon.as_data()["left_seconds"], soon.next_at) == ("broken", -3600, None)


@pytest.mark.parametrize("step", ["50%", "-2h", "+1h", "-1 working_day", "100%"])
def test_trap_11_nobody_is_told_at_midnight_or_off_hours(step):
    for ends in ("midnight", "close_of_business"):
        rule = clock(limit={"working_days": 3}, ends=ends, ladder=[{"at": step}])
        for hour in (0, 7, 12, 17, 23):
            events = [event(1, f"2026-03-05T{hour:02}:30", "register", "registered")]
            (moment,) = only(rule, events, events[0].at).ladder
            just_before = moment.tell_at - dt.timedelta(microseconds=1)
            assert china().is_open_at(moment.tell_at) or china().is_open_at(just_before)


def test_trap_11_the_top_level_is_told_at_once():
    rule = clock(limit={"hours": 1}, ladder=[{"at": "100%", "delivery": "at_once"}])
    events = [event(1, "2026-03-07T22:00", "register", "registered")]
    (moment,) = only(rule, events, events[0].at).ladder
    assert moment.tell_at == moment.at == at("2026-03-07T23:00")


def test_trap_12_a_breach_is_a_moment_whenever_the_sweep_comes():
    rule = clock(limit={"hours": 1})
    found = {only(rule, [opened()], now).breached_at for now in (at("2026-03-02T11:00"), at("2026-03-02T13:45"), NOW)}
    assert found == {at("2026-03-02T11:00")}
    assert only(rule, [opened()], at("2026-03-02T10:59:59.999999")).next_at == at("2026-03-02T11:00")


@pytest.mark.parametrize("channel", ["telephone", "mail", "web"])
def test_trap_13_first_response_counts_for_every_channel(channel):
    rule = clock(start={"verb": "register"}, stop={"verb": "contact"}, limit={"minutes": 30})
    events = [opened(channel=channel), event(2, "2026-03-02T10:45", "contact", "registered")]
    assert only(rule, events).status == "broken"


def test_trap_14_a_limit_is_computed_in_its_calendars_zone_whoever_asks():
    berlin = dt.timezone(dt.timedelta(hours=1))
    same = event(1, "2026-03-02T03:00+01:00", "register", "registered")
    rule = clock(limit={"working_days": 1})
    there, here = (only(rule, [one], NOW.astimezone(zone)) for one, zone in ((same, berlin), (opened(), dt.UTC)))
    assert there.due_at == here.due_at == at("2026-03-03T18:00")
    assert readings_text([there]) == readings_text([here])
    assert explain(here, "zh-Hans", rule=rule, name_zone=True)[-1] == "以上为北京时间（Asia/Shanghai）。"


def test_trap_14_an_offset_is_never_fixed():
    calendar = WorkingCalendar(weekly=(read_spans([("08:00", "17:00")]),) * 7, zone="Europe/Berlin")
    assert calendar.close_of(dt.date(2026, 3, 28)) == at("2026-03-28T16:00+00:00")
    assert calendar.close_of(dt.date(2026, 3, 29)) == at("2026-03-29T15:00+00:00")


def test_trap_15_a_promise_does_not_move_when_a_pause_ends_or_the_class_changes():
    promise = clock(
        id="reply",
        start={"field_set": "promised_reply_at"},
        stop={"verb": "reply"},
        limit={"promise": "promised_reply_at"},
    )
    events = [
        opened(promised_reply_at="2026-03-06T10:00:00+08:00", **{"class": "general"}),
        told(2, "2026-03-03T09:00"),
        event(3, "2026-03-04T09:00", "refuse", "investigating", values={"class": "major"}),
    ]
    assert only(promise, events).due_at == at("2026-03-06T10:00")
    assert promises_of([only(promise, events)]) == {"kept": 0, "broken": 1, "open": 0}


def test_trap_15_a_granted_date_stays_and_the_budget_beside_it():
    rule = clock(limit={"working_days": 3}, pause=PAUSE)
    extension = {"clock": "handling", "due_at": "2026-03-12T18:00:00+08:00"}
    events = [
        opened(),
        event(2, "2026-03-02T11:00", "extend", "registered", values={"extension": extension}),
        told(3, "2026-03-03T09:00"),
        event(4, "2026-03-04T09:00", "refuse", "investigating"),
    ]
    reading = only(rule, events, at("2026-03-04T10:00"))
    assert (reading.due_at, reading.original_due_at) == (at("2026-03-12T18:00"), at("2026-03-06T18:00"))


def test_a_bare_day_is_not_a_step():
    with pytest.raises(ValueError, match="working_day"):
        LadderStep(at="-1d")
