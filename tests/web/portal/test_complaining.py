"""Complaining without an account: the public page, the form, files, the receipt, and what is refused."""

import re
from io import BytesIO

import pytest
from django.test import Client

from amends.apps.cases.models import Case, EvidenceFile, PortalKey
from amends.apps.messaging.models import OutboxMessage
from amends.apps.people.models import Complainant
from tests.web.portal import FORM, complain, link_in, number_in
from tests.world import PICTURE

pytestmark = pytest.mark.django_db


def picture(name="门口.png", content=PICTURE):
    file = BytesIO(content)
    file.name = name
    return file


def test_the_public_page_names_hotline_and_form_of_the_desk(customer):
    page = customer.get("/portal/")

    assert page.status_code == 200
    assert "400-820-0110" in page.content.decode()
    assert FORM in page.content.decode()
    assert "internal_complaint" not in page.content.decode()


def test_only_kinds_that_are_open_to_the_portal_have_a_form(customer):
    assert customer.get("/portal/complain/express/internal_complaint/").status_code == 404
    assert customer.get("/portal/complain/nowhere/complaint/").status_code == 404


def test_the_form_asks_nothing_that_belongs_to_the_staff(customer):
    page = "".join(customer.get(FORM, {"page": name}).content.decode() for name in ("matter", "story", "contact"))

    assert 'name="complainant_name"' in page
    assert 'name="accused_person"' not in page
    assert 'name="target"' not in page


def test_a_complaint_is_registered_and_the_receipt_shows_number_and_link(customer):
    page = complain(customer)

    case = Case.objects.get()
    assert page.status_code == 201
    assert number_in(page.content.decode()) == case.number
    assert case.channel == "website"
    assert case.complainant.name == "欧阳测试"
    assert "北京时间" in page.content.decode()
    assert link_in(page.content.decode())


def test_the_receipt_stores_only_the_hash_of_its_link(customer):
    secret = link_in(complain(customer).content.decode()).split("/")[3]

    assert not PortalKey.objects.filter(link_hash__contains=secret).exists()
    assert customer.get(f"/portal/s/{secret}/").status_code == 200


def test_the_same_form_sent_twice_is_one_case_and_both_answers_carry_a_working_link(customer):
    first, second = complain(customer), complain(customer)

    assert Case.objects.count() == 1
    assert [first.status_code, second.status_code] == [201, 200]
    assert number_in(first.content.decode()) == number_in(second.content.decode())
    assert customer.get(link_in(second.content.decode())).status_code == 200


def test_the_same_form_with_other_content_is_refused_and_the_first_case_stands(customer):
    complain(customer)

    page = complain(customer, subject="另一件事")

    assert page.status_code == 422
    assert Case.objects.get().number in page.content.decode()
    assert "另一件事" in page.content.decode()


def test_a_token_belongs_to_its_browser(customer):
    complain(customer)
    complain(Client())

    assert Case.objects.count() == 2


def test_a_refused_form_says_what_is_wrong_at_the_field_and_keeps_text_and_files(customer):
    page = complain(customer, complainant_phone="12", **{"_upload-evidence_files": picture()})
    text = page.content.decode()

    assert page.status_code == 422
    assert "“手机号码”不是有效的电话号码" in text
    assert "三月五日派件时与门卫争吵" in text
    assert "门口.png" in text
    kept = EvidenceFile.objects.get()
    story = customer.get(FORM, {"page": "story"}).content.decode()
    assert f'name="evidence_files" value="{kept.pk}"' in story
    assert "三月五日派件时与门卫争吵" in story
    assert Case.objects.count() == 0

    again = complain(customer, evidence_files=str(kept.pk))

    assert again.status_code == 201
    assert Case.objects.get().evidence.get().pk == kept.pk


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("病毒.exe", b"MZ", "不接收“exe”类型的文件"),
        ("空.png", b"", "是空的"),
        ("假.png", b"<html><script>1</script>", "不符"),
    ],
)
def test_a_refused_file_is_named_and_nothing_else_is_lost(customer, name, content, said):
    page = complain(customer, **{"_upload-evidence_files": picture(name, content)})

    assert page.status_code == 422
    assert said in page.content.decode()
    assert "三月五日派件时与门卫争吵" in page.content.decode()
    assert "派件员态度恶劣" in customer.get(FORM, {"page": "matter"}).content.decode()


def test_files_of_another_browser_can_not_be_attached(customer):
    other = Client()
    complain(other, complainant_phone="12", **{"_upload-evidence_files": picture()})

    page = complain(customer, evidence_files=str(EvidenceFile.objects.get().pk))

    assert page.status_code == 422
    assert EvidenceFile.objects.get().case is None


def test_more_files_than_the_desk_takes_are_refused_together(customer):
    page = customer.post(
        FORM, {"_token": "t", "subject": "留着", "_upload-evidence_files": [picture(f"{n}.png") for n in range(10)]}
    )
    kept = [str(pk) for pk in EvidenceFile.objects.values_list("pk", flat=True)]

    page = complain(customer, evidence_files=kept, **{"_upload-evidence_files": picture("more.png")})

    assert page.status_code == 422
    assert "一次最多 10 个文件，“more.png”没有上传" in page.content.decode()
    assert all(pk in page.content.decode() for pk in kept)


