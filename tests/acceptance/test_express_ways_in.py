"""The ways in to the courier: what each of them records, keeps and fills in by itself."""

from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.doors import Staff, faults, value_of
from tests.pages import in_words, text_of
from tests.web.staff import on_page
from tests.world import PICTURE

PACKS = ("express",)
TYPED = {
    "_desk": "express", "_kind": "complaint", "complainant_name": "李雷", "complainant_phone": "13800138000",
    "recorded_category": "item_damage", "subject": "外箱破裂", "description": "取件时发现外箱破裂。", "demands-0-text": "赔偿",
    "concerns_parcel": "yes", "tracking_number": "SF1234567890123",
}  # fmt: skip


def typed_in(staff, **changes):
    """Register what is typed on the intake page; returns the number."""
    sent = staff.post("/intake/", {**TYPED, **changes})
    assert sent.status_code == 302, text_of(sent) if sent.status_code == 200 else sent.content.decode()
    return sent["Location"].strip("/").split("/")[-1]


@pytest.mark.clause("EXP-1.1.1")
def test_a_call_pops_up_by_its_number_and_is_stored_with_agent_number_time_and_first_handling(office, clock):
    agent = Staff(office.world, "cs_agent")

    popped = agent.get("/intake/", {"phone": "138 0013 8000", "desk": "express"})
    assert popped.status_code == 302
    assert "138" not in popped["Location"]
    secret = unquote(popped["Location"].split("call=")[1])
    clock.later(minutes=1)
    form = agent.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert [on_page(form, name) for name in ("complainant_phone", "caller_number", "call_began_at")] == [
        "13800138000", "13800138000", "2026-03-02T09:00",
    ]  # fmt: skip
    clock.later(minutes=4)
    number = typed_in(
        agent, _channel="telephone", caller_number="13800138000", call_began_at="2026-03-02T09:00",
        first_handling="已请朝阳网点先查件，通话中告知客户。",
    )  # fmt: skip

    door = office.of(agent.person)
    assert (door.case(number)["channel"], door.case(number)["registered_at"]) == ("telephone", "2026-03-02T01:05:00Z")
    event = door.events(number, "register")[0]
    assert event["actor"] == agent.person.actor_id
    assert value_of(event, "caller_number") == "138****8000"
    assert value_of(event, "call_began_at") == "2026-03-02T01:00:00Z"
    assert value_of(event, "first_handling") == "已请朝阳网点先查件，通话中告知客户。"
    assert value_of(event, "tracking_number") == "SF1234567890123"
    assert door.does(number, "note", note_text="网点已找到外箱")["state"] == "received"


@pytest.mark.clause("EXP-1.1.1")
def test_a_number_that_is_none_is_said_and_a_call_by_hand_takes_the_contact_number(office):
    agent = Staff(office.world, "cs_agent")

    assert "电话系统传来的号码无法识别" in text_of(agent.get("/intake/", {"phone": "abc"}, follow=True))
    event = office.api("cs_agent").events(office.api("cs_agent").registered(complainant_phone="13900139000"))[0]
    assert value_of(event, "caller_number") == "139****9000"
    assert value_of(event, "call_began_at") == "2026-03-02T01:00:00Z"


@pytest.mark.clause("EXP-1.1.6")
def test_outlet_and_employee_are_filled_in_at_the_counter_and_a_receipt_is_printed(office):
    clerk = Staff(office.world, "department_head", "branch_outlet")
    form = clerk.get("/intake/", {"desk": "express", "channel": "outlet"})
    outlet = str(clerk.person.department_id)
    number = typed_in(clerk, _channel="outlet", complainant_phone="", complainant_email="li@example.com")

    event = office.api("cs_supervisor").events(number, "register")[0]
    assert f'value="{outlet}" selected' in form.content.decode()
    assert value_of(event, "receiving_outlet") == clerk.person.department.title
    assert value_of(event, "receiving_employee") == clerk.person.name
    slip = clerk.post(f"/intake/done/{number}/slip.pdf")
    assert (slip.status_code, slip.content[:5]) == (200, b"%PDF-")
    assert "打印受理回执" in text_of(clerk.get(f"/intake/done/{number}/"))
    assert Staff(office.world, "cs_supervisor").post(f"/intake/done/{number}/slip.pdf").status_code == 404


