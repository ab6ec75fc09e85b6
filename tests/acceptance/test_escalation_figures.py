"""The escalation policy: the four indicators by which departments are judged, asked through the API, each with its cases."""

import pytest

from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint, escalates, superior
from tests.doors import Staff

PACKS = ("escalation",)
ONE_ITEM = {"complete_measure": {"item": 1}}


def kpi(office, name, **query):
    """The figures of one indicator in March and April."""
    asked = {"desk": office.world.desk.code, "from": "2026-03-01", "to": "2026-04-30", "indicator": name, **query}
    return office.api("cs_supervisor").read("kpis", **asked)["kpis"][0]["figures"]


def behind(office, name, part, **query):
    asked = {
        "desk": office.world.desk.code,
        "from": "2026-03-01",
        "to": "2026-04-30",
        "indicator": name,
        "part": part,
        **query,
    }
    return office.api("cs_supervisor").read("kpis/cases", **asked)["cases"]


@pytest.mark.clause("ESC-6.1.1")
def test_resolution_counts_accepted_results_lists_the_others_and_falls_when_a_case_is_reopened(office):
    (nothing,) = kpi(office, "resolution_rate")
    assert (nothing["value"], nothing["verdict"], nothing["sample"]) == (None, "not_applicable", 0)
    accepted = [complaint(office, *TO_TOLD, "agree") for _ in range(6)]
    told, open_one = complaint(office, *TO_TOLD), complaint(office)

    (figure,) = kpi(office, "resolution_rate", by="department")
    unit = figure["group"]["department"]
    assert (figure["value"], figure["numerator"], figure["denominator"]) == ("75.0", 6, 8)
    assert behind(office, "resolution_rate", "rest") == sorted([told, open_one])
    assert behind(office, "resolution_rate", "counted", by="department", group=unit) == sorted(accepted)

    office.walk(accepted[0], "close")
    office.api("cs_supervisor").does(accepted[0], "reopen")
    assert [one["value"] for one in kpi(office, "resolution_rate")] == ["62.5"]


@pytest.mark.clause("ESC-6.1.2")
def test_satisfaction_is_the_mean_of_the_scores_given_and_says_how_many_answered(office):
    for answer in ("satisfied", "neutral", None):
        number = complaint(office, *TO_TOLD, "agree")
        if answer:
            office.api("cs_agent").does(number, "rate", satisfaction=answer, process_satisfaction=answer)
    (mean,), (answers,) = kpi(office, "satisfaction"), kpi(office, "satisfaction_answers")
    assert (mean["value"], mean["sample"], mean["open"], mean["verdict"]) == ("4.00", 2, 1, "too_few")
    assert (answers["value"], answers["numerator"], answers["denominator"]) == ("66.7", 2, 3)


@pytest.mark.clause("ESC-6.1.3")
def test_timeliness_keeps_open_overdue_complaints_in_the_denominator(office):
    in_time = [complaint(office, *TO_TOLD) for _ in range(7)]
    late = [complaint(office, *TO_TOLD[:-1]) for _ in range(2)]
    never = complaint(office)
    office.clock.later(days=20)
    for number in late:
        office.walk(number, "tell")

    (figure,) = kpi(office, "timeliness")
    assert (figure["value"], figure["denominator"], figure["verdict"]) == ("70.0", 10, "missed")
    assert behind(office, "timeliness", "counted") == sorted(in_time)
    assert behind(office, "timeliness", "rest") == sorted([*late, never])


@pytest.mark.clause("ESC-6.1.4")
def test_escalation_counts_a_case_once_and_neither_refused_nor_pending_requests(office):
    numbers = [complaint(office) for _ in range(20)]
    for number in numbers[:2]:
        superior(office).steps_on(escalates(office, number), "approve")
    refused = escalates(office, numbers[2])
    superior(office).steps_on(refused, "disapprove")
    escalates(office, numbers[3])

    (figure,) = kpi(office, "escalation_rate")
    assert (figure["value"], figure["numerator"], figure["denominator"], figure["verdict"]) == ("10.0", 2, 20, "met")
    assert behind(office, "escalation_rate", "counted") == numbers[:2]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "/last"),
        ({"from": "today"}, "/from"),
        ({"by": "mood"}, "/by"),
        ({"mood": "good"}, "/mood"),
        ({"indicator": "luck"}, "/indicator"),
        ({"from": "1990-01-01", "to": "2026-01-01"}, "/last"),
    ],
)
def test_what_can_not_be_counted_is_refused_with_a_sentence(office, query, pointer):
    response = office.api("cs_supervisor").get("kpis", desk=office.world.desk.code, **query)
    assert (response.status_code, [error["pointer"] for error in response.json()["errors"]]) == (422, [pointer])


def test_somebody_counts_only_what_they_see(office):
    complaint(office)
    office.api("intake_officer").registered(channel="hotline", category="delivery_delay")
    everything, own = office.api("cs_supervisor"), office.api("department_head", "warehouse")
    asked = {"desk": office.world.desk.code, "from": "2026-03-01", "to": "2026-03-31", "indicator": "received"}
    counted = [door.read("kpis", **asked)["kpis"][0]["figures"][0]["numerator"] for door in (everything, own)]
    assert counted == [2, 1]


@pytest.mark.parametrize("name", ["department", "team", "handler", "partner", "pack"])
def test_a_filter_by_a_number_that_no_table_holds_is_refused_in_words(office, name):
    page = Staff(office.world, "cs_supervisor").get("/figures/", {name: "9" * 20})
    assert page.status_code == 422 and "格式不对" in page.content.decode()


def test_a_department_that_does_not_exist_is_refused_in_words_and_not_counted_as_nothing(office):
    page = Staff(office.world, "cs_supervisor").get("/figures/", {"department": "99999"})
    assert page.status_code == 422 and "没有这个部门，或者您看不到它的个案，请另选部门。" in page.content.decode()
