"""Compensation at the courier: one standard for everybody, approved by amount, paid once as agreed, followed up in three parts."""

import io
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from tests.doors import Clock, Office, Staff, faults
from tests.pages import text_of

PACKS = ("express",)

TO_PLAN = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose")
MILD = {"operations_effect": "little", "satisfaction_effect": "unaffected", "affected": "single_customer"}
DAMAGED = {
    "loss_kind": "damage", "loss_amount": "200", "insured": False, "compensation_form": "cash", "payee": "complainant",
    "payee_account_tail": "0123", "fault_lies_with": "company",
}  # fmt: skip
PAID = {
    "payment_amount": "200", "payment_form": "cash", "payment_to": "complainant", "payment_account_tail": "0123",
    "payment_date": "2026-03-02",
}  # fmt: skip
FOLLOWED_UP = {"compensation_satisfaction": "satisfied", "process_verdict": "as_it_is", "next_contact_on": "2026-04-01"}


@pytest.fixture(scope="module")
def complaints(made_worlds, django_db_blocker):
    """Two complaints alike with their plans drawn up; what a test does with them is undone after it."""
    clock = Clock()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: clock.now)
        office = Office(replace(made_worlds["express"], now=clock.now, wishes={}), clock)
        clock.worlds.append(office.world)
        return [planned(office) for _ in range(2)]


def planned(office):
    told = {"description": "箱角压坏，杯子碎了两只。", "demands": [{"text": "赔杯子"}]}
    found = office.api("intake_officer").registered(**told)
    office.walk(found, *TO_PLAN, grade=MILD)
    return found


@pytest.fixture
def number(complaints):
    return complaints[0]


@pytest.fixture
def another(complaints):
    return complaints[1]


def proposed(office, number, **wishes):
    """The id of a compensation that the handler asks for."""
    return office.handler(number).begins("compensation", number, **{**DAMAGED, **wishes})["id"]


def shown(office, key, name):
    """The latest value of a field of the compensation, as the page's history has it."""
    events = office.api("cs_supervisor").read(f"proceedings/{key}/events")["events"]
    values = [v["value"] for event in events for v in event["values"] if v["field"] == name]
    return values[-1] if values else None


def agreed(office, number, day="2026-03-05", **wishes):
    key = proposed(office, number, **wishes)
    office.api("cs_supervisor").steps_on(key, "approve")
    for role in ("finance_officer", "executive"):
        if "approve" in office.api(role).steps(key):
            office.api(role).steps_on(key, "approve")
    office.api("cs_agent").steps_on(key, "agree", agreed_pay_date=day)
    return key


def test_customers_are_told_the_very_day_that_was_agreed_with_them(office, number):
    agreed(office, number, day="2026-03-05")

    assert "我们会在 2026年3月5日 24:00 前办理" in office.left("compensation_promised")[-1]


@pytest.mark.clause("EXP-6.2.1.1")
def test_a_loss_within_the_limit_is_made_good_in_full_and_more_needs_reason_and_higher_approval(
    office, number, another
):
    key = proposed(office, number)
    supervisor = office.api("cs_supervisor")
    assert [shown(office, key, name)["amount"] for name in ("standard_amount", "compensation_amount")] == ["200"] * 2
    assert supervisor.steps_on(key, "approve")["state"] == "approved"

    more = {**DAMAGED, "granted_amount": "500"}
    bare = office.handler(another).begin("compensation", another, **more, deviation_reason=None)
    assert faults(bare) == {"/data/deviation_reason": "required"}
    key = proposed(office, another, **more, deviation_reason="客户定制杯，买不到同款。")
    supervisor.steps_on(key, "approve")
    assert supervisor.proceeding(key)["waits_for"] == ["finance_officer"]
    office.api("finance_officer").steps_on(key, "approve")
    assert office.api("executive").steps_on(key, "approve")["state"] == "approved"


