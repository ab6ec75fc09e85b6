"""Whatever stands in a parameter that some page reads, the answer is never a broken page: on either database.

Forms refuse odd characters by name and at their field (`test_bad_input`). Here it is everything beside them: hidden fields,
addresses, headers. The names are those that the code of a page reads, so a new one is tried as soon as it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver

from amends.doors.routes import _addresses
from tests.promises.small_world import SmallWorld, small_world, undone
from tests.promises.test_s1_rights import ROUTES, address_of, filled_in

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
READS = re.compile(r"""(?:GET|POST|query|posted|post|data|request)\.(?:get|getlist|pop)\(\s*f?["']([^"'{]+)["']""")
SHARED = ("amends.web.forms", "amends.web.drafts", "amends.web.queue", "amends.web.searching")
LONG = ["9" * 400, "字" * 10_000]
IN_PATHS = ["%00", "a%00b", "%ff", "9" * 30, "9" * 400, "x" * 3000, "%ED%A0%80", "-1", "..", "%F0%9F%98%80"]
HEADERS = ("Idempotency-Key", "Accept-Language", "HX-Target", "HX-Current-URL", "Referer", "User-Agent", "Origin")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[SmallWorld]:
    with django_db_blocker.unblock(), small_world() as made:
        yield made


@cache
def names_read_in(file: Path) -> frozenset[str]:
    return frozenset(READS.findall(file.read_text(encoding="utf-8")))


def files_behind(path: str) -> set[Path]:
    """The code of the view at a path, and what it shares with other pages."""
    view = next(view for _, found, view in _addresses(get_resolver().url_patterns) if found == path)
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    own = place_of(view.__module__).with_suffix(".py")
    if not own.exists():
        return set()
    used = [place_of(name) for name in SHARED if name in own.read_text(encoding="utf-8")]
    return {
        own,
        *(file for place in used for file in (place.glob("*.py") if place.is_dir() else [place.with_suffix(".py")])),
    }


def place_of(module: str) -> Path:
    return ROOT / module.replace(".", "/")


def names_at(path: str) -> list[str]:
    return sorted({name for file in files_behind(path) for name in names_read_in(file)})


class Asking:
    """One route as somebody who has a way in asks it, with something odd in one place."""

    def __init__(self, world: SmallWorld, path: str) -> None:
        self.route, self.world, self.path = ROUTES[path], world, path
        who = world.principals["administrator" if self.route["audience"] == "admin" else "receptionist"]
        self.client = who.machine() if self.route["audience"] == "machine" else who.browser()
        self.address = address_of(world, path, "own")
        self.is_json = self.route.get("sends", {}).get("as") == "json"
        self.broken: list[str] = []

    def body(self) -> dict[str, Any]:
        return filled_in(self.route.get("sends", {}).get("body", {}), self.world.cases["own"].version)

    def ask(
        self, method: str, where: str, *, odd: dict[str, str] | None = None, address: str = "", **more: Any
    ) -> None:
        """Ask, and note an answer that is a broken page."""
        data: dict[str, Any] = dict(odd or {}) if method == "GET" else {**self.body(), **(odd or {})}
        kind = {"content_type": "application/json"} if self.is_json and method == "POST" else {}
        with undone():
            call = self.client.get if method == "GET" else self.client.post
            status = call(address or self.address, data, **kind, **more).status_code
        if status >= 500:
            self.broken.append(f"{method} {self.path} {where}: {status}")


@pytest.mark.parametrize("path", list(ROUTES))
def test_no_parameter_breaks_a_page(world: SmallWorld, path: str):
    asking, names = Asking(world, path), names_at(path)
    for method in asking.route["answers"]:
        if asking.is_json and method == "POST":
            continue
        for name in names:
            asking.ask(method, f"{name}=NUL", odd={name: "a\x00b"})
        for value in LONG:
            asking.ask(method, f"{value[:3]} everywhere", odd=dict.fromkeys(names, value))
    assert asking.broken == []


@pytest.mark.parametrize("path", [path for path in ROUTES if "<" in path])
def test_no_part_of_an_address_breaks_a_page(world: SmallWorld, path: str):
    asking = Asking(world, path)
    for part in re.findall(r"<(?:\w+:)?(\w+)>", path):
        for value in IN_PATHS:
            for method in asking.route["answers"]:
                asking.ask(method, f"{part}={value[:8]}", address=address_of(world, path, "own", {part: value}))
    assert asking.broken == []


@pytest.mark.parametrize("path", list(ROUTES))
def test_no_header_breaks_a_page(world: SmallWorld, path: str):
    asking = Asking(world, path)
    for method in asking.route["answers"]:
        asking.ask(method, "headers", headers=dict.fromkeys(HEADERS, "a\x00b"))
        asking.ask(method, "cookies", headers={"Cookie": "session=a\x00b; language=a\x00b"})
    assert asking.broken == []
