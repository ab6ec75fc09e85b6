"""Pages for people who manage: policies, people, workload, access."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.people.models import Person


def browser(person: Person) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def cost(client: Client, address: str) -> int:
    """The queries of a page that is warm: the fewer of two visits, since policies are looked up again every few seconds."""
    found = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        found.append(len(seen))
    return min(found)
