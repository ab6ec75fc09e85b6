"""The complaints and feedback report: six parts under a name, figures that stay as they were drawn, suggestions that are followed."""

import io
import json
import re

import pytest
from django.core.management import call_command
from docx import Document

from tests.acceptance.test_reporting import closed, complaint, feedback
from tests.doors import Staff
from tests.web.staff import on_page

PACKS = ("reporting",)
MARCH = {"period_from": "2026-03-01", "period_to": "2026-03-31"}
PARTS = ["引言", "投诉概况", "反馈分析", "处理过程", "处理效果评估", "改进建议"]


def drawn(office, **wishes):
    """A report of March that is drawn up at the end of the month, as the API reads it."""
    office.clock.at("2026-04-01T09:00:00+08:00")
    begun = office.api("reporter").begins("report", **{**MARCH, **wishes})
    return read(office, begun["id"])


def read(office, key, **query):
    return office.api("reporter").read(f"reports/{key}", **query)


def chapter(report, name):
    return next(one for one in report["chapters"] if one["id"] == name)


def block(report, name, title):
    return next(one for one in chapter(report, name)["blocks"] if one["title"] == title)


def counts(found):
    """The numbers of a table by the value in its first column."""
    return {row[0]: int(row[1]) for row in found["rows"]}


def cases_behind(office, report, figure):
    return office.api("reporter").read(f"reports/{report['id']}/cases", figure=figure)


@pytest.fixture
def month(office):
    """Complaints by telephone, mail and social media about three aspects, and feedback."""
    return {
        "phone": complaint(office, "product_quality/defect", channel="hotline", product_name="手机 X1", complainant_name="欧阳晓芸", description="欧阳晓芸说手机 X1 屏幕有裂纹，请拨打 13912345678 联系。"),
        "mail": complaint(office, "service_attitude/impatient", channel="email", product_name="手机 X1"),
        "post": complaint(office, "delivery/not_on_time", channel="social_media"),
        "idea": feedback(office, product_name="手机 X1"),
    }  # fmt: skip


@pytest.mark.clause("REP-0.1")
def test_the_report_has_six_parts_in_order_a_name_and_figures_that_equal_a_query(office, month, tmp_path):
    report = drawn(office)
    assert [one["title"] for one in report["chapters"]] == PARTS
    assert [one.partition("、")[2] for one in report["contents"]] == PARTS
    asked = {"desk": office.world.desk.code, "from": "2026-03-01", "to": "2026-03-31"}
    kpis = {one["id"]: one["figures"] for one in office.api("reporter").read("kpis", **asked)["kpis"]}
    kept = [line for one in report["chapters"] for found in one["blocks"] for line in found.get("kept", {}).get("lines", ()) if "numerator" in line]  # fmt: skip
    assert len(kept) >= 10
    for line in kept:
        (figure,) = kpis[line["id"]]
        assert [line[name] for name in ("value", "numerator", "denominator")] == [figure[name] for name in ("value", "numerator", "denominator")]  # fmt: skip

    reporter = office.api("reporter")
    refused = reporter.post(f"proceedings/{report['id']}/actions/release", {"version": reporter.proceeding(report["id"])["version"], "data": {}})  # fmt: skip
    assert refused.json()["errors"][0]["pointer"].endswith("/reporter_name")
    reporter.steps_on(report["id"], "write_up", reporter_words="四月重点改进包装。")
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    released = read(office, report["id"])
    assert (released["reporter"], released["state"], released["released_on"]) == (
        reporter.person.name,
        "released",
        "2026-04-01",
    )
    assert office.told_in(report["id"], "report_released")

    page = Staff(office.world, "reporter").get(f"/documents/{report['id']}/").content.decode()
    places = [page.index(f'id="{one["id"]}"') for one in report["chapters"]]
    assert places == sorted(places) and reporter.person.name in page and "四月重点改进包装。" in page
    for way, start in (("pdf", b"%PDF"), ("docx", b"PK"), ("xlsx", b"PK")):
        file = Staff(office.world, "reporter").get(f"/documents/{report['id']}/file.{way}")
        assert b"".join(file).startswith(start)


