"""Where the five documents disagree, each pack says its own: two packs differ in every contradiction of topic core."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from amends.apps.policies.files import read_folder
from amends.core.policy.clock_rules import Limit
from amends.core.policy.pack import Pack, read_pack

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "contradictions.md"
ALL = [f"CON-{number:02}" for number in range(1, 35)]

LATER = {
    "CON-15": "proceedings",
    "CON-16": "proceedings",
    "CON-18": "proceedings",
    "CON-21": "proceedings",
    "CON-24": "knowing",
    "CON-25": "knowing",
    "CON-26": "knowing",
    "CON-30": "conversation",
    "CON-33": "proceedings",
}


@cache
def pack(name: str) -> Pack:
    return read_pack(read_folder(ROOT / "packs" / name).raw)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one question about a pack brings to light in two of them."""

    con: str
    asks: Callable[[Pack], Any]
    first: tuple[str, Any]
    second: tuple[str, Any]

    def __str__(self) -> str:
        return f"{self.con}-{self.asks.__name__}-{self.first[0]}-{self.second[0]}"


def number_of_values_on_each_axis(p: Pack) -> dict[str, int]:
    return {axis.id: len(axis.values) for axis in p.grading.axes}


def days_to_handle_each_level_most_serious_first(p: Pack) -> list[tuple[str, int | None]]:
    axis = p.grading.axis(p.grading.level or "")
    limits = limit_of(p, "handling").table
    return [(value.id, limits[value.id].working_days) for value in axis.values] if axis else []


def rank_of_unknown_satisfaction_in_the_queue(p: Pack) -> int | None:
    return next((step.ranks.get("unknown") for step in p.grading.priority if step.by == "satisfaction"), None)


def categories_proposed_by_another_scheme(p: Pack) -> dict[str, str]:
    return {
        f"{scheme.id}/{path}": target
        for scheme in p.categories.schemes
        for path, node in scheme.walk()
        for target in node.maps_to.values()
        if path == "item_damage"
    }


def categories_reported_as_delivery(p: Pack) -> list[str]:
    return [path for path, node in p.categories.schemes[0].walk() if node.common == "delivery"]


def class_of_the_email_channel(p: Pack) -> str:
    return p.channels.channels["email"].group


def kinds_counted_as_complaints(p: Pack) -> dict[str, bool]:
    return {name: kind.counts for name, kind in p.channels.kinds.items()}


def whether_not_upheld_is_an_outcome(p: Pack) -> bool:
    return "not_upheld" in p.categories.outcomes


def form_of_a_complaint(p: Pack) -> str:
    return p.channels.kinds["complaint"].form


def shape_of_the_handling_limit(p: Pack) -> str:
    return limit_of(p, "handling").shape


def first_duty_towards_the_customer(p: Pack) -> tuple[str, str, int]:
    """The shortest limit in elapsed time that runs from registration."""
    first = next(t.to for t in p.lifecycle.with_verb("register"))
    started = [c for c in p.clocks if any(s.state == first or s.verb == "register" for s in c.start)]
    minutes = {"minutes": 1, "hours": 60}
    rules = [c for c in started if c.limit.shape in minutes]
    rule = min(rules, key=lambda c: amount_of(c.limit)[1] * minutes[c.limit.shape])
    return rule.id, *amount_of(rule.limit)


def limit_of_the_hand_over(p: Pack) -> tuple[str, int]:
    names = {"express": "passing_on", "service": "transfer", "market": "hand_over", "escalation": "dispatching"}
    return amount_of(limit_of(p, names[p.id]))


def units_of_the_clocks(p: Pack) -> set[str]:
    return {leaf.shape for clock in p.clocks for leaf in clock.limit.leaves() if leaf.is_amount}


def who_reviews_before_dispatch(p: Pack) -> set[str]:
    dispatching = {state for t in p.lifecycle.with_verb("dispatch") for state in t.from_}
    return {role for t in p.lifecycle.with_verb("review") if t.to in dispatching for role in t.by}


