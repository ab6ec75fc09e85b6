"""A proceeding is a small process of the pack: begun, decided, timed and seen like a case, and its case learns of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.actions.sweep import sweep_due_cases
from amends.apps.cases.facts import facts_of, facts_text, rebuilt_facts
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Involved, NamedCase, PartnerKey, Proceeding
from amends.apps.cases.proceedings.facts import rebuilt_facts_of_proceeding
from amends.apps.cases.proceedings.listing import filtered_proceedings
from amends.apps.cases.proceedings.partners import Reached, new_partner_link
from amends.apps.cases.proceedings.payouts import payouts_for
from amends.apps.cases.proceedings.queries import proceedings_of, visible_proceedings, waiting_proceedings
from amends.apps.cases.queries import Viewer
from amends.apps.ledger.verification import verify
from amends.apps.messaging.models import Notice
from amends.apps.people.actions import grant_role
from amends.apps.people.models import Partner
from amends.core.policy.lifecycle import RESTING
from tests.doors import Office

PACKS = ("hotel",)
LARGE = {"gift_value": "300.00", "gift_for": "noise", "gift_form": "money"}
SMALL = {**LARGE, "gift_value": "50.00"}


@pytest.fixture
def number(office: Office) -> str:
    case = office.world.register()
    office.walk(case.number, "grade", "dispatch")
    return case.number


def test_beginning_gives_a_number_a_chain_and_a_note_on_the_case(office: Office, number: str) -> None:
    begun = office.api("floor_manager").begins("gift", number, **LARGE, gift_reason="隔壁装修一夜")
    assert begun["number"].startswith("G2026-")
    assert (begun["state"], begun["subject"], begun["case"]) == ("asked", "隔壁装修一夜", number)
    case = Case.objects.get(number=number)
    assert facts_of(case).value("gift_open") == 1
    assert office.api("receptionist").events(number)[-1]["verb"] == "note_proceeding"
    assert facts_text(rebuilt_facts(case)) == case.facts
    assert verify(trusted_keys=set()).faults == []


def test_the_chain_asks_in_order_and_a_small_amount_needs_one_step(office: Office, number: str) -> None:
    key = office.api("floor_manager").begins("gift", number, **LARGE)["id"]
    director, desk = office.api("director"), office.api("receptionist")
    refused = director.step(key, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "前台经理审核" in refused.json()["detail"]
    assert desk.steps_on(key, "approve")["waits_for"] == ["director"]
    assert desk.step(key, "approve").json()["code"] == "already_decided"
    assert director.steps_on(key, "approve")["state"] == "approved"

    small = office.api("floor_manager").begins("gift", number, **SMALL | {"gift_for": "loss"})["id"]
    assert desk.steps_on(small, "approve")["state"] == "approved"


def test_a_changed_amount_asks_everybody_again(office: Office, number: str) -> None:
    applicant = office.api("floor_manager")
    key = applicant.begins("gift", number, **LARGE)["id"]
    office.api("receptionist").steps_on(key, "approve")
    applicant.steps_on(key, "correct", **LARGE | {"gift_value": "301.00"})
    assert office.api("director").step(key, "approve").json()["code"] == "wrong_state"
    assert office.api("director").proceeding(key)["waits_for"] == ["receptionist"]


def test_nobody_approves_what_they_asked_for(office: Office, number: str) -> None:
    desk = office.api("receptionist")
    grant_role(person=desk.person, desk=office.world.desk, role="night_porter", by="system", now=office.clock.now)
    key = desk.begins("gift", number, **SMALL)["id"]
    refused = desk.step(key, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert "approve" not in desk.steps(key)


def test_the_same_loss_is_made_good_once(office: Office, number: str) -> None:
    applicant, desk = office.api("floor_manager"), office.api("receptionist")
    key = applicant.begins("gift", number, **SMALL)["id"]
    again = applicant.begin("gift", number, **LARGE)
    assert again.status_code == 422
    assert "G2026-" in again.json()["errors"][0]["message"]
    desk.steps_on(key, "disapprove")
    assert applicant.begin("gift", number, **LARGE).status_code == 201


def test_a_step_starts_a_proceeding_for_every_row(office: Office, number: str) -> None:
    applicant = office.api("floor_manager")
    key = applicant.begins("gift", number, **SMALL)["id"]
    office.api("receptionist").steps_on(key, "approve")
    runner = office.api("floor_manager", "kitchen")
    rows = [
        {"errand_what": "送花", "errand_who": runner.id, "errand_by": "2026-03-03"},
        {"errand_what": "送早餐", "errand_who": runner.id, "errand_by": "2026-03-04"},
    ]
    applicant.steps_on(key, "pay", errands=rows)
    errands = applicant.proceedings(number, "errand")
    assert [(one["subject"], one["parent"], one["waits_for"]) for one in errands] == [
        ("送花", key, ["runner"]),
        ("送早餐", key, ["runner"]),
    ]
    case = Case.objects.get(number=number)
    assert (facts_of(case).value("gift_given"), facts_of(case).value("errand_open")) == (True, 2)
    for proceeding in Proceeding.objects.all():
        assert facts_text(rebuilt_facts_of_proceeding(proceeding)) == proceeding.facts
    assert verify(trusted_keys=set()).faults == []


def test_whoever_is_named_sees_the_case_while_the_task_is_open(office: Office, number: str) -> None:
    applicant, runner = office.api("floor_manager"), office.api("floor_manager", "kitchen")
    assert runner.get(f"cases/{number}").status_code == 404
    key = applicant.begins("gift", number, **SMALL)["id"]
    office.api("receptionist").steps_on(key, "approve")
    applicant.steps_on(
        key, "pay", errands=[{"errand_what": "送花", "errand_who": runner.id, "errand_by": "2026-03-03"}]
    )
    assert runner.get(f"cases/{number}").status_code == 200
    (task,) = runner.waiting()
    assert runner.steps_on(task["id"], "complete_measure")["state"] == "done"
    assert runner.get(f"cases/{number}").status_code == 404
    assert runner.proceeding(task["id"])["state"] == "done"
    assert not Involved.objects.filter(opens_case=True).exists()


def test_a_row_that_cannot_start_its_proceeding_stops_everything(office: Office, number: str) -> None:
    applicant = office.api("floor_manager")
    key = applicant.begins("gift", number, **SMALL)["id"]
    office.api("receptionist").steps_on(key, "approve")
    director = office.api("director")
    refused = applicant.step(
        key, "pay", errands=[{"errand_what": "送花", "errand_who": director.id, "errand_by": "2026-03-03"}]
    )
    assert refused.status_code == 422
    assert "职务" in refused.json()["errors"][0]["message"]
    assert applicant.proceeding(key)["state"] == "approved"
    assert not Proceeding.objects.filter(kind="errand").exists()


def test_its_clock_reminds_and_marks_it_late(office: Office, number: str) -> None:
    key = office.api("floor_manager").begins("gift", number, **LARGE)["id"]
    office.clock.later(days=2)
    sweep_due_cases(now=office.clock.now)
    assert office.api("director").proceeding(key)["is_late"] is True
    told = Notice.objects.filter(proceeding_key=key, person=office.world.person("director"))
    assert "住客补偿" in told.get().text
    (clock,) = office.api("director").read(f"proceedings/{key}/clocks")["clocks"]
    assert (clock["clock"], clock["status"]) == ("gift_decision", "broken")


def test_a_reminder_that_names_the_proceeding_names_its_case_too(office: Office, number: str) -> None:
    begun = office.api("floor_manager").begins("gift", number, **LARGE, gift_reason="隔壁装修一夜，没有睡好。")
    assert begun["subject"] == "隔壁装修一夜，没有睡好"
    office.clock.later(hours=3)
    sweep_due_cases(now=office.clock.now)
    told = Notice.objects.filter(proceeding_key=begun["id"], message="gift_waits").first()
    assert told is not None
    assert told.text.startswith(f"{number} 的补偿 {begun['number']}（隔壁装修一夜，没有睡好）待审批，")
    assert told.text_en.startswith(f"The gift {begun['number']} (隔壁装修一夜，没有睡好) for {number} waits, ")


def test_an_offer_appears_when_the_events_show_it(office: Office, number: str) -> None:
    desk, applicant = office.api("receptionist"), office.api("floor_manager")
    assert applicant.possible(number)["gift"]["offered"] is None
    office.walk(number, "carry_out", "refuse")
    assert applicant.possible(number)["gift"]["offered"] == "住客两次不满意，可考虑补偿。"
    assert "gift" not in desk.possible(number)


def test_one_that_stands_by_itself_needs_no_case(office: Office) -> None:
    director, runner = office.api("director"), office.api("floor_manager")
    task = director.begins("errand", errand_what="买灯泡", errand_who=runner.id, errand_by="2026-03-03")
    assert task["case"] is None
    assert [one["id"] for one in runner.waiting()] == [task["id"]]
    assert office.api("night_porter").get(f"proceedings/{task['id']}").status_code == 200
    assert office.api("floor_manager", "kitchen").get(f"proceedings/{task['id']}").status_code == 404
    refused = director.begin("gift")
    assert refused.status_code == 422


def test_a_stale_step_is_refused(office: Office, number: str) -> None:
    desk = office.api("receptionist")
    key = office.api("floor_manager").begins("gift", number, **LARGE)["id"]
    version = Proceeding.objects.get(pk=key).version
    desk.steps_on(key, "approve")
    late = office.api("director").post(f"proceedings/{key}/actions/approve", {"version": version, "data": {}})
    assert (late.status_code, late.json()["code"]) == (409, "stale")


def test_the_list_is_paged_by_key_and_unknown_filters_are_named(office: Office, number: str) -> None:
    director, runner = office.api("director"), office.api("floor_manager")
    for day in range(1, 6):
        director.begins("errand", errand_what=f"第 {day} 件", errand_who=runner.id, errand_by=f"2026-03-{day + 2:02}")
    first = director.read("proceedings", kind="errand", size=2)
    second = director.read("proceedings", kind="errand", size=2, cursor=first["next_cursor"])
    assert [one["subject"] for one in first["proceedings"] + second["proceedings"]] == [
        "第 1 件", "第 2 件", "第 3 件", "第 4 件",
    ]  # fmt: skip
    refused = director.get("proceedings", colour="red")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_filter")
    assert director.get("proceedings", cursor="x").status_code == 422


def test_a_link_that_went_to_a_wrong_address_ends_with_the_next(office: Office, number: str) -> None:
    begun = Proceeding.objects.get(pk=office.api("floor_manager").begins("gift", number, **SMALL)["id"])
    carrier, other = (Partner.objects.create(name=name, kind="transport") for name in ("顺达运输", "速通运输"))
    now = office.clock.now
    for partner, address in ((carrier, "a@example.com"), (other, "b@example.com"), (carrier, "c@example.com")):
        new_partner_link(begun, Reached(partner.pk, "email", address), now=now)
    open_links = PartnerKey.objects.filter(proceeding=begun, revoked_at=None).order_by("address")
    assert list(open_links.values_list("address", flat=True)) == ["b@example.com", "c@example.com"]


def test_whether_a_proceeding_is_seen_is_asked_by_the_key_of_its_case(office: Office, number: str) -> None:
    """A condition that names all visible cases as an alternative reads them all, on every page that says what waits."""
    office.api("floor_manager").begins("gift", number, **LARGE)
    viewer = Viewer(person=office.api("receptionist").person, now=office.clock.now)

    for rows in (visible_proceedings(viewer), waiting_proceedings(viewer)):
        assert rows.filter(case__number=number).count() == 1
        words = str(rows.query)
        assert "EXISTS(SELECT" in words and '"case_id" IN (SELECT' not in words


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite sees no values when it chooses an index")
def test_what_is_open_has_an_index_of_its_own(db: None) -> None:
    """Every page says how much waits; without it all proceedings that ever ended were read."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    found = Proceeding.objects.exclude(state_category__in=RESTING).order_by("due_sort", "id")
    assert "open_proceedings" in found.explain()