@pytest.mark.clause("EXP-1.1.7")
def test_a_platform_deadline_that_is_earlier_governs_alerts_and_replies_there_are_kept(office, clock):
    officer = office.api("platform_officer")
    platform = {"channel": "third_party_platform", "platform_name": "heimao", "complainant_phone": None}
    unnumbered = officer.register(**platform, platform_number=None)
    assert faults(unnumbered) == {"/answers/platform_number": "required"}

    number = officer.registered(**platform, platform_number="HM-17364", platform_due_at="2026-03-03T12:00:00+08:00")
    late = officer.registered(**platform, platform_number="HM-17365", platform_due_at="2026-03-20T12:00:00+08:00")

    event = officer.events(number, "register")[0]
    assert (value_of(event, "platform_name"), value_of(event, "platform_number")) == (["黑猫投诉"], "HM-17364")
    clocks = officer.clocks(number)
    assert (clocks["handling"]["due_at"], clocks["platform_reply"]["due_at"]) == ("2026-03-03T04:00:00Z",) * 2
    assert officer.clocks(late)["handling"]["due_at"] == "2026-03-05T10:00:00Z"
    assert "HM-17364" in text_of(Staff(office.world, "platform_officer").get(f"/cases/{number}/"))

    clock.at("2026-03-03T10:05:00+08:00")
    office.work()
    assert officer.username in office.told(number, "clock_warning")
    replied = {"contact_way": "platform", "reached": False, "contact_text": "已在平台答复：正在查件"}
    unsaid = officer.act(number, "contact", **replied, platform_replied_at=None)
    assert faults(unsaid) == {"/data/platform_replied_at": "required"}
    officer.does(number, "contact", **replied, platform_replied_at="2026-03-03T10:00:00+08:00")

    assert officer.clocks(number)["platform_reply"]["status"] == "kept"
    assert value_of(officer.events(number, "contact")[0], "contact_text") == "已在平台答复：正在查件"
    clock.at("2026-03-03T12:01:00+08:00")
    office.work()
    assert [officer.clocks(one)["handling"]["status"] for one in (number, late)] == ["broken", "running"]


def found(staff, **changes):
    """What the page for a post that was found sends."""
    post = {
        "post_platform": "weibo", "post_author": "爱吃桃的阿宁", "posted_at": "2026-03-01T21:30", "post_text": "快递三天没动！\n@客服",
        "post_link": "https://weibo.com/1/N1#a", **changes,
    }  # fmt: skip
    return staff.post("/posts/new/express/", {name: value for name, value in post.items() if value is not None})