@pytest.mark.clause("EXP-6.2.1.1")
def test_whoever_decides_reads_the_amount_beside_the_standard_and_beside_what_was_promised(office):
    told = {"description": "箱角压坏，杯子碎了两只。", "demands": [{"text": "赔杯子"}]}
    number = office.api("intake_officer").registered(**told)
    office.walk(number, *TO_PLAN, grade=MILD, propose={"agreed_amount": "650"})
    key = proposed(office, number, granted_amount="500", deviation_reason="客户定制杯，买不到同款。")
    supervisor, handler = Staff(office.world, "cs_supervisor"), Staff(office.world, "cs_agent")
    amounts = r"补偿金额 ¥500\.00 标准金额 ¥200\.00 申请高出 ¥300\.00 约定赔付金额 ¥650\.00 申请低 ¥150\.00"

    pages = [f"/proceedings/{key}/", f"/proceedings/{key}/do/approve/", f"/proceedings/{key}/beside/"]

    assert [bool(re.search(amounts, text_of(supervisor.get(page)))) for page in pages] == [True, True, True]
    assert "申请高出" not in text_of(handler.get(pages[0]))


@pytest.mark.clause("EXP-6.2.1.1")
@pytest.mark.parametrize(
    ("wishes", "standard"),
    [
        ({"loss_amount": "450"}, "300"),
        ({"loss_amount": "450", "insured": True, "declared_value": "400"}, "400"),
        ({"loss_kind": "loss", "loss_amount": "100", "freight": "12.50"}, "112.5"),
        ({"loss_kind": "goodwill", "loss_amount": None, "insured": None}, "50"),
    ],
    ids=["not insured", "insured", "lost", "no loss"],
)
def test_the_standard_follows_loss_and_declared_value(office, number, wishes, standard):
    assert shown(office, proposed(office, number, **wishes), "standard_amount")["amount"] == standard


@pytest.mark.clause("EXP-6.2.1.3")
def test_the_version_of_the_day_applies_and_its_number_is_kept(office, tmp_path, clock):
    tomorrow = """      - version: 2
        valid_from: 2026-03-03
        rules:
          - title: {zh-Hans: 新标准, en: new standard}
            parts: [{title: {zh-Hans: 实际损失, en: actual loss}, of: loss_amount, percent: 50}]
"""
    last = """          - title: {zh-Hans: 其他损失：按实际损失，最高 300 元, en: "other loss: the actual loss up to 300"}
            parts:
              - {title: {zh-Hans: 实际损失, en: actual loss}, of: loss_amount, at_most: "300.00"}
"""
    office.change_policy(tmp_path, ("compensation.yaml", last, last + tomorrow))

    number = planned(office)
    today = proposed(office, number)
    office.handler(number).steps_on(today, "withdraw")
    clock.later(days=1)
    later = proposed(office, number)

    page = Staff(office.world, "cs_supervisor")
    assert [shown(office, key, "standard_amount")["amount"] for key in (today, later)] == ["200", "100"]
    assert "快件补偿标准（第 1 版）：未保价快件损坏或短少" in text_of(page.get(f"/proceedings/{today}/"))
    assert "快件补偿标准（第 2 版）：新标准 实际损失 200.00 × 50% = 100.00" in text_of(
        page.get(f"/proceedings/{later}/")
    )


@pytest.mark.clause("EXP-6.2.2")
def test_goods_without_their_value_are_refused(office, number):
    goods = {**DAMAGED, "compensation_form": "goods", "substitute_text": "同款杯子一套", "payee_account_tail": None}

    refused = office.handler(number).begin("compensation", number, **goods, granted_amount=None)

    assert faults(refused) == {"/data/granted_amount": "required"}
    assert office.handler(number).begin("compensation", number, **goods, granted_amount="200").status_code == 201


@pytest.mark.clause("EXP-6.3.1.1")
@pytest.mark.parametrize("tail", ["123", "12345", "12a4", 123])
def test_the_account_is_named_by_exactly_four_digits(office, number, tail):
    refused = office.handler(number).begin("compensation", number, **{**DAMAGED, "payee_account_tail": tail})

    assert faults(refused) == {"/data/payee_account_tail": "wrong_digits"}


@pytest.mark.clause("EXP-6.3.1.1")
@pytest.mark.parametrize(
    "other",
    [{"payment_amount": "199.99"}, {"payment_to": "agent"}, {"payment_account_tail": "1230"}, {"payment_form": "goods", "payment_account_tail": None}],
    ids=["amount", "recipient", "account", "form"],
)  # fmt: skip
def test_what_is_paid_is_what_was_approved(office, number, other):
    key = agreed(office, number)

    refused = office.api("finance_officer").step(key, "pay", **{**PAID, **other})

    assert faults(refused) == {f"/data/{next(iter(other))}": "not_as_decided"}
    assert office.api("finance_officer").steps_on(key, "pay", **PAID)["state"] == "paid"


