"""What the escalation policy asks of the file: complete, read only, found again; and who follows what is open."""

import pytest

from tests.doors import Staff

PACKS = ("escalation",)

TO_CLOSED = (
    "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "complete_measure", "carry_out", "tell", "agree",
    "close",
)  # fmt: skip
ONE_ITEM = {"complete_measure": {"item": 1}}
IN_FIVE_DEPARTMENTS = {
    "customer_service": {"kind": "enquiry"},
    "production": {"category": "product_quality", "safety_threat": True},
    "after_sales": {"category": "service_attitude", "serious_misconduct": True, "relationship_at_risk": True},
    "logistics": {"category": "delivery_delay", "business_impact": "project_delayed"},
    "sales": {"category": "policy_objection", "public_opinion": True, "opinion_platform": "微博", "opinion_spread": "fast"},
}  # fmt: skip


def registered(office, **answers):
    return office.api("intake_officer").registered(channel="hotline", **answers)


def level_3(office, *verbs, **wishes):
    """The number of a level-3 complaint about late delivery, taken through these stages."""
    number = registered(office, category="delivery_delay")
    team = {"team": office.department("warehouse"), "handler": office.api("department_member", "warehouse").id}
    office.walk(number, *verbs, dispatch=team, **ONE_ITEM, **wishes)
    return number


def missing(response):
    return response.json()["missing"]


@pytest.mark.clause("ESC-1.1")
def test_a_stage_that_the_level_requires_is_not_skipped(office):
    number = level_3(office, *TO_CLOSED[:8], "add_evidence")

    response = office.handler(number).act(number, "archive")

    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")
    assert missing(response) == ["告知客户", "结案"]


@pytest.mark.clause("ESC-1.1")
def test_with_every_stage_complete_archiving_succeeds(office):
    number = level_3(office, *TO_CLOSED, "add_evidence")

    assert office.handler(number).does(number, "archive")["state"] == "archived"


@pytest.mark.clause("ESC-3.5.1")
def test_a_file_that_lacks_an_item_is_not_archived_and_the_item_is_named(office):
    without_feedback = level_3(office, *TO_CLOSED[:8], "add_evidence")
    without_evidence = level_3(office, *TO_CLOSED)

    no_feedback = office.handler(without_feedback).act(without_feedback, "archive")
    no_evidence = office.handler(without_evidence).act(without_evidence, "archive")

    assert (no_feedback.status_code, missing(no_feedback)[0]) == (409, "告知客户")
    assert (no_evidence.status_code, missing(no_evidence)) == (409, ["调查证据"])


@pytest.mark.clause("ESC-3.5.1")
def test_a_complete_case_becomes_a_file_that_nobody_changes(office):
    number = level_3(office, *TO_CLOSED, "add_evidence", "archive")
    handler, supervisor = office.handler(number), office.api("cs_supervisor")

    refused = handler.act(number, "add_evidence")

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert (list(handler.actions(number)), list(supervisor.actions(number))) == ([], ["reopen"])


@pytest.mark.clause("ESC-3.5.2a")
def test_the_archive_of_a_month_and_a_category_lists_exactly_its_files_in_time_order(office, clock):
    filed = {}
    for month, day, category in (
        ("03", "09", "delivery_delay"),
        ("03", "10", "product_quality"),
        ("03", "13", "delivery_delay"),
        ("04", "09", "delivery_delay"),
    ):
        clock.at(f"2026-{month}-{day}T09:00:00+08:00")
        filed[month, day] = archived_complaint(office, category)
    supervisor, page = office.api("cs_supervisor"), Staff(office.world, "cs_supervisor")

    listed = supervisor.numbers(archived_in="2026-03", category="delivery_delay", sort="oldest")
    opened = page.get(
        "/queue/", {"tab": "archive", "archived_in": "2026-03", "category": "delivery_delay", "sort": "oldest"}
    )

    assert listed == [filed["03", "09"], filed["03", "13"]]
    assert [row["number"] for row in opened.context["rows"]] == listed
    assert [(shelf.year, shelf.month, shelf.count) for shelf in opened.context["shelves"]] == [
        (2026, 4, 1),
        (2026, 3, 2),
    ]


def archived_complaint(office, category):
    number = registered(
        office,
        category=category,
        business_impact="other",
        business_impact_text="停工",
        safety_threat=False,
        defect="impairs_use",
    )
    office.walk(number, *TO_CLOSED, "add_evidence", "archive", **ONE_ITEM)
    return number