@pytest.mark.clause("EXP-1.1.4")
def test_a_post_is_recorded_handed_over_with_notice_to_the_department_or_ignored_with_a_reason(office):
    team = Staff(office.world, "social_media_officer", HTTP_HX_REQUEST="true")
    door = office.of(team.person)
    scan = office.world.upload(team.person.actor_id)
    tomorrow = found(team, posted_at="2026-03-03T09:00")
    nowhere = found(team, post_link="weibo")
    assert (tomorrow.status_code, nowhere.status_code) == (422, 422)

    assert found(team, post_screenshots=scan).status_code == 204
    assert "已由" in found(team, post_link="HTTPS://weibo.com/1/N1").content.decode()
    assert found(team, post_link="https://weibo.com/1/N2", post_text="今天天气不错").status_code == 204
    page = text_of(team.get("/posts/"))
    assert "微博" in page and "爱吃桃的阿宁" in page and "快递三天没动" in page and "负责人员" in page
    first, second = (found_post(team, "快递三天没动"), found_post(team, "今天天气不错"))
    assert team.post(f"/posts/{second}/ignore/", {"reason": " "}).status_code == 422
    assert team.post(f"/posts/{second}/ignore/", {"reason": "与本公司无关"}).status_code == 204
    assert "与本公司无关" in text_of(team.get("/posts/", {"state": "ignored"}))

    form = team.get(f"/posts/{first}/hand-over/")
    assert 'value="爱吃桃的阿宁"' in form.content.decode()
    department = office.world.organisation.departments["delivery_operations"]
    handed = team.post(f"/posts/{first}/hand-over/", {
        "complainant_name": "爱吃桃的阿宁", "subject": "快递三天没动！", "description": "快递三天没动！", "recorded_category": "timeliness",
        "concerns_parcel": "no", "department": str(department.pk), "route_reason": "派送环节",
    })  # fmt: skip
    assert handed.status_code == 204, text_of(handed) if handed.status_code == 200 else handed.content.decode()
    number = handed["HX-Redirect"].strip("/").split("/")[-1]
    again = team.post(f"/posts/{first}/ignore/", {"reason": "已转交"})
    assert again.status_code == 409

    event = door.events(number, "register")[0]
    assert value_of(event, "post_link") == "https://weibo.com/1/N1#a"
    assert value_of(event, "post_text") == "快递三天没动！\n@客服"
    assert value_of(event, "posted_at") == "2026-03-01T13:30:00Z"
    assert (door.case(number)["channel"], len(door.read(f"cases/{number}/evidence")["evidence"])) == ("social_media", 1)
    page = Staff(office.world, "cs_supervisor").get(f"/cases/{number}/").content.decode()
    assert '<a href="https://weibo.com/1/N1#a" target="_blank" rel="noopener noreferrer nofollow">' in page
    assert office.api("department_head", "delivery_operations").username in office.told(number, "post_handed_over")
    assert number in text_of(team.get("/posts/", {"state": "handed_over"}))
    assert Staff(office.world, "employee").get("/posts/").status_code == 404


def found_post(staff, text):
    """The key of the post that says so, from the page."""
    content = staff.get("/posts/").content.decode()
    return content[: content.index(text)].rsplit('id="post-', 1)[1].split('"')[0]


@pytest.mark.clause("EXP-1.1.3")
def test_feedback_of_the_app_becomes_a_case_with_its_number_and_without_a_token_nothing(office):
    app = office.api("cs_agent")
    sent = {
        "desk": "express", "customer": {"id": "u-8817", "name": "李雷", "phone": "13800138000"}, "shipment": "SF1234567890123",
        "text": "快件三天没有更新。客服电话打不通。",
    }  # fmt: skip
    upload = Client(headers=app.headers).post(
        "/api/v1/uploads", {"desk": "express", "file": SimpleUploadedFile("面单.png", PICTURE)}
    )
    empty = Client(headers=app.headers).post(
        "/api/v1/uploads", {"desk": "express", "file": SimpleUploadedFile("空.png", b"")}
    )
    assert (upload.status_code, empty.status_code) == (201, 415)

    answered = app.post("feedback", {**sent, "attachments": [upload.json()["id"]]})
    assert answered.status_code == 201, answered.content.decode()
    number = answered.json()["number"]
    assert app.case(number)["channel"] == "mobile_app"
    event = app.events(number, "register")[0]
    assert [value_of(event, name) for name in ("subject", "tracking_number", "app_customer_id")] == [
        "快件三天没有更新。", "SF1234567890123", "u-8817",
    ]  # fmt: skip
    assert [file["name"] for file in app.read(f"cases/{number}/evidence")["evidence"]] == ["面单.png"]

    wrong = app.post("feedback", {**sent, "shipment": "12", "customer": {"name": "李雷", "phone": "1"}})
    assert faults(wrong) == {"/customer/phone": "bad_phone", "/shipment": "bad_format"}
    suggested = app.post("feedback", {**sent, "shipment": None, "kind": "suggestion"})
    assert (suggested.status_code, app.numbers(counts="no")) == (201, [suggested.json()["number"]])
    lost = app.post("feedback", {**sent, "kind": "suggestion"})
    assert faults(lost) == {"/shipment": "not_taken"}
    for headers in ({}, {"Authorization": "Bearer amd_wrong"}):
        stranger = Client(headers=headers).post("/api/v1/feedback", sent, content_type="application/json")
        assert stranger.status_code == 401
    assert len(app.numbers()) == 2


