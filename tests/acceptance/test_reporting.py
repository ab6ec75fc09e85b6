"""Complaints and feedback on one way: typed, analysed, investigated, resolved, and tracked until the customer agrees."""

import email
import email.policy
import json
import re
from dataclasses import dataclass
from io import StringIO

import pytest
from django.conf import settings as installed
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.doors import Staff, faults, said, value_of
from tests.emptying import open_the_ledger
from tests.pages import in_words, text_of

PACKS = ("reporting",)

CALL = {"channel": "hotline", "complainant_phone": "13800138000"}
ANALYSED = {"nature": "isolated", "severity": "medium", "extent": "local"}
TO_CLOSED = (
    "grade",
    "dispatch",
    "sign_in",
    "conclude",
    "propose",
    "tell",
    "agree",
    "complete_measure",
    "carry_out",
    "close",
)


def complaint(office, complaint_type="product_quality/damage", **answers):
    return office.api("cs_agent").registered(kind="complaint", **{**CALL, "complaint_type": complaint_type, **answers})


def feedback(office, **answers):
    return office.api("cs_agent").registered(kind="feedback", **{**CALL, "feedback_type": "problem_report", **answers})


def closed(office, **answers):
    number = complaint(office, **answers)
    office.walk(number, *TO_CLOSED, grade=ANALYSED, complete_measure={"item": 1})
    return number


def counts(office, by):
    return Staff(office.world, "team_lead").counts(by)


@pytest.mark.clause("REP-2.2.1")
@pytest.mark.parametrize(
    ("sub_type", "title"), [("defect", "缺陷"), ("damage", "损坏"), ("poor_performance", "性能不佳")]
)
def test_a_sub_type_of_product_quality_counts_under_itself_and_under_product_quality(office, sub_type, title):
    number = complaint(office, f"product_quality/{sub_type}")
    complaint(office, "price/too_high")

    assert counts(office, "category") == {title: 1, "价格过高": 1, "合计": 2}
    door = office.api("team_lead")
    assert door.numbers(category="product_quality") == door.numbers(category=f"product_quality/{sub_type}") == [number]


@pytest.mark.clause("REP-2.2.2")
@pytest.mark.parametrize("sub_type", ["unfriendly", "impatient", "lacking_expertise"])
def test_a_complaint_about_attitude_counts_and_names_the_employee_concerned(office, sub_type):
    employee = office.api("case_handler", "sales")

    number = complaint(office, f"service_attitude/{sub_type}", accused_person=employee.id)

    assert office.api("team_lead").numbers(category="service_attitude") == [number]
    entered = office.api("team_lead").events(number, "register")[0]
    assert value_of(entered, "accused_person") == employee.person.name


@pytest.mark.clause("REP-2.2.3")
@pytest.mark.parametrize("sub_type", ["not_on_time", "problem_in_delivery"])
def test_the_delay_of_a_delivery_is_computed_in_days_and_shown(office, sub_type):
    number = complaint(office, f"delivery/{sub_type}", agreed_on="2026-02-20", delivered_on="2026-02-26")

    entered = office.api("cs_agent").events(number, "register")[0]
    dates = [value_of(entered, name) for name in ("agreed_on", "delivered_on", "delay_days")]
    assert dates == ["2026-02-20", "2026-02-26", 6]
    page = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    assert "延误天数 6" in page


@pytest.mark.clause("REP-2.2.4")
def test_alleged_fraud_counts_under_price_and_is_flagged_as_a_key_complaint(office):
    number = complaint(office, "price/fraud")
    ordinary = [complaint(office, "price/too_high"), complaint(office, "price/unreasonable")]

    graded = office.api("team_lead").events(number, "register")[0]["graded"]
    assert [(g["axis"], g["value"], g["criteria"]) for g in graded] == [("关注程度", "重点投诉", ["涉嫌欺诈"])]
    assert office.api("team_lead").numbers(category="price", sort="priority")[0] == number
    assert sorted(office.api("team_lead").numbers(category="price")) == [number, *ordinary]
    assert office.told(number, "key_complaint") == [office.api("team_lead").username]
    assert office.told(ordinary[0], "key_complaint") == []


