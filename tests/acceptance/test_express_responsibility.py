"""How the courier finds out who is responsible: the register, partners by private link, objections, and what follows."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from amends.config.logging import without_private_links
from tests.doors import PICTURE, Staff, faults, said, value_of
from tests.web.staff import signed_in

PACKS = ("express",)

COMPLETE = {"description": "3月1日在朝阳网点取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
TO_DEPARTMENT = ("accept", "confirm", "grade", "dispatch")
TO_INVESTIGATION = (*TO_DEPARTMENT, "sign_in", "investigate")
TO_AGREED = (*TO_INVESTIGATION, "conclude", "propose", "tell", "agree")


@pytest.fixture
def desk(office):
    return office.api("cs_agent")


@pytest.fixture
def carrier(office):
    return office.partner("顺联运输", kind="transport")


def registered(office, **answers):
    return office.api("intake_officer").registered(**{**COMPLETE, **answers})


def handled(office, *verbs, **wishes):
    """A complaint that lies with the delivery department."""
    number = registered(office, recorded_category="service_problem")
    office.walk(number, *(verbs or TO_DEPARTMENT), **wishes)
    return number


def judged(office, number, as_="internal", **wishes):
    """Responsibility judged by the receiving department: the id of the proceeding."""
    return office.api("cs_agent").begins("responsibility", number, judged_as=as_, **wishes)["id"]


def judged_internal(office, number):
    return judged(office, number, judged_department=office.department("delivery_operations"))


def judged_external(office, number, carrier, as_="external", **wishes):
    rows = [{"partner_type": "transport", "partner": carrier}]
    return judged(office, number, as_, partners_concerned=rows, **wishes)


def part(office, number, kind):
    """The one proceeding of a kind on the case."""
    (found,) = office.api("cs_supervisor").proceedings(number, kind)
    return found


def courier(office):
    return office.api("employee")


def employee_row(office, share, conduct="violation"):
    return {"party": "employee", "party_person": courier(office).id, "party_share": share, "party_conduct": conduct}


def partner_row(carrier, share):
    return {"party": "partner", "party_partner": carrier, "party_share": share}


def names_the_courier(office, number, **wishes):
    """The department names the courier with evidence."""
    finding = part(office, number, "internal_finding")
    people = [{"found_person": courier(office).id, "found_duty": "末端派送", "found_conduct": "violation"}]
    head = office.api("department_head", "delivery_operations")
    return head.step(finding["id"], "attribute", **{"found_people": people, **wishes})


def decided(office, number, *rows):
    """An internal complaint decided on: the courier alone, where no rows are given. Returns the id."""
    key = judged_internal(office, number)
    assert names_the_courier(office, number).status_code == 200
    office.api("cs_agent").steps_on(key, "attribute", parties=list(rows) or [employee_row(office, 100)])
    return key


def confirmed(office, clock, number, *rows):
    key = decided(office, number, *rows)
    clock.later(days=4)
    office.api("cs_agent").steps_on(key, "confirm")
    return key


def asked(office, number, carrier, as_="external", **wishes):
    """A partner that was written to: the ids of the attribution and of the talks."""
    key = judged_external(office, number, carrier, as_)
    talks = part(office, number, "partner_clarification")["id"]
    office.api("cs_agent").steps_on(talks, "ask", partner_email="zhang@shunlian.example", **wishes)
    return key, talks


def link_of(office, message):
    """The path of the private link in the latest mail of that kind."""
    return re.search(r"/portal/partner/[A-Za-z0-9_-]{22}/", office.left(message)[-1]).group(0)


def settled(office, number, carrier, *, share="60", **wishes):
    """Talks with a partner that accepts a share and agrees. Returns the ids and the partner's link."""
    key, talks = asked(office, number, carrier, **wishes)
    answers = {"partner_position": "accepts_partly", "partner_share": share}
    office.api("cs_agent").steps_on(talks, "reply", **answers)
    office.api("cs_agent").steps_on(talks, "conclude", settlement="agreed", agreed_share=share)
    return key, link_of(office, "partner_asked")


def opened(office, link):
    """A browser of the partner in which the code of its registered contact was entered."""
    client = Client()
    client.post(f"{link}code/", {"send": "yes"})
    code = re.search(r"\d{6}", office.left("partner_code")[-1]).group(0)
    assert client.post(f"{link}code/", {"code": code}).status_code == 302
    return client


def flat(html):
    """What a page says, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page(client, link):
    return client.get(link).content.decode()


def send(client, link, verb, **answers):
    """Fill in a form of the partner's page as a browser does."""
    action = re.search(rf"{link}[0-9a-f-]{{36}}/{verb}/", page(client, link)).group(0)
    form = client.get(action).content.decode()
    hidden = dict(re.findall(r'name="(_token|_seen)" value="([^"]*)"', form))
    return client.post(action, {**hidden, **answers})


