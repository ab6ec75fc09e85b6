"""Following a case: the private link, codes, the PIN, what each of them opens, and that nothing can be learnt."""

import logging
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.models import Case, PortalCode, PortalKey
from amends.apps.cases.portal_keys import key_of, new_link, revoke_links
from amends.apps.messaging.models import OutboxMessage
from amends.web.portal.progress import progress_of
from tests.web.portal import code_in, complain, link_in, run_jobs, texts_sent

pytestmark = pytest.mark.django_db

NAME, PHONE, TEXT = "欧阳测试", "13800138000", "三月五日派件时与门卫争吵，包裹被扔在地上。"


@pytest.fixture
def link(customer) -> str:
    return link_in(complain(customer).content.decode())


def ask(client, number, address=PHONE):
    return client.post("/portal/follow/", {"number": number, "address": address})


def opened_by_code(clock, number=None, address=PHONE) -> Client:
    """Another browser that opened the case with a code."""
    client = Client()
    ask(client, number or Case.objects.get().number, address)
    client.post("/portal/code/", {"code": code_that_arrived(clock)})
    return client


def code_that_arrived(clock) -> str:
    """The latest code, after the minute that lies between two text messages to a number."""
    run_jobs()
    clock.later(minutes=1, seconds=1)
    run_jobs()
    return code_in([text["text"] for text in texts_sent() if "验证码" in text["text"]][-1])


def test_a_link_shows_status_only(link):
    page = Client().get(link).content.decode()

    assert Case.objects.get().number in page
    assert "我们已收到" in page
    for hidden in (NAME, PHONE, TEXT, "派件员态度恶劣", "138****8000", "欧＊＊"):
        assert hidden not in page


def test_every_page_of_the_portal_is_private(link, customer):
    for address in ("/portal/", "/portal/follow/", link, f"/portal/case/{Case.objects.get().number}/", "/portal/s/x/"):
        answer = customer.get(address)
        assert answer["Cache-Control"] == "no-store", address
        assert answer["Referrer-Policy"] == "no-referrer", address


def test_the_browser_that_made_the_case_reads_it_for_half_an_hour(customer, clock, link):
    number = Case.objects.get().number
    assert TEXT in customer.get(f"/portal/case/{number}/").content.decode()

    clock.later(minutes=29)
    assert customer.get(f"/portal/case/{number}/").status_code == 200
    clock.later(minutes=2)
    page = customer.get(f"/portal/case/{number}/")

    assert page.status_code == 401
    assert TEXT not in page.content.decode()


def test_a_number_opens_nothing_and_does_not_say_whether_it_exists(link):
    real, other = Case.objects.get().number, "KD209901-99999"

    pages = [Client().get(f"/portal/case/{number}/") for number in (real, other)]

    assert [page.status_code for page in pages] == [401, 401]
    texts = [page.content.decode().replace(n, "N") for page, n in zip(pages, (real, other), strict=True)]
    assert without_tokens(texts[0]) == without_tokens(texts[1])


def without_tokens(text: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", text)


def test_a_code_sent_to_the_phone_on_file_opens_the_case(link, clock):
    client = opened_by_code(clock)

    page = client.get(f"/portal/case/{Case.objects.get().number}/")
    assert page.status_code == 200
    assert TEXT in page.content.decode()


def test_a_code_sent_by_way_of_the_link_opens_the_case(link, clock):
    client = Client()
    assert client.post(f"{link}code/").status_code == 302

    answer = client.post("/portal/code/", {"code": code_that_arrived(clock)})

    assert answer.status_code == 302
    assert answer["Location"] == f"/portal/case/{Case.objects.get().number}/"


def test_whoever_came_by_the_link_is_not_told_of_a_number_and_an_address_they_typed(link):
    client = Client()
    client.post(f"{link}code/")
    page = client.get("/portal/code/").content.decode()
    wrong = client.post("/portal/code/", {"code": ""}).content.decode()
    for asked in (page, wrong):
        assert "您登记时留下的手机或邮箱" in asked and "如果编号和联系方式" not in asked and "核对编号" not in asked
        assert asked.count(f'href="{link}"') == 2 and 'href="/portal/follow/"' not in asked

    ask(client, Case.objects.get().number, PHONE)
    typed = client.get("/portal/code/").content.decode()
    assert "如果编号和联系方式与登记的一致" in typed and link not in typed


def test_a_device_that_was_closed_keeps_no_link(link):
    client = Client()
    client.post(f"{link}code/")
    client.post("/portal/leave/")
    assert link.split("/")[-2] not in str(dict(client.session))


def test_the_page_for_the_code_is_read_in_ones_own_language(link):
    client = Client()
    client.post(f"{link}code/")
    assert 'name="language" value="en"' in client.get("/portal/code/").content.decode()
    answer = client.post("/language/", {"language": "en", "next": "/portal/code/"}, follow=True)
    assert "phone or e-mail" in answer.content.decode()


def test_right_and_wrong_pairs_are_answered_alike(link, clock):
    number = Case.objects.get().number
    pairs = [(number, PHONE), (number, "13911112222"), ("KD209901-00001", PHONE), (number, "nobody@example.net")]
    answers, statements = [], []
    for pair in pairs:
        client = Client()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            asked = ask(client, *pair)
        run_jobs("send_portal_code")
        page = client.get("/portal/code/")
        wrong = client.post("/portal/code/", {"code": "000000x"})
        answers.append(
            (asked.status_code, asked["Location"], without_tokens(page.content.decode()), wrong.status_code,
             without_tokens(wrong.content.decode()))
        )  # fmt: skip
        statements.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries.captured_queries])

    assert all(answer == answers[0] for answer in answers)
    assert all(kinds(found) == kinds(statements[0]) for found in statements)
    assert PortalCode.objects.exclude(code_hash="").count() == 1


