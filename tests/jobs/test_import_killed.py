"""An import that is killed leaves nothing half, and the next start ends where a clean run ends."""

import csv
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.patience import HANGS_AFTER_SECONDS, eventually
from tests.tables import copy_tables

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3_000
KILLS = 2
PREPARE = """
import django; django.setup()
from django.utils import timezone
from tests.world import open_world, publish_shipped
publish_shipped(("express",), now=timezone.now())
open_world("express", now=timezone.now())
"""
MAPPING = """
source: killed
desk: express
by: express.administrator
zone: Asia/Shanghai
kind: complaint
channel: telephone
state: archived
number: no
opened_at: opened
fields: {subject: what, complainant_phone: phone, complainant_name: who}
"""
KEPT = (
    "SELECT r.number, c.number, json_remove(c.facts, '$.done'), c.subject, c.received_at, p.name, s.words FROM cases_oldrecord r "
    "JOIN cases_case c ON c.id = r.case_id JOIN people_complainant p ON p.id = c.complainant_id "
    "JOIN cases_searchentry s ON s.case_id = c.id ORDER BY r.number"
)
HALVES = (
    "SELECT (SELECT count(*) FROM cases_case), (SELECT count(*) FROM ledger_event WHERE kind = 'take_over'), "
    "(SELECT count(*) FROM cases_oldrecord), (SELECT count(*) FROM cases_searchentry)"
)


def asked(var, query):
    with closing(sqlite3.connect(var / "amends.sqlite3", timeout=HANGS_AFTER_SECONDS)) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An installation without cases, and how to run a program in it."""
    var = tmp_path_factory.mktemp("empty")
    copy_tables(var / "amends.sqlite3")
    run(var, "-c", PREPARE).check_returncode()
    return var


SECRET = secrets.token_urlsafe(64)


def environment(var):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    return {
        **kept,
        "AMENDS_VAR": str(var),
        "AMENDS_SECRET_KEY": SECRET,
        "DJANGO_SETTINGS_MODULE": "amends.config.settings",
    }


def run(var, *arguments):
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment(var), capture_output=True, text=True)


def started(var, files):
    command = [
        sys.executable,
        "manage.py",
        "import_cases",
        str(files / "old.csv"),
        "--mapping",
        str(files / "mapping.yaml"),
    ]
    return subprocess.Popen(
        [*command, "--report", str(var / "refused.csv")], cwd=ROOT, env=environment(var),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A row in a hundred is bad; every tenth complainant comes again."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    with (folder / "old.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["no", "opened", "what", "phone", "who"])
        for n in range(ROWS):
            day = "someday" if n % 100 == 50 else f"2024-{1 + n % 12:02}-{1 + n % 28:02} 10:{n % 60:02}"
            out.writerow(
                [f"N{n:06}", day, f"第{n}件快件迟到", f"139{12_345_678 - n % (ROWS // 10)}", f"客户{n % (ROWS // 10)}"]
            )
    return folder


def children_of(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in listed]


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split(")")[-1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc for child processes")
def test_a_killed_import_ends_where_a_clean_one_ends(empty, files, tmp_path):
    clean, killed = tmp_path / "clean", tmp_path / "killed"
    shutil.copytree(empty, clean)
    shutil.copytree(empty, killed)
    whole = started(clean, files)
    output, errors = whole.communicate(timeout=HANGS_AFTER_SECONDS)
    assert whole.returncode == 0, errors

    for kill in range(KILLS):
        stored = len(asked(killed, KEPT))
        process = started(killed, files)
        eventually(
            lambda stored=stored, process=process: len(asked(killed, KEPT)) > stored or process.poll() is not None
        )
        helpers = children_of(process.pid) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert len(set(asked(killed, HALVES)[0])) == 1, f"something is half there after kill {kill}"
        eventually(lambda helpers=helpers: all(is_gone(pid) for pid in helpers))
    rest = started(killed, files)
    output_of_rest, errors = rest.communicate(timeout=HANGS_AFTER_SECONDS)

    assert rest.returncode == 0, errors
    assert "Continued after row" in output_of_rest
    assert output.splitlines()[0] == output_of_rest.splitlines()[-2]
    assert (
        f"{ROWS} rows read as utf-8: {ROWS - ROWS // 100} taken over, 0 already there, {ROWS // 100} not taken."
        in output
    )
    assert asked(killed, KEPT) == asked(clean, KEPT)
    assert (killed / "refused.csv").read_bytes() == (clean / "refused.csv").read_bytes()
    assert run(killed, "manage.py", "audit_verify").returncode in (0, 2)
