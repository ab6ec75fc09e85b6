"""`amends report DESK DOCUMENT --period 2026-10`: the document of a period, written now where it does not stand yet."""

import calendar
import json
import re
import tempfile
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.documents.queries import document_of_period
from amends.apps.reporting.writing import begin_document
from amends.core.periods import Period
from amends.core.refusals import InvalidData, Refusal
from amends.doors.document_book import write_document
from amends.doors.documents.data import as_data
from amends.doors.documents.written import Written, written
from amends.doors.papers.document import report_of_document
from amends.doors.papers.press import pdf_of
from amends.doors.papers.word_report import docx_of_report
from amends.doors.wording import faults, said

MONTH, QUARTER = re.compile(r"(\d{4})-(\d{2})"), re.compile(r"(\d{4})-?Q([1-4])")


class Command(BaseCommand):
    help = "Print or write the document of a period: the one that stands, or a new one drawn from the data and kept in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("desk", help="the desk, by its name in addresses")
        parser.add_argument("document", help="the document, by its name in reports.yaml")
        parser.add_argument("--period", help="a month (2026-10) or a quarter (2026-Q3)")
        parser.add_argument("--from", dest="first", help="the first day, for documents of any period")
        parser.add_argument("--to", dest="last", help="the last day")
        parser.add_argument(
            "--json", action="store_true", help="print it as JSON, every figure with how it was counted"
        )
        parser.add_argument("--output", type=Path, help="write it to a file: .pdf, .docx, .xlsx or .json")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        desk = Desk.objects.filter(code=options["desk"]).first()
        if desk is None:
            raise CommandError(f"There is no desk {options['desk']}.")
        pack = pack_in_force(desk, now)
        document = pack.reports.documents.get(options["document"])
        if document is None:
            known = ", ".join(pack.reports.documents) or "none"
            raise CommandError(f"The policy of {desk.code} has no document {options['document']}; it has: {known}.")
        try:
            period = _period(options["period"], options["first"], options["last"])
            standing = document_of_period(desk, pack, document.proceeding, period)
            made = written(standing or begin_document(desk, document, period, now=now))
        except InvalidData as refusal:
            raise CommandError(
                " ".join(sentence for some in faults(refusal).values() for sentence in some)
            ) from refusal
        except Refusal as refusal:
            raise CommandError(said(refusal)) from refusal
        if options["output"]:
            _write(options["output"], made)
        data = as_data(made)
        if options["json"]:
            self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(
                f"{made.title} {made.proceeding.number}: {data['from']} – {data['to']}, version {made.version.no}."
            )


def _period(text: str | None, first: str | None, last: str | None) -> Period:
    if text and (found := MONTH.fullmatch(text)) and 1 <= int(found[2]) <= 12:
        year, month = int(found[1]), int(found[2])
        return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    if text and (found := QUARTER.fullmatch(text)):
        year, month = int(found[1]), int(found[2]) * 3
        return Period(date(year, month - 2, 1), date(year, month, calendar.monthrange(year, month)[1]))
    if first and last:
        try:
            return Period.of_texts(first, last)
        except ValueError as error:
            raise CommandError(f"--from and --to are days as 2026-10-01: {error}.") from error
    raise CommandError("Say which period: --period 2026-10, --period 2026-Q3, or --from and --to.")


def _write(path: Path, made: Written) -> None:
    way = path.suffix.lower()
    if way == ".pdf":
        path.write_bytes(pdf_of(report_of_document(made, None)))
    elif way == ".docx":
        path.write_bytes(docx_of_report(report_of_document(made, None)))
    elif way == ".xlsx":
        with tempfile.TemporaryFile() as file:
            write_document(file, made)
            file.seek(0)
            path.write_bytes(file.read())
    elif way == ".json":
        path.write_text(json.dumps(as_data(made), ensure_ascii=False, indent=2), encoding="utf-8")
    else:
        raise CommandError(f"{path} can not be written: its name ends with .pdf, .docx, .xlsx or .json.")
