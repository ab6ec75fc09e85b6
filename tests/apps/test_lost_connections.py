"""A connection that the server ended is found out by the first question of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection, connections

from amends.apps.people.models import Department
from amends.apps.prepared import Prepared, asked_together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="an embedded database is not lost"),
]
UNITS = Prepared(lambda: Department.objects.values_list("code", flat=True))


@pytest.fixture
def end_connection() -> Iterator[Callable[[], None]]:
    other = connections.create_connection("default")

    def end() -> None:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])

    yield end
    connection.health_check_enabled = False
    connection.close()
    other.close()


def test_the_first_question_of_a_request_opens_another_one(end_connection):
    assert UNITS.ask() == []
    end_connection()
    connection.health_check_enabled, connection.health_check_done = True, False
    assert UNITS.ask() == []


def test_a_later_one_tells_that_it_is_lost(end_connection):
    assert UNITS.ask() == []
    end_connection()
    connection.health_check_enabled, connection.health_check_done = True, True
    with pytest.raises(OperationalError):
        UNITS.ask()


def test_questions_asked_together_on_a_lost_connection_are_asked_on_another(end_connection):
    assert UNITS.ask() == []
    end_connection()
    connection.health_check_enabled, connection.health_check_done = True, False
    with asked_together([UNITS.given()]):
        assert UNITS.ask() == []
