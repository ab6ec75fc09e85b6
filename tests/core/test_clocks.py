import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from amends.core.clock_explanations import duration_in_words, explain
from amends.core.clock_fold import EXTENSION
from amends.core.clocks import may_extend, promises_of, read_clock, readings_text, steps_to_take
from amends.core.clockwork import Clockwork
from amends.core.working_time import NaiveTimeError
from tests.core.clock_cast import at, china, clock, event, plain

CLASSES = {
    "by": "class",
    "general": {"working_days": 3, "clause": ["EXP-4.1.2.1"]},
    "major": {"working_days": 5},
    "special": {"working_days": 7},
}
PAUSE = {"in": ["told"], "reasons": ["awaiting_complainant"]}


def registered(when: str, **values: object):
    return event(1, when, "register", "registered", values=values)


def only(rule, events, now, calendar=None):
    (reading,) = read_clock(rule, events, calendar or china(), at(now))
    return reading


# -- limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "received", "due", "more"),
    [
        ({"hours": 1}, "2026-03-07T10:00", "2026-03-07T11:00", {}),
        ({"minutes": 30}, "2026-03-07T10:00", "2026-03-07T10:30", {}),
        ({"hours": 24}, "2026-03-07T10:00", "2026-03-08T10:00", {}),  # weekends count
        ({"working_days": 1}, "2026-03-06T15:00", "2026-03-09T18:00", {}),
        ({"working_days": 3}, "2026-03-05T10:00", "2026-03-10T18:00", {}),
        ({"working_days": 5}, "2026-03-09T10:00", "2026-03-16T18:00", {}),
        ({"working_days": 7}, "2026-03-09T10:00", "2026-03-18T18:00", {}),
        ({"working_days": 10}, "2026-03-09T10:00", "2026-03-23T18:00", {}),
        ({"working_days": 2}, "2026-03-06T10:00", "2026-03-10T18:00", {}),
        ({"working_days": 0}, "2026-03-06T10:00", "2026-03-06T18:00", {}),
        ({"working_days": 3}, "2026-02-13T17:50", "2026-02-25T18:00", {}),
        ({"working_hours": 8}, "2026-03-06T17:00", "2026-03-09T17:00", {}),
        ({"calendar_days": 7}, "2026-03-06T10:00", "2026-03-14T00:00", {}),
        ({"calendar_days": 1}, "2026-03-06T10:00", "2026-03-09T18:00", {"ends": "close_of_business"}),
        ({"calendar_days": 1}, "2026-03-06T10:00", "2026-03-10T00:00", {"roll": "next_working_day"}),
        ({"calendar_days": 1, "clause": "X-1"}, "2026-03-06T10:00", "2026-03-07T10:00", {"ends": "same_time"}),
        ({"month_day": 5}, "2026-03-06T10:00", "2026-04-06T00:00", {}),
        ({"month_day": 5, "inclusive": False}, "2026-03-06T10:00", "2026-04-05T00:00", {}),
        ({"month_day": 31}, "2026-01-31T10:00", "2026-03-01T00:00", {}),
        ({"month_day": 20, "months": 0}, "2026-03-06T10:00", "2026-03-21T00:00", {}),
        ({"month_day": 5}, "2026-12-06T10:00", "2027-01-06T00:00", {}),
        ({"month_day": 5}, "2026-08-06T10:00", "2026-09-07T18:00", {"ends": "close_of_business"}),
    ],
)
def test_a_limit_falls_due_as_its_words_say(limit, received, due, more):
    reading = only(clock(limit=limit, **more), [registered(received)], received)
    assert reading.due_at == at(due)
    assert reading.status == "running"


@pytest.mark.parametrize(
    ("hours", "received", "due"),
    [
        ("always", "2026-03-06T10:00", "2026-03-06T11:00"),
        ("service", "2026-03-06T10:00", "2026-03-06T11:00"),
        ("service", "2026-03-06T17:40", "2026-03-07T09:40"),
    ],
)
def test_the_scope_check_has_one_hour_at_all_hours_or_in_service_hours(hours, received, due):
    reading = only(clock(limit={"working_hours": 1}), [registered(received)], received, china(hours))
    assert reading.due_at == at(due)


@pytest.mark.parametrize(("decided", "status"), [("10:59", "kept"), ("11:00", "broken"), ("11:01", "broken")])
def test_an_hour_is_over_when_the_hour_has_come(decided, status):
    events = [registered("2026-03-06T10:00"), event(2, f"2026-03-06T{decided}", "accept", "accepted")]
    assert only(clock(limit={"hours": 1}, stop="accepted"), events, "2026-03-06T12:00").status == status


def test_without_a_decision_the_clock_is_broken_at_its_due_moment():
    rule = clock(limit={"hours": 1})
    before = only(rule, [registered("2026-03-06T10:00")], "2026-03-06T10:59:59")
    after = only(rule, [registered("2026-03-06T10:00")], "2026-03-06T11:00")
    assert (before.status, before.breached_at) == ("running", None)
    assert (after.status, after.breached_at) == ("broken", at("2026-03-06T11:00"))


def test_the_class_chooses_the_limit_and_its_clause():
    reading = only(clock(limit=CLASSES), [registered("2026-03-05T10:00", **{"class": "general"})], "2026-03-05T11:00")
    assert (reading.due_at, reading.choice, reading.clause) == (at("2026-03-10T18:00"), "general", ("EXP-4.1.2.1",))


@pytest.mark.parametrize(
    ("value", "hours"),
    [(True, 1), (False, 2), ("delivery", 3), ("delivery/late", 3), ("delivery/lost", 4), ("other", None), (None, None)],
)
def test_a_table_knows_yes_and_no_and_the_category_above(value, hours):
    table = {"true": {"hours": 1}, "false": {"hours": 2}, "delivery": {"hours": 3}, "delivery/lost": {"hours": 4}}
    reading = only(
        clock(limit={"by": "fact", **table}), [registered("2026-03-05T10:00", fact=value)], "2026-03-05T10:00"
    )
    assert reading.due_at == (None if hours is None else at("2026-03-05T10:00") + dt.timedelta(hours=hours))


