"""What lies behind complaints: ranked causes with shares, cost and cases; shares of two periods; steps, months, departments; the overview of a desk."""

import csv
import html
import io
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from tests.acceptance.test_escalation_proceedings import TO_TOLD
from tests.acceptance.test_escalation_proceedings import complaint as escalation_complaint
from tests.doors import Staff
from tests.pages import text_of

PACKS = ("express", "reporting", "escalation")


@pytest.fixture
def taken_over(tmp_path, settings):
    """Brings in old cases by the command: rows of day, category and cause."""

    def bring(office, rows, *, fields=("category",), name="old", kind="complaint"):
        settings.VAR_DIR = tmp_path / "var"
        pack = office.world.pack
        role = next(name for name, role in pack.roles.roles.items() if "take_over" in role.may)
        path, mapping = tmp_path / f"{name}.csv", tmp_path / f"{name}.yaml"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [["no", "opened", *fields], *([f"{name}-{n}", *row] for n, row in enumerate(rows))]
            )
        named = "".join(f"  {one}: {one}\n" for one in fields)
        mapping.write_text(
            f"source: {name}\ndesk: {pack.id}\nby: {office.api(role).username}\nzone: Asia/Shanghai\nkind: {kind}\n"
            f"channel: {next(iter(pack.channels.channels))}\nstate: archived\nnumber: no\nopened_at: opened\n"
            f"fields:\n  subject: {{constant: 旧案}}\n  description: {{constant: 旧系统的投诉}}\n{named}",
            encoding="utf-8",
        )
        said = io.StringIO()
        call_command("import_cases", str(path), "--mapping", str(mapping), "--json", "--processes", "1", stdout=said)
        assert f'"taken_over": {len(rows)}' in said.getvalue(), said.getvalue()

    return bring


def analysis(office, role="quality_manager", **query):
    return office.api(role).read("kpis/analysis", desk=office.world.desk.code, **query)


def behind(office, role="quality_manager", **query):
    return office.api(role).read("kpis/cases", desk=office.world.desk.code, size=100, indicator="_received", **query)[
        "cases"
    ]


QUARTER = {"from": "2026-01-01", "to": "2026-03-31"}


@pytest.mark.clause("EXP-4.3.4")
def test_causes_of_a_quarter_are_ranked_with_50_0_33_3_and_16_7_percent_and_open_their_cases(office, taken_over):
    causes = [("delivery", 30), ("transport", 20), ("packaging", 10)]
    rows = [(f"2026-02-{n % 27 + 1:02d} 10:00", cause) for cause, times in causes for n in range(times)]
    taken_over(office, rows, fields=("cause_kind",))
    found = analysis(office, by="cause", **QUARTER)
    assert [(one["rank"], one["group"], one["count"], one["share"]) for one in found["classes"]] == [
        (1, "delivery", 30, "50.0"), (2, "transport", 20, "33.3"), (3, "packaging", 10, "16.7"),
    ]  # fmt: skip
    assert [one["name"] for one in found["classes"]] == ["末端派送", "运输中转", "包装不当"]
    assert sum(one["count"] for one in found["classes"]) == found["total"] == 60
    assert len(behind(office, by="cause", group="transport", **QUARTER)) == 20
    assert {"cost_minor", "hours"} <= set(found["classes"][0])
    assert {"steps", "departments", "partners"} <= set(found)

    shown = Staff(office.world, "quality_manager").get("/analysis/", {"desk": "express", "by": "cause", **QUARTER})
    assert all(word in text_of(shown) for word in ("末端派送", "50.0%", "33.3%", "16.7%", "各环节用时", "责任部门"))


@pytest.mark.clause("ESC-7.4.1")
def test_causes_a_distribution_and_the_months_follow_from_the_cases_and_a_corrected_cause_changes_the_next_run(
    office_of, taken_over
):
    office = office_of("escalation")
    causes = [("process", 30), ("product", 20), ("staff", 10)]
    rows = [(f"2025-{n % 12 + 1:02d}-05 10:00", cause) for cause, times in causes for n in range(times)]
    taken_over(office, rows, fields=("cause_kind",))
    year = {"from": "2025-01-01", "to": "2025-12-31"}
    found = analysis(office, by="cause", **year)
    assert [one["share"] for one in found["classes"]] == ["50.0", "33.3", "16.7"]
    assert sum(one["count"] for one in found["classes"]) == 60
    assert (len(found["months"]), sum(sum(month.values()) for month in found["months"].values())) == (12, 60)
    assert analysis(office, by="channel", **year)["classes"][0]["count"] == 60

    number = escalation_complaint(office, *TO_TOLD[:4])
    office.walk(number, "conclude", conclude={"cause_kind": "staff"})
    march = {"from": "2026-03-01", "to": "2026-03-31"}
    assert [one["group"] for one in analysis(office, by="cause", **march)["classes"]] == ["staff"]
    office.does(number, "correct", category="delivery_delay", cause_kind="process", reason="原因认定有误")
    assert [one["group"] for one in analysis(office, by="cause", **march)["classes"]] == ["process"]


