"""The courier's records are kept in a database of the company's own, and a backup brings all of them back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from tests.doors import Office
from tests.emptying import empty_the_installation, files_elsewhere

PACKS = ("express",)


@pytest.mark.clause("EXP-1.2.5")
def test_a_backup_restored_into_an_empty_installation_holds_cases_files_and_the_trail(
    office: Office, tmp_path: Path
) -> None:
    clerk = office.api("intake_officer")
    number = clerk.registered(evidence_files=[office.world.upload(clerk.person.actor_id)])
    clerk.does(number, "note")
    parts = ("", "/events", "/evidence", "/clocks", "/conformity")
    before = [clerk.read(f"cases/{number}{part}") for part in parts]
    file = before[2]["evidence"][0]
    content = b"".join(clerk.get(f"cases/{number}/evidence/{file['id']}").streaming_content)
    call_command("backup", str(tmp_path / "backup"))

    empty_the_installation()
    assert clerk.get(f"cases/{number}").status_code == 401
    with files_elsewhere(tmp_path / "elsewhere"):
        call_command("restore", str(tmp_path / "backup"))
        after = [clerk.read(f"cases/{number}{part}") for part in parts]
        restored = b"".join(clerk.get(f"cases/{number}/evidence/{file['id']}").streaming_content)

    assert after == before
    assert restored == content
    with pytest.raises(SystemExit) as verified:
        call_command("audit_verify")
    assert verified.value.code == 0


@pytest.mark.clause("EXP-1.2.5")
@pytest.mark.parametrize("part", ["", "/events", "/evidence", "/clocks", "/messages", "/conformity", "/actions"])
def test_nobody_reads_a_record_without_signing_in(office: Office, part: str) -> None:
    number = office.api("intake_officer").registered()

    assert Client().get(f"/api/v1/cases/{number}{part}").status_code == 401
    page = Client().get(f"/cases/{number}/")
    assert (page.status_code, page["Location"].split("?")[0]) == (302, "/sign-in/")
