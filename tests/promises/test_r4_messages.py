"""R4: messages leave at least once, and are recognisable as the same; text messages leave once.

A mail server and a carrier of text messages fail three times of ten, hang, or take and drop the line, while the worker is
killed at random. Time is let pass between kills, as hours would.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.carriers import SECRET, Carrier, cloud
from tests.mail_server import mail_server
from tests.patience import eventually
from tests.promises.installation import ROOT, Installation, Template, installed

MESSAGES = int(os.environ.get("AMENDS_TEST_MESSAGES", "24"))
KILLS = int(os.environ.get("AMENDS_TEST_MESSAGE_KILLS", "4"))
SEED = int(os.environ.get("AMENDS_TEST_SEED", "20260305"))
PAUSE = (0.4, 1.6)


class MailServer:
    """Keeps what it takes; fails one mail of ten before taking it, drops the line after one of ten that it took."""

    def __init__(self) -> None:
        self.random, self.lock = random.Random(SEED), threading.Lock()
        self.taken: list[tuple[str, str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        chance = self.random.random()
        if chance < 0.2:
            return "451 try again"
        text = envelope.content.decode("utf-8", "replace")
        message_id = next(x.split(":", 1)[1].strip() for x in text.splitlines() if x.lower().startswith("message-id:"))
        self.taken.append((envelope.rcpt_tos[0], message_id))
        if chance < 0.3:
            server.transport.abort()
        return "250 OK"


def failing(carrier: Carrier) -> None:
    """Three requests of ten end badly: refused for now, broken off before or after they were taken, or never answered."""
    chance = random.Random(SEED + 1)

    def fate(action: str) -> str:
        with carrier.lock:
            drawn = chance.random()
        for limit, word in ((0.1, "busy"), (0.18, "drop"), (0.28, "take and drop"), (0.3, "hang")):
            if drawn < limit:
                return word
        return "answer"

    carrier.plan = fate


class Inside:
    """The program inside the installation that writes messages and lets time pass."""

    def __init__(self, installation: Installation) -> None:
        with (installation.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.promises.sender_inside"], cwd=ROOT, env=installation.environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def ask(self, order: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the program inside ended"
        return dict(json.loads(answer))


def test_messages_leave_at_least_once_and_texts_once(template: Template, folder: Path):
    box = MailServer()
    with cloud("aliyun") as carrier, mail_server(box) as port, installed(template, folder) as installation:
        failing(carrier)
        installation.settings = {
            "AMENDS_SMS_URL": f"aliyun://key:{SECRET}@{carrier.netloc}",
            "AMENDS_OUTBOUND_PRIVATE": carrier.netloc,
            "AMENDS_MAIL_URL": f"smtp://127.0.0.1:{port}",
        }
        inside = Inside(installation)
        try:
            began, kills = time.monotonic(), _sent_under_kills(installation, inside)
            found = inside.ask("state")
        finally:
            inside.process.kill()
            inside.process.communicate()
        took = time.monotonic() - began

    rows = found["rows"]
    mails = Counter(box.taken)
    texts = Counter(row["number"] for row in carrier.taken)
    print(
        f"R4: {len(rows)} messages, {kills} kills in {took:.0f} s; mail twice or more {len([n for n in mails.values() if n > 1])}, "
        f"texts twice {len([n for n in texts.values() if n > 1])}, tried again by a person {found['again']}"
    )
    assert len(rows) == MESSAGES
    assert Counter(row["state"] for row in rows) == {"sent": MESSAGES}
    # Each message was taken, under its own id and nobody else's; nothing that was rolled back left.
    wanted = {(r["address"], f"<{r['message_id']}>") for r in rows if r["channel"] == "email"}
    assert set(mails) == wanted
    assert texts == {r["address"]: 1 for r in rows if r["channel"] == "sms"}
    assert {r["reference"] for r in carrier.taken} == {r["message_id"] for r in rows if r["channel"] == "sms"}


def _sent_under_kills(installation: Installation, inside: Inside) -> int:
    """Kill and start the worker until all has left; returns how often it was killed."""
    chance, kills = random.Random(SEED + 2), 0
    installation.load()
    inside.ask(f"write {MESSAGES}")
    while kills < KILLS:
        installation.start_worker(afresh=False)
        time.sleep(chance.uniform(*PAUSE))
        installation.kill_worker()
        kills += 1
        inside.ask("hurry")
    installation.start_worker(afresh=False)
    eventually(lambda: all(row["state"] == "sent" for row in inside.ask("hurry")["rows"]), look_every=0.5)
    installation.kill_worker()
    return kills