def test_a_limit_that_is_chosen_later_counts_from_the_start():
    events = [
        registered("2026-03-05T10:00"),
        event(2, "2026-03-06T10:00", "grade", "graded", values={"class": "major"}),
    ]
    assert only(clock(limit=CLASSES), events[:1], "2026-03-05T11:00").due_at is None
    assert only(clock(limit=CLASSES), events, "2026-03-06T11:00").due_at == at("2026-03-12T18:00")


def test_reclassifying_counts_from_the_receipt_and_keeps_both_dates():
    events = [
        registered("2026-03-09T10:00", **{"class": "general"}),
        event(2, "2026-03-10T10:00", "regrade", "registered", values={"class": "special"}),
    ]
    reading = only(clock(limit=CLASSES), events, "2026-03-10T11:00")
    assert reading.due_at == at("2026-03-18T18:00")
    assert [(change.seq, change.due_at, change.cause) for change in reading.due_history] == [
        (1, at("2026-03-12T18:00"), "started"),
        (2, at("2026-03-18T18:00"), "reclassified"),
    ]


def test_an_event_that_closes_a_case_cannot_make_it_timely():
    events = [
        registered("2026-03-09T10:00", **{"class": "general"}),
        event(2, "2026-03-17T10:00", "close", "closed", values={"class": "special"}),
    ]
    assert only(clock(limit=CLASSES), events, "2026-03-17T11:00").status == "broken"


def test_an_emergency_has_a_limit_of_its_own():
    limit = {"working_days": 3, "faster": [{"flag": "emergency", "limit": {"hours": 2}}]}
    rule = clock(limit=limit)
    urgent = only(rule, [registered("2026-03-06T17:00", emergency=True)], "2026-03-06T17:01")
    usual = only(rule, [registered("2026-03-06T17:00", emergency=False)], "2026-03-06T17:01")
    assert (urgent.due_at, usual.due_at) == (at("2026-03-06T19:00"), at("2026-03-11T18:00"))


@pytest.mark.parametrize("limit", ["unset", "blank", None])
def test_without_a_limit_time_is_measured_and_nobody_alarmed(limit):
    rule = clock(limit=limit, ladder=[{"at": "50%"}])
    events = [registered("2026-03-06T10:00"), event(2, "2026-03-06T10:45", "close", "closed", done=True)]
    running = only(rule, events[:1], "2026-04-06T10:00")
    assert (running.status, running.due_at, running.ladder, running.next_at) == ("running", None, (), None)
    stopped = only(rule, events, "2026-04-06T10:00")
    assert (stopped.status, stopped.as_data()["spent_seconds"]) == ("stopped_no_limit", 45 * 60)


def test_a_deadline_that_a_department_sets_becomes_due_when_it_is_set():
    rule = clock(limit={"until": "plan_due_at"})
    events = [
        registered("2026-03-06T10:00"),
        event(2, "2026-03-07T10:00", "plan", "planned", values={"plan_due_at": "2026-03-20T09:30:00+08:00"}),
        event(3, "2026-03-08T10:00", "plan", "planned", values={"plan_due_at": "2026-03-25"}),
    ]
    assert only(rule, events[:1], "2026-03-06T11:00").due_at is None
    assert only(rule, events[:2], "2026-03-08T11:00").due_at == at("2026-03-20T09:30")
    assert only(rule, events, "2026-03-08T11:00").due_at == at("2026-03-26T00:00")
    assert only(
        clock(limit={"until": "plan_due_at"}, ends="close_of_business"), events, "2026-03-08T11:00"
    ).due_at == at("2026-03-25T18:00")


def test_a_clock_may_start_and_stop_at_times_that_fields_hold():
    rule = clock(
        start={"verb": "report", "at": "discovered_at"},
        stop={"verb": "report", "at": "reported_at"},
        limit={"hours": 24},
    )
    values = {"discovered_at": "2026-03-07T10:00:00+08:00", "reported_at": "2026-03-08T11:00:00+08:00"}
    reading = only(rule, [event(1, "2026-03-08T12:00", "report", "open", values=values)], "2026-03-08T12:00")
    assert (reading.status, reading.as_data()["left_seconds"]) == ("broken", -3600)


# -- pauses ------------------------------------------------------------------------------------


def paused(first: str, last: str | None = None, **rule: object):
    events = [registered("2026-03-02T10:00"), event(2, first, "tell", "told", pause_reason="awaiting_complainant")]
    if last:
        events.append(event(3, last, "refuse", "investigating"))
    return clock(pause={**PAUSE, **rule.pop("pause", {})}, **rule), events


def test_a_pause_moves_the_due_date_by_the_working_time_it_took():
    rule, events = paused("2026-03-04T09:00", "2026-03-06T09:00", limit={"working_days": 3})
    reading = only(rule, events, "2026-03-06T10:00")
    assert reading.due_at == at("2026-03-09T18:00")
    assert reading.as_data()["paused_seconds"] == 16 * 3600


def test_a_weekend_in_a_pause_moves_nothing_for_a_working_clock():
    rule, events = paused("2026-03-06T18:00", "2026-03-09T09:00", limit={"working_days": 5})
    assert only(rule, events, "2026-03-09T10:00").due_at == at("2026-03-09T18:00")


def test_whole_paused_days_leave_the_end_of_a_day_at_midnight():
    rule, events = paused("2026-03-04T09:00", "2026-03-04T18:00", limit={"working_days": 3}, ends="midnight")
    assert only(rule, events, "2026-03-05T10:00").due_at == at("2026-03-07T00:00")


