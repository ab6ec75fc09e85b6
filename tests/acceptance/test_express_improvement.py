"""The express policy: what was found lacking, the measures against it, whether they help, and more time where it is needed."""

from datetime import datetime, timedelta

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("express",)
TO_HAND = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate")


def quality(office):
    return office.api("quality_manager")


def executive(office):
    return office.api("executive")


def owner(office):
    return office.api("department_head", "transport_operations")


def finding(office, **wishes):
    """The id of a finding whose cause was found."""
    unit = office.department("transport_operations")
    key = quality(office).begins("finding", asked_department=unit, finding_source="survey", **wishes)["id"]
    quality(office).steps_on(key, "conclude", cause_method="plain", cause_kind="procedure")
    return key


def measure_of(office, key, **wishes):
    """The id of the measure that is set against a finding, due on 9 March."""
    row = {
        "improvement_text": "每班清点中转笼车", "improvement_owner": owner(office).id, "improvement_due": "2026-03-09",
        "expected_effect": "丢失投诉减半", **wishes,
    }  # fmt: skip
    quality(office).steps_on(key, "improve", measures_wanted=[row])
    (found,) = children(office, key)
    return found["id"]


def children(office, key, kind="improvement"):
    return [one for one in quality(office).read("proceedings", kind=kind)["proceedings"] if one["parent"] == key]


def measure(office, **wishes):
    """The id of a measure by itself."""
    wishes = {"improvement_owner": owner(office).id, "improvement_due": "2026-03-09", **wishes}
    unit = office.department("transport_operations")
    return quality(office).begins("improvement", asked_department=unit, **wishes)["id"]


def events(office, key):
    return quality(office).read(f"proceedings/{key}/events")["events"]


@pytest.mark.clause("EXP-4.3.3")
def test_the_owner_of_a_measure_does_not_verify_it_and_its_department_lists_it_when_overdue(office, clock):
    key = measure(office, improvement_owner=quality(office).id)
    head = office.api("asked_head", "transport_operations")

    clock.later(days=10)
    office.work()
    late = [one["id"] for one in head.read("proceedings", late="yes")["proceedings"]]
    quality(office).steps_on(key, "complete_measure")
    own = quality(office).step(key, "verify", effect_verdict="effective")
    office.api("cs_supervisor").steps_on(key, "verify", effect_verdict="effective")

    assert late == [key]
    assert (own.status_code, own.json()["code"]) == (403, "not_permitted")
    assert quality(office).proceeding(key)["state"] == "effective"


@pytest.mark.clause("EXP-4.3.3", "EXP-8.2.3")
def test_an_overdue_measure_climbs_to_the_owner_then_to_the_executives(office, clock):
    number = office.api("intake_officer").registered()
    office.walk(number, *TO_HAND)
    office.handler(number).begins(
        "improvement", number, improvement_owner=owner(office).id, improvement_due="2026-03-09",
        asked_department=office.department("transport_operations"),
    )  # fmt: skip

    clock.at("2026-03-10T09:00:00+08:00")
    office.work()
    first = office.told(number, "proceeding_overdue")
    clock.at("2026-03-18T09:00:00+08:00")
    office.work()

    assert owner(office).username in first
    assert executive(office).username not in first
    assert executive(office).username in office.told(number, "proceeding_overdue")


@pytest.mark.clause("EXP-5.3.4")
def test_a_measure_is_linked_to_its_finding_and_stays_in_the_list_until_it_is_verified(office):
    key = finding(office, finding_text="中转环节丢件无人发现")
    measure_key = measure_of(office, key)
    bare = quality(office).step(key, "improve", measures_wanted=[{"improvement_text": "加强管理"}])

    seen = quality(office).proceeding(measure_key)
    assert (seen["parent"], seen["subject"]) == (key, "每班清点中转笼车")
    assert value_of(events(office, measure_key)[0], "finding_text") == "中转环节丢件无人发现"
    assert faults(bare) == {
        f"/data/measures_wanted/0/{name}": "required"
        for name in ("improvement_owner", "improvement_due", "expected_effect")
    }
    assert measure_key in open_measures(office)
    owner(office).steps_on(measure_key, "complete_measure")
    assert measure_key in open_measures(office)
    quality(office).steps_on(measure_key, "verify", effect_verdict="effective")
    assert measure_key not in open_measures(office)


def open_measures(office):
    return [one["id"] for one in quality(office).read("proceedings", kind="improvement", status="open")["proceedings"]]


