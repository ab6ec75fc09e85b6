"""Where the documents disagree, the escalation and the market pack each say their own, and no code decides."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from amends.apps.policies.files import read_folder
from amends.core.facts import CaseFacts
from amends.core.grading import priority_of, propose
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack, read_pack
from amends.core.routing import propose_route

PACKS = Path(__file__).resolve().parents[2] / "packs"


@cache
def shipped(name: str) -> Pack:
    return read_pack(read_folder(PACKS / name).raw)


@pytest.fixture
def escalation() -> Pack:
    return shipped("escalation")


@pytest.fixture
def market() -> Pack:
    return shipped("market")


def facts(state: str | None = None, **values: Any) -> CaseFacts:
    return CaseFacts(state=state, cycle=1, round=1, values=values)


def levels_of(pack: Pack) -> list[str]:
    axis = pack.grading.axis(pack.grading.level) if pack.grading.level else None
    return [value.id for value in axis.values] if axis else []


def clock(pack: Pack, name: str) -> ClockRule:
    return next(rule for rule in pack.clocks if rule.id == name)


def doing(pack: Pack, verb: str, state: str | None = None) -> list[Transition]:
    return [t for t in pack.lifecycle.with_verb(verb) if state is None or state in t.from_]


def roles_for(pack: Pack, verb: str, state: str | None = None) -> set[str]:
    return {role for t in doing(pack, verb, state) for role in t.by}


def top_categories(pack: Pack) -> list[str]:
    return [node.id for node in pack.categories.schemes[0].values]


def told_titles(pack: Pack, roles: Iterable[str]) -> list[str]:
    return [pack.roles.roles[role].title.zh_hans for role in roles]


def test_con_01_four_levels_here_and_none_there(escalation: Pack, market: Pack) -> None:
    assert levels_of(escalation) == ["level_1", "level_2", "level_3", "level_4"]
    assert levels_of(market) == []
    validity = market.grading.axis("validity")
    assert validity is not None
    assert [value.id for value in validity.values] == ["upheld", "partly_upheld", "not_upheld"]


def test_con_02_a_serious_case_stands_first_here_and_all_ordinary_ones_alike_there(
    escalation: Pack, market: Pack
) -> None:
    assert priority_of(escalation.grading, {"level": "level_1"}) < priority_of(escalation.grading, {"level": "level_3"})
    assert [step.by for step in market.grading.priority] == ["weight"]


def test_con_05_sorted_by_subject_here_and_by_service_link_there(escalation: Pack, market: Pack) -> None:
    assert escalation.categories.schemes[0].id == "category"
    assert {"product_quality", "service_attitude", "delivery_delay"} <= set(top_categories(escalation))
    assert market.categories.schemes[0].id == "service_link"
    assert "installation" in top_categories(market)


def test_con_06_each_names_its_channels_and_their_classes(escalation: Pack, market: Pack) -> None:
    assert set(escalation.channels.channels) == {"hotline", "online", "email", "offline"}
    assert "visit" in market.channels.channels
    assert "visit" not in escalation.channels.channels
    for pack in (escalation, market):
        assert {channel.group for channel in pack.channels.channels.values()} <= set(pack.channels.groups)


def test_con_07_an_enquiry_is_taken_in_here_and_any_grumble_is_a_complaint_there(
    escalation: Pack, market: Pack
) -> None:
    assert {kind: k.counts for kind, k in escalation.channels.kinds.items()} == {
        "complaint": True, "enquiry": False, "minor_request": True,
    }  # fmt: skip
    assert {kind: k.counts for kind, k in market.channels.kinds.items()} == {"complaint": True}


def test_con_08_only_the_market_can_find_a_complaint_not_upheld(escalation: Pack, market: Pack) -> None:
    assert "not_upheld" in market.categories.outcomes
    assert "not_upheld" not in escalation.categories.outcomes
    assert doing(market, "judge")
    assert not doing(escalation, "judge")


def test_con_09_the_record_has_another_form_and_other_fields(escalation: Pack, market: Pack) -> None:
    here = escalation.forms[escalation.channels.kinds["complaint"].form]
    there = market.forms[market.channels.kinds["complaint"].form]
    assert (here.title.zh_hans, there.title.zh_hans) == ("客诉受理记录", "客户投诉记录表")
    assert here.field("safety_threat")
    assert there.field("accused_kind")
    assert not there.field("safety_threat")


def test_con_10_a_limit_by_level_here_and_the_promised_time_there(escalation: Pack, market: Pack) -> None:
    by_level = clock(escalation, "handling").limit
    assert by_level.by == "level"
    assert {level: limit.working_days for level, limit in by_level.table.items()} == {
        "level_1": 2, "level_2": 3, "level_3": 5, "level_4": 1,
    }  # fmt: skip
    assert clock(market, "handling").limit.unset
    assert clock(market, "promised_reply").limit.promise == "promised_reply_at"


def test_con_11_the_first_handling_has_a_figure_only_in_the_market(escalation: Pack, market: Pack) -> None:
    assert clock(market, "first_handling").limit.minutes == 30
    assert "first_handling" not in {rule.id for rule in escalation.clocks}


def test_con_12_hand_over_is_measured_from_grading_here_and_from_receipt_there(escalation: Pack, market: Pack) -> None:
    assert [t.state for t in clock(escalation, "dispatching").start] == ["graded"]
    assert "register" in [t.verb for t in clock(market, "hand_over").start]


def test_con_13_the_half_hour_counts_every_hour_and_the_days_of_a_level_are_working_days(
    escalation: Pack, market: Pack
) -> None:
    assert {limit.shape for limit in clock(escalation, "handling").limit.table.values()} == {"working_days"}
    assert clock(market, "first_handling").limit.shape == "minutes"


def test_con_14_dispatched_directly_here_and_judged_first_there(escalation: Pack, market: Pack) -> None:
    assert {origin for t in doing(escalation, "dispatch") for origin in t.from_} == {"graded"}
    assert {origin for t in doing(market, "dispatch") for origin in t.from_} == {"upheld"}
    assert {t.to for t in doing(market, "judge", "registered")} == {"upheld", "not_upheld"}


def test_con_17_the_leader_is_alerted_after_rounds_only_in_the_market(escalation: Pack, market: Pack) -> None:
    alerts = [n for t in doing(market, "refuse", "told") for n in t.notifies if n.to == ("department_leader",)]
    assert [n.when.at_least for n in alerts if n.when] == [market.head.settings["alert_rounds"].value]
    assert "department_leader" not in {role for t in doing(escalation, "refuse") for n in t.notifies for role in n.to}
    assert {t.opens for t in (*doing(escalation, "refuse"), *doing(market, "refuse"))} == {"round"}


def test_con_19_the_department_may_speak_to_the_customer_here_and_only_customer_service_there(
    escalation: Pack, market: Pack
) -> None:
    assert "handler" in roles_for(escalation, "tell")
    assert roles_for(market, "tell") == {"cs_agent", "cs_lead"} == set(market.roles.contact_roles)


def test_con_20_who_handles_follows_level_and_category_here_and_the_service_link_there(
    escalation: Pack, market: Pack
) -> None:
    serious = propose_route(escalation, facts("graded", category="delivery_delay", level="level_2"), None)
    ordinary = propose_route(escalation, facts("graded", category="delivery_delay", level="level_3"), None)
    link = propose_route(market, facts("upheld", service_link="installation"), None)
    assert serious and ordinary and link
    assert (serious.route.to, serious.route.owner) == ("logistics", "head")
    assert (ordinary.route.to, ordinary.route.owner) == ("logistics", "team_member")
    assert (link.route.to, link.route.owner) == ("installation", "member")


def test_con_22_the_department_archives_here_and_customer_service_after_the_review_there(
    escalation: Pack, market: Pack
) -> None:
    assert "handler" in roles_for(escalation, "archive")
    assert roles_for(market, "archive") == {"cs_agent", "cs_lead"}
    assert {"follow_up", "review"} == {n.that.done for t in doing(market, "archive") for n in t.needs}
    assert not doing(escalation, "review")


def test_con_23_satisfaction_is_asked_after_acceptance_here_and_with_solution_and_result_there(
    escalation: Pack, market: Pack
) -> None:
    assert {origin for t in doing(escalation, "rate") for origin in t.from_} == {"agreed", "answered", "closed"}
    assert {"satisfaction_solution", "satisfaction_result"} <= set(market.fields)
    assert {"process_satisfaction", "satisfaction"} <= set(escalation.fields)


def test_con_28_an_apology_is_one_measure_here_and_comes_before_passing_on_there(
    escalation: Pack, market: Pack
) -> None:
    assert "apology" in escalation.categories.measures
    assert "apology_made" not in {n.that.fact for t in doing(escalation, "dispatch") for n in t.needs}
    assert "apology_made" in {n.that.fact for t in doing(market, "dispatch") for n in t.needs}
    marks = [t.marks for t in doing(market, "contact") if t.marks]
    assert marks[:2] == [{"apology_made": True}, {"regret_expressed": True}]


def test_con_29_urgency_is_a_flag_beside_the_level_here_and_unknown_there(escalation: Pack, market: Pack) -> None:
    urgent = priority_of(escalation.grading, {"urgent": True, "level": "level_4"})
    assert urgent < priority_of(escalation.grading, {"urgent": False, "level": "level_1"})
    assert clock(escalation, "handling").limit.faster[0].flag == "urgent"
    assert not doing(market, "mark_urgent")
    assert not any(limit.faster for rule in market.clocks for limit in rule.limit.leaves())


def test_con_31_those_complained_about_solve_the_case_only_in_the_market(escalation: Pack, market: Pack) -> None:
    assert escalation.roles.accused.may == ()
    assert not any(t.open_to_accused for t in escalation.lifecycle.transitions)
    open_there = {t.verb for t in market.lifecycle.transitions if t.open_to_accused} | set(market.roles.accused.may)
    assert {"propose", "carry_out"} <= open_there
    assert not {"judge", "review", "answer", "tell", "archive"} & open_there


def test_con_32_the_same_work_is_done_under_other_titles(escalation: Pack, market: Pack) -> None:
    assert told_titles(escalation, ["intake_officer", "department_head"]) == ["受理人员", "责任部门负责人"]
    assert told_titles(market, ["cs_agent", "accused_head"]) == ["客服人员", "被投诉部门负责人"]


def test_con_34_both_carry_out_before_they_tell_the_customer(escalation: Pack, market: Pack) -> None:
    for pack, carried_out in ((escalation, "handled"), (market, "implemented")):
        assert {t.to for t in doing(pack, "carry_out")} == {carried_out}
        assert {origin for t in doing(pack, "tell") for origin in t.from_} == {carried_out}


@pytest.mark.parametrize(
    ("grounds", "demand", "finding"),
    [
        ("sufficient", "reasonable", "upheld"),
        ("sufficient", "unreasonable", "partly_upheld"),
        ("insufficient", "reasonable", "not_upheld"),
        ("insufficient", "unreasonable", "not_upheld"),
    ],
)
def test_grounds_and_demand_are_judged_apart(market: Pack, grounds: str, demand: str, finding: str) -> None:
    axis = market.grading.axis("validity")
    assert axis is not None
    assert propose(axis, facts(grounds=grounds, demand_judged=demand)).value == finding
