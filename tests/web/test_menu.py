"""The menu: what it holds is worked out anew whenever something has changed that it is drawn from, and not otherwise."""

import re

import pytest

from amends.apps.messaging.models import Notice
from amends.apps.people.actions import grant_role
from amends.web.templatetags import menu_words
from tests.web.staff import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(desk):
    return signed_in(desk, "intake_officer")


def menu_on(client, address="/about/"):
    """The links of the menu in words, with the numbers beside them; the present one is marked with a star."""
    page = client.get(address).content.decode()
    nav = re.search(r'<nav class="side-nav".*?</nav>', page, re.S).group()
    return [
        ("*" if "aria-current" in said else "") + re.sub(r"<[^>]*>|\s", "", words)
        for said, words in re.findall(r"<a ([^>]*)>(.*?)</a>", nav, re.S)
    ]


def test_a_menu_that_says_the_same_is_not_drawn_again(officer, monkeypatch):
    first = menu_on(officer)
    monkeypatch.setattr(menu_words, "get_template", lambda name: pytest.fail(f"{name} is drawn again"))

    assert menu_on(officer) == first
    assert "*关于本系统" in first


def test_each_page_marks_its_own_place(officer):
    assert [next(link for link in menu_on(officer, place) if link[0] == "*") for place in ("/about/", "/queue/")] == [
        "*关于本系统", "*个案队列",
    ]  # fmt: skip


def test_what_waits_is_counted_on_the_next_page(desk, officer):
    person = desk.person("intake_officer")
    before = menu_on(officer)
    notice = Notice.objects.create(
        person=person,
        case_key="",
        case_number="",
        message="assigned",
        text="新到一件",
        created_at=desk.now,
        unique_key="n1",
    )

    assert "通知" in before and "通知1" in menu_on(officer)

    notice.acknowledged_at = desk.now
    notice.save()
    assert menu_on(officer) == before


def test_a_role_brings_its_places_at_once_and_so_does_another_language(desk, officer):
    person = desk.person("intake_officer")
    before = menu_on(officer)
    grant_role(person=person, desk=desk.desk, role="cs_supervisor", by="system", now=desk.now)
    with_role = menu_on(officer)

    assert set(before) < set(with_role) and "工作量" in with_role
    officer.post("/language/", {"language": "en", "next": "/about/"})
    assert len(menu_on(officer)) == len(with_role) and "Workload" in menu_on(officer)


def test_who_becomes_an_administrator_has_the_system_at_once(desk, officer):
    person = desk.person("intake_officer")
    assert "系统" not in menu_on(officer)
    person.is_administrator = True
    person.save()

    assert "系统" in menu_on(officer)
