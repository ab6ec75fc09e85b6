"""Writing to a desk in three steps: kept as typed on the server, found again on the device, wiped on sending."""

from io import BytesIO

import pytest
from django.http import QueryDict
from django.test import Client

from amends.apps.cases.models import Case, Draft, EvidenceFile
from amends.apps.cases.tasks import remove_leftovers
from amends.web.portal.device import COOKIE
from tests.web.portal import ANSWERS, FORM
from tests.world import PICTURE

pytestmark = pytest.mark.django_db

KEEP = FORM + "keep/"
MATTER = {"recorded_category": "service_problem", "subject": "派件员态度恶劣", "concerns_parcel": "no"}
STORY = {"description": ANSWERS["description"], "demands-0-text": "道歉并赔偿"}
CONTACT = {"complainant_name": "欧阳测试", "complainant_phone": "13800138000"}
PAGES = {"matter": MATTER, "story": STORY, "contact": CONTACT}


def step(client: Client, page: str, *, go: str = "on", **answers):
    """Send one page of the form, with other answers where they are named."""
    data = {"_page": page, "_go": go, "_token": "token-1", **PAGES[page], **answers}
    return client.post(FORM, {name: value for name, value in data.items() if value is not None})


def page(client: Client, name: str = "") -> str:
    return client.get(FORM, {"page": name} if name else {}).content.decode()


def test_three_pages_lead_to_the_receipt(customer):
    on = [step(customer, "matter"), step(customer, "story")]
    sent = step(customer, "contact")

    assert [(answer.status_code, answer["Location"].rpartition("=")[2]) for answer in on] == [
        (302, "story"), (302, "contact"),
    ]  # fmt: skip
    assert sent.status_code == 201
    assert Case.objects.get().subject == "派件员态度恶劣"


def test_each_page_asks_one_thing_in_the_words_of_customers(customer):
    matter, story, contact = (page(customer, name) for name in PAGES)

    assert "是哪方面的问题" in matter and "快递单号" not in matter and "手机号码" not in matter
    assert "您希望怎样解决" in story and "拍照或选择文件" in story
    assert "最多 10 个，每个不超过 20 MB" in story
    assert "怎么称呼您" in contact
    assert "补齐之前不能受理" not in matter + story + contact


def test_a_page_that_lacks_something_is_shown_again_with_the_sentence_at_its_field(customer):
    answer = step(customer, "matter", subject="")

    assert answer.status_code == 422
    assert 'id="f-subject-error"' in answer.content.decode()
    assert "请填写“用一句话说说，出了什么事”" in answer.content.decode()


def test_whoever_leaves_neither_number_nor_mail_is_told_that_one_is_enough(customer):
    step(customer, "matter")
    step(customer, "story")
    answer = step(customer, "contact", complainant_phone="", complainant_email="")

    assert answer.status_code == 422
    assert "“手机号码”和“电子邮箱”请至少填写一项。" in answer.content.decode()
    assert "请填写“手机号码”" not in answer.content.decode()


def test_going_back_loses_nothing_even_when_a_page_is_incomplete(customer):
    step(customer, "matter")
    back = step(customer, "story", go="back", description="写到一半", **{"demands-0-text": None})

    assert back["Location"].endswith("page=matter")
    assert "派件员态度恶劣" in page(customer, "matter")
    assert "写到一半" in page(customer, "story")


def test_what_was_typed_is_found_again_for_seven_days_on_the_device_alone(customer, clock):
    step(customer, "matter")
    customer.post(KEEP, {"_page": "story", "description": "正在写的经过"})
    clock.later(days=6, hours=23)

    assert "您上次填到这里" in page(customer)
    assert "正在写的经过" in page(customer, "story")
    assert "正在写的经过" not in page(Client(), "story")
    clock.later(hours=2)
    assert "正在写的经过" not in page(customer, "story")


def test_the_cookie_of_the_device_holds_no_name_of_the_draft_and_scripts_do_not_read_it(customer):
    step(customer, "matter")

    cookie = customer.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 7 * 24 * 3600)
    assert cookie.value not in str(list(Draft.objects.values()))


def test_sending_wipes_what_was_typed(customer):
    for name in PAGES:
        step(customer, name)

    assert not Draft.objects.exists()
    assert "派件员态度恶劣" not in page(customer, "matter")


def test_clearing_wipes_what_was_typed(customer):
    step(customer, "matter")
    customer.post(FORM, {"_page": "story", "_clear": "1"})

    assert not Draft.objects.exists()


def test_the_last_page_sent_twice_is_one_case_with_two_working_receipts(customer):
    step(customer, "matter"), step(customer, "story")
    first, second = step(customer, "contact"), step(customer, "contact")

    assert [first.status_code, second.status_code] == [201, 200]
    assert Case.objects.count() == 1
    assert Case.objects.get().number in second.content.decode()


def test_the_next_letter_from_the_same_device_is_another_case(customer):
    for token in ("one", "two"):
        for name in PAGES:
            step(customer, name, _token=token)

    assert Case.objects.count() == 2


def test_what_is_wrong_on_an_earlier_page_leads_back_to_it(customer):
    step(customer, "story")
    answer = step(customer, "contact")

    assert answer.status_code == 422
    assert 'name="_page" value="matter"' in answer.content.decode()
    assert "三月五日" in page(customer, "story")


def test_answers_hidden_by_a_change_of_mind_are_not_sent(customer):
    step(customer, "matter", recorded_category="charges")
    step(customer, "story", charged_amount="20")
    step(customer, "matter")
    sent = step(customer, "contact")

    assert sent.status_code == 201
    assert "charged_amount" not in Case.objects.get().facts


def test_photographs_wait_with_the_draft_and_go_with_it(customer, clock):
    file = BytesIO(PICTURE)
    file.name = "门口.png"
    step(customer, "matter")
    step(customer, "story", **{"_upload-evidence_files": file})
    clock.later(days=3)
    remove_leftovers({})
    assert EvidenceFile.objects.get().name == "门口.png"
    assert "门口.png" in page(customer, "contact")

    clock.later(days=5)
    remove_leftovers({})

    assert not Draft.objects.exists()
    assert not EvidenceFile.objects.filter(case=None).exists()


def test_a_network_over_its_limit_is_told_another_way_and_keeps_the_text(customer, settings):
    settings.PORTAL_DRAFTS_AN_HOUR = 1
    step(Client(), "matter")
    answer = step(customer, "matter")

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "派件员态度恶劣" in answer.content.decode()
    assert "400-820-0110" in answer.content.decode()


def test_saving_while_typing_says_when_and_keeps_only_the_page(customer):
    answer = customer.post(KEEP, {"_page": "story", "description": "还没写完", "subject": "别处的字段", "admin": "1"})

    assert "已自动保存" in answer.content.decode()
    kept = QueryDict(Draft.objects.get().content)
    assert kept["description"] == "还没写完"
    assert not {"subject", "admin"} & set(kept)


@pytest.mark.parametrize("address", ["/portal/", FORM, FORM + "?page=contact"])
def test_pages_take_the_same_number_of_queries_for_much_and_little(customer, address, django_assert_max_num_queries):
    step(customer, "matter"), step(customer, "story")
    customer.get(address)

    with django_assert_max_num_queries(6):
        customer.get(address)
