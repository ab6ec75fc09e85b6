"""What the courier pack leans on: rows with reasons, axes that follow from axes, attempts counted anew."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from amends.apps.policies.files import read_folder
from amends.core.decide import decide
from amends.core.decision import Decision, Request
from amends.core.directory import Actor, Directory
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.policy.pack import Pack, read_pack
from amends.core.refusals import InvalidData, WrongState

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
NOBODY_ASKED = cast(Directory, None)
ATTEMPT = {"contact_time": "2026-03-05T09:00+08:00", "contact_way": "telephone", "reached": False}


@cache
def express() -> Pack:
    return read_pack(read_folder(Path(__file__).parents[2] / "packs" / "express").raw)


def act(facts: CaseFacts, verb: str, role: str, **data: Any) -> Decision:
    actor = Actor(id="person:1", person=1, roles=frozenset({role}))
    request = Request(verb=verb, data=data, actor=actor, now=NOW)
    return decide(pack=express(), process=express().lifecycle, facts=facts, request=request, directory=NOBODY_ASKED)


def after(facts: CaseFacts, decision: Decision) -> CaseFacts:
    event = Event(facts.version + 1, decision.verb, NOW, NOW, "person:1", decision.payload)
    return evolve(facts, event)


def errors_of(facts: CaseFacts, verb: str, role: str, **data: Any) -> set[tuple[str, str]]:
    with pytest.raises(InvalidData) as refused:
        act(facts, verb, role, **data)
    return {(error.pointer, error.code) for error in refused.value.errors}


def plan(*answers: dict[str, str]) -> dict[str, Any]:
    return {
        "responsibility": "internal",
        "responsibility_text": "中转分拣时破损",
        "solution_kind": ["explanation"],
        "demand_answers": list(answers),
        "corrective": "none",
        "no_measure_reason": "偶发",
        "answer_text": "赔偿并致歉",
    }


TWO_DEMANDS = CaseFacts(
    state="concluded", cycle=1, round=1, values={"description": "杯子碎了"}, lists={"demands": ({"no": 1}, {"no": 2})}
)  # fmt: skip


def test_a_plan_that_answers_one_of_two_demands_is_refused() -> None:
    assert errors_of(TWO_DEMANDS, "propose", "case_handler", **plan({"answer": "met"})) == {
        ("/demand_answers", "one_for_each")
    }


def test_a_refused_demand_needs_its_reason_in_its_own_row() -> None:
    answers = {"answer": "met", "reason": "符合标准"}, {"answer": "refused"}
    assert errors_of(TWO_DEMANDS, "propose", "case_handler", **plan(*answers)) == {
        ("/demand_answers/1/reason", "required")
    }


def test_the_class_follows_from_a_severity_that_is_only_proposed_in_the_same_act() -> None:
    facts = CaseFacts(state="confirmed", cycle=1, round=1, values={"category": "service_quality/lost"})
    graded = act(
        facts,
        "grade",
        "intake_officer",
        operations_effect="major",
        satisfaction_effect="unaffected",
        affected="single_customer",
    ).payload["graded"]
    assert {axis: value["value"] for axis, value in graded.items()} == {
        "severity": "severe",
        "extent": "local",
        "satisfaction": "unknown",
        "class": "major",
    }


def test_contact_attempts_count_anew_in_every_round() -> None:
    facts = CaseFacts(state="told", cycle=1, round=1)
    for _ in range(3):
        facts = after(facts, act(facts, "contact", "cs_agent", **ATTEMPT))
    assert after(facts, act(facts, "no_answer", "cs_agent")).state == "agreed"
    facts = after(facts, act(facts, "refuse", "customer", reason="赔偿太少"))
    facts = CaseFacts(state="planned", cycle=1, round=facts.round, version=facts.version, lists=facts.lists)
    facts = after(facts, act(facts, "tell", "cs_agent", told_by_way="telephone", answer_text="新方案"))
    assert facts.value("plan_attempts_count") is None
    with pytest.raises(WrongState):
        act(facts, "no_answer", "cs_agent")


def test_a_payment_below_what_was_agreed_shows_the_difference_and_needs_an_explanation() -> None:
    facts = CaseFacts(state="agreed", cycle=1, round=1, values={"agreed_amount": {"minor": 5000, "currency": "CNY"}})
    tracked = {"effect_tracking": "planned", "effect_due": "2030-03-16"}
    done = {"execution_text": "已转账", "paid_amount": "40", **tracked}
    assert errors_of(facts, "carry_out", "case_handler", **done) == {("/difference_explanation", "required")}
    decision = act(facts, "carry_out", "case_handler", **done, difference_explanation="客户同意抵扣运费")
    assert decision.payload["set"]["amount_difference"] == {"minor": -1000, "currency": "CNY"}
