"""What limits a token limits it at every door and in every verb: its scopes and its desks."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from amends.apps.cases.models import Case, CaseLink
from amends.apps.people.actions import create_token, grant_role
from amends.apps.people.models import ApiToken
from amends.apps.policies.actions import open_desk
from amends.apps.policies.models import Desk
from tests.doors import Api, Office, body_of

PACKS = ("express",)
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(office: Office) -> Api:
    """Somebody who works on two desks."""
    found = office.api("intake_officer")
    second = open_desk(code="second", title="二号台", pack_id="express", now=office.clock.now)
    grant_role(person=found.person, desk=second, role="intake_officer", by="system", now=office.clock.now)
    return found


def limited(office: Office, clerk: Api, *, scopes: tuple[str, ...] = ("all",)) -> Client:
    """The clerk through a token for the first desk only."""
    _, secret = create_token(
        person=clerk.person, name="limited", scopes=scopes, desks=[office.world.desk], now=office.clock.now
    )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def on_second_desk(office: Office, clerk: Api) -> str:
    """A case of the second desk: registered on the first, then moved over with its number."""
    number = clerk.registered(subject="另一台的投诉")
    Case.objects.filter(number=number).update(desk=Desk.objects.get(code="second"))
    assert clerk.get(f"cases/{number}").status_code == 200
    return number


def act(client: Client, number: str, verb: str, **data: object) -> object:
    body = {"version": Case.objects.get(number=number).version, "data": data}
    return client.post(f"/api/v1/cases/{number}/actions/{verb}", body, content_type="application/json")


@pytest.mark.parametrize(
    ("verb", "data"), [("link", {"linked_case": ""}), ("mark_duplicate", {"duplicate_of": "", "reason": "同一件事"})]
)
def test_a_verb_names_no_case_beyond_the_desks_of_the_token(office: Office, clerk: Api, verb: str, data: dict):
    mine, theirs = clerk.registered(), on_second_desk(office, clerk)
    field = next(iter(data))

    refused = act(limited(office, clerk), mine, verb, **{**data, field: theirs})

    assert refused.status_code == 422, refused.content.decode()
    assert [error["code"] for error in refused.json()["errors"]] == ["no_such_case"]
    assert not CaseLink.objects.exists()
    assert act(Client(headers=clerk.headers), mine, verb, **{**data, field: theirs}).status_code == 200


def test_a_token_whose_desks_are_gone_counts_on_none(office: Office, clerk: Api):
    number, client = clerk.registered(), limited(office, clerk)
    assert client.get(f"/api/v1/cases/{number}").status_code == 200

    ApiToken.objects.get(name="limited").desks.clear()

    assert client.get("/api/v1/cases").json()["cases"] == []
    assert client.get("/api/v1/desks").json()["desks"] == []
    assert client.get(f"/api/v1/cases/{number}").status_code == 404
    assert act(client, number, "note", note_text="看不到").status_code == 404


READING = ["cases", "cases/{}", "cases/{}/events", "cases/{}/clocks", "cases/{}/items", "cases/{}/messages",
           "cases/{}/conformity", "cases/{}/evidence", "cases/{}/actions", "desks", "packs"]  # fmt: skip


def test_reading_asks_a_scope_that_reads(office: Office, clerk: Api):
    number = clerk.registered()
    readers = [limited(office, clerk, scopes=(scope,)) for scope in ("read", "write", "all")]
    noting = limited(office, clerk, scopes=("note", "reveal"))

    for path in READING:
        address = f"/api/v1/{path.format(number)}"
        assert [client.get(address).status_code for client in readers] == [200, 200, 200], path
        refused = noting.get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted"), path
    # What does not exist is answered in the same way.
    assert noting.get("/api/v1/cases/absent").status_code == 403
    assert act(noting, number, "note", note_text="只能备注").status_code == 200


def test_a_token_for_registering_registers_and_reads_nothing(office: Office, clerk: Api):
    website = limited(office, clerk, scopes=("register",))
    pack = office.world.pack
    form = office.world.answers(
        pack.channels.kinds["complaint"].form, _nothing_known(), {"evidence_files": None}, owner=clerk.person.actor_id
    )
    body = body_of(desk=office.world.desk.code, kind="complaint", channel="telephone", data=form)

    made = website.post("/api/v1/cases", body, content_type="application/json")

    assert made.status_code == 201, made.content.decode()
    assert website.get(f"/api/v1/cases/{made.json()['number']}").status_code == 403


def _nothing_known():
    from amends.core.facts import CaseFacts

    return CaseFacts(values={"kind": "complaint", "channel": "telephone"})


def test_a_scope_that_nothing_has_is_refused_when_a_token_is_made(office: Office, clerk: Api):
    with pytest.raises(CommandError, match="reed"):
        call_command("create_token", clerk.username, "--scope", "reed", stdout=io.StringIO())