@pytest.mark.clause("REP-1.1")
def test_the_introduction_states_the_purpose_and_how_many_improvements_were_opened(office, month):
    reporter = office.api("reporter")
    first = reporter.begins("improvement", improvement_finding="屏幕裂纹集中在一批次", improvement_due="2026-05-01")
    reporter.begins("improvement", improvement_due="2026-05-01")
    report = drawn(office)
    introduction = chapter(report, "introduction")["blocks"]
    assert "提升客户满意度，改进产品和服务，增强企业竞争力" in introduction[0]["text"]
    assert "期间立项改进 2 项" in introduction[0]["text"]
    assert [row[0] for row in introduction[1]["rows"]][0] == first["number"]
    assert len(introduction[1]["rows"]) == 2
    page = Staff(office.world, "reporter").get(f"/documents/{report['id']}/").content.decode()
    assert f"/proceedings/{first['id']}/" in page
    reporter.steps_on(report["id"], "write_up", introduction_text="目的另述。")
    assert chapter(read(office, report["id"]), "introduction")["blocks"][0]["text"] == "目的另述。"


@pytest.mark.clause("REP-1.2.1")
def test_every_source_has_its_count_and_the_sum_is_the_total(office, month):
    found = block(drawn(office), "complaints", "投诉和反馈的来源")
    assert {name: n for name, n in counts(found).items() if n} == {"电话": 2, "邮件": 1, "在线": 1}
    assert sum(counts(found).values()) == int(found["total"][1]) == 4


def test_what_came_up_only_in_the_last_period_is_told_and_the_sum_of_that_period_is_whole(office):
    complaint(office, "delivery/not_on_time")
    complaint(office, "service_attitude/impatient", channel="email")
    office.clock.at("2026-04-10T09:00:00+08:00")
    complaint(office, "service_attitude/impatient")
    office.clock.at("2026-05-01T09:00:00+08:00")
    begun = office.api("reporter").begins("report", period_from="2026-04-01", period_to="2026-04-30")
    report = read(office, begun["id"])

    of_complaints = block(report, "complaints", "投诉涉及的方面和典型案例")
    told = {row[0]: (row[1], row[3], row[4]) for row in [*of_complaints["rows"], of_complaints["total"]]}
    assert told == {"服务态度问题": ("1", "1", "0"), "交付问题": ("0", "1", "-1"), "合计": ("1", "2", "-1")}


def test_the_most_frequent_source_of_complaints_is_told_of_complaints_alone(office, month):
    told = block(drawn(office), "complaints", "")["text"]
    assert "（1 件，占 33.3%）" in told


@pytest.mark.clause("REP-1.2.2")
def test_every_aspect_has_count_share_and_a_case_without_anybodys_name(office, month):
    report = drawn(office)
    found = block(report, "complaints", "投诉涉及的方面和典型案例")
    assert {row[0]: (row[1], row[2]) for row in found["rows"]} == {
        "产品质量问题": ("1", "33.3"), "服务态度问题": ("1", "33.3"), "交付问题": ("1", "33.3"),
    }  # fmt: skip
    assert {one["about"] for one in found["samples"]} == {"产品质量问题", "服务态度问题", "交付问题"}
    (told,) = [one["text"] for one in found["samples"] if one["number"] == month["phone"]]
    assert "屏幕有裂纹" in told and "欧阳" not in told and "13912345678" not in told


@pytest.mark.clause("REP-1.2.3")
def test_the_report_shows_stages_results_and_satisfaction_with_the_number_of_answers(office, month):
    closed(office)
    report = drawn(office)
    stages, results = block(report, "handling", "所处环节"), block(report, "handling", "处理结果")
    assert counts(stages) == {"已登记，待分析": 4, "已结案，待归档": 1}
    assert counts(results) == {"已妥善解决": 1, "未定": 4}
    rows = {row["id"]: row for row in chapter(report, "evaluation")["blocks"][1]["kept"]["lines"]}
    assert rows["satisfaction"]["sample"] == 0 and rows["satisfaction"]["value"] is None
    assert "已评价的投诉 0 件" in chapter(report, "evaluation")["blocks"][0]["text"]