def kinds(statements: list[str]) -> list[str]:
    """What each statement does and to which table; saved allowances differ by their age only."""
    found = [" ".join(s.split()[:3]) for s in statements if "allowanceslot" not in s and "SAVEPOINT" not in s]
    return [s for s in found if not s.startswith(("BEGIN", "COMMIT"))]


def test_a_code_is_spent_after_five_tries(link, clock):
    client = Client()
    ask(client, Case.objects.get().number)
    right = code_that_arrived(clock)
    wrong = "111111" if right != "111111" else "222222"

    answers = [client.post("/portal/code/", {"code": wrong}).status_code for _ in range(5)]
    last = client.post("/portal/code/", {"code": right})

    assert answers == [422] * 5
    assert last.status_code == 422
    assert "已经失效" in last.content.decode()


def test_a_code_lives_ten_minutes(link, clock):
    client = Client()
    ask(client, Case.objects.get().number)
    code = code_that_arrived(clock)
    clock.later(minutes=9)

    page = client.post("/portal/code/", {"code": code})

    assert page.status_code == 422
    assert "重新获取" in page.content.decode()


def test_a_code_opens_once_and_only_in_the_browser_that_asked(link, clock):
    opened = opened_by_code(clock)
    code = code_that_arrived(clock)
    session = opened.session
    session["portal"] = {**session["portal"], "code": PortalCode.objects.get().pk}
    session.save()
    stranger = Client()
    ask(stranger, "KD000000-00000")
    theirs = stranger.session
    theirs["portal"] = {**theirs["portal"], "code": PortalCode.objects.earliest("pk").pk}
    theirs.save()

    assert opened.post("/portal/code/", {"code": code}).status_code == 422
    assert stranger.post("/portal/code/", {"code": code}).status_code == 422


