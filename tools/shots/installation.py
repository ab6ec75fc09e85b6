"""The two demos of which pictures are taken: one with all its cases, one without any."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

from tools.house import PYTHON, ROOT, say

OUT = ROOT / "var" / "shots"
FIRST_PORT = int(os.environ.get("SHOTS_PORT", "8940"))
"""Where the demos are served; two clones on one machine take pictures at the same time when this differs."""
PORTS = {"full": FIRST_PORT, "empty": FIRST_PORT + 1}
PATIENCE_SECONDS = 600
CODE_SECONDS = 60
CODE = re.compile(r"(?<![0-9A-Za-z-])\d{6}(?![0-9-])")


@dataclass(slots=True)
class Installation:
    """A demo under var/shots with its own database, made when it is first needed."""

    name: str
    _letters: dict[str, list[str]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{PORTS[self.name]}"

    @contextlib.contextmanager
    def served(self, *, fresh: bool) -> Iterator[Installation]:
        """The demo, served while the pictures are taken; one that is served already is used as it stands."""
        if not fresh and self._answers():
            yield self
            return
        var = OUT / "installations" / self.name
        if fresh:
            shutil.rmtree(var, ignore_errors=True)
        if not (var / "made").exists():
            self._make()
            (var / "made").touch()
        with (var / "server.log").open("w") as log, subprocess.Popen(
            [PYTHON, "tools/start.py"], cwd=ROOT, env=self._environment(), stdout=log, stderr=log
        ) as server:  # fmt: skip
            try:
                self._wait(server)
                yield self
            finally:
                server.terminate()

    def password(self, username: str) -> str:
        file = OUT / "installations" / self.name / "demo_logins.json"
        return next(
            str(login["password"]) for login in json.loads(file.read_text("utf-8")) if login["username"] == username
        )

    def letters(self) -> dict[str, list[str]]:
        """Private links as customers hold them, by desk and stage of the case, with the PIN that opens it."""
        if not self._letters:
            told = self._manage("shell", "-c", "from tools.shots.inside import print_letters; print_letters()")
            self._letters = json.loads(told.splitlines()[-1])
        return self._letters

    def newest_code(self, *, sent_after: float) -> str:
        """The code of the newest message that left the demo after a moment (seconds since 1970), by mail or as a text."""
        deadline = time.monotonic() + CODE_SECONDS
        while time.monotonic() < deadline:
            folder = OUT / "installations" / self.name
            files = sorted((*folder.glob("mail/*"), *folder.glob("sms/*")), key=lambda file: file.stat().st_mtime)
            if files and files[-1].stat().st_mtime >= sent_after and (codes := _codes_in(files[-1])):
                return codes[-1]
            time.sleep(0.2)
        raise SystemExit("No code left the demo; see var/shots/installations/full/server.log.")

    def _make(self) -> None:
        say(f"Making the demo “{self.name}” …")
        (OUT / "installations" / self.name).mkdir(parents=True, exist_ok=True)
        self._manage("migrate", "--noinput", "-v", "0")
        if self.name == "empty":
            self._manage("shell", "-c", "from tools.shots.inside import make_empty; make_empty()")
        else:
            self._manage("demo", "--play")

    def _manage(self, *command: str) -> str:
        done = subprocess.run(
            [PYTHON, "manage.py", *command],
            cwd=ROOT,
            env=self._environment(),
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "AMENDS_VAR": str(OUT / "installations" / self.name),
            "PORT": str(PORTS[self.name]),
            "AMENDS_BASE_URL": self.base,
            "AMENDS_DEMO": "true",
        }

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            if self._answers():
                return
            time.sleep(0.5)
        raise SystemExit(f"The demo did not start; see var/shots/installations/{self.name}/server.log.")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.base}/healthz") as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False


def _codes_in(file: Path) -> list[str]:
    """The six-digit codes in a mail or in the text messages that the demo wrote into a file."""
    content = file.read_bytes()
    if file.parent.name == "mail":
        parts = [part.get_payload(decode=True) for part in message_from_bytes(content).walk()]
        return CODE.findall("\n".join(part.decode() for part in parts if isinstance(part, bytes)))
    return CODE.findall(json.loads(content.decode().splitlines()[-1])["text"])
