"""The demo installation: five desks under the shipped packs, their people, and the stories that the worker plays there."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import Person
from amends.apps.policies.actions import load_calendar_folder, open_desk, publish_changed_folders
from amends.apps.policies.embedding import read_hosts, set_embed_hosts
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force, read_version, versions_of
from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal
from amends.jobs.organisation import Organisation, build_organisation
from amends.jobs.stories.cast import Cast, NobodyMay, cast_of_desk
from amends.jobs.stories.playing_all import begin_to_play
from amends.jobs.stories.programme import stories_of
from amends.jobs.stories.script import Story

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


def build_demo(*, now: datetime, leave_to_worker: bool = True) -> list[Login]:
    """Desks and people for an empty installation; returns the logins. Their cases are made by the worker, or not at all.

    Nothing is changed where a desk exists already.
    """
    publish_what_ships(now=now)
    if Desk.objects.exists():
        return read_logins()
    with transaction.atomic():
        password = secrets.token_urlsafe(9)
        logins = [_administrator(password)]
        for folder in pack_folders():
            logins += _build_desk(folder, password, now=now)
        if leave_to_worker:
            begin_to_play(now=now)
    keep_logins(logins)
    return logins


def _administrator(password: str) -> Login:
    person = Person.objects.create_person(
        username="admin", name="系统管理员", password=password, is_administrator=True, is_demo=True
    )
    return Login("", "administrator", person.name, person.username, password)


def _build_desk(folder: Path, password: str, *, now: datetime) -> list[Login]:
    title = read_version(versions_of(folder.name)[0].pk).head.title
    desk = open_desk(
        code=folder.name, title=title.zh_hans, title_en=title.en or "", pack_id=folder.name, now=now, is_demo=True
    )
    _let_this_machine_embed(desk, now=now)
    pack = pack_in_force(desk, now)
    made = build_organisation(desk, pack, now=now, password=password, is_demo=True)
    main = _busiest(stories_of(folder).stories, cast_of_desk(desk, pack, OrganisationOfDesk(desk, pack, now)))
    return list(_logins(made, pack, password, main))


def _let_this_machine_embed(desk: Desk, *, now: datetime) -> None:
    """The form shows in a frame on pages of this machine, so that it can be tried; never on those of a real address."""
    try:
        hosts = read_hosts(settings.BASE_URL)
    except Refusal:
        return
    set_embed_hosts(desk, hosts, now=now, actor="system")


def _busiest(stories: Sequence[Story], cast: Cast) -> set[int]:
    """Those who do most in the stories: with their logins most of the cases can go on."""
    acting: Counter[int] = Counter()
    for step in (step for story in stories for step in story.steps):
        try:
            acting[cast.person(step.by).id] += 1
        except NobodyMay:
            continue
    return {person for person, _ in acting.most_common(MAIN_LOGINS)}


def _logins(made: Organisation, pack: Pack, password: str, main: set[int]) -> list[Login]:
    found = []
    for (role, _), person in made.people.items():
        title = pack.roles.roles[role].title.zh_hans
        found.append(Login(made.desk.code, title, person.name, person.username, password, person.pk in main))
    return found


def keep_logins(logins: Sequence[Login]) -> None:
    """Write the logins into a file that only the owner can read; without any there is no file."""
    path = settings.VAR_DIR / LOGINS_FILE
    if not logins:
        path.unlink(missing_ok=True)
        return
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
