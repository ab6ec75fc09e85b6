"""The four levels of the escalation policy: what is proposed, why, and who may decide otherwise."""

import pytest

from tests.doors import Staff, faults, value_of

PACKS = ("escalation",)

THREATENING = {"emotion": "highly_agitated", "threat": "regulator"}
SAME_THING = {"category": "product_quality", "product": "equipment"}


def registered(office, **answers):
    """The number, level and criteria of a complaint by telephone with these answers."""
    clerk = office.api("intake_officer")
    number = clerk.registered(channel="hotline", **answers)
    return number, clerk.case(number)["level"], last_grading(clerk, number)["criteria"]


def last_grading(door, number):
    return next(event["graded"][0] for event in reversed(door.events(number)) if event["graded"])


@pytest.mark.clause("ESC-2.0")
def test_the_most_serious_level_whose_criterion_matches_is_proposed_with_that_criterion(office):
    both = {"category": "product_quality", "defect": "impairs_use", "demand_kinds": ["return", "repair"]}
    slow_as_well = {"category": "service_attitude", "serious_misconduct": True, "relationship_at_risk": True}

    assert registered(office, **both)[1:] == ("level_2", ["影响正常使用，客户要求换货、退货或大额赔偿"])
    assert registered(office, **slow_as_well)[1:] == ("level_2", ["服务严重失误，可能影响继续合作"])


@pytest.mark.clause("ESC-2.0")
def test_answers_that_match_level_2_and_level_3_give_level_2(office):
    slow = {"category": "slow_response", "loss_amount": "0", "serious_harm": False}

    assert registered(office, **slow)[1:] == ("level_3", ["服务响应不及时，未造成实质损失"])
    assert registered(office, **slow, serious_misconduct=True, relationship_at_risk=True)[1:] == (
        "level_2",
        ["服务严重失误，可能影响继续合作"],
    )


@pytest.mark.clause("ESC-2.0")
def test_another_level_than_proposed_needs_a_reason_and_the_history_keeps_both(office):
    number, level, _ = registered(office, category="delivery_delay", business_impact="project_delayed")
    assert level == "level_2"
    clerk = office.api("intake_officer")

    refused = clerk.act(number, "grade", level="level_3", grade_reason=None)
    clerk.does(number, "grade", level="level_3", grade_reason="客户确认项目只推迟一天")

    assert (refused.status_code, faults(refused)) == (422, {"/data/grade_reason": "reason_needed"})
    changed = clerk.events(number, "grade")[-1]
    assert changed["graded"] == [
        {
            "axis": "客诉级别",
            "value": "三级客诉",
            "before": "二级客诉",
            "criteria": ["交付延迟使客户重要业务受到较大影响"],
        }
    ]
    assert value_of(changed, "grade_reason") == "客户确认项目只推迟一天"
    assert changed["actor"] == clerk.person.actor_id


@pytest.mark.clause("ESC-2.1.1")
@pytest.mark.parametrize(
    ("answers", "level", "criteria"),
    [
        ({"safety_threat": True}, "level_1", ["产品质量问题威胁客户人身安全"]),
        ({"loss_amount": "50000"}, "level_1", ["产品质量问题造成重大财产损失"]),
        ({"loss_amount": "50000.01"}, "level_1", ["产品质量问题造成重大财产损失"]),
        ({"loss_amount": "49999.99", "safety_threat": False}, "level_3", []),
    ],
)
def test_a_threat_to_safety_or_a_loss_from_the_threshold_on_is_level_1(office, answers, level, criteria):
    assert registered(office, category="product_quality", **answers)[1:] == (level, criteria)


@pytest.mark.clause("ESC-2.1.2")
def test_public_opinion_that_spreads_fast_is_level_1_and_senior_management_reads_the_details(office):
    number, level, criteria = registered(
        office,
        category="service_attitude",
        public_opinion=True,
        opinion_platform="微博",
        opinion_link="https://weibo.example/1",
        opinion_reach=30000,
        opinion_spread="fast",
    )

    assert (level, criteria) == ("level_1", ["重大舆情事件，传播快或范围广"])
    seen = office.api("senior_management").events(number, "register")[0]
    names = ("opinion_platform", "opinion_link", "opinion_reach", "opinion_spread")
    assert [value_of(seen, name) for name in names] == ["微博", "https://weibo.example/1", 30000, ["快速扩散"]]


