"""Earlier answers of a desk, offered while a question is answered."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.doors import Staff
from tests.pages import text_of

PACKS = ("service", "express")
FORM = {"HX-Request": "true", "HX-Target": "answers"}
GROUT = "瓷砖空鼓怎样补灌，用哪一种灌浆料？"
CONSULTATIONS = "/proceedings/new/service/technical_consultation/"


def enquiry(office, subject, answer=None, **answers):
    """The number of an enquiry of the telephone; with an answer, of one that was answered at once."""
    given = {"answered_at_once": True, "handling_text": "查资料", "answer_text": answer, "minutes_taken": 5}
    open_one = {"answered_at_once": False, "promised_reply_at": "2026-03-03T12:00:00+08:00"}
    asked = {"complainant_name": "宋小满", "complainant_phone": "13900000417", "topic": "technical", **answers}
    asked.setdefault("description", f"来电询问：{subject}")
    return office.api("cs_specialist").registered(
        kind="enquiry", channel="hotline", subject=subject, **(given if answer else open_one), **asked
    )


def offered(page):
    """What each earlier answer says, as it would be put into the field."""
    return re.findall(r"<blockquote data-say>(.*?)</blockquote>", page.content.decode(), re.S)


def answering(office, number):
    return Staff(office.world, "cs_specialist").get(f"/cases/{number}/do/answer/")


@pytest.mark.clause("SVC-2.1d")
def test_answers_to_similar_questions_are_offered_with_link_and_button_and_without_anybody_who_asked(office):
    alike = enquiry(office, GROUT, "宋女士您好：用 F2 灌浆料，分两次注入。有事打 139 0000 0417 联系宋小满本人。")
    enquiry(office, "想要一本产品样册", "样册已寄出。", topic="product_information/documents")
    kept = office.api("technical_service_engineer").begins(
        "technical_consultation", consultation_customer="宏远建设", consultation_topic="technical",
        consultation_question="卫生间瓷砖空鼓，怎样补灌？", consultation_answer="先打孔，再用 F2 灌浆料低压补灌。",
        consulted_at="2026-03-02T08:40:00+08:00",
    )  # fmt: skip

    page = answering(office, enquiry(office, "墙面瓷砖空鼓如何补灌", complainant_name="梁工"))

    assert set(offered(page)) == {
        "某某您好：用 F2 灌浆料，分两次注入。有事打 （电话略） 联系某某本人。", "先打孔，再用 F2 灌浆料低压补灌。",
    }  # fmt: skip
    html = page.content.decode()
    assert f'href="/cases/{alike}/"' in html and f'href="/proceedings/{kept["id"]}/"' in html
    assert html.count('data-take="answer_text"') == 2
    assert "宋女士" not in text_of(page) and "宋小满" not in text_of(page)
    assert "宏远" not in text_of(page) and "样册" not in text_of(page)


@pytest.mark.clause("SVC-2.1d")
def test_the_same_question_comes_before_another_one_told_in_the_same_phrases(office):
    told = "业主自己打来的，外墙弹性涂料 W-80{what}，两个工人两个说法。"
    enquiry(
        office, "冬天最低几度（外墙弹性涂料 W-80）", "五度以上。", description="门店转来，想确认冬天最低几度，怕返工。"
    )
    rain = "阴雨天能不能施工"
    enquiry(office, f"学校来电问{rain}", "湿度大先停。", description=told.format(what=rain))

    wanted = "冬天最低几度"
    number = enquiry(office, f"问外墙弹性涂料 W-80{wanted}", description=told.format(what=wanted))

    assert offered(answering(office, number)) == ["五度以上。", "湿度大先停。"]


@pytest.mark.clause("SVC-2.1d")
def test_while_a_consultation_is_typed_the_answers_follow_its_words(office):
    enquiry(office, GROUT, "用 F2 灌浆料，分两次注入。")
    engineer = Staff(office.world, "technical_service_engineer")
    typed = {"consultation_question": "瓷砖空鼓怎样补灌", "_redraw": "1"}

    before = engineer.get(CONSULTATIONS)
    found = engineer.post(CONSULTATIONS, typed, headers=FORM)
    other = engineer.post(CONSULTATIONS, {**typed, "consultation_question": "保修期多长"}, headers=FORM)

    assert offered(before) == [] and 'id="answers" hx-post' in before.content.decode()
    assert offered(found) == ["用 F2 灌浆料，分两次注入。"]
    assert 'data-take="consultation_answer"' in found.content.decode()
    assert offered(other) == [] and "<form" not in other.content.decode()


@pytest.mark.clause("SVC-2.1d")
def test_a_call_that_is_answered_at_once_is_offered_them_at_intake(office):
    enquiry(office, GROUT, "用 F2 灌浆料，分两次注入。")
    staff = Staff(office.world, "cs_specialist")
    typed = {"_desk": "service", "_kind": "enquiry", "_channel": "hotline", "subject": "瓷砖空鼓怎样补灌"}

    later = staff.post("/intake/proposals/", {**typed, "answered_at_once": "no"})
    at_once = staff.post("/intake/proposals/", {**typed, "answered_at_once": "yes"})
    shown = re.search(r'name="_answers" value="([^"]+)"', at_once.content.decode())
    again = staff.post("/intake/proposals/", {**typed, "answered_at_once": "yes", "_answers": shown[1]})

    assert offered(later) == [] and offered(at_once) == ["用 F2 灌浆料，分两次注入。"]
    assert 'data-form="intake-form"' in at_once.content.decode() and 'id="answers"' not in again.content.decode()


@pytest.mark.clause("SVC-2.1d")
def test_what_somebody_may_not_see_is_not_offered_to_them(office):
    enquiry(office, GROUT, "用 F2 灌浆料，分两次注入。")
    salesperson = Staff(office.world, "salesperson")
    consultation = salesperson.post(CONSULTATIONS, {"consultation_question": GROUT, "_redraw": "1"}, headers=FORM)
    number = enquiry(office, GROUT)

    assert (consultation.status_code, salesperson.get(f"/cases/{number}/do/answer/").status_code) == (404, 404)
    assert offered(answering(office, number)) == ["用 F2 灌浆料，分两次注入。"]


@pytest.mark.clause("SVC-2.1d")
def test_the_number_of_queries_does_not_grow_with_the_answers(office):
    enquiry(office, GROUT, "用 F2 灌浆料。")
    number = enquiry(office, GROUT)

    def queries():
        staff = Staff(office.world, "cs_specialist")
        staff.get(f"/cases/{number}/do/answer/")
        with CaptureQueriesContext(connection) as asked:
            staff.get(f"/cases/{number}/do/answer/")
        return len(asked)

    one = queries()
    for n in range(3):
        enquiry(office, f"{GROUT}（{n}）", f"用 F{n} 灌浆料。", complainant_phone=f"1390000042{n}")

    assert queries() == one


@pytest.mark.clause("EXP-8.3.3")
def test_an_answer_to_a_suggestion_begins_with_those_given_to_others(office_of):
    express = office_of("express")
    agent = express.api("cs_agent")
    asked = {
        "kind": "suggestion",
        "channel": "telephone",
        "subject": "网点晚上延长营业时间",
        "description": "希望晚上八点以后也能取件",
    }
    first = agent.registered(**asked)
    agent.does(first, "answer", answer_text="已请网点自下月起试行营业到晚上九点。")
    second = agent.registered(**asked)

    page = Staff(express.world, "cs_agent").get(f"/cases/{second}/do/answer/")

    assert offered(page) == ["已请网点自下月起试行营业到晚上九点。"]
