"""Moving open cases to another version of their policy, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.actions.move_version import (
    NothingToMove,
    NotReversible,
    begin_move,
    begin_reversal,
    work_off,
)
from amends.apps.cases.clocks import read_clocks
from amends.apps.cases.conformity import conformity_of
from amends.apps.cases.facts import core_events, facts_text, pack_of, rebuilt_facts
from amends.apps.cases.models import Case, ClockRow, MovedCase, VersionMove
from amends.apps.cases.move_preview import listed, previews, summary_of
from amends.apps.cases.projection import DERIVED, project
from amends.apps.cases.queries import actor_of
from amends.apps.cases.timeline import entries_for
from amends.apps.ledger.models import Chain
from amends.apps.ledger.queries import events_of
from amends.apps.policies.models import PackVersion
from amends.core.clocks import readings_text
from amends.core.directory import Caller
from amends.core.refusals import NotPermitted
from tests.doors import Office
from tests.versions import publish_next

PACKS = ("express",)
SYSTEM = Caller(id="system", is_system=True)


def a_day_less(content: dict[str, Any]) -> None:
    content["head"]["settings"]["general_days"]["value"] -= 1


def without_the_state(name: str, into: str) -> Any:
    """The policy without one state: whatever led there leads to another."""

    def change(content: dict[str, Any]) -> None:
        content["lifecycle"]["states"][f"{name}_anew"] = content["lifecycle"]["states"].pop(name)
        text = content["lifecycle"]["transitions"]
        for rule in text:
            rule["to"] = f"{name}_anew" if rule["to"] == name else rule["to"]
            origin = rule.get("from") or rule.get("from_")
            if origin:
                renamed = [
                    f"{name}_anew" if o == name else o for o in ([origin] if isinstance(origin, str) else origin)
                ]
                rule["from" if "from" in rule else "from_"] = renamed
        _rename_in(content, name, f"{name}_anew")

    return change


def _rename_in(content: dict[str, Any], old: str, new: str) -> None:
    for clock in content["clocks"]:
        for key in ("start", "stop"):
            if key in clock:
                given = clock[key] if isinstance(clock[key], list) else [clock[key]]
                clock[key] = [_renamed(item, old, new) for item in given]
        if "when" in clock:
            clock["when"] = _renamed_in_condition(clock["when"], old, new)
        if "pause" in clock and "in" in clock["pause"]:
            clock["pause"]["in"] = [_renamed(item, old, new) for item in clock["pause"]["in"]]
    for piece in [*content.get("guidance", []), *content["routing"].get("duties", [])]:
        if piece.get("state") == old:
            piece["state"] = new
    content["examples"] = []


def _renamed_in_condition(asked: Any, old: str, new: str) -> Any:
    if isinstance(asked, dict):
        return {key: _renamed_in_condition(value, old, new) for key, value in asked.items()}
    if isinstance(asked, list):
        return [_renamed_in_condition(value, old, new) for value in asked]
    return new if asked == old else asked


def _renamed(item: Any, old: str, new: str) -> Any:
    if isinstance(item, dict):
        return {**item, "state": new} if item.get("state") == old else item
    return new if item == old else item


def columns(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in (*DERIVED, "due_at", "due_clock", "is_late", "pack_id")}


def clock_rows(case: Case) -> list[tuple[Any, ...]]:
    rows = ClockRow.objects.filter(case=case).order_by("instance")
    return list(rows.values_list("instance", "status", "due_at", "stopped_at", "breached_at", "kind"))


def moved(office: Office, to: PackVersion, **options: Any) -> VersionMove:
    move = begin_move(desk=office.world.desk, to=to, caller=SYSTEM, now=office.world.now, **options)
    assert work_off(move, now=office.world.later(minutes=1), most=100)
    return move


def rebuilt(case: Case) -> dict[str, Any]:
    """The row as it follows from the events alone."""
    twin = Case.objects.select_related("desk", "chain").get(pk=case.pk)
    project(twin, rebuilt_facts(twin), pack_of(twin))
    return {name: getattr(twin, name) for name in DERIVED}


def test_a_move_is_one_event_and_the_case_is_read_by_the_new_version(office: Office) -> None:
    world = office.world
    case = world.do(world.register(), "accept")
    before = ClockRow.objects.get(case=case, rule="handling")
    to = publish_next("express", a_day_less, now=world.now)
    move = moved(office, to)
    case.refresh_from_db()
    last = events_of(case.chain)[-1]
    assert (last.kind, last.data["pack"], last.data["move"]) == (
        "move_version", {"id": "express", "from": 1, "to": 2}, move.pk,
    )  # fmt: skip
    assert (case.pack, case.version, case.state) == (to, 3, "accepted")
    after = ClockRow.objects.get(case=case, rule="handling")
    assert before.due_at is not None and after.due_at is not None
    assert after.due_at < before.due_at
    assert move.finished_at is not None
    assert facts_text(rebuilt_facts(case)) == case.facts
    assert rebuilt(case) == {name: getattr(case, name) for name in DERIVED}


def test_a_clock_that_had_stopped_stays_as_the_version_before_read_it(office: Office) -> None:
    """Nobody is judged afterwards by a limit that did not hold."""
    world = office.world
    case = world.do(world.register(), "accept")

    def strict(content: dict[str, Any]) -> None:
        a_day_less(content)
        content["head"]["settings"]["scope_check_limit"]["value"] = {"minutes": 1}

    kept = ClockRow.objects.get(case=case, rule="scope_check")
    assert kept.status == "kept"
    moved(office, publish_next("express", strict, now=world.now))
    assert ClockRow.objects.get(case=case, rule="scope_check").status == "kept"
    case.refresh_from_db()
    broken = [c for c in conformity_of(case, pack_of(case), world.now)["clauses"] if c["verdict"] == "broken"]
    assert broken == []


def test_moving_back_restores_version_row_and_clocks(office: Office) -> None:
    world = office.world
    case = world.do(world.register(), "accept")
    other = world.register(channel=list(world.pack.channels.channels)[1])
    before = {c.pk: (columns(c), clock_rows(c)) for c in (case, other)}
    move = moved(office, publish_next("express", a_day_less, now=world.now))
    back = begin_reversal(move, caller=SYSTEM, now=world.now)
    assert work_off(back, now=world.later(minutes=1), most=1) is False
    assert work_off(back, now=world.now, most=1) is True
    for found in Case.objects.all():
        earlier, rows = before[found.pk]
        assert clock_rows(found) == rows
        same = {k: v for k, v in columns(found).items() if k not in ("version", "facts")}
        assert same == {k: v for k, v in earlier.items() if k not in ("version", "facts")}
        assert facts_text(rebuilt_facts(found)) == found.facts
    with pytest.raises(NotReversible):
        begin_reversal(move, caller=SYSTEM, now=world.now)
    with pytest.raises(NotReversible):
        begin_reversal(back, caller=SYSTEM, now=world.now)


def test_clocks_read_from_the_events_alone_pick_the_version_of_each_time(office: Office) -> None:
    """Rebuilt from nothing, a case that went there and back and on reads as its rows say, to the byte."""
    world = office.world
    case = world.do(world.register(), "accept")
    move = moved(office, publish_next("express", a_day_less, now=world.now))
    case.refresh_from_db()
    case = world.do(case, "confirm")
    begin_reversal(move, caller=SYSTEM, now=world.now)
    assert work_off(VersionMove.objects.get(reverses=move), now=world.later(minutes=1), most=10)
    case.refresh_from_db()
    case = world.do(case, "grade")
    events = core_events(events_of(case.chain))
    first, again = (readings_text(read_clocks(events, pack_of(case), world.now)) for _ in range(2))
    assert first == again
    read = {r.key: (r.status, r.due_at, r.stopped_at) for r in read_clocks(events, pack_of(case), world.now)}
    stored = {i: (s, d, t) for i, s, d, t, _, _ in clock_rows(case)}
    assert read == stored
    assert rebuilt(case) == {name: getattr(case, name) for name in DERIVED}


def test_what_stands_in_a_state_that_is_gone_stays_and_says_why(office: Office) -> None:
    world = office.world
    staying = world.do(world.register(), "accept")
    going = world.register()
    to = publish_next("express", without_the_state("accepted", "received"), now=world.now)
    summary = summary_of(world.desk, to)
    assert (summary.can, summary.total) == (1, 2)
    ((hindrance, count),) = summary.can_not
    assert (hindrance.sentence, count) == ("新版本没有“%(state)s”这个环节。", 1)
    move = moved(office, to)
    refused = move.cases.get(state=MovedCase.State.REFUSED)
    assert refused.case == staying
    assert "新版本没有" in refused.hindrances
    staying.refresh_from_db()
    going.refresh_from_db()
    assert (staying.pack.version, going.pack.version) == (1, 2)


def test_the_history_keeps_the_words_of_its_time(office: Office) -> None:
    """A form that the new version does not have is still shown as it was filled in."""
    world = office.world
    case = world.do(world.register(), "accept")
    words_before = [
        entry.to_state for entry in entries_for(case, pack_of(case), actor_of(world.viewer("intake_officer"), case))
    ]

    def renamed(content: dict[str, Any]) -> None:
        content["lifecycle"]["states"]["accepted"]["title"] = {"zh-Hans": "已立案", "en": "opened"}

    moved(office, publish_next("express", renamed, now=world.now))
    case.refresh_from_db()
    entries = entries_for(case, pack_of(case), actor_of(world.viewer("intake_officer"), case))
    assert [entry.to_state for entry in entries[:-1]] == words_before
    assert str(entries[-1].to_state and entries[-1].to_state.zh_hans) == "已立案"
    assert entries[0].values


def test_a_preview_changes_nothing_and_says_what_would_be(office: Office) -> None:
    world = office.world
    case = world.do(world.register(), "accept")
    to = publish_next("express", a_day_less, now=world.now)
    facts, rows = case.facts, clock_rows(case)
    (preview,) = previews(listed(world.desk, to, viewer=world.person("administrator")), to, now=world.now)
    assert preview.due_before is not None and not preview.hindrances
    (change,) = preview.clocks
    assert change.title["zh-Hans"] == "处理时限"
    moved(office, to)
    case.refresh_from_db()
    assert change.after is not None
    assert change.after.due_at == ClockRow.objects.get(case=case, rule="handling").due_at
    assert preview.due_after == case.due_at
    assert facts != case.facts and rows != clock_rows(case)


def test_previewing_costs_the_same_for_few_and_many_cases(office: Office) -> None:
    world = office.world
    world.register()
    to = publish_next("express", a_day_less, now=world.now)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            summary_of(world.desk, to)
            previews(listed(world.desk, to, viewer=world.person("administrator"))[:30], to, now=world.now)
        return len(seen)

    cost()
    few = cost()
    for _ in range(4):
        world.register()
    assert cost() == few


@pytest.mark.parametrize("role", ["intake_officer", "department_head", "cs_supervisor"])
def test_without_the_right_to_manage_the_policy_nothing_moves(office: Office, role: str) -> None:
    world = office.world
    world.register()
    to = publish_next("express", a_day_less, now=world.now)
    with pytest.raises(NotPermitted):
        begin_move(desk=world.desk, to=to, caller=world.caller(role), now=world.now)
    assert not VersionMove.objects.exists()


def test_the_right_is_asked_again_for_every_case(office: Office) -> None:
    """Who lost the right while the worker was busy moves nothing more."""
    world = office.world
    case = world.register()
    to = publish_next("express", a_day_less, now=world.now)
    move = begin_move(desk=world.desk, to=to, caller=world.caller("administrator"), now=world.now)
    world.person("administrator").memberships.all().delete()
    assert work_off(move, now=world.later(minutes=1), most=10)
    case.refresh_from_db()
    assert case.pack.version == 1
    assert move.cases.get().state == MovedCase.State.REFUSED


def test_only_open_cases_move_and_an_empty_list_is_refused(office: Office) -> None:
    world = office.world
    to = publish_next("express", a_day_less, now=world.now)
    with pytest.raises(NothingToMove):
        begin_move(desk=world.desk, to=to, caller=SYSTEM, now=world.now)
    world.later(days=2)
    case = world.register()
    assert case.pack.version == 2
    with pytest.raises(NothingToMove):
        begin_move(desk=world.desk, to=to, caller=SYSTEM, now=world.now)


def test_a_case_that_was_closed_meanwhile_stays_where_it_is(office: Office) -> None:
    world = office.world
    case = world.register()
    to = publish_next("express", a_day_less, now=world.now)
    move = begin_move(desk=world.desk, to=to, caller=SYSTEM, now=world.now)
    case = world.do(case, "decline")
    assert case.state_category == "done"
    assert work_off(move, now=world.later(minutes=1), most=10)
    assert "已办结" in move.cases.get().hindrances
    assert [e.kind for e in events_of(case.chain)] == ["register", "decline"]


def test_the_act_stands_on_the_chain_of_the_desk(office: Office) -> None:
    world = office.world
    world.register()
    move = moved(office, publish_next("express", a_day_less, now=world.now))
    events = events_of(Chain.objects.get(key=f"desk:{world.desk.code}"))[-2:]
    assert [(e.kind, e.actor) for e in events] == [("move_begun", "system"), ("move_finished", "system")]
    assert events[-1].data == {"move": move.pk, "moved": 1, "refused": 0}
    assert events[0].at <= events[1].at <= events[0].at + timedelta(minutes=2)