# Who does what


@pytest.mark.clause("EXP-3.1.1")
def test_the_outlet_and_who_led_it_on_the_day_are_proposed_at_once(office, desk):
    outlet = office.department("branch_outlet")
    then = office.api("department_head", "branch_outlet")
    number = registered(office, concerned_outlet=outlet, occurred_at="2026-03-01T10:00+08:00")
    newcomer = office.api("department_staff", "branch_outlet")
    office.also_holds(newcomer, "department_head", "branch_outlet", since="2026-03-02T00:00+08:00")

    offered = desk.possible(number)["responsibility"]

    assert offered["offered"] == "投诉涉及网点，推荐该网点及其当时的负责人。"
    assert offered["fills"] == {"judged_as": "internal", "judged_department": outlet, "judged_holder": then.id}


@pytest.mark.clause("EXP-3.1.2.1")
def test_the_department_does_not_complete_without_tracking_the_effect_or_a_date_for_it(office):
    number = handled(office, *TO_AGREED)
    handler = office.handler(number)

    nothing = handler.act(number, "carry_out", effect_tracking=None)
    no_date = handler.act(number, "carry_out", effect_tracking="planned", effect_due=None)
    no_result = handler.act(number, "carry_out", effect_tracking="tracked", effect_text=None)

    assert faults(nothing) == {"/data/effect_tracking": "required"}
    assert faults(no_date) == {"/data/effect_due": "required"}
    assert faults(no_result) == {"/data/effect_text": "required"}
    handler.does(number, "carry_out", effect_tracking="planned", effect_due="2026-03-16")
    done = {verb: handler.events(number, verb)[-1] for verb in ("investigate", "conclude", "propose", "carry_out")}
    assert all(event["at"] and event["actor"] for event in done.values())
    assert value_of(done["carry_out"], "effect_due") == "2026-03-16"


@pytest.mark.clause("EXP-3.1.2.2")
def test_customer_service_passes_on_and_feeds_back_but_does_not_write_the_cause(office, desk):
    number = registered(office)
    office.walk(number, *TO_INVESTIGATION)

    refused = desk.act(number, "conclude")
    office.walk(number, "conclude", "propose")

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert desk.does(number, "tell", answer_text="我们愿意赔偿 300 元。")["state"] == "told"


@pytest.mark.clause("EXP-3.1.2.3")
def test_quality_management_rejects_a_claimed_completion_and_the_measure_opens_again(office):
    quality, unit = office.api("quality_manager"), office.department("transport_operations")
    owner, head = (
        office.api("department_head", "transport_operations"),
        office.api("asked_head", "transport_operations"),
    )
    key = quality.begins(
        "improvement", asked_department=unit, improvement_owner=owner.id, improvement_due="2026-03-09"
    )["id"]
    owner.steps_on(key, "complete_measure")

    no_reason = quality.step(key, "send_back", reason=None)
    again = quality.steps_on(key, "send_back", reason="抽查三个班次，清点表是事后补的。")

    assert faults(no_reason) == {"/data/reason": "required"}
    assert again["state"] == "carrying_out"
    assert {owner.id, head.id} <= office.told_in(key, "measure_rejected")


@pytest.mark.clause("EXP-3.3.2.1")
@pytest.mark.parametrize(
    ("judgement", "opens"),
    [
        ("internal", ["internal_finding"]),
        ("external", ["partner_clarification"]),
        ("shared", ["internal_finding", "partner_clarification"]),
        ("undetermined", []),
    ],
)
def test_the_first_judgement_opens_the_finding_the_talks_or_both(office, desk, carrier, judgement, opens):
    number = handled(office)
    wishes = {"judgement_reason": "外箱在中转场压坏，有监控。"}
    if judgement in ("internal", "shared"):
        wishes["judged_department"] = office.department("delivery_operations")
    if judgement in ("external", "shared"):
        wishes["partners_concerned"] = [{"partner_type": "transport", "partner": carrier}]

    refused = desk.begin("responsibility", number, judged_as=judgement, **{**wishes, "judgement_reason": None})
    key = judged(office, number, judgement, **wishes)

    assert faults(refused) == {"/data/judgement_reason": "required"}
    (event,) = desk.read(f"proceedings/{key}/events")["events"]
    assert value_of(event, "judgement_reason") == "外箱在中转场压坏，有监控。"
    begun = [one["kind"] for one in desk.proceedings(number) if one["kind"] != "responsibility"]
    assert sorted(begun) == opens