@pytest.mark.clause("REP-3.2.1")
def test_a_problem_report_becomes_a_complaint_with_all_its_data_and_both_refer_to_each_other(office):
    reported = feedback(
        office, complainant_name="李雷", subject="应用闪退", description="打开订单页即闪退", product_name="手机应用"
    )
    agent = office.api("cs_agent")

    agent.does(reported, "convert", complaint_type="product_quality/defect", reason="确属产品缺陷")

    assert agent.case(reported)["state"] == "converted"
    (founded,) = agent.numbers(kind="complaint")
    entered = agent.events(founded, "register")[0]
    names = ("complainant_name", "complainant_phone", "subject", "description", "product_name")
    assert [value_of(entered, name) for name in names] == [
        "李＊＊",
        "138****8000",
        "应用闪退",
        "打开订单页即闪退",
        "手机应用",
    ]
    assert agent.case(founded)["category"] == "product_quality/defect"
    staff = Staff(office.world, "cs_agent")
    assert founded in text_of(staff.get(f"/cases/{reported}/")).split("相关个案")[1]
    assert reported in text_of(staff.get(f"/cases/{founded}/")).split("相关个案")[1]


@pytest.mark.clause("REP-3.2.1")
@pytest.mark.parametrize("feedback_type", ["evaluation", "experience"])
def test_other_feedback_than_a_problem_report_is_not_converted(office, feedback_type):
    number = feedback(office, feedback_type=feedback_type)

    refused = office.api("cs_agent").act(number, "convert", complaint_type="product_quality/defect")

    assert (refused.status_code, refused.json()["missing"]) == (409, ["反馈类型为“问题报告”"])


@pytest.mark.clause("REP-3.2.2")
def test_feedback_with_two_aspects_counts_under_both_and_the_report_says_so(office):
    feedback(office, feedback_type="experience", feedback_aspect=["function", "ease_of_use"])
    feedback(office, feedback_type="experience", feedback_aspect=["function"])

    staff = Staff(office.world, "team_lead")

    assert staff.counts_apart("feedback_aspect") == {"产品功能": 2, "易用性": 1, "合计": 2}
    page = text_of(staff.get("/counts/", {"by": "feedback_aspect"}))
    assert "一件个案可以同时属于几项，各项之和因此大于件数。" in page


@pytest.mark.clause("REP-4.1.1")
def test_the_public_page_shows_hotline_mailbox_and_form_without_login(office):
    visitor = Client()

    page = visitor.get("/portal/")
    words = text_of(page)

    assert "400-800-1234" in words
    assert "service@example.com" in words
    form = visitor.get("/portal/complain/reporting/complaint/")
    assert form.status_code == 200
    assert "/portal/complain/reporting/complaint/" in page.content.decode()


@pytest.mark.clause("REP-4.1.2")
def test_an_email_of_sunday_entered_on_monday_counts_from_sunday_and_both_times_are_stored(office):
    number = complaint(
        office, channel="email", received_at="2026-03-01T16:00:00+08:00", backdate_reason="周日到达客服邮箱"
    )

    case = office.api("cs_agent").case(number)
    assert (case["received_at"], case["registered_at"]) == ("2026-03-01T08:00:00Z", "2026-03-02T01:00:00Z")
    clock = office.api("cs_agent").clocks(number)["handling"]
    assert (clock["started_at"], clock["due_at"]) == ("2026-03-01T08:00:00Z", "2026-03-13T10:00:00Z")
    page = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    assert "收到时间 2026年3月1日 16:00" in page
    assert "登记时间 2026年3月2日 09:00" in page