@pytest.mark.clause("ESC-2.1.2")
def test_public_opinion_that_fades_and_reached_few_is_not_level_1_on_this_ground(office):
    answers = {"public_opinion": True, "opinion_platform": "微博", "opinion_reach": 500, "opinion_spread": "fading"}

    assert registered(office, category="service_attitude", **answers)[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.1.3")
def test_a_third_complaint_about_the_same_with_a_threat_is_level_1_and_the_earlier_ones_are_listed(office):
    earlier = [registered(office, **SAME_THING)[0] for _ in range(2)]

    number, level, criteria = registered(office, **SAME_THING, **THREATENING)

    assert (level, criteria) == ("level_1", ["同一问题多次投诉未解决，情绪激动并扬言采取进一步行动"])
    assert sorted(office.api("intake_officer").numbers(complainant_of=number)) == sorted(earlier)
    shown = Staff(office.world, "intake_officer").post("/intake/earlier/", {"complainant_phone": "13912345678"})
    assert {one.row.case.number for one in shown.context["of_caller"]} == {*earlier, number}


@pytest.mark.clause("ESC-2.1.3")
@pytest.mark.parametrize(
    ("earlier", "answers"),
    [
        ([], THREATENING),
        ([SAME_THING], THREATENING),
        ([SAME_THING, SAME_THING], {**THREATENING, "emotion": "upset"}),
        ([SAME_THING, SAME_THING], {"emotion": "highly_agitated"}),
        ([SAME_THING, {**SAME_THING, "product": "software"}], THREATENING),
    ],
    ids=["no earlier case", "one earlier case", "not agitated", "no threat", "about another product"],
)
def test_with_one_condition_missing_a_repeated_complaint_is_not_level_1(office, earlier, answers):
    for before in earlier:
        registered(office, **before)

    assert registered(office, **SAME_THING, **answers)[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.1.3")
def test_earlier_cases_that_were_resolved_do_not_count(office):
    for _ in range(2):
        number, *_ = registered(office, **SAME_THING)
        office.api("intake_officer").does(number, "withdraw")

    assert registered(office, **SAME_THING, **THREATENING)[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.2.1")
def test_impaired_use_with_a_demand_for_return_or_substantial_compensation_is_level_2(office):
    impaired = {"category": "product_quality", "defect": "impairs_use", "safety_threat": False}
    criterion = ["影响正常使用，客户要求换货、退货或大额赔偿"]

    assert registered(office, **impaired, demand_kinds=["return"])[1:] == ("level_2", criterion)
    assert registered(office, **impaired, demand_kinds=["exchange"])[1:] == ("level_2", criterion)
    assert registered(office, **impaired, compensation_demanded="10000")[1:] == ("level_2", criterion)
    assert registered(office, **impaired, compensation_demanded="9999.99")[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.2.2")
def test_serious_misconduct_that_puts_the_relationship_at_risk_is_level_2(office):
    abusive = {"category": "service_attitude", "serious_misconduct": True}

    assert registered(office, **abusive, relationship_at_risk=True)[1:] == (
        "level_2",
        ["服务严重失误，可能影响继续合作"],
    )
    assert registered(office, **abusive, relationship_at_risk=False)[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.2.3")
def test_late_delivery_is_level_2_when_its_effect_on_the_business_is_recorded(office):
    harmed = registered(office, category="delivery_delay", business_impact="project_delayed")

    assert harmed[1:] == ("level_2", ["交付延迟使客户重要业务受到较大影响"])
    assert registered(office, category="delivery_delay")[1:] == ("level_3", [])


@pytest.mark.clause("ESC-2.3.1")
def test_a_cosmetic_flaw_with_a_demand_for_repair_is_level_3(office):
    answers = {"category": "product_quality", "defect": "cosmetic_flaw", "demand_kinds": ["repair"]}

    assert registered(office, **answers)[1:] == ("level_3", ["一般质量问题，客户要求维修、换件或补偿"])


@pytest.mark.clause("ESC-2.3.2")
def test_a_slow_response_without_loss_or_serious_harm_is_level_3(office):
    answers = {"category": "slow_response", "loss_amount": "0", "serious_harm": False}

    assert registered(office, **answers)[1:] == ("level_3", ["服务响应不及时，未造成实质损失"])


@pytest.mark.clause("ESC-2.3.3")
def test_an_objection_that_remains_after_an_explanation_is_level_3(office):
    answers = {"category": "policy_objection", "explanation": "已说明退订条款", "still_objects": True}

    assert registered(office, **answers)[1:] == ("level_3", ["对条款或政策解释后仍有异议"])


@pytest.mark.clause("ESC-2.3.3")
def test_an_objection_is_not_graded_before_an_explanation_is_recorded(office):
    number, _, criteria = registered(office, category="policy_objection", still_objects=True)
    clerk = office.api("intake_officer")

    refused = clerk.act(number, "grade", explanation=None)
    clerk.does(number, "grade", explanation="已说明退订条款", still_objects=True)

    assert criteria == []
    assert (refused.status_code, faults(refused)) == (422, {"/data/explanation": "required"})
    assert last_grading(clerk, number)["criteria"] == ["对条款或政策解释后仍有异议"]


@pytest.mark.clause("ESC-2.4.1")
def test_an_enquiry_without_a_problem_is_level_4_and_counted_apart(office):
    clerk = office.api("intake_officer")
    enquiry = clerk.registered(kind="enquiry", channel="hotline")
    complaint = clerk.registered(kind="complaint", channel="hotline", category="other")

    assert clerk.case(enquiry)["level"] == "level_4"
    assert last_grading(clerk, enquiry)["criteria"] == ["咨询，不涉及产品质量或服务问题"]
    assert clerk.numbers(counts="no") == [enquiry]
    assert clerk.numbers(counts="yes") == [complaint]
    page = Staff(office.world, "cs_supervisor")
    assert page.counts("kind") == {"投诉": 1, "合计": 1}
    assert page.counts_apart("kind") == {"咨询": 1, "合计": 1}


@pytest.mark.clause("ESC-2.4.1")
def test_an_enquiry_in_which_a_problem_shows_is_not_level_4_on_this_ground(office):
    clerk = office.api("intake_officer")

    number = clerk.registered(kind="enquiry", channel="hotline", problem_found=True)

    assert (clerk.case(number)["level"], last_grading(clerk, number)["criteria"]) == ("level_3", [])


@pytest.mark.clause("ESC-2.4.2")
def test_a_minor_request_is_level_4_and_goes_to_product_improvement_in_its_own_words(office):
    clerk = office.api("intake_officer")
    number = clerk.registered(kind="minor_request", channel="hotline", description="希望增加夜间模式")
    assert clerk.case(number)["level"] == "level_4"
    assert last_grading(clerk, number)["criteria"] == ["简单诉求，整体影响较小"]

    product = office.department("product_management")
    clerk.does(number, "ask", asked_department=product, ask_purpose="product_improvement", question="希望增加夜间模式")

    received = office.api("product_owner").events(number, "ask")[0]
    assert value_of(received, "question") == "希望增加夜间模式"
    assert value_of(received, "ask_purpose") == ["转产品改进"]
