"""Documents of the escalation and service policies: assessments that open to their cases, the monthly form and its last day."""

import re

import pytest
from django.core.management import call_command

from tests.doors import Staff

PACKS = ("escalation", "service")


def documents(door, name):
    return door.read("reports", document=name)["reports"]


@pytest.mark.clause("ESC-6.2.1b")
def test_every_figure_of_the_assessment_opens_to_its_cases_and_stays_when_cases_change(office):
    agent, manager = office.api("cs_agent"), office.api("quality_manager")
    numbers = {agent.registered() for _ in range(3)}
    office.clock.at("2026-04-01T00:30:00+08:00")
    office.work()
    (line,) = documents(manager, "monthly_assessment")
    assert (line["from"], line["to"], line["title"]) == ("2026-03-01", "2026-03-31", "2026年3月客诉处理考核报告")
    report = manager.read(f"reports/{line['id']}")
    scores = report["chapters"][1]["blocks"][0]
    assert scores["heads"][-3:] == ["得分", "上月", "较上月"] and "客诉解决率（40%）" in scores["heads"]
    opened = 0
    for chapter in report["chapters"]:
        for block in chapter["blocks"]:
            for row, figures in zip(block.get("rows", ()), block.get("figures", ()), strict=True):
                for text, figure in zip(row, figures, strict=True):
                    if figure:
                        behind = manager.read(f"reports/{line['id']}/cases", figure=figure)
                        assert set(behind["cases"]) <= numbers and behind["total"] == len(behind["cases"]) > 0, text
                        opened += 1
    assert opened >= 8
    page = Staff(office.world, "quality_manager").get(f"/documents/{line['id']}/cases/", {"figure": "overall.2/0/all"})
    assert all(number in page.content.decode() for number in numbers)

    office.does(sorted(numbers)[0], "note")
    office.api("cs_supervisor").registered(received_at="2026-03-20T09:00:00+08:00", backdate_reason="补录")
    assert manager.read(f"reports/{line['id']}")["chapters"] == report["chapters"]
    manager.steps_on(line["id"], "release", reporter_name=manager.id)
    handed = manager.read("proceedings", kind="assessment_report")["proceedings"]
    assert [one["subject"] for one in handed] == ["2026年3月客诉处理考核报告"]
    file = Staff(office.world, "quality_manager").get(f"/documents/{line['id']}/file.pdf")
    assert b"".join(file).startswith(b"%PDF")


def test_departments_of_a_kept_report_are_named_in_the_language_of_its_reader(office):
    office.api("cs_agent").registered()
    unit = office.world.organisation.departments["customer_service"].title
    office.clock.at("2026-04-02T09:00:00+08:00")
    manager, reader = office.api("quality_manager"), Staff(office.world, "quality_manager")
    begun = manager.begins("monthly_assessment", period_from="2026-03-01", period_to="2026-03-31")

    def rows():
        return re.findall(r"<td>([^<]+)</td>", reader.get(f"/documents/{begun['id']}/").content.decode())

    assert unit in rows()
    office.names_in_english("customer_service", "customer service")
    assert unit in rows()
    reader.post("/language/", {"language": "en", "next": "/"})
    assert "Customer service" in rows() and unit not in rows()


def test_the_management_review_turns_decisions_into_measures_and_follows_them(office):
    office.api("cs_agent").registered()
    office.clock.at("2026-04-02T09:00:00+08:00")
    manager, owner = office.api("quality_manager"), office.api("department_head")
    begun = manager.begins("management_review", period_from="2026-01-01", period_to="2026-03-31")
    rows = [{"weakness_kind": "process_weakness", "weakness_text": "派单慢", "improvement_text": "每日两次派单", "improvement_owner": owner.id, "improvement_due": "2026-05-01"}]  # fmt: skip
    manager.steps_on(begun["id"], "improve", document_measures=rows)
    report = manager.read(f"reports/{begun['id']}")
    decided = report["chapters"][-1]["blocks"][-1]
    assert decided["rows"][0][1:4] == ["每日两次派单", owner.person.name, "2026年5月1日"]
    assert [one for one in owner.waiting() if one["kind"] == "improvement"]


