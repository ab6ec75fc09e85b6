"""The form in a frame on the company's website: listed sites only, no cookies, a signed token, limits."""

import time
from io import BytesIO

import pytest
from django.core.signing import TimestampSigner
from django.test import Client

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.ledger.models import Event
from amends.apps.policies.embedding import read_hosts, set_embed_hosts
from amends.core.refusals import InvalidData
from tests.web.portal.test_writing import CONTACT, MATTER, STORY
from tests.world import PICTURE

pytestmark = pytest.mark.django_db

FRAME = "/portal/embed/express/"
SITE = "https://www.example.com"


@pytest.fixture
def listed(world):
    set_embed_hosts(world.desk, [SITE, "https://shop.example.com"], now=world.now, actor="system")
    return world.desk


@pytest.fixture
def frame(listed) -> Client:
    return Client(enforce_csrf_checks=True)


def token_in(page: str) -> str:
    return page.partition('name="_frame" value="')[2].partition('"')[0]


def send(client: Client, page: str, token: str, **answers):
    return client.post(FRAME, {"_page": page, "_go": "on", "_frame": token, **answers})


def test_only_listed_sites_may_show_the_form(frame):
    answer = frame.get(FRAME)

    policy = answer["Content-Security-Policy"]
    assert answer.status_code == 200
    assert f"frame-ancestors {SITE} https://shop.example.com" in policy
    assert "script-src 'self'" in policy
    assert "X-Frame-Options" not in answer


def test_a_desk_that_lists_no_site_has_no_form_for_frames(customer):
    answer = customer.get(FRAME)

    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_no_other_page_of_the_portal_may_be_framed(frame):
    for address in ("/portal/", "/portal/complain/express/complaint/", "/portal/follow/"):
        answer = frame.get(address)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
        assert answer["X-Frame-Options"] == "DENY", address


def test_a_letter_goes_through_the_frame_without_any_cookie(frame):
    page = frame.get(FRAME)
    token = token_in(page.content.decode())
    answers = [send(frame, "matter", token, **MATTER), send(frame, "story", token, **STORY)]
    sent = send(frame, "contact", token, **CONTACT)

    assert [answer.status_code for answer in (page, *answers, sent)] == [200, 200, 200, 201]
    assert not any(answer.cookies for answer in (page, *answers, sent))
    assert not frame.cookies
    assert Case.objects.get().number in sent.content.decode()
    assert "csrfmiddlewaretoken" not in page.content.decode()


def test_sent_twice_is_one_case(frame):
    token = token_in(frame.get(FRAME).content.decode())
    send(frame, "matter", token, **MATTER)
    story = send(frame, "story", token, **STORY).content.decode()
    form = story.partition('name="_token" value="')[2].partition('"')[0]

    answers = [send(frame, "contact", token, _token=form, **CONTACT) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert Case.objects.count() == 1


@pytest.mark.parametrize("salt", ["", "made-up", "express.x~1~y", "another"])
def test_a_form_without_our_token_is_refused(frame, salt):
    token = TimestampSigner(salt=salt, sep="~").sign("express.s") if salt == "another" else salt

    assert send(frame, "matter", token, **MATTER).status_code == 403
    assert frame.post(FRAME + "keep/", {"_frame": token}).status_code == 403
    assert frame.post(FRAME + "uploads/", {"_frame": token}).status_code == 403


def test_a_token_of_another_desk_is_refused(frame):
    token = token_in(frame.get(FRAME).content.decode())

    assert frame.post("/portal/embed/market/", {"_frame": token, "_page": "matter"}).status_code == 403


def test_a_token_that_ran_out_gives_the_filled_form_again(frame, monkeypatch):
    token = token_in(frame.get(FRAME).content.decode())
    send(frame, "matter", token, **MATTER)
    later = time.time() + 3 * 3600
    monkeypatch.setattr("time.time", lambda: later)
    again = send(frame, "story", token, **STORY)
    page = again.content.decode()

    assert again.status_code == 403
    assert "您写的内容都还在" in page
    assert STORY["description"] in page
    assert send(frame, "story", token_in(page), **STORY).status_code == 200
    assert send(frame, "contact", token_in(page), **CONTACT).status_code == 201


def test_files_belong_to_the_token(frame):
    file = BytesIO(PICTURE)
    file.name = "门口.png"
    mine, theirs = (token_in(frame.get(FRAME).content.decode()) for _ in range(2))
    frame.post(FRAME + "uploads/", {"_frame": mine, "_upload-evidence_files": file})
    kept = str(EvidenceFile.objects.get().pk)
    send(frame, "matter", theirs, **MATTER)

    page = send(frame, "story", theirs, evidence_files=kept, **STORY)

    assert "门口.png" not in page.content.decode()
    assert send(frame, "contact", theirs, **CONTACT).status_code == 422


def test_a_flood_through_frames_is_stopped_with_another_way_named(frame, settings):
    settings.PORTAL_EMBEDDED_AN_HOUR = 1
    answers = []
    for _ in range(2):
        token = token_in(frame.get(FRAME).content.decode())
        send(frame, "matter", token, **MATTER)
        send(frame, "story", token, **STORY)
        answers.append(send(frame, "contact", token, **CONTACT))

    assert [answer.status_code for answer in answers] == [201, 429]
    assert "400-820-0110" in answers[1].content.decode()
    assert STORY["description"] in answers[1].content.decode()


def test_the_language_stands_in_the_address(frame):
    page = frame.get(FRAME, {"lang": "en"}).content.decode()

    assert '<html lang="en"' in page
    assert "What is wrong?" in page


def test_addresses_of_sites_are_read_line_by_line():
    assert read_hosts("www.example.com\n https://shop.example.com/ \n\n*.example.org:8443\nwww.example.com") == [
        "https://www.example.com", "https://shop.example.com", "https://*.example.org:8443",
    ]  # fmt: skip
    assert read_hosts("http://127.0.0.1:8000") == ["http://127.0.0.1:8000"]


@pytest.mark.parametrize(
    "text",
    ["http://www.example.com", "*", "https://*", "'self'", "data:", "a b", "https://x.com/path", "x;y", "localhost"],
)
def test_what_is_no_site_is_refused(text):
    with pytest.raises(InvalidData):
        read_hosts(text)


def test_a_change_of_the_list_is_on_the_chain_of_the_desk(listed):
    event = Event.objects.filter(kind="set_embed_hosts").get()
    assert event.data["hosts"] == [SITE, "https://shop.example.com"]


def test_the_form_has_the_looks_of_forms_and_names_no_key_to_press(frame):
    page = frame.get(FRAME).content.decode()
    assert "forms.css" in page
    assert "↓" not in page
