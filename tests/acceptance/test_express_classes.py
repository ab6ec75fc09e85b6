"""The classes of courier complaints: by content, by channel, from inside and from outside."""

import pytest

from tests.doors import Staff, value_of

PACKS = ("express",)

COMPLETE = {"description": "3月1日在朝阳网点取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
LEAK = {"recorded_category": "personal_data_leak", "description": "有人冒充快递员报出我的地址和电话。"}


@pytest.mark.clause("EXP-2.1.1.1")
@pytest.mark.parametrize(
    ("sub_class", "title"),
    [("delayed", "快件延误"), ("damaged", "快件破损"), ("lost", "快件丢失"), ("attitude", "服务态度差")],
)
def test_every_sub_class_of_service_quality_is_stored_and_counted_under_its_class(office, sub_class, title):
    clerk = office.api("intake_officer")
    number = clerk.registered(**COMPLETE, recorded_category="other")

    office.walk(number, "accept", "confirm", "grade", grade={"category": f"service_quality/{sub_class}"})

    assert clerk.case(number)["category"] == f"service_quality/{sub_class}"
    assert (
        clerk.numbers(category="service_quality") == clerk.numbers(category=f"service_quality/{sub_class}") == [number]
    )
    assert Staff(office.world, "cs_supervisor").counts("category") == {title: 1, "合计": 1}


@pytest.mark.clause("EXP-2.1.1.2")
@pytest.mark.parametrize("sub_class", ["arbitrary_charging", "price_fraud"])
def test_the_difference_between_charged_and_expected_amount_is_computed_and_stored(office, sub_class):
    clerk = office.api("intake_officer")
    number = clerk.registered(**COMPLETE, recorded_category="charges")

    office.walk(
        number, "accept", "confirm", "grade",
        grade={"category": f"price/{sub_class}", "charged_amount": "38.50", "expected_amount": "26"},
    )  # fmt: skip

    graded = clerk.events(number, "grade")[0]
    assert value_of(graded, "charged_amount") == {"amount": "38.5", "currency": "CNY"}
    assert value_of(graded, "expected_amount") == {"amount": "26", "currency": "CNY"}
    assert value_of(graded, "price_difference") == {"amount": "12.5", "currency": "CNY"}
    assert clerk.numbers(category=f"price/{sub_class}") == [number]


@pytest.mark.clause("EXP-2.1.1.2")
def test_a_price_complaint_is_not_assessed_without_both_amounts(office):
    number = office.api("intake_officer").registered(**COMPLETE, recorded_category="charges")
    office.walk(number, "accept", "confirm")

    refused = office.api("intake_officer").act(number, "grade", charged_amount=None, expected_amount=None)

    assert refused.status_code == 422
    assert {e["pointer"]: e["code"] for e in refused.json()["errors"]} == {
        "/data/charged_amount": "required",
        "/data/expected_amount": "required",
    }


@pytest.mark.clause("EXP-2.1.1.3")
def test_an_information_security_complaint_is_open_to_the_restricted_group_only(office):
    number = office.api("intake_officer").registered(**LEAK)
    open_to = {("cs_supervisor", "customer_service"), ("security_contact", "information_security")}
    heads = {("department_head", "information_security")}

    seen_by = {holder for holder in office.world.organisation.people if sees(office.api(*holder), number)}

    assert seen_by == open_to | heads


def sees(door, number):
    """Whether somebody can open the case; the list and the search agree with the answer."""
    opened = door.get(f"cases/{number}").status_code == 200
    assert (door.numbers(), door.numbers(text=number)) == (([number], [number]) if opened else ([], []))
    return opened


@pytest.mark.clause("EXP-2.1.1.3")
def test_the_security_contact_is_notified_of_an_information_security_complaint_at_once(office):
    number = office.api("intake_officer").registered(**LEAK)

    contact = office.api("security_contact")
    assert "security_alert" in [notice["message"] for notice in office.notices(number, to=contact)]
    assert contact.case(number)["category"] == "information_security/data_leak"
    assert contact.case(number)["department"] == office.code("information_security")


@pytest.mark.clause("EXP-2.1.1.3")
def test_a_complaint_corrected_to_malicious_operation_is_restricted_from_then_on(office):
    clerk = office.api("intake_officer")
    number = clerk.registered(**COMPLETE, recorded_category="other")

    corrected = clerk.act(number, "correct", category="information_security/malicious_operation", reason="账户被盗用")

    assert corrected.status_code == 200
    assert clerk.get(f"cases/{number}").status_code == 404
    assert "security_alert" in [n["message"] for n in office.notices(number, to=office.api("security_contact"))]


@pytest.mark.clause("EXP-2.1.1.4")
@pytest.mark.parametrize("sub_class", ["performance", "terms"])
def test_contract_reference_and_disputed_term_are_stored_and_found_by_search(office, sub_class):
    clerk = office.api("intake_officer")
    number = clerk.registered(
        **COMPLETE, recorded_category="contract", contract_reference="HT-2026-0815", disputed_term="第七条保价赔付"
    )
    clerk.registered(
        **COMPLETE, recorded_category="contract", contract_reference="HT-2026-0816", disputed_term="第三条时效"
    )

    office.walk(number, "accept", "confirm", "grade", grade={"category": f"contract_dispute/{sub_class}"})

    entered = clerk.events(number, "register")[0]
    assert value_of(entered, "contract_reference") == "HT-2026-0815"
    assert value_of(entered, "disputed_term") == "第七条保价赔付"
    assert clerk.numbers(text="HT-2026-0815") == [number]
    assert clerk.numbers(text="保价赔付") == [number]
    assert clerk.case(number)["category"] == f"contract_dispute/{sub_class}"


@pytest.mark.clause("EXP-2.1.2")
def test_each_of_the_seven_channels_falls_into_exactly_one_class_and_the_totals_agree(office):
    clerk = office.api("intake_officer")
    classes = {
        "telephone": "telephone", "website": "online", "mobile_app": "online", "social_media": "online",
        "email": "online", "outlet": "on_site", "third_party_platform": "online",
    }  # fmt: skip

    numbers = {channel: clerk.registered(channel=channel) for channel in classes}

    assert {channel: clerk.case(number)["channel_group"] for channel, number in numbers.items()} == classes
    staff = Staff(office.world, "cs_supervisor")
    assert staff.counts("channel_group") == {"网络投诉": 5, "电话投诉": 1, "现场投诉": 1, "合计": 7}
    assert staff.counts("channel") == {
        "客服电话": 1, "官方网站": 1, "移动客户端": 1, "社交媒体": 1, "电子邮箱": 1, "服务网点": 1, "第三方平台": 1,
        "合计": 7,
    }  # fmt: skip


@pytest.mark.clause("EXP-2.1.3.1")
def test_an_internal_complaint_about_a_department_is_invisible_to_its_members(office):
    number = office.api("employee").registered(
        kind="internal_complaint", accused_department=office.department("delivery_operations"), subject="排班不公"
    )

    for role in ("department_head", "department_staff"):
        member = office.api(role, "delivery_operations")
        assert member.get(f"cases/{number}").status_code == 404
        assert (member.numbers(), member.numbers(text="排班不公"), member.numbers(text=number)) == ([], [], [])
    assert office.api("hr_officer").numbers(text="排班不公") == [number]
    assert office.api("intake_officer").get(f"cases/{number}").status_code == 404


@pytest.mark.clause("EXP-2.1.3.1")
def test_customer_complaint_figures_do_not_change_with_an_internal_complaint(office):
    office.api("intake_officer").registered()
    supervisor = Staff(office.world, "cs_supervisor")
    before = supervisor.counts("kind")

    office.api("employee").registered(
        kind="internal_complaint", accused_department=office.department("delivery_operations")
    )

    assert supervisor.counts("kind") == before == {"外部投诉": 1, "合计": 1}
    assert supervisor.counts_apart("kind") == {"内部投诉": 1, "合计": 1}


@pytest.mark.clause("EXP-2.1.3.1")
def test_who_reported_internally_is_known_to_human_resources_and_masked_even_there(office):
    reporter = office.api("employee")
    number = reporter.registered(
        kind="internal_complaint",
        accused_department=office.department("delivery_operations"),
        complainant_name="韩梅梅",
    )

    at_hr = office.api("hr_officer").events(number, "register")[0]
    at_head = office.api("department_head", "human_resources").events(number, "register")[0]

    assert (value_of(at_hr, "complainant_name"), at_hr["actor_name"]) == ("韩＊＊", reporter.person.name)
    assert (value_of(at_head, "complainant_name"), at_head["actor_name"]) == ("", None)
    assert reporter.username not in str(at_head)


@pytest.mark.clause("EXP-2.1.3.2")
def test_a_complaint_about_a_partner_counts_for_that_partner_and_shows_its_type(office):
    carrier = office.partner("顺联运输", kind="transport")
    office.partner("北仓仓储", kind="warehousing")
    clerk = office.api("intake_officer")

    number = clerk.registered(target="partner", partner=carrier)
    clerk.registered(target="company")

    assert clerk.case(number)["partner"] == {"name": "顺联运输", "kind": "transport"}
    assert value_of(clerk.events(number, "register")[0], "partner") == "顺联运输"
    assert (clerk.numbers(partner="顺联运输"), clerk.numbers(partner="北仓仓储")) == ([number], [])
    assert Staff(office.world, "cs_supervisor").counts("partner") == {"顺联运输": 1, "未定": 1, "合计": 2}


@pytest.mark.clause("EXP-2.1.3.2")
def test_a_partner_that_is_not_in_the_register_is_refused(office):
    refused = office.api("intake_officer").register(target="partner", partner=4711)

    assert (refused.status_code, [e["pointer"] for e in refused.json()["errors"]]) == (422, ["/answers/partner"])
