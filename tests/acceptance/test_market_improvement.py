"""The market policy: every case asks what it says about the work, and weaknesses are mended."""

import pytest

from tests.acceptance.test_market import PASSED, missing, taken_to
from tests.doors import faults, value_of

PACKS = ("market",)


def leader(office):
    return office.api("department_leader")


def weakness(office, number, **wishes):
    owner = office.api("accused_head", "installation")
    return leader(office).begin(
        "weakness", number, **{"weakness_owner": owner.id, "weakness_due": "2026-03-20", **wishes}
    )


@pytest.mark.clause("MKT-0.1")
def test_a_case_closes_with_a_weakness_record_that_names_owner_and_date(office):
    number = taken_to(office, "follow_up")
    recorded = {**PASSED, "weakness_finding": "recorded"}

    without = leader(office).act(number, "review", **recorded)
    half = weakness(office, number, weakness_owner=None, weakness_due=None)
    still = leader(office).act(number, "review", **recorded)
    key = weakness(office, number).json()["id"]
    closed = leader(office).act(number, "review", **recorded)

    assert (without.status_code, missing(without)) == (409, ["薄弱环节记录（责任人和期限）"])
    assert faults(half) == {"/data/weakness_owner": "required", "/data/weakness_due": "required"}
    assert still.status_code == 409
    assert closed.json()["state"] == "closed"
    owner = office.api("accused_head", "installation")
    owner.steps_on(key, "complete_measure")
    assert owner.step(key, "verify").status_code == 403
    assert leader(office).steps_on(key, "verify", weakness_verdict="mended")["state"] == "mended"


@pytest.mark.clause("MKT-0.1")
def test_a_case_closes_with_no_weakness_found_by_whom_and_the_customers_confidence_is_on_record(office):
    number = taken_to(office, "follow_up")

    silent = leader(office).act(number, "review", **PASSED, weakness_finding=None)
    leader(office).does(number, "review", **PASSED, weakness_finding="none_found")

    assert silent.status_code == 409
    (review,) = leader(office).events(number, "review")
    assert (value_of(review, "weakness_finding"), review["actor"]) == (
        ["未发现薄弱环节"],
        f"person:{leader(office).id}",
    )
    (followed,) = leader(office).events(number, "follow_up")
    assert value_of(followed, "satisfaction") == ["满意"]
    assert leader(office).clocks(number)