def test_an_hour_clock_is_moved_by_elapsed_time():
    rule, events = paused("2026-03-02T10:30", "2026-03-03T10:30", limit={"hours": 2})
    reading = only(rule, events, "2026-03-03T10:45")
    assert (reading.due_at, reading.as_data()["left_seconds"]) == (at("2026-03-03T12:00"), 75 * 60)


def test_spent_and_left_stand_still_in_a_pause():
    rule, events = paused("2026-03-04T09:00", limit={"working_days": 3})
    one, other = (only(rule, events, now) for now in ("2026-03-04T10:00", "2026-03-20T10:00"))
    assert one.status == other.status == "paused"
    assert (one.spent, one.left, one.due_at) == (other.spent, other.left, other.due_at)
    assert (one.due_at, one.next_at) == (None, None)


def test_a_pause_ends_at_its_cap_without_anybody_doing_anything():
    rule, events = paused("2026-03-03T09:00", limit={"working_days": 3}, pause={"cap": {"working_days": 2}})
    inside, beyond = (only(rule, events, now) for now in ("2026-03-04T17:00", "2026-03-05T09:00"))
    assert (inside.status, inside.next_at) == ("paused", at("2026-03-04T18:00"))
    assert (beyond.status, beyond.due_at) == ("running", at("2026-03-09T18:00"))
    assert inside.due_at == beyond.due_at


def test_the_cap_of_all_pauses_together_is_used_up_once():
    rule, events = paused(
        "2026-03-03T09:00", "2026-03-04T09:00", limit={"working_days": 3}, pause={"cap": {"hours": 36}}
    )
    events.append(event(4, "2026-03-04T10:00", "tell", "told", pause_reason="awaiting_complainant"))
    reading = only(rule, events, "2026-03-06T10:00")
    assert reading.status == "running"
    assert reading.due_at == at("2026-03-09T17:00")


def test_each_pause_has_its_own_cap_too():
    rule, events = paused("2026-03-03T09:00", limit={"working_days": 3}, pause={"cap": {"each": {"working_hours": 4}}})
    assert only(rule, events, "2026-03-06T10:00").due_at == at("2026-03-06T14:00")


@pytest.mark.parametrize(
    ("pause", "reason", "state", "values"),
    [
        ({}, None, "told", {}),
        ({}, "lunch", "told", {}),
        ({}, "awaiting_complainant", "investigating", {}),
        ({"needs_evidence": True}, "awaiting_complainant", "told", {}),
    ],
)
def test_nothing_pauses_without_an_allowed_reason_state_and_evidence(pause, reason, state, values):
    rule = clock(limit={"hours": 1}, pause={**PAUSE, **pause})
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-02T10:10", "x", state, pause_reason=reason, values=values),
    ]
    assert only(rule, events, "2026-03-02T10:20").status == "running"


def test_evidence_makes_the_pause_count():
    rule = clock(limit={"hours": 1}, pause={**PAUSE, "needs_evidence": True})
    tell = event(
        2, "2026-03-02T10:10", "x", "told", pause_reason="awaiting_complainant", values={"pause_evidence": [7]}
    )
    assert only(rule, [registered("2026-03-02T10:00"), tell], "2026-03-02T10:20").status == "paused"


def test_a_pause_after_the_due_moment_heals_nothing():
    rule, events = paused("2026-03-06T10:00", "2026-03-09T10:00", limit={"working_days": 3})
    reading = only(rule, events, "2026-03-09T11:00")
    assert (reading.status, reading.due_at) == ("broken", at("2026-03-05T18:00"))


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "statutory", "limit": {"calendar_days": 7}, "pause": PAUSE},
        {"limit": {"promise": "promised_reply_at"}, "pause": PAUSE},
        {"limit": {"working_days": 3}, "pause": {"in": ["told"]}},
        {"limit": {"days": 3}},
        {"limit": {"working_days": 3, "hours": 2}},
        {"limit": {"hours": 1.5}},
        {"limit": {"hours": True}},
        {"limit": {"hours": 0}},
        {"limit": {}},
        {"limit": {"by": "class"}},
        {"start": []},
        {"title": {"en": "handling"}},
        {"start": {"state": "a", "verb": "b"}},
        {"ladder": [{"at": "2 days"}]},
        {"ladder": [{"at": "-1 day"}]},
        {"ladder": [{"at": "50%"}, {"at": "50%"}]},
        {"cycle": "life", "repeats": "after_stop"},
        {"limt": {"hours": 1}},
    ],
)
def test_a_clock_with_a_defect_is_refused(content):
    with pytest.raises(ValidationError):
        clock(**content)


def test_a_rule_survives_the_trip_through_its_own_dump():
    rule = clock(
        limit={**CLASSES, "otherwise": "unset", "faster": [{"flag": "emergency", "limit": {"hours": 2}}]},
        pause={**PAUSE, "cap": {"working_days": 5}},
        ladder=[{"at": "50%", "tell": ["holder"]}],
    )
    for dump in (rule.model_dump(mode="json"), rule.model_dump(mode="json", exclude_defaults=True)):
        assert type(rule).model_validate(json.loads(json.dumps(dump))) == rule


# -- cycles, repeats, promises -----------------------------------------------------------------


def test_reopening_opens_a_new_clock_and_leaves_the_old_result():
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-03T10:00", "close", "closed", done=True),
        event(3, "2026-04-01T10:00", "reopen", "registered", cycle=2),
    ]
    first, second = read_clock(clock(limit={"working_days": 3}), events, china(), at("2026-04-20T10:00"))
    assert (first.key, first.status, first.stopped_at) == ("handling/1/1", "kept", at("2026-03-03T10:00"))
    assert (second.key, second.status, second.started_at) == ("handling/2/1", "broken", at("2026-04-01T10:00"))