@pytest.mark.clause("REP-4.1.3")
def test_numbers_follow_the_pattern_of_the_policy_and_go_on(office, clock):
    numbers = [complaint(office), complaint(office)]
    clock.at("2026-03-03T09:00:00+08:00")

    assert [*numbers, complaint(office)] == ["FK20260302-0001", "FK20260302-0002", "FK20260303-0001"]


@pytest.mark.clause("REP-4.1.3")
def test_the_number_of_a_void_case_is_never_issued_again(office):
    first = complaint(office)
    office.api("cs_agent").does(first, "withdraw")

    assert complaint(office) != first


@pytest.mark.clause("REP-4.1.3")
def test_number_and_contact_show_the_status_and_a_wrong_contact_shows_nothing(office):
    number = complaint(office, subject="外壳破损", complainant_email="li.lei@example.com", complainant_phone=None)

    right, wrong = (asks_for_status(office, number, address) for address in ("li.lei@example.com", "x@example.com"))

    assert right.answer == wrong.answer
    assert (wrong.code, "外壳破损" in wrong.page, number in wrong.page) == ("", False, False)
    assert (number in right.page, "我们已收到，正在核对" in right.page) == (True, True)


@dataclass
class Found:
    """What a customer who asks for the status meets: the first answer, the code that was sent, the page it opens."""

    answer: tuple
    code: str
    page: str


def asks_for_status(office, number, address):
    """Somebody without an account enters a number and an address, and then the code that arrives."""
    visitor, before = Client(), set(mails())
    asked = visitor.post("/portal/follow/", {"number": number, "address": address})
    office.work()
    sent = "".join(mails()[name] for name in set(mails()) - before)
    code = "".join(re.findall(r"(?<!\d)\d{6}(?!\d)", sent)[:1])
    opened = visitor.post("/portal/code/", {"code": code or "000000"}, follow=True)
    return Found((asked.status_code, asked["Location"]), code, in_words(opened.content.decode()))


def mails():
    """The bodies of the mails in the folder that stands for the mail server, by file."""
    folder = installed.VAR_DIR / "mail"
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return {path: body_of_mail(path.read_bytes()) for path in files}


def body_of_mail(content):
    message = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain",))
    return body.get_content() if body else ""


@pytest.mark.clause("REP-4.2.1")
@pytest.mark.parametrize("verb", ["dispatch", "investigate"])
def test_handling_asks_for_nature_severity_and_extent(office, verb):
    number = complaint(office)
    agent = office.api("cs_agent")

    refused = agent.act(number, verb)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["问题性质", "严重程度", "影响范围"])

    agent.does(number, "grade", **ANALYSED)
    assert agent.act(number, verb).status_code == 200


@pytest.mark.clause("REP-4.2.1")
def test_an_analysis_without_one_of_the_three_is_refused_and_a_full_one_is_found(office):
    number = complaint(office)
    agent = office.api("cs_agent")

    refused = agent.act(number, "grade", nature=None, severity=None, extent=None)
    assert faults(refused) == {
        "/data/nature": "required",
        "/data/severity": "required",
        "/data/extent": "required",
    }

    agent.does(number, "grade", **ANALYSED, impact_text="仅涉及一台洗衣机外壳")
    assert agent.numbers(text="洗衣机外壳") == [number]
    analysed = agent.events(number, "grade")[0]
    assert [value_of(analysed, name) for name in ("nature", "severity", "extent")] == [["个别问题"], ["中等"], ["局部"]]


