"""The experience summary asks the database the same number of questions however many reviews there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from tests.web.staff import courier_desk, signed_in

pytestmark = pytest.mark.django_db


def test_more_reviews_ask_no_more_of_the_database():
    world = courier_desk()
    client = signed_in(world, "quality_manager")

    def review():
        data = {f.id: 4 for f in world.pack.forms["case_review"].fields if f.type == "number"}
        caller = world.caller("quality_manager")
        case = world.register()
        begin_proceeding(
            Beginning(
                kind="case_review",
                desk=world.desk,
                data={**data, "score_need_first_comment": "先问需要"},
                caller=caller,
                now=world.now,
                case=case,
            )
        )

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get("/experience/", {"to": "2099-01-01"}).status_code == 200
        return len(caught)

    review()
    queries()
    one = queries()
    review()
    review()

    assert queries() == one
    page = client.get("/experience/", {"to": "2099-01-01"}).content.decode()
    assert page.count("先问需要") == 3
    assert client.get("/experience/", {"from": "nonsense"}).status_code == 422
