"""`amends restore FOLDER`: a backup into an empty installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.upkeep.record import record_act
from amends.doors.wording import said
from amends.jobs.backup import BackupRefused, restore_backup


class Command(BaseCommand):
    help = "Put a backup into an empty, migrated installation; refuses one that holds anything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            manifest = restore_backup(folder)
        except BackupRefused as refusal:
            raise CommandError(said(refusal)) from refusal
        record_act("restored", {"taken_at": manifest["taken_at"], "files": len(manifest["files"])}, now=timezone.now())
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(f"已恢复 {rows} 行、{len(manifest['files'])} 个文件。请运行 amends audit_verify 核对。")
