"""S1: denied unless allowed. Every route, everybody, every method, and objects inside and outside what they may see.

What is expected stands in routes.yaml, which is reviewed by people and read from nothing in the product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from django.http import HttpResponse

from amends.apps.cases import queries
from amends.apps.cases.models import Case
from amends.apps.prepared import forget_prepared_questions
from amends.doors.routes import all_routes, undeclared_routes
from tests.promises.small_world import RELATIONS, Principal, SmallWorld, small_world, undone

TABLE = yaml.load((Path(__file__).parent / "routes.yaml").read_bytes(), Loader=yaml.CSafeLoader)
ROUTES: dict[str, dict[str, Any]] = {route["path"]: route for route in TABLE["routes"]}
STRANGERS: dict[str, list[str]] = TABLE["strangers"]
UNREADING: list[str] = TABLE["unreading"]
SEES: dict[str, list[str]] = TABLE["sees"]
pytestmark = pytest.mark.django_db
NAMES_AN_OBJECT = re.compile("(?:number|file|key)>")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Answer(NamedTuple):
    """What somebody got, without what is different each time and without the address that was asked for."""

    status: int
    headers: dict[str, str]
    text: str


class Answers:
    """What this world answers. The same request, to the byte, is asked once; what it writes is taken back."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        self._known: dict[str, Answer] = {}

    def to(self, who: str, path: str, method: str, relation: str) -> Answer:
        principal, route = self.world.principals[who], ROUTES[path]
        shown = principal.token if route["audience"] == "machine" else principal.cookies
        sent = str(
            (shown, method, address_of(self.world, path, relation), body_of(self.world, route, method, relation))
        )
        if sent not in self._known:
            with undone():
                self._known[sent] = plain(self.world, ask(self.world, principal, route, method, relation), relation)
        return self._known[sent]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[SmallWorld]:
    with django_db_blocker.unblock(), small_world() as made:
        yield made


@pytest.fixture(scope="module")
def answers(world: SmallWorld) -> Answers:
    return Answers(world)


def test_every_route_declares_itself():
    assert undeclared_routes() == []


def test_the_reviewed_table_lists_every_route_as_it_is_declared():
    declared: dict[str, dict[str, Any]] = {}
    for route in all_routes():
        entry = declared.setdefault(route.path, {"methods": set()})
        entry |= {"audience": route.audience, "permission": route.permission, "kind": route.kind}
        entry["methods"] |= set(route.methods)
    reviewed = {
        path: {"methods": set(r["answers"]), **{k: r[k] for k in ("audience", "permission", "kind")}}
        for path, r in ROUTES.items()
    }

    assert declared == reviewed


def test_everybody_is_in_the_table(world: SmallWorld):
    assert set(world.principals) == set(SEES)


@pytest.mark.parametrize("path", list(ROUTES))
def test_every_cell_is_as_expected(answers: Answers, path: str):
    assert wrong_cells(answers, path) == []


def wrong_cells(answers: Answers, path: str) -> list[str]:
    """The cells that answer otherwise than the table says: who, method, object, expected, answered."""
    route, wrong = ROUTES[path], []
    for method in route["answers"]:
        for who in answers.world.principals:
            for relation in relations_of(path, who, route):
                wanted = expected(route, method, who, relation)
                answered = answers.to(who, path, method, relation).status
                if answered != wanted:
                    wrong.append(f"{who} {method} {relation}: {wanted} expected, {answered} answered")
    return wrong


def relations_of(path: str, who: str, route: dict[str, Any]) -> tuple[str, ...]:
    """Objects of every relation where the address names one; who has no way in is asked about one of each side."""
    if not NAMES_AN_OBJECT.search(path):
        return ("absent",)
    return ("own", "absent") if who in STRANGERS[route["audience"]] or route["audience"] == "portal" else RELATIONS


def expected(route: dict[str, Any], method: str, who: str, relation: str) -> int:
    """The status of a cell: strangers first, tokens that may not read, what is hidden, then the answer to this role."""
    answers = route["answers"][method]
    if not isinstance(answers, dict):
        return int(answers)
    if who in STRANGERS[route["audience"]] and "stranger" in answers:
        return int(answers["stranger"])
    if who in UNREADING and route["audience"] == "machine" and method == "GET":
        return 403
    is_hidden = "hidden" in answers and relation not in SEES[who]
    found = answers["hidden"] if is_hidden else answers.get(who, answers["visible"])
    return int(found)


def ask(world: SmallWorld, principal: Principal, route: dict[str, Any], method: str, relation: str) -> HttpResponse:
    client = principal.machine() if route["audience"] == "machine" else principal.browser()
    address, body = address_of(world, route["path"], relation), body_of(world, route, method, relation)
    if body is None:
        return client.generic(method, address)
    as_json = {"content_type": "application/json"} if route["sends"].get("as") == "json" else {}
    return client.post(address, body, **as_json)


def body_of(world: SmallWorld, route: dict[str, Any], method: str, relation: str) -> dict[str, Any] | None:
    if method != "POST" or not route.get("sends"):
        return None
    version = world.cases[relation].version if relation in world.cases and "key>" not in route["path"] else 1
    return filled_in(route["sends"]["body"], version)


