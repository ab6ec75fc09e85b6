"""`amends upgrade`: bring the database to this version, as a whole or not at all."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.core.refusals import Refusal
from amends.doors.wording import said
from amends.jobs.upgrading import check_before_upgrade, upgrade


class Command(BaseCommand):
    help = "Check the installation, bring its database to this version in one transaction, and write it down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only look whether an upgrade may begin")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, check: bool, **options: Any) -> None:
        try:
            if check:
                check_before_upgrade()
                self.stdout.write("可以升级。")
                return
            done = upgrade(now=timezone.now())
        except Refusal as refusal:
            raise CommandError(said(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"before": done.before, "after": done.after, "steps": list(done.steps)}))
        else:
            self.stdout.write(f"现在是 {done.after} 版，完成 {len(done.steps)} 个步骤。")