def rounds_before_the_leader_is_alerted(p: Pack) -> int | None:
    setting = p.head.settings.get("alert_rounds")
    return setting.value if setting else None


def where_those_who_tell_the_customer_belong(p: Pack) -> set[str]:
    return {p.roles.roles[role].counts for t in p.lifecycle.with_verb("tell") for role in t.by}


def whether_the_level_decides_the_department(p: Pack) -> bool:
    return any(name == p.grading.level for r in p.routing.routes if r.when for _, name in r.when.names())


def where_those_who_archive_belong(p: Pack) -> set[str]:
    return {p.roles.roles[role].counts for t in p.lifecycle.with_verb("archive") for role in t.by}


def scale_of_satisfaction(p: Pack) -> list[str]:
    field = p.fields.get("satisfaction_answer")
    return [option.id for option in field.options] if field else list(p.categories.lists["satisfaction"])


def whether_some_cases_are_restricted(p: Pack) -> bool:
    return bool(p.roles.restrictions)


def whether_an_apology_precedes_the_dispatch(p: Pack) -> bool:
    needs = [need for t in p.lifecycle.with_verb("dispatch") for need in t.needs]
    return any(name == "apology_made" for need in needs for _, name in need.that.names())


def first_key_of_the_queue(p: Pack) -> str:
    return p.grading.priority[0].by


def moves_open_to_the_party_complained_about(p: Pack) -> set[str]:
    return {
        t.verb for t in p.lifecycle.transitions if t.open_to_accused and t.verb in ("propose", "carry_out", "judge")
    }


def title_of_who_takes_a_complaint_in(p: Pack) -> str:
    role = next(r for r in p.roles.roles.values() if r.counts == "desk" and "register" in r.may)
    return role.title.zh_hans


def what_precedes_carrying_out(p: Pack) -> set[str]:
    ready = {state for t in p.lifecycle.with_verb("carry_out") for state in t.from_}
    return {t.verb for t in p.lifecycle.transitions if t.to in ready}


def amount_of(limit: Limit) -> tuple[str, int]:
    return limit.shape, getattr(limit, limit.shape)


def limit_of(p: Pack, clock: str) -> Limit:
    return next(rule.limit for rule in p.clocks if rule.id == clock)


