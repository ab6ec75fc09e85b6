"""`amends ingest_mail`: take mail in from files, the same way as from a mailbox."""

import json
import mailbox as formats
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.mail.taking_in import take_in

BECAME = {"case": "created", "answer": "appended", "ignored": "ignored", "quarantined": "quarantined", "new": "stored"}


class Command(BaseCommand):
    help = (
        "Take in a mail from a file, from standard input (-), every file of a maildir, or every mail of an mbox, and say "
        "what became of it: created, appended, duplicate, ignored or quarantined, with the number of its case."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE")
        parser.add_argument("--mailbox", required=True, metavar="ADDRESS", help="the mailbox that it came to")
        parser.add_argument("--json", action="store_true", help="one JSON object a mail")

    def handle(self, *args: Any, **options: Any) -> None:
        into = Mailbox.objects.select_related("desk").filter(address__iexact=options["mailbox"], closed_at=None).first()
        if into is None:
            raise CommandError(f"there is no mailbox {options['mailbox']}")
        for name, octets in mails_in(options["file"]):
            now = timezone.now()
            stored = store_mail(into, Arrived(octets, now), now=now)
            mail = take_in(stored.mail, now=now) if stored.is_new else stored.mail
            self._print(name, mail, is_new=stored.is_new, as_json=options["json"])

    def _print(self, name: str, mail: IncomingMail, *, is_new: bool, as_json: bool) -> None:
        became = BECAME[mail.state] if is_new else "duplicate"
        number = mail.case.number if mail.case else ""
        if as_json:
            said = {"file": name, "result": became, "case": number or None, "reason": mail.reason, "mail": str(mail.pk)}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            self.stdout.write(" ".join(part for part in (name, became, number, mail.reason) if part))


def mails_in(place: str) -> Iterator[tuple[str, bytes]]:
    """The mails of a file, a maildir, an mbox or standard input, byte for byte."""
    if place == "-":
        yield "-", sys.stdin.buffer.read()
        return
    path = Path(place)
    if not path.exists():
        raise CommandError(f"there is no file {place}")
    if path.is_dir():
        for file in sorted(
            file for part in (path, path / "new", path / "cur") for file in part.glob("*") if file.is_file()
        ):
            yield str(file.relative_to(path)), file.read_bytes()
        return
    octets = path.read_bytes()
    if not octets.startswith(b"From "):
        yield path.name, octets
        return
    box = formats.mbox(path, create=False)
    for key in box.iterkeys():
        yield f"{path.name}:{key}", box.get_bytes(key)
