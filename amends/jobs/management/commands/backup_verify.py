"""`amends backup_verify FOLDER`: whether a backup is whole, without a database."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from amends.jobs.backup import faults_in


class Command(BaseCommand):
    help = "Check a backup against its manifest: exit 0 whole, 1 damaged."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *, folder: Path, **options: Any) -> None:
        faults = faults_in(folder)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(fault) for fault in faults]))
        else:
            self.stdout.write("\n".join(f"{fault.name}: {fault.kind}" for fault in faults) or "备份完整。")
        if faults:
            sys.exit(1)
