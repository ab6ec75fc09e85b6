"""A payout of the service desk: finance first, then the general manager, and nothing is paid before both."""

from dataclasses import replace

import pytest

from tests.doors import Clock, Office, Staff, faults, value_of

PACKS = ("service",)

TO_RESULT = ("accept", "review", "dispatch", "sign_in", "propose", "tell", "carry_out")
PAYOUT = {
    "payout_needed": True, "payout_amount": "1200", "payout_reason": "破损面板赔付", "customer_response": "accepted",
}  # fmt: skip
AMOUNT = {"amount": "1200", "currency": "CNY"}
PAID = {"payment_amount": "1200", "payment_date": "2026-03-02"}


@pytest.fixture(scope="module")
def carried_out(made_worlds, django_db_blocker):
    """A notice that is carried out; what a test does with it is undone after it."""
    clock = Clock()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: clock.now)
        office = Office(replace(made_worlds["service"], now=clock.now, wishes={}), clock)
        clock.worlds.append(office.world)
        number = office.api("salesperson").registered(channel="email", kind="complaint")
        office.walk(number, *TO_RESULT)
        return number


@pytest.fixture
def number(office, carried_out):
    """A notice whose feedback result asks for a payout."""
    office.walk(carried_out, "follow_up", follow_up=PAYOUT)
    return carried_out


@pytest.fixture
def sheet(office, number):
    (found,) = office.api("commerce_clerk").proceedings(number, "payout")
    return found["id"]


def both_agree(office, sheet):
    office.api("finance_center").steps_on(sheet, "approve", payout_comment="票据齐全。")
    return office.api("general_manager").steps_on(sheet, "approve", payout_comment="同意。")


@pytest.mark.clause("SVC-1.4b")
def test_the_general_manager_decides_after_finance_and_then_it_is_paid(office, number, sheet):
    finance, manager = office.api("finance_center"), office.api("general_manager")
    early = [manager.step(sheet, "approve"), finance.step(sheet, "pay", **PAID)]
    assert [(r.status_code, r.json()["code"]) for r in early] == [(409, "wrong_state")] * 2
    assert "财务管理中心审核" in early[0].json()["detail"]
    assert finance.act(number, "archive").status_code in (403, 409)

    both_agree(office, sheet)

    assert finance.case(number)["state"] == "payout_approved"
    assert finance.steps_on(sheet, "pay", **PAID)["state"] == "paid"
    told = finance.read(f"proceedings/{sheet}/events")["events"]
    assert [value_of(told[0], name) for name in ("payout_amount", "payout_reason")] == [AMOUNT, "破损面板赔付"]
    decided = [(e["actor"], value_of(e, "payout_comment")) for e in told if e["verb"] == "approve"]
    assert [comment for _, comment in decided] == ["票据齐全。", "同意。"]
    assert len({actor for actor, _ in decided}) == 2


@pytest.mark.clause("SVC-1.4b")
def test_a_change_of_amount_resets_both_approvals(office, number, sheet):
    both_agree(office, sheet)
    clerk = office.api("commerce_clerk")

    clerk.steps_on(sheet, "correct", payout_amount="1500", payout_reason="加修理费 300 元")

    assert (clerk.proceeding(sheet)["waits_for"], clerk.case(number)["state"]) == (["finance_center"], "payout_review")
    assert office.api("finance_center").step(sheet, "pay", **PAID).status_code == 409
    assert clerk.act(number, "archive").status_code == 409
    both_agree(office, sheet)
    other = office.api("finance_center").step(sheet, "pay", **PAID)
    assert faults(other) == {"/data/payment_amount": "not_as_decided"}
    assert clerk.does(number, "archive")["state"] == "archived"


def test_a_refused_payout_sends_the_notice_back_with_the_reason(office, number, sheet):
    office.api("finance_center").steps_on(sheet, "disapprove", reason="核价单是四千八。")

    clerk = office.api("commerce_clerk")
    assert clerk.case(number)["state"] == "carried_out"
    assert any("核价单是四千八。" in n["text"] for n in office.notices(number) if n["message"] == "payout_refused")
    assert clerk.does(number, "follow_up", **PAYOUT)["state"] == "payout_review"


def test_one_round_of_handling_pays_once(office, number, sheet):
    again = office.api("commerce_clerk").begin("payout", number, payout_amount="10", payout_reason="再赔一次")

    assert faults(again) == {"/data/kind": "stands_already"}


def test_a_payout_is_offered_on_complaints_alone_and_clearing_what_was_never_urgent_is_not(office, number):
    clerk, page = office.api("cs_specialist"), Staff(office.world, "cs_specialist")
    enquiry = clerk.registered(kind="enquiry", channel="hotline")

    offered = {
        case: f"/cases/{case}/begin/payout/" in page.get(f"/cases/{case}/?tab=proceedings").content.decode()
        for case in (enquiry, number)
    }
    assert offered == {enquiry: False, number: True}
    assert "clear_urgent" not in clerk.actions(number)
    clerk.does(number, "mark_urgent")
    assert "clear_urgent" in clerk.actions(number)
