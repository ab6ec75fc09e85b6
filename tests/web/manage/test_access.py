"""Every look at a case is noted, once; the log only grows, and those who audit a desk read it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.reading_log import alert_about_much_reading
from amends.apps.messaging.models import Notice
from amends.apps.people.actions import forget_reasons
from amends.apps.people.models import AccessEntry
from tests.doors import Office
from tests.pages import text_of
from tests.web.manage import browser, cost

PACKS = ("express", "market")
pytestmark = pytest.mark.django_db


def noted() -> list[tuple[str, str, str]]:
    return list(AccessEntry.objects.order_by("pk").values_list("action", "object", "field"))


def test_every_look_at_a_case_is_noted_by_page_and_api(office: Office) -> None:
    case = office.world.register()
    officer = office.world.person("intake_officer")
    client = browser(officer)
    assert client.get(f"/cases/{case.number}/", REMOTE_ADDR="192.0.2.7").status_code == 200
    office.api("intake_officer").get(f"cases/{case.number}")
    office.api("intake_officer").get(f"cases/{case.number}/events")
    client.get(f"/policies/express/process/?case={case.number}")
    assert [(action, thing) for action, thing, _ in noted()] == [("view", f"case:{case.pk}")] * 4
    first = AccessEntry.objects.order_by("pk")[0]
    assert (first.actor, first.field, first.desk, first.address) == (
        officer.actor_id,
        "case",
        office.world.desk,
        "192.0.2.7",
    )


def test_a_look_costs_one_statement_and_changing_is_no_look(office: Office) -> None:
    case = office.world.register()
    client = browser(office.world.person("intake_officer"))
    client.get(f"/cases/{case.number}/")
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/cases/{case.number}/")
    inserts = [q["sql"] for q in seen if "people_accessentry" in q["sql"]]
    assert len(inserts) == 1
    before = AccessEntry.objects.count()
    client.post(f"/cases/{case.number}/do/note/", {"note_text": "备注", "_version": case.version, "_token": "a"})
    assert AccessEntry.objects.count() == before


def test_what_is_refused_is_noted_and_is_no_look(office: Office) -> None:
    case = office.world.register()
    stranger = browser(office.world.person("department_staff", "settlement"))
    assert stranger.get(f"/cases/{case.number}/").status_code == 404
    assert stranger.get("/cases/KD000000-00000/").status_code == 404
    assert noted() == [("refused", f"number:{case.number}", ""), ("refused", "number:KD000000-00000", "")]


def test_the_log_only_grows(office: Office) -> None:
    entry = AccessEntry.objects.create(
        at=office.world.now, actor="person:1", action="reveal", object="case:1", reason="核对"
    )
    changes = (
        lambda: AccessEntry.objects.filter(pk=entry.pk).update(actor="person:2"),
        lambda: AccessEntry.objects.filter(pk=entry.pk).update(reason="另一个"),
        lambda: AccessEntry.objects.filter(pk=entry.pk).delete(),
    )
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    forget_reasons(["case:1"])
    entry.refresh_from_db()
    assert (entry.reason, entry.actor) == ("", "person:1")


def read_by(office: Office, role: str) -> Client:
    return browser(office.world.person(role))


def test_those_who_audit_a_desk_read_its_log(office: Office) -> None:
    case = office.world.register()
    officer = office.world.person("intake_officer")
    browser(officer).get(f"/cases/{case.number}/")
    browser(office.world.person("department_staff", "settlement")).get(f"/cases/{case.number}/")
    page = text_of(read_by(office, "administrator").get("/access/"))
    assert officer.name in page and case.number in page and "被拒绝" in page
    only = text_of(read_by(office, "administrator").get("/access/", {"action": "view"}))
    assert "没有符合条件的记录" not in only
    assert "没有符合条件" in text_of(read_by(office, "administrator").get("/access/", {"number": "KD1"}))
    assert case.number in text_of(
        read_by(office, "administrator").get("/access/", {"who": officer.name[:1], "number": case.number})
    )
    assert "没有符合条件" in text_of(read_by(office, "administrator").get("/access/", {"to": "2020-01-01"}))
    assert read_by(office, "administrator").get("/access/", {"from": "nonsense", "after": "x"}).status_code == 200


@pytest.mark.parametrize("role", ["intake_officer", "cs_supervisor", "executive"])
def test_others_do_not_read_it(office: Office, role: str) -> None:
    assert read_by(office, role).get("/access/").status_code == 403


def test_the_log_of_another_desk_stays_closed(office: Office, office_of: object) -> None:
    case = office.world.register()
    browser(office.world.person("intake_officer")).get(f"/cases/{case.number}/")
    other = office_of("market")  # type: ignore[operator]
    page = text_of(browser(other.world.person("administrator")).get("/access/"))
    assert case.number not in page


def test_the_log_costs_the_same_for_few_and_many_entries(office: Office) -> None:
    client = read_by(office, "administrator")

    case = office.world.register()
    browser(office.world.person("intake_officer")).get(f"/cases/{case.number}/")
    few = cost(client, "/access/")
    for _ in range(3):
        case = office.world.register()
        browser(office.world.person("cs_agent")).get(f"/cases/{case.number}/")
    assert cost(client, "/access/") == few


def test_reading_unusually_much_raises_one_alert(office: Office) -> None:
    world = office.world
    officer = world.person("intake_officer")
    AccessEntry.objects.bulk_create(
        AccessEntry(
            at=world.now - timedelta(minutes=n % 50),
            actor=officer.actor_id,
            action="view",
            object=f"case:{UUID(int=n + 1)}",
            desk=world.desk,
        )
        for n in range(201)
    )
    assert alert_about_much_reading(now=world.now) == 1
    assert alert_about_much_reading(now=world.now + timedelta(minutes=5)) == 1
    notice = Notice.objects.get(person=world.person("administrator"), message="much_reading")
    assert "查看了 201 件个案" in notice.text
    assert f"{officer.name}在一小时内查看了 201 件个案" in text_of(read_by(office, "administrator").get("/access/"))