@pytest.mark.clause("REP-4.4.3")
def test_complaints_and_feedback_about_a_product_stand_together_and_lead_to_an_improvement(office, month):
    report = drawn(office)
    together = block(report, "feedback", "投诉与反馈按产品汇总")
    line = next(row for row in together["rows"] if row[0] == "手机 X1")
    assert line[1:3] == ["2", "1"]
    reporter = office.api("reporter")
    owner = office.api("case_handler")
    rows = [{"improvement_finding": "手机 X1 屏幕裂纹", "improvement_text": "更换供应商批次", "improvement_owner": owner.id, "improvement_due": "2026-05-08"}]  # fmt: skip
    reporter.steps_on(report["id"], "improve", report_measures=rows)
    opened = block(read(office, report["id"]), "feedback", "汇总后立项的改进")
    assert opened["rows"][0][1:5] == ["手机 X1 屏幕裂纹", "更换供应商批次", owner.person.name, "2026年5月8日"]
    (key,) = [one["id"] for one in owner.waiting() if one["kind"] == "improvement"]
    office.clock.at("2026-05-09T09:00:00+08:00")
    office.work()
    assert owner.proceeding(key)["is_late"]


@pytest.mark.clause("REP-4.4.3")
def test_what_somebody_signed_is_not_added_to_afterwards(office, month):
    report = drawn(office)
    reporter, lead, management = (office.api(role) for role in ("reporter", "team_lead", "management"))
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    assert {"improve", "assess"} <= set(actions_of(management, report))
    rows = [{"improvement_finding": "屏幕裂纹", "improvement_text": "换批次", "improvement_owner": lead.id, "improvement_due": "2026-05-08"}]  # fmt: skip
    management.steps_on(report["id"], "improve", report_measures=rows)
    lead.steps_on(report["id"], "vouch")

    for door in (reporter, lead, management):
        assert not {"improve", "assess"} & set(actions_of(door, report))
    refused = management.step(report["id"], "improve", report_measures=rows)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    page = Staff(office.world, "management").get(f"/documents/{report['id']}/").content.decode()
    assert "审阅签字" in page and "do/improve/" not in page
    assert office.api("management").begins("improvement", **rows[0])["state"] == "open"
    reporter.steps_on(report["id"], "redraw")
    assert "improve" in actions_of(reporter, report)


@pytest.mark.clause("REP-5.3.3")
def test_what_became_of_a_suggestion_is_carried_into_the_next_report(office, month):
    reporter, boss = office.api("reporter"), office.api("management")
    report = drawn(office)
    rows = [{"suggestion_title": name, "suggestion_text": f"{name}。", "suggestion_basis": "质量问题占 33.3%"} for name in ("甲", "乙", "丙", "丁")]  # fmt: skip
    reporter.steps_on(report["id"], "assess", report_suggestions=rows)
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    keys = [one["id"] for one in boss.waiting() if one["kind"] == "suggestion"]
    made = {boss.proceeding(key)["subject"]: key for key in keys}
    boss.steps_on(made["乙"], "approve", suggestion_answer="同意。")
    boss.steps_on(made["丙"], "disapprove", suggestion_answer="成本过高。")
    boss.steps_on(made["丁"], "approve", suggestion_answer="同意。")
    boss.steps_on(made["丁"], "complete_measure", suggestion_answer="已落实。")
    office.clock.at("2026-05-01T09:00:00+08:00")
    following = reporter.begins("report", period_from="2026-04-01", period_to="2026-04-30")
    carried = block(read(office, following["id"]), "suggestions", "以往汇报提出的建议及进展")
    assert {row[1]: (row[-2], row[-1]) for row in carried["rows"]} == {
        "甲": ("—", "待答复"), "乙": ("同意。", "已采纳"), "丙": ("成本过高。", "不采纳"), "丁": ("已落实。", "已落实"),
    }  # fmt: skip


def test_the_figures_stay_as_they_were_drawn_and_a_new_version_stands_beside_them(office, month):
    report = drawn(office)
    lines = chapter(report, "complaints")["blocks"][1]["kept"]["lines"]
    assert lines[0]["value"] == "3"
    complaint(office, received_at="2026-03-30T09:00:00+08:00", backdate_reason="补录")
    assert chapter(read(office, report["id"]), "complaints") == chapter(report, "complaints")
    reporter = office.api("reporter")
    reporter.steps_on(report["id"], "write_up", complaints_text="作者的话。")
    reporter.steps_on(report["id"], "redraw")
    second = read(office, report["id"])
    assert (second["version"], second["versions"]) == (2, 2)
    assert chapter(second, "complaints")["blocks"][1]["kept"]["lines"][0]["value"] == "4"
    assert chapter(second, "complaints")["blocks"][0]["text"] == "作者的话。"
    first = read(office, report["id"], version=1)
    assert chapter(first, "complaints")["blocks"][1]["kept"] == chapter(report, "complaints")["blocks"][1]["kept"]
    assert cases_behind(office, second, "complaints.2/0/all")["total"] == 4
    assert office.api("reporter").get(f"reports/{report['id']}/cases", figure="complaints.9/0/all").status_code == 404


