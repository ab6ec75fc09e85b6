"""A real installation in a folder of its own: web server and worker as processes that a harness may kill."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from amends.jobs.supervisor import web_command, worker_command
from tests.patience import HANGS_AFTER_SECONDS, eventually
from tests.ports import free_port
from tests.tables import copy_tables, copy_tables_on_server, on_server, with_database

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.promises.server_settings"
PACK = "express"
ARGUMENTS_BEGIN = 3
"""After the interpreter and the module."""
COMPILED = Path(tempfile.gettempdir()) / f"amends-compiled-{os.getuid()}"


@dataclass(frozen=True)
class Answer:
    """What the server said, to the byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Ambiguous(Exception):
    """The connection broke before the answer: done or not done."""


class Down(Ambiguous):
    """Nobody listened: certainly not done."""


class Process(Protocol):
    """What a harness asks of a process that it started."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...


@dataclass
class Forked:
    """A process that the loaded program forked: nobody's child here, so it is looked for by its number."""

    pid: int

    def poll(self) -> int | None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return None
        return -1

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.005)
        return -1


@dataclass
class Installation:
    """A folder, a database, a port, and the two processes."""

    folder: Path
    database_url: str
    world: dict[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    port: int = 0
    web: Process | None = None
    worker: Process | None = None
    loaded: subprocess.Popen[bytes] | None = None
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    settings: dict[str, str] = field(default_factory=dict)
    """Of the operator, beside the usual ones."""

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AMENDS_", "DJANGO_"))}
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        return inherited | {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "AMENDS_VAR": str(self.folder),
            "AMENDS_SECRET_KEY": self.secret_key,
            "AMENDS_DATABASE_URL": self.database_url,
            "AMENDS_LOG_LEVEL": "ERROR",
            "AMENDS_TEST_PLANTED_FAULTS": ",".join(self.faults),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            # Compiled once a run, wherever the folder of the code may not be written to.
            "PYTHONPYCACHEPREFIX": str(COMPILED),
            **self.settings,
        }

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `amends …` against this installation."""
        return self._run("-m", "amends.config.command_line", *arguments, check=check)

    def script(self, module: str, *arguments: str) -> Any:
        """Run a module of the tests inside the installation and read the JSON it prints."""
        return json.loads(self._run("-m", module, *arguments).stdout)

    def _run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def load(self) -> None:
        """Load the program into a process of its own, from which `start(afresh=False)` forks."""
        with (self.folder / "log").open("ab") as log:
            self.loaded = subprocess.Popen(
                [sys.executable, "-m", "tests.promises.loaded"], cwd=ROOT, env=self.environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def start(self, *, afresh: bool = True) -> float:
        """Start web server and worker, each leading a process group; seconds until it was ready.

        `afresh` as an operator does; else from the program that was loaded before.
        """
        began = time.monotonic()
        if not self.port:
            self.port = free_port()
        self.web = self._spawn(web_command(host="127.0.0.1", port=self.port, processes=2, threads=4), afresh=afresh)
        if self.worker is None or self.worker.poll() is not None:
            self.start_worker(afresh=afresh)
        web = self.web
        try:
            eventually(self._is_ready, or_is_over=lambda: web.poll() is not None)
        except AssertionError as error:
            raise AssertionError(f"the web server did not become ready:\n{self.log()}") from error
        return time.monotonic() - began

    def start_worker(self, *, afresh: bool = True) -> None:
        self.worker = self._spawn(worker_command(), afresh=afresh)

    def _spawn(self, command: list[str], *, afresh: bool) -> Process:
        if not afresh:
            return self._fork(command[ARGUMENTS_BEGIN:])
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def _fork(self, arguments: list[str]) -> Process:
        assert self.loaded is not None
        assert self.loaded.stdin is not None
        assert self.loaded.stdout is not None
        self.loaded.stdin.write(json.dumps(arguments).encode() + b"\n")
        self.loaded.stdin.flush()
        return Forked(int(self.loaded.stdout.readline()))

    def _is_ready(self) -> bool:
        try:
            return self.call("GET", "/readyz").status == 200
        except Ambiguous:
            return False

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace")[-4000:] if file.exists() else ""

    def kill_everything(self) -> None:
        """SIGKILL to web server and worker, with all their children, at once."""
        for process in (self.web, self.worker):
            _kill(process)
        self.web = self.worker = None

    def end(self) -> None:
        """Kill everything, and the loaded program with it."""
        self.kill_everything()
        if self.loaded is not None:
            self.loaded.kill()
            self.loaded.communicate()

    def kill_worker(self) -> None:
        _kill(self.worker)
        self.worker = None

    def call(
        self, method: str, path: str, *, token: str = "", json_body: Any = None, body: bytes = b"",
        headers: Mapping[str, str] | None = None, timeout: float = HANGS_AFTER_SECONDS,
    ) -> Answer:  # fmt: skip
        """One request on a connection of its own. Raises Ambiguous when no complete answer came."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if json_body is not None:
            body = json.dumps(json_body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body or None, headers=sent)
            response = connection.getresponse()
            content = response.read()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)
        except ConnectionRefusedError as refused:
            raise Down(str(refused)) from refused
        except (OSError, http.client.HTTPException) as broken:
            raise Ambiguous(str(broken)) from broken
        finally:
            connection.close()

    def upload(self, path: str, *, token: str, name: str, content: bytes, key: str) -> Answer:
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content
        body += f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": key}
        return self.call("POST", path, token=token, body=body, headers=headers)


def _kill(process: Process | None) -> None:
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def installed(template: Template, folder: Path, *, faults: tuple[str, ...] = ()) -> Iterator[Installation]:
    """A fresh copy of the prepared installation, not started; killed and removed afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with template.copied(folder) as url:
        installation = Installation(folder, url, template.world, faults)
        try:
            yield installation
        finally:
            installation.end()


@dataclass
class Template:
    """A database with a desk, its people and tokens, made once a test run and copied for each harness."""

    folder: Path
    postgres_url: str | None
    world: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"amends_template_{uuid.uuid5(uuid.NAMESPACE_URL, str(self.folder)).hex[:10]}"

    @property
    def url(self) -> str:
        if self.postgres_url:
            return with_database(self.postgres_url, self.name)
        return f"sqlite:///{self.folder / 'template.sqlite3'}"

    def prepare(self) -> None:
        """Make it unless another process of this run did."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.folder / "world.json"
            if not kept.exists():
                if self.postgres_url:
                    copy_tables_on_server(self.postgres_url, self.name)
                else:
                    copy_tables(self.folder / "template.sqlite3")
                made = Installation(self.folder, self.url).script("tests.promises.prepare")
                kept.write_text(json.dumps(made))
            self.world = json.loads(kept.read_text())

    @contextlib.contextmanager
    def copied(self, folder: Path) -> Iterator[str]:
        """The URL of a copy of the database."""
        if not self.postgres_url:
            shutil.copyfile(self.folder / "template.sqlite3", folder / "amends.sqlite3")
            yield f"sqlite:///{folder / 'amends.sqlite3'}"
            return
        name = f"amends_copy_{uuid.uuid4().hex[:12]}"
        with (self.folder / "lock").open("w") as lock:  # Only one at a time may copy from a template.
            fcntl.flock(lock, fcntl.LOCK_EX)
            on_server(self.postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        try:
            yield with_database(self.postgres_url, name)
        finally:
            on_server(self.postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')