@pytest.mark.clause("EXP-5.3.5")
@pytest.mark.parametrize(
    ("decision", "state"), [("keep", "to_verify"), ("change", "carrying_out"), ("stop", "stopped")]
)
def test_a_lower_survey_value_asks_for_a_decision_on_the_measure(office, decision, state):
    key = measure(office, baseline_value="3.6")
    owner(office).steps_on(key, "complete_measure")

    after = quality(office).steps_on(key, "assess", later_value="3.5")

    last = events(office, key)[-1]
    assert (after["state"], value_of(last, "value_change")) == ("undecided", "-0.1")
    assert key in [one["id"] for one in quality(office).waiting()]
    assert "无改善，待决定" in text_of(Staff(office.world, "quality_manager").get(f"/proceedings/{key}/"))
    assert quality(office).steps_on(key, "rule", measure_decision=decision)["state"] == state


@pytest.mark.clause("EXP-5.3.5")
def test_a_higher_survey_value_is_kept_and_the_measure_goes_on(office):
    key = measure(office, baseline_value="3.6")
    owner(office).steps_on(key, "complete_measure")
    assert quality(office).steps_on(key, "assess", later_value="3.75")["state"] == "to_verify"
    assert value_of(events(office, key)[-1], "value_change") == "0.15"


@pytest.mark.clause("EXP-7.2.4")
def test_an_adopted_lesson_names_what_was_changed_and_is_checked_by_somebody_else(office):
    key = office.api("cs_supervisor").begins("lesson", lesson_text="回访话术没有问清诉求")["id"]

    bare = quality(office).step(key, "approve", adopted_reference=None)
    quality(office).steps_on(key, "approve", adopted_in="wording", adopted_reference="回访话术 HF-03 第二版")
    own = quality(office).step(key, "verify", lesson_in_use=True)
    not_yet = executive(office).steps_on(key, "verify", lesson_in_use=False)
    checked = executive(office).steps_on(key, "verify", lesson_in_use=True)

    assert faults(bare) == {"/data/adopted_reference": "required"}
    assert own.status_code == 403
    assert (not_yet["state"], checked["state"]) == ("adopted", "checked")
    adopted = next(event for event in events(office, key) if event["verb"] == "approve")
    assert value_of(adopted, "adopted_reference") == "回访话术 HF-03 第二版"


@pytest.mark.clause("EXP-8.2.1")
def test_a_review_that_is_due_is_flagged_and_one_that_was_made_lists_problems_that_become_plans(office, clock):
    page = Staff(office.world, "quality_manager")
    flag = "服务质量评估已到期，尚未进行。"
    assert flag in text_of(page.get("/proceedings/"))
    unit = office.department("transport_operations")
    rows = [
        {"finding_text": "末端派送延误", "asked_department": unit},
        {"finding_text": "破损件包装不足", "asked_department": unit},
    ]

    key = quality(office).begins("quality_review", survey_score="3.9", quality_score="82.5", review_problems=rows)["id"]

    assert flag not in text_of(page.get("/proceedings/"))
    first, second = children(office, key, "finding")
    assert {first["subject"], second["subject"]} == {"末端派送延误", "破损件包装不足"}
    quality(office).steps_on(first["id"], "propose", plan_goal="延误投诉减少三成")
    assert [plan["subject"] for plan in children(office, first["id"], "improvement_plan")] == ["延误投诉减少三成"]
    clock.later(days=93)
    office.work()
    page.force_login(page.person)
    assert flag in text_of(page.get("/proceedings/"))


@pytest.mark.clause("EXP-8.2.1")
def test_whoever_makes_the_review_is_reminded_once_a_day_while_it_is_due(office, clock):
    page = Staff(office.world, "quality_manager")

    for _ in range(2):
        office.work()
        clock.later(hours=1)

    assert text_of(page.get("/notices/")).count("服务质量评估已到期，尚未进行。") == 1


def plan(office, **wishes):
    row = {
        "improvement_text": "增加夜班装卸", "improvement_owner": owner(office).id, "improvement_due": "2026-03-20",
        "asked_department": office.department("transport_operations"), "expected_effect": "延误减少",
    }  # fmt: skip
    milestone = {"milestone_text": "夜班到岗", "milestone_due": "2026-03-10"}
    wishes = {
        "plan_goal": "满意度达到 4.2",
        "target_value": "4.2",
        "baseline_value": "3.9",
        "plan_due": "2026-06-30",
        "plan_owner": owner(office).id,
        "plan_measures": [row],
        "plan_milestones": [milestone],
        **wishes,
    }
    return quality(office).begins("improvement_plan", **wishes)["id"]


