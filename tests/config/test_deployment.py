import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_command(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=inherited | {"AMENDS_VAR": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_https_installation_has_no_deployment_warnings(tmp_path: Path):
    done = run_command(
        *["check", "--deploy", "--fail-level", "WARNING"],
        folder=tmp_path,
        AMENDS_BASE_URL="https://amends.example",
        AMENDS_SECRET_KEY=secrets.token_urlsafe(64),
    )

    assert (done.returncode, done.stdout.startswith("System check identified no issues")) == (0, True), done.stderr


def test_a_setting_that_cannot_be_meant_ends_in_one_sentence(tmp_path: Path):
    done = run_command("check", folder=tmp_path, AMENDS_WEB_THREADS="many")

    assert done.returncode == 1
    assert done.stderr == "AMENDS_WEB_THREADS='many' must be a whole number.\n"


def test_the_supervisor_refuses_to_start_without_a_kept_key(tmp_path: Path):
    done = run_command("up", "--port", "8119", folder=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: Not started. ")
    assert "AMENDS_SECRET_KEY is not set" in done.stderr
