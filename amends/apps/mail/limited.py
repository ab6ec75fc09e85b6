"""What a mail says, read by a limited process of its own: a mail that is a bomb goes off there.

A program of few imports stays loaded beside this one and forks a process for each mail (`docs/decisions/0018`).
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, cast

from amends.apps.mail.headers import Address
from amends.apps.mail.reading import END_OF_HEAD, Unreadable

PROGRAM = Path(__file__).with_name("reading_program.py")
PATIENCE = timedelta(seconds=30)
"""Of the clock on the wall. The process that reads gives up by itself before."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a mail; its content lies at `place` while the letter is open."""

    name: str
    kind: str
    place: Path


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `new_text` is without the history below it; `why_automatic` is empty where a person may have written it."""

    sender: tuple[Address, ...]
    recipients: tuple[Address, ...]
    subject: str
    message_id: str
    answers: tuple[str, ...]
    text: str
    new_text: str
    files: tuple[File, ...]
    marks: dict[str, str]
    why_automatic: str


@contextmanager
def letter_in(octets: bytes) -> Iterator[Letter]:
    """Read a mail and keep its files until the block ends. Raises Unreadable beyond a limit, `too_costly` for time and memory."""
    with tempfile.TemporaryDirectory(prefix="amends-mail-") as name:
        folder = Path(name)
        original = folder / "original"
        original.write_bytes(octets)
        said = _said(original, folder)
        if "refused" in said:
            raise Unreadable(str(said["refused"]))
        yield _letter(said, folder)


@contextmanager
def head_in(octets: bytes) -> Iterator[Letter]:
    """The heads of a mail whose body goes beyond a limit, as a letter without text. Raises Unreadable where they do as well."""
    with letter_in(END_OF_HEAD.split(octets, maxsplit=1)[0] + b"\r\n\r\n") as letter:
        yield letter


def _said(original: Path, folder: Path) -> dict[str, Any]:
    if not _reader.reads(folder):
        raise Unreadable("too_costly")
    return dict(json.loads((folder / "said.json").read_text(encoding="ascii")))


class _Gone(Exception):
    """The program that reads ended, or does not answer."""


class _Reader:
    """The program that reads, started with the first mail and again whenever it has ended; one mail at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.program: subprocess.Popen[bytes] | None = None

    def reads(self, folder: Path) -> bool:
        """Whether what the mail says lies in the folder now."""
        with self.lock:
            try:
                try:
                    return self._asked(folder)
                except _Gone:
                    # It rests and ends by itself, and a system short of memory may have ended it: once more, with a new one.
                    self.end()
                    return self._asked(folder)
            except _Gone:
                self.end()
                return False
            except BaseException:
                # Broken off, by the time limit of a job say: its answer must not be taken for that of the next mail.
                self.end()
                raise

    def _asked(self, folder: Path) -> bool:
        program = self.program = self.program or _started()
        orders, answers = cast(IO[bytes], program.stdin), cast(IO[bytes], program.stdout)
        try:
            orders.write(os.fsencode(folder) + b"\n")
        except OSError as error:
            raise _Gone from error
        if not select.select([answers], [], [], PATIENCE.total_seconds())[0]:
            raise _Gone
        if not (answer := answers.readline()):
            raise _Gone
        return answer == b"0\n"

    def end(self) -> None:
        """End the program; the next mail starts another."""
        program, self.program = self.program, None
        if program is not None:
            program.kill()
            program.communicate()

    def forget(self) -> None:
        """In a process that was forked: the program belongs to the process that started it."""
        program, self.program, self.lock = self.program, None, threading.Lock()
        if program is not None:
            program.returncode = 0
            for way in (program.stdin, program.stdout):
                if way is not None:
                    way.close()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        bufsize=0, cwd="/", env={"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8"},
    )  # fmt: skip


_reader = _Reader()
atexit.register(_reader.end)
os.register_at_fork(after_in_child=_reader.forget)


def _letter(said: Mapping[str, Any], folder: Path) -> Letter:
    def people(*names: str) -> tuple[Address, ...]:
        return tuple(Address(**one) for name in names for one in said[name])

    return Letter(
        sender=people("sender"), recipients=people("to", "cc"), subject=said["subject"], message_id=said["message_id"],
        answers=(*said["in_reply_to"], *said["references"]), text=said["text"], new_text=said["new_text"],
        files=tuple(File(one["name"], one["kind"], folder / str(n)) for n, one in enumerate(said["attachments"])),
        marks=dict(said["marks"]), why_automatic=said["why_automatic"],
    )  # fmt: skip
