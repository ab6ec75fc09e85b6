"""S13 and S14, small: reading changes nothing, and only named fields are taken and given."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from amends.apps.cases.models import Case
from amends.apps.people.models import Person
from tests.promises.small_world import SmallWorld, small_world, undone
from tests.promises.test_s1_rights import ROUTES, address_of

pytestmark = pytest.mark.django_db
# Sessions and tokens note their last use; reads of personal data are noted in the access log.
MAY_CHANGE = {"django_session", "people_apitoken", "people_accessentry", "axes_accesslog", "axes_accessattempt"}
READERS = ("anonymous", "receptionist", "director", "housekeeper", "administrator")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[SmallWorld]:
    with django_db_blocker.unblock(), small_world() as made:
        yield made


def digest_of_all_tables() -> str:
    hasher = hashlib.sha256()
    with connection.cursor() as cursor:
        for model in sorted(apps.get_models(include_auto_created=True), key=lambda m: m._meta.db_table):
            if model._meta.db_table in MAY_CHANGE:
                continue
            columns = ", ".join(connection.ops.quote_name(f.column) for f in model._meta.local_concrete_fields)
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT {columns} FROM {table} ORDER BY 1")
            for row in cursor.fetchall():
                hasher.update(repr(row).encode())
    return hasher.hexdigest()


@pytest.mark.parametrize("path", [path for path, route in ROUTES.items() if "GET" in route["answers"]])
def test_reading_changes_nothing(world: SmallWorld, path: str):
    before = digest_of_all_tables()

    for who in READERS:
        principal = world.principals[who]
        client = principal.machine() if ROUTES[path]["audience"] == "machine" else principal.browser()
        for method in (client.get, client.head):
            assert method(address_of(world, path, "own")).status_code < 500

    assert digest_of_all_tables() == before


def is_called_by_machines(route: dict[str, Any]) -> bool:
    """Whether no browser sends it: with a token, or at an address that is itself the secret."""
    return route["audience"] == "machine" or route["permission"] == "secret_address"


@pytest.mark.parametrize(
    "path", [p for p, r in ROUTES.items() if "POST" in r["answers"] and not is_called_by_machines(r)]
)
def test_a_form_without_its_token_or_from_elsewhere_is_refused(world: SmallWorld, path: str):
    from django.test import Client

    before = digest_of_all_tables()
    for extra in ({}, {"headers": {"Origin": "https://elsewhere.example"}}):
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        client.cookies["session"] = world.principals["receptionist"].cookies["session"]
        with undone():
            assert client.post(address_of(world, path, "own"), {}, **extra).status_code == 403
            # JSON that pretends to be plain text brings no token either.
            body = '{"version": 1, "data": {}}'
            assert client.post(address_of(world, path, "own"), body, content_type="text/plain").status_code == 403

    assert digest_of_all_tables() == before


def bodies(world: SmallWorld) -> dict[str, dict[str, Any]]:
    version = world.cases["own"].version
    register = ROUTES["/api/v1/cases"]["sends"]["body"]
    number = world.number("own")
    return {
        "/api/v1/cases": register,
        f"/api/v1/cases/{number}/actions/contact": {"version": version, "data": {"contact_text": "已敲门"}},
        f"/api/v1/cases/{number}/reveal": {"field": "complainant_name", "reason": "核对"},
    }


def columns() -> list[str]:
    """Every column of the tables that these requests change, and what would raise somebody's rights."""
    return sorted({f.name for model in (Case, Person) for f in model._meta.get_fields()} - {"version", "received_at"})


def test_a_column_that_is_no_field_is_refused_by_name(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    for address, body in bodies(world).items():
        for name in set(columns()) - set(body):
            with undone():
                response = client.post(address, {**body, name: "1"}, content_type="application/json")
            assert response.status_code == 422, (address, name)
            assert {"pointer": f"/{name}", "code": "unknown_field"}.items() <= response.json()["errors"][0].items()


def test_a_form_takes_only_its_own_fields(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    number, version = world.number("own"), world.cases["own"].version
    for name in ("state", "level", "handler", "complainant", "is_administrator"):
        body = {"version": version, "data": {"contact_text": "已敲门", name: "1"}}
        response = client.post(f"/api/v1/cases/{number}/actions/contact", body, content_type="application/json")
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, f"/data/{name}")


FIELDS_OF_A_CASE = {
    "number", "desk", "kind", "channel", "channel_group", "state", "state_category", "waits_for", "outcome", "cycle",
    "round", "version", "level", "category", "priority", "urgent", "subject", "department", "handler", "received_at",
    "registered_at", "changed_at", "closed_at", "archived_at", "due_at", "due_clock", "due_is_provisional", "is_late",
    "taken_over", "partner", "last_told_at", "last_told_leaves_at", "department_told_at",
    "customer_spoke_at", "questions_open", "word_clock", "word_due_at",
}  # fmt: skip


def test_a_case_shows_its_listed_fields_and_no_others(world: SmallWorld):
    for who in ("receptionist", "director", "housekeeper"):
        response = world.principals[who].machine().get(f"/api/v1/cases/{world.number('own')}")
        assert set(response.json()) == FIELDS_OF_A_CASE
