"""A page speaks the reader's language: nothing of the product stays Chinese in English, nor simplified in Traditional.

What people typed and what they are called stays as it is; so in this world everybody writes Latin letters.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.test import Client

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.telling import message_values
from amends.apps.messaging.actions import wording_of
from amends.apps.people.actions import grant_role
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.models import Desk
from amends.apps.policies.traditional import traditional
from amends.core.facts import CaseFacts
from amends.core.policy.forms import TEXT_TYPES
from amends.jobs import samples
from amends.jobs.rehearsal import NotPossible, one_step
from amends.web.organisation.people import GIVEN_ROLES
from amends.web.policies.reader import parts_of
from tests.acceptance.conftest import undone_afterwards
from tests.doors import PACKS, START
from tests.world import DeskWorld, open_world, publish_shipped

PACK = "express"

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff01-\uff09\uff0b-\uff60]+")
MARKUP = re.compile(r"<[^>]*>")
SHOWN_IN_MARKUP = re.compile(r'\b(?:aria-label|title|placeholder|alt|content)="([^"]*)"')
NAMES_OF_LANGUAGES = re.compile(r'(<(button|option)[^>]*(?:lang|value)="zh-hant?s?"[^>]*>)[^<]*', re.IGNORECASE)
"""A language is called what its readers call it."""
SAID_IN_CHINESE = re.compile(r'<(?!html)(\w+)[^>]* lang="zh-[^"]*"[^>]*>.*?</\1>', re.DOTALL)
"""What was written to a customer, or is said to one, is marked with its own language."""
LATIN = {kind: f"Some {kind}" for kind in TEXT_TYPES} | {
    "phone": "13912345678", "email": "li@example.com", "id_number": "11010519491231002X", "url": "https://example.com/1",
}  # fmt: skip
STEPS = 7
ROUTES: list[dict[str, Any]] = yaml.load(
    (Path(__file__).parents[1] / "promises" / "routes.yaml").read_bytes(), Loader=yaml.CSafeLoader
)["routes"]
LOOKED_AT = ("staff", "admin", "public", "portal")
PAGES_SEEN = 40
NOTHING = UUID(int=0)
ABSENT = {"str": "nonsense", "slug": "nonsense", "uuid": str(NOTHING), "int": "0"}
"""What stands in an address for something that is not there, by the kind of its place."""


@pytest.fixture(scope="module")
def latin() -> Iterator[None]:
    """Nobody types Chinese, and it is always the same morning."""
    upload = DeskWorld.upload
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: START)
        patch.setattr(samples, "TEXTS", LATIN)
        patch.setattr(DeskWorld, "upload", lambda self, owner: upload(self, owner, name="photo.png"))
        yield


@pytest.fixture(scope="module")
def world(latin: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[DeskWorld]:
    """A desk where everybody has a Latin name."""
    with django_db_blocker.unblock(), undone_afterwards():
        publish_shipped((PACK,), now=START)
        found = open_world(PACK, now=START)
        Desk.objects.update(title="Head office", title_en="Head office")
        for person in Person.objects.all():
            Person.objects.filter(pk=person.pk).update(name=f"Person {person.pk}")
        for partner in Partner.objects.all():
            Partner.objects.filter(pk=partner.pk).update(name=f"Partner {partner.pk}", contact="Person")
        yield found


@pytest.fixture(scope="module")
def case(world: DeskWorld) -> Case:
    return case_on_its_way(world)


def case_on_its_way(world: DeskWorld) -> Case:
    case, done = world.register(), []
    for _ in range(STEPS):
        try:
            case, verb = one_step(world, case, done)
        except NotPossible:
            break
        done.append(verb)
    return case


def doers(world: DeskWorld, case: Case) -> dict[str, str]:
    """Every verb that somebody of the staff may use on the case now, with that person."""
    found = {}
    for verb in dict.fromkeys(t.verb for t in world.pack.lifecycle.from_state(case.state)):
        try:
            caller = world.whoever_may(case, verb)
        except NotPossible:
            continue
        if caller.id.startswith("person:"):
            found[verb] = caller.id
    return found


def pages_of(actor: str, language: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(pk=actor.removeprefix("person:")))
    client.cookies["language"] = language
    return client


def pages(world: DeskWorld, case: Case, language: str) -> Iterator[tuple[str, str]]:
    """Address and text of the main pages of staff, of the form of every verb, and of what is refused there."""
    by_verb, desk = doers(world, case), world.desk.code
    client = pages_of(next(iter(by_verb.values())), language)
    for address in ("queue/?tab=archive", "queue/?tab=all", "queue/?sort=nonsense", "no-such-page/"):
        yield address, shown(client.get(f"/{address}").content.decode())
    yield "intake refused", shown(client.post("/intake/", {"_token": "1", "desk": desk}).content.decode())
    for verb, actor in by_verb.items():
        client, address = pages_of(actor, language), f"/cases/{case.number}/do/{verb}/"
        yield verb, shown(client.get(address).content.decode())
        yield f"{verb} refused", shown(client.post(address, {"_version": "0"}).content.decode())


def listed_pages(world: DeskWorld, case: Case, language: str) -> Iterator[tuple[str, str]]:
    """Address and text of every page of the reviewed table of routes, for somebody who may do everything on the desk."""
    client, seen = pages_of(everybody(world).actor_id, language), 0
    for path in (route["path"] for route in ROUTES if is_page(route)):
        for address in addresses_of(path, world, case):
            answer = client.get(address)
            if answer.headers["Content-Type"].startswith("text/html") and answer.status_code != 302:
                seen += answer.status_code == 200
                yield address, shown(answer.content.decode())
    assert seen >= PAGES_SEEN, "the pages are not looked at"


def is_page(route: dict[str, Any]) -> bool:
    is_file = route["path"].endswith((".pdf", ".docx", ".jpg", ".ics", "z")) or "file_id" in route["path"]
    return "GET" in route["answers"] and route["audience"] in LOOKED_AT and not is_file


def everybody(world: DeskWorld) -> Person:
    """Somebody with every role of the desk, who administers the installation as well."""
    person, is_new = Person.objects.get_or_create(username="everybody", name="Person", is_administrator=True)
    if is_new:
        for name, role in world.pack.roles.roles.items():
            unit = world.organisation.departments.get(role.function or "")
            if role.counts in GIVEN_ROLES and (role.counts == "desk" or unit):
                where = None if role.counts == "desk" else unit
                grant_role(person=person, desk=world.desk, role=name, department=where, by="system", now=START)
    return person


def addresses_of(path: str, world: DeskWorld, case: Case) -> list[str]:
    """The addresses that stand for a path of the table: real things where there are some, else what does not exist."""
    kinds = [kind for kind, rule in world.pack.channels.kinds.items() if rule.portal][:1]
    file = EvidenceFile.objects.filter(case=case).first()
    real = {
        "number": [case.number], "desk": [world.desk.code], "kind": kinds, "name": [name for name, _, _ in parts_of(world.pack)], 
        "pk": [str((Department if "departments" in path else Person).objects.order_by("pk")[0].pk)], "verb": ["note"],
        "file_id": [str(file.pk if file else NOTHING)], "form_id": ["x"], "page": ["1"],
    }  # fmt: skip
    found = [path]
    for part, converter, name in re.findall(r"(<(?:(\w+):)?(\w+)>)", path):
        values = real.get(name) or [ABSENT[converter or "str"]]
        found = [address.replace(part, value) for address in found for value in values]
    return found


def portal_pages(world: DeskWorld, language: str) -> Iterator[tuple[str, str]]:
    """What a customer sees: every way in, what is refused there, the receipt, and the case they opened."""
    client, desk = Client(), world.desk.code
    client.cookies["language"] = language
    kind, rule = next((k, v) for k, v in world.pack.channels.kinds.items() if v.counts and not v.internal)
    form = f"/portal/complain/{desk}/{kind}/"
    for address in ("/portal/", "/portal/follow/", "/portal/s/nonsense/", form):
        yield address, shown(client.get(address).content.decode())
    yield "follow refused", shown(client.post("/portal/follow/", {}).content.decode())
    yield "complaint refused", shown(client.post(form, {"_token": "1"}).content.decode())
    facts = CaseFacts(values={"kind": kind})
    filled = world.answers(rule.form, facts, {}, owner="nobody")
    sent = client.post(form, {**as_posted(filled), "_token": "2"}, follow=True)
    yield "receipt", shown(sent.content.decode())
    assert sent.status_code == 201
    number = on_page(sent)
    yield "case", shown(client.get(f"/portal/case/{number}/").content.decode())
    for verb in ("add_information", "add_evidence", "urge", "withdraw"):
        yield verb, shown(client.get(f"/portal/case/{number}/{verb}/").content.decode())


def on_page(response: Any) -> str:
    """The number on a receipt."""
    found = re.search(r'id="number" data-number="([^"]+)"', response.content.decode())
    assert found
    return found.group(1)


def as_posted(filled: dict[str, Any]) -> dict[str, Any]:
    """Answers as a browser posts them: a row's fields by number, yes and no by name, no files."""
    found: dict[str, Any] = {}
    for name, value in filled.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found |= {f"{name}-{n}-{key}": given for n, row in enumerate(value) for key, given in row.items()}
        elif isinstance(value, bool):
            found[name] = "yes" if value else "no"
        elif name != "evidence_files":
            found[name] = value
    return found


def shown(page: str) -> str:
    """What a reader sees of a page, or hears."""
    page = SAID_IN_CHINESE.sub("", NAMES_OF_LANGUAGES.sub(r"\1", page))
    return " ".join([MARKUP.sub(" ", page), *SHOWN_IN_MARKUP.findall(page)])


def every_page(world: DeskWorld, case: Case, language: str) -> dict[str, str]:
    everything = (pages(world, case, language), listed_pages(world, case, language), portal_pages(world, language))
    return {address: text for some in everything for address, text in some}


def of_product(address: str, text: str) -> list[str]:
    """The Chinese of a page. The reader of a policy quotes its clauses and messages, which are the company's own."""
    found = CHINESE.findall(text)
    return [words for words in found if words not in quoted()] if address.startswith("/policies/") else found


@lru_cache(maxsize=1)
def quoted() -> str:
    """What stands in the folder of the pack."""
    return "\n".join(
        file.read_text(encoding="utf-8") for file in (PACKS / PACK).rglob("*") if file.suffix in (".yaml", ".txt")
    )


def test_no_english_page_shows_chinese(db, world, case):
    chinese = {address: of_product(address, text) for address, text in every_page(world, case, "en").items()}

    assert {address: found for address, found in chinese.items() if found} == {}
    assert {"receipt", "case"} <= set(chinese)


def test_no_traditional_page_shows_simplified_characters_or_quotes_as_simplified_does(db, world, case):
    pages_shown = every_page(world, case, "zh-hant")
    words = {word for text in pages_shown.values() for word in CHINESE.findall(text)}

    assert {word: traditional(word) for word in words if traditional(word) != word} == {}
    assert {address: cut for address, text in pages_shown.items() for cut in re.findall(r".{9}“.{9}", text)} == {}
    assert "您還可以" in words


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_what_fills_a_message_is_in_its_language(db, world, case, language):
    values = message_values(case, facts_of(case), world.pack, language=language)

    said = CHINESE.findall(" ".join(values.values()))

    assert [word for word in said if language == "en" or traditional(word) != word] == []


def test_a_message_without_a_traditional_wording_is_derived(world):
    simplified = wording_of(world.pack, "acknowledgement", "sms", "zh-hans")

    assert wording_of(world.pack, "acknowledgement", "sms", "zh-hant") == traditional(simplified) != simplified
