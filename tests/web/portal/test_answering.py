"""What a customer reads on an opened case and answers: accept, refuse with reasons, rate, withdraw, add."""

import re
from datetime import timedelta
from io import BytesIO

import pytest

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.policies.queries import read_version
from amends.web.portal.asking import as_customers_are_asked
from tests.web.portal import complain
from tests.world import PICTURE

pytestmark = pytest.mark.django_db

WAY = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell")
ANSWER = "我们赔付 480 元，并由网点负责人上门道歉。"


@pytest.fixture
def told(world, customer, clock) -> Case:
    """A case made in this browser to which the desk has answered."""
    complain(customer)
    case = Case.objects.get()
    for verb in WAY:
        wishes = {"answer_text": ANSWER} if verb == "tell" else {}
        case = world.do(case, verb, **wishes)
    # The browser that made the case keeps it open while the desk works.
    session = customer.session
    session["portal"]["opened"][case.number]["until"] = world.later(minutes=20).isoformat()
    session.save()
    clock.now = world.now - clock_margin()
    return case


def clock_margin():
    return timedelta(minutes=19)


def page_of(customer, case) -> str:
    return customer.get(f"/portal/case/{case.number}/").content.decode()


def act(customer, case, verb, *, token="a", **data):
    seen = f"{case.cycle}.{case.round}.{case.state}"
    return customer.post(f"/portal/case/{case.number}/{verb}/", {"_token": token, "_seen": seen, **data})


def test_an_opened_case_shows_the_answer_and_asks_for_a_decision(customer, told):
    page = page_of(customer, told)

    assert ANSWER in page
    assert "我们已答复，等您确认" in page
    assert "接受处理结果" in page
    assert "不接受，说明理由" in page


def test_staff_are_not_named_and_their_work_is_not_shown(customer, told, world):
    page = page_of(customer, told)

    for person in world.organisation.people.values():
        assert person.name not in page
    for inside in ("定级", "调查结论", "处理方案（内部）", "欧阳测试"):
        assert inside not in page


def test_accepting_leads_on(customer, told):
    answer = act(customer, told, "agree")

    told.refresh_from_db()
    assert answer.status_code == 302
    assert told.state == "agreed"
    assert "您接受处理结果" in page_of(customer, told)


def test_refusing_needs_a_reason_at_its_field(customer, told):
    page = act(customer, told, "refuse", comment="就是不行")

    assert page.status_code == 422
    assert 'id="f-reason-error"' in page.content.decode()
    assert "就是不行" in page.content.decode()


def test_refusing_with_a_reason_opens_the_next_round(customer, told):
    act(customer, told, "refuse", reason="赔偿太低")

    told.refresh_from_db()
    assert (told.state, told.round) == ("concluded", 2)
    assert "赔偿太低" in page_of(customer, told)


def test_a_decision_sent_twice_counts_once(customer, told):
    first = act(customer, told, "agree", token="same")
    second = act(customer, told, "agree", token="same")

    assert [first.status_code, second.status_code] == [302, 409]
    assert facts_of(Case.objects.get()).done["agree"].seq == Case.objects.get().version


def test_an_answer_to_what_has_changed_meanwhile_is_refused_and_keeps_the_text(customer, told, world):
    page = customer.post(
        f"/portal/case/{told.number}/refuse/", {"_token": "t", "_seen": "1.9.told", "reason": "写了很久的理由"}
    )

    assert page.status_code == 409
    assert "写了很久的理由" in page.content.decode()
    assert Case.objects.get().state == "told"


def test_a_verb_that_is_not_open_any_more_gives_the_text_back(customer, told):
    act(customer, told, "agree", token="a")
    page = act(customer, told, "refuse", token="b", reason="我后来又想了想觉得不行啊真的不行")

    assert page.status_code == 409
    assert "我后来又想了想觉得不行啊真的不行" in page.content.decode()


def test_a_session_that_ended_gives_the_text_back(customer, told, clock):
    clock.later(hours=1)

    page = act(customer, told, "refuse", reason="我写了很长很长的一段理由在这里")

    assert page.status_code == 401
    assert "我写了很长很长的一段理由在这里" in page.content.decode()
    assert Case.objects.get().state == "told"


