"""Proceedings at the staff pages: begun on the case, decided in the inbox, every refusal at its field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer
from amends.web.proceedings.lines import lines_of
from tests.doors import Office
from tests.web.manage import cost
from tests.web.staff import signed_in

PACKS = ("hotel", "escalation")
GIFT = {"gift_for": "noise", "gift_form": "money", "gift_value": "300.00", "gift_reason": "一夜装修"}


@pytest.fixture
def number(office: Office) -> str:
    case = office.world.register()
    office.walk(case.number, "grade", "dispatch")
    return case.number


def text_of(response: object) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode())  # type: ignore[attr-defined]


def begun(office: Office, number: str, **changes: str) -> str:
    return str(office.api("floor_manager").begins("gift", number, **{**GIFT, **changes})["id"])


def test_a_proceeding_is_begun_from_its_case_and_decided_in_the_inbox(office: Office, number: str) -> None:
    head = signed_in(office.world, "floor_manager", "housekeeping")
    tab = head.get(f"/cases/{number}/", {"tab": "proceedings"})
    assert f"/cases/{number}/begin/gift/" in tab.content.decode()
    version = Case.objects.get(number=number).version
    sent = head.post(f"/cases/{number}/begin/gift/", {**GIFT, "_version": version, "_token": "a"})
    assert sent.status_code == 302, text_of(sent)

    desk = signed_in(office.world, "receptionist")
    assert "一夜装修" in text_of(desk.get("/proceedings/"))
    page = desk.get(sent["Location"])
    assert "前台经理审核" in text_of(page) and "待决定" in text_of(page)
    done = desk.post(f"{sent['Location']}do/approve/", {"_version": 1, "_token": "b"})
    assert done.status_code == 302
    assert "一夜装修" not in text_of(desk.get("/proceedings/"))
    assert "一夜装修" in text_of(signed_in(office.world, "director").get("/proceedings/"))


def test_whose_turn_it_is_in_a_proceeding_reads_as_english(office: Office, number: str) -> None:
    key, desk = begun(office, number), signed_in(office.world, "director")
    desk.post("/language/", {"language": "en", "next": "/"})
    assert "Whose turn" in text_of(desk.get(f"/proceedings/{key}/"))
    office.api("receptionist").steps_on(key, "disapprove")
    assert re.search(r"Whose turn\s+Nobody: it is closed", text_of(desk.get(f"/proceedings/{key}/")))


def test_whoever_takes_a_step_reads_beside_it_what_was_said_so_far(office: Office, number: str) -> None:
    key = begun(office, number)
    page = signed_in(office.world, "receptionist").get(f"/proceedings/{key}/do/disapprove/")
    beside = text_of(page).partition("目前内容")[2]
    assert "一夜装修" in beside and "300.00" in beside
    phone = signed_in(office.world, "receptionist").get(f"/proceedings/{key}/do/disapprove/", {"kept": "1"})
    assert "目前内容" not in text_of(phone)


def rectified(office: Office, number: str | None = None) -> str:
    """A demand for rectification, on a case or by itself, to which a department has answered with a file."""
    warehouse = office.department("warehouse")
    demand = {"asked_department": warehouse, "rectification_problem": "出库未复核"}
    key = str(office.api("quality_manager").begins("rectification", number, **demand)["id"])
    head = office.api("supporting_head", "warehouse")
    head.steps_on(key, "reply", evidence_files=[office.world.upload(head.person.actor_id)])
    return key


def test_files_said_so_far_are_named_and_open_beside_the_form(office_of: Any) -> None:
    office = office_of("escalation")
    number = office.api("cs_agent").registered()
    for case in (number, None):
        key = rectified(office, case)
        file = EvidenceFile.objects.get(proceeding=key)
        manager = signed_in(office.world, "quality_manager")
        page = manager.get(f"/proceedings/{key}/do/verify/").content.decode()
        (link,) = re.findall(rf"<a ([^>]*)>{re.escape(file.name)}</a>", page.partition("目前内容")[2])
        address, opens_beside = re.findall(r'href="([^"]*)" (.*)', link)[0]
        assert manager.get(address).status_code == 200
        assert (address, opens_beside) == (
            (f"/cases/{number}/evidence/{file.pk}/look/", 'target="_blank" rel="noopener"')
            if case
            else (f"/proceedings/{key}/files/{file.pk}/", "download")
        )
        assert signed_in(office.world, "supporting_head", "production").get(address).status_code == 404


def test_the_same_button_twice_begins_one(office: Office, number: str) -> None:
    head = signed_in(office.world, "floor_manager", "housekeeping")
    body = {**GIFT, "_version": Case.objects.get(number=number).version, "_token": "once"}
    places = {head.post(f"/cases/{number}/begin/gift/", body)["Location"] for _ in range(2)}
    assert len(places) == 1
    assert Proceeding.objects.count() == 1


def test_a_fault_stands_at_its_field_and_everything_typed_stays(office: Office, number: str) -> None:
    head = signed_in(office.world, "floor_manager", "housekeeping")
    version = Case.objects.get(number=number).version
    sent = head.post(f"/cases/{number}/begin/gift/", {**GIFT, "gift_value": "-3", "_version": version, "_token": "a"})
    assert sent.status_code == 422
    assert "不能小于" in text_of(sent)
    assert 'value="-3"' in sent.content.decode() and "一夜装修" in sent.content.decode()
    assert not Proceeding.objects.exists()


def test_a_stale_step_keeps_what_was_typed(office: Office, number: str) -> None:
    key = begun(office, number)
    office.api("floor_manager").steps_on(key, "correct", **{**GIFT, "gift_value": "310.00"})
    sent = signed_in(office.world, "receptionist").post(
        f"/proceedings/{key}/do/disapprove/", {"comment": "金额偏高", "_version": 1, "_token": "a"}
    )
    assert sent.status_code == 409
    assert "金额偏高" in sent.content.decode()
    assert "这项内容已被他人更新" in text_of(sent)


def test_a_step_taken_in_another_window_is_said_to_be_ones_own(office: Office, number: str) -> None:
    key = begun(office, number)
    own = {**GIFT, "gift_value": "310.00"}
    office.api("floor_manager").steps_on(key, "correct", **own)
    sent = signed_in(office.world, "floor_manager").post(
        f"/proceedings/{key}/do/correct/", {**own, "_version": 1, "_token": "a"}
    )
    assert sent.status_code == 409
    assert "您自己在别的窗口或设备上" in text_of(sent)


def test_a_step_whose_period_is_over_shows_no_form_and_loses_nothing_typed(office_of: Any, clock: Any) -> None:
    office = office_of("escalation")
    deduction = {"asked_department": office.department("warehouse"), "deducted_for": "2026-03-02", "deducted_points": 3}
    key = office.api("quality_manager").begins("score_deduction", deduction_reason="迟报", **deduction)["id"]
    head, address = signed_in(office.world, "supporting_head", "warehouse"), f"/proceedings/{key}/do/object/"
    assert 'id="f-appeal_reason"' in head.get(address).content.decode()
    early = signed_in(office.world, "quality_manager").get(f"/proceedings/{key}/do/confirm/")
    assert "尚未届满，还不能办理“逾期未申诉，生效”" in text_of(early) and 'id="step-form"' not in early.content.decode()
    assert f"/proceedings/{key}/do/withdraw/" in early.content.decode()

    clock.later(days=30)
    head = signed_in(office.world, "supporting_head", "warehouse")
    typed = {"appeal_reason": "当日已电话报告值班经理。", "_version": 1, "_token": "a"}
    late = head.post(address, typed)
    in_place = head.post(address, typed, headers={"HX-Request": "true", "HX-Target": "form-body"})
    later = head.get(address)
    assert (late.status_code, in_place.status_code, later.status_code) == (409, 409, 200)
    assert in_place["HX-Retarget"] == "#step-form"
    for answer in (late, in_place, later):
        assert 'id="step-form"' not in answer.content.decode()
        said = text_of(answer)
        assert "“申诉期限”已经届满，不能再申诉。" in said and "申诉期限截至 3月" in said
        assert "您填写的内容" in said and "当日已电话报告值班经理。" in said and "复制我的内容" in said
        assert f"/proceedings/{key}/do/acknowledge/" in answer.content.decode()
    assert f'name="_place" value="proceeding:{key}:object"' in later.content.decode()


def test_who_may_not_see_it_is_told_that_it_is_not_there(office: Office, number: str) -> None:
    key = begun(office, number)
    stranger = signed_in(office.world, "floor_manager", "kitchen")
    for path in (f"/proceedings/{key}/", f"/proceedings/{key}/do/approve/", f"/cases/{number}/begin/gift/"):
        assert stranger.get(path).status_code == 404
    porter = signed_in(office.world, "night_porter")
    assert porter.get(f"/proceedings/{key}/").status_code == 200
    assert porter.get(f"/proceedings/{key}/do/approve/").status_code == 403


def test_unknown_filters_are_named(office: Office) -> None:
    answer = signed_in(office.world, "director").get("/proceedings/", {"colour": "red"})
    assert answer.status_code == 422
    assert "colour" in text_of(answer)


def test_the_inbox_speaks_of_the_desks_on_which_one_works_alone(office: Office, office_of: Any) -> None:
    elsewhere = office_of("escalation")
    other, own = signed_in(elsewhere.world, "quality_manager"), signed_in(office.world, "director")

    theirs, ours = text_of(other.get("/proceedings/")), text_of(own.get("/proceedings/"))

    assert ("服务质量检查" in theirs, "服务质量检查" in ours) == (True, False)


def test_the_number_of_queries_is_that_of_one_row(office: Office, number: str) -> None:
    director = signed_in(office.world, "director")
    api, runner = office.api("director"), office.api("floor_manager")
    key = begun(office, number)
    api.begins("errand", errand_what="一", errand_who=runner.id, errand_by="2026-03-09")
    few = [cost(director, path) for path in ("/proceedings/?tab=open", f"/proceedings/{key}/")]
    for n in range(6):
        api.begins("errand", errand_what=f"第{n}件", errand_who=runner.id, errand_by="2026-03-09")
    many = [cost(director, path) for path in ("/proceedings/?tab=open", f"/proceedings/{key}/")]
    assert few == many
    assert max(many) <= 30, many


def test_what_says_nothing_itself_is_told_apart_by_its_case_for_whoever_sees_that(office_of: Any) -> None:
    office = office_of("escalation")
    number = office.api("cs_agent").registered(subject="冰箱不制冷")
    manager = office.api("quality_manager")
    review = Proceeding.objects.get(pk=manager.begins("case_review", number)["id"])
    page = signed_in(office.world, "quality_manager").get("/proceedings/", {"tab": "ended"})
    assert re.search(rf"{review.number}\s*·\s*{number}\s*冰箱不制冷", text_of(page))
    outsider = Viewer(office.world.person("supporting_head", "production"), office.clock.now)
    assert [line.about for line in lines_of([review], viewer=outsider)] == [""]


def test_a_notice_leads_to_the_proceeding_and_tells_nothing_to_who_may_not_see_it(office: Office, number: str) -> None:
    key = begun(office, number)
    office.clock.later(days=2)
    from amends.apps.cases.actions.sweep import sweep_due_cases

    sweep_due_cases(now=office.clock.now)
    page = signed_in(office.world, "director").get("/notices/")
    assert f"/proceedings/{key}/" in page.content.decode()


def test_the_clauses_of_a_case_name_what_its_proceedings_show(office: Office, number: str) -> None:
    key = begun(office, number)
    shown = signed_in(office.world, "floor_manager", "housekeeping").get(f"/cases/{number}/", {"tab": "conformity"})
    assert shown.status_code == 200
    assert f'<a href="/proceedings/{key}/">' in shown.content.decode()
    assert Proceeding.objects.get().number in text_of(shown)
