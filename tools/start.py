"""`make run`: from a fresh clone to a running installation; a second start downloads nothing.

Standard library only.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.assets import collect_assets
from tools.house import (
    PYTHON,
    ROOT,
    VAR,
    VENV,
    CannotGoOn,
    digest,
    install_itself,
    install_locked,
    is_current,
    make_venv,
    mark_current,
    outline,
    run,
    say,
)

STATIC_FOLDERS = [ROOT / "amends" / "web" / "static", ROOT / "amends" / "api" / "static"]


def prepare(requirements: str = "requirements.txt", *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Environment, compiled messages and page assets: what both running and testing need.

    `meanwhile` runs once the packages are there, while the page assets may still be on their way.
    """
    make_venv()
    with ThreadPoolExecutor(max_workers=1) as pool:
        assets = pool.submit(collect_assets)
        install_locked(requirements)
        install_itself()
        compile_messages()
        meanwhile()
        assets.result()


def compile_messages() -> None:
    sources = [
        *(ROOT / "locale").rglob("*.po"),
        ROOT / "tools" / "messages.py",
        ROOT / "amends" / "apps" / "policies" / "traditional.py",
    ]
    stamp, key = VENV / "compiled-messages", digest(*sorted(sources), *_compiled())
    if is_current(stamp, key):
        return
    run([PYTHON, "-m", "tools.messages", "compile"])
    mark_current(stamp, digest(*sorted(sources), *_compiled()))


def _compiled() -> list[str]:
    return [str(file) for file in sorted((ROOT / "locale").rglob("*.mo"))]


def make_key() -> None:
    """A random secret key that only this account can read."""
    file = VAR / "secret_key"
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.environ.get("AMENDS_SECRET_KEY") or file.exists():
        return
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as key:
        key.write(secrets.token_urlsafe(64))


def collect_static() -> None:
    files = [file for folder in STATIC_FOLDERS for file in folder.rglob("*") if file.is_file()]
    stamp = VAR / "collected-static"
    key = digest(outline(files), ROOT / "requirements.txt", ROOT / "amends" / "config" / "settings.py")
    if is_current(stamp, key) and (VAR / "static" / "staticfiles.json").is_file():
        return
    say("Preparing static files …")
    run([PYTHON, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"])
    mark_current(stamp, key)


def prepare_installation() -> None:
    """Key, database and the demo desks of an empty installation; what a database has seen is not shown to it again."""
    make_key()
    step(
        "Preparing the database …", "migrated", _files("amends/apps/*/migrations"), ["migrate", "--noinput", "-v", "0"]
    )
    # The code that reads packs counts as well: what it refuses or stores may have changed.
    read = _files("packs", "calendars", "amends/core", "amends/apps/policies")
    step("Publishing the packs …", "published", read, ["demo", "--if-empty"])


def step(sentence: str, name: str, files: list[Path], command: list[str]) -> None:
    """Run a command of `manage.py` unless this database has seen the same files before."""
    stamp, key = VAR / name, digest(_database(), outline(files), ROOT / "requirements.txt")
    if is_current(stamp, key):
        return
    say(sentence)
    run([PYTHON, "manage.py", *command], stdout=subprocess.DEVNULL)
    # The database exists by now, which is part of the key.
    mark_current(stamp, digest(_database(), outline(files), ROOT / "requirements.txt"))


def _database() -> str:
    """Which database it is; an embedded one that was removed and made again counts as another."""
    named = os.environ.get("AMENDS_DATABASE_URL")
    file = VAR / "amends.sqlite3"
    return named or (str(file.stat().st_ino) if file.exists() else "none")


def _files(*patterns: str) -> list[Path]:
    folders = [folder for pattern in patterns for folder in ROOT.glob(pattern)]
    found = [file for folder in folders for file in folder.rglob("*")]
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


def main() -> None:
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit():
        raise CannotGoOn(f"PORT={port} is not a number.")
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    os.environ.setdefault("AMENDS_BASE_URL", f"http://{shown}:{port}")
    os.environ.setdefault("AMENDS_DEMO", "true")
    prepare(meanwhile=prepare_installation)
    collect_static()
    os.chdir(ROOT)
    # The supervisor takes the place of this process, so that it gets the signals itself.
    os.execv(PYTHON, [str(PYTHON), "manage.py", "up", "--host", host, "--port", port])


ACTIONS = {
    (): main,
    ("--prepare-only",): prepare,
    ("--prepare-dev",): lambda: prepare("requirements-dev.txt"),
}

if __name__ == "__main__":
    try:
        ACTIONS[tuple(sys.argv[1:])]()
    except CannotGoOn as refusal:
        sys.exit(str(refusal))
    except subprocess.CalledProcessError as failure:
        # The command has already said why.
        sys.exit(failure.returncode)
    except KeyboardInterrupt:
        sys.exit(130)