def test_the_clock_of_the_whole_life_runs_on_after_reopening_without_the_time_between():
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-02T12:00", "close", "closed", done=True),
        event(3, "2026-04-01T10:00", "reopen", "registered", cycle=2),
        event(4, "2026-04-01T11:00", "close", "closed", cycle=2, done=True),
    ]
    rule = clock(cycle="life", limit={"hours": 4})
    reading = only(rule, events, "2026-04-20T10:00")
    assert (reading.status, reading.as_data()["spent_seconds"]) == ("kept", 3 * 3600)
    assert reading.due_at == at("2026-04-01T12:00")


def test_the_clock_of_the_whole_life_goes_on_by_what_became_known_while_it_stood_still():
    events = [
        registered("2026-03-02T10:00", values={"class": "general"}),
        event(2, "2026-03-02T12:00", "close", "closed", done=True),
        event(3, "2026-03-03T12:00", "grade", "closed", done=True, values={"class": "special"}),
        event(4, "2026-04-01T10:00", "reopen", "registered", cycle=2),
    ]
    rule = clock(cycle="life", limit={"by": "class", "general": {"hours": 4}, "special": {"hours": 30}})
    reading = only(rule, events, "2026-04-02T10:00")
    assert (reading.status, reading.due_at) == ("running", at("2026-04-02T14:00"))
    together = Clockwork([rule])
    assert [one.due_at for one in together.dues(events, china)] == [reading.due_at]
    told = [*events, event(5, "2026-04-01T11:00", "note", "registered", cycle=2, values={"remark": "x"})]
    assert readings_text(together.readings(told, china, at("2026-04-02T10:00"))) == readings_text(
        read_clock(rule, told, china(), at("2026-04-02T10:00"))
    )


def test_a_case_that_ends_stops_its_clocks_save_those_that_run_on():
    events = [registered("2026-03-02T10:00"), event(2, "2026-03-02T11:00", "withdraw", "withdrawn", done=True)]
    ended = only(clock(limit={"hours": 4}), events, "2026-03-09T10:00")
    assert (ended.status, ended.stop_cause) == ("kept", "ended")
    assert only(clock(limit={"hours": 4}, runs_after_end=True), events, "2026-03-09T10:00").status == "broken"


def test_a_clock_that_starts_with_the_end_of_a_case_runs():
    rule = clock(start="closed", stop="archived", limit={"working_days": 3})
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-05T11:00", "close", "closed", done=True),
        event(3, "2026-03-06T11:00", "archive", "archived", done=True),
    ]
    assert only(rule, events[:2], "2026-03-05T12:00").due_at == at("2026-03-10T18:00")
    assert only(rule, events, "2026-03-12T12:00").stop_cause == "stop"


def test_solved_in_the_call_starts_and_stops_at_once():
    rule = clock(start={"verb": "register"}, stop="closed", limit={"hours": 1})
    reading = only(rule, [event(1, "2026-03-02T10:00", "register", "closed", done=True)], "2026-03-09T10:00")
    assert (reading.status, reading.spent) == ("kept", 0)


def test_a_second_dispatch_has_its_own_clock():
    rule = clock(start="dispatched", stop=["signed_in", "returned"], limit={"working_days": 1}, repeats="after_stop")
    events = [
        event(1, "2026-03-02T10:00", "dispatch", "dispatched"),
        event(2, "2026-03-02T15:00", "return", "returned"),
        event(3, "2026-03-05T10:00", "dispatch", "dispatched"),
    ]
    first, second = read_clock(rule, events, china(), at("2026-03-05T11:00"))
    assert (first.status, second.due_at) == ("kept", at("2026-03-06T18:00"))


PROMISE = {"id": "reply", "limit": {"promise": "promised_reply_at"}, "stop": [{"verb": "reply"}, "closed"]}


def test_promises_bind_are_renewed_and_the_broken_ones_counted():
    rule = clock(**{**PROMISE, "start": {"field_set": "promised_reply_at"}})
    events = [
        registered("2026-03-02T10:00", promised_reply_at="2026-03-02T16:00:00+08:00"),
        event(2, "2026-03-02T15:30", "reply", "told", values={"promised_reply_at": "2026-03-04T10:00:00+08:00"}),
        event(3, "2026-03-04T11:00", "reply", "told", values={"promised_reply_at": "2026-03-06T10:00:00+08:00"}),
        event(4, "2026-03-05T11:00", "close", "closed", done=True),
    ]
    found = read_clock(rule, events, china(), at("2026-03-09T10:00"))
    assert [(r.n, r.due_at, r.status) for r in found] == [
        (1, at("2026-03-02T16:00"), "kept"),
        (2, at("2026-03-04T10:00"), "broken"),
        (3, at("2026-03-06T10:00"), "kept"),
    ]
    assert promises_of(found) == {"kept": 2, "broken": 1, "open": 0}
    assert promises_of(read_clock(rule, events[:2], china(), at("2026-03-03T10:00"))) == {
        "kept": 1,
        "broken": 0,
        "open": 1,
    }


def test_a_promise_starts_itself_and_an_answer_without_a_new_one_ends_it():
    rule = clock_without_start()
    events = [
        registered("2026-03-02T10:00", promised_reply_at="2026-03-02T16:00:00+08:00"),
        event(2, "2026-03-02T15:30", "reply", "told"),
    ]
    assert only(rule, events[:1], "2026-03-02T16:00").status == "broken"
    assert only(rule, events, "2026-03-20T16:00").status == "kept"


@pytest.mark.parametrize(
    ("stated", "status"),
    [("2026-03-02T09:59:00+08:00", "running"), ("2026-03-02T10:00:00+08:00", "kept"), ("yes", "kept")],
)
def test_a_contact_of_before_the_promise_does_not_keep_it(stated, status):
    rule = clock(id="reply", start={"field_set": "p"}, limit={"promise": "p"}, stop=[{"field_set": "contacted"}])
    events = [
        event(1, "2026-03-02T10:00:40", "register", "registered", values={"p": "2026-03-02T16:00:00+08:00"}),
        event(2, "2026-03-02T10:05", "contact", "registered", values={"contacted": stated}),
    ]
    assert only(rule, events, "2026-03-02T11:00").status == status