@pytest.mark.clause("EXP-3.3.2.2", "EXP-3.3.1")
def test_the_department_names_a_person_with_evidence_and_returns_only_with_a_reason(office, desk):
    number = handled(office)
    key = judged_internal(office, number)
    head = office.api("department_head", "delivery_operations")
    finding = part(office, number, "internal_finding")
    assert finding["id"] in [one["id"] for one in head.waiting()]

    no_reason = head.step(finding["id"], "return", reason=None)
    no_evidence = names_the_courier(office, number, evidence_cited=None)
    early = desk.step(key, "attribute", parties=[employee_row(office, 100)])
    assert faults(no_reason) == {"/data/reason": "required"}
    assert faults(no_evidence) == {"/data/evidence_cited": "required"}
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    assert "已办结" in said(early)

    assert names_the_courier(office, number).json()["state"] == "found"

    assert courier(office).username in office.told(number, "responsibility_found")
    assert "attribute" in desk.steps(key)


@pytest.mark.clause("EXP-3.3.1")
def test_a_decision_cites_evidence_and_the_employee_objects_once_and_in_time(office, desk, clock):
    number = handled(office)
    key = judged_internal(office, number)
    names_the_courier(office, number)
    refused = desk.step(key, "attribute", parties=[employee_row(office, 100)], evidence_cited=None)
    assert faults(refused) == {"/data/evidence_cited": "required"}

    clock.later(hours=3)
    desk.steps_on(key, "attribute", parties=[employee_row(office, 100)])
    measured = {c["clock"]: c for c in desk.read(f"proceedings/{key}/clocks")["clocks"]}["time_to_decision"]
    assert (measured["status"], measured["stopped_at"] is not None) == ("kept", True)
    assert courier(office).username in office.told(number, "responsibility_decided")

    assert courier(office).steps_on(key, "object", objection_text="当天我休假。")["state"] == "disputed"
    again = courier(office).step(key, "object")
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    assert "object" not in courier(office).steps(key)


@pytest.mark.clause("EXP-3.3.1")
def test_an_objection_after_the_period_is_refused_with_a_sentence(office, desk, clock):
    number = handled(office)
    key = decided(office, number)
    early = desk.step(key, "confirm")
    assert (early.status_code, said(early)) == (409, "“异议期”尚未届满，还不能办理“确认责任”。")

    clock.later(days=4)
    late = courier(office).step(key, "object", objection_text="当天我休假。")

    assert (late.status_code, said(late)) == (409, "“异议期”已经届满，不能再提出异议。")
    assert desk.steps_on(key, "confirm")["state"] == "confirmed"


@pytest.mark.clause("EXP-3.3.1")
def test_a_partner_that_objects_too_late_reads_since_when_and_gets_its_text_back(office, desk, clock, carrier):
    number = handled(office)
    key, _ = settled(office, number, carrier)
    rows = [partner_row(carrier, 60), {"party": "nobody", "party_share": 40, "party_basis": "当天暴雨封路。"}]
    desk.steps_on(key, "attribute", parties=rows)
    link = link_of(office, "partner_decided")
    client = opened(office, link)
    address = re.search(rf"{link}[0-9a-f-]{{36}}/object/", page(client, link)).group(0)

    clock.later(days=4)
    client = opened(office, link)
    late = client.post(address, {"_token": "a", "objection_text": "交接单在此。"})
    calm = client.get(address).content.decode()

    assert late.status_code == 409
    for said_to_them in (late.content.decode(), calm):
        assert "“异议期”已经届满，不能再提出异议。" in said_to_them and "异议期截至 2026年3月" in said_to_them
    assert "交接单在此。" in late.content.decode() and "没有提交，请先复制保存" in late.content.decode()
    assert "没有提交" not in calm

    desk.steps_on(key, "confirm")
    settled_since = client.get(address).content.decode()
    assert "已确认" not in settled_since and "异议期截至 2026年3月" in settled_since


# Partners


@pytest.mark.clause("EXP-3.2.2.1")
def test_damage_in_transport_proposes_the_transport_partner_of_the_shipment(office, desk, carrier):
    warehouse = office.partner("北仓仓储", kind="warehousing")
    number = handled(office, *TO_INVESTIGATION, "conclude", conclude={"cause_kind": "transport", "partner": carrier})

    fills = desk.possible(number)["responsibility"]["fills"]
    wrong = desk.begin(
        "responsibility", number, judged_as="external",
        partners_concerned=[{"partner_type": "transport", "partner": warehouse}],
    )  # fmt: skip

    assert fills == {"judged_as": "external", "partners_concerned": [{"partner": carrier, "partner_type": "transport"}]}
    assert faults(wrong) == {"/data/partners_concerned/0/partner": "wrong_partner_kind"}


