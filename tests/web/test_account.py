"""My account: the password, the second factor, where one is signed in, tokens; and what a manager resets for others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from amends.apps.ledger.models import Event
from amends.apps.people.actions import grant_role
from amends.apps.people.models import ApiToken, Person, RecoveryCode, SecondFactor
from amends.apps.people.second_factor import code_at
from amends.web.account.second_factor import OFFERED
from tests.acceptance.conftest import clock, made_worlds, office, office_of
from tests.doors import Clock, Office
from tests.pages import in_words, text_of
from tests.web.manage import cost
from tests.world import PASSWORD

__all__ = ["clock", "made_worlds", "office", "office_of"]
PACKS = ("express",)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required_of_administrators(settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = "required"


@pytest.fixture
def agent(office: Office) -> Person:
    return with_password(office.world.person("cs_agent"))


@pytest.fixture
def root(office: Office) -> Person:
    return Person.objects.create_person(username="root", name="管理员", password=PASSWORD, is_administrator=True)


def with_password(person: Person) -> Person:
    person.set_password(PASSWORD)
    person.save()
    return person


def signs_in(person: Person, password: str = PASSWORD, **headers: Any) -> Client:
    """A browser, on the machine itself, in which somebody typed name and password."""
    client = Client(headers={"host": "127.0.0.1", **headers})
    client.post("/sign-in/", {"username": person.username, "password": password})
    return client


def sets_up(client: Client, clock: Clock) -> list[str]:
    """The second factor, with the code that an app would show; returns the recovery codes of the page."""
    client.get("/account/second-factor/")
    page = client.post("/account/second-factor/", {"code": code_at(client.session[OFFERED], clock.now)})
    assert page.status_code == 200, in_words(page.content.decode())
    return re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page.content.decode())


def app_code(person: Person, clock: Clock) -> str:
    return code_at(SecondFactor.objects.get(person=person).sealed, clock.now)


def is_in(client: Client) -> bool:
    return client.get("/notices/").status_code == 200


# The second factor


def test_a_second_factor_is_set_up_with_a_code_and_then_asked_for(agent: Person, clock: Clock) -> None:
    client = signs_in(agent)
    page = client.get("/account/second-factor/")
    assert "data:image/svg+xml" in page.content.decode()
    wrong = client.post("/account/second-factor/", {"code": "000000"})
    assert (wrong.status_code, "验证码不对" in wrong.content.decode()) == (422, True)
    assert not SecondFactor.objects.exists()

    codes = sets_up(client, clock)
    assert (len(set(codes)), is_in(client)) == (10, True)
    assert "恢复码还剩 10 个" in text_of(client.get("/account/"))

    clock.later(minutes=1)
    other = signs_in(agent)
    assert not is_in(other)
    assert "密码已通过" in text_of(other.get("/sign-in/code/"))
    refused = other.post("/sign-in/code/", {"code": "123456"})
    assert (refused.status_code, "填写验证器当前显示的 6 位数字" in refused.content.decode()) == (422, True)
    done = other.post("/sign-in/code/", {"code": app_code(agent, clock)})
    assert (done.status_code, done["Location"], is_in(other)) == (302, "/", True)


def test_neither_secret_nor_recovery_codes_lie_readable_in_the_database(agent: Person, clock: Clock) -> None:
    client = signs_in(agent)
    client.get("/account/second-factor/")
    typed = re.search(r'id="secret">([A-Z2-7 ]+)<', client.get("/account/second-factor/").content.decode())
    codes = sets_up(client, clock)
    stored = " ".join([SecondFactor.objects.get().sealed, *RecoveryCode.objects.values_list("digest", flat=True)])
    assert typed is not None
    assert typed.group(1).replace(" ", "") not in stored
    assert all(code.replace("-", "") not in stored for code in codes)
    clock.later(minutes=1)
    code = app_code(agent, clock)
    with override_settings(SECRET_KEY="another-key-than-the-one-that-the-secret-was-sealed-with"):
        assert signs_in(agent).post("/sign-in/code/", {"code": code}).status_code == 422
    with override_settings(SECRET_KEY="the-key-that-came-after-it", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert signs_in(agent).post("/sign-in/code/", {"code": code}).status_code == 302


def test_a_code_is_taken_once_and_a_recovery_code_too(agent: Person, clock: Clock) -> None:
    codes = sets_up(signs_in(agent), clock)
    clock.later(minutes=1)
    code = app_code(agent, clock)
    assert signs_in(agent).post("/sign-in/code/", {"code": code}).status_code == 302
    assert signs_in(agent).post("/sign-in/code/", {"code": code}).status_code == 422
    spare = f" {codes[3].upper()} "
    assert signs_in(agent).post("/sign-in/code/", {"code": spare}).status_code == 302
    assert signs_in(agent).post("/sign-in/code/", {"code": spare}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_guessing_codes_is_stopped_and_goes_on_after_a_quarter_of_an_hour(agent: Person, clock: Clock) -> None:
    sets_up(signs_in(agent), clock)
    clock.later(minutes=1)
    client = signs_in(agent)
    answers = [client.post("/sign-in/code/", {"code": f"00000{n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "请在 15 分钟后再试" in answers[-1].content.decode()
    assert client.post("/sign-in/code/", {"code": app_code(agent, clock)}).status_code == 429
    clock.later(minutes=16)
    assert signs_in(agent).post("/sign-in/code/", {"code": app_code(agent, clock)}).status_code == 302


def test_half_a_sign_in_lasts_five_minutes_and_ends_with_the_password(agent: Person, clock: Clock) -> None:
    sets_up(signs_in(agent), clock)
    clock.later(minutes=1)
    late, changed = signs_in(agent), signs_in(agent)
    agent.set_password("ein-ganz-anderes-wort")
    agent.save()
    assert changed.get("/sign-in/code/").headers["Location"] == "/sign-in/"
    agent.set_password(PASSWORD)
    agent.save()
    late = signs_in(agent)
    clock.later(minutes=6)
    assert late.post("/sign-in/code/", {"code": app_code(agent, clock)}).headers["Location"] == "/sign-in/"
    assert not is_in(late)


def test_signing_in_again_in_the_middle_of_a_form_asks_for_the_code_as_well(agent: Person, clock: Clock) -> None:
    sets_up(signs_in(agent), clock)
    clock.later(minutes=1)
    client, typed = Client(), {"person": agent.pk, "username": agent.username, "password": PASSWORD}
    asked = client.post("/sign-in/again/", typed)
    assert (asked.status_code, asked.json()["wants_code"], is_in(client)) == (422, True, False)
    again = client.post("/sign-in/again/", {**typed, "code": app_code(agent, clock)})
    assert (again.status_code, is_in(client)) == (200, True)


def test_administrators_set_one_up_before_anything_else(root: Person, clock: Clock) -> None:
    client = signs_in(root)
    for address in ("/", "/organisation/", "/account/", "/account/tokens/"):
        assert client.get(address).headers["Location"] == "/account/second-factor/"
    assert client.post("/account/tokens/", {"name": "a", "scope": "all", "days": "30"}).status_code == 302
    assert not ApiToken.objects.filter(person=root).exists()
    assert "请先设置两步验证" in text_of(client.get("/account/second-factor/"))
    codes = sets_up(client, clock)
    assert client.get("/organisation/").status_code == 200
    kept = client.post("/account/second-factor/remove/", {"_code": codes[0]})
    assert (kept.status_code, "必须保留两步验证" in kept.content.decode()) == (409, True)


def test_who_manages_people_of_a_desk_is_an_administrator_in_this(office: Office) -> None:
    manager = with_password(office.world.person("administrator"))
    assert signs_in(manager).get("/").headers["Location"] == "/account/second-factor/"


def test_a_right_that_is_granted_asks_for_it_in_the_session_that_is_open(
    office: Office, agent: Person, clock: Clock
) -> None:
    desk, client = office.world.desk, signs_in(agent)
    assert is_in(client)
    grant_role(person=agent, role="administrator", desk=desk, by="system", now=clock.now)
    assert client.get("/notices/").headers["Location"] == "/account/second-factor/"
    sets_up(client, clock)
    assert is_in(client)


def test_another_app_needs_a_code_of_the_earlier_one_or_a_recovery_code(agent: Person, clock: Clock) -> None:
    client = signs_in(agent)
    codes = sets_up(client, clock)
    clock.later(minutes=1)
    assert "原验证器的验证码，或一个恢复码" in text_of(client.get("/account/second-factor/"))
    for earlier, sentence in (("", "请填写"), ("123456", "验证码不对")):
        fresh = {"code": code_at(client.session[OFFERED], clock.now), "earlier": earlier}
        refused = client.post("/account/second-factor/", fresh)
        assert (refused.status_code, sentence in refused.content.decode()) == (422, True)
    before = SecondFactor.objects.get().sealed
    fresh = {"code": code_at(client.session[OFFERED], clock.now), "earlier": codes[0]}
    assert client.post("/account/second-factor/", fresh).status_code == 200
    assert SecondFactor.objects.get().sealed != before


@pytest.mark.parametrize("is_demo", [True, False])
def test_nobody_is_made_to_where_it_is_only_offered_nor_in_a_demo(root: Person, is_demo: bool) -> None:
    Person.objects.filter(pk=root.pk).update(is_demo=is_demo)
    with override_settings(ADMIN_SECOND_FACTOR="required" if is_demo else "offered"):
        assert signs_in(root).get("/organisation/").status_code == 200


def test_it_can_be_taken_off_and_recovery_codes_renewed(agent: Person, clock: Clock) -> None:
    client = signs_in(agent)
    assert client.post("/account/second-factor/codes/").status_code == 403
    old = sets_up(client, clock)
    asked = client.post("/account/second-factor/codes/")
    assert (asked.status_code, "填写验证器当前显示的 6 位数字" in asked.content.decode()) == (403, True)
    page = client.post("/account/second-factor/codes/", {"_code": old[1]}).content.decode()
    fresh = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page)
    assert "新的恢复码" in page and old[0] not in page
    clock.later(minutes=1)
    assert signs_in(agent).post("/sign-in/code/", {"code": old[0]}).status_code == 422
    elsewhere = signs_in(agent)
    elsewhere.post("/sign-in/code/", {"code": fresh[0]})
    assert is_in(elsewhere)
    assert client.post("/account/second-factor/remove/", {"_code": "123456"}).status_code == 422
    assert client.post("/account/second-factor/remove/", {"_code": fresh[1]}).status_code == 302
    assert (is_in(signs_in(agent)), is_in(elsewhere)) == (True, False)


def test_what_weakens_the_account_asks_for_the_password_after_five_minutes(agent: Person, clock: Clock) -> None:
    client = signs_in(agent)
    sets_up(client, clock)
    clock.later(minutes=6)
    for address, data in (
        ("/account/second-factor/remove/", {}), ("/account/second-factor/codes/", {}),
        ("/account/tokens/", {"name": "话务", "scope": "chosen", "scopes": ["register", "reveal"], "days": "30"}),
    ):  # fmt: skip
        asked = client.post(address, data)
        assert (asked.status_code, "确认是您本人" in asked.content.decode()) == (403, True)
        assert "manage.css" in asked.content.decode(), "the box has its looks"
    assert asked.content.decode().count('name="scopes"') == 2
    assert SecondFactor.objects.exists() and not ApiToken.objects.filter(person=agent).exists()
    after = client.post("/account/second-factor/remove/", {"_password": PASSWORD})
    assert (after.status_code, "_code" in after.content.decode()) == (403, True)
    assert client.post("/account/second-factor/remove/", {"_code": app_code(agent, clock)}).status_code == 302


# Others


def test_a_manager_resets_the_second_factor_of_another_with_a_reason(
    office: Office, root: Person, agent: Person, clock: Clock
) -> None:
    theirs = signs_in(agent)
    sets_up(theirs, clock)
    client = signs_in(root)
    sets_up(client, clock)
    address = f"/organisation/people/{agent.pk}/second-factor/"
    assert "两步验证" in text_of(client.get(f"/organisation/people/{agent.pk}/"))
    without = client.post(address, {"reason": " "})
    assert (without.status_code, "请填写“原因”" in without.content.decode()) == (422, True)
    assert client.post(address, {"reason": "手机丢失，已当面核实"}).status_code == 302
    assert not is_in(theirs)
    assert is_in(signs_in(agent))
    assert "两步验证，原因：手机丢失，已当面核实" in text_of(client.get("/organisation/changes/"))
    own = client.post(f"/organisation/people/{root.pk}/second-factor/", {"reason": "手机丢失"})
    assert (own.status_code, "不能重置自己的两步验证" in own.content.decode()) == (403, True)


def test_who_does_not_manage_somebody_resets_nothing(office: Office, agent: Person, root: Person, clock: Clock) -> None:
    sets_up(signs_in(root), clock)
    with override_settings(ADMIN_SECOND_FACTOR="offered"):
        manager = signs_in(with_password(office.world.person("administrator")))
        answer = manager.post(f"/organisation/people/{root.pk}/second-factor/", {"reason": "手机丢失"})
    assert answer.status_code == 404
    assert SecondFactor.objects.filter(person=root).exists()


# The password and the browsers


def test_a_password_is_changed_by_who_knows_it_and_ends_what_is_open_elsewhere(agent: Person) -> None:
    here, there = signs_in(agent), signs_in(agent)
    new = {"password": "eine-lange-phrase", "again": "eine-lange-phrase"}
    for data, sentence in (
        ({**new, "current": "falsch"}, "密码不对，请再试一次"),
        ({**new, "current": PASSWORD, "again": "etwas-anderes"}, "两次输入的密码不一样"),
        ({"current": PASSWORD, "password": "kurz", "again": "kurz"}, "密码至少 12 个字符"),
    ):
        refused = here.post("/account/password/", data)
        assert (refused.status_code, sentence in refused.content.decode()) == (422, True)
    assert here.post("/account/password/", {**new, "current": PASSWORD}).status_code == 302
    assert (is_in(here), is_in(there), is_in(signs_in(agent))) == (True, False, False)
    assert is_in(signs_in(agent, "eine-lange-phrase"))
    assert "本机" in text_of(here.get("/account/"))


def test_guessing_the_present_password_is_stopped(agent: Person) -> None:
    client = signs_in(agent)
    data = {"current": "falsch", "password": "eine-lange-phrase", "again": "eine-lange-phrase"}
    assert [client.post("/account/password/", data).status_code for _ in range(6)] == [422] * 5 + [429]


def test_sessions_are_listed_as_people_recognise_them_and_ended(office: Office, agent: Person) -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    telephone = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile MicroMessenger/8.0"
    here, there = signs_in(agent, user_agent=windows), signs_in(agent, user_agent=telephone)
    page = here.get("/account/")
    assert "Chrome · Windows 本机" in text_of(page) and "微信 · Android" in text_of(page)
    stranger = signs_in(with_password(office.world.person("cs_supervisor")))
    end = re.search(r"/account/sessions/\d+/end/", page.content.decode())
    assert end is not None
    assert stranger.post(end.group()).status_code == 404
    assert here.post(end.group()).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    third = signs_in(agent)
    assert here.post("/account/sessions/end/").status_code == 302
    assert (is_in(here), is_in(third)) == (True, False)


def test_the_page_costs_the_same_for_few_and_many(agent: Person) -> None:
    client = signs_in(agent)
    few = cost(client, "/account/"), cost(client, "/account/tokens/")
    for n in range(3):
        signs_in(agent)
        client.post("/account/tokens/", {"name": f"t{n}", "scope": "read", "days": "30", "desks": ["express"]})
    assert (cost(client, "/account/") <= few[0], cost(client, "/account/tokens/") <= few[1] + 1) == (True, True)


# Tokens


def test_a_token_is_made_shown_once_used_and_withdrawn(office: Office, agent: Person) -> None:
    client, desk = signs_in(agent), office.world.desk.code
    number = office.world.register().number
    page = client.post(
        "/account/tokens/", {"name": "话务系统", "scope": "read", "desks": [desk], "days": "30"}
    ).content.decode()
    secret = re.search(r'value="(amd_[\w-]+)"', page)
    assert secret is not None
    machine = Client(headers={"Authorization": f"Bearer {secret.group(1)}"})
    assert machine.get(f"/api/v1/cases/{number}").status_code == 200
    assert machine.post("/api/v1/cases", {}, content_type="application/json").status_code in (403, 422)
    listed = client.get("/account/tokens/")
    assert "话务系统" in text_of(listed) and secret.group(1) not in listed.content.decode()
    token = ApiToken.objects.get(name="话务系统")
    assert (token.scopes, token.is_limited, [d.code for d in token.desks.all()]) == ("read", True, [desk])
    stranger = signs_in(with_password(office.world.person("cs_supervisor")))
    assert stranger.post(f"/account/tokens/{token.pk}/withdraw/").status_code == 404
    assert client.post(f"/account/tokens/{token.pk}/withdraw/").status_code == 302
    assert machine.get(f"/api/v1/cases/{number}").status_code == 401
    assert list(Event.objects.filter(kind__startswith="token_").order_by("seq").values_list("kind", flat=True)) == [
        "token_made", "token_withdrawn",
    ]  # fmt: skip


def test_what_is_wrong_with_a_token_is_said_at_its_field(agent: Person) -> None:
    client = signs_in(agent)
    for data, sentence in (
        ({"name": "", "scope": "read", "days": "30"}, "请填写“用途”"),
        ({"name": "a", "scope": "chosen", "days": "30"}, "请选择“权限范围”"),
        ({"name": "a", "scope": "fly", "days": "30"}, "没有“fly”这个选项"),
        ({"name": "a", "scope": "read", "days": "9999"}, "不能大于 730"),
        ({"name": "a" * 81, "scope": "read", "days": "30"}, "最多 80 个字"),
        ({"name": "a", "scope": "read", "days": "30", "desks": ["gone"]}, "没有“gone”这个选项"),
    ):
        refused = client.post("/account/tokens/", data)
        assert (refused.status_code, sentence in refused.content.decode()) == (422, True), data
    assert not ApiToken.objects.filter(person=agent).exists()


def test_a_token_is_no_more_than_its_owner(office: Office, agent: Person) -> None:
    """A scope that its owner does not hold opens nothing."""
    person = with_password(Person.objects.create_person(username="neu", name="新同事"))
    client = signs_in(person)
    page = client.post("/account/tokens/", {"name": "a", "scope": "all", "days": "30"}).content.decode()
    secret = re.search(r'value="(amd_[\w-]+)"', page)
    assert secret is not None
    number, machine = office.world.register().number, Client(headers={"Authorization": f"Bearer {secret.group(1)}"})
    assert machine.get(f"/api/v1/cases/{number}").status_code == 404
    grant_role(
        person=person, desk=office.world.desk, role="cs_agent", department=None, by="system", now=office.world.now
    )
    assert machine.get(f"/api/v1/cases/{number}").status_code == 200