@pytest.mark.clause("EXP-6.3.1.1")
def test_the_same_loss_is_paid_once_and_nobody_pays_before_approval(office, number):
    key = proposed(office, number)
    assert office.api("finance_officer").step(key, "pay", **PAID).status_code == 409
    again = office.handler(number).begin("compensation", number, **DAMAGED)
    assert faults(again) == {"/data/kind": "stands_already"}
    office.handler(number).steps_on(key, "withdraw")
    assert office.handler(number).begin("compensation", number, **DAMAGED).status_code == 201


def test_a_changed_amount_or_recipient_asks_everybody_again(office, number):
    key = agreed(office, number)

    office.handler(number).steps_on(key, "correct", **{**DAMAGED, "loss_amount": "210"})

    assert office.api("cs_supervisor").proceeding(key)["waits_for"] == ["cs_supervisor"]
    assert office.api("finance_officer").step(key, "pay", **PAID).json()["code"] == "wrong_state"


def test_an_approval_of_a_version_that_changed_is_refused(office, number):
    key = proposed(office, number)
    seen = office.api("cs_supervisor").proceeding(key)["version"]
    office.handler(number).steps_on(key, "correct", **{**DAMAGED, "loss_amount": "299"})

    late = office.api("cs_supervisor").post(f"proceedings/{key}/actions/approve", {"version": seen, "data": {}})

    assert (late.status_code, late.json()["code"]) == (409, "stale")


@pytest.mark.parametrize(
    ("amount", "code"),
    [("-1", "too_small"), ("99999999999999999999", "bad_money"), ("1.005", "bad_money"), (1.5, "bad_money"), ("一百", "bad_money")],
)  # fmt: skip
def test_an_amount_that_is_none_is_refused_at_its_field(office, number, amount, code):
    handler = office.handler(number)
    body = {"kind": "compensation", "version": handler.case(number)["version"], "data": {"loss_amount": amount}}

    refused = handler.post(f"cases/{number}/proceedings", body)

    assert faults(refused)["/data/loss_amount"] == code
    assert office.handler(number).proceedings(number, "compensation") == []


def test_nothing_is_no_compensation(office, number):
    refused = office.handler(number).begin("compensation", number, **{**DAMAGED, "loss_amount": "0"})

    assert (refused.status_code, refused.json()["missing"]) == (409, ["大于零的补偿金额"])


@pytest.mark.clause("EXP-6.3.1.1")
def test_finance_pays_for_a_case_that_is_closed_to_it_and_sees_no_more_of_it(office, number):
    finance, page = office.api("finance_officer"), Staff(office.world, "finance_officer")
    key = proposed(office, number, payee_name="金文秀")
    assert finance.proceeding(key)["id"] == key
    office.api("cs_supervisor").does(
        number,
        "correct",
        recorded_category="personal_data_leak",
        subject="快递员泄露客户隐私",
        description="电话外泄。",
    )
    assert finance.get(f"cases/{number}").status_code == 404
    assert finance.get(f"proceedings/{key}").status_code == 404
    office.api("cs_supervisor").steps_on(key, "approve")
    first = Staff(office.world, "cs_agent").get(f"/proceedings/{key}/").content.decode()
    assert re.findall(r'btn-primary" href="[^"]*/do/(\w+)/', first) == ["agree"]
    office.api("cs_supervisor").steps_on(key, "agree", agreed_pay_date="2026-03-05")

    assert [one["id"] for one in finance.waiting()] == [key]
    assert "金文秀" in text_of(page.get(f"/proceedings/{key}/"))
    for address in ("/proceedings/", f"/proceedings/{key}/"):
        shown_to_finance = text_of(page.get(address))
        assert "登记付款" in shown_to_finance and "快递员泄露客户隐私" not in shown_to_finance
    day = text_of(page.get("/"))
    assert "等我审批和完成" in day and "待付款" in day and "快递员泄露客户隐私" not in day
    finance.steps_on(key, "pay", **PAID)

    assert finance.waiting() == []
    assert "等我审批和完成" not in text_of(page.get("/"))
    assert page.get(f"/proceedings/{key}/").status_code == 200
    assert (finance.get(f"cases/{number}").status_code, page.get(f"/cases/{number}/").status_code) == (404, 404)