@pytest.mark.clause("EXP-3.2.2.2")
def test_loss_in_storage_proposes_the_warehousing_partner_and_counts_in_its_figures(office, desk):
    warehouse = office.partner("北仓仓储", kind="warehousing")
    number = handled(office, *TO_INVESTIGATION, "conclude", conclude={"cause_kind": "storage", "partner": warehouse})

    fills = desk.possible(number)["responsibility"]["fills"]

    assert fills["partners_concerned"] == [{"partner": warehouse, "partner_type": "warehousing"}]
    assert Staff(office.world, "cs_supervisor").counts("partner") == {"北仓仓储": 1, "合计": 1}


@pytest.mark.clause("EXP-3.2.2.3")
def test_the_cases_of_an_outage_are_listed_under_the_technology_partner(office, desk):
    cloud = office.partner("云途科技", kind="technology")
    outage = {"cause_kind": "system", "partner": cloud, "incident_reference": "INC-20260301-07"}
    first, second = (handled(office, *TO_INVESTIGATION, "conclude", conclude=outage) for _ in range(2))
    other = {**outage, "incident_reference": "INC-20260215-01"}
    handled(office, *TO_INVESTIGATION, "conclude", conclude=other)
    key = judged(office, first, "external", partners_concerned=[{"partner_type": "technology", "partner": cloud}])
    talks = part(office, first, "partner_clarification")["id"]

    refused = desk.step(talks, "ask", partner_ground="system_failure", incident_reference=None, outage_from=None)
    desk.steps_on(
        talks, "ask", partner_ground="system_failure", incident_reference="INC-20260301-07",
        outage_from="2026-03-01T08:00+08:00", outage_until="2026-03-01T11:30+08:00",
    )  # fmt: skip

    assert faults(refused) == {"/data/incident_reference": "required", "/data/outage_from": "required"}
    assert sorted(desk.numbers(partner="云途科技", text="INC-20260301-07")) == sorted([first, second])
    assert desk.possible(second)["responsibility"]["fills"]["partners_concerned"][0]["partner"] == cloud
    assert desk.proceeding(key)["state"] == "clarifying"


@pytest.mark.clause("EXP-3.2.1")
def test_a_partner_is_not_held_responsible_unheard_unless_it_let_the_time_pass(office, desk, clock, carrier):
    number = handled(office)
    key, talks = asked(office, number, carrier)
    unheard = desk.step(key, "attribute", parties=[partner_row(carrier, 100)])
    early = desk.step(talks, "no_answer")
    assert (unheard.status_code, unheard.json()["code"]) == (409, "wrong_state")
    assert "合作方答复期限" in said(early)

    clock.later(days=4)
    desk.steps_on(talks, "no_answer", silence_note="电话催促两次，对方未答复。")
    stranger = office.partner("飞达运输", kind="transport")
    never_asked = desk.step(key, "attribute", parties=[partner_row(stranger, 100)])
    no_solution = desk.step(key, "attribute", parties=[partner_row(carrier, 100)], joint_solution=None)

    assert faults(never_asked) == {"/data/parties/0/party_partner": "not_among"}
    assert faults(no_solution) == {"/data/joint_solution": "required"}
    assert desk.steps_on(key, "attribute", parties=[partner_row(carrier, 100)])["state"] == "decided"


@pytest.mark.clause("EXP-3.3.2.3")
def test_a_partner_that_accepts_60_per_cent_leaves_a_remainder_that_somebody_bears(office, desk, carrier):
    number = handled(office)
    key = judged_external(office, number, carrier, "shared", judged_department=office.department("delivery_operations"))
    names_the_courier(office, number)
    talks = part(office, number, "partner_clarification")["id"]
    desk.steps_on(talks, "ask", partner_email="zhang@shunlian.example")
    desk.steps_on(
        talks, "reply", partner_position="accepts_partly", partner_share="60", partner_statement="装车时受潮。"
    )
    desk.steps_on(talks, "conclude", settlement="agreed", agreed_share="60")

    alone = desk.step(key, "attribute", parties=[partner_row(carrier, 60)])
    nobody = desk.step(key, "attribute", parties=[partner_row(carrier, 60), {"party": "employee", "party_share": 40}])
    fraction = desk.step(key, "attribute", parties=[partner_row(carrier, 60), employee_row(office, "39.9")])
    short = desk.step(key, "attribute", parties=[partner_row(carrier, 60), employee_row(office, 39)])

    assert alone.json()["errors"][0]["message"] == "“各方责任”合计应为 100，现在是 60。"
    assert faults(nobody) == {"/data/parties/1/party_person": "required"}
    assert faults(fraction)["/data/parties/1/party_share"] == "bad_number"
    assert short.json()["errors"][0]["message"] == "“各方责任”合计应为 100，现在是 99。"
    desk.steps_on(key, "attribute", parties=[partner_row(carrier, 60), employee_row(office, 40)])
    events = desk.read(f"proceedings/{talks}/events")["events"]
    assert [e["verb"] for e in events] == ["schedule", "ask", "reply", "conclude"]
    assert value_of(events[2], "partner_statement") == "装车时受潮。"


