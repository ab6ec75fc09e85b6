"""Looking ahead: trends by a shown rule, forecasts beside what came, key problems, warnings with what was done, analyses."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.core.management import call_command

from tests.doors import Staff
from tests.pages import in_words, text_at_a_desk, text_of
from tests.papers.reading import text_of_docx

PACKS = ("express", "reporting", "escalation")


def months_until(last: str, count: int) -> list[date]:
    year, month = map(int, last.split("-"))
    places = [year * 12 + month - 1 - back for back in range(count - 1, -1, -1)]
    return [date(place // 12, place % 12 + 1, 1) for place in places]


@pytest.fixture
def taken_over(tmp_path, settings):
    """Brings in old cases by the command: so many of each month, of one category."""

    def bring(office, counts, *, last="2026-02", category="service_quality/delayed", name="old"):
        settings.VAR_DIR = tmp_path / "var"
        pack = office.world.pack
        role = next(name for name, role in pack.roles.roles.items() if "take_over" in role.may)
        who = office.api(role)
        scheme = pack.categories.schemes[0].id
        rows = [
            [
                f"{name}-{month:%Y%m}-{n}",
                f"{month:%Y-%m}-{n % 27 + 1:02d} 10:00",
                f"{month:%Y-%m}-{n % 27 + 1:02d} 18:00",
            ]
            for month, count in zip(months_until(last, len(counts)), counts, strict=True)
            for n in range(count)
        ]
        path, mapping = tmp_path / f"{name}.csv", tmp_path / f"{name}.yaml"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["no", "opened", "closed"], *rows])
        mapping.write_text(
            f"source: {name}\ndesk: {pack.id}\nby: {who.username}\nzone: Asia/Shanghai\nkind: complaint\n"
            f"channel: {next(iter(pack.channels.channels))}\nstate: archived\nnumber: no\nopened_at: opened\nclosed_at: closed\n"
            f"fields:\n  subject: {{constant: 旧案}}\n  description: {{constant: 旧系统的投诉}}\n  {scheme}: {{constant: {category}}}\n",
            encoding="utf-8",
        )
        said = io.StringIO()
        call_command("import_cases", str(path), "--mapping", str(mapping), "--json", "--processes", "1", stdout=said)
        assert f'"taken_over": {sum(counts)}' in said.getvalue(), said.getvalue()

    return bring


def staff_of(office, role):
    return Staff(office.world, role)


def outlook(office, role="quality_manager", **asked):
    return text_at_a_desk(staff_of(office, role).get("/outlook/", {"desk": office.world.desk.code, **asked}))


def figures(staff, desk, measure, rows):
    lines = "\n".join(f"{place},{day},{count}" for place, day, count in rows)
    return staff.post(f"/warnings/figures/?desk={desk}", {"measure": measure, "lines": lines})


@pytest.mark.clause("REP-2.3.2")
def test_a_trend_is_told_by_a_rule_that_is_shown_and_never_on_one_month(office_of, taken_over):
    office = office_of("reporting")
    type_of = "product_quality/defect"

    taken_over(office, [19], category=type_of, name="last")
    assert "数据不足 判断规则：至少需要 3 个完整月份，现有 1 个。" in outlook(office, "quality_reviewer")

    taken_over(office, [10, 14], last="2026-01", category=type_of, name="before")
    page = outlook(office, "quality_reviewer")
    assert re.search(r"全部投诉 10 · 14 · 19 上升", page)
    assert "曼-肯德尔检验" in page
    assert "容差 10.0%" in page

    address = "/outlook/reporting/note/?subject=total"
    staff = staff_of(office, "quality_reviewer")
    assert staff.post(address, {"text": " "}).status_code == 422
    assert staff.post(address, {"text": "新品上市，首批电源有问题"}).status_code == 302
    assert "新品上市，首批电源有问题" in outlook(office, "quality_reviewer")


@pytest.mark.clause("REP-2.3.2")
def test_counts_that_go_up_and_down_are_stable_under_the_tolerance_that_is_shown(office_of, taken_over):
    office = office_of("reporting")

    taken_over(office, [14, 10, 13, 11], category="price")

    page = outlook(office, "quality_reviewer")
    assert re.search(r"全部投诉 10 · 13 · 11 平稳", page)
    assert "容差 10.0%" in page


@pytest.mark.clause("EXP-7.3.1")
def test_a_rise_is_forecast_with_range_and_method_and_held_against_what_came(office_of, taken_over, clock):
    office = office_of("express")
    staff = staff_of(office, "quality_manager")
    months = months_until("2026-02", 24)

    taken_over(office, [2, 3], category="price/arbitrary_charging", name="short")
    assert "数据不足，不作预测：至少需要 12 个完整月份，现有 2 个。" in outlook(office)

    volume = [("总部", f"{month:%Y-%m}-15", 1000 + 10 * n) for n, month in enumerate(months)]
    assert figures(staff, "express", "parcels", volume[:2]).status_code == 200
    taken_over(office, [3 + n for n in range(22)], last="2025-12", name="long")
    assert figures(staff, "express", "parcels", volume).status_code == 200
    page = outlook(office, subject="volume")
    expected = [int(n) for n in re.findall(r"2026年[345]月 (\d+) \d+–\d+ ", page)]
    assert len(expected) == 3
    assert 1230 < expected[0] < expected[1] < expected[2]
    assert "方法： 按近期误差加权的组合：稳健趋势" in page
    assert "90% 区间" in page
    assert "每千件投诉" in outlook(office)

    assert staff.post("/outlook/express/forecasts/").status_code == 302
    clock.at("2026-04-01T09:00:00+08:00")
    staff = staff_of(office, "quality_manager")
    assert figures(staff, "express", "parcels", [("总部", "2026-03-15", 1300)]).status_code == 200
    passed = outlook(office, subject="volume")
    (kept,) = re.findall(r"2026年3月 1300 (\d+) (\d+)–(\d+)(?: 区间外)? (-?\d+)%", passed)
    assert int(kept[0]) == expected[0]
    assert int(kept[3]) == round((expected[0] - 1300) / 1300 * 100)


@pytest.mark.clause("EXP-7.3.2")
def test_a_class_that_was_not_there_before_is_marked_new_with_its_count(office_of, taken_over):
    office = office_of("express")
    taken_over(office, [2, 2], last="2025-11", name="earlier")
    taken_over(office, [3], last="2026-02", category="contract_dispute/terms", name="new")
    taken_over(office, [1], last="2026-01", category="other", name="other")

    page = outlook(office)

    assert re.search(r"服务条款争议 新出现 3 0 [+]3", page), page[page.index("投诉类型的变化") :][:400]
    assert "“其他”和未定的占 25.0%" in page
    assert "“其他”占比偏高，建议补充类别。" in page
    assert re.search(r"2025年10月 4 1[.]0 2026年1月 4 1[.]8", page)


@pytest.mark.clause("EXP-7.3.3")
def test_more_rounds_raise_the_difficulty_and_its_components_are_shown(office_of, taken_over, clock):
    office = office_of("express")
    taken_over(office, [2], last="2026-02", name="easy")
    agent = office.api("cs_agent")
    number = agent.registered(kind="complaint")
    office.walk(
        number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell"
    )
    office.does(number, "refuse")
    office.walk(number, "propose", "tell")

    page = outlook(office)

    now, before = re.findall(
        r"2026年[23]月(?: （未结束）)? [12] (\d\.\d\d) (\d\.\d\d) (\d\.\d\d) (—|\d+\.\d) (\d+\.\d\d)", page
    )
    assert (now[0], before[0]) == ("2.00", "1.00")
    assert float(now[4]) > float(before[4])
    assert "难度 = 追加协商轮次 × 1" in page
    assert "至少需要 3 个完整月份，现有 1 个。" in page


@pytest.mark.clause("EXP-7.3.4")
def test_expected_load_stands_beside_capacity_with_what_was_assumed(office_of, taken_over, clock):
    office = office_of("express")
    taken_over(office, [6] * 14)
    assert "无法估计每人能办多少" in outlook(office)
    agent = office.api("cs_agent")
    number = agent.registered(kind="complaint")
    office.walk(
        number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out",
        "follow_up", "close", follow_up={"satisfaction_answer": "satisfied"},
    )  # fmt: skip

    clock.at("2026-04-02T09:00:00+08:00")
    page = outlook(office)

    assert re.search(r"下月预测 \d+ 每月能办 1 占用 \d+\.\d% 未结 \d+", page)
    assert "2026年1月1日至2026年3月31日办结过投诉的 1 人下月照常办理，每人每月 1 件" in page
    assert re.search(r"如果达到区间上限 \d+ 件，还差 \d+ 人。", page)
    assert re.search(r"嫌慢的投诉 占比 到期的应诺 按时兑现 实际办理天数 .*2026年2月 6 6 100\.0% 0 — 0\.3", page)


@pytest.mark.clause("EXP-8.1.3")
def test_many_delayed_parcels_raise_one_warning_with_intervention_and_outcome(office_of, clock):
    office = office_of("express")
    staff = staff_of(office, "quality_manager")
    rows = [
        ("城东网点", "2026-03-02", 8),
        ("城西网点", "2026-03-02", 5),
        ("城东网点", "三月", 2),
        ("", "2026-03-02", 9),
    ]

    page = in_words(figures(staff, "express", "delayed_parcels", rows).content.decode())

    assert "录入 2 行，新增预警 1 条。" in page
    assert "第 3 行：“日期”不是有效的日期" in page
    assert "第 4 行：请填写“网点”" in page
    assert figures(staff, "express", "delayed_parcels", [("城东网点", "2026-03-02", 9)]).status_code == 200
    office.work()
    listed = staff.get("/warnings/").content.decode()
    (address,) = set(re.findall(r"/warnings/[0-9a-f-]{36}/", listed))
    assert "城东网点，2026年3月2日：延误件数 8，超过 5。" in in_words(listed)
    assert "2026-03-02 13:00" in in_words(listed) or "13:00" in in_words(listed)

    assert staff.post(address, {"do": "close", "outcome": "已派送"}).status_code == 409
    assert staff.post(address, {"do": "act", "intervention": ""}).status_code == 422
    clock.later(minutes=30)
    assert (
        staff.post(address, {"do": "act", "intervention": "已通知网点优先派送，并短信告知 8 位客户"}).status_code == 302
    )
    assert staff.post(address, {"do": "close", "outcome": "当日全部派送，没有投诉"}).status_code == 302
    shown = text_of(staff.get(address))
    assert "已通知网点优先派送，并短信告知 8 位客户" in shown
    assert "当日全部派送，没有投诉" in shown
    assert "是否误报 否" in shown
    assert staff.post(address, {"do": "act", "intervention": "又来"}).status_code == 409

    assert (
        figures(
            staff, "express", "delayed_parcels", [("城东网点", "2026-03-02", 9), ("南站网点", "2026-03-02", 30)]
        ).status_code
        == 200
    )
    (second,) = set(re.findall(r"/warnings/[0-9a-f-]{36}/", staff.get("/warnings/").content.decode()))
    assert staff.post(second, {"do": "close", "outcome": "补录的旧数据", "is_false_alarm": "yes"}).status_code == 302
    assert "网点当日延误件过多 发出 2 按时反应 2 已关闭 2 误报 1 误报率 50.0%" in text_of(
        staff.get("/warnings/", {"show": "all"})
    )


@pytest.mark.clause("EXP-8.1.3")
def test_a_person_who_complains_again_and_words_of_danger_warn_once_each(office_of, clock):
    office = office_of("express")
    agent, staff = office.api("cs_agent"), staff_of(office, "cs_supervisor")
    for n in range(4):
        agent.registered(
            kind="complaint", complainant_phone="13900139000", description="包裹晚了" if n else "再不处理我就找媒体曝光"
        )

    assert staff.post("/warnings/express/look/").status_code == 302
    assert staff.post("/warnings/express/look/").status_code == 302

    page = text_of(staff.get("/warnings/"))
    assert page.count("同一客户反复投诉 客户") == 1
    assert "4 件，超过 2 件。" in page
    assert page.count("内容涉及威胁或安全 出现：媒体曝光") == 1
    assert staff_of(office, "cs_agent").get("/warnings/").status_code == 403


@pytest.mark.clause("REP-2.3.3")
def test_a_problem_that_comes_back_is_listed_until_a_measure_is_recorded(office_of, clock):
    office = office_of("reporting")
    agent, staff = office.api("cs_agent"), staff_of(office, "quality_reviewer")
    for spelled in ("R9", "R9", "r9", "R9", "R9"):
        agent.registered(
            kind="complaint", complaint_type="product_quality/defect", product_name=f"扫地机器人 {spelled}"
        )
    agent.registered(kind="complaint", complaint_type="product_quality/defect", product_name="智能音箱 M2")

    def listed():
        return staff.get("/outlook/key/", {"desk": "reporting"}).content.decode()

    assert "没有待定措施的重点投诉" in listed()
    assert staff.post("/outlook/key/reporting/find/").status_code == 302
    page = in_words(listed())
    assert "扫地机器人 R9 · " in page
    assert "2026年3月2日共 5 件" in page
    assert "智能音箱" not in page
    clock.later(days=60)
    office.work()
    staff = staff_of(office, "quality_reviewer")
    assert "待定措施" in in_words(listed())

    (address,) = re.findall(r'action="(/outlook/key/[0-9a-f-]{36}/)"', listed())
    behind = staff.get(f"{address}cases/").content.decode()
    assert f'href="{address}cases/"' in listed() and "共 5 件" in in_words(behind)
    assert len(set(re.findall(r'href="/cases/([^/"]+)/"', behind))) == behind.count('class="subject"') == 5
    refused = staff.post(address, {"analysis": "电机轴承批次不良", "measure": ""})
    assert refused.status_code == 422
    assert "电机轴承批次不良" in refused.content.decode()
    assert staff.post(address, {"analysis": "电机轴承批次不良", "measure": "停发该批次，通知返修"}).status_code == 302
    met = in_words(listed())
    assert "没有待定措施的重点投诉" in met
    assert "停发该批次，通知返修" in met

    lead = staff_of(office, "team_lead")
    for way in ("xlsx", "pdf", "docx"):
        assert lead.get("/outlook/key/export/", {"desk": "reporting", "as": way}).status_code == 200
    paper = text_of_docx(lead.get("/outlook/key/export/", {"desk": "reporting", "as": "docx"}).content)
    for words in ("重点投诉清单", "停发该批次，通知返修", "没有待定措施的重点投诉", "批准："):
        assert words in paper
    assert lead.get("/outlook/key/export/", {"desk": "reporting", "as": "odt"}).status_code == 404


def test_a_desk_whose_policy_knows_no_key_problems_says_so_and_offers_no_empty_list(office_of):
    page = in_words(
        staff_of(office_of("express"), "cs_supervisor").get("/outlook/key/", {"desk": "express"}).content.decode()
    )
    assert "制度没有规定重点投诉的条件" in page
    assert "没有待定措施的重点投诉" not in page
    assert "/outlook/key/export/" not in page


@pytest.mark.clause("ESC-5.1.3")
def test_an_analysis_ranks_problems_against_the_period_before_and_is_handed_over_and_confirmed(office_of, clock):
    office = office_of("escalation")
    agent = office.api("cs_agent")
    category = office.world.pack.categories.schemes[0].values
    first, second = category[0].id, category[1].id
    clock.at("2026-01-20T10:00:00+08:00")
    agent.registered(kind="complaint", category=first)
    clock.at("2026-02-10T10:00:00+08:00")
    for _ in range(3):
        agent.registered(kind="complaint", category=second)
    clock.at("2026-03-02T10:00:00+08:00")

    staff = staff_of(office, "cs_supervisor")
    assert (
        staff.post("/outlook/analyses/?desk=escalation", {"first": "2026-02-28", "last": "2026-02-01"}).status_code
        == 422
    )
    to_come = staff.post(
        "/outlook/analyses/?desk=escalation", {"first": "2026-03-03", "last": "2026-03-09", "comment": "提前写"}
    )
    assert re.search(
        r'id="first"[^>]*value="2026-03-03"><div class="field-error">.{0,400}这段时间还没有开始',
        to_come.content.decode(),
        re.S,
    )
    assert "提前写" in to_come.content.decode()
    made = staff.post(
        "/outlook/analyses/?desk=escalation", {"first": "2026-02-01", "last": "2026-02-28", "comment": "集中在配送"}
    )["Location"]
    page = text_of(staff.get(made))
    assert re.search(r"上一期：2026年1月1日至2026年1月31日", page)
    assert re.search(r" 1 \S.* 3 0 \+3 2 \S.* 0 1 -1 合计 3 1", page)

    head = staff_of(office, "department_head")
    assert head.get(made).status_code == 404
    assert staff.post(f"{made}hand/", {"department": ""}).status_code == 422
    unit = head.person.department_id
    assert staff.post(f"{made}hand/", {"department": str(unit)}).status_code == 302
    assert staff.post(f"{made}hand/", {"department": str(unit)}).status_code == 409
    assert "未确认" in text_of(staff.get("/outlook/analyses/"))
    (confirms,) = re.findall(r"/outlook/analyses/[0-9a-f-]{36}/confirm/\d+/", head.get(made).content.decode())
    assert head.post(confirms).status_code == 302
    assert "已确认" in text_of(staff.get("/outlook/analyses/"))


@pytest.mark.clause("ESC-5.1.3")
def test_a_complaint_that_was_registered_twice_makes_no_key_problem(office_of):
    office = office_of("escalation")
    agent, staff = office.api("intake_officer"), staff_of(office, "quality_manager")
    category, product = (office.world.pack.categories.scheme(name).values[0].id for name in ("category", "product"))
    numbers = [
        agent.registered(kind="complaint", category=category, product=product, complainant_phone=f"1390013900{n}")
        for n in range(4)
    ]

    def shown() -> str:
        return in_words(staff.get("/outlook/key/", {"desk": "escalation"}).content.decode())

    assert staff.post("/outlook/key/escalation/find/").status_code == 302
    assert "共 4 件" in shown()
    for left, number in ((3, numbers[3]), (0, numbers[2])):
        office.api("cs_supervisor").does(number, "mark_duplicate", duplicate_of=numbers[0])
        assert staff.post("/outlook/key/escalation/find/").status_code == 302
        assert (f"共 {left} 件" in shown()) == bool(left)
    assert "没有待定措施的重点投诉" in shown()
