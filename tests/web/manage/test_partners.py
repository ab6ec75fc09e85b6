"""The register of partners: who keeps it, what is refused, what forms say and offer, and what the ledger holds of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from amends.apps.ledger.models import Event
from amends.apps.people.choices import partners_to_choose
from amends.apps.people.models import Partner, Person
from amends.web.middleware.session_age import BEGAN
from tests.doors import Office
from tests.pages import text_of
from tests.web.manage import browser, cost
from tests.world import PASSWORD

PACKS = ("express", "market")
pytestmark = pytest.mark.django_db
PAGE = "/organisation/partners/"


def signed_in(person: Person, office: Office) -> Client:
    client = browser(person)
    session = client.session
    session[BEGAN] = office.world.now.isoformat()
    session.save()
    return client


@pytest.fixture
def root(office: Office) -> Client:
    made = Person.objects.create_person(username="root", name="管理员", password=PASSWORD, is_administrator=True)
    return signed_in(made, office)


def register(client: Client, **changes: Any) -> Any:
    return client.post(PAGE, {"name": "顺联运输", "kind": "express:transport", "email": "ops@example.com", **changes})


def test_a_partner_is_registered_renamed_retired_and_taken_back_each_an_event(office: Office, root: Client) -> None:
    assert register(root, contact="陆经理", phone="13800000001").status_code == 302
    page = text_of(root.get(PAGE))
    assert all(word in page for word in ("顺联运输", "运输合作伙伴", "陆经理", "ops@example.com", "13800000001"))
    partner = Partner.objects.get(name="顺联运输")
    one = f"{PAGE}{partner.pk}/"
    assert 'value="ops@example.com"' in root.get(one).content.decode()
    root.post(one, {"name": "顺联冷链", "kind": "express:warehousing"})
    partner.refresh_from_db()
    assert (partner.name, partner.kind, partner.email, partner.desk) == (
        "顺联冷链",
        "warehousing",
        "",
        office.world.desk,
    )
    root.post(f"{one}retire/")
    assert (partner.pk, "顺联冷链") not in partners_to_choose(office.world.desk)
    assert "已停用的合作伙伴（1）" in text_of(root.get(PAGE))
    root.post(f"{one}take-back/")
    assert (partner.pk, "顺联冷链") in partners_to_choose(office.world.desk)
    kinds = Event.objects.filter(chain__key="desk:express", kind__startswith="partner_").order_by("seq")
    changes = ["partner_added", "partner_renamed", "partner_retired", "partner_taken_back"]
    assert list(kinds.values_list("kind", flat=True)) == changes
    said = text_of(root.get("/organisation/changes/"))
    assert all(f"{word}“顺联" in said for word in ("登记合作伙伴", "合作伙伴改名为", "停用合作伙伴", "恢复合作伙伴"))


def test_a_name_is_taken_once_a_desk_and_faults_are_said_at_their_fields(office: Office, root: Client) -> None:
    register(root)
    again = register(root, contact="留着我")
    assert (again.status_code, "名称”已有“顺联运输”" in again.content.decode()) == (422, True)
    assert 'value="留着我"' in again.content.decode()
    assert register(root, name="别家", kind="express:catering").status_code == 422
    assert "不是有效的电子邮箱" in register(root, name="别家", email="nicht").content.decode()
    assert "不是有效的电话号码" in register(root, name="别家", phone="12").content.decode()
    assert Partner.objects.filter(name__in=["顺联运输", "别家"]).count() == 1


def test_each_desk_keeps_its_own_register(office: Office, office_of: Any, root: Client) -> None:
    register(root)
    partner, market = Partner.objects.get(name="顺联运输"), office_of("market")
    assert partners_to_choose(market.world.desk) == []
    stranger = browser(market.world.person(manager_role(market)))
    assert stranger.get(f"{PAGE}{partner.pk}/").status_code == 404
    page = text_of(stranger.get(PAGE))
    assert "制度不涉及合作伙伴" in page and "顺联运输" not in page
    keeper = signed_in(office.world.person("administrator"), office)
    assert register(keeper, name="另一家").status_code == 302
    assert browser(office.world.person("intake_officer")).get(PAGE).status_code == 403


def manager_role(office: Office) -> str:
    return next(name for name, role in office.world.pack.roles.roles.items() if "manage_people" in role.may)


def test_the_page_costs_the_same_for_few_and_many_partners(office: Office, root: Client) -> None:
    register(root)
    few = cost(root, PAGE)
    for n in range(6):
        register(root, name=f"第{n}家")
    assert cost(root, PAGE) == few


def test_a_form_without_partners_says_where_they_are_registered(office: Office) -> None:
    client = browser(office.world.person("intake_officer"))
    data = {"kind": "complaint", "target": "partner", "_redraw": "1"}
    assert "尚未登记合作伙伴" not in client.post("/intake/?desk=express", data).content.decode()
    Partner.objects.all().delete()
    assert (
        "尚未登记合作伙伴，请管理员在“组织 › 合作伙伴”中登记。"
        in client.post("/intake/?desk=express", data).content.decode()
    )


def test_an_organisation_that_fits_the_policy_has_a_partner_of_every_kind(office: Office) -> None:
    found = dict(Partner.objects.filter(desk=office.world.desk).values_list("kind", "email"))
    assert found == {kind: f"{kind}@example.com" for kind in ("transport", "warehousing", "technology")}