@pytest.mark.clause("EXP-1.1.4")
def test_posts_are_recorded_listed_and_decided_by_api_as_well(office):
    team = office.api("social_media_officer")
    post = {
        "desk": "express", "platform": "douyin", "author": "阿宁", "posted_at": "2026-03-01T21:30:00+08:00", "text": "快递丢了",
        "link": "https://www.douyin.com/video/1",
    }  # fmt: skip
    late = team.post("posts", {**post, "posted_at": "2026-03-03T09:00:00+08:00", "link": "javascript:alert(1)"})
    assert faults(late) == {"/posted_at": "in_future", "/link": "bad_url"}
    first, second = (team.post("posts", {**post, "link": f"{post['link']}{n}"}).json()["id"] for n in (1, 2))

    assert [one["id"] for one in team.read("posts", desk="express")["posts"]][0] in (first, second)
    assert len(team.read("posts", desk="express", size="1")["posts"]) == 1
    assert team.post(f"posts/{first}/ignore", {"reason": ""}).status_code == 422
    ignored = team.post(f"posts/{first}/ignore", {"reason": "同名公司"})
    assert (ignored.json()["state"], ignored.json()["reason"]) == ("ignored", "同名公司")
    handed = team.post(
        f"posts/{second}/hand_over", {"data": {"recorded_category": "item_loss", "concerns_parcel": False}}
    )
    assert handed.status_code == 201, handed.content.decode()
    assert team.read("posts", desk="express", state="handed_over")["posts"][0]["case"] == handed.json()["number"]
    assert office.api("cs_agent").post("posts", post).status_code == 403


def written(kind, files=(), **changes):
    """What a visitor of the website sends in the section for complaints and suggestions, the whole form at once."""
    letter = {
        "complainant_name": "韩梅梅",
        "complainant_phone": "13900139000",
        "subject": "外箱压瘪",
        "description": "打开一看碎了。",
        **changes,
    }
    if kind == "complaint":
        letter |= {"recorded_category": "item_damage", "concerns_parcel": "no", "demands-0-text": "照价赔偿"}
    visitor = Client()
    for file in files:
        letter["_upload-evidence_files"] = file
    return visitor.post(f"/portal/complain/express/{kind}/", letter)


@pytest.mark.clause("EXP-1.1.2")
def test_the_website_takes_a_complaint_with_a_photo_and_a_suggestion_that_is_none(office):
    agent = office.api("cs_agent")
    manager = Staff(office.world, "administrator")
    assert manager.post("/policies/express/entrances/", {"hosts": "www.example.com"}).status_code == 302

    sent = written("complaint", [SimpleUploadedFile("外箱.png", PICTURE)])
    (number,) = agent.numbers()
    assert sent.status_code == 201
    assert number in "".join(in_words(sent.content.decode()).split())
    assert [file["name"] for file in agent.read(f"cases/{number}/evidence")["evidence"]] == ["外箱.png"]
    assert (agent.case(number)["kind"], agent.case(number)["channel"]) == ("complaint", "website")

    suggested = written("suggestion")
    (other,) = agent.numbers(counts="no")
    assert (suggested.status_code, agent.case(other)["kind"]) == (201, "suggestion")
    assert agent.numbers(counts="yes") == [number]

    frame = Client().get("/portal/embed/express/")
    assert "我要投诉" in in_words(frame.content.decode()) and "我有建议" in in_words(frame.content.decode())
    script = Client().get("/portal/embed/express/frame.js")
    assert (script.status_code, script["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "/portal/embed/express/" in script.content.decode()
