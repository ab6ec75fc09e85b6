"""The reporting policy: cycle, response, urgent complaints, repetitions, counts by product and version, business volume."""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.acceptance.test_reporting import TO_CLOSED, complaint, feedback

PACKS = ("reporting", "express")
ANALYSED = {"nature": "isolated", "severity": "medium", "extent": "local"}


def read(office, **query):
    asked = {"desk": office.world.desk.code, "from": "2026-03-01", "to": "2026-03-31", **query}
    return office.api("team_lead" if office.world.pack.id == "reporting" else "cs_supervisor").read("kpis", **asked)[
        "kpis"
    ]


def kpi(office, name, **query):
    (found,) = read(office, indicator=name, **query)
    return found["figures"]


def counts(office, name, **query):
    """The count of every group, in words."""
    return {tuple(one["group_words"]): one["numerator"] for one in kpi(office, name, **query)}


def resolved_after(office, hours, **answers):
    """A complaint that is closed so many hours after it came in."""
    began = office.clock.now
    number = complaint(office, **answers)
    office.walk(number, *TO_CLOSED[:-1], grade=ANALYSED, complete_measure={"item": 1})
    office.clock.at(began)
    office.clock.later(hours=hours)
    assert office.does(number, "close", outcome="resolved")["state"] == "closed"
    return number


@pytest.mark.clause("REP-5.1.1")
def test_the_cycle_is_the_mean_of_resolved_complaints_and_open_ones_are_named_beside_it(office):
    resolved_after(office, 24)
    resolved_after(office, 48)
    complaint(office)
    (mean,), (median,) = kpi(office, "handling_cycle"), kpi(office, "handling_cycle_median")
    assert (mean["value"], mean["sample"], mean["open"]) == ("36.0", 2, 1)
    assert (median["value"], median["sample"]) == ("36.0", 2)
    (working,) = kpi(office, "handling_cycle_working")
    assert 0 < float(working["value"]) < 36


@pytest.mark.clause("REP-5.1.2")
def test_an_automatic_receipt_is_no_response_and_the_figure_says_so(office):
    number = complaint(office)
    office.clock.later(minutes=60)
    office.api("cs_agent").does(number, "contact")
    human, automatic = read(office, indicator="first_response")[0], read(office, indicator="any_response")[0]
    assert human["figures"][0]["value"] == "60.0"
    assert "自动回执不算回应" in human["says"]
    assert float(automatic["figures"][0]["value"]) < 60


@pytest.mark.clause("REP-5.1.3")
def test_urgent_complaints_have_their_own_speed_beside_the_overall_figures(office):
    urgent, normal = complaint(office), complaint(office)
    office.api("cs_agent").does(urgent, "mark_urgent")
    office.clock.later(minutes=10)
    office.api("cs_agent").does(urgent, "contact")
    office.clock.later(minutes=20)
    office.api("cs_agent").does(normal, "contact")
    values = {one["id"]: one["figures"][0]["value"] for one in read(office) if one["figures"]}
    assert (values["urgent"], values["urgent_response"], values["first_response"]) == ("1", "10.0", "20.0")


@pytest.mark.clause("REP-5.2.2")
def test_the_same_customer_with_the_same_issue_within_the_window_is_a_repetition(office):
    for phone in range(8):
        complaint(office, complainant_name=f"客户{phone}", complainant_phone=f"1380013800{phone}")
    office.clock.later(days=1)
    for phone in range(2):
        complaint(office, complainant_name=f"客户{phone}", complainant_phone=f"1380013800{phone}")
    (figure,) = kpi(office, "repeat_rate")
    assert (figure["value"], figure["numerator"], figure["denominator"]) == ("20.0", 2, 10)
    assert "180 天" in read(office, indicator="repeat_rate")[0]["says"]


@pytest.mark.clause("REP-2.3.1")
def test_complaints_are_counted_by_month_product_and_type_and_the_cells_add_up(office):
    complaint(office, product_name="手机 X1")
    complaint(office, product_name="手机 X1")
    complaint(office, "price/too_high")
    office.clock.at("2026-04-02T09:00:00+08:00")
    complaint(office, product_name="耳机")

    whole = {"from": "2026-03-01", "to": "2026-04-30"}
    cells = counts(office, "complaints", by="month,product,category", **whole)
    assert cells == {
        ("2026-03", "手机 X1", "产品质量问题"): 2, ("2026-03", "未定", "价格问题"): 1, ("2026-04", "耳机", "产品质量问题"): 1,
    }  # fmt: skip
    assert counts(office, "complaints", by="month", **whole) == {("2026-03",): 3, ("2026-04",): 1}
    assert kpi(office, "complaints", **whole)[0]["numerator"] == sum(cells.values()) == 4


@pytest.mark.clause("REP-3.3.1")
def test_feedback_is_counted_by_month_and_version_with_the_unknown_ones(office):
    for version in ("1.0", "1.1", "1.1", None):
        feedback(office, product_version=version)
    assert counts(office, "feedback", by="month,product_version") == {
        ("2026-03", "1.0"): 1, ("2026-03", "1.1"): 2, ("2026-03", "未定"): 1,
    }  # fmt: skip


@pytest.mark.clause("REP-5.3.1")
def test_complaints_per_thousand_orders_stand_beside_the_counts_once_orders_are_known(office, tmp_path):
    complaint(office)
    complaint(office)
    (figure,) = kpi(office, "per_thousand_orders", by="month")
    assert (figure["value"], figure["verdict"]) == (None, "not_applicable")
    assert "缺少月份的不计算" in read(office, indicator="per_thousand_orders")[0]["says"]

    file = tmp_path / "orders.csv"
    file.write_text("month,name,amount\n2026-03,orders,400\n", encoding="utf-8")
    call_command("business_volume", str(file), "--desk", office.world.desk.code, stdout=StringIO())
    values = {one["id"]: one["figures"][0]["value"] for one in read(office, by="month") if one["figures"]}
    assert (values["complaints"], values["per_thousand_orders"]) == ("2", "5.00")


@pytest.mark.clause("EXP-7.2.1")
def test_promptness_of_the_first_contact_is_shown_as_median_and_share_within_target(office_of):
    office = office_of("express")
    numbers = [
        office.api("intake_officer").registered(kind="complaint", channel="telephone", complainant_phone="13800138000")
        for _ in range(3)
    ]
    for number, minutes in zip(numbers, (30, 30, 240), strict=True):
        office.clock.later(minutes=minutes)
        office.api("cs_agent").does(number, "contact")
    (median,), (share,) = kpi(office, "first_contact"), kpi(office, "first_contact_in_time")
    assert (median["value"], median["sample"]) == ("60.0", 3)
    assert (share["value"], share["numerator"], share["denominator"]) == ("66.7", 2, 3)
