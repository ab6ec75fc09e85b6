"""What the tools share: where things are, and steps that are skipped while nothing changed.

Standard library only: it runs before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = Path(os.environ.get("AMENDS_VAR") or ROOT / "var")
OLDEST_PYTHON = (3, 11)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""What drives pages in tests. The first is the same browser without a desktop around it: a journey costs a third less of the processor."""
# Everything started from here is started often: where bytecode is forbidden, each start compiles all of its packages again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


class CannotGoOn(Exception):
    """A sentence that tells the reader what to do; shown without a traceback."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def run(command: Sequence[str | Path], *, quiet: bool = False, **options: object) -> None:
    """Run a command in the project's folder; a failure shows what it printed and stops."""
    if not quiet:
        subprocess.run([str(part) for part in command], cwd=ROOT, check=True, **options)
        return
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise CannotGoOn(f"This command failed: {' '.join(str(part) for part in command)}")


def digest(*parts: str | bytes | Path) -> str:
    """One hash over texts and the contents of files."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part
        whole.update(content.encode() if isinstance(content, str) else content)
        whole.update(b"\0")
    return whole.hexdigest()


def outline(files: Iterable[Path]) -> str:
    """A hash over names, sizes and times: enough to see that a file was touched, without reading it."""
    rows = []
    for file in sorted(files):
        stat = file.stat()
        rows.append(f"{file} {stat.st_size} {stat.st_mtime_ns}")
    return digest("\n".join(rows))


def is_current(stamp: Path, key: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="ascii") == key


def mark_current(stamp: Path, key: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="ascii")


def uv() -> str | None:
    """The uv of this machine, else the one that `.venv` got for itself."""
    own = VENV / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else None)


def make_venv() -> None:
    """Create `.venv` with uv if it is there, else with the standard library."""
    if PYTHON.exists():
        return
    if sys.version_info < OLDEST_PYTHON:
        raise CannotGoOn("amends needs Python 3.11 or newer: install it, or name it with `make run PYTHON=python3.12`.")
    say("Creating .venv …")
    if uv():
        run([uv(), "venv", "--quiet", "--python", sys.executable, VENV], quiet=True)
        return
    done = subprocess.run([sys.executable, "-m", "venv", VENV], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotGoOn(
            "Python's venv module is incomplete: install the package python3-venv (or uv), then run again."
        )
    # Four times as fast as pip at everything that follows; where there is no wheel of it, pip goes on alone.
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements-uv.txt"], cwd=ROOT, capture_output=True, check=False)


def install(*options: str | Path, into: Path = PYTHON) -> None:
    """Install packages into an environment with uv, or with the pip of `.venv`."""
    if uv():
        run([uv(), "pip", "install", "--quiet", "--python", into, *options], quiet=True)
        return
    if not list(VENV.glob("lib/python*/site-packages/pip")):  # An environment that uv made has no pip.
        run([PYTHON, "-m", "ensurepip"], quiet=True)
    chosen = [] if into == PYTHON else ["--python", into]
    run(
        [PYTHON, "-m", "pip", *chosen, "install", "--quiet", "--disable-pip-version-check", *options],
        quiet=True,
    )


def install_locked(requirements: str) -> None:
    """Install exactly what a lock file names, hashes checked; nothing happens when that was done before."""
    lock = ROOT / requirements
    stamp, key = VENV / f"installed-{lock.stem}", digest(lock, sys.version)
    if is_current(stamp, key):
        return
    say(f"Installing {requirements} …")
    install("--require-hashes", "--no-deps", "-r", lock)
    mark_current(stamp, key)


def install_itself() -> None:
    """Put the `amends` command into `.venv`, pointing at this folder."""
    stamp, key = VENV / "installed-amends", digest(ROOT / "pyproject.toml", str(ROOT))
    if is_current(stamp, key):
        return
    install("--no-deps", "--no-build-isolation", "-e", ".")
    mark_current(stamp, key)
