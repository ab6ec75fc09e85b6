"""`amends seed_roles`: an installation to check rights against."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.policies.actions import load_calendar_folder, publish_changed_folders
from amends.jobs.demo import pack_folders
from amends.jobs.seeding import NotEmpty, seed


class Command(BaseCommand):
    help = "Fill an empty database with holders of every role, three customers and cases; prints logins and tokens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pack", action="append", dest="packs", metavar="ID",
                            help="a shipped pack; may be repeated (default: the first one)")  # fmt: skip
        parser.add_argument("--cases", type=int, default=60, help="how many cases on each desk")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        folders = {folder.name: folder for folder in pack_folders()}
        packs = options["packs"] or list(folders)[:1]
        if missing := sorted(set(packs) - set(folders)):
            raise CommandError(f"No such pack: {', '.join(missing)}. There are {', '.join(folders)}.")
        load_calendar_folder(settings.CALENDARS_DIR, now=now)
        publish_changed_folders([folders[name] for name in packs], now=now)
        try:
            made = seed(packs=packs, cases=options["cases"], now=timezone.now())
        except NotEmpty as refusal:
            raise CommandError("The database is not empty; nothing was changed.") from refusal
        data = made.as_data(login_url=settings.BASE_URL + settings.LOGIN_URL)
        if options["json"]:
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        self.stdout.write(f"{data['login_url']}  password {data['password']}")
        for person in data["people"]:
            roles = ", ".join(role for role, _ in person["roles"]) or (
                "administrator" if person["administrator"] else "-"
            )
            self.stdout.write(f"{person['username']:<44} {roles:<28} {person['token']}")
        for case in data["cases"]:
            self.stdout.write(f"{case['number']:<20} {case['state']:<16} {case['department'] or '-'}")
