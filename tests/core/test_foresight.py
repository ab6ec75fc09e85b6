"""What registering would propose, while the form is still being filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from amends.apps.policies.files import read_folder
from amends.core.decision import Request
from amends.core.directory import Actor
from amends.core.foresight import Foresight, foresee
from amends.core.policy.pack import Pack, read_pack
from tests.world import ROOT

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
HAZARD = {"category": "product_quality", "safety_threat": "yes"}


@pytest.fixture(scope="module")
def escalation() -> Pack:
    return read_pack(read_folder(ROOT / "packs" / "escalation").raw)


def foreseen(pack: Pack, role: str, **data: Any) -> Foresight:
    actor = Actor(id="person:1", person=1, roles=frozenset({role}), accused=False, deputising=(), scopes=None)
    given = {"kind": "complaint", "channel": "hotline", "channel_group": "telephone", "earlier_cases": 0}
    request = Request(verb="register", data=data, actor=actor, now=NOW, given=given, form="complaint_record")
    return foresee(pack, request, None)  # type: ignore[arg-type]


def graded(foresight: Foresight) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(one.axis, one.value, one.criteria) for one in foresight.grades]


def test_the_level_follows_what_is_filled_in(escalation):
    assert graded(foreseen(escalation, "cs_agent", **HAZARD)) == [("level", "level_1", ("personal_safety",))]


def test_a_form_that_is_not_finished_is_read_as_far_as_it_goes(escalation):
    found = foreseen(escalation, "cs_agent", complainant_phone="12", **HAZARD)
    assert graded(found) == [("level", "level_1", ("personal_safety",))]
    assert graded(foreseen(escalation, "cs_agent"))[0][2] == ()


def test_nothing_is_foreseen_for_whoever_may_not_register(escalation):
    assert foreseen(escalation, "somebody", **HAZARD) == Foresight(None)


def test_a_level_that_the_pack_gives_later_is_foreseen_as_it_would_be_proposed():
    express = read_pack(read_folder(ROOT / "packs" / "express").raw)
    assert ("class", "general", ()) in graded(foreseen(express, "cs_agent"))
