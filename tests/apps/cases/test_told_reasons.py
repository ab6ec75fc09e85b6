"""Reasons that notices tell under a version that was published before forms could say which of their fields that is."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from amends.apps.policies.actions import close_version
from amends.apps.policies.models import PackVersion
from amends.apps.policies.queries import content_of, forget_what_is_kept_in_memory, read_version
from amends.apps.studies.drafts import draft_of_version
from amends.core.canonical import ordered_json
from amends.core.policy.pack import read_pack
from tests.doors import Office

PACKS = ("market",)
LATER = "2026-03-09T09:00+08:00"
COMMENT = "请补充现场照片"


def publish_of_old(office: Office, **of_comment: Any) -> None:
    """The desk's policy as the first format had it, in force from the next week on."""
    latest = PackVersion.objects.get(pack_id="market")
    content = deepcopy(content_of(latest))
    for form in content["forms"].values():
        for f in form["fields"]:
            f.pop("reason", None)
            f |= of_comment if f["id"] == "review_comment" else {}
    first = latest.valid_from.replace(year=2026, month=3, day=9)
    content["head"] |= {"version": 2, "valid_from": first.isoformat()}
    close_version(latest, last_day=first - timedelta(days=1), now=office.clock.now)
    text = ordered_json(content)
    row = PackVersion.objects.create(
        pack_id="market", version=2, format=1, valid_from=first, content=text, hash=sha256(text.encode()).hexdigest(), published_at=office.clock.now
    )  # fmt: skip
    forget_what_is_kept_in_memory()
    office.clock.at(LATER)
    office.world.pack = read_version(row.pk)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({}, f"经审查退回：{COMMENT}"),
        ({"seen_by": ["department_leader", "management", "case_handler", "cs_agent"]}, f"经审查退回：{COMMENT}"),
        ({"seen_by": ["department_leader", "management"]}, "经审查退回："),
        ({"personal": "name"}, "经审查退回："),
    ],
)
def test_an_old_version_tells_its_reason_to_those_who_may_read_it(
    office: Office, kept: dict[str, Any], told: str
) -> None:
    publish_of_old(office, **kept)
    number = office.api("cs_agent").registered(channel="telephone")
    upheld = {
        "grounds": "sufficient",
        "demand_judged": "reasonable",
        "validity": "upheld",
        "service_link": "installation",
    }
    office.walk(
        number, "judge", "contact", "dispatch", "sign_in", "propose", "carry_out", "tell", "agree", "follow_up",
        judge=upheld, contact={"contact_purpose": "apology"},
        agree={"satisfaction_solution": "satisfied", "satisfaction_result": "satisfied"}, follow_up={"satisfaction": "satisfied"},
    )  # fmt: skip
    handler = office.handler(number)

    office.api("department_leader").does(number, "review", review_result="return", review_comment=COMMENT)

    (notice,) = [one for one in office.notices(number, to=handler) if one["message"] == "review_returned"]
    assert notice["text"].endswith(told)


def test_an_old_version_is_tried_over_past_cases_as_its_cases_are_handled(office: Office) -> None:
    publish_of_old(office)
    version = PackVersion.objects.get(pack_id="market", version=2)

    assert read_pack(draft_of_version(version)) == read_version(version.pk)
