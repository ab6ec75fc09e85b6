"""A backup is proven by restoring it, and every damage to it is found."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError

from amends.apps.cases.models import ArchivePackage, Case
from amends.apps.cases.packages import ask_for_package, open_package
from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Person
from amends.apps.people.sessions import note_session
from amends.jobs.backup import LEFT_OUT, faults_in, take_backup
from amends.jobs.packing import pack_file
from tests.acceptance.conftest import clock, made_worlds, office, office_of, undone_afterwards
from tests.doors import START, Office
from tests.emptying import empty_the_installation, files_elsewhere
from tests.world import DeskWorld, drive_to_archive

__all__ = ["clock", "made_worlds", "office", "office_of"]
PACKS = ("express",)


@pytest.fixture(scope="module")
def taken(made_worlds: dict[str, DeskWorld], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A backup of a desk with an open and an archived case, evidence included; what it was taken of lasts as long."""
    folder = tmp_path_factory.mktemp("taken") / "backup"
    world = replace(made_worlds["express"], now=START, wishes={}, callers=[])
    with undone_afterwards():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.utils.timezone.now", lambda: START)
            world.register()
            drive_to_archive(world, world.register())
            take_backup(folder, now=world.now)
        yield folder


@pytest.fixture
def backup(taken: Path, office: Office, tmp_path: Path) -> Path:
    """The backup for one test, which may damage it."""
    return Path(shutil.copytree(taken, tmp_path / "backup"))


def test_a_backup_is_whole_and_private(backup: Path) -> None:
    assert faults_in(backup) == []
    modes = {path.stat().st_mode & 0o777 for path in backup.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert settings.SECRET_KEY not in (backup / "manifest.json").read_text()


@pytest.mark.parametrize("damage", ["flip", "drop", "cut", "surplus", "manifest"])
def test_every_damage_is_found(backup: Path, damage: str) -> None:
    victim = backup / "tables" / "ledger_event.jsonl"
    if damage == "flip":
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    elif damage == "drop":
        next((backup / "files").iterdir()).unlink()
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-10])
    elif damage == "surplus":
        (backup / "files" / "more").write_bytes(b"x")
    else:
        manifest = json.loads((backup / "manifest.json").read_text())
        (backup / "manifest.json").write_text(json.dumps(manifest | {"chains": 0}))
    assert len(faults_in(backup)) == 1


@pytest.mark.parametrize("attack", ["name", "place", "absolute", "link", "elsewhere"])
def test_a_backup_that_somebody_made_up_reads_and_writes_nothing_beside_it(
    backup: Path, tmp_path: Path, attack: str
) -> None:
    """Sealed anew after it was changed, as whoever can hand over a folder would do it."""
    (tmp_path / "secret").write_bytes(b"of this machine")
    manifest = json.loads((backup / "manifest.json").read_text())
    name, part = next(iter(manifest["files"].items()))
    if attack == "name":
        manifest["files"]["../../secret"] = {**part, "sha256": hashlib.sha256(b"of this machine").hexdigest()}
    elif attack == "link":
        (backup / "files" / name).unlink()
        (backup / "files" / name).symlink_to(tmp_path / "secret")
        part["sha256"] = hashlib.sha256(b"of this machine").hexdigest()
    else:
        part["location"] = {"place": "../outside", "absolute": str(tmp_path / "outside"), "elsewhere": "other/place"}[
            attack
        ]
    (backup / "manifest.json").write_text(json.dumps(manifest))
    (backup / "manifest.json.sha256").write_text(hashlib.sha256((backup / "manifest.json").read_bytes()).hexdigest())

    with files_elsewhere(tmp_path / "restored"):
        empty_the_installation()
        with pytest.raises(CommandError, match="outside|存放位置"):
            call_command("restore", str(backup))
        assert not any(path.is_file() for path in (tmp_path / "restored").rglob("*"))
    assert not (tmp_path / "outside").exists()


def test_restoring_refuses_an_installation_that_holds_anything(backup: Path) -> None:
    with pytest.raises(CommandError, match="不是空的"):
        call_command("restore", str(backup))


def test_what_was_backed_up_is_there_after_restoring_and_the_chains_are_whole(backup: Path, tmp_path: Path) -> None:
    before = sorted(Case.objects.values_list("number", "state", "version", "facts"))
    empty_the_installation()
    with files_elsewhere(tmp_path / "elsewhere"):
        call_command("restore", str(backup))
        assert sorted(Case.objects.values_list("number", "state", "version", "facts")) == before
        with pytest.raises(SystemExit) as verified:
            call_command("audit_verify")
        assert verified.value.code == 0
        for case in Case.objects.all():
            for file in case.evidence.all():
                assert (tmp_path / "elsewhere" / file.location).stat().st_size == file.size


@pytest.fixture
def packed(office: Office) -> ArchivePackage:
    """An archived case as a ZIP that can be downloaded, and a second one whose file went meanwhile."""
    case, _ = drive_to_archive(office.world, office.world.register())
    viewer = Viewer(person=office.world.person("cs_supervisor"), now=office.world.now)
    made, gone = (ask_for_package(viewer, case, in_full=False, reason="") for _ in range(2))
    for package in (made, gone):
        pack_file(str(package.pk), now=office.world.now)
        package.refresh_from_db()
    default_storage.delete(gone.location)
    return made


def test_archive_packages_are_backed_up_and_can_be_had_after_restoring(
    office: Office, packed: ArchivePackage, tmp_path: Path
) -> None:
    with default_storage.open(packed.location) as file:
        before = file.read()
    take_backup(tmp_path / "backup", now=office.world.now)
    assert faults_in(tmp_path / "backup") == []
    empty_the_installation()
    with files_elsewhere(tmp_path / "elsewhere"):
        call_command("restore", str(tmp_path / "backup"))
        maker = ArchivePackage.objects.get(pk=packed.pk).maker
        _, content = open_package(Viewer(person=maker, now=office.world.now), packed.pk)
        with content:
            assert content.read() == before
        states = ArchivePackage.objects.exclude(pk=packed.pk).values_list("state", "location")
        assert list(states) == [(ArchivePackage.State.EXPIRED, "")]


def test_every_table_of_the_product_is_in_a_backup_or_left_out_by_name(backup: Path) -> None:
    tables = set(json.loads((backup / "manifest.json").read_text())["tables"])
    models = apps.get_models(include_auto_created=True)
    ours = {model._meta.db_table for model in models if model.__module__.startswith("amends.")}
    assert ours - tables == LEFT_OUT


def test_who_is_signed_in_does_not_keep_a_backup_from_being_restored(office: Office, tmp_path: Path) -> None:
    person = office.world.person("cs_agent")
    session = SessionStore()
    session.create()
    note_session(person, key=str(session.session_key), browser="Firefox", address="127.0.0.1", now=office.world.now)
    take_backup(tmp_path / "backup", now=office.world.now)
    Session.objects.all().delete()
    empty_the_installation()
    with files_elsewhere(tmp_path / "elsewhere"):
        call_command("restore", str(tmp_path / "backup"))
        assert Person.objects.filter(pk=person.pk).exists()