@pytest.mark.clause("EXP-3.3.2.3", "EXP-3.2.1")
def test_a_partner_answers_by_its_link_with_a_file_and_sees_nothing_of_the_customer(office, desk, carrier):
    customer = {"complainant_name": "欧阳测试", "complainant_phone": "13800138000", "subject": "花瓶碎了"}
    number = registered(office, recorded_category="item_damage", **customer)
    office.walk(number, *TO_DEPARTMENT)
    key, talks = asked(office, number, carrier, partner_question="外箱在干线车上压坏，请说明装车情况。")
    link = link_of(office, "partner_asked")
    browser = opened(office, link)
    text = page(browser, link)
    assert "请贵方答复" in text and "外箱在干线车上压坏" in text
    for hidden in (number, COMPLETE["description"], *customer.values()):
        assert hidden not in text

    nothing = send(browser, link, "reply", partner_position="accepts_partly", partner_statement="装车时未加固。")
    assert nothing.status_code == 422
    assert "请填写“愿意承担的比例（%）”" in nothing.content.decode()
    assert "装车时未加固。" in nothing.content.decode()
    office.work()  # What comes by the hour has come.
    sheet = SimpleUploadedFile("交接单.png", PICTURE)
    sent = send(
        browser, link, "reply", partner_position="accepts_partly", partner_share="60", partner_statement="装车时未加固。",
        **{"_upload-partner_answer_files": sheet},
    )  # fmt: skip

    assert (sent.status_code, sent["Location"]) == (302, link)
    answered = desk.proceeding(talks)
    assert answered["state"] == "answered"
    reply = desk.read(f"proceedings/{talks}/events")["events"][-1]
    assert (reply["actor"], value_of(reply, "partner_share")) == (f"partner:{carrier}", 60)
    after = page(browser, link)
    assert "交接单.png" in after and "目前不需要贵方做什么" in after
    assert "贵方是否承担责任" in after and "合作方意见" not in after
    download = re.search(rf"{link}files/[0-9a-f-]{{36}}/", after).group(0)
    assert b"".join(browser.get(download).streaming_content) == PICTURE
    assert desk.proceeding(key)["state"] == "clarifying"
    agent, tab = signed_in(office.world, "cs_agent"), {"tab": "evidence"}
    assert "预览正在生成" in agent.get(f"/cases/{number}/", tab).content.decode()
    office.work()
    shown = agent.get(f"/cases/{number}/", tab).content.decode()
    assert "交接单.png" in shown and "预览正在生成" not in shown


def test_a_letter_of_several_lines_is_called_by_its_first_sentence_and_what_began_by_itself_names_no_role(
    office, desk, carrier
):
    number = handled(office)
    question = "外箱在干线车上压坏。请说明：\n1. 谁装的车；\n2. 途中是否开过厢门。"
    _, talks = asked(office, number, carrier, partner_question=question)

    shown = Staff(office.world, "cs_agent").get(f"/proceedings/{talks}/").content.decode()

    assert desk.proceeding(talks)["subject"] == "外箱在干线车上压坏"
    assert '<span class="muted small">系统</span>' not in shown


@pytest.mark.clause("EXP-3.3.1", "EXP-3.3.2.4")
def test_a_partner_objects_by_its_link_once_and_reads_the_ruling(office, desk, carrier, clock):
    number = handled(office)
    key, _ = settled(office, number, carrier)
    rows = [partner_row(carrier, 80), {"party": "customer_side", "party_share": 20}]
    desk.steps_on(key, "attribute", parties=rows, decision_grounds="装车未加固。")
    link = link_of(office, "partner_decided")
    browser = opened(office, link)
    assert "80" in page(browser, link) and "客户方" not in page(browser, link)

    assert send(browser, link, "object", objection_text="我们只商定了 60%。").status_code == 302
    assert "object" not in page(browser, link)
    again = browser.get(f"{link}{key}/object/")
    assert (again.status_code, "您已经提出异议过一次" in again.content.decode()) == (409, True)
    assert "异议期截至" not in again.content.decode(), "it still runs"
    assert desk.proceeding(key)["state"] == "disputed"
    office.api("quality_manager").steps_on(
        key, "mediate", parties=[partner_row(carrier, 60), {"party": "customer_side", "party_share": 40}],
        ruling_text="按双方商定的比例。",
    )  # fmt: skip

    ruled = page(browser, link_of(office, "partner_ruled"))
    assert "按双方商定的比例。" in ruled and "已办结" in ruled
    clock.later(days=15)
    gone = Client().get(link)
    assert (gone.status_code, "这个链接打不开了" in gone.content.decode()) == (404, True)


