"""`amends rebuild_search`: work out again what cases are found by."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from amends.apps.cases.models import Case
from amends.apps.cases.search import rebuild_search


class Command(BaseCommand):
    help = "Work out from the ledger what every case is found by; it can be done while others work, and as often as wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the number of cases as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        is_watched = not options["json"] and sys.stderr.isatty()
        with tqdm(unit=" cases", total=Case.objects.count(), disable=not is_watched) as bar:
            count = rebuild_search(progress=bar.update)
        answer = (
            json.dumps({"cases": count}) if options["json"] else f"{count} cases are found by what the ledger says."
        )
        self.stdout.write(answer)
