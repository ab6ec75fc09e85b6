"""Read one mail, as a program of its own: `python -I reading_program.py FILE FOLDER`.

It limits its own memory, time and output before it looks at the mail. It writes the attachments as 0, 1, 2 … into the
folder and what the mail says as `said.json`: the fields of `ReadMail`, or {"refused": "too_deep"}.
"""

from __future__ import annotations

import json
import resource
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


def main(file: Path, folder: Path) -> None:
    for what, most in LIMITS:
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    said = read_into(folder, file.read_bytes())
    (folder / "said.json").write_text(json.dumps(said, default=str), encoding="ascii")


def read_into(folder: Path, octets: bytes) -> dict[str, Any]:
    """What the mail says; its attachments are written into the folder."""
    from amends.apps.mail.automatic import why_automatic
    from amends.apps.mail.quoting import newly_written
    from amends.apps.mail.reading import Unreadable, read_mail

    try:
        mail = read_mail(octets)
    except Unreadable as refused:
        return {"refused": refused.code}
    for number, attachment in enumerate(mail.attachments):
        (folder / str(number)).write_bytes(attachment.content)
    said: dict[str, Any] = {f.name: getattr(mail, f.name) for f in fields(mail) if f.name != "attachments"}
    said |= {name: [asdict(one) for one in said[name]] for name in ("sender", "to", "cc")}
    said["attachments"] = [{"name": one.name, "kind": one.kind} for one in mail.attachments]
    return said | {"why_automatic": why_automatic(mail), "new_text": newly_written(mail.text)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