@pytest.mark.clause("SVC-3.1b")
def test_the_form_of_may_covers_may_is_in_time_until_the_fifth_and_late_behind_it(office_of):
    office = office_of("service")
    office.clock.at("2026-05-06T09:00:00+08:00")
    specialist = office.api("cs_specialist")
    first = specialist.registered()
    office.clock.at("2026-05-31T20:00:00+08:00")
    last = specialist.registered()
    office.clock.at("2026-06-01T08:00:00+08:00")
    specialist.registered()
    office.clock.at("2026-06-03T09:00:00+08:00")
    begun = specialist.begins("tracking_form", period_from="2026-05-01", period_to="2026-05-31")
    form = specialist.read(f"reports/{begun['id']}")
    assert (form["from"], form["to"], form["due"]) == ("2026-05-01", "2026-05-31", "2026-06-05")
    (records,) = [one for one in form["chapters"] if one["id"] == "records"]
    assert [row[0] for row in records["blocks"][0]["rows"]] == [first, last]
    specialist.steps_on(begun["id"], "release", reporter_name=specialist.id)
    office.clock.at("2026-06-06T09:00:00+08:00")
    office.work()
    submitted = specialist.read(f"reports/{begun['id']}")
    assert (submitted["released_on"], submitted["late"]) == ("2026-06-03", False)

    office.clock.at("2026-07-01T09:00:00+08:00")
    office.work()
    (june,) = [one for one in documents(specialist, "tracking_form") if one["from"] == "2026-06-01"]
    office.clock.at("2026-07-05T23:59:00+08:00")
    office.work()
    assert not specialist.read(f"reports/{june['id']}")["late"]
    office.clock.at("2026-07-06T00:01:00+08:00")
    office.work()
    late = specialist.read(f"reports/{june['id']}")
    assert late["late"] and late["due"] == "2026-07-05"
    listed = Staff(office.world, "cs_specialist").get("/documents/").content.decode()
    assert "已超时" in listed and "2026年7月5日" in listed
    specialist.steps_on(june["id"], "release", reporter_name=specialist.id)
    handed_in = specialist.read(f"reports/{june['id']}")
    assert (handed_in["late"], handed_in["released_on"]) == (True, "2026-07-06")
    (june,) = [one for one in documents(specialist, "tracking_form") if one["from"] == "2026-06-01"]
    assert (june["late"], june["released"]) == (True, True)
    for page in ("/documents/", f"/documents/{june['id']}/"):
        assert "逾期提交" in Staff(office.world, "cs_specialist").get(page).content.decode()


@pytest.mark.clause("SVC-3.1b")
def test_whether_the_fifth_itself_counts_is_a_setting(office_of, tmp_path):
    office = office_of("service")
    office.change_policy(
        tmp_path, ("pack.yaml", "    title: {zh-Hans: 期限当日是否仍算按时, en: whether the day itself still counts}\n    value: true", "    title: {zh-Hans: 期限当日是否仍算按时, en: whether the day itself still counts}\n    value: false"),
    )  # fmt: skip
    office.clock.at("2026-04-01T09:00:00+08:00")
    specialist = office.api("cs_specialist")
    begun = specialist.begins("tracking_form", period_from="2026-03-01", period_to="2026-03-31")
    assert specialist.read(f"reports/{begun['id']}")["due"] == "2026-04-04"


def test_the_command_says_what_is_wrong_with_what_it_is_asked(office):
    code = office.world.desk.code
    for arguments, said in (
        ((code, "monthly_assessment", "--period", "2026-13"), "--period 2026-10"),
        ((code, "nothing", "--period", "2026-03"), "monthly_assessment"),
        ((code, "monthly_assessment", "--from", "2026-03-31", "--to", "2026-03-01"), "早于"),
        ((code, "monthly_assessment", "--from", "2026-03-01", "--to", "2026-03-20"), "填整月"),
    ):
        with pytest.raises(Exception, match=said):
            call_command("report", *arguments)


def test_a_month_to_come_is_refused_at_its_first_day_also_where_the_form_would_let_it_in(office, tmp_path):
    field = "period_from, title: {zh-Hans: 统计期间自, en: from}, type: date, required: true"
    office.change_policy(tmp_path, ("forms/document_start.yaml", f"{field}, not_future: true", field))
    refused = office.api("quality_manager").begin(
        "monthly_assessment", period_from="2026-12-01", period_to="2026-12-31"
    )
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"]) == (422, "/data/period_from")
    assert error["message"] == "这段时间还没有开始，没有可以统计的内容。"


def test_a_part_of_a_month_is_refused_with_that_month_as_the_example(office):
    refused = office.api("quality_manager").begin(
        "monthly_assessment", period_from="2026-02-05", period_to="2026-02-20"
    )
    assert "按月编制，时间段要填整月，例如2026年2月1日至2026年2月28日" in refused.content.decode()


def test_a_document_of_days_that_are_no_whole_quarter_is_titled_by_its_days(office):
    office.clock.at("2026-04-02T09:00:00+08:00")
    manager = office.api("quality_manager")
    begun = manager.begins("management_review", period_from="2026-02-01", period_to="2026-03-15")
    title = "2026年第1季度投诉处理管理评审资料（2026年2月1日至3月15日）"
    assert manager.read(f"reports/{begun['id']}")["title"] == title
    assert manager.proceeding(begun["id"])["subject"] == title
    assert title in Staff(office.world, "quality_manager").get("/documents/").content.decode()


@pytest.mark.parametrize("written", ["{received", "{received.digits}", "{received:change:change}", "{Received}", "}"])
def test_a_text_with_braces_that_hold_no_figure_is_not_published(office, tmp_path, written):
    said = office.tries_to_change_policy(
        tmp_path, ("reports.yaml", "共受理客诉 {received}（", f"共受理客诉 {written}（")
    )

    assert "braces hold placeholders only" in said and "is published" not in said