LEVELLED = {
    "start": {"field_set": "level"}, "stop": [{"verb": "acknowledge"}], "limit": {"hours": 1}, "repeats": "each_start",
}  # fmt: skip


def levelled(seq, when, level, **more):
    return event(seq, when, "grade", "registered", values={"level": level}, **more)


def test_a_field_said_again_neither_restarts_a_clock_nor_starts_one_that_was_stopped():
    rule = clock(**LEVELLED)
    events = [
        levelled(1, "2026-03-02T10:00", "level_1"),
        levelled(2, "2026-03-02T10:40", "level_1"),
        event(3, "2026-03-02T10:50", "acknowledge", "registered"),
        levelled(4, "2026-03-02T11:00", "level_1"),
    ]
    assert only(rule, events[:2], "2026-03-02T10:45").due_at == at("2026-03-02T11:00")
    assert only(rule, events, "2026-03-09T10:00").status == "kept"


def test_a_field_that_gets_another_value_starts_the_clock_again_and_so_does_the_first_of_a_new_cycle():
    events = [
        levelled(1, "2026-03-02T10:00", "level_1"),
        levelled(2, "2026-03-02T10:10", "level_2"),
        levelled(3, "2026-03-02T10:20", "level_1"),
        event(4, "2026-03-03T10:00", "reopen", "registered", cycle=2),
        levelled(5, "2026-03-03T10:10", "level_1", cycle=2),
        levelled(6, "2026-03-03T10:20", "level_1", cycle=2),
    ]
    found = read_clock(clock(**LEVELLED), events, china(), at("2026-03-03T10:30"))
    assert [(run.key.partition("/")[2], run.start_seq) for run in found] == [
        ("1/1", 1),
        ("1/2", 2),
        ("1/3", 3),
        ("2/1", 5),
    ]


def test_the_same_promise_given_again_after_an_answer_binds_again():
    promised = {"promised_reply_at": "2026-03-04T10:00:00+08:00"}
    events = [
        registered("2026-03-02T10:00", **promised),
        event(2, "2026-03-02T15:30", "reply", "told", values=promised),
    ]
    found = read_clock(clock_without_start(), events, china(), at("2026-03-03T10:00"))
    assert [(run.due_at, run.status) for run in found] == [
        (at("2026-03-04T10:00"), "kept"),
        (at("2026-03-04T10:00"), "running"),
    ]


def clock_without_start():
    content = clock(**{**PROMISE, "start": {"field_set": "promised_reply_at"}}).model_dump(mode="json")
    del content["start"], content["repeats"]
    return type(clock()).model_validate(content)


def test_the_next_contact_is_due_again_after_each_contact():
    rule = clock(start=["registered", {"verb": "contact"}], limit={"working_days": 2}, repeats="each_start")
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-03T10:00", "contact", "registered"),
        event(3, "2026-03-06T10:00", "contact", "registered"),
    ]
    found = read_clock(rule, events, china(), at("2026-03-06T11:00"))
    assert [(r.status, r.due_at) for r in found] == [
        ("kept", at("2026-03-04T18:00")),
        ("broken", at("2026-03-05T18:00")),
        ("running", at("2026-03-10T18:00")),
    ]


def test_a_condition_decides_whether_a_clock_applies_and_may_ask_what_was_done():
    rule = clock(when={"done": "escalate"}, limit={"hours": 1})
    events = [registered("2026-03-02T10:00"), event(2, "2026-03-02T10:10", "escalate", "registered")]
    now = at("2026-03-02T10:20")
    assert read_clock(rule, events[:1], china(), now) == []
    assert len(read_clock(rule, events, china(), now)) == 1


def test_whether_a_clock_applied_is_decided_before_the_event_that_stops_it():
    rule = clock(when={"fact": "state", "is": "registered"}, limit={"hours": 1})
    events = [registered("2026-03-02T10:00"), event(2, "2026-03-02T10:10", "close", "closed", done=True)]
    assert [reading.status for reading in read_clock(rule, events, china(), at("2026-03-02T12:00"))] == ["kept"]
    moved = [*events[:1], event(2, "2026-03-02T10:10", "tell", "told")]
    assert read_clock(rule, moved, china(), at("2026-03-02T12:00")) == []


def test_a_time_without_offset_is_refused():
    naive = registered("2026-03-02T10:00")._replace(at=dt.datetime(2026, 3, 2, 10))  # noqa: DTZ001
    with pytest.raises(NaiveTimeError):
        read_clock(clock(limit={"hours": 1}), [naive], china(), at("2026-03-02T10:00"))


# -- extensions and ladder ---------------------------------------------------------------------


def test_an_extension_keeps_both_dates_and_is_judged_by_both():
    rule = clock(limit={"working_days": 3}, extend={"times": 1})
    extension = {"clock": "handling", "due_at": "2026-03-10T18:00:00+08:00"}
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-04T10:00", "extend", "registered", values={"extension": extension}),
        event(3, "2026-03-06T10:00", "close", "closed", done=True),
    ]
    before = only(rule, events[:1], "2026-03-03T10:00")
    assert may_extend(rule, before, at("2026-03-03T10:00"))
    assert not may_extend(rule, before, at("2026-03-05T18:00"))
    reading = only(rule, events, "2026-03-09T10:00")
    assert (reading.original_due_at, reading.due_at) == (at("2026-03-05T18:00"), at("2026-03-10T18:00"))
    assert (reading.status, reading.kept_original, reading.extensions) == ("kept", False, 1)
    assert [change.cause for change in reading.due_history] == ["started", "extended"]
    running = only(rule, events[:2], "2026-03-05T10:00")
    assert not may_extend(rule, running, at("2026-03-05T10:00"))