def test_who_is_named_is_asked_by_the_key_of_each_proceeding(office: Office, number: str) -> None:
    """Whoever works for years is named in thousands that ended; every page says what waits for them."""
    task = office.api("director").begins(
        "errand", errand_what="买灯泡", errand_who=office.api("floor_manager").id, errand_by="2026-03-03"
    )
    viewer = Viewer(person=office.api("floor_manager").person, now=office.clock.now)

    assert [str(one.pk) for one in waiting_proceedings(viewer)] == [task["id"]]
    assert 'IN (SELECT U0."proceeding_id"' not in str(waiting_proceedings(viewer).query)


def test_for_a_page_of_the_list_each_row_is_asked_by_itself_with_the_same_answers(office: Office, number: str) -> None:
    """PostgreSQL reckons with the whole list: for a page of 50 it read every case of every desk."""
    begun = office.api("floor_manager").begins("gift", number, **LARGE)
    for role in ("receptionist", "director", "floor_manager"):
        viewer = Viewer(person=office.api(role).person, now=office.clock.now)
        whole, page = (filtered_proceedings(viewer, {"status": "all"}, for_a_page=it) for it in (False, True))
        assert [str(one.pk) for one in page] == [str(one.pk) for one in whole] == [begun["id"]]
        assert "OFFSET 0)" in str(page.query) and "OFFSET 0)" not in str(whole.query)


