"""R3: each mail that arrives becomes exactly one message, and no mail disappears, wherever the process dies."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

from tests.imap_server import ImapServer, imap_server
from tests.promises.installation import ROOT, Installation, Template, installed

MAILS = int(os.environ.get("AMENDS_TEST_MAILS", "40"))
KILLS = int(os.environ.get("AMENDS_TEST_MAIL_KILLS", "7"))
STEPS = ("before_store", "after_file", "after_commit", "before_flag", "after_flag", "in_taking", "after_taking")
FURTHER = 10_000
"""Numbers from here on are of mails that came because a kill still waited for one."""
FIRST, SECOND = "service@amends.test", "second@amends.test"
ENDS = {"case", "answer", "ignored", "quarantined"}


def made(number: int) -> bytes:
    """Mails of customers, one in ten of a program, one in twenty with nobody who sent it, one a bomb."""
    mail = EmailMessage()
    if number % 20 != 3:
        mail["From"] = f"客户{number} <c{number}@example.com>"
    mail["To"] = FIRST
    mail["Subject"] = f"第{number}件"
    mail["Message-ID"] = f"<{number}.r3@example.com>"
    if number % 10 == 7:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(f"第{number}件：包裹破损。")
    if number % 4 == 0:
        mail.add_attachment(
            b"%PDF-1.4 " + str(number).encode(), maintype="application", subtype="pdf", filename="照片.pdf"
        )
    if number == 5:
        mail["X-Deep"] = "(" * 200_000
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def real_mails(most: int) -> list[bytes]:
    """Mails of the shared corpus, as far as a server takes them."""
    data = os.environ.get("AMENDS_TEST_DATA")
    archive = Path(data or "") / "mail" / "mails.tar.gz"
    if not data or not archive.exists():
        return []
    found = []
    with tarfile.open(archive) as files:
        for member in files:
            if member.isfile() and "email-reply-parser/" not in member.name and len(found) < most:
                octets = files.extractfile(member).read()  # type: ignore[union-attr]
                if octets.strip():
                    found.append(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return list({hashlib.sha256(octets).digest(): octets for octets in found}.values())


class Loaded:
    """The program inside an installation, loaded; each taking in of mail is a process that it forks."""

    def __init__(self, installation: Installation) -> None:
        with (installation.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.promises.mail_steps", "serve"], cwd=ROOT, env=installation.environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self.installation = installation

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def run(self, step: str = "none", nth: int = 1) -> tuple[bool, float]:
        """Take mail in; whether it was killed on the way, and its seconds of the processor."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{step} {nth}\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline() or '{"ended": 1}')
        assert ended["ended"] in (0, -signal.SIGKILL), self.installation.log()
        return bool(ended["ended"]), ended["of_processor"]


def with_mailboxes(installation: Installation, server: ImapServer) -> None:
    common = {
        "host": "127.0.0.1", "port": server.tls_port, "security": "tls", "certificate": server.certificate,
        "folder": "INBOX",
    }  # fmt: skip
    boxes = [
        {"address": FIRST, "username": "first", "done_folder": "taken", **common},
        {"address": SECOND, "username": "second", **common},
    ]
    installation.script("tests.promises.mail_steps", "open", json.dumps(boxes))


