"""Posters with a QR code: they lead to their desk and outlet, and can not be made up; who manages a desk prints them."""

import re

import pytest
from django.test import Client

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.web.portal.entrances import Entrance
from tests.web.portal.test_writing import CONTACT, MATTER, STORY

pytestmark = pytest.mark.django_db

PAGE = "/policies/express/entrances/"


@pytest.fixture
def outlet(world):
    return world.organisation.departments["branch_outlet"]


@pytest.fixture
def entrance(world, outlet) -> Entrance:
    return Entrance("express", "outlet", outlet.pk)


@pytest.fixture
def administrator(world) -> Client:
    person = world.person("administrator")
    person.is_administrator = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


def test_the_code_of_a_poster_leads_to_its_desk_and_names_the_outlet(customer, entrance, outlet):
    page = customer.get(f"/portal/q/{entrance.sealed}/").content.decode()

    assert outlet.title in page
    assert "/portal/complain/express/complaint/?from=" in page
    assert "/portal/complain/market/" not in page


def test_what_is_written_there_is_recorded_under_the_outlet(customer, entrance, outlet):
    form = "/portal/complain/express/complaint/"
    assert outlet.title in customer.get(form, {"from": entrance.sealed}).content.decode()
    for page, answers in (("matter", MATTER), ("story", STORY), ("contact", CONTACT)):
        sent = customer.post(form, {"_page": page, "_go": "on", "_from": entrance.sealed, **answers})

    case = Case.objects.get()
    assert sent.status_code == 201
    assert (case.channel, facts_of(case).value("concerned_outlet")) == ("outlet", outlet.pk)


@pytest.mark.parametrize("change", [lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"), lambda s: s.replace("outlet", "website"),
                                    lambda s: "express.outlet.1~x", lambda s: "x", lambda s: s.replace("express", "market")])  # fmt: skip
def test_a_made_up_entrance_opens_nothing(customer, entrance, change):
    forged = change(entrance.sealed)

    assert customer.get(f"/portal/q/{forged}/").status_code == 404
    assert customer.get("/portal/complain/express/complaint/", {"from": forged}).status_code == 404
    assert customer.post("/portal/complain/express/complaint/", {"_page": "matter", "_from": forged}).status_code == 404


def test_an_entrance_of_another_desk_does_not_fit(customer, world):
    other = Entrance("market", "outlet", None)

    assert customer.get("/portal/complain/express/complaint/", {"from": other.sealed}).status_code == 404


def test_posters_hang_on_after_the_key_was_changed(customer, entrance, settings):
    sealed = entrance.sealed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough to be taken for one " * 2

    assert customer.get(f"/portal/q/{sealed}/").status_code == 200


def test_who_manages_a_desk_downloads_its_poster(administrator, outlet):
    assert outlet.title in administrator.get(PAGE).content.decode()

    answer = administrator.get("/policies/express/poster.pdf", {"channel": "outlet", "outlet": outlet.pk})

    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert "attachment" in answer["Content-Disposition"]
    assert administrator.get("/policies/express/poster.pdf", {"outlet": "999999"}).status_code == 404


def test_the_list_of_websites_is_kept_with_its_code_or_refused_at_the_field(administrator, world):
    wrong = administrator.post(PAGE, {"hosts": "www.example.com\nnicht gut"})
    assert wrong.status_code == 422
    assert "不是有效的网站地址" in wrong.content.decode()
    assert "www.example.com" in wrong.content.decode()

    assert administrator.post(PAGE, {"hosts": "www.example.com"}).status_code == 302

    page = administrator.get(PAGE).content.decode()
    assert "&lt;iframe src=&quot;https://complaints.example/portal/embed/express/&quot;" in page
    assert "script" not in re.search(r"<pre.*?</pre>", page, re.DOTALL).group(0)
    assert Client().get("/portal/embed/express/").status_code == 200


def test_others_neither_see_nor_change_it(world):
    client = Client()
    client.force_login(world.person("cs_agent"))

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"hosts": "evil.example.com"}).status_code == 403
    assert client.get("/policies/express/poster.pdf").status_code == 403
