"""What is searched for may be somebody's name or number: it stands in no address."""

import re

import pytest
from django.test import Client

from amends.web.searching import KEPT

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture
def officer(desk):
    client = Client()
    client.force_login(desk.person("cs_supervisor"))
    return client


def searched_for(client, words, **fields):
    """The answer to words sent by the form of the queue, and the address it led to."""
    sent = client.post("/search/", {"tab": "all", "text": words, **fields})
    assert sent.status_code == 302
    return client.get(sent["Location"]), sent["Location"]


def test_words_lead_to_a_list_whose_address_does_not_tell_them(desk, officer):
    found = desk.register(subject=f"回电 {PHONE}")
    other = desk.register(subject="外箱破损")

    page, address = searched_for(officer, PHONE)

    assert PHONE not in address
    assert found.number in page.content.decode()
    assert other.number not in page.content.decode()
    assert f'value="{PHONE}"' in page.content.decode()


def test_filters_stay_beside_the_words_and_further_pages_keep_both(desk, officer):
    for n in range(52):
        desk.register(subject=f"重复投诉 {n}")

    page, address = searched_for(officer, "重复投诉", sort="oldest")
    further = re.search(r'hx-get="\?([^"]+)"', page.content.decode()).group(1).replace("&amp;", "&")
    more = officer.get(f"/queue/?{further}", headers={"HX-Request": "true"}).content.decode()

    assert "sort=oldest" in address
    assert "sort=oldest" in further
    assert more.count("重复投诉") == 2


def test_the_same_words_have_one_place_and_only_the_latest_are_kept(desk, officer):
    first = searched_for(officer, PHONE)[1]
    assert searched_for(officer, PHONE)[1] == first
    for n in range(KEPT):
        searched_for(officer, f"第{n}次")

    gone = officer.get(first)

    assert gone.status_code == 422
    assert "请重新输入" in gone.content.decode()


def test_an_address_with_words_of_its_own_is_refused(officer):
    assert officer.get("/queue/", {"text": PHONE}).status_code == 422


def test_somebody_elses_place_shows_nothing(desk, officer):
    _, address = searched_for(officer, PHONE)
    colleague = Client()
    colleague.force_login(desk.person("cs_agent"))

    assert colleague.get(address).status_code == 422


def test_a_search_without_words_lists_everything(desk, officer):
    number = desk.register().number

    page, address = searched_for(officer, "  ")

    assert "find" not in address
    assert number in page.content.decode()
