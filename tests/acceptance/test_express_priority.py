"""How severe a courier complaint is, how far it reaches, and which one is handled first."""

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("express",)

COMPLETE = {"description": "3月1日在朝阳网点取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
MINOR = {"operations_effect": "little", "satisfaction_effect": "unaffected"}
MEDIUM = {"operations_effect": "some", "satisfaction_effect": "unaffected"}
SEVERE = {"operations_effect": "major", "satisfaction_effect": "unaffected"}
LOCAL = {"affected": "single_customer"}
REGIONAL = {"affected": "one_region"}
GLOBAL = {"affected": "all_customers"}
SEVERITY_FIRST = "      - {by: severity, clause: [EXP-2.3.1]}\n      - {by: extent, clause: [EXP-2.3.2]}\n"
EXTENT_FIRST = "      - {by: extent, clause: [EXP-2.3.2]}\n      - {by: severity, clause: [EXP-2.3.1]}\n"
ALL_KEYS = (
    SEVERITY_FIRST
    + "      - {by: satisfaction, ranks: {dissatisfied: 1, neutral: 2, satisfied: 3, unknown: 2, no_answer: 2},"
    " clause: [EXP-2.3.3]}\n      - {by: class, otherwise: 3}\n"
)


def assessed(office, **answers):
    """The number of a complaint that was assessed with these answers."""
    number = office.api("intake_officer").registered(**COMPLETE)
    office.walk(number, "accept", "confirm", "grade", grade=answers)
    return number


def last_assessment(office, number):
    """What the latest assessment decided: axis to value, and axis to criteria."""
    graded = office.api("intake_officer").events(number, "grade")[-1]["graded"]
    return {g["axis"]: g["value"] for g in graded}, {g["axis"]: g["criteria"] for g in graded}


def factors(event):
    """The three factors of an assessment."""
    return {g["axis"]: g["value"] for g in event["graded"] if g["axis"] in ("严重程度", "影响范围", "客户满意度")}


def queue(office):
    return office.api("cs_supervisor").numbers(status="open", sort="priority")


@pytest.mark.clause("EXP-2.2.0")
def test_an_assessment_holds_all_three_factors_with_date_assessor_and_reason(office):
    clerk = office.api("intake_officer")
    number = clerk.registered(**COMPLETE)
    office.walk(number, "accept", "confirm")

    clerk.does(number, "grade", **MEDIUM, **LOCAL, grade_reason="外箱破裂，内件完好")

    event = clerk.events(number, "grade")[0]
    assert factors(event) == {"严重程度": "中等", "影响范围": "局部", "客户满意度": "尚未评价"}
    assert event["at"] == "2026-03-02T01:02:00Z"
    assert event["actor_name"] == clerk.person.name
    assert value_of(event, "grade_reason") == "外箱破裂，内件完好"


@pytest.mark.clause("EXP-2.2.0")
def test_a_factor_that_changes_makes_a_second_assessment_and_a_new_place_and_the_first_stays(office):
    number, rival = assessed(office, **MEDIUM, **LOCAL), assessed(office, **MEDIUM, **LOCAL)
    clerk = office.api("intake_officer")
    assert queue(office).index(number) < queue(office).index(rival)
    others = [
        clerk.registered(**COMPLETE, complainant_name=f"客户{n}", complainant_phone=f"1391234567{n}") for n in (1, 2)
    ]
    for other in others:
        clerk.does(rival, "link", linked_case=other)

    clerk.does(
        rival, "grade", **MEDIUM, **REGIONAL, severity="medium", extent="regional", grade_reason="另有两名客户反映同一问题",
        **{"class": "general"},
    )  # fmt: skip

    first, second = clerk.events(rival, "grade")
    assert factors(first) == {"严重程度": "中等", "影响范围": "局部", "客户满意度": "尚未评价"}
    assert factors(second) == {"严重程度": "中等", "影响范围": "区域", "客户满意度": "尚未评价"}
    assert queue(office).index(rival) < queue(office).index(number)


@pytest.mark.clause("EXP-2.2.0")
def test_satisfaction_that_becomes_known_is_assessed_anew(office):
    number = assessed(office, **MEDIUM, **LOCAL)
    office.walk(number, "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out")
    before = office.api("cs_agent").case(number)["priority"]

    office.does(number, "follow_up", satisfaction_answer="dissatisfied", comment="仍未收到赔款")

    found = office.api("cs_agent").events(number, "follow_up")[0]["graded"]
    assert [(g["axis"], g["before"], g["value"]) for g in found] == [("客户满意度", "尚未评价", "不满意")]
    assert office.api("cs_agent").case(number)["priority"] < before


@pytest.mark.clause("EXP-2.2.1")
@pytest.mark.parametrize(
    ("operations", "satisfaction", "severity", "because"),
    [
        ("major", "unaffected", "严重", ["对公司运营有重大影响"]),
        ("little", "badly_damaged", "严重", ["客户满意度严重受损"]),
        ("major", "badly_damaged", "严重", ["对公司运营有重大影响", "客户满意度严重受损"]),
        ("some", "unaffected", "中等", ["对公司运营有一定影响"]),
        ("little", "affected", "中等", ["客户满意度受到一定影响"]),
        ("little", "unaffected", "轻微", ["运营影响较小，满意度未受影响"]),
    ],
)
def test_severity_is_proposed_from_the_effects_and_explained(office, operations, satisfaction, severity, because):
    number = assessed(office, operations_effect=operations, satisfaction_effect=satisfaction, **LOCAL)

    values, criteria = last_assessment(office, number)

    assert (values["严重程度"], criteria["严重程度"]) == (severity, because)


@pytest.mark.clause("EXP-2.2.1")
def test_another_severity_than_proposed_needs_a_reason_and_the_change_is_kept(office):
    number = assessed(office, **MEDIUM, **LOCAL)
    clerk = office.api("intake_officer")
    answers = {**MEDIUM, **LOCAL, "severity": "severe", "extent": "local", "class": "major"}

    refused = clerk.act(number, "grade", **answers, grade_reason=None)
    clerk.does(number, "grade", **answers, grade_reason="客户为重点合同客户")

    assert refused.status_code == 422
    assert set(faults(refused)) == {"/data/grade_reason"}
    changed = clerk.events(number, "grade")[-1]
    assert [(g["before"], g["value"]) for g in changed["graded"] if g["axis"] == "严重程度"] == [("中等", "严重")]
    assert value_of(changed, "grade_reason") == "客户为重点合同客户"


@pytest.mark.clause("EXP-2.2.2")
@pytest.mark.parametrize(
    ("affected", "extent", "because"),
    [
        ("single_customer", "局部", ["只影响个别客户"]),
        ("local_area", "局部", ["只影响局部地区"]),
        ("several_customers", "区域", ["影响多名客户"]),
        ("one_region", "区域", ["影响一个区域"]),
        ("all_customers", "全局", ["影响全部客户"]),
        ("whole_operation", "全局", ["影响公司整体运营"]),
    ],
)
def test_extent_is_proposed_from_who_is_affected_and_explained(office, affected, extent, because):
    number = assessed(office, **MINOR, affected=affected)

    values, criteria = last_assessment(office, number)

    assert (values["影响范围"], criteria["影响范围"]) == (extent, because)


@pytest.mark.clause("EXP-2.2.2")
def test_twelve_linked_cases_make_the_extent_regional_with_the_links_as_reason(office):
    number = assessed(office, **MINOR, **LOCAL)
    clerk = office.api("intake_officer")
    others = [clerk.registered(**COMPLETE, occurred_place="朝阳网点") for _ in range(12)]

    for other in others:
        clerk.does(number, "link", linked_case=other)

    graded = [g for event in clerk.events(number, "link") for g in event["graded"]]
    assert [(g["axis"], g["before"], g["value"], g["criteria"]) for g in graded[-1:]] == [
        ("影响范围", "区域", "区域", ["关联的同类投诉较多"])
    ]
    assert (graded[0]["before"], graded[0]["value"]) == ("局部", "区域")
    linked = [value_of(event, "linked_case") for event in clerk.events(number, "link")]
    assert linked == others


@pytest.mark.clause("EXP-2.2.2")
def test_one_linked_case_below_the_threshold_leaves_the_extent_local(office):
    number = assessed(office, **MINOR, **LOCAL)
    clerk = office.api("intake_officer")
    first, second, third = (clerk.registered(**COMPLETE) for _ in range(3))

    for other in (first, second):
        clerk.does(number, "link", linked_case=other)
    assert [event["graded"] for event in clerk.events(number, "link")] == [[], []]

    clerk.does(number, "link", linked_case=third)
    assert [g["value"] for g in clerk.events(number, "link")[-1]["graded"]] == ["区域"]


@pytest.mark.clause("EXP-2.3.0")
def test_the_rule_decides_whether_severity_or_extent_comes_first_and_its_change_is_kept(office, clock, tmp_path):
    severe_local, minor_global = assessed(office, **SEVERE, **LOCAL), assessed(office, **MINOR, **GLOBAL)
    assert queue(office) == [severe_local, minor_global]

    clock.at("2026-03-03T09:00:00+08:00")
    office.change_policy(tmp_path, ("pack.yaml", SEVERITY_FIRST, EXTENT_FIRST))
    severe_local_after, minor_global_after = assessed(office, **SEVERE, **LOCAL), assessed(office, **MINOR, **GLOBAL)

    after = [number for number in queue(office) if number in (severe_local_after, minor_global_after)]
    assert after == [minor_global_after, severe_local_after]
    kept = office.api("cs_supervisor").read("packs")["packs"]
    assert [(p["version"], p["valid_from"], p["valid_until"]) for p in kept if p["id"] == "express"] == [
        (2, "2026-03-03", None),
        (1, "2026-01-01", "2026-03-02"),
    ]


@pytest.mark.clause("EXP-2.3.0")
def test_a_case_shows_the_values_and_the_rule_behind_its_place(office):
    number = assessed(office, **SEVERE, **LOCAL)

    page = text_of(Staff(office.world, "cs_supervisor").get(f"/cases/{number}/"))

    place = page.split("为什么排在这个顺序")[1]
    assert place.startswith(
        " 严重程度 严重 第 1 位 影响范围 局部 第 3 位 客户满意度 尚未评价 第 2 位 投诉类别 重大投诉 第 2 位"
    )


@pytest.mark.clause("EXP-2.3.0")
def test_a_policy_without_a_rule_for_the_order_is_not_published(office, tmp_path):
    said = office.tries_to_change_policy(tmp_path, ("pack.yaml", f"    value:\n{ALL_KEYS}", "    value: null\n"))

    assert "priority_rule" in said
    assert [p["version"] for p in office.api("cs_supervisor").read("packs")["packs"]] == [1]


@pytest.mark.clause("EXP-2.3.1")
def test_severe_comes_before_medium_before_minor_and_each_shows_why(office):
    minor, severe, medium = (assessed(office, **effect, **REGIONAL) for effect in (MINOR, SEVERE, MEDIUM))

    assert queue(office) == [severe, medium, minor]
    staff = Staff(office.world, "cs_supervisor")
    reasons = [text_of(staff.get(f"/cases/{n}/")).split("为什么排在这个顺序 ")[1][:13] for n in queue(office)]
    assert reasons == ["严重程度 严重 第 1 位", "严重程度 中等 第 2 位", "严重程度 轻微 第 3 位"]


@pytest.mark.clause("EXP-2.3.2")
def test_global_comes_before_regional_before_local_at_equal_severity(office):
    local, wide, regional = (assessed(office, **MINOR, **reach) for reach in (LOCAL, GLOBAL, REGIONAL))

    assert queue(office) == [wide, regional, local]


def reopened(office, satisfaction):
    """A case that was closed with a satisfaction, or with none asked, and then reopened."""
    number = assessed(office, **MEDIUM, **LOCAL)
    if satisfaction:
        office.walk(number, "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out")
        office.walk(
            number, "follow_up", "close", follow_up={"satisfaction_answer": satisfaction, "comment": "回访记录"}
        )
    else:
        office.does(number, "withdraw")
    office.does(number, "reopen")
    return number


@pytest.mark.clause("EXP-2.3.3")
def test_reopened_cases_come_dissatisfied_first_and_unknown_where_the_rule_places_it(office):
    satisfied, unknown, neutral, dissatisfied = (
        reopened(office, value) for value in ("satisfied", None, "neutral", "dissatisfied")
    )
    door = office.api("cs_supervisor")

    assert queue(office)[0] == dissatisfied
    assert queue(office)[-1] == satisfied
    assert door.case(unknown)["priority"] == door.case(neutral)["priority"]
    assert door.case(dissatisfied)["priority"] < door.case(neutral)["priority"] < door.case(satisfied)["priority"]


@pytest.mark.clause("EXP-2.3.3")
def test_the_rule_may_place_the_unknown_satisfaction_first(office, tmp_path, clock):
    clock.at("2026-03-03T09:00:00+08:00")
    office.change_policy(tmp_path, ("pack.yaml", "unknown: 2, no_answer: 2", "unknown: 0, no_answer: 2"))
    unknown, dissatisfied = reopened(office, None), reopened(office, "dissatisfied")

    assert queue(office) == [unknown, dissatisfied]
