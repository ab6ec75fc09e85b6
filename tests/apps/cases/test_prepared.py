"""Prepared questions: the words are kept, the answers never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import BigIntegerField, QuerySet, UUIDField, Value
from django.db.models.functions import Concat

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, visible_case
from amends.apps.people.actions import revoke_role
from amends.apps.people.models import Membership, Person
from amends.apps.prepared import MOST_AMONG, Given, Prepared, among, ask_among, counted
from amends.core.refusals import NotVisible
from tests.doors import Office

PACKS = ("express",)
NUMBER = Case._meta.get_field("number")


def viewer_of(person: Person, office: Office) -> Viewer:
    return Viewer(person=Person.objects.get(pk=person.pk), now=office.world.now)


def test_an_answer_is_read_anew_each_time(office: Office) -> None:
    by_number = Prepared(lambda: Case.objects.filter(number=Given("number", NUMBER)).select_related("desk"))
    case = office.world.register()
    assert [found.desk for found in by_number.ask(number=case.number)] == [office.world.desk]
    Case.objects.filter(pk=case.pk).update(subject="改过的事项")
    again = by_number.first(number=case.number)
    assert again is not None
    assert (again.subject, again._state.adding) == ("改过的事项", False)
    assert by_number.first(number="没有") is None


def test_several_questions_are_counted_by_one_query(office: Office, django_assert_num_queries: object) -> None:
    by_number = Prepared(lambda: Case.objects.filter(number=Given("number", NUMBER)))
    nothing = Prepared(lambda: Case.objects.none())
    case = office.world.register()
    with django_assert_num_queries(1):  # type: ignore[operator]
        counts = counted([by_number.given(number="没有"), nothing.given(), by_number.given(number=case.number)]).first()
    assert counts == (0, 0, 1)


@pytest.mark.parametrize("several", [2, MOST_AMONG + 1, 2 * MOST_AMONG])
def test_those_of_several_keys_are_found_however_many_are_asked_about(office: Office, several: int) -> None:
    case, other = office.world.register(), office.world.register()
    keys, numbers = [uuid4() for _ in range(several - 1)], list(range(-several, -1))

    def by_key(wanted: list[Any]) -> QuerySet[Case, Any]:
        return Case.objects.filter(among("pk", wanted)).values_list("number", flat=True)

    def by_number(wanted: list[Any]) -> QuerySet[Case, Any]:
        return Case.objects.filter(among("chain_id", wanted)).values_list("number", flat=True)

    assert ask_among("by key", [*keys, case.pk], by_key, of=UUIDField()) == [case.number]
    assert ask_among("by number", [*numbers, other.chain_id], by_number, of=BigIntegerField()) == [other.number]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no arrays")
def test_hundreds_of_keys_are_asked_about_in_the_same_words(db: None) -> None:
    asked = set()

    def note(execute: Any, words: str, values: Any, many: bool, context: Any) -> Any:
        asked.add((words, len(values)))
        return execute(words, values, many, context)

    with connection.execute_wrapper(note):
        for several in (MOST_AMONG + 1, 5 * MOST_AMONG):
            keys = [uuid4() for _ in range(several)]
            ask_among("keys", keys, lambda wanted: Case.objects.filter(among("pk", wanted)), of=UUIDField())
    ((_, places),) = asked
    assert places == 1


def test_signs_that_mean_something_in_sql_stay_what_they_are(office: Office) -> None:
    case = office.world.register()
    subject = "折扣 100% 'quoted' %s \\ _"
    Case.objects.filter(pk=case.pk).update(subject=subject)
    with_constant = Case.objects.filter(subject=subject, number=Given("number", NUMBER))
    shown = Prepared(lambda: with_constant.annotate(said=Concat(Value("% "), "subject")).values_list("said", flat=True))
    assert shown.ask(number=case.number) == [f"% {subject}"]
    begins = Prepared(
        lambda: Case.objects.filter(subject__contains="100%", number=Given("number", NUMBER)).values("pk")
    )
    assert begins.ask(number=case.number) == [{"pk": case.pk}]


def test_a_question_about_nothing_costs_no_query(office: Office, django_assert_num_queries: object) -> None:
    nothing = Prepared(lambda: Case.objects.none())
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert (nothing.ask(), counted([nothing.given()]).ask()) == ([], [(0,)])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="an embedded database keeps no plans for a connection")
def test_the_server_plans_a_question_once_a_connection(office: Office) -> None:
    case = office.world.register()
    by_number = Prepared(lambda: Case.objects.filter(number=Given("number", NUMBER), subject__contains="planned once"))
    for number in (case.number, "没有", case.number):
        by_number.ask(number=number)
    anew = Prepared(
        lambda: Case.objects.filter(number=Given("number", NUMBER)).exclude(subject__contains="planned anew"),
        planned_anew=True,
    )
    for number in (case.number, "没有", case.number):
        assert [one.number for one in anew.ask(number=number)] == ([] if number == "没有" else [number])
    Case.objects.filter(subject__contains="planned anew").count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(statement) FROM pg_prepared_statements WHERE statement LIKE '%planned %'")
        count, statement = cursor.fetchone()
    assert (count, "planned once" in statement) == (1, True)


def test_a_right_that_ends_or_begins_counts_from_the_next_question_on(office: Office) -> None:
    world = office.world
    case, agent = world.register(), world.person("intake_officer")
    assert visible_case(viewer_of(agent, office), case.number) == case
    held = Membership.objects.get(person=agent, role="intake_officer")
    desk, role = held.desk, held.role
    revoke_role(membership=held, by="system", now=world.now)
    with pytest.raises(NotVisible):
        visible_case(viewer_of(agent, office), case.number)
    later = Membership.objects.create(person=agent, desk=desk, role=role, starts_at=world.now + timedelta(hours=1))
    with pytest.raises(NotVisible):
        visible_case(viewer_of(agent, office), case.number)
    Membership.objects.filter(pk=later.pk).update(starts_at=world.now)
    assert visible_case(viewer_of(agent, office), case.number) == case


def test_a_case_that_is_closed_to_somebody_is_closed_from_the_next_question_on(office: Office) -> None:
    case, agent = office.world.register(), office.world.person("intake_officer")
    assert visible_case(viewer_of(agent, office), case.number) == case
    Case.objects.filter(pk=case.pk).update(restricted_to=",executive,")
    with pytest.raises(NotVisible):
        visible_case(viewer_of(agent, office), case.number)