def test_an_extension_of_another_clock_changes_nothing_and_none_shortens():
    rule = clock(limit={"working_days": 3})
    for extension in (
        {"clock": "other", "due_at": "2026-03-10T18:00:00+08:00"},
        {"clock": "handling", "due_at": "2026-03-03T18:00:00+08:00"},
    ):
        events = [
            registered("2026-03-02T10:00"),
            event(2, "2026-03-02T11:00", "extend", "registered", values={"extension": extension}),
        ]
        assert only(rule, events, "2026-03-03T10:00").due_at == at("2026-03-05T18:00")


LADDER = [
    {"at": "50%", "tell": ["holder"]},
    {"at": "-2h", "tell": ["holder"]},
    {"at": "-1 working_day", "tell": ["holder"]},
    {"at": "100%", "tell": ["supervisor"], "marks": "late"},
    {"at": "+1h", "tell": ["head"], "delivery": "at_once"},
    {"at": "200%", "tell": ["executives"]},
]


def test_the_steps_of_a_ladder_have_their_moments():
    reading = only(
        clock(limit={"working_days": 3}, ladder=LADDER), [registered("2026-03-02T10:00")], "2026-03-02T10:00"
    )
    assert [(m.step.at, m.at, m.tell_at) for m in reading.ladder] == [
        ("50%", at("2026-03-04T09:30"), at("2026-03-04T09:30")),
        ("-1 working_day", at("2026-03-04T18:00"), at("2026-03-04T18:00")),
        ("-2h", at("2026-03-05T16:00"), at("2026-03-05T16:00")),
        ("100%", at("2026-03-05T18:00"), at("2026-03-05T18:00")),
        ("+1h", at("2026-03-05T19:00"), at("2026-03-05T19:00")),
        ("200%", at("2026-03-11T17:00"), at("2026-03-11T17:00")),
    ]
    assert reading.next_at == at("2026-03-04T09:30")


def test_each_step_is_taken_once():
    rule = clock(limit={"hours": 2}, ladder=[{"at": "50%"}, {"at": "100%", "marks": "late"}])
    reading = only(rule, [registered("2026-03-02T10:00")], "2026-03-02T11:00")
    (step,) = steps_to_take(reading, at("2026-03-02T11:00"), [])
    assert step.key == "handling/1/1/50%"
    assert steps_to_take(reading, at("2026-03-02T11:30"), [step.key]) == []
    assert [s.key for s in steps_to_take(reading, at("2026-03-02T12:00"), [step.key])] == ["handling/1/1/100%"]


def test_after_the_stop_nobody_is_reminded_but_lateness_is_still_marked():
    rule = clock(limit={"hours": 2}, ladder=[{"at": "50%"}, {"at": "100%", "marks": "late"}, {"at": "+2h"}])
    events = [registered("2026-03-02T10:00"), event(2, "2026-03-02T13:00", "close", "closed", done=True)]
    reading = only(rule, events, "2026-03-02T20:00")
    assert [m.step.at for m in reading.ladder] == ["50%", "100%"]
    assert [m.step.at for m in steps_to_take(reading, at("2026-03-02T20:00"), [])] == ["100%"]
    assert reading.next_at is None


# -- explanation -------------------------------------------------------------------------------

WORDS = {"general": "一般投诉", "awaiting_complainant": "等客户答复"}


def test_the_explanation_reads_as_a_quality_manager_would_write_it():
    rule = clock(limit=CLASSES)
    reading = only(rule, [registered("2026-02-13T17:50", **{"class": "general"})], "2026-02-14T10:00")
    assert explain(reading, "zh-Hans", rule=rule, words=WORDS, name_zone=True) == [
        "处理时限：一般投诉 3 个工作日（EXP-4.1.2.1）",
        "2月13日 周五 17:50  收到，当日不计",
        "2月14日 周六        第 1 个工作日（调休上班）",
        "2月15日 – 23日      春节放假，不计",
        "2月24日 周二        第 2 个工作日",
        "2月25日 周三 18:00  第 3 个工作日下班时到期",
        "以上为北京时间（Asia/Shanghai）。",
    ]
    assert explain(reading, "en", rule=rule, words={"general": "general complaint"}) == [
        "handling: general complaint 3 working days (EXP-4.1.2.1)",
        "13 Feb Fri 17:50  received; this day is not counted",
        "14 Feb Sat        working day 1 (make-up working day)",
        "15 Feb – 23 Feb   Spring Festival, not counted",
        "24 Feb Tue        working day 2",
        "25 Feb Wed 18:00  working day 3; due at close of business",
    ]


def test_a_pause_an_extension_and_lateness_are_explained():
    rule, events = paused("2026-03-04T09:00", "2026-03-04T12:00", limit={"working_days": 3})
    extension = {"clock": "handling", "due_at": "2026-03-09T12:00:00+08:00"}
    events.append(event(4, "2026-03-05T10:00", "extend", "investigating", values={"extension": extension}))
    reading = only(rule, events, "2026-03-09T13:00")
    assert explain(reading, "zh-Hans", rule=rule, words=WORDS) == [
        "处理时限：3 个工作日",
        "3月2日 周一 10:00                      收到，当日不计",
        "3月3日 周二                            第 1 个工作日",
        "3月4日 周三 00:00 – 09:00              第 2 个工作日",
        "3月4日 周三 09:00 – 12:00              暂停（等客户答复），不计",
        "3月4日 周三 12:00 – 24:00              第 2 个工作日",
        "3月5日 周四 00:00 – 18:00              第 3 个工作日",
        "3月5日 周四 18:00 – 3月6日 周五 09:00  非工作时间，不计",
        "3月6日 周五 09:00 – 12:00              暂停后顺延 3 小时",
        "3月9日 周一 12:00                      批准延期，到期",
        "3月9日 周一 12:00 – 13:00              已超时 1 小时",
    ]


