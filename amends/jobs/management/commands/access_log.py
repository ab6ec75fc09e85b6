"""`amends access_log`: who read, printed or revealed personal data, and who was refused."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from amends.apps.cases.models import Case
from amends.apps.people.queries import accesses


class Command(BaseCommand):
    help = "Print the accesses to personal data, newest first: when, who, what, why; refused attempts too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", metavar="NUMBER", help="only those to this case")
        parser.add_argument("--size", type=int, default=200, help="how many at most")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, case: str | None, size: int, **options: Any) -> None:
        found = [entry.as_data() for entry in accesses(objects_of(case) if case else None, size=size)]
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for entry in found:
            what = " ".join(part for part in (entry["object"], entry["field"], entry["reason"]) if part)
            self.stdout.write(f"{entry['at']}  {entry['who']:<30} {entry['action']:<10} {what}")


def objects_of(number: str) -> list[str]:
    """The names under which accesses to a case, to its files and refused attempts are noted."""
    case = Case.objects.filter(number=number).first()
    if case is None:
        raise CommandError(f"There is no case {number}.")
    files = [f"evidence:{pk}" for pk in case.evidence.values_list("pk", flat=True)]
    return [f"case:{case.pk}", f"number:{number}", *files]
