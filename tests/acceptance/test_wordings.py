"""What messages say: proposed by one person, approved by another, sent from then on, and every version kept."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.doors import Staff
from tests.pages import in_words, text_of

PACKS = ("service",)
PROMISED = {
    "answered_at_once": False, "complainant_phone": "13800138000", "promised_reply_at": "2026-03-03T12:00:00+08:00",
    "topic": "order_status",
}  # fmt: skip
ANSWER = ("answer", "sms", "zh-hans")
GROUP = ("price_change", "group", "zh-hans")
NEW = "【{{desk}}】您问的{{number}}有结果了，请点开看看：{{link}}"


@pytest.fixture
def proposer(office):
    return Staff(office.world, "cs_specialist")


@pytest.fixture
def approver(office):
    return Staff(office.world, "channel_general_manager")


def address(office, key, name="wording"):
    return reverse(name, args=[office.world.desk.code, *key])


def proposed(office, staff, key=ANSWER, body=NEW, **more):
    return staff.post(
        address(office, key, "propose_wording"), {"body": body, "reason": "客户看不懂", "do": "propose", **more}
    )


def waiting(office, staff, key=ANSWER):
    return re.search(r"/wordings/(\d+)/(?:approve|withdraw)/", staff.get(address(office, key)).content.decode()).group(
        1
    )


def said_on(response):
    """The words of a page, also of one that refuses."""
    return in_words(response.content.decode())


def answered(office):
    clerk = office.api("cs_specialist")
    number = clerk.registered(kind="enquiry", channel="hotline", **PROMISED)
    clerk.does(number, "answer", handling_text="查过", answer_text="今天发货", satisfaction="satisfied")
    return number


def test_a_text_is_sent_as_proposed_once_a_second_person_approved_it_and_what_was_queued_stays(
    office, proposer, approver
):
    answered(office)
    shipped = office.left("answer")[-1]
    assert "有结果了" not in shipped

    assert proposed(office, proposer).status_code == 302
    answered(office)
    assert "有结果了" not in office.left("answer")[-1]

    pk = waiting(office, approver)
    assert "客户看不懂" in text_of(approver.get(address(office, ANSWER)))
    assert proposer.post(f"/wordings/{pk}/approve/").status_code == 403
    assert approver.post(f"/wordings/{pk}/approve/").status_code == 302
    assert approver.post(f"/wordings/{pk}/approve/").status_code == 409

    number = answered(office)
    sent = office.left("answer")
    assert re.fullmatch(rf"【[^】]+】您问的{number}有结果了，请点开看看：\S+", sent[-1])
    assert sent[0] == shipped
    assert "受理台已改" in text_of(proposer.get(reverse("read_part", args=[office.world.desk.code, "messages"])))


def test_versions_stay_can_be_compared_and_the_text_of_the_pack_comes_back_by_the_same_two(office, proposer, approver):
    proposed(office, proposer)
    assert proposed(office, proposer, body=NEW + "谢谢").status_code == 422
    approver.post(f"/wordings/{waiting(office, approver)}/approve/")
    proposed(office, proposer, body=NEW + "谢谢您")
    refused = approver.post(f"/wordings/{waiting(office, approver)}/refuse/", {"reason": ""})
    assert refused.status_code == 422
    approver.post(f"/wordings/{waiting(office, approver)}/refuse/", {"reason": "太长"})
    proposed(office, proposer, body=NEW + "谢谢")
    proposer.post(f"/wordings/{waiting(office, proposer)}/withdraw/")

    compared = proposer.get(address(office, ANSWER), {"older": "1", "newer": "2"}).content.decode()
    assert "<ins>谢谢您</ins>" in compared
    assert "<del>" not in compared
    said = in_words(compared)
    assert [word in said for word in ("第 1 版", "第 2 版", "第 3 版", "太长", "已撤回", "未批准")] == [True] * 6

    proposer.post(address(office, ANSWER, "reset_wording"), {"reason": "还是原来的好"})
    approver.post(f"/wordings/{waiting(office, approver)}/approve/")
    answered(office)
    assert "有结果了" not in office.left("answer")[-1]
    assert proposer.post(address(office, ANSWER, "reset_wording"), {"reason": "再来"}).status_code == 409


def test_a_preview_says_what_is_read_and_what_it_costs_and_keeps_nothing(office, proposer):
    shown = proposer.post(address(office, ANSWER, "propose_wording"), {"body": NEW + "好" * 60, "do": "look"})

    said = text_of(shown)
    assert shown.status_code == 200
    assert re.search(r"签名：\S+ \d+ 字 按 2 条计费", said)
    assert "{{" not in in_words(
        re.search(r'<article class="letter".*?</article>', shown.content.decode(), re.S).group(0)
    )
    assert "各版" not in text_of(proposer.get(address(office, ANSWER)))


@pytest.mark.parametrize(
    ("key", "body", "said"),
    [
        (ANSWER, NEW + "{{nummer}}", "{{nummer}} 不是可用的变量，是不是 {{number}}？"),
        (ANSWER, NEW + "{{number}", "有没写完整的花括号"),
        (ANSWER, "【{{desk}}】{{number}}有结果了", "这条消息必须保留 {{link}}"),
        (ANSWER, "您问的{{number}}有结果了：{{link}}", "短信须以签名开头"),
        (ANSWER, NEW + "【重要】", "只能有一个签名"),
        (ANSWER, NEW + "好" * 500, "“正文”最多 500 个字"),
        (GROUP, "【{{desk}}】{{name}}您好：{{product}}自{{from_day}}起{{price}}。", "群发短信须写明退订办法"),
    ],
)
def test_a_text_that_can_not_be_sent_so_is_refused_at_its_field(office, proposer, key, body, said):
    refused = proposed(office, proposer, key, body)

    assert refused.status_code == 422
    field = refused.content.decode().split('for="f-body"')[1].split('for="f-reason"')[0]
    assert said in in_words(field)
    assert body.strip() in in_words(field)


def test_where_the_carrier_sends_vetted_templates_only_the_new_id_is_asked_for_and_goes_along(
    office, proposer, approver, settings
):
    settings.SMS_URL = "aliyun://key@dysmsapi.aliyuncs.com/?sign=x"

    assert "请填写审核通过的模板编号" in said_on(proposed(office, proposer))
    assert "以 SMS_ 开头" in said_on(proposed(office, proposer, template_aliyun="154950909"))
    assert proposed(office, proposer, template_aliyun="SMS_154950909").status_code == 302
    approver.post(f"/wordings/{waiting(office, approver)}/approve/")
    assert "模板编号 SMS_154950909 报备的是现行文字" in said_on(
        proposed(office, proposer, body=NEW + "谢谢", template_aliyun="SMS_154950909")
    )


def test_who_neither_proposes_nor_approves_finds_no_page(office):
    assert Staff(office.world, "department_member").get("/wordings/").status_code == 403


def test_the_list_shows_a_message_in_the_language_of_its_reader_where_it_has_it(office, proposer):
    page = proposer.get("/wordings/", {"channel": "sms"}).content.decode()
    assert "您的来件" in page

    proposer.post("/language/", {"language": "en", "next": "/"})
    page = proposer.get("/wordings/", {"channel": "sms"}).content.decode()
    assert "您的来件" not in page and "Hotline" in page
