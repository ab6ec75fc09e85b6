"""`amends load_calendar FOLDER`: load published holidays and list the due dates that change."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.cases.actions.recompute import recompute_provisional_dates
from amends.apps.policies.actions import load_calendar_folder


class Command(BaseCommand):
    help = (
        "Load calendars/<region>/<year>.yaml files that are new or changed; recompute and list provisional due dates."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *, folder: Path, **options: Any) -> None:
        now = timezone.now()
        if not any(folder.glob("*/*.yaml")):
            raise CommandError(f"{folder} holds no calendars: they are called <region>/<year>.yaml.")
        try:
            loaded = load_calendar_folder(folder, now=now)
        except ValueError as error:
            raise CommandError(f"Nothing was loaded. {error}.") from error
        changes = recompute_provisional_dates(now=now) if loaded else []
        if options["json"]:
            found = {"loaded": [str(year) for year in loaded], "recomputed": [asdict(change) for change in changes]}
            self.stdout.write(json.dumps(found, ensure_ascii=False, default=str))
            return
        for year in loaded:
            self.stdout.write(f"已载入 {year}")
        for change in changes:
            self.stdout.write(f"{change.number}  {change.clock}  {change.before} → {change.after}")
        self.stdout.write(f"{len(loaded)} 个年度，{len(changes)} 个到期时间已重新计算。")