def test_an_older_version_shows_to_the_letter_what_it_showed_before_the_next_one_was_drawn(office, month):
    report = drawn(office)
    reporter, lead = office.api("reporter"), office.api("team_lead")
    assert chapter(report, "suggestions")["blocks"][-1]["text"] == ""
    suggestion = {"suggestion_title": "包装", "suggestion_text": "加固包装", "suggestion_basis": "裂纹投诉"}
    reporter.steps_on(report["id"], "assess", report_suggestions=[suggestion])
    reporter.steps_on(report["id"], "write_up", complaints_text="三月的话。", reporter_words="三月的建议。")
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    shown = read(office, report["id"])
    assert (shown["reporter"], shown["released_on"]) == (reporter.person.name, "2026-04-01")
    assert block(shown, "suggestions", "本次提出的建议")["rows"][0][2] == "加固包装"

    office.clock.at("2026-04-02T09:00:00+08:00")
    complaint(office, received_at="2026-03-30T09:00:00+08:00", backdate_reason="补录")
    reporter.steps_on(report["id"], "redraw")
    office.clock.at("2026-04-03T09:00:00+08:00")
    (child,) = reporter.read("proceedings", kind="suggestion")["proceedings"]
    office.api("management").steps_on(child["id"], "approve", suggestion_answer="同意。")
    reporter.steps_on(report["id"], "write_up", complaints_text="四月的话。", reporter_words="四月的建议。")
    reporter.steps_on(report["id"], "release", reporter_name=lead.id)

    first, second = read(office, report["id"], version=1), read(office, report["id"])
    assert first["chapters"] == shown["chapters"]
    assert (first["reporter"], first["released_on"]) == (reporter.person.name, "2026-04-01")
    assert (second["reporter"], second["released_on"]) == (lead.person.name, "2026-04-03")
    assert chapter(second, "complaints")["blocks"][0]["text"] == "四月的话。"
    assert block(second, "suggestions", "本次提出的建议")["rows"][0][-2:] == ["同意。", "已采纳"]
    page = Staff(office.world, "reporter").get(f"/documents/{report['id']}/", {"version": 1}).content.decode()
    assert "三月的建议。" in page and reporter.person.name in page and "四月" not in page


def test_a_period_that_is_none_and_a_second_report_are_refused_in_words(office, month):
    reporter = office.api("reporter")
    office.clock.at("2026-04-01T09:00:00+08:00")
    wrong = reporter.begin("report", period_from="2026-03-31", period_to="2026-03-01")
    assert "结束日期早于开始日期" in wrong.content.decode()
    drawn(office)
    again = reporter.begin("report", **MARCH).content.decode()
    assert "这个时间段的“2026年3月客户投诉和反馈汇报”已有一份" in again
    empty = reporter.begins("report", period_from="2025-01-01", period_to="2025-01-31")
    text = chapter(read(office, empty["id"]), "complaints")["blocks"][0]["text"]
    assert "期间收到投诉 0 件" in text and "暂无" in text and "不适用（没有可统计的数据）" in text


def test_the_command_draws_the_report_once_and_writes_it(office, month, tmp_path):
    office.clock.at("2026-04-01T09:00:00+08:00")
    said, again = io.StringIO(), io.StringIO()
    call_command("report", office.world.desk.code, "feedback_report", "--period", "2026-03", "--json", "--output", str(tmp_path / "a.xlsx"), stdout=said)  # fmt: skip
    call_command("report", office.world.desk.code, "feedback_report", "--period", "2026-03", "--json", stdout=again)
    assert json.loads(said.getvalue()) == json.loads(again.getvalue())
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")


