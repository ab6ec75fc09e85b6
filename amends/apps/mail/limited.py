"""What a mail says, read by a limited program of its own: a mail that is a bomb goes off there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from amends.apps.mail.headers import Address
from amends.apps.mail.reading import Unreadable

PROGRAM = Path(__file__).with_name("reading_program.py")
PATIENCE = timedelta(seconds=20)
"""Of the clock on the wall. The program itself has five seconds of the processor, which a busy machine gives slowly."""


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


def _said(original: Path, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-I", str(PROGRAM), str(original), str(folder)]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=PATIENCE.total_seconds(), cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as expired:
        raise Unreadable("too_costly") from expired
    if done.returncode:
        raise Unreadable("too_costly")
    return dict(json.loads((folder / "said.json").read_text(encoding="ascii")))


def _letter(said: Mapping[str, Any], folder: Path) -> Letter:
    def people(*names: str) -> tuple[Address, ...]:
        return tuple(Address(**one) for name in names for one in said[name])

    return Letter(
        sender=people("sender"), recipients=people("to", "cc"), subject=said["subject"], message_id=said["message_id"],
        answers=(*said["in_reply_to"], *said["references"]), text=said["text"], new_text=said["new_text"],
        files=tuple(File(one["name"], one["kind"], folder / str(n)) for n, one in enumerate(said["attachments"])),
        marks=dict(said["marks"]), why_automatic=said["why_automatic"],
    )  # fmt: skip