def test_the_link_alone_shows_nothing_and_the_code_goes_to_the_registered_contact(office, desk, clock):
    carrier = office.partner("顺联干线", kind="transport", phone="13900139000", email="office@shunlian.example")
    number = handled(office)
    _, talks = asked(office, number, carrier, partner_question="请说明装车情况。")
    link, browser = link_of(office, "partner_asked"), Client()
    for address in (link, f"{link}{talks}/reply/", f"{link}files/{talks}/"):
        closed = browser.get(address)
        assert (closed.status_code, "请说明装车情况" in closed.content.decode()) == (401, False)

    asking = browser.post(f"{link}code/", {"send": "yes"}).content.decode()
    assert "139****9000" in asking and "13900139000" not in asking
    english = browser.post("/language/", {"language": "en", "next": link}, follow=True).content.decode()
    assert f'name="next" value="{link}"' in asking and 'lang="en"' in english and "139****9000" in english
    browser.post("/language/", {"language": "zh-hans", "next": link})
    sent = office.left("partner_code")[-1]
    assert "贵方好" not in sent, "by text message, as the letter went by mail"
    code = re.search(r"\d{6}", sent).group(0)
    empty = browser.post(f"{link}code/", {"code": ""})
    assert (empty.status_code, "请输入收到的 6 位验证码" in empty.content.decode()) == (422, True)
    wrong = browser.post(f"{link}code/", {"code": "000000" if code != "000000" else "000001"})
    assert (wrong.status_code, "验证码不对或已过期" in wrong.content.decode()) == (422, True)
    assert Client().post(f"{link}code/", {"code": code}).status_code == 422
    assert browser.post(f"{link}code/", {"code": code}).status_code == 302
    assert "请说明装车情况" in page(browser, link)

    clock.later(hours=13)
    typed = "我们在装车时已经加固，外箱旧伤由寄件人造成，附装车照片三张。"
    late = browser.post(f"{link}{talks}/reply/", {"partner_statement": typed})
    assert (late.status_code, typed in late.content.decode()) == (401, True)
    tries = [browser.post(f"{link}code/", {"code": "1"}).status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]


def test_a_partner_finds_the_number_of_its_letter_everywhere_and_every_other_one_named(office, desk, carrier):
    number = handled(office)
    key, talks = asked(office, number, carrier)
    ours, letter = office.api("cs_agent").proceeding(key)["number"], desk.proceeding(talks)["number"]
    link = link_of(office, "partner_asked")
    client = opened(office, link)
    code = office.left("partner_code")[-1]
    assert letter in code and number not in code and ours not in code
    first = flat(page(client, link))
    assert f"责任沟通 {letter} 请贵方答复" in first and f"责任认定 {ours}" in first
    assert f"责任沟通 {letter}" in flat(page(client, f"{link}{talks}/reply/"))

    office.api("cs_agent").steps_on(talks, "reply", partner_position="accepts_partly", partner_share="60")
    office.api("cs_agent").steps_on(talks, "conclude", settlement="agreed", agreed_share="60")
    rows = [partner_row(carrier, 60), {"party": "nobody", "party_share": 40, "party_basis": "当天暴雨封路。"}]
    desk.steps_on(key, "attribute", parties=rows)
    then = flat(page(client, link))
    assert f"责任认定 {ours} 请贵方查看" in then and f"责任沟通 {letter}" in then