def test_a_report_begins_with_the_last_month_while_nobody_has_begun_that_and_a_draft_of_it_is_dropped_where_it_was(
    office,
):
    office.clock.at("2026-04-02T09:00:00+08:00")
    page, address = Staff(office.world, "reporter"), f"/proceedings/new/{office.world.desk.code}/report/"
    fresh = page.get(address).content.decode()
    assert 'value="2026-03-01"' in fresh and 'value="2026-03-31"' in fresh
    assert re.search(r'<button class="btn btn-primary" type="submit">\s*起草汇报', fresh)

    page.post("/drafts/", {"_place": f"begin:{office.world.desk.code}:report", "period_from": "2026-02-01"})
    offered = page.get(address)
    assert "已带出您没有提交的草稿" in offered.content.decode() and 'value="2026-02-01"' in offered.content.decode()
    dropped = page.post("/drafts/drop/", {name: on_page(offered, name) for name in ("_place", "_address")})
    assert dropped["Location"] == address
    assert "没有提交的草稿" not in page.get(address).content.decode()

    drawn(office)
    assert 'value="2026-03-01"' not in page.get(address).content.decode()


def test_whoever_releases_a_report_is_proposed_as_its_author(office, month):
    report, reporter = drawn(office), Staff(office.world, "reporter")
    form = reporter.get(f"/proceedings/{report['id']}/do/release/").content.decode()
    assert re.search(rf'<option value="{reporter.person.pk}"[^>]* selected', form)


def test_everybody_signs_in_turn_and_their_names_and_days_stand_on_page_and_paper_until_it_is_drawn_anew(office, month):
    report = drawn(office)
    reporter, lead, management = (office.api(role) for role in ("reporter", "team_lead", "management"))
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    assert "vouch" not in actions_of(reporter, report) and "review" not in actions_of(management, report)
    waiting = Staff(office.world, "team_lead").get("/proceedings/").content.decode()
    assert report["number"] in waiting

    office.clock.at("2026-04-02T09:00:00+08:00")
    lead.steps_on(report["id"], "send_back", reason="第二章请补充原因。")
    assert office.told_in(report["id"], "report_sent_back")
    assert any("被退回修改：第二章请补充原因。" in one.text for one in reporter.person.notices.all())
    assert [one["on"] for one in read(office, report["id"])["signatures"]] == [None, None, None]
    reporter.steps_on(report["id"], "release", reporter_name=reporter.id)
    lead.steps_on(report["id"], "vouch")
    office.clock.at("2026-04-03T09:00:00+08:00")
    management.steps_on(report["id"], "review")

    for door, verb, who, day in ((lead, "vouch", lead, "2日"), (management, "review", management, "3日")):
        again = door.step(report["id"], verb)
        assert (again.status_code, again.json()["code"]) == (409, "already_decided")
        assert f"{who.person.name}已于2026年4月{day} 09:00完成" in again.json()["detail"]

    signed = read(office, report["id"])
    assert signed["state"] == "approved" and signed["signatures"] == [
        {"title": "汇报人", "name": reporter.person.name, "on": "2026-04-02"},
        {"title": "审核人", "name": lead.person.name, "on": "2026-04-02"},
        {"title": "审阅人", "name": management.person.name, "on": "2026-04-03"},
    ]
    staff = Staff(office.world, "reporter")
    page = staff.get(f"/documents/{report['id']}/").content.decode()
    assert f'{management.person.name} <span class="muted tabular">2026年4月3日</span>' in page
    paper = Document(io.BytesIO(b"".join(staff.get(f"/documents/{report['id']}/file.docx"))))
    assert [cell.text for cell in paper.tables[-1].rows[0].cells] == [
        f"汇报人：{reporter.person.name}\n2026年4月2日",
        f"审核人：{lead.person.name}\n2026年4月2日",
        f"审阅人：{management.person.name}\n2026年4月3日",
    ]
    reporter.steps_on(report["id"], "redraw")
    drawn_anew = lead.step(report["id"], "vouch")
    assert drawn_anew.json()["code"] == "wrong_state" and "发布" in drawn_anew.json()["detail"]
    again, before = read(office, report["id"]), read(office, report["id"], version=1)
    assert [one["name"] for one in again["signatures"]] == [None, None, None]
    assert before["signatures"] == signed["signatures"]


def actions_of(door, report):
    """The verbs that somebody may use on the report now."""
    return [one["verb"] for one in door.read(f"proceedings/{report['id']}/actions")["actions"]]
