"""Which forms a phone keeps, and the pages that it keeps them as."""

from __future__ import annotations

import re

from tests.acceptance.test_service_field import asked, dispatched, on_site
from tests.doors import Staff

PACKS = ("service",)


def kept_by(office, key, role="technical_service_engineer"):
    """What the page of a proceeding names to be kept, as the last two parts of each address."""
    page = Staff(office.world, role).get(f"/proceedings/{key}/").content.decode()
    found = re.search(r'data-keep-forms="([^"]*)"', page)
    return ["/".join(address.strip("/").split("/")[-2:]) for address in found.group(1).split()] if found else []


def test_a_phone_keeps_the_steps_ahead_and_what_is_begun_under_the_visit_or_its_request(office, clock):
    key, visit = dispatched(office)

    assert "do/depart" in kept_by(office, visit)
    assert {"do/arrive", "do/keep_log", "begin/extra_demand", "begin/completion_report"} <= set(kept_by(office, visit))
    assert "do/approve" not in kept_by(office, visit)
    assert kept_by(office, key) == ["begin/completion_report"]


def test_steps_that_lie_behind_are_not_kept(office, clock):
    _, visit = on_site(office, clock)

    assert "do/depart" not in kept_by(office, visit)


def test_forms_of_other_kinds_are_not_kept(office):
    assert kept_by(office, asked(office), role="commerce_clerk") == ["begin/site_visit"]


def test_a_kept_form_stands_alone_with_every_field_and_says_no_refusal(office):
    _, visit = dispatched(office)
    door = Staff(office.world, "technical_service_engineer")

    kept = door.get(f"/proceedings/{visit}/do/keep_log/?kept=1").content.decode()
    asked_for = door.get(f"/proceedings/{visit}/begin/field_problem/?kept=1").content.decode()

    assert "data-kept" in kept and 'id="f-log_work"' in kept
    assert 'id="side"' not in kept and 'id="faults"' not in kept
    assert 'id="f-called_at"' in asked_for and 'id="f-problem_vouched"' in asked_for


def test_the_worker_stands_at_the_root_as_a_script(client):
    answer = client.get("/worker.js")

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
