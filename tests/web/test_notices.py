"""Notices: what they tell, to whom they still tell it, and what the page costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.messaging.actions import notify
from amends.apps.messaging.models import Notice
from amends.apps.people.actions import revoke_role
from tests.web.staff import signed_in

pytestmark = pytest.mark.django_db


def told(desk, person, words, case=None):
    case = case or desk.register()
    usual = {"zh-hans": words, "en": f"en {words}"}
    notify(
        [person], pack=desk.pack, message="restricted_case", values={}, case_key=str(case.pk), case_number=case.number,
        now=desk.now, unique_key=words, usual=usual,
    )  # fmt: skip
    return case


def page(client, **query):
    response = client.get("/notices/", query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_notice_tells_nothing_of_a_case_that_its_reader_may_not_see_any_more(desk):
    supervisor = desk.person("cs_supervisor")
    client = signed_in(desk, "cs_supervisor")
    case = told(desk, supervisor, "请尽快处理顾晓彤的投诉")
    before = page(client, show="all")
    assert "顾晓彤" in before
    assert case.number in before

    for membership in supervisor.memberships.all():
        revoke_role(membership=membership, by="system", now=desk.now)
    after = page(client, show="all")

    assert "顾晓彤" not in after
    assert case.number not in after
    assert "已不再对您开放" in after
    notice = Notice.objects.get(person=supervisor, text="请尽快处理顾晓彤的投诉")
    assert client.post(f"/notices/{notice.pk}/seen/").status_code == 302


def test_the_page_costs_the_same_for_one_notice_and_for_many(desk):
    supervisor, client = desk.person("cs_supervisor"), signed_in(desk, "cs_supervisor")

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            page(client)
        return len(found)

    told(desk, supervisor, "第一条")
    page(client)
    one = queries()
    for n in range(6):
        told(desk, supervisor, f"又一条 {n}")

    assert queries() == one