@pytest.mark.clause("ESC-3.5.2b")
def test_a_word_that_only_one_plan_has_finds_its_file_for_those_who_may_see_it(office):
    other = level_3(office, *TO_CLOSED, "add_evidence", "archive")
    number = level_3(office, *TO_CLOSED, "add_evidence", "archive", propose={"plan_text": "更换冷链车并重新配送"})

    found = {
        "supervisor": office.api("cs_supervisor").numbers(text="冷链车", status="archived"),
        "logistics": office.api("department_head", "logistics").numbers(text="冷链车", status="archived"),
        "sales": office.api("department_head", "sales").numbers(text="冷链车", status="archived"),
    }

    assert found == {"supervisor": [number], "logistics": [number], "sales": []}
    assert office.api("cs_supervisor").numbers(number=other, status="archived") == [other]


@pytest.mark.clause("ESC-3.5.2b")
def test_the_archive_is_searched_by_number_customer_category_level_department_and_dates(office):
    number = registered(office, category="delivery_delay", complainant_name="李晓梅")
    team = {"team": office.department("warehouse"), "handler": office.api("department_member", "warehouse").id}
    office.walk(number, *TO_CLOSED, "add_evidence", "archive", dispatch=team, **ONE_ITEM)
    supervisor = office.api("cs_supervisor")

    found = {
        (name, value): supervisor.numbers(status="archived", **{name: value})
        for name, values in {
            "number": (number, "KS202603-99999"),
            "text": ("李晓梅", "韩梅梅"),
            "category": ("delivery_delay", "product_quality"),
            "level": ("level_3", "level_1"),
            "department": (office.department("logistics"), office.department("sales")),
            "received_from": ("2026-03-02", "2026-03-03"),
            "received_to": ("2026-03-02", "2026-03-01"),
        }.items()
        for value in values
    }

    assert list(found.values()) == [[number], []] * 7


@pytest.mark.clause("ESC-5.1.1")
def test_customer_service_follows_the_cases_of_every_department(office, clock):
    numbers = {where: case_in(office, where) for where in IN_FIVE_DEPARTMENTS}
    clock.at("2026-03-03T12:00:00+08:00")
    office.work()

    agent, page = office.api("cs_agent"), Staff(office.world, "cs_agent")
    listed = {case["number"]: case for case in agent.read("cases", sort="due")["cases"]}

    assert {n: listed[n]["department"] for n in listed} == {n: office.code(where) for where, n in numbers.items()}
    assert {case["state"] for case in listed.values()} == {"graded", "dispatched"}
    assert [case["handler"] is None or case["due_at"] is None for case in listed.values()] == [False] * 5
    assert {n: case["is_late"] for n, case in listed.items()} == dict.fromkeys(numbers.values(), True)
    for where, number in numbers.items():
        assert agent.numbers(department=office.department(where)) == [number]
    shown = {row["number"]: row for row in page.get("/queue/", {"tab": "all"}).context["rows"]}
    assert {n: row["is_late"] for n, row in shown.items()} == {n: case["is_late"] for n, case in listed.items()}


def case_in(office, where):
    number = registered(office, **IN_FIVE_DEPARTMENTS[where])
    office.walk(number, "grade", *(() if where == "customer_service" else ("dispatch",)))
    return number


@pytest.mark.clause("ESC-5.2.1")
def test_the_work_list_of_a_department_has_its_own_cases_by_remaining_time_with_late_ones_marked(office, clock):
    elsewhere = case_in(office, "production")
    early = case_in(office, "logistics")
    clock.at("2026-03-03T09:00:00+08:00")
    late = case_in(office, "logistics")
    office.walk(
        early, "sign_in", "investigate", "conclude", "propose", propose={"plan_due_at": "2026-03-20T18:00:00+08:00"}
    )
    clock.at("2026-03-03T17:00:00+08:00")
    office.work()
    head = office.api("department_head", "logistics")

    listed = head.read("cases", sort="due")["cases"]
    page = Staff(office.world, "department_head", "logistics").get("/queue/", {"tab": "department", "sort": "due"})

    assert [(case["number"], case["is_late"]) for case in listed] == [(late, True), (early, False)]
    assert elsewhere not in head.numbers()
    assert [(row["number"], row["is_late"]) for row in page.context["rows"]] == [(late, True), (early, False)]
    assert [row["due_at"] for row in page.context["rows"]] == sorted(row["due_at"] for row in page.context["rows"])
