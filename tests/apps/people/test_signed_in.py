"""Whoever is signed in is found with their department and with what every page asks of them, and not once they are inactive."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Department, Membership, Person
from amends.apps.people.signed_in import SignedIn, arrival_of
from amends.apps.policies.models import Desk
from amends.web.sign_in.entering import BACKEND
from amends.web.viewing import viewer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    department = Department.objects.create(code="care", title="客户服务部")
    return Person.objects.create_person(username="lin", name="林", department=department)


def test_a_person_is_found_with_their_department_and_with_what_every_page_asks(person) -> None:
    desk = Desk.objects.create(code="care", title="客户服务部", created_at=timezone.now())
    held = Membership.objects.create(person=person, desk=desk, role="agent", starts_at=timezone.now())
    with CaptureQueriesContext(connection) as asked:
        found = SignedIn().get_user(person.pk)
        assert found.department.title == "客户服务部"
        arrival = arrival_of(found)
    assert len(asked) == 4
    assert (arrival.standing.memberships, arrival.open_desks) == ((held,), [desk])
    assert arrival_of(person) is None


def test_what_was_read_is_of_the_moment_of_the_request_and_read_once(client, person) -> None:
    client.force_login(person, backend=BACKEND)
    client.get("/account/")
    with CaptureQueriesContext(connection) as asked:
        request = client.get("/account/").wsgi_request
    assert viewer_of(request).now == arrival_of(viewer_of(request).person).now
    assert [len([q for q in asked if f'FROM "{t}"' in q["sql"]]) for t in ("people_membership", "policies_desk")] == [
        1,
        1,
    ]


def test_whoever_practises_is_not_on_the_desks_that_are_live(person) -> None:
    Desk.objects.create(code="care", title="客户服务部", created_at=timezone.now())
    found = SignedIn().get_user(person.pk)
    live, practising = (Viewer(person=found, now=timezone.now(), practising=one) for one in (False, True))
    live.take(arrival_of(found))
    practising.take(arrival_of(found))
    assert ([desk.code for desk in live.desks()], practising.desks()) == (["care"], [])


def test_a_role_that_ends_is_gone_from_the_next_request_on(person) -> None:
    desk = Desk.objects.create(code="care", title="客户服务部", created_at=timezone.now())
    Membership.objects.create(person=person, desk=desk, role="agent", starts_at=timezone.now() - timedelta(days=1))
    assert len(arrival_of(SignedIn().get_user(person.pk)).standing.memberships) == 1
    Membership.objects.update(ends_at=timezone.now())
    assert arrival_of(SignedIn().get_user(person.pk)).standing.memberships == ()


def test_what_is_sent_is_judged_by_what_holds_when_it_has_come(rf, person) -> None:
    desk = Desk.objects.create(code="care", title="客户服务部", created_at=timezone.now())
    Membership.objects.create(person=person, desk=desk, role="agent", starts_at=timezone.now() - timedelta(days=1))
    request = rf.post("/account/")
    request.user = SignedIn().get_user(person.pk)
    ended = timezone.now()
    Membership.objects.update(ends_at=ended)
    viewer = viewer_of(request)
    assert viewer.now >= ended
    assert not viewer.works_on(desk)


def test_nobody_signs_in_by_it(person) -> None:
    assert SignedIn().authenticate(None, username="lin", password="") is None


def test_somebody_inactive_is_signed_in_no_longer(person) -> None:
    client = Client()
    client.force_login(person, backend=BACKEND)
    assert client.get("/account/").wsgi_request.user == person

    Person.objects.filter(pk=person.pk).update(is_active=False)

    assert isinstance(client.get("/account/").wsgi_request.user._wrapped, AnonymousUser)


@pytest.mark.parametrize("said", ['"abcdefghijk\\000"', '"\\377\\376abcdefghijk"', "a" * 4000, "Abcdefghijk", "abc"])
def test_a_cookie_that_can_name_no_session_is_not_looked_for(client, said):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/", headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={said}"})
    assert (answer.status_code, answer.wsgi_request.session.session_key) == (302, None)
    assert [query for query in asked if "session" in query["sql"]] == []
