"""Read mails, as a program of its own: `python -I reading_program.py`.

Each line on standard input names a folder that holds a mail as `original`; each is answered by a line: 0 when it was read. The
program itself looks at no mail. For each it forks a child that limits its own memory, time and output, gives up the
network and other programs, and only then opens the mail. The child writes the attachments as 0, 1, 2 … into the folder and
what the mail says as `said.json`: the fields of `ReadMail`, or {"refused": "too_deep"}. A mail that kills its reader kills
this child, and nothing of it is left for the next mail.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

LIMITS = (
    (resource.RLIMIT_DATA, 256 * 1024**2),
    (resource.RLIMIT_CPU, 5),
    (resource.RLIMIT_FSIZE, 64 * 1024**2),
    (resource.RLIMIT_NOFILE, 64),
    (resource.RLIMIT_CORE, 0),
)
LONGEST_READING_SECONDS = 20
"""Of the clock on the wall: a busy machine gives the five seconds of the processor slowly."""
LONGEST_REST_SECONDS = 600
REFUSED_EVENTS = ("socket.", "subprocess.", "ctypes.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system")
OF_OUR_OWN = (
    b"From: =?gb2312?B?v827pw==?= <customer@example.com>\r\nSubject: =?utf-8?B?5b+r5Lu2?=\r\nDate: Fri, 27 Nov 2026 08:00:00 +0800\r\n"
    b"Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/html; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+v+y8/jwvcD4=\r\n--b\r\n"
    b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''a.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n"
)
CHARSETS = ("gb18030", "big5", "iso2022_jp", "euc_kr", "shift_jis", "cp1252")


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    _load_what_readings_need()
    orders = sys.stdin.buffer
    while select.select([orders], [], [], LONGEST_REST_SECONDS)[0] and (order := orders.readline()):
        ended = _read_in_a_child(Path(os.fsdecode(order.rstrip(b"\n"))))
        sys.stdout.buffer.write(b"%d\n" % ended)
        sys.stdout.buffer.flush()


def _load_what_readings_need() -> None:
    """Once, before any mail: a child then only forks. Much is imported late, when a mail first asks for it."""
    what_it_says(OF_OUR_OWN)
    for charset in CHARSETS:
        "".encode(charset)
    gc.collect()
    gc.freeze()


def _read_in_a_child(folder: Path) -> int:
    """How the child ended: 0 when what the mail says lies in the folder."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _limit_myself()
            said, contents = what_it_says((folder / "original").read_bytes())
            for number, content in enumerate(contents):
                (folder / str(number)).write_bytes(content)
            (folder / "said.json").write_text(json.dumps(said, default=str), encoding="ascii")
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _limit_myself() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for way in (0, 1, 2):
        os.dup2(nothing, way)
    signal.alarm(LONGEST_READING_SECONDS)
    for what, most in LIMITS:
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)
    sys.addaudithook(_refuse_what_no_reading_needs)


def _refuse_what_no_reading_needs(event: str, args: tuple[Any, ...]) -> None:
    """A hook that is set can not be taken away again."""
    if event.startswith(REFUSED_EVENTS):
        raise PermissionError(event)


def what_it_says(octets: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What the mail says, and the contents of its attachments."""
    from amends.apps.mail.automatic import why_automatic
    from amends.apps.mail.quoting import newly_written
    from amends.apps.mail.reading import Unreadable, read_mail

    try:
        mail = read_mail(octets)
    except Unreadable as refused:
        return {"refused": refused.code}, []
    said: dict[str, Any] = {f.name: getattr(mail, f.name) for f in fields(mail) if f.name != "attachments"}
    said |= {name: [asdict(one) for one in said[name]] for name in ("sender", "to", "cc")}
    said["attachments"] = [{"name": one.name, "kind": one.kind} for one in mail.attachments]
    said |= {"why_automatic": why_automatic(mail), "new_text": newly_written(mail.text)}
    return said, [one.content for one in mail.attachments]


if __name__ == "__main__":
    main()
