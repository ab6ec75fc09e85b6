"""`amends subject_erase`: erase all that is held about one person; without --yes it only says what would go."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.upkeep.record import OPERATOR
from amends.apps.upkeep.subjects import GROUNDS, erase_subject, held_about, kept_by_policy, still_open
from amends.core.refusals import InvalidData, Refusal
from amends.doors.wording import faults, said
from amends.jobs.management.commands.subject_export import the_only_one


class Command(BaseCommand):
    help = "Erase everything that is held about one person; codes, times and hashes stay and verify. Without --yes nothing happens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("asked", help="their telephone number or e-mail address, or the number of a case")
        parser.add_argument("--ground", choices=sorted(GROUNDS), default="asked", help="why; kept as a code")
        parser.add_argument("--reference", default="", help="the number of the request: no name, no telephone number")
        parser.add_argument(
            "--before-time", action="store_true", help="also files that the policy, not the law, still keeps"
        )
        parser.add_argument("--yes", action="store_true", help="erase; it can not be undone")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, asked: str, **options: Any) -> None:
        subject, now = the_only_one(asked), timezone.now()
        found = {
            "person": subject.complainant.pk, "held": asdict(held_about(subject)), "open": still_open(subject),
            "kept": [one.case.number for one in kept_by_policy(subject, now=now)], "erased": options["yes"],
        }  # fmt: skip
        if options["yes"]:
            try:
                erase_subject(
                    subject, ground=options["ground"], reference=options["reference"], before_time=options["before_time"],
                    by=OPERATOR, now=now,
                )  # fmt: skip
            except InvalidData as refusal:
                raise CommandError(" ".join(s for lines in faults(refusal).values() for s in lines)) from refusal
            except Refusal as refusal:
                raise CommandError(said(refusal)) from refusal
        self.stdout.write(json.dumps(found, ensure_ascii=False) if options["json"] else _in_words(found))


def _in_words(found: dict[str, Any]) -> str:
    lines = [f"person {found['person']}: " + ", ".join(f"{n} {name}" for name, n in found["held"].items())]
    lines += [f"still open: {', '.join(found['open'])}"] if found["open"] else []
    lines += [f"kept by the policy for some time: {', '.join(found['kept'])}"] if found["kept"] else []
    return "\n".join([*lines, "erased." if found["erased"] else "nothing was erased; --yes does it."])