def test_the_proceedings_of_a_case_are_looked_up_by_their_keys(office: Office, number: str) -> None:
    """As alternatives beside what somebody sees, the page of a case read every proceeding of its desk."""
    case, viewer = (
        Case.objects.get(number=number),
        Viewer(person=office.api("receptionist").person, now=office.clock.now),
    )
    proceedings_of(viewer, case)
    with CaptureQueriesContext(connection) as without:
        assert proceedings_of(viewer, case) == []
    begun = office.api("floor_manager").begins("gift", number, **LARGE)["id"]
    elsewhere = office.api("director").begins(
        "errand", errand_what="买灯泡", errand_who=office.api("floor_manager").id, errand_by="2026-03-03"
    )
    NamedCase.objects.create(proceeding_id=elsewhere["id"], case=case)
    proceedings_of(viewer, case)
    with CaptureQueriesContext(connection) as with_some:
        assert {str(one.pk) for one in proceedings_of(viewer, case)} == {begun, elsewhere["id"]}

    assert len(without) == 1 and len(with_some) == 2
    assert " IN (" in with_some[1]["sql"] and "cases_namedcase" not in with_some[1]["sql"]


def test_the_ledger_asks_of_each_line_whether_it_is_seen(office: Office) -> None:
    """Joined to what somebody sees, a page of the ledger read every proceeding there is."""
    viewer = Viewer(person=office.api("receptionist").person, now=office.clock.now)

    words = str(payouts_for(viewer, {}, zone=ZoneInfo("Asia/Shanghai")).query)

    assert "WHERE EXISTS(SELECT" in words and '"proceeding_id" IN (SELECT' not in words
