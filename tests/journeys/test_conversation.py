"""One conversation from the first mail to the thank-you letter, over real mail, real pages and the customer's phone.

A complaint comes by mail and is answered by mail; a call is promised and made; the customer refuses in the portal, is offered
something better and accepts; the case is closed and archived, somebody calls back, a text message asks how it went, and a
thank-you letter comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amends.apps.cases.models import Case
from amends.apps.deferred.models import Job
from amends.apps.mail.fetching import PURPOSE, fetch_mailbox
from amends.apps.mail.models import Mailbox
from amends.apps.people.sealing import seal
from tests.imap_server import PASSWORD as MAIL_PASSWORD
from tests.imap_server import imap_server
from tests.journeys.conftest import patient
from tests.journeys.driving import Visitor
from tests.journeys.post import Post, a_mail, an_answer, post_office
from tests.journeys.test_surveys import PHONE, choose, fits
from tests.web.portal import run_jobs, texts_sent
from tests.world import PASSWORD, PICTURE, DeskWorld, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
SERVICE, CUSTOMER = "service@amends.test", "zhang.min@example.com"
NUMBER = "13800138000"


@pytest.fixture
def post() -> Iterator[Post]:
    with imap_server() as imap, post_office(imap) as running:
        yield running


@dataclass
class Town:
    """The desk and its mailbox, somebody at the desk, the customer on a phone, and the post between them."""

    world: DeskWorld
    staff: Visitor
    customer: Page
    post: Post

    def sits_down(self, role: str) -> None:
        self.staff.becomes(self.world.person(role))

    def does(self, verb: str, **wishes: Any) -> None:
        """A verb on the case, by whoever sits there, with the form that the policy asks for."""
        rules = [t for t in self.world.pack.lifecycle.from_state(self.case.state) if t.verb == verb]
        form = self.world.pack.forms[rules[0].form] if rules[0].form else None
        self.staff.does(self.case.number, verb, form, **wishes)

    @property
    def case(self) -> Case:
        return Case.objects.get(kind="complaint")

    def work_is_done(self) -> None:
        """What the worker does by itself: mailboxes are read, mails are taken in, messages leave."""
        for mailbox in Mailbox.objects.all():
            fetch_mailbox(mailbox, now=timezone.now())
        while Job.objects.filter(state=Job.State.WAITING, run_at__lte=timezone.now()).exists():
            run_jobs()

    def subjects_received(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.post.mails_of(CUSTOMER)]

    def link_in_the_last_mail(self) -> str:
        found = re.search(r"http\S+/portal/s/\S+/", self.post.mails_of(CUSTOMER)[-1].get_content())
        assert found is not None
        return found.group(0)


@pytest.fixture
def town(live_server: Any, window: Page, browser: Browser, post: Post, settings: Any, tmp_path: Path) -> Iterator[Town]:
    """A desk under the policy that has all of it: mail, promises, rounds, calls, surveys and praise."""
    settings.BASE_URL, settings.SMS_URL = live_server.url, f"file://{tmp_path}/sms"
    settings.MAIL_URL, settings.MAIL_FROM = f"smtp://127.0.0.1:{post.port}", "no-answer@amends.test"
    now = timezone.now()
    publish_shipped(("reporting",), now=now)
    world = open_world("reporting", now=now, password=PASSWORD)
    Mailbox.objects.create(
        desk=world.desk, address=SERVICE, channel="email", host="127.0.0.1", port=post.imap.tls_port, security="tls",
        certificate=post.imap.certificate, username="service", sealed=seal(MAIL_PASSWORD.encode(), purpose=PURPOSE), created_at=now,
    )  # fmt: skip
    phone = patient(browser, viewport=PHONE, has_touch=True).new_page()
    yield Town(world, Visitor(window, live_server.url, world), phone, post)


def test_a_conversation_from_the_first_mail_to_the_thank_you_letter(town: Town) -> None:
    a_complaint_comes_by_mail(town)
    it_is_answered_by_mail_and_a_call_is_promised(town)
    the_customer_answers_by_mail(town)
    the_promised_call_is_made(town)
    an_answer_is_told_and_refused_in_the_portal(town)
    a_better_one_is_accepted(town)
    the_case_is_closed_and_archived(town)
    somebody_calls_back(town)
    a_text_message_asks_how_it_went(town)
    a_thank_you_letter_comes_in(town)
    assert town.staff.said == []


def a_complaint_comes_by_mail(town: Town) -> None:
    mail = a_mail(
        f"张敏 <{CUSTOMER}>",
        SERVICE,
        "洗衣机到货时外壳破损",
        "昨天送到的洗衣机外壳裂了一条缝，安装师傅也看到了。请换一台。",
    )
    mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="裂缝.png")
    town.post.hand_in(mail)
    town.work_is_done()

    town.sits_down("cs_agent")
    page = town.staff.page
    page.goto(f"{town.staff.base}/mail/?tab=cases")
    page.get_by_role("link", name="洗衣机到货时外壳破损").click()
    expect(page.locator(".prose")).to_contain_text("请换一台")
    town.staff.opens(town.case.number)
    expect(page.locator("main")).to_contain_text("外壳裂了一条缝")
    expect(page.locator("main")).to_contain_text("裂缝.png")
    assert [town.case.number in subject for subject in town.subjects_received()] == [True]


def it_is_answered_by_mail_and_a_call_is_promised(town: Town) -> None:
    town.does("promise", promise_kind="call", comment="明天上午给您回电，商量换货的时间。")
    town.work_is_done()

    first, answer = town.post.mails_of(CUSTOMER)
    assert "前答复您" in answer["Subject"]
    assert answer["Reply-To"].startswith("service+")
    assert first["Message-ID"] in answer["References"]
    page = town.staff.page
    page.goto(f"{town.staff.base}/promises/")
    row = page.locator("tr", has_text=town.case.number)
    expect(row).to_contain_text("明天上午给您回电")
    expect(row).to_contain_text("按时回电")
    expect(row).to_contain_text("待履行")


def the_customer_answers_by_mail(town: Town) -> None:
    town.post.hand_in(an_answer(town.post.mails_of(CUSTOMER)[-1], f"张敏 <{CUSTOMER}>", f"好的，我的电话是 {NUMBER}。"))
    town.work_is_done()

    page = town.staff.page
    page.goto(f"{town.staff.base}/cases/{town.case.number}/")
    expect(page.locator(".timeline")).to_contain_text("好的，我的电话是")
    assert Case.objects.count() == 1
    town.does("correct", complaint_type="product_quality", complainant_phone=NUMBER, reason="客户来信告知电话")


def the_promised_call_is_made(town: Town) -> None:
    town.does("contact", contact_way="telephone", reached="yes", contact_text="已回电，客户只要求换货。")

    page = town.staff.page
    page.goto(f"{town.staff.base}/promises/?show=kept")
    expect(page.locator("tr", has_text=town.case.number)).to_contain_text("按时履行")


def an_answer_is_told_and_refused_in_the_portal(town: Town) -> None:
    for verb in ("grade", "investigate", "conclude"):
        town.does(verb)
    town.does("propose", solution_text="我们为您免费更换外壳。")
    town.does("tell", contact_text="我们为您免费更换外壳。")
    town.work_is_done()

    phone = town.customer
    phone.goto(town.link_in_the_last_mail())
    fits(phone)
    phone.get_by_role("button", name="发送验证码").click()
    phone.get_by_label("验证码").wait_for()
    town.work_is_done()
    code = re.search(r"(?<!\d)\d{6}(?!\d)", town.post.mails_of(CUSTOMER)[-1].get_content())
    assert code is not None
    phone.get_by_label("验证码").fill(code.group(0))
    phone.get_by_role("button", name="确认").click()
    expect(phone.locator(".p-answer")).to_contain_text("免费更换外壳")
    fits(phone)
    phone.get_by_role("link", name="不接受，说明理由").click()
    phone.get_by_label("哪里不能接受").fill("外壳是主体结构，修过的我不放心，要换新机。")
    phone.get_by_role("button", name="提交理由").click()
    phone.get_by_text("已记下您的理由").wait_for()
    assert town.case.round == 2


def a_better_one_is_accepted(town: Town) -> None:
    town.staff.page.goto(f"{town.staff.base}/cases/{town.case.number}/")
    expect(town.staff.page.locator(".timeline")).to_contain_text("修过的我不放心")
    town.does("propose", solution_text="为您更换一台新机，旧机由我们取回。")
    town.does("tell", contact_text="为您更换一台新机，旧机由我们取回。")
    town.work_is_done()

    phone = town.customer
    phone.goto(town.link_in_the_last_mail())
    phone.get_by_role("link", name="打开").click()
    expect(phone.locator(".p-answer")).to_contain_text("更换一台新机")
    phone.get_by_role("link", name="接受处理结果").click()
    phone.get_by_role("button", name="确认接受").click()
    phone.get_by_text("您接受处理结果。谢谢您").wait_for()


def the_case_is_closed_and_archived(town: Town) -> None:
    town.staff.page.goto(f"{town.staff.base}/cases/{town.case.number}/")
    for verb in ("complete_measure", "carry_out", "close", "archive"):
        town.does(verb)
    expect(town.staff.page.locator(".glance dd").first).to_contain_text("已归档")


def somebody_calls_back(town: Town) -> None:
    town.sits_down("intake_officer")
    page = town.staff.page
    page.goto(f"{town.staff.base}/calls/?when=all")
    page.get_by_role("link", name="洗衣机到货时外壳破损").click()
    expect(page.locator(".call-script")).to_contain_text("问题解决了吗")
    page.get_by_role("link", name="接通了").click()
    town.staff.fills(
        town.world.pack.forms["follow_up"], {"satisfaction": "satisfied", "problem_solved": "yes", "suggestion": "包装再厚一点"}
    )  # fmt: skip
    page.locator(".form-foot .btn-primary").click()
    page.wait_for_url("**/calls/")
    page.goto(f"{town.staff.base}/calls/?when=all")
    expect(page.locator(".calls tbody tr")).to_have_count(1)
    expect(page.locator(".calls tbody tr")).to_contain_text("定期回访")


def a_text_message_asks_how_it_went(town: Town) -> None:
    town.sits_down("team_lead")
    page = town.staff.page
    page.goto(f"{town.staff.base}/surveys/new/{town.world.desk.code}/")
    page.get_by_label("调查名称").fill("十一月办结客户调查")
    page.locator('select[name="questionnaire"]').select_option("after_handling")
    page.locator('label:has(input[name="methods"][value="sms"])').click()
    zone = ZoneInfo(town.world.pack.head.zone)
    today, closed_at = timezone.now().astimezone(zone).date(), town.case.closed_at
    assert closed_at is not None
    days = {
        "closed_from": closed_at.astimezone(zone).date(),
        "closed_until": today,
        "begins_on": today,
        "ends_on": today + timedelta(days=14),
    }
    for name, day in days.items():
        page.locator(f'input[name="{name}"]').fill(day.isoformat())
    page.get_by_role("button", name="保存方案").click()
    page.get_by_role("button", name="启动调查").click()
    page.get_by_text("邀请正在发出").wait_for()
    town.work_is_done()

    [text] = [one for one in texts_sent() if "/portal/survey/" in one["text"]]
    assert text["to"] == NUMBER
    link = re.search(r"http\S+/portal/survey/\S+/", text["text"])
    assert link is not None
    phone = town.customer
    phone.goto(link.group(0))
    fits(phone)
    choose(phone, "process", "4")
    choose(phone, "result", "5")
    phone.locator("#q-words textarea").fill("第二次的方案很好。")
    phone.get_by_role("button", name="提交评价").click()
    phone.get_by_role("heading", name="已收到您的评价").wait_for()
    phone.goto(link.group(0))
    expect(phone.locator("main")).to_contain_text("只能回答一次")
    page.goto(page.url.rstrip("/") + "/analysis/")
    expect(page.locator("main")).to_contain_text("第二次的方案很好。")


def a_thank_you_letter_comes_in(town: Town) -> None:
    praised = town.world.person("cs_agent")
    town.sits_down("intake_officer")
    town.staff.page.goto(town.staff.base)
    number = town.staff.registers(
        kind="praise", channel="letter", complainant_name="张敏", complainant_phone=NUMBER, praised_person=praised.pk,
        subject="感谢信：换货又快又周到", description="感谢贵公司为我更换了新洗衣机，客服人员每次都说到做到。",
    )  # fmt: skip

    town.sits_down("cs_agent")
    page = town.staff.page
    page.goto(f"{town.staff.base}/account/")
    expect(page.get_by_role("region", name="客户表扬")).to_contain_text("感谢信：换货又快又周到")
    page.goto(f"{town.staff.base}/cases/{number}/customer/")
    expect(page.locator("main")).to_contain_text("洗衣机到货时外壳破损")
