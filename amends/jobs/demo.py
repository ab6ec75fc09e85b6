"""The demo installation: five desks under the shipped packs, their people, and a few cases on their way."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from ruamel.yaml import YAML

from amends.apps.cases.models import Case
from amends.apps.ledger.queries import events_of
from amends.apps.people.models import Person
from amends.apps.policies.actions import load_calendar_folder, open_desk, publish_changed_folders
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.pack import Pack
from amends.jobs.organisation import build_organisation
from amends.jobs.rehearsal import DeskWorld, NotPossible, one_step

LOGINS_FILE = "demo_logins.json"
MAIN_LOGINS = 8
"""So many logins a desk are printed at most; the file holds them all."""


@dataclass(frozen=True, slots=True)
class Login:
    """A way in for a demo, kept in a file that only the owner can read; the main ones are printed."""

    desk: str
    role: str
    name: str
    username: str
    password: str
    is_main: bool = True


def pack_folders() -> list[Path]:
    """The folders of the shipped packs."""
    return sorted(folder for folder in settings.PACKS_DIR.iterdir() if (folder / "pack.yaml").exists())


def publish_what_ships(*, now: datetime) -> None:
    """Load the calendars and publish every pack folder that is new or changed."""
    load_calendar_folder(settings.CALENDARS_DIR, now=now)
    publish_changed_folders(pack_folders(), now=now)


def build_demo(*, now: datetime) -> list[Login]:
    """Desks, people and cases for an empty installation; returns the logins.

    Nothing is changed where a desk exists already.
    """
    publish_what_ships(now=now)
    if Desk.objects.exists():
        return read_logins()
    password = secrets.token_urlsafe(9)
    logins = [_administrator(password)]
    stories = YAML(typ="safe").load((Path(__file__).parent / "demo_cases.yaml").read_text(encoding="utf-8"))
    for folder in pack_folders():
        logins += _build_desk(folder.name, stories.get(folder.name, []), password, now=now)
    _keep_logins(logins)
    return logins


def _administrator(password: str) -> Login:
    person = Person.objects.create_person(username="admin", name="系统管理员", password=password, is_administrator=True)
    return Login("", "administrator", person.name, person.username, password)


@transaction.atomic
def _build_desk(pack_id: str, stories: Sequence[Mapping[str, Any]], password: str, *, now: datetime) -> list[Login]:
    title = _title_of(pack_id)
    desk = open_desk(code=pack_id, title=title[0], title_en=title[1], pack_id=pack_id, now=now)
    pack = pack_in_force(desk, now)
    made = build_organisation(desk, pack, now=now, password=password)
    began = [now - timedelta(days=story["days_ago"], hours=2) for story in stories]
    worlds = [DeskWorld(desk, pack, made, moment, sparing=True) for moment in began]
    cases = [_tell_story(world, story) for world, story in zip(worlds, stories, strict=True)]
    main = _busiest(cases)
    return [
        _login(desk, pack, role, person, password, is_main=person.actor_id in main)
        for (role, _), person in made.people.items()
    ]


def _busiest(cases: Sequence[Case]) -> set[str]:
    """Those who did most on the cases, and those who handle them: with their logins any of the cases can go on."""
    acted = Counter(event.actor for case in cases for event in events_of(case.chain))
    acted.update({case.handler.actor_id: 1 for case in cases if case.handler is not None})
    acted.pop("system", None)
    return {actor for actor, _ in acted.most_common(MAIN_LOGINS)}


def _title_of(pack_id: str) -> tuple[str, str]:
    from amends.apps.policies.queries import read_version, versions_of

    pack = read_version(versions_of(pack_id)[0].pk)
    return pack.head.title.zh_hans, pack.head.title.en or ""


def _tell_story(world: DeskWorld, story: Mapping[str, Any]) -> Case:
    answers = {k: v for k, v in story.items() if k not in ("moves", "days_ago")}
    case = world.register(
        **{name: None for name in ("complainant_phone", "complainant_email") if name not in answers}, **answers
    )
    done: list[str] = []
    for _ in range(story["moves"]):
        if case.state_category == "archived":
            break
        try:
            case, verb = one_step(world, case, done)
        except NotPossible:
            break
        done.append(verb)
    return case


def _login(desk: Desk, pack: Pack, role: str, person: Person, password: str, *, is_main: bool) -> Login:
    title = pack.roles.roles[role].title.zh_hans if role in pack.roles.roles else "员工"
    return Login(desk.code, title, person.name, person.username, password, is_main)


def _keep_logins(logins: Sequence[Login]) -> None:
    path = settings.VAR_DIR / LOGINS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([_as_data(login) for login in logins], file, ensure_ascii=False, indent=1)


def _as_data(login: Login) -> dict[str, Any]:
    return asdict(login)


def read_logins() -> list[Login]:
    """The logins of a demo built earlier; empty when there is none."""
    path = settings.VAR_DIR / LOGINS_FILE
    return [Login(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