def test_the_time_between_closing_and_reopening_is_explained():
    rule = clock(cycle="life", limit={"hours": 4})
    events = [
        registered("2026-03-02T10:00"),
        event(2, "2026-03-02T12:00", "close", "closed", done=True),
        event(3, "2026-03-02T15:00", "reopen", "registered", cycle=2),
    ]
    reading = only(rule, events, "2026-03-02T16:00")
    assert explain(reading, "zh-Hans", rule=rule) == [
        "处理时限：4 小时",
        "3月2日 周一 10:00 – 12:00  计 2 小时",
        "3月2日 周一 12:00 – 15:00  暂停（结案期间），不计",
        "3月2日 周一 15:00 – 17:00  暂停后顺延 2 小时，到期",
    ]


def test_what_is_provisional_says_so():
    rule = clock(limit={"working_days": 3})
    reading = only(rule, [registered("2026-12-30T10:00")], "2026-12-30T10:00")
    assert reading.provisional
    assert explain(reading, "zh-Hans", rule=rule)[-1] == "放假安排尚未公布的年份只按周末计算，到期时间为暂定。"
    assert not only(clock(limit={"hours": 900}), [registered("2026-12-30T10:00")], "2026-12-30T10:00").provisional


LIMITS = [
    {"hours": 5},
    {"working_hours": 12},
    {"working_days": 3},
    {"calendar_days": 4},
    {"month_day": 5},
    {"until": "plan_due_at"},
    {"promise": "promised_reply_at"},
    "unset",
    CLASSES,
]


# -- properties --------------------------------------------------------------------------------

