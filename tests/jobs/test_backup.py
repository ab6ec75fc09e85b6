"""A backup is proven by restoring it, and every damage to it is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from amends.apps.cases.models import Case
from amends.jobs.backup import faults_in, take_backup
from tests.acceptance.conftest import clock, made_worlds, office, office_of
from tests.doors import Office
from tests.emptying import empty_the_installation, files_elsewhere
from tests.world import drive_to_archive

__all__ = ["clock", "made_worlds", "office", "office_of"]
PACKS = ("express",)


@pytest.fixture
def backup(office: Office, tmp_path: Path) -> Path:
    """A backup of a desk with an open and an archived case, evidence included."""
    office.world.register()
    drive_to_archive(office.world, office.world.register())
    take_backup(tmp_path / "backup", now=office.world.now)
    return tmp_path / "backup"


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
