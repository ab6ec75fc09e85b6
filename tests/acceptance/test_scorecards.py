"""Scorecards of a month: points of departments from weights, what is taken off and appealed against, bonuses; people by limits and answers."""

import io
import zipfile

import pytest

from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint, escalates, superior
from tests.doors import Staff
from tests.pages import text_of

PACKS = ("escalation", "express")
TO_DISPATCHED = ("accept", "confirm", "grade", "dispatch")
TO_CLOSED = ("sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out", "follow_up", "close")
MARCH = "2026-03"


def scores(office, role, **query):
    return office.api(role).read("scores", desk=office.world.desk.code, month=MARCH, **query)["scores"]


def registered(office):
    """A complaint about service, which the delivery department handles."""
    complete = {"description": "3月1日取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
    return office.api("intake_officer").registered(**complete, recorded_category="service_problem")


def one_department(office):
    (found,) = scores(office, "quality_manager")
    return found


def page(office, role, **query):
    return Staff(office.world, role).get("/scores/", {"desk": office.world.desk.code, "month": MARCH, **query})


def in_file(office, role, **query):
    """Every text of the exported spreadsheet."""
    answer = Staff(office.world, role).get("/scores/export/", {"desk": office.world.desk.code, "month": MARCH, **query})
    assert answer.status_code == 200
    file = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return "".join(file.read(name).decode() for name in file.namelist() if name.startswith("xl/worksheets/"))


@pytest.mark.clause("ESC-6.2.1a")
@pytest.mark.clause("ESC-6.3.2")
def test_a_month_of_75_90_70_and_10_percent_scores_78_0_less_what_is_taken_off_and_earns_no_bonus(office):
    solved = [complaint(office, *TO_TOLD, "agree") for _ in range(14)]
    late, *unsolved = [complaint(office) for _ in range(6)]
    for number in unsolved[:2]:
        superior(office).steps_on(escalates(office, number), "approve")
    office.clock.later(days=20)
    office.walk(late, *TO_TOLD[3:], "agree", complete_measure={"item": 1})

    # Nobody has answered yet: 20 of 100 weigh nothing, (40·75 + 30·70 + 10·90) : 80.
    before = one_department(office)
    parts = {part["indicator"]: part for part in before["parts"]}
    assert (parts["satisfaction"]["says"], parts["satisfaction"]["points"]) == ("不适用", None)
    assert (parts["resolution_rate"]["share"], before["total"]) == ("50.0", "75.0")

    for place, number in enumerate(solved[:8]):
        answer = "neutral" if place < 2 else "satisfied"
        office.api("cs_agent").does(number, "rate", satisfaction=answer, process_satisfaction=answer)
    office.clock.at("2026-04-03T09:00:00+08:00")
    card = one_department(office)
    assert {part["indicator"]: (part["value"], part["points"], part["weight"]) for part in card["parts"]} == {
        "resolution_rate": ("75.0", "75.0", 40), "satisfaction": ("4.50", "90.0", 20),
        "timeliness": ("70.0", "70.0", 30), "escalation_rate": ("10.0", "90.0", 10),
    }  # fmt: skip
    assert card["total"] == "78.0"
    assert one_department(office) == card

    (bonus,) = card["bonuses"]
    assert bonus["points"] == "0"
    assert [one["indicator"] for one in bonus["missed"]] == ["resolution_rate", "timeliness"]
    shown = text_of(page(office, "quality_manager"))
    assert "78.0" in shown
    assert "客诉解决率 ≥ 90%" in shown
    assert "客诉处理及时率 ≥ 95%" in in_file(office, "quality_manager")
    assert page(office, "cs_agent").status_code == 403

    unit = card["id"]
    wishes = {
        "asked_department": unit,
        "deducted_for": "2026-03-31",
        "deducted_points": 3,
        "deduction_reason": "隐瞒客诉",
    }
    key = office.api("quality_manager").begins("score_deduction", **wishes)["id"]
    assert one_department(office)["total"] == "75.0" and office.told_in(key, "score_deducted")
    function = next(name for name, one in office.world.organisation.departments.items() if one.pk == unit)
    office.api("supporting_head", function).steps_on(key, "object", appeal_reason="已在例会上说明")
    assert office.told_in(key, "score_appealed")
    assert one_department(office)["total"] == "78.0"
    office.api("senior_management").steps_on(key, "disapprove", reason="事实清楚")
    after = one_department(office)
    assert (after["total"], after["earned"], after["deducted"]) == ("75.0", "78.0", "3")
    assert office.told_in(key, "score_settled")


def test_a_condition_of_a_bonus_for_which_there_were_too_few_cases_says_so(office):
    complaint(office, *TO_TOLD, "agree")
    assert "未满足：客诉解决率 ≥ 90%（样本太少，不作评判）" in text_of(page(office, "quality_manager"))


def test_a_month_that_is_none_or_has_not_begun_is_refused_with_a_sentence(office):
    for month in ("2026-13", "2026-3", "２０２６-03", "2026-04"):
        answer = office.api("quality_manager").get("scores", desk=office.world.desk.code, month=month)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/month")
    assert office.api("cs_agent").get("scores", desk=office.world.desk.code).status_code == 403
    assert office.api("quality_manager").get("scores", desk=office.world.desk.code, of="person").status_code == 403


@pytest.mark.clause("EXP-9.2.1")
@pytest.mark.clause("EXP-9.2.2")
def test_an_employee_with_8_of_10_in_time_has_80_0_percent_and_three_answers_are_too_few(office_of):
    office = office_of("express")
    head, colleague = (
        office.api("department_head", "delivery_operations"),
        office.api("department_staff", "delivery_operations"),
    )
    numbers = [registered(office) for _ in range(10)]
    transferred, *_ = numbers
    office.walk(transferred, *TO_DISPATCHED, dispatch={"handler": colleague.id})
    head.does(transferred, "reassign", handler=head.id)
    for number in numbers[1:]:
        office.walk(number, *TO_DISPATCHED, dispatch={"handler": head.id})
    for place, number in enumerate(numbers[:9]):
        if place == 3:
            (early,) = scores(office, "cs_supervisor", of="person")
            answers = next(part for part in early["parts"] if part["indicator"] == "satisfaction")
            assert (answers["value"], answers["says"], answers["sample"], answers["points"]) == (
                None,
                "回答太少",
                3,
                None,
            )
            assert "回答太少" in text_of(page(office, "cs_supervisor", of="person"))
            opened = {
                "desk": "express",
                "from": "2026-03-01",
                "to": "2026-03-31",
                "indicator": "satisfaction",
                "by": "handler",
            }
            (figure,) = office.api("cs_supervisor").read("kpis", **opened)["kpis"][0]["figures"]
            assert (figure["value"], figure["sample"], figure["verdict"]) == (None, 3, "too_few")
            assert "回答太少" in text_of(Staff(office.world, "cs_supervisor").get("/figures/", opened))
        if place == 8:
            office.clock.at("2026-03-30T09:00:00+08:00")
        office.walk(number, *TO_CLOSED)

    (card,) = scores(office, "cs_supervisor", of="person")
    kept = next(part for part in card["parts"] if part["indicator"] == "limit_kept")
    assert (card["id"], kept["value"], kept["sample"]) == (head.id, "80.0", 10)
    asked = {"desk": office.world.desk.code, "from": "2026-03-01", "to": "2026-03-31", "indicator": "limit_kept"}
    behind = office.api("cs_supervisor").read("kpis/cases", **asked, by="handler", group=head.id)["cases"]
    assert behind == sorted(numbers)
    rest = office.api("cs_supervisor").read("kpis/cases", **asked, by="handler", group=head.id, part="rest")["cases"]
    assert rest == sorted(numbers[8:])
    assert page(office, "quality_manager", of="person").status_code == 403


def test_whoever_may_take_points_off_begins_from_the_scores(office_of):
    office = office_of("escalation")
    address = f"/proceedings/new/{office.world.desk.code}/score_deduction/"
    assert address in page(office, "quality_manager").content.decode()
    assert address not in page(office, "senior_management").content.decode()