DIFFERENCES = [
    Difference(
        "CON-01", number_of_values_on_each_axis,
        ("escalation", {"level": 4}), ("express", {"severity": 3, "extent": 3, "satisfaction": 5, "class": 3}),
    ),
    Difference(
        "CON-02", days_to_handle_each_level_most_serious_first,
        ("express", [("special", 7), ("major", 5), ("general", 3)]),
        ("escalation", [("level_1", 2), ("level_2", 3), ("level_3", 5), ("level_4", 1)]),
    ),
    Difference("CON-03", rank_of_unknown_satisfaction_in_the_queue, ("express", 2), ("escalation", None)),
    Difference(
        "CON-04", categories_proposed_by_another_scheme,
        ("express", {"recorded_category/item_damage": "service_quality/damaged"}), ("escalation", {}),
    ),
    Difference(
        "CON-05", categories_reported_as_delivery,
        ("express", ["service_quality/delayed"]), ("escalation", ["delivery_delay"]),
    ),
    Difference("CON-06", class_of_the_email_channel, ("express", "online"), ("escalation", "mail")),
    Difference(
        "CON-07", kinds_counted_as_complaints,
        ("express", {"complaint": True, "internal_complaint": False, "suggestion": False}),
        ("market", {"complaint": True}),
    ),
    Difference("CON-08", whether_not_upheld_is_an_outcome, ("market", True), ("escalation", False)),
    Difference("CON-09", form_of_a_complaint, ("express", "complaint_record"), ("service", "handling_notice")),
    Difference("CON-10", shape_of_the_handling_limit, ("express", "by"), ("market", "unset")),
    Difference(
        "CON-11", first_duty_towards_the_customer,
        ("express", ("scope_check", "hours", 1)), ("market", ("first_handling", "minutes", 30)),
    ),
    Difference("CON-12", limit_of_the_hand_over, ("service", ("working_days", 1)), ("market", ("working_hours", 8))),
    Difference(
        "CON-13", units_of_the_clocks, ("service", {"working_days", "working_hours"}), ("express", {"hours", "working_hours", "working_days"})
    ),
    Difference("CON-14", who_reviews_before_dispatch, ("service", {"business_unit_head"}), ("express", set())),
    Difference("CON-17", rounds_before_the_leader_is_alerted, ("market", 2), ("express", None)),
    Difference(
        "CON-19", where_those_who_tell_the_customer_belong,
        ("market", {"desk"}), ("escalation", {"desk", "department", "handler", "superior", "named"}),
    ),
    Difference("CON-20", whether_the_level_decides_the_department, ("escalation", True), ("express", False)),
    Difference(
        "CON-22", where_those_who_archive_belong,
        ("market", {"desk"}), ("escalation", {"desk", "department", "handler"}),
    ),
    Difference(
        "CON-23", scale_of_satisfaction,
        ("express", ["satisfied", "neutral", "dissatisfied"]),
        ("market", ["satisfied", "acceptable", "dissatisfied", "not_yet"]),
    ),
    Difference("CON-27", whether_some_cases_are_restricted, ("express", True), ("service", False)),
    Difference("CON-28", whether_an_apology_precedes_the_dispatch, ("market", True), ("express", False)),
    Difference("CON-29", first_key_of_the_queue, ("escalation", "urgent"), ("express", "severity")),
    Difference(
        "CON-31", moves_open_to_the_party_complained_about, ("market", {"propose", "carry_out"}), ("express", set())
    ),
    Difference("CON-32", title_of_who_takes_a_complaint_in, ("express", "受理人员"), ("service", "商务服务员")),
    Difference(
        "CON-34", what_precedes_carrying_out, ("express", {"agree", "no_answer", "record_exception"}), ("market", {"propose"})
    ),
]  # fmt: skip


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_two_packs_say_their_own(difference: Difference) -> None:
    (first, expected_first), (second, expected_second) = difference.first, difference.second
    assert difference.asks(pack(first)) == expected_first
    assert difference.asks(pack(second)) == expected_second
    assert expected_first != expected_second


def test_every_contradiction_is_shown_or_waits_for_its_topic() -> None:
    assert sorted([d.con for d in DIFFERENCES] + list(LATER)) == ALL


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (CON-\d\d)\b", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_document_has_every_contradiction_once() -> None:
    assert list(_sections()) == ALL


@pytest.mark.parametrize("con", [d.con for d in DIFFERENCES])
def test_the_document_names_what_decides_it_and_all_five_packs(con: str) -> None:
    section = _sections()[con]
    assert "Decided by: " in section
    assert re.findall(r"^- \*\*(\w+)\*\*: ", section, flags=re.MULTILINE) == [
        "escalation", "reporting", "market", "service", "express",
    ]  # fmt: skip


@pytest.mark.parametrize("con", LATER)
def test_the_document_says_which_topic_a_later_one_belongs_to(con: str) -> None:
    section = _sections()[con]
    assert f"Belongs to topic {LATER[con]} (later)." in section
    assert "Decided by: " not in section


def test_what_decides_a_contradiction_is_a_file_of_a_pack() -> None:
    named = re.findall(
        r"^Decided by: `([a-z]+\.yaml|forms/)`", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    files = {path.name for path in (ROOT / "packs" / "express").glob("*.yaml")} | {"forms/"}
    assert len(named) == len(DIFFERENCES)
    assert set(named) <= files