@pytest.mark.clause("REP-4.2.2")
def test_the_answer_of_a_department_with_its_file_is_on_the_case_and_the_turnaround_is_shown(office, clock):
    number = complaint(office)
    office.walk(number, "grade", "dispatch", "sign_in", grade=ANALYSED)
    clock.at("2026-03-02T10:00:00+08:00")
    office.handler(number).does(
        number, "ask", asked_department=office.department("logistics"), question="到货时是否已破损？",
        inquiry_due_at="2026-03-04T18:00:00+08:00",
    )  # fmt: skip

    clock.at("2026-03-03T15:30:00+08:00")
    asked = office.api("asked_department", "logistics")
    asked.does(
        number,
        "reply",
        item=1,
        inquiry_answer="签收单注明外箱完好",
        evidence_files=[asked.upload(number, "签收单.png")],
    )

    door = office.api("cs_agent")
    reply = door.events(number, "reply")[0]
    assert (value_of(reply, "inquiry_answer"), value_of(reply, "evidence_files")) == ("签收单注明外箱完好", 1)
    assert [file["name"] for file in door.read(f"cases/{number}/evidence")["evidence"]] == ["签收单.png"]
    clock_of_inquiry = door.clocks(number)["inquiry"]
    times = [clock_of_inquiry[name] for name in ("started_at", "stopped_at", "status")]
    assert times == ["2026-03-02T02:00:00Z", "2026-03-03T07:30:00Z", "kept"]


@pytest.mark.clause("REP-4.2.3")
def test_a_case_without_root_cause_is_not_closed(office):
    number = complaint(office)
    office.walk(number, "grade", "dispatch", "sign_in", grade=ANALYSED)

    refused = office.handler(number).act(number, "close")

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "确定根本原因" in said(refused)
    no_cause = office.handler(number).act(number, "conclude", root_cause=None, root_cause_text=None)
    assert faults(no_cause) == {"/data/root_cause": "required", "/data/root_cause_text": "required"}


@pytest.mark.clause("REP-4.2.3")
def test_root_causes_are_a_dimension_of_their_own_in_statistics(office):
    number = complaint(office, "product_quality/damage")
    office.walk(
        number, "grade", "dispatch", "sign_in", "conclude", grade=ANALYSED, conclude={"root_cause": "product/packaging"}
    )

    assert counts(office, "root_cause") == {"包装": 1, "合计": 1}
    assert counts(office, "category") == {"损坏": 1, "合计": 1}


@pytest.mark.clause("REP-4.3.1")
@pytest.mark.parametrize(
    ("complaint_type", "first"),
    [
        ("service_attitude/impatient", ["apology", "compensation", "service_improvement"]),
        ("product_quality/defect", ["return_goods", "exchange", "repair"]),
    ],
)
def test_the_measures_that_fit_the_type_of_complaint_are_proposed_first(office, complaint_type, first):
    number = complaint(office, complaint_type)
    office.walk(number, "grade", "dispatch", "sign_in", "conclude", grade=ANALYSED)

    assert measures_offered(office, number)[:3] == first


def measures_offered(office, number):
    plan = office.handler(number).actions(number)["propose"]["schema"]["properties"]["measures"]
    return plan["items"]["properties"]["measure"]["enum"]


@pytest.mark.clause("REP-4.3.1")
def test_an_administrator_can_change_the_table_of_measures(office, clock, tmp_path):
    clock.at("2026-03-03T09:00:00+08:00")
    table = "measures: [apology, compensation, service_improvement]"
    office.change_policy(tmp_path, ("categories.yaml", table, "measures: [explanation, apology]"))

    number = complaint(office, "service_attitude/impatient")
    office.walk(number, "grade", "dispatch", "sign_in", "conclude", grade=ANALYSED)

    assert measures_offered(office, number)[:2] == ["explanation", "apology"]


@pytest.mark.clause("REP-4.3.3")
def test_ten_changes_are_listed_in_order_with_author_and_values(office):
    number = complaint(office)
    agent = office.api("cs_agent")
    for n in range(1, 11):
        office.clock.later(minutes=1)
        agent.does(number, "note", note_text=f"第 {n} 次联系仓库")

    notes = office.api("quality_reviewer").events(number, "note")

    assert [value_of(event, "note_text") for event in notes] == [f"第 {n} 次联系仓库" for n in range(1, 11)]
    assert {event["actor_name"] for event in notes} == {agent.person.name}
    assert [event["at"] for event in notes] == sorted(event["at"] for event in notes)


