"""The service policy: ten-day reports and what is made of them, technical consultations, the service data of a customer."""

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("service",)

MIDDLE = "2026-03-11"
PRICE = {
    "competitor": "金石建材", "competitor_product": "瓷砖胶 C2", "competitor_price": "28.50", "promotion": "买十送一",
    "price_region": "宁波", "seen_on": "2026-03-12", "price_source": "经销商报价单",
}  # fmt: skip
QUESTION = {"item_kind": "question", "item_text": "C2 胶冬季多久可以勾缝？"}
SALES = {"situation_customer": "海曙店", "situation_text": "两家工地改用我司产品", "situation_amount": "52000.00"}


@pytest.fixture
def sellers(office, clock):
    """Three salespeople; the middle of March 2026 is being reported on."""
    clock.at("2026-03-19T15:00:00+08:00")
    return [office.api("salesperson"), *(office.hires("salesperson", name) for name in ("钱多多", "孙小圣"))]


def reports(door, **wishes):
    wished = {
        "report_period": MIDDLE,
        "sales_situation": None,
        "report_questions": None,
        "competitor_prices": None,
        **wishes,
    }
    return door.begin("ten_day_report", **wished)


def reported(door, **wishes):
    response = reports(door, **wishes)
    assert response.status_code == 201, response.content.decode()
    return response.json()


def page_of(office, role="cs_specialist", **query):
    return text_of(Staff(office.world, role).get("/proceedings/expected/service/ten_day_report/", query))


def children(door, key, kind):
    return [one for one in door.read("proceedings", kind=kind)["proceedings"] if one["parent"] == key]


def register(office, kind, role="cs_specialist", **query):
    return text_of(Staff(office.world, role).get(f"/registers/service/{kind}/", query))


@pytest.mark.clause("SVC-3.2a")
def test_of_three_salespeople_of_whom_two_handed_in_the_third_is_shown_missing_on_the_21st(office, clock, sellers):
    first, second, third = sellers
    reported(first)
    reported(second)
    again = reports(second, report_period="2026-03-15")
    clock.at("2026-03-21T09:00:00+08:00")

    shown = page_of(office, period=MIDDLE)

    assert (again.status_code, faults(again)) == (422, {"/data/report_period": "handed_in_already"})
    assert "2026年3月中旬" in shown and "还差 1 人" in shown
    assert f"{third.person.name} 未提交" in shown
    assert shown.count("按时") == 3 and shown.count("未提交") == 1  # the head of the column, and two of the lines
    specialist = office.api("cs_specialist")
    assert len(specialist.waiting(kind="ten_day_report")) == 2
    assert first.person.name not in text_of(_page_as(office, third)) and "填写" in text_of(_page_as(office, third))


@pytest.mark.clause("SVC-3.2a")
def test_a_salesperson_reads_on_the_workbench_what_is_to_be_handed_in(office, clock, sellers):
    first, second, _ = sellers
    clock.at("2026-03-21T09:00:00+08:00")
    reported(first)

    assert "业务人员旬报" not in _workbench_as(office, office.api("technical_service_engineer"))
    assert "2026年3月中旬：请在 3月22日 周日 前提交。 填写" in _workbench_as(office, second)
    assert "2026年3月下旬：请在" in _workbench_as(office, first)
    clock.at("2026-03-25T09:00:00+08:00")
    assert "2026年3月中旬：3月22日 周日 到期，尚未提交。" in _workbench_as(office, second)


def _workbench_as(office, door):
    staff = Staff(office.world, "salesperson")
    staff.force_login(door.person)
    return text_of(staff.get("/"))


def _page_as(office, door):
    staff = Staff(office.world, "salesperson")
    staff.force_login(door.person)
    return staff.get("/proceedings/expected/service/ten_day_report/", {"period": MIDDLE})


@pytest.mark.clause("SVC-3.2a")
def test_whoever_has_not_handed_in_is_reminded_before_and_after_the_end_of_the_period(office, clock, sellers):
    reported(sellers[0])
    for moment in ("2026-03-19T15:30:00+08:00", "2026-03-23T08:10:00+08:00"):
        clock.at(moment)
        office.work()

    def told(door):
        staff = Staff(office.world, "salesperson")
        staff.force_login(door.person)
        return text_of(staff.get("/notices/"))

    assert "2026年3月中旬的业务人员旬报" not in told(sellers[0])
    assert "2026年3月中旬的业务人员旬报请在 2026年3月22日 前提交。" in told(sellers[1])
    assert "应在 2026年3月22日 前提交，尚未收到" in told(sellers[1])
    assert "还有 2 人没有提交" in text_of(Staff(office.world, "cs_specialist").get("/notices/"))


@pytest.mark.clause("SVC-3.2b")
def test_a_question_of_a_report_links_to_it_and_closes_with_the_reply_that_its_author_sees(office, sellers):
    author, specialist = sellers[0], office.api("cs_specialist")
    report = reported(author, report_questions=[QUESTION])
    owner = office.api("technical_service_engineer")

    (item,) = children(specialist, report["id"], "report_item")
    specialist.steps_on(item["id"], "reassign", item_owner=owner.id)
    owner.steps_on(item["id"], "reply", item_reply="五度以上七十二小时。")

    seen = author.read(f"proceedings/{item['id']}/events")["events"]
    assert value_of(seen[-1], "item_reply") == "五度以上七十二小时。"
    assert author.proceeding(item["id"])["state"] == "answered"
    shown = register(office, "report_item")
    assert QUESTION["item_text"] in shown and author.person.name in shown and owner.person.name in shown
    assert "五度以上七十二小时。" in shown and "已答复" in shown


