"""The page of a task force reads as a room: who, what by when, meetings, requests, report, what the customer was told."""

from __future__ import annotations

import re

from django.test import Client

from tests.acceptance.test_escalation_proceedings import complaint, escalates, formed, plan, superior
from tests.doors import Api, Office
from tests.web.manage import cost
from tests.web.proceedings.test_pages import text_of

PACKS = ("escalation",)


def browser_of(door: Api) -> Client:
    client = Client()
    client.force_login(door.person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def parts_of(page: str) -> dict[str, str]:
    """The parts of the room by their titles, as text."""
    found = re.findall(r'<section class="panel room-part.*?</section>', page, flags=re.S)
    texts = [re.sub(r"<[^>]+>|\s+", " ", part) for part in found]
    titles = [re.sub(r"<[^>]+>", "", re.search(r"<h2>(.*?)</h2>", part, flags=re.S).group(1)) for part in found]  # type: ignore[union-attr]
    return dict(zip(titles, texts, strict=True))


def test_the_room_shows_members_with_duties_tasks_with_owners_meetings_and_what_was_told(office: Office) -> None:
    number, key, leader = formed(office)
    leader.steps_on(key, "conclude")
    leader.steps_on(key, "propose", **plan(office))
    leader.steps_on(key, "meet", meeting_progress="已补发十七件")
    leader.does(number, "contact")

    parts = parts_of(browser_of(leader).get(f"/proceedings/{key}/").content.decode())

    sales = office.api("department_head", "sales").person.name
    assert leader.person.name in parts["成立事由和组长"]
    assert sales in parts["小组成员和职责"] and parts["小组成员和职责"].count("协同处理") == 2
    assert (
        "复检同批货物" in parts["任务和时间表"] and sales in parts["任务和时间表"] and "3月4日" in parts["任务和时间表"]
    )
    assert "已补发十七件" in parts["专项会议"] and "召开专项会议" in parts["专项会议"]
    assert "支援请求" in parts and "尚无" in parts["报告和审核"]
    assert leader.person.name in parts["向客户的反馈"]


def test_the_number_of_queries_does_not_grow_with_the_tasks(office: Office) -> None:
    _, key, leader = formed(office)
    leader.steps_on(key, "conclude")
    leader.steps_on(key, "propose", **plan(office))
    browser, address = browser_of(leader), f"/proceedings/{key}/"
    few = cost(browser, address)
    decisions = [{"task_what": f"第{n}项", "task_owner": leader.id, "task_due": "2026-03-05"} for n in range(4)]
    leader.steps_on(key, "meet", meeting_decisions=decisions)

    many = cost(browser, address)

    assert many == few
    assert few <= 45, few


def test_the_inbox_shows_all_that_is_needed_to_decide_and_comes_back_to_itself(office: Office) -> None:
    first, second = (escalates(office, complaint(office), escalation_reason=f"理由{n}") for n in (1, 2))
    browser = browser_of(superior(office))

    assert re.search(
        r'href="/proceedings/"><span class="tile-title">.*?<span class="tile-figure">2<',
        browser.get("/").content.decode(),
    )
    page = browser.get("/proceedings/").content.decode()
    beside = browser.get(f"/proceedings/{first}/beside/").content.decode()
    done = browser.post(f"/proceedings/{first}/do/approve/?from=inbox", {"_version": 1, "_token": "a"})
    after = text_of(browser.get("/proceedings/"))

    assert sum(f"/proceedings/{key}/do/approve/?from=inbox" in page for key in (first, second)) == 1
    assert "理由1" in beside and 'data-key="1"' in beside and "上级主管部门审核" in beside
    assert done["Location"] == "/proceedings/"
    assert "理由2" in after and "理由1" not in after
