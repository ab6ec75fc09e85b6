"""`amends subject_export`: a copy of all that is held about one person, as a ZIP."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.upkeep.record import OPERATOR
from amends.apps.upkeep.subjects import Subject, found_by, note_copy
from amends.doors.personal_copy import write_copy


class Command(BaseCommand):
    help = "Write everything that is held about one person into a ZIP: data, a page to read, and the files. Nothing is masked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("asked", help="their telephone number or e-mail address, or the number of a case")
        parser.add_argument("target", type=Path, help="the ZIP to write; it must not exist")

    def handle(self, *args: Any, asked: str, target: Path, **options: Any) -> None:
        subject, now = the_only_one(asked), timezone.now()
        try:
            with target.open("xb") as file:
                target.chmod(0o600)
                write_copy(subject, file, now=now)
        except FileExistsError:
            raise CommandError(f"{target} exists already.") from None
        note_copy(subject, by=OPERATOR, now=now)
        self.stdout.write(f"{target}: person {subject.complainant.pk}, {len(subject.cases)} cases")


def the_only_one(asked: str) -> Subject:
    """The one person on file under what was asked; entries that are the same person count as one."""
    found = found_by(asked)
    subject = Subject(found[0]) if found else None
    if subject is None or {row.pk for row in found} - {row.pk for row in subject.entries}:
        raise CommandError(f"There is {'nobody' if subject is None else 'more than one person'} under {asked!r}.")
    return subject
