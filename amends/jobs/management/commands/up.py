"""`amends up`: the whole installation as one process tree."""

import json
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from amends.jobs.self_check import Level, findings
from amends.jobs.supervisor import Child, Supervisor, web_command, worker_command


class Command(BaseCommand):
    help = "Start web server and worker, restart either when it ends, stop both on SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        refuse_unsafe_start()
        refuse_taken_port(host=host, port=port)
        web = web_command(host=host, port=port, processes=settings.WEB_PROCESSES, threads=settings.WEB_THREADS)
        children = [Child(name="web", command=web), Child(name="worker", command=worker_command())]
        Supervisor(children, on_started=Announcement(self.stdout.write, host=host, port=port)).run()


def refuse_unsafe_start() -> None:
    """Refuse a start that could lose an acknowledged case or be forged; warnings are left to `doctor`."""
    refused = [finding.sentence for finding in findings() if finding.level is Level.FAIL and finding.stops_start]
    if refused:
        raise CommandError("Not started. " + " ".join(refused))


def refuse_taken_port(*, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refusal:
            message = f"Cannot listen on {host}:{port} ({refusal.strerror}); choose another with PORT=8010."
            raise CommandError(message) from refusal


class Announcement:
    """Prints the address, and the demo logins if there are any, as soon as the web server answers."""

    def __init__(self, write: Any, *, host: str, port: int) -> None:
        self.write = write
        self.address = ("127.0.0.1" if host == "0.0.0.0" else host, port)  # noqa: S104
        self.made = False

    def __call__(self) -> None:
        if self.made or not self._answers():
            return
        self.made = True
        self.write(f"\namends is running at {settings.BASE_URL}  (stop with Ctrl-C)")
        for line in demo_logins(settings.VAR_DIR / "demo_logins.json"):
            self.write(line)
        sys.stdout.flush()

    def _answers(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=0.2).close()
        except OSError:
            return False
        return True


def demo_logins(file: Path) -> list[str]:
    """One line a main login, and where all of them are; empty when the installation holds no demo."""
    if not file.is_file():
        return []
    logins = json.loads(file.read_text(encoding="utf-8"))
    shown = [login for login in logins if login.get("is_main", True)]
    passwords = {login["password"] for login in logins}
    rest = [f"  … all {len(logins)} logins: {file}"] if len(shown) < len(logins) else []
    if len(passwords) == 1:
        return [f"Demo logins, all with the password {passwords.pop()}:", *map(_login_line, shown), *rest]
    return ["Demo logins:", *(f"{_login_line(login)}  {login['password']}" for login in shown), *rest]


def _login_line(login: dict[str, str]) -> str:
    return f"  {login['desk']:<12} {login['username']:<56} {login['role']}"
