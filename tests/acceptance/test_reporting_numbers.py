"""Numbers of contacts that come in at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from amends.core.facts import CaseFacts
from tests.doors import START, Api, answers, body_of
from tests.world import open_world, publish_shipped

AT_ONCE, PEOPLE = 50, 5


@pytest.mark.clause("REP-4.1.3")
@pytest.mark.django_db(transaction=True)
def test_fifty_registrations_at_once_get_fifty_numbers():
    publish_shipped(("reporting",), now=START)
    world = open_world("reporting", now=START)
    door = Api(world, "cs_agent")
    known = CaseFacts(values={"kind": "complaint", "channel": "hotline"})
    data = answers(world, "complaint_registration", known, {}, owner=door.person.actor_id)
    body = body_of(desk="reporting", kind="complaint", channel="hotline", data=data)

    def register(_):
        try:
            return door.post("cases", body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PEOPLE) as people:
        responses = list(people.map(register, range(AT_ONCE)))

    assert [response.status_code for response in responses] == [201] * AT_ONCE
    assert len({response.json()["number"] for response in responses}) == AT_ONCE
