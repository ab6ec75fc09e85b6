"""The pages of the organisation: found, changed, refused; what changes rights asks for the password again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.models import Absence, Person
from amends.web.confirming import CONFIRMED
from amends.web.middleware.session_age import BEGAN
from tests.doors import Clock, Office
from tests.pages import text_of
from tests.web.manage import browser, cost
from tests.world import PASSWORD

PACKS = ("express",)
pytestmark = pytest.mark.django_db


@pytest.fixture
def root(office: Office) -> Client:
    person = Person.objects.create_person(username="root", name="管理员", password=PASSWORD, is_administrator=True)
    client = browser(person)
    began(client, office.world.now)
    return client


def began(client: Client, moment: Any) -> None:
    session = client.session
    session[BEGAN] = moment.isoformat()
    session.save()


def added(client: Client, office: Office, **changes: Any) -> Any:
    unit = office.world.organisation.departments["customer_service"]
    data = {"username": "lin.xiaoyan", "name": "林晓燕", "department": unit.pk, "email": "", "phone": "", **changes}
    return client.post("/organisation/people/add/", data)


def test_an_administrator_adds_a_person_who_signs_in(office: Office, root: Client) -> None:
    page = text_of(added(root, office))
    assert "72 小时内有效" in page
    link = re.search(r"/welcome/[\w-]+/", added_link(root)).group()  # type: ignore[union-attr]
    stranger = Client()
    assert "请设置登录密码" in text_of(stranger.get(link))
    weak = stranger.post(link, {"password": "password1234", "again": "password1234"})
    assert (weak.status_code, "这个密码太常见" in weak.content.decode()) == (422, True)
    short = stranger.post(link, {"password": "kurz", "again": "kurz"})
    assert "密码至少 12 个字符" in short.content.decode()
    differs = stranger.post(link, {"password": "eine-lange-phrase", "again": "eine-andere-phrase"})
    assert "两次输入的密码不一样" in differs.content.decode()
    done = stranger.post(link, {"password": "eine-lange-phrase", "again": "eine-lange-phrase"})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert "林晓燕" in text_of(stranger.get("/"))
    assert Client().get(link).status_code == 404


def test_what_is_no_telephone_number_is_refused_for_a_new_person_and_a_known_one(office: Office, root: Client) -> None:
    said = "不是有效的电话号码，例如 13800138000 或 010-86922900"
    refused = added(root, office, phone="下午在")
    assert (refused.status_code, said in refused.content.decode()) == (422, True)
    added(root, office, phone="0571-86922900")
    person = Person.objects.get(username="lin.xiaoyan")
    changed = root.post(f"/organisation/people/{person.pk}/", {"name": person.name, "phone": "139"})
    assert (changed.status_code, said in changed.content.decode()) == (422, True)
    assert Person.objects.get(pk=person.pk).phone == "0571-86922900"


def test_an_account_is_closed_at_the_second_click_not_the_first(office: Office, root: Client) -> None:
    added(root, office)
    person = Person.objects.get(username="lin.xiaoyan")
    page = text_of(root.get(f"/organisation/people/{person.pk}/"))
    assert "停用账号 确定停用林晓燕的账号？ 确认停用" in page


def added_link(root: Client) -> str:
    person = Person.objects.get(username="lin.xiaoyan")
    return str(root.post(f"/organisation/people/{person.pk}/invite/").content.decode())


def test_a_role_given_on_the_page_counts_at_once_and_taken_away_stops(office: Office, root: Client) -> None:
    added(root, office)
    world, person = office.world, Person.objects.get(username="lin.xiaoyan")
    world.register()
    given = root.post(f"/organisation/people/{person.pk}/roles/", {"role": "express:intake_officer", "department": ""})
    assert given.status_code == 302
    assert visible_to(Viewer(person=person, now=world.now)).count() == 1
    held = person.memberships.get()
    root.post(f"/organisation/people/{person.pk}/roles/{held.pk}/revoke/")
    assert visible_to(Viewer(person=person, now=world.now)).count() == 0
    assert "授予林晓燕“受理人员”" in text_of(root.get("/organisation/changes/"))


def test_what_changes_rights_asks_for_the_password_after_five_minutes(
    office: Office, root: Client, clock: Clock
) -> None:
    clock.later(minutes=6)
    asked = added(root, office)
    assert asked.status_code == 403
    assert 'name="username" value="lin.xiaoyan"' in asked.content.decode()
    assert not Person.objects.filter(username="lin.xiaoyan").exists()
    wrong = added(root, office, _password="nicht-das-richtige")
    assert (wrong.status_code, "密码不对" in wrong.content.decode()) == (422, True)
    assert "nicht-das-richtige" not in wrong.content.decode()
    assert "72 小时内有效" in text_of(added(root, office, _password=PASSWORD))
    assert root.session[CONFIRMED] == clock.now.isoformat()
    clock.later(minutes=4)
    assert added(root, office, username="second").status_code == 200


def test_guessing_the_password_is_stopped(office: Office, root: Client, clock: Clock) -> None:
    clock.later(minutes=6)
    answers = [added(root, office, _password=f"guess-{n}").status_code for n in range(6)]
    assert answers == [422] * 5 + [429]
    assert added(root, office, _password=PASSWORD).status_code == 429


def test_a_right_not_held_is_refused_by_name(office: Office, root: Client) -> None:
    added(root, office)
    person = Person.objects.get(username="lin.xiaoyan")
    desk_manager = browser(office.world.person("administrator"))
    began(desk_manager, office.world.now)
    page = desk_manager.get(f"/organisation/people/{person.pk}/").content.decode()
    assert "express:administrator" in page and "express:intake_officer" not in page
    refused = desk_manager.post(
        f"/organisation/people/{person.pk}/roles/", {"role": "express:intake_officer", "department": ""}
    )
    assert refused.status_code == 403
    assert "您自己没有“登记”的权限" in refused.content.decode()


@pytest.mark.parametrize("role", ["intake_officer", "department_head", "executive"])
def test_who_manages_nobody_sees_no_organisation(office: Office, role: str) -> None:
    client = browser(office.world.person(role))
    for address in ("", "people/", "functions/", "changes/", "people/1/"):
        assert client.get(f"/organisation/{address}").status_code == 403
    assert "部门与人员" not in text_of(client.get("/"))


def test_letting_go_lists_what_lies_with_them(office: Office, root: Client) -> None:
    world = office.world
    case = world.do(world.do(world.do(world.do(world.register(), "accept"), "confirm"), "grade"), "dispatch")
    assert case.handler is not None
    supervisor = browser(world.person("cs_supervisor"))
    assert root.post(f"/organisation/people/{case.handler.pk}/let-go/").status_code == 302
    page = text_of(root.get(f"/organisation/people/{case.handler.pk}/"))
    assert "还有 1 件未结个案在其名下，无人办理" in page
    assert case.number in text_of(supervisor.get("/gaps/"))
    former = browser(case.handler)
    assert former.get("/").status_code == 302


def test_the_last_administrator_stays(office: Office, root: Client) -> None:
    person = Person.objects.get(username="root")
    answer = root.post(f"/organisation/people/{person.pk}/administer/", {"wanted": "no"})
    assert (answer.status_code, "至少须保留一名系统管理员" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize(
    "address",
    ["/organisation/", "/organisation/people/", "/organisation/functions/", "/organisation/changes/", "/absences/"],
)
def test_pages_cost_the_same_for_few_and_many_people(office: Office, root: Client, address: str) -> None:
    few = cost(root, address)
    for n in range(5):
        added(root, office, username=f"p{n}")
        person = Person.objects.get(username=f"p{n}")
        root.post(f"/organisation/people/{person.pk}/roles/", {"role": "express:intake_officer", "department": ""})
        Absence.objects.create(
            person=person, starts_at=office.world.now, ends_at=office.world.now + timedelta(days=1), deputy=None
        )
    assert cost(root, address) <= few


def test_a_department_is_added_renamed_and_retired(office: Office, root: Client) -> None:
    parent = office.world.organisation.departments["customer_service"]
    root.post("/organisation/", {"title": "夜班组", "title_en": "", "code": "night", "parent": parent.pk})
    page = text_of(root.get("/organisation/"))
    assert "夜班组" in page
    unit = parent.children.get(code="night")
    root.post(f"/organisation/departments/{unit.pk}/", {"title": "夜间客服", "title_en": ""})
    assert "夜间客服" in text_of(root.get(f"/organisation/departments/{unit.pk}/"))
    again = root.post("/organisation/", {"title": "又一个", "title_en": "", "code": "night", "parent": parent.pk})
    assert (again.status_code, "部门代码”已有“night”" in again.content.decode()) == (422, True)
    refused = root.post(f"/organisation/departments/{parent.pk}/retire/")
    assert (refused.status_code, "不能停用" in refused.content.decode()) == (409, True)
    root.post(f"/organisation/departments/{unit.pk}/retire/")
    assert "已停用的部门（1）" in text_of(root.get("/organisation/"))


def test_departments_of_the_same_name_are_told_apart_by_their_code(office: Office, root: Client) -> None:
    parent = office.world.organisation.departments["customer_service"]
    for code in ("night.north", "night.south"):
        root.post("/organisation/", {"title": "夜班组", "title_en": "", "code": code, "parent": parent.pk})

    choices = text_of(root.get("/organisation/people/add/"))

    assert "夜班组（night.north）" in choices and "夜班组（night.south）" in choices
    assert f"{parent.called.zh_hans}（" not in choices


def test_bad_input_is_said_at_its_field(office: Office, root: Client) -> None:
    answer = added(root, office, username="林 晓燕", name="林\x00燕", email="nicht", department="99999")
    text = answer.content.decode()
    assert answer.status_code == 422
    for sentence in ("以字母或数字开头", "不可见的控制字符", "不是有效的电子邮箱", "没有这个选项"):
        assert sentence in text


def test_somebody_enters_their_own_absence_and_sees_what_the_deputy_takes_over(office: Office) -> None:
    world = office.world
    person, deputy = world.person("department_head", "settlement"), world.person("department_staff", "settlement")
    client = browser(person)
    page = text_of(client.get("/absences/enter/"))
    assert "代理人将接手什么" in page and "业务部门负责人" in page
    begin = world.now + timedelta(hours=1)
    data = {
        "person": person.pk, "starts": begin.strftime("%Y-%m-%dT%H:%M"),
        "ends": (begin + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"), "deputy": deputy.pk, "reason": "出差",
    }  # fmt: skip
    assert client.post("/absences/enter/", data).status_code == 302
    absence = Absence.objects.get()
    assert (absence.starts_at, absence.deputy) == (begin, deputy)
    assert "出差" in text_of(client.get("/absences/"))
    assert f"代理{person.name}" in text_of(browser(deputy).get("/absences/"))
    again = client.post("/absences/enter/", data)
    assert (again.status_code, "在这段时间里已有登记" in again.content.decode()) == (422, True)
    stranger = browser(world.person("department_staff", "transport_operations"))
    assert stranger.post(f"/absences/{absence.pk}/end/").status_code == 404
    assert client.post(f"/absences/{absence.pk}/end/").status_code == 302
    assert not Absence.objects.exists()