def shares_of_two_months(office, taken_over, classes, *, field, kind, **query):
    """6, 2 and 2 cases of three classes in January, 5, 5 and none in February."""
    rows = [
        (f"2026-{month}-{n + 1:02d} 10:00", name)
        for month, counts in (("01", (6, 2, 2)), ("02", (5, 5, 0)))
        for name, times in zip(classes, counts, strict=True)
        for n in range(times)
    ]
    taken_over(office, rows, fields=(field,), name=f"old_{kind}", kind=kind)
    month = {"from": "2026-02-01", "to": "2026-02-28", "kind": kind, **query}
    groups = [name.split("/")[0] for name in classes]
    found = {one["group"]: one for one in analysis(office, "team_lead", **month)["classes"]}
    shown = [tuple(found[name][key] for key in ("count", "share", "share_before", "change")) for name in groups]
    increase = analysis(office, "team_lead", order="increase", **month)
    assert (increase["than_from"], increase["than_to"]) == ("2026-01-01", "2026-01-31")
    return shown, [groups.index(one["group"]) for one in increase["classes"]]


@pytest.mark.clause("REP-3.3.2")
@pytest.mark.clause("REP-5.3.2")
def test_two_periods_show_count_share_and_change_of_share_and_the_largest_increase_first_on_request(
    office_of, taken_over
):
    office = office_of("reporting")
    types = ["product_quality/defect", "service_attitude/unfriendly", "delivery/late"]
    types[2] = next(p for p, _ in office.world.pack.categories.schemes[0].walk() if p.startswith("delivery/"))
    asked = [
        (types, {"field": "complaint_type", "kind": "complaint", "by": "category"}),
        (["手机", "耳机", "平板"], {"field": "product_name", "kind": "feedback", "by": "product"}),
    ]
    for classes, how in asked:
        shown, increase = shares_of_two_months(office, taken_over, classes, **how)
        assert shown == [
            (5, "50.0", "60.0", "-10.0"), (5, "50.0", "20.0", "30.0"), (0, "0.0", "20.0", "-20.0"),
        ]  # fmt: skip
        assert increase == [1, 0, 2]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"by": "mood"}, "/by"), ({"order": "luck"}, "/order"), ({"than_from": "x", "than_to": "y"}, "/than_from"), ({"from": "2026-03-02", "to": "2026-03-01"}, "/last")],
)  # fmt: skip
def test_what_can_not_be_analysed_is_refused_with_a_sentence(office, query, pointer):
    answer = office.api("quality_manager").get("kpis/analysis", desk=office.world.desk.code, **query)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


# The overview


def overview(office, role="quality_manager", **query):
    return Staff(office.world, role).get("/overview/", {"desk": office.world.desk.code, **query})


def tiles(page):
    """The figures on top of the page, and the addresses of their lists."""
    found = re.findall(
        r'class="tile[^"]*"(?: href="([^"]*)")?><small>([^<]*)</small><b>([^<]*)</b>', page.content.decode()
    )
    return {title: (value, html.unescape(address)) for address, title, value in found}