@pytest.mark.clause("SVC-3.3a")
def test_sales_information_of_a_period_is_listed_and_marked_read_with_a_decision(office, sellers):
    report = reported(sellers[0], sales_situation=[SALES])
    manager = office.api("general_manager")
    (one,) = children(manager, report["id"], "sales_information")

    manager.steps_on(one["id"], "review", management_decision="请渠道部跟进海曙店。")

    period = {"from": "2026-03-11", "to": "2026-03-20"}
    shown = register(office, "sales_information", "general_manager", **period)
    assert SALES["situation_text"] in shown and sellers[0].person.name in shown and "2026年3月19日" in shown
    assert "请渠道部跟进海曙店。" in shown and "已阅" in shown
    paper = Staff(office.world, "general_manager").get("/registers/service/sales_information/print.docx", period)
    assert paper.status_code == 200


@pytest.mark.clause("SVC-3.3b")
def test_two_entries_on_a_competitor_stand_in_the_form_and_their_prices_are_compared_over_time(office, sellers):
    later = {**PRICE, "competitor_price": "26.00", "seen_on": "2026-03-18"}
    reported(sellers[0], competitor_prices=[PRICE, later])
    specialist = Staff(office.world, "cs_specialist")

    shown = register(office, "competitor_entry")
    for value in (
        "金石建材",
        "瓷砖胶 C2",
        "28.50",
        "26.00",
        "买十送一",
        "宁波",
        "2026年3月12日",
        "2026年3月18日",
        "经销商报价单",
    ):
        assert value in shown
    assert "已登记" not in shown and "未超时" not in shown
    lines = office.api("cs_specialist").read("registers/service/competitor_entry")["records"]
    course = text_of(specialist.get("/registers/service/competitor_entry/", {"like": lines[0]["id"]}))
    assert "价格走势" in course and "2026年3月18日 26 " in course and "2026年3月12日 28.50 " in course
    assert specialist.get("/registers/service/competitor_entry/print.docx").status_code == 200


@pytest.mark.clause("SVC-3.3c")
def test_the_review_of_a_report_computes_its_punctuality_and_is_seen_by_its_author(office, clock, sellers):
    clock.at("2026-03-25T10:00:00+08:00")
    report = reported(sellers[0])

    office.api("cs_specialist").steps_on(
        report["id"], "assess", completeness="gaps", quality_score=78, review_comment="缺竞争对手信息。"
    )  # fmt: skip

    review = sellers[0].read(f"proceedings/{report['id']}/events")["events"][-1]
    assert (value_of(review, "quality_score"), value_of(review, "review_comment")) == (78, "缺竞争对手信息。")
    assert value_of(review, "review_days_late") == 3  # due on the 22nd, two days after the end of the period
    assert "迟交 3 天" in page_of(office, period=MIDDLE)


@pytest.mark.clause("SVC-2.1d")
def test_a_consultation_solved_by_telephone_is_kept_and_found_by_question_and_answer(office):
    engineer = office.api("technical_service_engineer")
    form = text_of(
        Staff(office.world, "technical_service_engineer").get("/proceedings/new/service/technical_consultation/")
    )
    record = engineer.begins(
        "technical_consultation", consultation_customer="宏远建设", consultation_question="瓷砖空鼓怎样补灌？",
        consultation_answer="用 F2 灌浆料，分两次注入。", consulted_at="2026-03-02T08:40:00+08:00",
    )  # fmt: skip

    assert "耐心倾听，先复述确认客户的问题再解答" in form
    kinds = {one["kind"] for one in office.api("cs_specialist").read("proceedings", status="all")["proceedings"]}
    assert kinds == {"technical_consultation"} and office.api("cs_specialist").numbers() == []
    for words in ("空鼓", "F2 灌浆料"):
        found = register(office, "technical_consultation", text=words)
        assert record["number"] in found and engineer.person.name in text_of(
            Staff(office.world, "cs_specialist").get(f"/proceedings/{record['id']}/")
        )
    assert "还没有" in register(office, "technical_consultation", text="防水") or "没有符合条件" in register(
        office, "technical_consultation", text="防水"
    )


@pytest.mark.clause("SVC-3.1a")
def test_a_call_a_chat_and_a_message_of_a_customer_show_content_class_intake_and_steps_together(office):
    caller = {"complainant_name": "宏远建设", "complainant_phone": "13800138000"}
    promised = {"answered_at_once": False, "promised_reply_at": "2026-03-03T12:00:00+08:00", **caller}
    desk = office.api("cs_specialist")
    call = desk.registered(kind="enquiry", channel="hotline", description="问保质期", **promised)
    chat = desk.registered(kind="agency", channel="live_chat", description="想做宁波代理", **promised)
    note = desk.registered(kind="suggestion", channel="web_message", description="包装太难拆", **caller)
    desk.does(chat, "dispatch", task_due_at="2026-03-03T10:00:00+08:00")
    desk.does(call, "answer", answer_text="十二个月")

    shown = text_of(Staff(office.world, "cs_specialist").get(f"/cases/{note}/customer/"))

    for said in (
        "客户服务热线", "在线交谈", "网站留言", "咨询类", "代理类", "建议及意见类", "问保质期", "想做宁波代理", "包装太难拆",
        "登记了个案", "派单到责任部门", "直接答复了客户",
    ):  # fmt: skip
        assert said in shown, said
