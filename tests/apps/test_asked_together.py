"""Questions sent to the server at once: each is answered, once, from what came back."""

from __future__ import annotations

import pytest
from django.db import DataError, connection, transaction
from django.db.models import ExpressionWrapper, F, IntegerField

from amends.apps import one_go
from amends.apps.deferred.limits import TookTooLong
from amends.apps.people.models import Department
from amends.apps.prepared import Prepared, asked_together, counted, given_number, given_text

pytestmark = pytest.mark.django_db(transaction=True)
ON_A_SERVER = pytest.mark.skipif(connection.vendor != "postgresql", reason="nothing is sent to an embedded database")

CALLED = Prepared(lambda: Department.objects.filter(code=given_text("code")).values_list("title", flat=True))
CODES = Prepared(lambda: Department.objects.order_by("code").values_list("code", flat=True))
DIVIDED = Prepared(
    lambda: Department.objects.annotate(
        part=ExpressionWrapper(F("pk") / given_number("by"), output_field=IntegerField())
    ).values_list("part", flat=True)
)


@pytest.fixture(autouse=True)
def departments() -> None:
    for code in ("a", "b"):
        Department.objects.create(code=code, title=f"部门 {code}", path=f"{code}.", sort_key=code)
    CODES.ask()


def rename(code: str) -> None:
    Department.objects.filter(code=code).update(title="改过的部门")


@ON_A_SERVER
def test_each_question_is_answered_once_from_what_came_back() -> None:
    with asked_together([CALLED.given(code="a"), CODES.given()]):
        rename("a")
        assert CALLED.ask(code="a") == ["部门 a"]
        assert CALLED.ask(code="a") == ["改过的部门"]
        assert CODES.ask() == ["a", "b"]


@ON_A_SERVER
def test_what_was_not_asked_within_is_forgotten_behind_it() -> None:
    with asked_together([CALLED.given(code="a")]), asked_together([CALLED.given(code="b")]):
        rename("a")
        rename("b")
    assert (CALLED.ask(code="a"), CALLED.ask(code="b")) == (["改过的部门"], ["改过的部门"])


@ON_A_SERVER
def test_one_within_another_leaves_what_came_for_that() -> None:
    with asked_together([CALLED.given(code="a")]):
        with asked_together([CALLED.given(code="b")]):
            assert CALLED.ask(code="b") == ["部门 b"]
        rename("a")
        assert CALLED.ask(code="a") == ["部门 a"]


@ON_A_SERVER
def test_one_within_another_is_not_sent_again_where_its_answer_waits() -> None:
    with asked_together([CALLED.given(code="a")]):
        rename("a")
        with asked_together([CALLED.given(code="a"), CODES.given()]):
            assert CALLED.ask(code="a") == ["部门 a"]
            assert CODES.ask() == ["a", "b"]
        assert CALLED.ask(code="a") == ["改过的部门"]


@ON_A_SERVER
def test_counts_are_asked_together_like_any_question() -> None:
    counts = counted([CALLED.given(code="a"), CALLED.given(code="c"), CODES.given()])
    with asked_together([counts]):
        Department.objects.create(code="c", title="部门 c", path="c.", sort_key="c")
        assert counts.ask() == [(1, 0, 2)]
        assert counts.ask() == [(1, 1, 3)]


def plans_of(words: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, %s) > 0", [words])
        return int(cursor.fetchone()[0])


@ON_A_SERVER
def test_the_server_plans_once_what_is_asked_together_and_again_after_a_rollback() -> None:
    def title() -> str | None:
        with asked_together([CALLED.given(code="a"), CALLED.given(code="b")]):
            rename("a")
            return CALLED.first(code="a")

    assert (title(), plans_of('"people_department"."title"')) == ("部门 a", 1)
    assert (title(), plans_of('"people_department"."title"')) == ("改过的部门", 1)
    with transaction.atomic():
        CALLED.ask(code="a")
        transaction.set_rollback(True)
    Department.objects.filter(code="a").update(title="部门 a")
    assert (title(), plans_of('"people_department"."title"')) == ("部门 a", 1)


def test_other_values_are_another_question() -> None:
    with asked_together([CALLED.given(code="a")]):
        rename("b")
        assert CALLED.ask(code="b") == ["改过的部门"]


@ON_A_SERVER
def test_one_that_can_not_be_answered_fails_where_it_is_asked_and_alone() -> None:
    with asked_together([CALLED.given(code="a"), DIVIDED.given(by=0), CODES.given()]):
        assert CALLED.ask(code="a") == ["部门 a"]
        with pytest.raises(DataError):
            DIVIDED.ask(by=0)
        assert CODES.ask() == ["a", "b"]


@ON_A_SERVER
def test_what_interrupts_goes_on_and_leaves_no_answer_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def ring(*args: object) -> None:
        raise TookTooLong

    with monkeypatch.context() as during:
        during.setattr(one_go, "_received", ring)
        with pytest.raises(TookTooLong), asked_together([CALLED.given(code="a"), CODES.given()]):
            pass
    assert CODES.ask() == ["a", "b"]


@ON_A_SERVER
def test_where_the_connection_is_lost_each_is_asked_on_another() -> None:
    assert connection.connection is not None
    connection.connection.pgconn.finish()
    with asked_together([CALLED.given(code="a")]):
        assert CALLED.ask(code="a") == ["部门 a"]


def test_within_a_transaction_each_is_asked_when_its_turn_comes() -> None:
    with transaction.atomic(), asked_together([CALLED.given(code="a")]):
        rename("a")
        assert CALLED.ask(code="a") == ["改过的部门"]
