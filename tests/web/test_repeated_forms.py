"""A form counts once, whatever its hidden token is; one that was changed and sent again loses nothing that was typed."""

import re

import pytest

from amends.apps.cases.models import Case, Draft
from amends.apps.ledger.queries import events_of
from tests.web.staff import contact, on_page, only_case, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(desk):
    return signed_in(desk, "intake_officer")


NAMES = re.compile(r"name=\"\w+\"")


def note(client, case, text, token="form-1"):
    fields = {"_version": case.version, "_token": token, "note_text": text}
    return client.post(f"/cases/{case.number}/do/note/", fields)


def notes_on(case):
    return [event for event in events_of(case.chain) if event.kind == "note"]


def test_a_verb_that_is_sent_twice_happens_once(desk, officer):
    case = desk.register()

    assert [note(officer, case, "客户来电催促。").status_code for _ in range(2)] == [302, 302]
    assert len(notes_on(case)) == 1


def test_a_verb_that_is_changed_and_sent_again_is_refused_with_its_text(desk, officer):
    case = desk.register()
    note(officer, case, "客户来电催促。")

    again = note(officer, case, "客户来电催促，并要求书面答复。")

    assert again.status_code == 422
    assert "这份表单已经提交过" in again.content.decode()
    assert "并要求书面答复" in again.content.decode()
    assert on_page(again, "_token") not in ("", "form-1")
    assert len(notes_on(case)) == 1


def test_an_intake_that_is_changed_and_sent_again_names_the_first_case(desk, officer):
    first = officer.post("/intake/", contact(desk, _token="form-1"))
    assert first.status_code == 302
    assert officer.post("/intake/", contact(desk, _token="form-1"))["Location"] == first["Location"]
    number = only_case().number

    again = officer.post("/intake/", contact(desk, _token="form-1", subject="另一件事"))

    assert again.status_code == 422
    assert number in again.content.decode()
    assert "另一件事" in again.content.decode()
    other = officer.post("/intake/", contact(desk, _token=on_page(again, "_token"), subject="另一件事"))
    assert other.status_code == 302
    assert Case.objects.count() == 2


@pytest.mark.parametrize("token", ["\x00", "x" * 10_000, "令牌", "page:" * 60])
def test_whatever_is_sent_as_the_token_is_one(desk, officer, token):
    case = desk.register()

    assert [note(officer, case, "已回电。", token).status_code for _ in range(2)] == [302, 302]
    assert len(notes_on(case)) == 1


def test_a_reason_for_an_exception_is_asked_for_once_there_is_one(desk, officer):
    case = desk.register()
    for verb in ("accept", "confirm", "grade"):
        case = desk.do(case, verb)
    address = f"/cases/{case.number}/do/dispatch/"
    assert not {'name="route_reason"', 'name="exception_reason"'} & set(
        NAMES.findall(officer.get(address).content.decode())
    )

    sent = {
        "_version": case.version,
        "_token": "form-1",
        "_redraw": "1",
        "department": case.desk.functions.first().department_id,
    }
    names = set(NAMES.findall(officer.post(address, sent).content.decode()))
    assert 'name="route_reason"' in names and 'name="exception_reason"' not in names


@pytest.mark.parametrize(("reason", "is_required"), [("other", True), ("enquiry_only", False), ("", False)])
def test_what_a_choice_asks_for_carries_the_mark_of_required_fields(desk, officer, reason, is_required):
    case = desk.register()
    sent = {"_version": case.version, "_token": "form-1", "_redraw": "1", "decline_reason": reason}

    page = officer.post(f"/cases/{case.number}/do/decline/", sent).content.decode()

    (field,) = re.findall(r'<div class="field [^>]*data-field="reason"[^>]*>', page)
    assert ("data-required" in field) is is_required


def test_what_was_sent_and_refused_is_a_draft_at_once(desk, officer):
    case = desk.register()
    address = f"/cases/{case.number}/do/note/"

    empty = officer.post(address, {"_version": case.version, "_token": "form-1", "note_text": ""})
    assert (empty.status_code, Draft.objects.count()) == (422, 0)
    refused = officer.post(address, {"_version": case.version, "_token": "form-1", "note_text": "长" * 20001})

    assert (refused.status_code, Draft.objects.get().place) == (422, f"case:{case.number}:note")
    assert "长长长" in officer.get(address).content.decode()


def test_what_the_page_of_a_verb_saves_after_it_was_sent_is_no_draft(desk, officer):
    case = desk.register()
    place = f"do:{case.number}:note"
    note(officer, case, "客户来电催促。")

    late = {"_place": place, "_token": "form-1", "note_text": "客户来电催促。"}
    assert officer.post("/drafts/", late).status_code == 200
    assert not Draft.objects.exists()
    officer.post("/drafts/", {**late, "_token": "form-2"})
    assert Draft.objects.get().place == place