@pytest.mark.clause("EXP-8.2.2")
@pytest.mark.parametrize(
    ("missing", "said"), [("target_value", "目标值"), ("plan_owner", "计划责任人"), ("plan_measures", "至少一项措施")]
)
def test_a_plan_without_a_target_a_person_or_measures_is_not_approved(office, missing, said):
    key = plan(office, **{missing: None})

    refused = executive(office).step(key, "approve")

    assert (refused.status_code, refused.json()["missing"]) == (409, [said])


@pytest.mark.clause("EXP-8.2.2", "EXP-8.2.3")
def test_measures_and_milestones_of_an_approved_plan_have_owners_and_dates_and_are_flagged_when_late(office, clock):
    key = plan(office)
    assert children(office, key) == []

    executive(office).steps_on(key, "approve")

    (one,) = children(office, key)
    assert (one["subject"], one["waits_for"], one["due_at"][:10]) == (
        "增加夜班装卸",
        ["improvement_owner"],
        "2026-03-20",
    )
    assert value_of(events(office, one["id"])[0], "target_value") == "4.2"
    (milestone,) = children(office, key, "milestone")
    clock.later(days=9)
    office.work()
    assert quality(office).proceeding(milestone["id"])["is_late"]
    assert owner(office).steps_on(milestone["id"], "report")["state"] == "reached"


@pytest.mark.clause("EXP-8.2.3")
def test_an_adjusted_measure_keeps_what_it_was_and_why_it_changed(office):
    key = measure(office, improvement_text="每班清点")
    owner(office).steps_on(key, "note", problem_met="夜班人手不够。")

    bare = quality(office).step(key, "correct", improvement_text="每日清点", adjustment_reason=None)
    quality(office).steps_on(
        key, "correct", improvement_text="每日清点", improvement_owner=owner(office).id,
        improvement_due="2026-03-16", adjustment_reason="夜班只留两人。",
    )  # fmt: skip

    assert faults(bare) == {"/data/adjustment_reason": "required"}
    told = [(e["verb"], value_of(e, "improvement_text")) for e in events(office, key)]
    assert told == [("improve", "每班清点"), ("note", None), ("correct", "每日清点")]
    assert value_of(events(office, key)[-1], "adjustment_reason") == "夜班只留两人。"
    after = quality(office).proceeding(key)
    assert (after["subject"], after["due_at"][:10]) == ("每日清点", "2026-03-16")


@pytest.mark.clause("EXP-8.2.4")
def test_an_ineffective_measure_needs_another_one_or_a_reason_to_stop(office):
    key = measure(office, target_value="4.2")
    owner(office).steps_on(key, "complete_measure")

    bare = quality(office).step(key, "verify", effect_verdict="not_effective", actual_value="4.0", next_step=None)
    quality(office).steps_on(
        key, "verify", effect_verdict="not_effective", actual_value="4.0", next_step="new_measure",
        next_text="更换分拣设备", next_owner=owner(office).id, next_due="2026-04-01", next_effect="满意度回升",
    )  # fmt: skip

    assert faults(bare) == {"/data/next_step": "required"}
    assert value_of(events(office, key)[-1], "value_gap") == "-0.2"
    (other,) = children(office, key)
    assert (other["subject"], other["due_at"][:10]) == ("更换分拣设备", "2026-04-01")
    quality_of_other = owner(office)
    quality_of_other.steps_on(other["id"], "complete_measure")
    stopped = quality(office).step(
        other["id"], "verify", effect_verdict="not_effective", actual_value="4.1", next_step="stop", stop_reason=None
    )
    assert faults(stopped) == {"/data/stop_reason": "required"}


@pytest.mark.clause("EXP-8.2.4")
@pytest.mark.parametrize(("actual", "state"), [("4.2", "achieved"), ("4.1", "missed")])
def test_a_plan_is_judged_by_its_actual_value_against_the_target(office, actual, state):
    key = plan(office)
    executive(office).steps_on(key, "approve")

    lower = (
        {
            "plan_next": "new_finding",
            "plan_next_text": "夜班仍不足",
            "plan_next_department": office.department("transport_operations"),
        }
        if state == "missed"
        else {}
    )
    after = quality(office).steps_on(key, "assess", actual_value=actual, **lower)

    assert after["state"] == state
    assert len(children(office, key, "finding")) == bool(lower)