@pytest.mark.clause("REP-4.3.3")
def test_nobody_can_edit_or_delete_an_entry_through_the_application(office):
    number = complaint(office)
    for role in ("cs_agent", "team_lead", "administrator"):
        door = office.api(role)
        answers = {
            getattr(Client(headers=door.headers), method)(f"/api/v1/cases/{number}/events").status_code
            for method in ("put", "patch", "delete", "post")
        }
        assert answers <= {404, 405}

    listed = StringIO()
    call_command("list_routes", "--json", stdout=listed)
    changing = [r for r in json.loads(listed.getvalue()) if {"PUT", "PATCH", "DELETE"} & set(r["methods"])]
    assert changing == []


@pytest.mark.clause("REP-4.3.3")
def test_an_entry_changed_outside_the_application_is_found_by_the_check(office, settings, tmp_path):
    settings.ANCHOR_URL = f"file://{tmp_path}/anchors.jsonl"
    complaint(office, subject="外壳破损")
    assert verified() == ("whole", [])

    tamper_with_a_text()

    state, kinds = verified()
    assert (state, kinds) == ("broken", ["edited"])


def verified():
    """What `amends audit_verify` says: the state, and the kinds of faults."""
    printed = StringIO()
    with pytest.raises(SystemExit):
        call_command("audit_verify", "--json", stdout=printed)
    report = json.loads(printed.getvalue())
    return report["state"], [fault["kind"] for fault in report["faults"]]


def tamper_with_a_text():
    """Change what somebody entered, behind the application's back."""
    with connection.cursor() as cursor:
        open_the_ledger()
        cursor.execute("UPDATE ledger_detail SET text = %s WHERE text = %s", ["外壳完好", "外壳破损"])
        assert cursor.rowcount == 1


@pytest.mark.clause("REP-4.4.2")
def test_a_dissatisfied_follow_up_reopens_the_case_with_its_number_an_owner_and_a_new_due_date(office, clock):
    number = closed(office)
    office.does(number, "archive")
    clock.at("2026-03-09T10:00:00+08:00")

    after = office.does(number, "follow_up", satisfaction="dissatisfied", problem_solved=False)

    assert (after["number"], after["state"], after["cycle"]) == (number, "tracking", 2)
    assert after["handler"] is not None
    assert after["due_clock"] == "analysis"
    tracking = office.api("team_lead").clocks(number)["tracking"]
    assert (tracking["status"], tracking["due_at"]) == ("running", "2026-03-16T10:00:00Z")


@pytest.mark.clause("REP-4.4.2")
def test_a_reopened_case_does_not_leave_tracking_without_a_recorded_resolution(office):
    number = closed(office)
    office.walk(number, "archive", "follow_up", follow_up={"satisfaction": "dissatisfied", "problem_solved": False})
    lead = office.api("team_lead")

    for verb in ("close", "withdraw", "mark_duplicate", "archive"):
        assert lead.act(number, verb).status_code in (403, 409)
    assert "withdraw" not in lead.actions(number)

    office.walk(number, "investigate", "conclude", "propose", "tell", "agree", "complete_measure", "carry_out",
                complete_measure={"item": 1})  # fmt: skip
    refused = office.handler(number).act(number, "close", resolution=None)
    assert faults(refused) == {"/data/resolution": "required"}
    assert office.does(number, "close", resolution="更换整机，客户确认")["state"] == "closed"


@pytest.mark.clause("REP-6.1.3")
def test_a_known_customer_is_entered_on_one_screen_and_is_at_once_in_the_tracking_list(office):
    earlier = complaint(office, complainant_name="李雷", subject="外壳破损")
    staff = Staff(office.world, "cs_agent")

    shown = text_of(staff.post("/intake/earlier/", {"complainant_phone": "13800138000", "complainant_name": "李雷"}))
    number = complaint(office, complainant_name="李雷", subject="又有一处破损")

    assert earlier in shown
    listed = text_of(staff.get("/queue/", {"tab": "all"}))
    assert [n in listed for n in (earlier, number)] == [True, True]
