"""`amends restore_test FOLDER`: whether a backup can be restored, tried out beside the live installation."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from amends.apps.upkeep.record import record_act
from amends.jobs.restore_trial import try_restoring


class Command(BaseCommand):
    help = "Restore a backup into a throw-away installation and verify its ledger; exit 1 when that fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *, folder: Path, **options: Any) -> None:
        trial = try_restoring(folder)
        facts = {"ok": trial.ok, "rows": trial.rows, "files": trial.files}
        record_act("restore_tested", facts, now=timezone.now(), texts={"why": trial.why} if trial.why else None)
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(trial), "ok": trial.ok}, ensure_ascii=False))
        elif trial.ok:
            self.stdout.write(f"备份可以恢复：{trial.rows} 行、{trial.files} 个文件，台账核对无误。")
        else:
            self.stdout.write(f"备份不能恢复：{trial.why}")
        if not trial.ok:
            sys.exit(1)
