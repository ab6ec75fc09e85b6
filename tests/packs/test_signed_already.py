"""Whose signature stands is said to colleagues, and only while it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from amends.apps.policies.files import read_folder
from amends.core.decide import decide
from amends.core.decision import Request
from amends.core.directory import Actor, Directory
from amends.core.facts import CaseFacts, Doing
from amends.core.policy.pack import Pack, read_pack
from amends.core.refusals import AlreadyDecided, Refusal, WrongState

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
LEADER = frozenset({"department_leader"})


class Names:
    def name_of_person(self, person: int) -> str:
        return {7: "赵明"}.get(person, "")


@cache
def market() -> Pack:
    return read_pack(read_folder(Path(__file__).parents[2] / "packs" / "market").raw)


def refusal_of_a_review(state: str, *verbs: str, **actor: Any) -> Refusal:
    """What is said to somebody who reviews a case on which these verbs were done one after the other."""
    done = {verb: Doing(seq, NOW, "person:7", 1, 1) for seq, verb in enumerate(verbs, start=1)}
    facts = CaseFacts(state=state, cycle=1, round=1, version=len(verbs), done=done)
    who = Actor(**{"id": "person:3", "person": 3, "roles": LEADER, **actor})
    request = Request(verb="review", data={}, actor=who, now=NOW)
    with pytest.raises(Refusal) as refused:
        decide(
            pack=market(), process=market().lifecycle, facts=facts, request=request, directory=cast(Directory, Names())
        )
    return refused.value


def test_a_colleague_hears_whose_review_stands():
    refusal = refusal_of_a_review("closed", "follow_up", "review")

    assert isinstance(refusal, AlreadyDecided) and refusal.params["who"] == "赵明"


@pytest.mark.parametrize(
    "actor",
    [
        {"accused": True},
        {"id": "complainant:3", "person": None},
        {"id": "partner:3", "person": None},
    ],
)
def test_no_name_is_told_to_those_complained_about_nor_to_anybody_outside(actor):
    refusal = refusal_of_a_review("closed", "follow_up", "review", **actor)

    assert isinstance(refusal, WrongState) and "who" not in refusal.params


def test_a_case_that_was_sent_back_and_withdrawn_says_so_and_not_that_it_was_reviewed():
    leaving = {t.verb for t in market().lifecycle.from_state("followed_up")} - {"review"}
    assert "withdraw" in leaving

    refusal = refusal_of_a_review("withdrawn", "follow_up", "review", "withdraw")

    assert isinstance(refusal, WrongState) and refusal.params["state"] == market().lifecycle.states["withdrawn"].title


def test_nobody_is_named_of_whom_no_name_is_known():
    class Nobody(Names):
        def name_of_person(self, person: int) -> str:
            return ""

    done = {"review": Doing(1, NOW, "person:7", 1, 1)}
    request = Request(verb="review", data={}, actor=Actor("person:3", 3, LEADER), now=NOW)
    with pytest.raises(WrongState):
        decide(
            pack=market(),
            process=market().lifecycle,
            facts=CaseFacts(state="closed", cycle=1, round=1, done=done),
            request=request,
            directory=cast(Directory, Nobody()),
        )