def test_the_overview_says_what_came_went_and_is_overdue_and_each_number_opens_a_list_of_that_length(
    office_of, taken_over
):
    office = office_of("escalation")
    taken_over(office, [("2026-02-10 10:00", "process")] * 3, fields=("cause_kind",))
    for _ in range(2):
        escalation_complaint(office)
    office.clock.later(days=20)
    escalation_complaint(office)
    march = {"from": "2026-03-01", "to": "2026-03-22"}
    page = overview(office, **march)
    found = tiles(page)
    assert {name: value for name, (value, _) in found.items() if name in ("未结", "逾期未结", "受理", "办结")} == {
        "未结": "3", "逾期未结": "2", "受理": "3", "办结": "0",
    }  # fmt: skip
    manager = Staff(office.world, "quality_manager")
    for name in ("未结", "逾期未结", "受理"):
        value, address = found[name]
        assert f"共 {value} 件" in text_of(manager.get(address))
    shown = text_of(page)
    assert all(
        word in shown
        for word in (
            "每日受理与办结",
            "各环节：未结件数与停留时间",
            "未结个案时长（收到至今）",
            "本期受理：类别与部门",
            "按责任部门",
        )
    )
    assert "2026-02" not in shown or "对比期" in shown
    assert shown.count("其中逾期") == 2, "both charts that show what is late say so"

    days = re.findall(r"(?<!年)\b3月(\d+)日", text_of(overview(office, **march | {"to": "2026-03-31"})))
    assert max(map(int, days)) == office.clock.now.day

    picture = manager.get("/overview/picture/", {"desk": office.world.desk.code, "chart": "course", **march})
    assert (picture.status_code, picture["Content-Type"], picture.content[:4]) == (200, "image/svg+xml", b"<svg")
    drawn = manager.get("/overview/picture/", {"desk": office.world.desk.code, "chart": "course", "as": "png", **march})
    assert (drawn.status_code, drawn["Content-Type"], drawn.content[1:4]) == (200, "image/png", b"PNG")
    for wrong in ({"chart": "mood"}, {"chart": "course", "as": "gif"}):
        assert manager.get("/overview/picture/", {"desk": office.world.desk.code, **wrong}).status_code == 404
    sheet = manager.get("/overview/export/", {"desk": office.world.desk.code, **march})
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(sheet.streaming_content)))
    for name in book.sheet_names[1:4]:
        heads, *rows, total = book.get_sheet_by_name(name).to_python()[4:]
        assert total[0] == "合计" and heads[1] == "受理"
        assert sum(row[1] for row in rows) == total[1] > 0
    assert overview(office, "cs_agent").status_code == 403
    assert overview(office, **{"from": "2026-03-02", "to": "2026-03-01"}).status_code == 422
    assert overview(office, level="level_1").status_code == 422


def parts_of(page):
    """The parts of the list behind a figure with their counts, the addresses of each, and how many rows the list has."""
    shown = page.content.decode()
    tabs = re.findall(
        r'<a href="(/figures/cases/[^"]*part=[^"]*)"[^>]*>([^<]*) <span class="figure">(\d+)</span>', shown
    )
    addresses = {name: html.unescape(address) for address, name, _ in tabs}
    return {name: int(n) for _, name, n in tabs}, addresses, shown.count('class="subject"')


def way_back(page):
    return html.unescape(re.search(r'class="crumbs"[^>]*><a href="([^"]*)">', page.content.decode())[1])


def test_timeliness_and_satisfaction_of_the_overview_open_their_cases_and_the_counts_add_up(office_of):
    office = office_of("escalation")
    for degree in ("satisfied", "dissatisfied"):
        number = escalation_complaint(office, *TO_TOLD, "agree")
        office.api("cs_agent").does(number, "rate", satisfaction=degree, process_satisfaction=degree)
    escalation_complaint(office)
    late = escalation_complaint(office)
    office.clock.later(days=20)
    office.walk(late, *TO_TOLD[3:], "agree", complete_measure={"item": 1})
    manager = Staff(office.world, "quality_manager")
    found = tiles(overview(office, **{"from": "2026-03-01", "to": "2026-03-31"}))

    counts, addresses, rows = parts_of(manager.get(found["按期办结率"][1]))
    assert (counts, rows) == ({"全部": 3, "按期": 2, "逾期": 1}, 3)
    assert found["按期办结率"][0] == "66.7%"
    assert {name: parts_of(manager.get(address))[2] for name, address in addresses.items()} == counts
    assert late in text_of(manager.get(addresses["逾期"]))

    counts, addresses, rows = parts_of(manager.get(found["满意度（平均分）"][1]))
    assert (counts, rows) == ({"已评价": 2, "满意": 1, "不满意": 1, "未评价": 2}, 2)
    assert {name: parts_of(manager.get(address))[2] for name, address in addresses.items()} == counts
    assert counts["满意"] + counts["不满意"] + counts["未评价"] == int(found["受理"][0])


def test_from_the_list_behind_a_figure_one_comes_back_to_the_page_as_it_was(office_of):
    office = office_of("escalation")
    escalation_complaint(office)
    manager, span = Staff(office.world, "quality_manager"), {"from": "2026-03-01", "to": "2026-03-05"}
    asked_for = {"desk": "escalation", **span, "compare": "year", "channel": "hotline"}
    listed = manager.get(tiles(manager.get("/overview/", asked_for))["受理"][1])
    assert "共 1 件" in text_of(listed)
    again = manager.get(way_back(listed))
    shown = again.content.decode()
    assert again.status_code == 200 and tiles(again)["受理"][0] == "1"
    for kept in ('value="2026-03-01"', 'value="2026-03-05"', 'value="year" selected', 'value="hotline" selected'):
        assert kept in shown

    for path, more in (("/figures/", {"by": "channel"}), ("/analysis/", {"by": "channel", "order": "increase"})):
        page = manager.get(path, {"desk": "escalation", **span, **more}).content.decode()
        address = html.unescape(re.search(r'href="(/figures/cases/[^"]*)"', page)[1])
        back = way_back(manager.get(address))
        assert back.startswith(path)
        assert all(f"{name}={value}" in back for name, value in {**span, **more}.items())
    for elsewhere in ("https://example.org/overview/", "//example.org/overview/", "/queue/", "/overview"):
        listed = manager.get(
            "/figures/cases/", {"indicator": "_received", "desk": "escalation", **span, "back": elsewhere}
        )
        assert way_back(listed).startswith("/figures/?")