def test_full_width_digits_are_digits(link, clock):
    client = Client()
    ask(client, Case.objects.get().number)
    code = code_that_arrived(clock).translate(str.maketrans("0123456789", "０１２３４５６７８９"))

    assert client.post("/portal/code/", {"code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_five_codes_an_hour_for_an_address_and_twenty_from_a_network(link, clock):
    number = Case.objects.get().number

    to_one = [ask(Client(), number).status_code for _ in range(6)]
    to_others = [ask(Client(), number, f"139{n:08d}").status_code for n in range(20)]

    assert to_one == [302] * 5 + [429]
    assert to_others == [302] * 15 + [429] * 5
    clock.later(hours=1, seconds=1)
    assert ask(Client(), number).status_code == 302


def test_a_refused_request_for_a_code_keeps_what_was_typed_and_names_the_hotlines(link):
    number = Case.objects.get().number
    for _ in range(5):
        ask(Client(), number)

    page = ask(Client(), number)

    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert number in page.content.decode()
    assert "400-820-0110" in page.content.decode()


def test_opening_pages_changes_nothing(link, clock):
    client = Client()
    before = list(PortalKey.objects.values()), list(PortalCode.objects.values())

    for _ in range(3):
        client.get(link)
        client.head(link)

    assert (list(PortalKey.objects.values()), list(PortalCode.objects.values())) == before
    assert client.get(f"{link}code/").status_code == 405


@pytest.mark.parametrize(
    "secret", ["", " ", "null", "None", "0", "A" * 21, "A" * 23, "A" * 22, "../../etc", "%00" * 8, "é" * 22]
)
def test_malformed_and_unknown_links_open_nothing(link, secret):
    answer = Client().get(f"/portal/s/{secret}/")

    assert answer.status_code == 404


def test_links_are_random_and_never_alike(link):
    case = Case.objects.get()

    secrets = {new_link(case, now=case.registered_at).split("/")[-2] for _ in range(500)}

    assert len(secrets) == 500
    assert {len(secret) for secret in secrets} == {22}


def test_a_link_ends_when_it_is_revoked_and_ninety_days_after_archiving(link, clock):
    case, secret = Case.objects.get(), link.split("/")[3]
    Case.objects.filter(pk=case.pk).update(archived_at=clock.now)

    assert key_of(secret, now=clock.later(days=89)) is not None
    assert key_of(secret, now=clock.later(days=1)) is None
    Case.objects.filter(pk=case.pk).update(archived_at=None)
    assert revoke_links(case, now=clock.now) == 2
    assert Client().get(link).status_code == 404


def test_the_acknowledgement_carries_a_private_link_that_the_database_does_not_keep(link):
    message = OutboxMessage.objects.get(message="acknowledgement")
    assert "/portal/s/" not in message.body

    run_jobs()

    message.refresh_from_db()
    sent = texts_sent()[-1]["text"]
    assert message.state == "sent"
    assert message.sealed == ""
    assert sent.count("https://complaints.example/portal/s/") == 1
    assert Client().get(link_in(sent)).status_code == 200
    assert link_in(sent) != link


def test_a_case_taken_by_staff_is_acknowledged_with_a_link_too(world):
    case = world.register(
        kind="complaint", channel="telephone", complainant_phone="13700137000", complainant_email=None
    )

    run_jobs("send_message")

    page = Client().get(link_in(texts_sent()[-1]["text"]))
    assert case.number in page.content.decode()


def test_a_pin_opens_the_case_with_its_link_and_five_wrong_ones_lock_it_for_an_hour(customer, clock):
    page = complain(customer, complainant_phone="021-86922900").content.decode()
    link, pin = link_in(page), re.search(r'id="pin">([\d ]+)<', page).group(1)
    assert Client().post(f"{link}pin/", {"pin": pin}).status_code == 302
    client = Client()

    wrong = [client.post(f"{link}pin/", {"pin": "00000000"}).status_code for _ in range(4)]
    locked = client.post(f"{link}pin/", {"pin": pin})

    assert wrong == [422] * 4
    assert locked.status_code == 429
    clock.later(hours=1, seconds=1)
    assert client.post(f"{link}pin/", {"pin": pin}).status_code == 302
    assert client.get(f"/portal/case/{Case.objects.get().number}/").status_code == 200


def test_a_pin_asked_for_again_replaces_the_one_shown_before(customer):
    address = {"complainant_phone": "021-86922900"}
    first, second = complain(customer, **address).content.decode(), complain(customer, **address).content.decode()

    assert Client().get(link_in(first)).status_code == 404
    pin = re.search(r'id="pin">([\d ]+)<', second).group(1)
    assert Client().post(f"{link_in(second)}pin/", {"pin": pin}).status_code == 302


def test_the_link_alone_takes_additions_and_nothing_else(link):
    client = Client()

    page = client.post(f"{link}add/add_information/", {"supplement_text": "补充：还有录音", "_seen": "1.1.received"})
    shown = client.get(link).content.decode()
    others = [client.post(f"{link}add/{verb}/", {"reason": "x"}).status_code for verb in ("withdraw", "agree")]

    assert page.status_code == 302
    assert "已收到您补充的情况" in shown
    assert "还有录音" not in shown
    assert others == [404, 404]
    assert Case.objects.get().version == 2


def test_a_message_that_waits_longer_than_its_code_lives_is_not_sent(link, clock):
    run_jobs()
    ask(Client(), Case.objects.get().number)
    run_jobs("send_portal_code")
    clock.later(minutes=11)

    run_jobs("send_message")

    message = OutboxMessage.objects.get(message="portal_code")
    assert (message.state, message.sealed) == ("withheld", "")


def test_no_secret_and_nothing_personal_is_logged(customer, clock, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    link = link_in(complain(customer).content.decode())
    client = opened_by_code(clock)
    code = code_that_arrived(clock)
    client.get(f"/portal/case/{Case.objects.get().number}/")
    Client().get(link)
    written = caplog.text + "".join(capfd.readouterr())

    for secret in (code, link.split("/")[3], NAME, PHONE, "门卫"):
        assert secret not in written


def test_a_line_about_a_wrong_link_does_not_keep_the_link():
    from amends.config.logging import without_private_links

    event = without_private_links(None, "", {"event": "Not Found: /portal/s/SECRETSECRETSECRETSECR/code/"})

    assert event["event"] == "Not Found: /portal/s/…/code/"


@pytest.mark.parametrize(("verb", "said"), [("mark_duplicate", "合在一起处理"), ("withdraw", "已经撤回")])
def test_how_a_case_ended_is_said_and_stays_said_when_it_is_archived(world, verb, said):
    other = world.register().number
    ended = world.do(world.register(), verb, **({"duplicate_of": other} if verb == "mark_duplicate" else {}))
    for case in (ended, world.do(ended, "archive")):
        progress = progress_of(case, world.pack, now=world.now)
        assert progress.is_over
        assert said in progress.next
