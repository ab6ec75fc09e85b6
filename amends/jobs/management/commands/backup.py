"""`amends backup FOLDER`: every row and file, while the system serves."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.upkeep.record import record_act
from amends.doors.wording import said
from amends.jobs.backup import BackupRefused, take_backup


class Command(BaseCommand):
    help = "Write a backup of all rows and files into a new folder, with a manifest of hashes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *, folder: Path, **options: Any) -> None:
        now = timezone.now()
        try:
            manifest = take_backup(folder, now=now)
        except BackupRefused as refusal:
            record_act("backup_failed", {"ok": False}, now=now, texts={"why": said(refusal)})
            raise CommandError(said(refusal)) from refusal
        rows = sum(table["rows"] for table in manifest["tables"].values())
        found = {"rows": rows, "files": len(manifest["files"]), "chains": manifest["chains"]}
        record_act("backup_taken", found, now=now)
        self.stdout.write(
            json.dumps(found) if options["json"] else f"已备份 {rows} 行、{len(manifest['files'])} 个文件。"
        )
