"""`amends doctor`: does this installation keep its promises?"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from amends.jobs.self_check import Level, findings, state_of_installation, versions


class Command(BaseCommand):
    help = "Check settings, versions, database, storage and disks; exit 1 when a promise cannot be kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings()
        ok = not any(finding.level is Level.FAIL for finding in found)
        if options["json"]:
            report = {
                "ok": ok, "versions": versions(), "findings": [finding.as_data() for finding in found],
                "state": state_of_installation(timezone.now()),
            }  # fmt: skip
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self._print_lines(found)
        if not ok:
            sys.exit(1)

    def _print_lines(self, found: list) -> None:
        self.stdout.write("  ".join(f"{name} {version}" for name, version in versions().items()))
        for finding in found:
            self.stdout.write(f"{finding.level}: {finding.sentence}")
        for name, state in state_of_installation(timezone.now()).items():
            told = ", ".join(f"{what}: {value}" for what, value in state.items() if what != "ok" and value is not None)
            self.stdout.write(f"{name}: {'ok' if state['ok'] else 'NOT OK'} ({told})")
        if not found:
            self.stdout.write("All promises can be kept.")
