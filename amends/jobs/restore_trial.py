"""A restore test: a backup is put into an empty installation beside the live one, which is thrown away afterwards.

The trial runs as programs of its own with a database and folders of its own, so that nothing of it can touch live records.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from amends.jobs.backup import MANIFEST, faults_in

LONGEST_STEP_SECONDS = 3600
STEPS = (("migrate", "-v0"), ("restore",), ("audit_verify",))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a restore test found. `why` says where it stopped; empty when the backup can be restored."""

    rows: int
    files: int
    why: str = ""

    @property
    def ok(self) -> bool:
        return not self.why


def try_restoring(folder: Path) -> Trial:
    """Restore a backup into an empty installation and verify its ledger there. Source: EXP-10.3.1"""
    if faults := faults_in(folder):
        return Trial(0, 0, "；".join(f"{fault.name} {fault.kind}" for fault in faults[:5]))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    rows, files = sum(table["rows"] for table in manifest["tables"].values()), len(manifest["files"])
    with tempfile.TemporaryDirectory(prefix="amends-restore-test-") as place:
        for step in STEPS:
            words = [*step, str(folder.resolve())] if step[0] == "restore" else [*step]
            if trouble := _run(words, Path(place)):
                return Trial(rows, files, trouble)
    return Trial(rows, files)


def _run(words: list[str], place: Path) -> str:
    """Run one command of the product in a place of its own; what it said when it failed, else nothing."""
    command = [sys.executable, "-m", "amends.config.command_line", *words]
    done = subprocess.run(  # noqa: S603
        command, env=_surroundings(place), cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        timeout=LONGEST_STEP_SECONDS,
    )  # fmt: skip
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "" if done.returncode == 0 else f"{words[0]}: {said[-1][:200] if said else done.returncode}"


def _surroundings(place: Path) -> dict[str, str]:
    """The environment without any address of the live installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "DJANGO_"))}
    return {
        **kept, "AMENDS_VAR": str(place), "AMENDS_DATABASE_URL": f"sqlite:///{place / 'trial.sqlite3'}",
        "AMENDS_STORAGE_URL": f"file://{place / 'files'}", "AMENDS_SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip
