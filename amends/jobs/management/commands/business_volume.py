"""`amends business_volume FILE --desk DESK`: take over monthly business figures (orders, parcels) that complaints are set against."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.volumes import BadVolume, record_volumes


class Command(BaseCommand):
    help = "Take over a CSV with the columns month (2026-03), name (as in kpis.yaml) and amount; a month given again is replaced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--desk", required=True, help="the desk, by its name in addresses")
        parser.add_argument("--json", action="store_true", help="print the number of months as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        desk = Desk.objects.filter(code=options["desk"]).first()
        if desk is None:
            raise CommandError(f"There is no desk {options['desk']}.")
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            count = record_volumes(desk, pack_in_force(desk, now).kpis, rows, by="system", now=now)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} can not be read: {error}.") from error
        except BadVolume as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps({"months": count}) if options["json"] else f"{count} figures are taken over.")
