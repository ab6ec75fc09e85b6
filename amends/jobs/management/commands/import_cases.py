"""`amends import_cases`: old cases from a file, under a mapping."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from amends.jobs.imports.encodings import ImportRefused
from amends.jobs.imports.mapping import read_mapping
from amends.jobs.imports.running import Order, Summary, run_import


class Command(BaseCommand):
    help = (
        "Take over old cases from a CSV (also .gz) or XLSX file. Rows that can not be taken are listed in a report; "
        "the same file again changes nothing, and an import that was broken off continues."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--mapping", type=Path, required=True, metavar="FILE", help="which column is what (docs/import.md)"
        )
        parser.add_argument(
            "--by", default="", metavar="USERNAME", help="who takes the cases over; needs the right take_over"
        )
        parser.add_argument(
            "--job", default="", metavar="KEY", help="name of the import; by default from source, file and mapping"
        )
        parser.add_argument(
            "--encoding", help="of a CSV file; by default recognised (UTF-8, UTF-16 with a mark, GB18030)"
        )
        parser.add_argument("--report", type=Path, metavar="FILE", help="where rows that were not taken are listed")
        parser.add_argument(
            "--processes", type=int, default=2, choices=(1, 2), help="the second one judges while the first stores"
        )
        parser.add_argument("--dry-run", action="store_true", help="judge every row and store nothing")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with tqdm(unit=" rows", disable=options["json"] or not sys.stderr.isatty()) as bar:
            try:
                order = Order(
                    file=options["file"], mapping=read_mapping(options["mapping"]), now=timezone.now(), by=options["by"],
                    job=options["job"], encoding=options["encoding"], report=options["report"], dry_run=options["dry_run"],
                    processes=options["processes"], progress=bar.update,
                )  # fmt: skip
                summary = run_import(order)
            except ImportRefused as refusal:
                raise CommandError(str(refusal)) from refusal
        self._print(summary, as_json=options["json"])

    def _print(self, summary: Summary, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(summary.as_data(), ensure_ascii=False))
            return
        if summary.continued_at:
            self.stdout.write(f"Continued after row {summary.continued_at} of job {summary.job}.")
        done = "would be taken over" if summary.dry_run else "taken over"
        self.stdout.write(
            f"{summary.rows} rows read as {summary.encoding}: {summary.taken_over} {done}, "
            f"{summary.already_there} already there, {summary.refused} not taken."
        )
        if summary.refused:
            self.stdout.write(f"Rows that were not taken, with reasons: {summary.report}")