@pytest.mark.clause("EXP-6.3.1.2")
def test_finance_is_reminded_and_a_payment_not_made_in_time_is_late(office, number, clock):
    key = agreed(office, number, day="2026-03-05")
    finance = office.api("finance_officer")
    clock.at("2026-03-05T09:00:00+08:00")
    office.work()
    assert finance.proceeding(key)["is_late"] is False
    told = [n["message"] for n in office.notices(number, to=finance)]
    assert told.count("compensation_to_pay") == 2

    clock.at("2026-03-08T09:00:00+08:00")
    office.work()

    assert finance.proceeding(key)["is_late"] is True
    assert finance.username in office.told(number, "compensation_overdue")


@pytest.mark.clause("EXP-6.3.1.3")
def test_above_the_limit_nothing_is_paid_without_proof_of_identity(office, number):
    dear = {"insured": True, "declared_value": "2000", "loss_amount": "1500"}
    key = agreed(office, number, **dear)
    paid = {**PAID, "payment_amount": "1500"}

    refused = office.api("finance_officer").step(key, "pay", **paid, identity_proof=None)

    assert faults(refused) == {"/data/identity_proof": "required"}
    assert office.api("finance_officer").steps_on(key, "pay", **paid)["state"] == "paid"
    events = office.api("cs_supervisor").read(f"proceedings/{key}/events")["events"]
    assert [e["verb"] for e in events] == ["compensate", "approve", "approve", "agree", "pay"]
    assert shown(office, key, "compensation_basis")


def test_a_case_is_not_closed_while_its_compensation_is_open(office, number):
    office.walk(number, "tell", "agree", "carry_out", "follow_up")
    key = agreed(office, number)
    agent = office.api("cs_agent")
    assert agent.act(number, "close").json()["missing"] == ["补偿办结（付款、签收、跟踪）"]
    head = Staff(office.world, "cs_agent").get(f"/cases/{number}/").content.decode()
    assert f'补偿办结（付款、签收、跟踪）（<a href="/cases/{number}/?tab=proceedings">去专项程序</a>）' in head

    office.api("finance_officer").steps_on(key, "pay", **PAID)
    agent.steps_on(key, "receipt", received_on="2026-03-02")
    agent.steps_on(key, "follow_up", **FOLLOWED_UP)

    assert agent.does(number, "close")["state"] == "closed"


def test_what_a_partner_broke_is_recovered_from_it(office, number):
    partner = office.partner("顺达干线", kind="transport")
    key = agreed(office, number, fault_lies_with="partner", partner_at_fault=partner)
    finance = office.api("finance_officer")
    finance.steps_on(key, "pay", **PAID)

    (claim,) = finance.proceedings(number, "recovery")
    short = finance.step(claim["id"], "receipt", recovered_amount="150", shortfall_reason=None)
    assert faults(short) == {"/data/shortfall_reason": "required"}
    assert finance.steps_on(claim["id"], "receipt", recovered_amount="200")["state"] == "recovered"


@pytest.mark.clause("EXP-6.3.2")
@pytest.mark.parametrize("part", ["compensation_satisfaction", "process_verdict", "care_text", "next_contact_on"])
def test_the_follow_up_has_all_three_parts(office, number, part):
    key = agreed(office, number)
    office.api("finance_officer").steps_on(key, "pay", **PAID)
    agent = office.api("cs_agent")
    agent.steps_on(key, "receipt", received_on="2026-03-02")

    refused = agent.step(key, "follow_up", **{**FOLLOWED_UP, part: None})

    assert faults(refused) == {f"/data/{part}": "required"}


@pytest.mark.clause("EXP-6.3.2")
def test_a_suggestion_of_the_follow_up_becomes_an_improvement_item(office, number):
    key = agreed(office, number)
    office.api("finance_officer").steps_on(key, "pay", **PAID)
    agent = office.api("cs_agent")
    agent.steps_on(key, "receipt", received_on="2026-03-02")

    said = {"process_verdict": "to_improve", "process_suggestion": "理赔进度应当能在网上查到。"}
    agent.steps_on(key, "follow_up", **{**FOLLOWED_UP, **said})

    (item,) = office.api("quality_manager").read("proceedings", kind="finding")["proceedings"]
    assert (item["subject"], item["case"], item["parent"]) == ("理赔进度应当能在网上查到", number, key)


# The ledger

LEDGER = "/proceedings/ledger/"


def ledger(office, role="cs_supervisor", **asked):
    return Staff(office.world, role).get(LEDGER, asked)