def test_verbs_of_the_staff_are_not_open_to_the_customer(customer, told):
    answers = [act(customer, told, verb).status_code for verb in ("close", "carry_out", "note", "archive", "nonsense")]

    assert answers == [409] * 5
    assert Case.objects.get().state == "told"


def test_information_with_a_file_is_added(customer, told):
    file = BytesIO(PICTURE)
    file.name = "补充照片.png"

    answer = act(customer, told, "add_information", supplement_text="补充照片", **{"_upload-evidence_files": file})

    assert answer.status_code == 302
    assert told.evidence.filter(name="补充照片.png").count() == 1
    assert "补充照片.png" in page_of(customer, told)


def test_what_files_may_be_sent_is_a_sentence_in_english(customer, told):
    page = customer.get(f"/portal/case/{told.number}/add_information/", headers={"Accept-Language": "en"})

    assert re.search(r">[A-Z][^<]*, kept as they are\. At most", page.content.decode())


def test_withdrawing_ends_the_case(customer, told):
    act(customer, told, "withdraw", reason="已经私下解决")

    told.refresh_from_db()
    assert told.state == "withdrawn"
    page = page_of(customer, told)
    assert "接受处理结果" not in page
    assert "要求重新处理" in page


def test_a_device_can_be_closed_at_once(customer, told):
    customer.post("/portal/leave/")

    assert customer.get(f"/portal/case/{told.number}/").status_code == 401


@pytest.mark.parametrize(
    ("bad", "said"), [("a\x00b", "控制字符"), ("a\u202eb", "控制字符"), ("字" * 20_001, "个字，现在有 20001 个")]
)
def test_bad_text_is_refused_by_name_at_its_field(customer, told, bad, said):
    page = act(customer, told, "refuse", reason=bad)

    assert page.status_code == 422
    assert said in page.content.decode()
    assert Case.objects.get().state == "told"


def test_rare_characters_and_emoji_are_kept_exactly(customer, told):
    act(customer, told, "refuse", reason="𠮷野家 😡 㐂")

    assert "𠮷野家 😡 㐂" in page_of(customer, told)


def test_a_customer_puts_off_the_answer_once_and_within_what_the_policy_allows(customer, told):
    due = told.clocks.get(rule="customer_answer").due_at
    wanted = (due + timedelta(days=2)).date()

    too_far = act(customer, told, "extend", extended_until=str(wanted + timedelta(days=40)), token="far")
    answer = act(customer, told, "extend", extended_until=str(wanted), token="near")
    again = act(customer, Case.objects.get(), "extend", extended_until=str(wanted + timedelta(days=1)), token="more")

    assert too_far.status_code == 422 and re.search(r"最晚可延期至 \d+年\d+月\d+日 \d\d:\d\d", too_far.content.decode())
    assert answer.status_code == 302
    assert told.clocks.get(rule="customer_answer").due_at > due
    assert again.status_code == 422 and "已用完" in again.content.decode()


def test_a_question_stays_open_on_the_case_until_the_desk_answers_it(customer, told, world):
    assert "提一个问题" in page_of(customer, told)
    asked = {
        "questions_asked-0-question_text": "上门的人几点到？",
        "questions_asked-1-question_text": "要不要我在家等？",
    }

    assert act(customer, told, "raise_question", **asked).status_code == 302

    told.refresh_from_db()
    assert told.questions_open == 2
    assert told.clocks.get(rule="customer_question").stopped_at is None
    assert "上门的人几点到？" in page_of(customer, told)
    world.do(
        told, "contact", reached=True, questions_asked=None,
        question_answers=[{"item": 1, "question_answer": "三点"}, {"item": 2, "question_answer": "要"}],
    )  # fmt: skip
    told.refresh_from_db()
    assert told.questions_open == 0


def test_customers_are_not_offered_that_nothing_is_known_yet(told):
    pack = read_version(told.pack_id)
    for axis, asked in zip(pack.grading.axes, as_customers_are_asked(pack).grading.axes, strict=True):
        offered = [value.id for value in asked.values]
        assert offered == [value.id for value in axis.values if value.id != axis.unknown]
    assert any(axis.unknown for axis in pack.grading.axes)
