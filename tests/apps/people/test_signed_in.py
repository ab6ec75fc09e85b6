"""Whoever is signed in is found with their department by one question, and not once they are inactive."""

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.people.models import Department, Person
from amends.apps.people.signed_in import SignedIn
from amends.web.sign_in.entering import BACKEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    department = Department.objects.create(code="care", title="客户服务部")
    return Person.objects.create_person(username="lin", name="林", department=department)


def test_one_question_finds_a_person_with_their_department(person) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = SignedIn().get_user(person.pk)
        assert found.department.title == "客户服务部"
    assert len(asked) == 1


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