def test_a_number_of_cases_in_a_grouped_table_is_said_once_and_a_share_says_of_how_many(office_of):
    office = office_of("escalation")
    escalation_complaint(office)
    span = {"from": "2026-03-01", "to": "2026-03-05"}
    shown = Staff(office.world, "quality_manager").get("/figures/", {**span, "by": "channel"}).content.decode()
    cells = re.findall(r'<td class="num nowrap">(.*?)</td>', shown, re.DOTALL)
    counted = [cell for cell in cells if re.search(r">\d+</a>", cell)]
    others = [cell for cell in cells if "<a " in cell and cell not in counted]
    assert counted and not any(" 件</span>" in cell for cell in counted)
    assert others and all("1 件</span>" in cell for cell in others)


def asked(path, office, role="quality_manager", **query):
    """How many queries a page asks, once everything that is kept is kept."""
    staff = Staff(office.world, role)
    staff.get(path, {"desk": office.world.desk.code, **query})
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(path, {"desk": office.world.desk.code, **query}).status_code == 200
    return len(queries)


def test_the_pages_of_figures_ask_a_fixed_small_number_of_questions(office_of, taken_over):
    office = office_of("escalation")
    span = {"from": "2026-01-01", "to": "2026-03-31"}
    paths = {"/overview/": 18, "/figures/": 24, "/analysis/": 30}
    before = {path: asked(path, office, **span) for path in paths}
    taken_over(office, [("2026-02-10 10:00", "process"), ("2026-02-11 10:00", "staff")] * 4, fields=("cause_kind",))
    for _ in range(2):
        escalation_complaint(office)
    after = {path: asked(path, office, **span) for path in paths}
    assert all(after[path] <= paths[path] for path in paths), after
    assert all(after[path] - before[path] <= 4 for path in paths), (before, after)


TO_CLOSED = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out", "follow_up",
    "close",
)  # fmt: skip


@pytest.mark.clause("EXP-4.3.2")
def test_a_closed_case_leaves_an_evaluation_to_do_which_keeps_satisfaction_and_recurrence(office):
    complete = {
        "description": "3月1日取件时发生。",
        "demands": [{"text": "赔偿 300 元"}],
    }
    number = office.api("intake_officer").registered(**complete, recorded_category="service_problem")
    office.walk(number, *TO_CLOSED)
    quality = office.api("quality_manager")
    (task,) = quality.proceedings(number, "effect_evaluation")
    assert (task["state"], task["due_at"][:10]) == ("due", "2026-04-01")
    assert task["id"] in [one["id"] for one in quality.waiting(kind="effect_evaluation")]
    found = {
        "effect_solved": True,
        "effect_satisfaction": "satisfied",
        "effect_recurred": True,
        "effect_comment": "同类问题又有一件",
    }
    assert quality.step(task["id"], "verify", **found).status_code == 409

    office.clock.later(days=5)
    office.api("intake_officer").registered(**complete, recorded_category="service_problem")
    office.clock.later(days=31)
    assert quality.steps_on(task["id"], "verify", **found)["state"] == "evaluated"
    (event,) = [one for one in quality.read(f"proceedings/{task['id']}/events")["events"] if one["verb"] == "verify"]
    stored = {shown["field"]: shown["value"] for shown in event["values"]}
    assert (stored["effect_satisfaction"], stored["effect_recurred"], stored["effect_after"]) == (["满意"], True, 1)


@pytest.mark.clause("EXP-8.1.3")
def test_a_day_that_stands_out_raises_a_warning_with_what_is_usual(office, taken_over):
    taken_over(office, [(f"2026-03-01 {n % 24:02d}:10", "service_quality/delayed") for n in range(24)])
    staff = Staff(office.world, "cs_supervisor")
    assert staff.post("/warnings/express/look/").status_code == 302
    assert "2026年3月1日：24 件，平常约 0" in text_of(staff.get("/warnings/"))
