"""Databases and servers that belong to a measurement and go with it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from amends.jobs.supervisor import web_command
from tools.postgres import private_cluster

ROOT = Path(__file__).resolve().parents[2]
FIRST_PORT = 8950


@dataclass(slots=True)
class Installation:
    """One database with its folder, prepared for measuring. `way` is what is done to a case, `tokens` are of the people who do it."""

    var: Path
    database_url: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    way: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    desk: str = ""

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
        own = {"AMENDS_VAR": str(self.var), "AMENDS_SECRET_KEY": self.secret, "AMENDS_LOG_LEVEL": "ERROR"}
        database = {"AMENDS_DATABASE_URL": self.database_url} if self.database_url else {}
        return {**kept, **own, **database, "DJANGO_SETTINGS_MODULE": "amends.config.settings"}

    def run(self, *arguments: str) -> str:
        """Run a Python program of the project in this installation and return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def prepare(self, pack: str, days: int = 1) -> None:
        found = json.loads(self.run("-m", "tools.bench.installation", pack, str(days)))
        self.desk, self.way, self.tokens = found["desk"], found["way"], found["tokens"]


@contextlib.contextmanager
def postgres_server(**settings: str) -> Iterator[str]:
    """The URL of a server to measure on: AMENDS_BENCH_POSTGRES_URL, else a private one for this run, with some more settings."""
    named = os.environ.get("AMENDS_BENCH_POSTGRES_URL")
    if named:
        yield named
        return
    with private_cluster(**settings) as url:
        yield url


@contextlib.contextmanager
def own_database(server: str, template: str = "template0") -> Iterator[str]:
    """A new database on the server, dropped afterwards; yields its URL."""
    name = f"amends_bench_{secrets.token_hex(4)}"
    create_database(server, name, template)
    try:
        yield url_of(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def create_database(server: str, name: str, template: str = "template0") -> None:
    """A new database on the server, as its template has it."""
    words = "CREATE DATABASE {} TEMPLATE {}" + (" ENCODING 'UTF8'" if template == "template0" else "")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL(words).format(sql.Identifier(name), sql.Identifier(template)))


def url_of(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def installation(pack: str, database_url: str = "", *, days: int = 1) -> Iterator[Installation]:
    """A prepared installation in a temporary folder, whose desk was opened so many days ago; without a pack the database is as it was found."""
    with tempfile.TemporaryDirectory(prefix="amends-bench-") as folder:
        made = Installation(Path(folder), database_url)
        if pack:
            made.prepare(pack, days)
        yield made


@contextlib.contextmanager
def web_server(of: Installation, *, port: int, processes: int = 2, settings: str = "") -> Iterator[int]:
    """The product's own web server for an installation, ready to answer; `settings` names others than its own."""
    command = web_command(host="127.0.0.1", port=port, processes=processes, threads=2)
    environment = of.environment() | ({"DJANGO_SETTINGS_MODULE": settings} if settings else {})
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            _wait_until_ready(server, port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=40)


def _wait_until_ready(server: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the web server ended:\n{server.stderr.read()[-3000:] if server.stderr else ''}")
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise SystemExit("the web server did not answer in time")
