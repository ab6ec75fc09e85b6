"""A token that ran out and a database that is away lose no word: the page holds it and sends it again."""

import pytest
from django.db import OperationalError
from django.test import Client

from amends.apps.cases.models import Case
from amends.web.portal import complaining
from tests.pages import sent_again
from tests.web.portal import ANSWERS, FORM

pytestmark = pytest.mark.django_db


def test_a_token_that_ran_out_is_answered_with_the_filled_form_and_a_fresh_token(world):
    client = Client(enforce_csrf_checks=True)
    client.get(FORM)

    page = client.post(FORM, {**ANSWERS, "_token": "t"}, headers={"Sec-Fetch-Site": "same-origin"})

    assert page.status_code == 403
    assert ANSWERS["description"] in page.content.decode()
    assert sent_again(client, FORM, page.content.decode()).status_code == 201
    assert Case.objects.count() == 1


@pytest.mark.parametrize("origin", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_what_another_site_sends_is_only_refused(world, origin):
    page = Client(enforce_csrf_checks=True).post(FORM, {**ANSWERS, "_token": "t"}, headers=origin)

    assert page.status_code == 403
    assert ANSWERS["description"] not in page.content.decode()


def test_while_the_database_is_away_the_page_holds_what_was_typed(customer, monkeypatch):
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(complaining, "portal_desk", away)
        # The connection of the test holds its transaction.
        patched.setattr("amends.web.middleware.unavailable.close_old_connections", lambda: None)
        page = customer.post(FORM, {**ANSWERS, "_token": "t"})

    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert ANSWERS["description"] in page.content.decode()
    assert sent_again(customer, FORM, page.content.decode()).status_code == 201