STATES = ["registered", "told", "investigating", "closed"]
steps = st.lists(
    st.tuples(
        st.integers(-3600, 5 * 86_400),
        st.sampled_from(STATES),
        st.sampled_from(["note", "contact", "reply", "reopen"]),
        st.sampled_from([None, None, "awaiting_complainant", "lunch"]),
        st.sampled_from(
            [
                {},
                {},
                {"class": "general"},
                {"class": "special"},
                {"plan_due_at": "2026-10-09"},
                {"promised_reply_at": "2026-09-30T10:00:00+08:00"},
                {"extension": {"clock": "handling", "due_at": "2026-10-20T10:00:00Z"}},
            ]
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
WHENS = [
    None,
    None,
    {"fact": "state", "is_not": "told"},
    {"all": [{"fact": "class", "is": "special"}, {"not_done": "contact"}]},
    {"done": "contact", "in": "round"},
]
# What starts a clock hides what it would miss while it runs.
STARTS = [
    [{"state": "registered"}],
    [{"state": "registered"}, {"verb": "contact"}, {"field_set": "promised_reply_at"}, {"field_set": "class"}],
]
rules = st.builds(
    lambda when, start, limit, pause, cap, repeats, cycle, ends: clock(
        when=when,
        start=start,
        stop=["closed", {"verb": "reply"}],
        limit=limit,
        repeats="never" if cycle == "life" else repeats,
        cycle=cycle,
        ends=ends,
        pause={**PAUSE, "cap": cap} if pause and limit not in LIMITS[4:7] else None,
        ladder=LADDER,
    ),
    st.sampled_from(WHENS),
    st.sampled_from(STARTS),
    st.sampled_from(LIMITS),
    st.booleans(),
    st.sampled_from([{}, {"working_days": 2}, {"total": {"hours": 40}, "each": {"working_hours": 4}}]),
    st.sampled_from(["never", "after_stop", "each_start"]),
    st.sampled_from(["cycle", "life"]),
    st.sampled_from([None, "midnight", "close_of_business", "same_time"]),
)


def history(taken):
    when, cycle, events = at("2026-09-21T10:00"), 1, []
    for seq, (gap, state, verb, reason, values, resumes) in enumerate(taken, start=1):
        when += dt.timedelta(seconds=gap)
        cycle += verb == "reopen"
        events.append(
            event(
                seq, when.isoformat(), verb, state,
                cycle=cycle, pause_reason=reason, values=values, resumes=resumes, done=state == "closed",
            )
        )  # fmt: skip
    return events


@settings(max_examples=300)
@given(st.lists(rules, min_size=1, max_size=3), steps, st.integers(0, 40))
def test_many_clocks_at_once_fall_due_and_stop_as_each_by_itself(asked, taken, days):
    events = history(taken)
    now = events[-1].at + dt.timedelta(days=days)
    alone = [r for rule in asked for r in read_clock(rule, events, china(), now)]
    clockwork, shuffled = Clockwork(asked), list(reversed(events))
    assert readings_text(clockwork.readings(shuffled, china, now)) == readings_text(alone)
    assert clockwork.dues(shuffled, china) == [(r.key, r.rule_id, r.due_at, r.stopped_at) for r in alone]
    # What was found out about events that are alike holds for the next case.
    assert clockwork.dues(events[:-1], china) == [
        (r.key, r.rule_id, r.due_at, r.stopped_at)
        for rule in asked
        for r in read_clock(rule, events[:-1], china(), now)
    ]


@settings(max_examples=150)
@given(rules, steps, st.integers(0, 40))
def test_every_reading_is_sound(rule, taken, days):
    events = history(taken)
    now = events[-1].at + dt.timedelta(days=days)
    for reading in read_clock(rule, events, china(), now):
        assert reading.spent >= 0
        assert reading.paused_total >= 0
        assert reading.stopped_at is None or reading.stopped_at >= reading.started_at
        segments = reading.segments
        assert [s.from_at for s in segments[1:]] == [s.to_at for s in segments[:-1]]
        if segments:
            assert segments[0].from_at == reading.started_at
        if reading.due_at is not None and reading.extensions == 0 and reading.limit.shape in ("hours", "working_hours"):
            counted = sum(s.counted for s in segments if s.counted and s.reason != "late")
            assert abs(counted * 1_000_000 - reading.spent - reading.left) < 1_000_000 * len(segments)
            assert reading.spent + reading.left == getattr(reading.limit, reading.limit.shape) * 3600 * 1_000_000
        explain(reading, "zh-Hans", rule=rule)
        explain(reading, "en", rule=rule)


def test_a_stop_that_states_an_earlier_time_cuts_the_pauses_behind_it():
    rule = clock(start="registered", stop="closed", limit={"hours": 5}, cycle="life")
    taken = [
        event(1, "2026-09-21T10:00", "register", "registered"),
        event(2, "2026-09-21T11:00", "close", "closed", done=True),
        event(3, "2026-09-21T13:00", "reopen", "investigating", cycle=2),
        event(4, "2026-09-21T12:00", "close", "closed", cycle=2, done=True),
    ]
    reading = only(rule, taken, "2026-09-21T14:00")
    assert (reading.stopped_at, reading.spent, reading.paused_total) == (
        at("2026-09-21T12:00"),
        3600 * 10**6,
        3600 * 10**6,
    )


def test_a_promise_of_a_time_that_is_over_is_late_from_its_start():
    rule = clock(start={"field_set": "promised_reply_at"}, limit={"promise": "promised_reply_at"})
    given_late = event(
        1, "2026-09-21T10:00", "contact", "registered", values={"promised_reply_at": "2026-09-21T09:00:00+08:00"}
    )
    reading = only(rule, [given_late], "2026-09-21T11:00")
    (late,) = reading.segments
    assert (late.reason, late.from_at, late.counted, reading.left) == (
        "late",
        reading.started_at,
        3600,
        -2 * 3600 * 10**6,
    )


@settings(max_examples=100)
@given(
    st.sampled_from([{"hours": 50}, {"working_hours": 30}, {"working_days": 4}, {"calendar_days": 5}]),
    st.sampled_from([None, "midnight", "same_time"]),
    st.sampled_from([{}, {"working_days": 2}, {"each": {"hours": 30}}]),
    st.integers(0, 5 * 86_400), st.integers(1, 5 * 86_400), st.integers(0, 100),
)  # fmt: skip
def test_splitting_a_pause_changes_nothing(limit, ends, cap, wait, length, part):
    rule = clock(limit=limit, ends=ends, pause={**PAUSE, "cap": cap})
    start = at("2026-09-21T10:00")
    begin, end = start + dt.timedelta(seconds=wait), start + dt.timedelta(seconds=wait + length)
    middle = begin + (end - begin) * part / 100
    first = registered(start.isoformat())
    whole = [
        first,
        event(2, begin.isoformat(), "tell", "told", pause_reason="awaiting_complainant"),
        event(4, end.isoformat(), "refuse", "investigating"),
    ]
    split = [
        *whole[:2],
        event(3, middle.isoformat(), "tell", "told", pause_reason="awaiting_complainant", resumes=True),
        whole[2],
    ]
    now = end + dt.timedelta(hours=1)
    assert only_due(rule, split, now) == only_due(rule, whole, now)


def only_due(rule, events, now):
    (reading,) = read_clock(rule, events, china(), now)
    return reading.due_at, reading.spent, reading.left, reading.paused_total, reading.status


def test_plain_calendars_work_in_other_zones():
    reading = only(
        clock(limit={"working_days": 2}),
        [registered("2026-03-27T10:00+01:00")],
        "2026-03-27T11:00+01:00",
        plain("Europe/Berlin"),
    )
    assert reading.due_at == at("2026-03-31T18:00+02:00")


# -- a deadline from outside -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outside", "due", "half"),
    [
        (None, "2026-03-10T18:00", None),
        ("2026-03-11T12:00+08:00", "2026-03-10T18:00", None),
        ("2026-03-06T12:00+08:00", "2026-03-06T12:00", "2026-03-05T16:00"),  # 10 of 18 working hours are left
        ("2026-03-04T12:00+08:00", "2026-03-04T12:00", None),  # before it was received
    ],
)
def test_the_earlier_of_limit_and_outside_deadline_governs_due_date_and_reminders(outside, due, half):
    rule = clock(limit={"working_days": 3}, no_later_than="platform_due_at", ladder=[{"at": "50%", "tell": ["x"]}])
    given = {"platform_due_at": outside} if outside else {}
    reading = only(rule, [registered("2026-03-05T10:00", **given)], "2026-03-05T10:30")

    assert reading.due_at == at(due)
    assert reading.status == ("broken" if at(due) < at("2026-03-05T10:00") else "running")
    if half:
        assert [moment.at for moment in reading.ladder] == [at(half)]
        assert [segment.reason for segment in reading.segments] == ["set_outside"]


def test_an_outside_deadline_that_is_learned_later_moves_the_due_date_and_no_extension_goes_beyond_it():
    rule = clock(limit={"working_days": 3}, no_later_than="platform_due_at", extend={"times": 1})
    extended = {EXTENSION: {"clock": "handling", "due_at": "2026-03-20T18:00:00+08:00"}}
    events = [
        registered("2026-03-05T10:00"),
        event(2, "2026-03-05T11:00", "correct", "registered", values={"platform_due_at": "2026-03-09T12:00:00+08:00"}),
        event(3, "2026-03-05T12:00", "extend", "registered", values=extended),
    ]
    reading = only(rule, events, "2026-03-05T12:30")

    assert reading.due_at == at("2026-03-09T12:00")
    assert [change.due_at for change in reading.due_history[:2]] == [at("2026-03-10T18:00"), at("2026-03-09T12:00")]


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0 分钟", "0 min"),
        (59, "不到 1 分钟", "less than 1 min"),
        (3659, "1 小时", "1 h"),
        (3660, "1 小时 1 分钟", "1 h 1 min"),
    ],
)
def test_durations_are_said_in_hours_and_minutes(seconds: int, chinese: str, english: str) -> None:
    assert duration_in_words(seconds, "zh-Hans") == chinese
    assert duration_in_words(seconds, "en") == english
