"""The improvement board, causes as pictures, and the form that asks for more time."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.doors.calendar_file import LINE, escaped, folded
from amends.web.proceedings.causes import broken, fishbone
from tests.doors import Office, Staff
from tests.pages import text_of

PACKS = ("express",)


def measures(office: Office, number: int, **wishes: str) -> list[str]:
    quality = office.api("quality_manager")
    given = {
        "improvement_owner": office.api("department_head", "transport_operations").id, "cause_kind": "people",
        "asked_department": office.department("transport_operations"), **wishes,
    }  # fmt: skip
    return [
        quality.begins(
            "improvement",
            improvement_text=f"措施{n}",
            improvement_due=str(date(2026, 6, 1) + timedelta(weeks=n)),
            **given,
        )["id"]
        for n in range(1, number + 1)
    ]


def subjects(html: str) -> list[str]:
    return re.findall(r'<a class="subject"[^>]*>([^<]+)</a>', html)


def test_the_board_shows_what_is_due_first_and_the_rest_of_a_column_on_demand(office: Office) -> None:
    staff = Staff(office.world, "quality_manager")
    assert "您的受理台没有改进措施" in text_of(staff.get("/proceedings/board/"))
    measures(office, 17)

    page = staff.get("/proceedings/board/")
    html = page.content.decode()
    assert subjects(html) == [f"措施{n}" for n in range(1, 16)]
    more = re.search(r'hx-get="([^"]+)"', html)
    assert more is not None
    rest = staff.get("/proceedings/board/" + more[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
    assert subjects(rest.content.decode()) == ["措施16", "措施17"]
    assert "人员" in html and "已逾期" not in html


def test_the_board_asks_the_database_as_often_for_one_measure_as_for_many(office: Office) -> None:
    staff = Staff(office.world, "quality_manager")
    measures(office, 1)
    staff.get("/proceedings/board/")
    with CaptureQueriesContext(connection) as one:
        staff.get("/proceedings/board/")
    measures(office, 4)
    with CaptureQueriesContext(connection) as many:
        staff.get("/proceedings/board/")
    assert len(many) == len(one)


@pytest.mark.parametrize(
    "query", ["?desk=nowhere", "?column=none", "?cursor=x&column=improvement.carrying_out", "?page=2"]
)
def test_what_the_board_does_not_know_is_refused_in_words(office: Office, query: str) -> None:
    measures(office, 1)
    answer = Staff(office.world, "quality_manager").get(f"/proceedings/board/{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_causes_are_drawn_as_found_last(office: Office) -> None:
    quality = office.api("quality_manager")
    key = quality.begins(
        "finding",
        finding_text="丢件",
        finding_source="survey",
        asked_department=office.department("transport_operations"),
    )["id"]
    causes = [
        {"cause_branch": "people", "cause_text": "夜班<人少>"},
        {"cause_branch": "equipment", "cause_text": "编号不清"},
    ]
    quality.steps_on(key, "conclude", cause_method="fishbone", causes=causes)
    staff = Staff(office.world, "quality_manager")
    html = staff.get(f"/proceedings/{key}/").content.decode()
    assert 'role="img"' in html and "人员：夜班&lt;人少&gt;；设备与系统：编号不清" in html

    whys = [{"why_answer": "无人清点"}, {"why_answer": "没有规定"}]
    quality.steps_on(key, "conclude", cause_method="five_whys", whys=whys)
    html = staff.get(f"/proceedings/{key}/").content.decode()
    assert 'class="whys"' in html and html.index("无人清点") < html.index("没有规定")


def test_the_form_that_asks_for_more_time_says_when_it_is_due_now(office: Office) -> None:
    case = office.world.register()
    office.walk(case.number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate")
    case.refresh_from_db()
    staff = Staff(office.world, "quality_manager")
    staff.force_login(case.handler)
    assert "3月9日 周一 18:00" in text_of(staff.get(f"/cases/{case.number}/begin/extension/"))


def test_every_branch_has_its_bone_and_no_text_of_a_twig_reaches_it() -> None:
    drawn = fishbone(
        "问题", [("人员", "夜班只有两人，且新员工没有培训"), ("流程", "不清点"), ("设备", "看不清"), ("人员", "调离")]
    )
    assert [bone.title for bone in drawn.bones] == ["人员", "流程", "设备"]
    for bone in drawn.bones:
        for text, (left, right, _) in zip(bone.causes, bone.twigs, strict=True):
            assert left >= 0 and left < right <= max(bone.x1, bone.x2)
            assert all(0 < y < drawn.height for y, _ in text.lines)


def test_a_line_breaks_before_no_mark() -> None:
    assert broken("一二三四五，六", 5) == ["一二三四五，", "六"]


def test_lines_of_a_calendar_file_are_short_and_whole() -> None:
    line = "SUMMARY:" + "会议" * 60
    parts = folded(line).split(b"\r\n")
    assert all(len(part) <= LINE for part in parts) and parts[-1] == b""
    assert folded(line).decode().replace("\r\n ", "") == line + "\r\n"
    assert escaped("a\r\nATTENDEE:x;y,z\\\x00") == "a\\nATTENDEE:x\\;y\\,z\\\\"