def test_uploads_answer_with_a_line_for_each_file(customer):
    answer = customer.post(
        "/portal/uploads/express/", {"_upload-evidence_files": [picture("a.png"), picture("b.exe", b"MZ")]}
    )

    assert answer.status_code == 200
    assert answer.content.decode().count("file-row") >= 2
    assert "不接收“exe”" in answer.content.decode()


def test_a_file_that_is_too_big_is_named_while_it_arrives_and_the_other_one_kept(customer):
    large = picture("长视频.mp4", b"\0" * (21 * 1024 * 1024))

    answer = customer.post("/portal/uploads/express/", {"_upload-evidence_files": [large, picture("a.png")]})

    assert "长视频.mp4" in answer.content.decode() and "20 MB" in answer.content.decode()
    assert EvidenceFile.objects.get().name == "a.png"


def test_fields_of_the_staff_are_not_taken_from_a_customer(customer):
    complain(customer, accused_person="1", target="company", level="x")

    case = Case.objects.get()
    assert case.accused_person is None


def test_a_twenty_first_complaint_in_an_hour_from_one_network_is_refused_with_the_hotline_and_the_text(customer, clock):
    for n in range(20):
        assert complain(customer, token=f"t{n}", subject=f"第{n}件").status_code == 201

    page = complain(customer, token="last", subject="第二十一件")

    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert "第二十一件" in page.content.decode()
    assert "400-820-0110" in page.content.decode()
    assert Case.objects.count() == 20
    clock.later(hours=1, seconds=1)
    assert complain(customer, token="last", subject="第二十一件").status_code == 201


def test_a_forged_header_does_not_make_another_network(customer, settings):
    settings.PORTAL_COMPLAINTS_AN_HOUR = 1
    complain(customer)

    again = complain(Client(headers={"X-Forwarded-For": "9.9.9.9"}), token="y")

    assert again.status_code == 429


def test_a_stranger_s_address_never_joins_the_person_who_is_on_file(world, customer):
    victim = world.register(
        kind="complaint", channel="telephone", complainant_name="欧阳测试", complainant_phone="13800138000",
        complainant_email=None,
    )  # fmt: skip

    complain(customer, complainant_email="attacker@example.net")

    case = Case.objects.exclude(pk=victim.pk).get()
    assert case.complainant != victim.complainant
    assert list(victim.complainant.contact_points.values_list("value", flat=True)) == ["13800138000"]
    assert Complainant.objects.count() == 2


def test_the_acknowledgement_to_an_unverified_address_repeats_nothing_of_the_submitter(customer):
    complain(
        customer, complainant_phone=None, complainant_email="victim@example.net", complainant_name="点击http://evil",
        subject="恶意文字",
    )  # fmt: skip

    message = OutboxMessage.objects.get()
    assert message.message == "acknowledgement"
    assert "evil" not in message.sealed + message.body
    assert "恶意文字" not in message.sealed + message.body
    assert "尊敬的客户" in message.body


def test_one_address_gets_at_most_three_acknowledgements_a_day(customer, clock):
    for n in range(6):
        complain(customer, token=f"t{n}", subject=f"第{n}件", complainant_email="victim@example.net")
        clock.later(hours=1)

    states = list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["waiting"] * 3 + ["withheld"] * 3
    assert Case.objects.count() == 6
    clock.later(hours=24, seconds=1)
    complain(customer, token="next", complainant_email="victim@example.net")
    assert OutboxMessage.objects.latest("pk").state == "waiting"


def test_somebody_with_a_landline_gets_a_pin_once(customer):
    page = complain(customer, complainant_phone="021-86922900")

    assert page.status_code == 201
    assert 'id="pin"' in page.content.decode()
    assert OutboxMessage.objects.count() == 0


def test_a_complaint_in_english_is_acknowledged_in_english(world):
    customer = Client(headers={"Accept-Language": "en"})

    page = complain(customer)

    assert page.status_code == 201
    assert "Your message is registered" in OutboxMessage.objects.get().body


def test_what_must_be_filled_in_says_so_and_so_does_what_need_not(customer):
    page = customer.get(FORM, {"page": "contact"}).content.decode()

    labels = dict(re.findall(r'<label class="field-label" for="f-([\w]+)">(.*?)</label>', page))
    assert "必填" in labels["complainant_name"]
    assert "任填一项" in labels["complainant_phone"] and "任填一项" in labels["complainant_email"]
    assert all(sum(word in label for word in ("必填", "选填", "任填一项")) == 1 for label in labels.values())


@pytest.mark.parametrize(
    "address", ["/portal/folow/", "/portal/complain/express/nothing/", "/Portal/", "/portal/s/x/y/z/"]
)
def test_a_mistyped_address_gets_a_page_for_customers(customer, address):
    answer = customer.get(address)

    page = answer.content.decode()
    assert answer.status_code == 404
    assert "这个页面打不开" in page and 'href="/portal/follow/"' in page
    assert "工作台" not in page and "个案" not in page
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_mistyped_address_of_staff_gets_theirs(client):
    assert "回到工作台" in client.get("/foo/").content.decode()
