"""A private PostgreSQL server in a temporary folder, reached by a socket only; standard library only."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.house import CannotGoOn


def server_programs() -> Path | None:
    """The folder of initdb and postgres: the newest of Debian's, else what PATH knows; None when absent."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    on_path = shutil.which("initdb")
    found = installed[-1] if installed else Path(on_path) if on_path else None
    return found.parent if found else None


@contextlib.contextmanager
def private_cluster(**more: str) -> Iterator[str]:
    """Start a server of this run alone, with some more settings, and yield its URL; it is stopped and removed afterwards.

    PostgreSQL refuses to run as root, so root starts it as an unprivileged user.
    """
    programs = server_programs()
    if programs is None:
        raise CannotGoOn("PostgreSQL's server programs are missing: install the package postgresql.")
    # A socket's path may have 107 characters at most, whatever TMPDIR says.
    folder = Path(tempfile.mkdtemp(prefix="amends-pg-", dir="/tmp"))  # noqa: S108
    owner = _unprivileged_user()
    if owner:
        shutil.chown(folder, owner)
    data, log = folder / "data", folder / "log"
    try:
        _run(
            owner,
            programs / "initdb",
            "-D",
            data,
            "-U",
            "amends",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        given = {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "200", **more}
        settings = " ".join(f"-c {name}={value}" for name, value in given.items())
        _run(owner, programs / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", settings, "start")
        try:
            yield f"postgresql://amends@/postgres?host={folder}"
        finally:
            _run(owner, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(owner: str | None, *command: object) -> None:
    as_user = {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}
    # The server inherits the output; a pipe would stay open as long as it runs.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            **as_user,
        )
        if done.returncode:
            output.seek(0)
            raise CannotGoOn(f"{Path(str(command[0])).name} failed:\n{output.read().decode(errors='replace')}")
