"""What the API answers: problems in two languages, tokens, pages, verbs, keys."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from amends.apps.cases.models import Case, IdempotencyKey
from amends.apps.people.actions import create_token, deactivate
from amends.apps.people.models import ApiToken
from amends.core.verbs import VERBS
from tests.promises.small_world import ABSENT, SmallWorld
from tests.promises.test_bad_input import IS_CHINESE, check_problem, new_case

pytestmark = pytest.mark.django_db
CASES = "/api/v1/cases"


def act(
    world: SmallWorld, who: str, relation: str, verb: str, data: dict[str, Any], *, version: int | None = None
) -> Any:
    case = Case.objects.get(pk=world.cases[relation].pk)
    body = {"version": version or case.version, "data": data}
    address = f"{CASES}/{case.number}/actions/{verb}"
    return world.principals[who].machine().post(address, body, content_type="application/json")


def test_a_problem_speaks_two_languages_whatever_is_asked_for(world: SmallWorld):
    for language in ("zh-hans", "en", "fr"):
        client = Client(headers={"Authorization": "Bearer nonsense", "Accept-Language": language})
        body = check_problem(client.get(CASES), 401, "unauthorized")
        assert IS_CHINESE.search(body["title"])
        assert set(body) == {"type", "status", "code", "request_id", "title", "detail", "detail_en"}


NO_TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer nonsense",
    "Basic YTpi",
    "Token x",
    "bearer amd_",
    "Bearer \u4e2d".encode().decode("latin-1"),
]


@pytest.mark.parametrize("header", NO_TOKENS)
def test_whatever_is_no_token_is_answered_alike(world: SmallWorld, header: str):
    client = Client(headers={"Authorization": header} if header else {})
    bare = Client().get(CASES)

    response = client.get(CASES)

    check_problem(response, 401, "unauthorized")
    assert {**response.json(), "request_id": ""} == {**bare.json(), "request_id": ""}


def test_a_token_ends_with_its_days_its_revocation_and_its_owner(world: SmallWorld):
    person, now = world.night.person("director"), timezone.now()
    made = [create_token(person=person, name=n, scopes=["all"], desks=[], now=now) for n in ("a", "b", "c")]
    clients = [Client(headers={"Authorization": f"Bearer {secret}"}) for _, secret in made]
    assert [c.get(CASES).status_code for c in clients] == [200, 200, 200]

    ApiToken.objects.filter(pk=made[0][0].pk).update(expires_at=now - timedelta(seconds=1))
    ApiToken.objects.filter(pk=made[1][0].pk).update(revoked_at=now)
    assert [c.get(CASES).status_code for c in clients] == [401, 401, 200]

    deactivate(person=person, by="system", now=now)
    assert [c.get(CASES).status_code for c in clients] == [401, 401, 401]


def test_a_role_that_is_taken_away_counts_no_more_at_the_next_request(world: SmallWorld):
    from amends.apps.people.actions import revoke_role
    from amends.apps.people.models import Membership

    address = f"{CASES}/{world.number('own')}"
    client = world.principals["receptionist"].machine()
    assert client.get(address).status_code == 200

    membership = Membership.objects.get(person=world.night.person("receptionist"))
    revoke_role(membership=membership, by="system", now=timezone.now())

    assert client.get(address).status_code == 404


def test_what_may_not_be_seen_and_what_is_not_there_are_one_answer(world: SmallWorld):
    client = world.principals["housekeeper"].machine()

    hidden, absent = client.get(f"{CASES}/{world.number('other_desk')}"), client.get(f"{CASES}/{ABSENT}")

    assert hidden.status_code == absent.status_code == 404
    assert {**hidden.json(), "request_id": ""} == {**absent.json(), "request_id": ""}


def test_an_outdated_version_is_stale(world: SmallWorld):
    seen = world.cases["own"].version
    assert act(world, "receptionist", "own", "contact", {"contact_text": "第一次"}).status_code == 200

    response = act(world, "receptionist", "own", "contact", {"contact_text": "第二次"}, version=seen)

    check_problem(response, 409, "stale")


def test_a_skipped_stage_is_named(world: SmallWorld):
    response = act(world, "receptionist", "own", "archive", {})

    assert check_problem(response, 409, "wrong_state")["missing"] != []


def test_a_verb_of_others_is_not_permitted_though_the_case_is_visible(world: SmallWorld):
    check_problem(act(world, "director", "own", "contact", {"contact_text": "店长"}), 403, "not_permitted")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_an_address_and_a_fitting_answer(world: SmallWorld, verb: str):
    for who in ("receptionist", "director"):
        response = act(world, who, "own", verb, {})
        assert response.status_code in (200, 403, 409, 422), (who, verb, response.content.decode())


@pytest.mark.parametrize("verb", ["", "drop", "REGISTER", "..", "%00", "a" * 300])
def test_no_verb_is_an_answer_too(world: SmallWorld, verb: str):
    assert act(world, "receptionist", "own", verb, {}).status_code in (403, 404, 405, 409)


def test_every_verb_of_a_policy_is_reached_from_first_contact_to_archive(world: SmallWorld):
    """The actions that are listed are those that work, with the data that their schemas ask for."""
    night = world.night
    done: set[str] = set()
    reception = world.principals["receptionist"].machine()
    registered = reception.post(CASES, new_case(answers={"nuisance": "noise"}), content_type="application/json").json()
    steps = [
        ("contact", {"contact_text": "已敲门"}), ("grade", {"room_usable": True}), ("dispatch", {}), ("carry_out", {"gesture": first_measure(night)}),
        ("refuse", {"comment": "还不满意"}), ("carry_out", {"gesture": first_measure(night)}), ("agree", {"comment": "好的"}), ("reopen", {"comment": "又吵了"}),
        ("dispatch", {}), ("withdraw", {"comment": "算了"}), ("archive", {}),
    ]  # fmt: skip
    for verb, data in steps:
        case = Case.objects.get(number=registered["number"])
        world.cases["walking"] = case
        who = next(name for name in world.principals if verb in listed(world, name, case.number))
        response = act(world, who, "walking", verb, data)
        assert response.status_code == 200, (verb, who, response.content.decode())
        done.add(verb)
    case.refresh_from_db()

    assert case.state_category == "archived"
    assert case.cycle == 2
    assert done <= {t.verb for t in night.pack.lifecycle.transitions}


def first_measure(world: Any) -> str:
    form = next(f for f in world.pack.forms.values() if f.field("gesture"))
    from amends.core.form_data import options_of

    return next(name for name in options_of(form.field("gesture"), world.pack) if name != "free_night")


def listed(world: SmallWorld, who: str, number: str) -> set[str]:
    """The verbs that the API offers; each has the JSON Schema of its form."""
    response = world.principals[who].machine().get(f"{CASES}/{number}/actions")
    if response.status_code != 200:
        return set()
    for action in response.json()["actions"]:
        assert action["schema"]["type"] == "object"
        assert action["schema"]["additionalProperties"] is False
    return {action["verb"] for action in response.json()["actions"]}


def test_pages_are_complete_and_stable_while_cases_come_in(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    before = {post_case(client, n) for n in range(7)} | {
        world.number(r) for r in ("own", "other_department", "undispatched")
    }
    for sort in ("priority", "due", "received", "oldest", "changed"):
        seen: list[str] = []
        cursor = None
        while True:
            page = client.get(CASES, {"size": "3", "sort": sort, **({"cursor": cursor} if cursor else {})}).json()
            seen += [case["number"] for case in page["cases"]]
            if sort in ("received", "oldest") and len(seen) == 3:
                post_case(client, 100)
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)), sort
        assert before <= set(seen), sort


def post_case(client: Client, n: int) -> str:
    response = client.post(CASES, new_case(subject=f"第 {n} 件"), content_type="application/json")
    assert response.status_code == 201, response.content.decode()
    return str(response.json()["number"])


def test_a_cursor_of_another_order_is_refused(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    cursor = client.get(CASES, {"size": "1", "sort": "received"}).json()["next_cursor"]

    check_problem(client.get(CASES, {"sort": "due", "cursor": cursor}), 422, "invalid")


def test_a_key_keeps_the_first_answer_and_a_refusal_frees_it(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    headers = {"Idempotency-Key": "k-1"}

    refused = client.post(CASES, {"desk": "night"}, content_type="application/json", headers=headers)
    assert refused.status_code == 422
    assert not IdempotencyKey.objects.filter(key="k-1").exists()

    first = client.post(CASES, new_case(), content_type="application/json", headers=headers)
    again = client.post(CASES, new_case(), content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    other = client.post(CASES, new_case(subject="别的"), content_type="application/json", headers=headers)
    check_problem(other, 422, "idempotency_mismatch")


def test_a_token_is_made_on_the_command_line_and_shown_once(world: SmallWorld):
    output = io.StringIO()
    username = world.night.person("receptionist").username
    call_command("create_token", username, "--scope", "all", "--desk", "night", "--json", stdout=output)
    made = json.loads(output.getvalue())

    client = Client(headers={"Authorization": f"Bearer {made['token']}"})
    assert client.get(f"{CASES}/{world.number('own')}").status_code == 200
    assert made["token"] not in str(list(ApiToken.objects.values()))
    for wrong in (["nobody-here"], [username, "--desk", "nowhere"], [username, "--days", "0"]):
        with pytest.raises(CommandError):
            call_command("create_token", *wrong)


def test_a_list_costs_the_same_number_of_queries_for_one_row_and_for_many(
    world: SmallWorld, django_assert_max_num_queries: Any
):
    client = world.principals["receptionist"].machine()
    for n in range(3):
        post_case(client, n)
    for size in ("1", "50"):
        with django_assert_max_num_queries(15):
            assert client.get(CASES, {"size": size}).status_code == 200
