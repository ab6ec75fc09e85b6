"""Open proceedings move with their case to another version of the policy, and hold it back where they can not stand there."""

from __future__ import annotations

from typing import Any

import pytest

from amends.apps.cases.actions.move_version import begin_move, begin_reversal, work_off
from amends.apps.cases.facts import facts_text
from amends.apps.cases.models import Case, MovedCase, VersionMove
from amends.apps.cases.move_preview import previews, summary_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.facts import rebuilt_facts_of_proceeding
from amends.apps.policies.models import PackVersion
from amends.core.directory import Caller
from tests.doors import Office
from tests.versions import publish_next

PACKS = ("hotel",)
SYSTEM = Caller(id="system", is_system=True)
GIFT = {"gift_for": "noise", "gift_form": "money", "gift_value": "300.00", "gift_reason": "一夜装修"}


def an_hour_less(content: dict[str, Any]) -> None:
    content["proceedings"]["gift"]["clocks"][0]["limit"] = {"hours": 3}


def without_gifts(content: dict[str, Any]) -> None:
    """Whoever began a gift can not go on: the state in which it waits has become another."""
    gift = content["proceedings"]["gift"]
    gift["states"]["asked_anew"] = gift["states"].pop("asked")
    for rule in gift["transitions"]:
        for key in ("to", "from", "from_"):
            given = rule.get(key)
            if isinstance(given, list):
                rule[key] = ["asked_anew" if name == "asked" else name for name in given]
            elif given == "asked":
                rule[key] = "asked_anew"


@pytest.fixture
def number(office: Office) -> str:
    case = office.world.register()
    office.walk(case.number, "grade", "dispatch")
    office.api("floor_manager").begins("gift", case.number, **GIFT)
    return case.number


def moved_to(office: Office, to: PackVersion) -> VersionMove:
    move = begin_move(desk=office.world.desk, to=to, caller=SYSTEM, now=office.world.now)
    assert work_off(move, now=office.world.now, most=10)
    return move


def test_an_open_proceeding_moves_with_its_case_and_back(office: Office, number: str) -> None:
    to = publish_next("hotel", an_hour_less, now=office.world.now)
    before = Proceeding.objects.get()
    move = moved_to(office, to)
    gift = Proceeding.objects.get()
    assert (gift.pack_id, Case.objects.get(number=number).pack_id) == (to.pk, to.pk)
    assert (before.due_at - gift.due_at).total_seconds() == 3600  # type: ignore[operator]
    assert gift.facts == facts_text(rebuilt_facts_of_proceeding(gift))
    assert gift.state == before.state and gift.waits_for == before.waits_for

    assert work_off(begin_reversal(move, caller=SYSTEM, now=office.world.now), now=office.world.now, most=10)
    assert (Proceeding.objects.get().pack_id, Proceeding.objects.get().due_at) == (before.pack_id, before.due_at)


def test_a_proceeding_without_its_state_holds_its_case_back_and_the_preview_says_so(
    office: Office, number: str
) -> None:  # fmt: skip
    free = office.world.register()
    to = publish_next("hotel", without_gifts, now=office.world.now)
    summary = summary_of(office.world.desk, to)
    assert (summary.can, summary.total, [count for _, count in summary.can_not]) == (1, 2, [1])
    shown = {p.case.number: p.hindrances for p in previews(Case.objects.all(), to, now=office.world.now)}
    assert not shown[free.number]
    assert [h.params["kind"].zh_hans for h in shown[number]] == ["住客补偿"]
    moved_to(office, to)
    assert MovedCase.objects.get(case__number=number).state == MovedCase.State.REFUSED
    assert Proceeding.objects.get().pack_id != to.pk