def filled_in(body: dict[str, Any], version: int) -> dict[str, Any]:
    return {name: version if value == "<version>" else value for name, value in body.items()}


PARTS = {
    "message": "told", "way": "pdf", "channel": "sms", "language": "zh-hans", "verb": "contact", "form_id": "night_book", "pk": "999999", "desk": "night", "kind": "grumble",
         "name": "clocks", "membership": "999999", "made": "999999", "secret": "no-such-secret", "page": "0", "key": "00000000-0000-4000-8000-000000000000", "sealed": "made-up", "invitation": "00000000-0000-4000-8000-000000000001", "questionnaire": "after_handling", "paper": "night_book.pdf", "package_id": "00000000-0000-4000-8000-000000000000", "file_id": None, "file": None}  # fmt: skip
NOTHING_CHOSEN: Mapping[str, str] = {}
NO_FILE = "00000000-0000-4000-8000-000000000000"


def address_of(world: SmallWorld, path: str, relation: str, chosen: Mapping[str, str] = NOTHING_CHOSEN) -> str:
    def part(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in chosen:
            return chosen[name]
        if name == "number":
            return world.number(relation)
        if name == "key":
            return world.proceedings.get(relation, NO_FILE)
        return ROUTES[path].get("parts", {}).get(name) or PARTS[name] or world.files.get(relation, NO_FILE)

    return re.sub(r"<(?:\w+:)?(\w+)>", part, path)


@pytest.mark.parametrize("path", list(ROUTES))
def test_other_methods_are_refused(world: SmallWorld, path: str):
    route = ROUTES[path]
    others = [method for method in METHODS if method not in route["answers"]]
    for method in others:
        for who in ("anonymous", "receptionist"):
            answered = ask(world, world.principals[who], route, method, "own").status_code
            assert answered == 405, f"{who} {method} {path}: {answered}"


OBJECT_ROUTES = [path for path in ROUTES if NAMES_AN_OBJECT.search(path)]


@pytest.mark.parametrize("path", OBJECT_ROUTES)
def test_what_is_hidden_answers_exactly_like_what_does_not_exist(answers: Answers, path: str):
    for method in ROUTES[path]["answers"]:
        for who, seen in SEES.items():
            absent = answers.to(who, path, method, "absent")
            for relation in set(RELATIONS) - set(seen) - {"absent"}:
                hidden = answers.to(who, path, method, relation)
                assert hidden == absent, f"{who} {method} {relation} {path}"


CHANCE = (r'"request_id": "[0-9a-f]+"', r'csrfmiddlewaretoken" value="[^"]+"', r'X-CSRFToken": "[^"]+"')
GIVEN_BACK = (
    r'<textarea class="visually-hidden" name="[^"]+"[^>]*>[^<]*</textarea>',
    r'<p class="p-letter-text">[^<]*</p>',
)
"""What whoever asks sent themselves: the page keeps it for them."""
CHANGING_HEADERS = {"set-cookie", "date", "content-length"}


def plain(world: SmallWorld, response: HttpResponse, relation: str) -> Answer:
    text = response.content.decode(errors="replace") if not response.streaming else "a file"
    for pattern in (*CHANCE, *GIVEN_BACK):
        text = re.sub(pattern, "chance", text)
    here = {
        world.number(relation): "NUMBER",
        world.files.get(relation, NO_FILE): "FILE",
        world.proceedings.get(relation, NO_FILE): "FILE",
    }

    def alike(said: str) -> str:
        for own, name in here.items():
            said = said.replace(own, name)
        return said

    headers = {k.lower(): alike(v) for k, v in response.items() if k.lower() not in CHANGING_HEADERS}
    return Answer(response.status_code, headers, alike(text))


@pytest.mark.parametrize("who", [who for who in SEES if who not in (*STRANGERS["machine"], *UNREADING)])
def test_a_list_shows_the_visible_cases_and_no_others(world: SmallWorld, who: str):
    response = world.principals[who].machine().get("/api/v1/cases", {"size": "200"})

    shown = {case["number"] for case in response.json()["cases"]}
    assert shown == {world.number(relation) for relation in SEES[who]}


def test_a_scope_that_is_skipped_is_noticed(world: SmallWorld, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queries, "visible_to", lambda viewer: Case.objects.all())
    forget_prepared_questions()

    assert wrong_cells(Answers(world), "/api/v1/cases/<number>") != []
    assert wrong_cells(Answers(world), "/cases/<str:number>/") != []
    forget_prepared_questions()


def test_a_route_without_a_declaration_is_noticed(monkeypatch: pytest.MonkeyPatch, client: Any):
    from amends.web.queue import views

    monkeypatch.delattr(views.page, "declared_route")

    assert undeclared_routes() == ["/queue/"]
    assert client.get("/queue/").status_code == 404


@pytest.mark.parametrize("path", list(ROUTES))
def test_every_answer_carries_the_security_headers(answers: Answers, path: str):
    for method in ROUTES[path]["answers"]:
        for who in ("anonymous", "receptionist"):
            headers = answers.to(who, path, method, "own").headers
            assert "default-src" in headers["content-security-policy"], path
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] in ("same-origin", "no-referrer")
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in headers
            assert "no-store" in headers["cache-control"], path
