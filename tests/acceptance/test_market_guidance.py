"""Guidance in the market pack: listening, restating, understanding, apologising, and solutions from the customer's side."""

import re

import pytest

from tests.acceptance.test_market import APOLOGY, UPHELD, missing, passed_on, recorded
from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("market",)

TYPED = {
    "_channel": "telephone", "complainant_name": "罗启明", "salutation": "mr", "complainant_phone": "13900000301",
    "subject": "柜门装歪", "description": "等了一天，装完两扇门一高一低。", "demand": "重新装平",
    "promised_reply_at": "2026-03-03T10:00",
}  # fmt: skip


def agent_pages(office):
    """The pages as a customer-service agent sees them."""
    return Staff(office.world, "cs_agent")


def on_page(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return found.group(1) if found else ""


def sends(staff, number, verb, **fields):
    """Fill in the form of a verb on its page and send it; the page that comes back."""
    address = f"/cases/{number}/do/{verb}/"
    page = staff.get(address)
    return staff.post(address, {"_version": on_page(page, "_version"), "_token": on_page(page, "_token"), **fields})


def guidance_of(page):
    """The part of a page that guides."""
    html = page.content.decode()
    return html[html.index('id="guidance"') :]


@pytest.mark.clause("MKT-3.1a", "MKT-4.1b")
def test_listening_and_the_customers_own_account_come_before_any_classification(office):
    staff = agent_pages(office)

    page = staff.get("/intake/")
    html = page.content.decode()
    fields = re.findall(r'data-field="([a-z_]+)"( data-required)?', html)
    while_typing = staff.post("/intake/proposals/", {**TYPED, "subject": ""}).content.decode()

    assert "先请客户把话说完，不打断" in guidance_of(page)
    assert fields[0] == ("description", " data-required")
    before_account = [name for name, _ in fields[: [name for name, _ in fields].index("description")]]
    assert before_account == []
    assert "先请客户把话说完，不打断" in while_typing
    assert "service_link" not in dict(fields) or dict(fields)["service_link"] == ""


@pytest.mark.clause("MKT-3.1b")
def test_a_restated_summary_is_confirmed_and_a_correction_takes_its_place(office):
    staff, agent = agent_pages(office), office.api("cs_agent")
    typed = {**TYPED, "restated": "两扇柜门不平，要求重装"}

    unanswered = staff.post("/intake/", typed)
    by_letter = staff.post("/intake/", {**typed, "_channel": "letter", "complainant_phone": "13900000302"})
    corrected = {**typed, "restated_answer": "corrected", "restated_correction": "三扇柜门不平，要求重装并清洁"}
    staff.post("/intake/", corrected)
    number = agent.numbers()[0] if len(agent.numbers()) == 1 else sorted(agent.numbers())[-1]

    assert unanswered.status_code == 422
    assert "请选择“客户是否确认”" in unanswered.content.decode()
    assert by_letter.status_code == 302
    top = staff.get(f"/cases/{number}/").content.decode()
    top = top[top.index('class="brief"') : top.index('class="stages"')]
    assert top.index("三扇柜门不平") < top.index("更正前的") < top.index("两扇柜门不平")
    first = agent.events(number, "register")[0]
    assert (value_of(first, "restated"), value_of(first, "restated_correction")) == (
        "两扇柜门不平，要求重装", "三扇柜门不平，要求重装并清洁",
    )  # fmt: skip


@pytest.mark.clause("MKT-5.1b", "MKT-3.2a")
def test_the_clarification_script_holds_the_facts_and_the_situation_stands_on_top(office):
    number = recorded(
        office, subject="洗衣机漏水", demand="换一台", product="滚筒洗衣机 X8", bought_on="2026-01-18",
        earlier_inspection="上月检查说密封圈老化", customer_situation="家里有新生儿，一周没法洗衣",
    )  # fmt: skip
    staff, agent = agent_pages(office), office.api("cs_agent")

    page = staff.get(f"/cases/{number}/do/clarify/")
    script = guidance_of(page)
    sends(staff, number, "clarify", restated="客户要求换货", restated_answer="corrected", restated_correction="先修一次，不行再换",
          _phrase="clarify_script", _read="1")  # fmt: skip

    for fact in ("滚筒洗衣机 X8", "2026-01-18", "上月检查说密封圈老化", "洗衣机漏水", "换一台", "我这样理解对吗"):
        assert fact in script
    event = agent.events(number, "clarify")[0]
    assert value_of(event, "restated_correction") == "先修一次，不行再换"
    second = text_of(Staff(office.world, "cs_lead").get(f"/cases/{number}/"))
    assert second.index("家里有新生儿，一周没法洗衣") < second.index("待判断", second.index("当前状态") + 12)


@pytest.mark.clause("MKT-5.0", "MKT-5.1a", "MKT-3.3")
def test_the_mood_brings_its_guidance_its_course_is_shown_and_relief_is_counted_for_support_alone(office, clock):
    staff, agent, lead = agent_pages(office), office.api("cs_agent"), office.api("cs_lead")
    typed = {**TYPED, "emotion": "angry"}

    calm = staff.post("/intake/proposals/", TYPED).content.decode()
    angry = staff.post("/intake/proposals/", typed).content.decode()
    staff.post("/intake/", typed)
    (number,) = agent.numbers()
    agent.does(number, "contact", contact_purpose="regret", emotion="upset")
    agent.does(number, "contact", contact_purpose="progress", emotion=None)
    agent.does(number, "contact", contact_purpose="progress", emotion="calm")
    refused = agent.act(number, "request_relief", relieved_by=agent.id)
    agent.does(number, "request_relief", relieved_by=lead.id, relief_reason="anger")

    assert "我先跟您说声抱歉" in angry and "接下来可以" in angry and "请求支援" in angry
    assert "我先跟您说声抱歉" not in calm
    supervisor = Staff(office.world, "cs_lead")
    page = supervisor.get(f"/cases/{number}/").content.decode()
    moods = re.findall(r'class="mood( is-high)?"[^>]*>([^<]*)<', page)
    assert moods == [(" is-high", "4 愤怒"), ("", "3 不满"), ("", "1 平静")]
    assert faults(refused) == {"/data/relieved_by": "wrong_role"}
    assert lead.username in office.told(number, "relief_wanted")
    assert "记录了与客户的联系" in page
    workload = text_of(supervisor.get("/workload/"))
    assert "请求支援" in workload and "只用来安排支援" in workload
    assert "请求支援" not in text_of(staff.get("/workload/"))


@pytest.mark.clause("MKT-3.2b")
def test_a_solution_where_we_are_at_fault_is_not_sent_without_an_apology(office):
    number = recorded(office, can_settle_now=True, emotion="calm")
    staff, agent = agent_pages(office), office.api("cs_agent")
    answer = {"answer_text": "今天下午补送", "our_fault": "yes", "settled_now": "yes"}
    judged = recorded(office)
    agent.does(judged, "judge", **UPHELD)

    refused = sends(staff, number, "answer", **answer)
    passing_on = agent.act(judged, "dispatch")
    sent = sends(staff, number, "answer", **answer, apology_text="送错了货，我代表公司向您道歉。")

    assert (refused.status_code, sent.status_code) == (422, 302)
    assert "请填写“致歉内容”" in refused.content.decode()
    assert missing(passing_on) == ["致歉记录"]
    event = agent.events(number, "answer")[0]
    assert value_of(event, "apology_text") == "送错了货，我代表公司向您道歉。"
    assert (event["actor"], agent.case(number)["state"]) == (f"person:{agent.id}", "handled")
    apologised = recorded(office, can_settle_now=True)
    agent.does(apologised, "contact", **APOLOGY)
    assert sends(staff, apologised, "answer", **answer).status_code == 302


@pytest.mark.clause("MKT-3.2d")
def test_alternatives_are_offered_in_order_and_only_the_one_accepted_is_carried_out(office):
    number = passed_on(office)
    agent = office.api("cs_agent")
    office.walk(number, "sign_in", "propose", propose={
        "solution_text": "全部换新", "solution_second": "换两扇并退四百", "solution_third": "退货退款", "goodwill": None,
    })  # fmt: skip

    too_early = office.handler(number).act(number, "carry_out")
    out_of_order = agent.act(number, "choose_solution", accepted_solution="second")
    agent.does(number, "turn_down_solution", offered_solution="first", refusal_reason="不想再等")
    agent.does(number, "choose_solution", accepted_solution="second")
    other = office.handler(number).act(number, "carry_out", carried_out_solution="first")
    done = office.handler(number).does(number, "carry_out", carried_out_solution="second")

    assert missing(too_early) == ["客户选定的方案"]
    assert missing(out_of_order) == ["客户对首选方案的答复"]
    assert faults(other) == {"/data/carried_out_solution": "not_as_decided"}
    assert done["state"] == "implemented"
    assert value_of(agent.events(number, "turn_down_solution")[0], "refusal_reason") == "不想再等"
    assert value_of(agent.events(number, "choose_solution")[0], "accepted_solution") is not None


@pytest.mark.clause("MKT-3.4b", "MKT-3.5")
def test_the_relationship_stands_beside_the_solution_and_gestures_stay_within_authority(office):
    agent = office.api("cs_agent")
    earlier = agent.registered(
        channel="telephone", complainant_name="罗启明", complainant_phone="13900000301", subject="送货晚到",
        customer_since="2019-05-06", yearly_volume="38600.00", open_business="整屋定制二期",
    )  # fmt: skip
    number = passed_on(
        office, complainant_name="罗启明", complainant_phone="13900000301", demand="重新装平", customer_since=None,
        yearly_volume=None, open_business=None,
    )  # fmt: skip
    office.walk(number, "sign_in")
    head = Staff(office.world, "accused_head", "installation")

    page = head.get(f"/cases/{number}/do/propose/")
    proposed = office.handler(number)
    refused = proposed.act(number, "propose", goodwill=["voucher_300", "extended_warranty"])
    proposed.does(number, "propose", goodwill=["cleaning"], solution_second=None)
    at_result = text_of(head.get(f"/cases/{number}/do/carry_out/"))
    unmarked = proposed.act(number, "carry_out", result_compared=None)
    proposed.does(number, "carry_out", result_compared="exceeded")

    shown = text_of(page)
    for known in ("2019-05-06", "¥38,600.00", "以往投诉 1 件", "胜过争来的道理"):
        assert known in shown
    assert earlier not in shown  # the department complained about sees its own cases only: the number is told, no more
    assert faults(refused) == {"/data/goodwill": "beyond_authority"}
    assert "客户要求 重新装平" in at_result and "结果与客户期望相比" in at_result
    assert faults(unmarked) == {"/data/result_compared": "required"}
    summary = text_of(Staff(office.world, "cs_lead").get("/experience/"))
    assert "超出期望 1 100%" in summary


@pytest.mark.clause("MKT-5.2", "MKT-5.3")
def test_wording_is_filled_with_the_name_and_regret_is_no_admission_of_fault(office):
    number = recorded(office, complainant_name="欧阳明", salutation="mr", subject="柜门装歪")
    staff, agent = agent_pages(office), office.api("cs_agent")

    offered = guidance_of(staff.get(f"/cases/{number}/do/contact/"))
    said = "欧阳先生，让您久等了，我很抱歉。"
    contact = {"contact_purpose": "regret", "contact_way": "email", "contact_text": said, "_phrase": "acknowledge"}
    unread = sends(staff, number, "contact", **contact)
    sends(staff, number, "contact", **contact, _read="1")
    judging = agent.act(number, "judge", **{**UPHELD, "grounds": "insufficient", "demand_judged": "unreasonable",
                                            "validity": "not_upheld", "grade_reason": None})  # fmt: skip
    agent.does(number, "contact", **APOLOGY)

    assert "欧阳先生，听您讲完" in offered
    assert unread.status_code == 422 and "再勾选“填入的话术我已读过”" in unread.content.decode()
    assert '<a href="#f-_read">' in unread.content.decode() and 'id="f-_read"' in unread.content.decode()
    assert judging.json()["state"] == "not_upheld"
    first, second = agent.events(number, "contact")
    assert value_of(first, "contact_text") == said
    assert value_of(first, "contact_purpose") != value_of(second, "contact_purpose")
    page = text_of(staff.get(f"/cases/{number}/?show=all"))
    assert "表示歉意（不等于承认过错）" in page and "代表公司致歉" in page


@pytest.mark.clause("MKT-3.1a", "MKT-3.2a")
def test_the_quality_review_scores_listening_and_perspective_taking(office):
    number = recorded(office)
    reviewer = Staff(office.world, "quality_reviewer")
    address = f"/cases/{number}/begin/case_review/"

    page = reviewer.get(address)
    scores = {
        name: "4" for name in re.findall(r'name="(score_[a-z_]+)" ', page.content.decode()) if "comment" not in name
    }
    sent = reviewer.post(address, {**scores, "score_listened": "5", "score_listened_comment": "从头到尾没有打断客户",
                                   "_version": on_page(page, "_version"), "_token": on_page(page, "_token")})  # fmt: skip

    assert {"score_listened", "score_perspective"} <= scores.keys()
    assert "认真倾听并表示理解" in text_of(page) and "设身处地，体谅客户" in text_of(page)
    assert sent.status_code == 302
    summary = text_of(Staff(office.world, "cs_lead").get("/experience/"))
    assert "认真倾听并表示理解 5.0 / 5" in summary and "从头到尾没有打断客户" in summary