@pytest.mark.clause("EXP-3.2.1")
def test_a_link_opens_the_own_talks_alone_and_a_wrong_one_gets_a_calm_page(office, desk, carrier, caplog):
    store = office.partner("北仓仓储", kind="warehousing")
    number = handled(office)
    rows = [
        {"partner_type": "transport", "partner": carrier},
        {"partner_type": "warehousing", "partner": store},
    ]
    judged(office, number, "external", partners_concerned=rows)
    first, second = desk.proceedings(number, "partner_clarification")
    links = {}
    for talks in (first, second):
        question = f"请{talks['number']}说明。"
        desk.steps_on(talks["id"], "ask", partner_phone="13900139000", partner_question=question)
        links[talks["id"]] = link_of(office, "partner_asked")
    mine, theirs = links[first["id"]], links[second["id"]]

    stranger = opened(office, mine)
    shown = page(stranger, mine)
    assert first["number"] in shown and second["number"] not in shown
    answers = [
        stranger.get(mine + f"{second['id']}/reply/"),
        stranger.post(mine + f"{second['id']}/reply/", {"partner_statement": "我们想替对方答复这一件事情。"}),
        stranger.get(f"/portal/partner/{'A' * 22}/"),
        stranger.get("/portal/partner/x/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert "我们想替对方答复这一件事情。" in answers[1].content.decode()
    assert "这个链接打不开了" in answers[2].content.decode()
    for answer in (stranger.get(mine), answers[2]):
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert stranger.get(mine + f"{first['id']}/conclude/").status_code == 409
    logged = without_private_links(None, "", {"event": caplog.text})["event"]
    assert "/portal/partner/" in logged and not {link.split("/")[3] for link in (mine, theirs)} & set(logged.split("/"))


# Disputes


@pytest.mark.clause("EXP-3.3.2.4")
def test_a_dispute_goes_to_quality_management_and_the_customers_limit_keeps_running(office, desk):
    number = handled(office)
    key = decided(office, number)
    before = desk.clocks(number)["handling"]

    courier(office).steps_on(key, "object")

    quality = office.api("quality_manager")
    assert key in [one["id"] for one in quality.waiting()]
    assert quality.username in office.told(number, "responsibility_disputed")
    after = desk.clocks(number)["handling"]
    assert (after["status"], after["due_at"]) == ("running", before["due_at"])
    ruled = quality.steps_on(key, "mediate", parties=[employee_row(office, 100, "negligence")])
    assert ruled["state"] == "confirmed"
    assert courier(office).step(key, "object").json()["code"] == "wrong_state"


@pytest.mark.clause("EXP-3.3.2.4")
def test_the_mediator_begins_with_the_shares_as_they_were_decided(office):
    number = handled(office)
    rows = [employee_row(office, 60), {"party": "nobody", "party_share": 40, "party_basis": "当天暴雨封路。"}]
    key = decided(office, number, *rows)
    courier(office).steps_on(key, "object")

    form = Staff(office.world, "quality_manager").get(f"/proceedings/{key}/do/mediate/").content.decode()

    shares = [re.search(rf'name="parties-{n}-party_share"[^>]*value="(\d+)"', form).group(1) for n in (0, 1)]
    assert (shares, "当天暴雨封路。" in form) == (["60", "40"], True)


@pytest.mark.clause("EXP-3.3.1", "EXP-3.3.2.4")
def test_a_share_names_whoever_bears_it_and_nobody_else(office):
    number = handled(office)
    key = decided(office, number)
    courier(office).steps_on(key, "object")
    again = Staff(office.world, "employee").get(f"/proceedings/{key}/do/object/").content.decode()
    assert "您已经提出异议过一次，不能再次提出。" in again
    quality, address = Staff(office.world, "quality_manager"), f"/proceedings/{key}/do/mediate/"
    unit = office.department("delivery_operations")

    both = {**employee_row(office, 100), "party": "department", "party_department": unit}
    refused = office.api("quality_manager").step(key, "mediate", parties=[both])
    of_employee = quality.get(address).content.decode()
    of_department = quality.post(address, {"_redraw": "1", "parties-0-party": "department"}).content.decode()

    assert faults(refused) == {"/data/parties/0/party_person": "not_asked"}
    drawn = [
        [f"parties-0-{cell}" in page for cell in ("party_person", "party_department")]
        for page in (of_employee, of_department)
    ]
    assert drawn == [[True, False], [False, True]]


@pytest.mark.clause("EXP-3.3.2.4")
def test_whoever_judged_does_not_mediate_unless_with_the_right_and_a_reason(office):
    both = office.api("cs_agent")
    office.also_holds(both, "quality_manager", "quality_management")
    number = handled(office)
    key = decided(office, number)
    courier(office).steps_on(key, "object")
    rows = [employee_row(office, 100)]

    refused = both.step(key, "mediate", parties=rows, separation_reason="只有我在岗。")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    office.also_holds(both, "executive", "executive_office")
    without = both.step(key, "mediate", parties=rows)
    both.steps_on(key, "mediate", parties=rows, separation_reason="质量管理部门只有我在岗。")

    assert without.status_code == 403
    assert value_of(both.read(f"proceedings/{key}/events")["events"][-1], "separation_reason")


@pytest.mark.clause("EXP-3.3.2.4")
def test_a_case_does_not_close_while_responsibility_is_open(office, desk, clock):
    number = handled(office, *TO_AGREED, "carry_out", "follow_up")
    key = decided(office, number)

    refused = desk.act(number, "close")
    clock.later(days=4)
    desk.steps_on(key, "confirm")

    assert (refused.status_code, "责任认定已有结论（含异议）" in said(refused)) == (409, True)
    assert desk.does(number, "close")["state"] == "closed"


# What follows for staff


@pytest.mark.clause("EXP-3.1.2.4", "EXP-3.3.2.5")
def test_training_is_decided_by_human_resources_on_confirmed_responsibility_only(office, clock):
    number = handled(office)
    hr = office.api("hr_assessor")
    key = decided(office, number)
    assert not hr.read("proceedings", kind="personnel_decision")["proceedings"]
    clock.later(days=4)
    office.api("cs_agent").steps_on(key, "confirm")

    (matter,) = hr.waiting()
    supervisor = office.api("cs_supervisor")
    supervisor.steps_on(matter["id"], "propose", personnel_proposal="建议重新培训。")
    assert supervisor.step(matter["id"], "assess", personnel_measure="training").json()["code"] == "not_permitted"
    hr.steps_on(
        matter["id"], "assess", personnel_measure="training", training_topic="易碎件派送规范", training_due="2026-03-20",
        personnel_grounds="责任认定已确认，违反派送规范。",
    )  # fmt: skip

    (task,) = courier(office).waiting()
    assert (task["kind"], task["subject"]) == ("training_task", "易碎件派送规范")
    read = supervisor.read(f"proceedings/{matter['id']}/events")["events"]
    assert value_of(read[-1], "personnel_grounds") is None
    assert value_of(hr.read(f"proceedings/{matter['id']}/events")["events"][-1], "personnel_grounds")
    outside = office.api("intake_officer")
    assert outside.get(f"proceedings/{matter['id']}").status_code == 404
    assert matter["number"] in supervisor.get(f"cases/{number}/conformity").content.decode()
    assert matter["number"] not in outside.get(f"cases/{number}/conformity").content.decode()
    assert (
        matter["number"]
        not in Staff(office.world, "intake_officer").get(f"/cases/{number}/?tab=conformity").content.decode()
    )


@pytest.mark.clause("EXP-3.1.2.4")
def test_without_confirmed_responsibility_nobody_enters_a_decision(office):
    number = handled(office)
    decided(office, number)

    refused = office.api("cs_supervisor").begin(
        "personnel_decision", number, party_person=courier(office).id, party_conduct="violation",
        asked_department=office.department("human_resources"),
    )  # fmt: skip

    assert (refused.status_code, said(refused)) == (409, "还不能安排：缺少“已确认的责任”。")
    assert not office.api("cs_supervisor").proceedings(number, "personnel_decision")


@pytest.mark.clause("EXP-3.3.2.5")
def test_who_decides_is_a_setting_of_the_policy(office, clock, tmp_path):
    office.change_policy(tmp_path, ("pack.yaml", "    value: [hr_assessor]\n", "    value: [cs_supervisor]\n"))
    clock.later(days=1)
    number = handled(office)
    confirmed(office, clock, number)
    (matter,) = office.api("cs_supervisor").proceedings(number, "personnel_decision")

    assert "assess" in office.api("cs_supervisor").steps(matter["id"])
    assert "assess" not in office.api("hr_assessor").steps(matter["id"])


@pytest.mark.clause("EXP-4.2.5")
def test_a_case_stays_in_execution_until_the_sanction_is_carried_out_and_the_customer_sees_none_of_it(office, clock):
    plan = [
        {"measure": "compensation", "text": "赔偿 300 元", "responsible": courier(office).id, "due_at": "2026-03-09"},
        {"measure": "sanction", "text": "按规定处理", "responsible": courier(office).id, "due_at": "2026-03-09"},
    ]
    number = handled(
        office, *TO_AGREED, propose={"agreed_amount": "300.00", "corrective": "measures", "measures": plan}
    )
    confirmed(office, clock, number)
    handler, hr = office.handler(number), office.api("hr_assessor")

    paid = handler.act(number, "carry_out", paid_amount="300.00")
    assert (paid.status_code, "责任人的处罚或培训已落实" in said(paid)) == (409, True)
    assert handler.case(number)["state"] == "agreed"
    (matter,) = hr.waiting()
    hr.steps_on(matter["id"], "assess", personnel_measure="penalty", penalty_text="停派三天，扣发当月绩效。")
    hr.steps_on(matter["id"], "complete_measure", personnel_done_on="2026-03-06")
    handler.does(number, "carry_out", paid_amount="300.00")
    handler.does(number, "complete_measure", item=1)

    done = hr.read(f"proceedings/{matter['id']}/events")["events"][-1]
    assert (value_of(done, "personnel_done_on"), bool(done["actor"])) == ("2026-03-06", True)
    told = "".join(office.left())
    assert "停派" not in told and "处罚" not in told


@pytest.mark.clause("EXP-7.2.3")
def test_confirmed_misconduct_without_a_decision_is_on_the_list_of_late_ones(office, clock):
    number = handled(office)
    confirmed(office, clock, number)
    hr = office.api("hr_assessor")
    asked_for = {"kind": "personnel_decision", "late": "yes"}
    assert not hr.read("proceedings", **asked_for)["proceedings"]

    clock.later(days=8)
    office.work()

    (late,) = hr.read("proceedings", **asked_for)["proceedings"]
    assert late["case"] == number
    listed = Staff(office.world, "hr_assessor").get("/proceedings/", {"tab": "open", **asked_for}).content.decode()
    assert late["number"] in listed