@pytest.mark.clause("EXP-8.2.4")
def test_the_effect_is_shown_by_complaints_of_the_same_class_before_and_after(office, clock):
    def complaint(category):
        number = office.api("intake_officer").registered()
        office.walk(number, "accept", "confirm", "grade", grade={"category": category})

    complaint("service_quality/lost")
    complaint("service_quality/lost")
    complaint("service_quality/damaged")
    clock.later(days=1)
    key = measure(office, category="service_quality/lost")
    owner(office).steps_on(key, "complete_measure")
    clock.later(days=1)
    complaint("service_quality/lost")
    clock.later(days=1)

    quality(office).steps_on(key, "verify", effect_verdict="effective")

    last = events(office, key)[-1]
    assert (value_of(last, "counted_before"), value_of(last, "counted_after")) == (2, 1)


def test_an_effect_that_is_checked_early_is_held_against_as_many_days_before(office, clock):
    def complaint():
        number = office.api("intake_officer").registered()
        office.walk(number, "accept", "confirm", "grade", grade={"category": "service_quality/lost"})

    for _ in range(3):
        complaint()
    clock.later(days=6)
    complaint()
    clock.later(days=1)
    key = measure(office, category="service_quality/lost")
    owner(office).steps_on(key, "complete_measure")
    clock.later(days=2)
    complaint()
    clock.later(days=1)

    form = text_of(Staff(office.world, "quality_manager").get(f"/proceedings/{key}/do/verify/"))
    quality(office).steps_on(key, "verify", effect_verdict="effective")

    assert "落实前同类投诉件数 1 落实后同类投诉件数 1" in form
    last = events(office, key)[-1]
    assert (value_of(last, "counted_before"), value_of(last, "counted_after")) == (1, 1)


# More time


def under_investigation(office):
    number = office.api("intake_officer").registered(complainant_email="lilei@example.com")
    office.walk(number, *TO_HAND)
    return number


def applied(office, number, until, **wishes):
    return office.handler(number).begin("extension", number, extended_until=until, **wishes)


def test_granted_time_moves_the_due_date_tells_the_customer_and_keeps_both_dates(office):
    number = under_investigation(office)
    supervisor = office.api("cs_supervisor")
    before = supervisor.case(number)["due_at"]

    key = applied(office, number, "2026-03-10", reason="承运商的监控尚未取得。").json()["id"]
    assert supervisor.case(number)["due_at"] == before
    supervisor.steps_on(key, "approve")

    handling = supervisor.clocks(number)["handling"]
    assert (handling["original_due_at"], handling["due_at"]) == (before, "2026-03-10T10:00:00Z")
    assert "extended" in office.messages(number)
    (event,) = supervisor.events(number, "extend")
    assert (value_of(event, "due_before"), value_of(event, "reason")) == (before, "承运商的监控尚未取得。")
    again = applied(office, number, "2026-03-11")
    assert faults(again) == {"/data/extended_until": "extensions_used_up"}


def test_time_is_applied_for_before_it_is_due_and_may_be_granted_after(office, clock):
    number = under_investigation(office)
    due = datetime.fromisoformat(office.handler(number).case(number)["due_at"])
    clock.at(due - timedelta(minutes=5))
    key = applied(office, number, "2026-03-10").json()["id"]
    clock.at(due + timedelta(hours=1))

    office.api("cs_supervisor").steps_on(key, "approve")
    office.work()

    assert not office.handler(number).case(number)["is_late"]


@pytest.mark.parametrize(
    ("until", "code"),
    [("2026-03-03", "extension_not_later"), ("2026-03-31", "extension_too_far"), ("2026-03-01", "in_past")],
)
def test_a_day_that_is_too_early_or_too_late_is_refused_at_its_field(office, until, code):
    number = under_investigation(office)
    assert faults(applied(office, number, until)) == {"/data/extended_until": code}


def test_time_is_not_applied_for_once_it_is_due(office, clock):
    number = under_investigation(office)
    clock.later(days=20)
    refused = applied(office, number, "2026-03-30")
    assert faults(refused) == {"/data/extended_until": "extension_past_due"}
    assert "到期之前申请" in refused.json()["errors"][0]["message"]


def test_a_refused_application_leaves_the_due_date_and_says_why(office):
    number = under_investigation(office)
    before = office.handler(number).case(number)["due_at"]
    key = applied(office, number, "2026-03-10").json()["id"]

    office.api("cs_supervisor").steps_on(key, "disapprove", reason="现有材料已足够。")

    assert office.handler(number).case(number)["due_at"] == before
    (told,) = [n for n in office.notices(number, to=office.handler(number)) if n["message"] == "extension_decided"]
    assert "现有材料已足够。" in told["text"]
    assert applied(office, number, "2026-03-10").status_code == 201