def killed(program: Loaded, server: ImapServer, mails: list[bytes], times: int) -> Counter[str]:
    """Mail comes in portions, and each time the process dies at the next step, at some mail; which steps it was.

    Where too few mails of a portion come to the step, one more comes that does: every kill hits.
    """
    chance, died = random.Random(3), Counter[str]()
    portion = -(-len(mails) // times)
    for number in range(times):
        server.deliver_many("first", mails[number * portion : (number + 1) * portion])
        step = STEPS[number % len(STEPS)]
        if not program.run(step, chance.randint(1, max(1, portion // 4)))[0]:
            server.deliver("first", made(FURTHER + 20 * number))
            assert program.run(step)[0], f"no mail came to {step}"
        died[step] += 1
    return died


class Turn(NamedTuple):
    """A turn that nobody disturbed: its mails, and seconds by the clock and of the processor (without the mail server's)."""

    mails: int
    seconds: float
    of_processor: float

    def __str__(self) -> str:
        each, busy = self.mails / self.seconds, self.mails / self.of_processor
        return f"{self.mails} mails in {self.seconds:.1f} s: {each:.1f}/s, {busy:.1f} a second of the processor"


def undisturbed(program: Loaded, server: ImapServer, mails: list[bytes]) -> Turn:
    """Let mails come and be taken in without a kill."""
    program.run()
    server.deliver_many("first", mails)
    began = time.monotonic()
    was_killed, of_processor = program.run()
    assert not was_killed
    return Turn(len(mails), time.monotonic() - began, of_processor)


def as_kept(server: ImapServer, user: str) -> list[str]:
    """Digests of what lies in the mailbox, whichever folder it was put into."""
    found = []
    with server.signed_in(user) as client:
        for folder in ("INBOX", "taken"):
            if client.select(folder, readonly=True)[0] != "OK":
                continue
            for uid in client.uid("SEARCH", "ALL")[1][0].split():
                data = client.uid("FETCH", uid, "(BODY.PEEK[])")[1]
                found.append(hashlib.sha256(data[0][1]).hexdigest())
    return found


def test_every_mail_is_one_message_and_none_disappears(template: Template, folder: Path, capsys: Any):
    real = real_mails(MAILS * 3 // 5)
    mails = real + [made(n) for n in range(MAILS - len(real))]
    with installed(template, folder) as installation, imap_server() as server:
        with_mailboxes(installation, server)
        server.deliver_many("second", mails[:10])
        with Loaded(installation) as program:
            died = killed(program, server, mails[: -(MAILS // 5)], KILLS)
            turn = undisturbed(program, server, mails[-(MAILS // 5) :])
            server.renumber("second")
            server.deliver("second", made(2 * FURTHER))
            program.run()
        seen = installation.script("tests.promises.mail_steps", "count")
        expected = {FIRST: as_kept(server, "first"), SECOND: as_kept(server, "second")}
        left = server.uids("first")
    with capsys.disabled():
        print(
            f"\nR3: {len(mails)} mails ({len(real)} real), {sum(died.values())} kills {dict(died)}: {seen['ends']};",
            f"undisturbed {turn}; reasons {seen['reasons']}",
        )
    assert sum(died.values()) == KILLS
    assert set(seen["ends"]) <= {*ENDS, "twin"}
    assert left == []
    # The same mail twice in a corpus is one message; what was stored is what lies in the mailbox, byte for byte.
    assert set(seen["digests"][FIRST]) | set(seen["digests"][SECOND]) == set(expected[FIRST]) | set(expected[SECOND])
    assert max(Counter(seen["digests"][FIRST]).values()) == 1 == max(Counter(seen["digests"][SECOND]).values())
    assert sum(n for end, n in seen["ends"].items() if end in ENDS) == len(set(expected[FIRST])) + 1
    assert (seen["cases"], seen["mails_of_cases"]) == (seen["ends"]["case"], seen["ends"]["case"])
    assert seen["lonely_files"] == 0


def test_touching_the_mailbox_before_the_commit_is_noticed(template: Template, folder: Path):
    with installed(template, folder) as installation, imap_server() as server:
        with_mailboxes(installation, server)
        server.deliver_many("first", [made(n) for n in range(3)])
        installation.faults = ("acknowledge_first",)
        with Loaded(installation) as program:
            assert program.run("before_store", 2)[0]
            program.run()
        seen = installation.script("tests.promises.mail_steps", "count")
        assert set(as_kept(server, "first")) - set(seen["digests"][FIRST]), (
            "the fault lost nothing: the harness would not notice"
        )