@pytest.mark.clause("EXP-6.2.1.2")
def test_equal_facts_give_equal_amounts_and_a_case_paid_differently_is_reported(office, number, another):
    by_standard = proposed(office, number)
    generous = proposed(office, another, granted_amount="260", deviation_reason="客户当天生日。")

    standards = [shown(office, key, "standard_amount") for key in (by_standard, generous)]
    report = text_of(ledger(office, departs="yes"))

    assert standards[0] == standards[1]
    assert number not in report
    row = report[report.index(another) :]
    assert [word in row for word in ("¥200.00", "¥260.00", "+¥60.00", "客户当天生日。", "同标准 2 笔，1 笔按标准")] == [
        True
    ] * 5
    assert office.handler(another).person.name in row


@pytest.mark.clause("EXP-6.2.2")
def test_the_ledger_sums_by_form_and_over_all_what_stands(office, number, another):
    agreed(office, number)
    office.api("finance_officer").steps_on(office.api("finance_officer").waiting()[0]["id"], "pay", **PAID)
    gift = {"loss_kind": "goodwill", "loss_amount": None, "insured": None, "payee_account_tail": None}
    goods = {"compensation_form": "goods", "substitute_text": "礼盒", "granted_amount": "50"}
    proposed(office, another, **gift, **goods)
    office.handler(another).steps_on(proposed(office, another), "withdraw")

    page = text_of(ledger(office))

    assert "合计 2 笔 ¥250.00 已付 ¥200.00 现金 1 笔 ¥200.00 已付 ¥200.00 等值商品 1 笔 ¥50.00 已付 ¥0.00" in page
    assert "合计 1 笔 ¥50.00" in text_of(ledger(office, form="goods", **{"from": "2026-03-02", "to": "2026-03-02"}))
    assert "没有符合条件的补偿" in text_of(ledger(office, to="2026-03-01"))


@pytest.mark.clause("EXP-6.3.1.2")
def test_the_ledger_lists_late_payments_with_their_days(office, number, another, clock):
    agreed(office, number, day="2026-03-05")
    agreed(office, another, day="2026-03-12")
    clock.at("2026-03-08T09:00:00+08:00")
    page = text_of(ledger(office, "finance_officer", state="overdue"))
    assert (number in page, another in page, "3月5日 周四 逾期 3 天" in page) == (True, False, True)


def test_the_ledger_pages_by_key_with_the_same_queries_for_one_line_and_many(office, number, another, monkeypatch):
    page = Staff(office.world, "cs_supervisor")
    proposed(office, number, granted_amount="210", deviation_reason="包装完好。")
    few = queries(page, LEDGER)
    for kind in ("damage", "delay", "overcharge", "other_loss"):
        asked = {"insured": False if kind == "damage" else None, "freight": "10" if kind == "delay" else None}
        proposed(office, another, loss_kind=kind, **asked)
    assert queries(page, LEDGER) == few <= 16

    monkeypatch.setattr("amends.web.proceedings.ledger.PAGE_SIZE", 3)
    first = page.get(LEDGER)
    rest = page.get(f"{LEDGER}?{urlencode({'cursor': first.context['next_cursor']})}")
    assert [len(lines_in(answer)) for answer in (first, rest)] == [3, 2]
    assert len(lines_in(first) | lines_in(rest)) == 5
    assert rest.context["next_cursor"] is None


def lines_in(answer):
    """The compensations whose lines a page of the ledger shows."""
    return set(re.findall(r'class="subject tabular" href="/proceedings/([0-9a-f-]+)/"', answer.content.decode()))


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("asked", [{"colour": "red"}, {"state": "odd"}, {"from": "2026-13-01"}, {"cursor": "x"}])
def test_a_filter_that_is_none_is_refused_and_named(office, asked):
    assert ledger(office, **asked).status_code == 422


def test_the_spreadsheet_needs_the_right_and_is_noted(office, number):
    proposed(office, number)

    refused = Staff(office.world, "cs_agent").get(f"{LEDGER}export/")
    made = Staff(office.world, "cs_supervisor").get(f"{LEDGER}export/", {"state": "asked"})

    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(made.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert refused.status_code == 403
    assert [dict(zip(rows[0], row, strict=True))["补偿金额"] for row in rows[1:]] == [200]
    noted = office.accesses_by(office.api("cs_supervisor"))
    assert (office.api("cs_supervisor").username, "export", "count:1", "state=asked") in noted
