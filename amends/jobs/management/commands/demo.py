"""`amends demo`: fill an empty installation with five desks, their people and a few cases."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from amends.apps.policies.models import Desk
from amends.jobs.demo import LOGINS_FILE, build_demo, publish_what_ships


class Command(BaseCommand):
    help = "Fill an empty installation with five demo desks, their people and a few cases; prints the main logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only publish changed packs when desks exist")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        if options["if_empty"] and Desk.objects.exists():
            publish_what_ships(now=now)
            return
        logins = build_demo(now=now)
        if options["json"]:
            self.stdout.write(json.dumps([login.username for login in logins], ensure_ascii=False))
            return
        for login in logins:
            if login.is_main:
                self.stdout.write(f"{login.desk:12} {login.role}  {login.name}  {login.username}")
        self.stdout.write(f"All {len(logins)} logins, with their passwords: {settings.VAR_DIR / LOGINS_FILE}")
