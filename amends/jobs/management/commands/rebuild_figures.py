"""`amends rebuild_figures`: work out again what every figure is read from."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from amends.apps.cases.models import Case
from amends.jobs.rebuilding import rebuild_with


class Command(BaseCommand):
    help = "Work out from the ledger the rows that every figure is read from; it can be done while others work, and as often as wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the number of cases as JSON")
        parser.add_argument(
            "--processes", type=int, default=1, help="how many work at it on PostgreSQL; on SQLite it is always one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_watched = not options["json"] and sys.stderr.isatty()
        with tqdm(unit=" cases", total=Case.objects.count(), disable=not is_watched) as bar:
            count = rebuild_with(options["processes"], progress=lambda done: bar.update(done - bar.n))
        answer = (
            json.dumps({"cases": count}) if options["json"] else f"The figures of {count} cases follow from the ledger."
        )
        self.stdout.write(answer)
