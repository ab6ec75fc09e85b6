"""`amends conformity`: was the policy kept, clause by clause, in one case or in many; and is the mapping to the standard sound."""

import json
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver
from django.utils import timezone
from django.utils.translation import gettext, override
from tqdm import tqdm

from amends.apps.cases.models import Case
from amends.apps.people.models import Department
from amends.apps.policies.check import check_folder, is_pack_folder
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.apps.studies.conformity import Asked, cases_asked, findings_over, judged_in_turn
from amends.apps.studies.standards import faults_of, the_standard
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, Refusal
from amends.doors.conformity import Report, proved_by, report_of, report_paper, write_report
from amends.doors.papers.press import pdf_of
from amends.doors.wording import said, said_of_field

WAYS = (".xlsx", ".pdf", ".json")


class Command(BaseCommand):
    help = "Say for a case, a desk, a department or a period which clauses of the policy applied and whether each was kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--case", default="", metavar="NUMBER", help="one case, with what shows each verdict")
        parser.add_argument("--desk", default="", help="the cases of a desk; may be left out while there is only one")
        parser.add_argument("--from", dest="first", type=_day, help="received on this day or later")
        parser.add_argument("--to", dest="last", type=_day, help="received on this day or earlier")
        parser.add_argument("--department", default="", help="the department, by its code, and those below it")
        parser.add_argument("--language", choices=("zh-hans", "zh-hant", "en"), default="zh-hans")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write a file: .xlsx, .pdf or .json")
        parser.add_argument(
            "--check-mapping", action="store_true", help="check that the mapping to the standard names only what exists"
        )

    def handle(self, *args: Any, check_mapping: bool, output: Path | None, language: str, **options: Any) -> None:
        if check_mapping:
            self._check_mapping()
            return
        if output is not None and output.suffix not in WAYS:
            raise CommandError(f"The name of the file must end with one of {', '.join(WAYS)}.")
        with override(language):
            try:
                report, data = self._worked_out(**options)
            except Refusal as refusal:
                raise CommandError(_in_words(refusal)) from refusal
            self._answer(report, data, output, as_json=options["json"])

    def _worked_out(self, **options: Any) -> tuple[Report, dict[str, Any]]:
        now = timezone.now()
        asked, pack = self._asked(**options)
        cases = cases_asked(asked, None)
        total = cases.count()
        with tqdm(unit=" cases", total=total, disable=options["json"] or not sys.stderr.isatty()) as bar:
            found = findings_over(cases, pack, now, progress=lambda done: bar.update(done - bar.n))
        data = {"desk": asked.desk.code, **asked.as_data(), "version": pack.version, **found.as_data()}
        report = report_of(asked, pack, data, now)
        if asked.number:
            answers = [answer for _, answer in judged_in_turn(cases, now, viewer=None)]
            report = report_of(asked, pack, data, now, proved_by(report, answers))
            data["shown_by"] = {line["id"]: line["shown_by"] for answer in answers for line in answer["clauses"]}
        return report, data

    def _asked(
        self, *, case: str, desk: str, first: date | None, last: date | None, department: str, **options: Any
    ) -> tuple[Asked, Pack]:
        now = timezone.now()
        place = self._desk(desk, case)
        try:
            pack = pack_in_force(place, now)
        except NoPackInForce as refusal:
            raise CommandError(_in_words(refusal)) from refusal
        if case:
            return Asked(place, number=case), pack
        period = Period(first or date(2000, 1, 1), last or now.date()) if first else None
        if last and not first:
            raise CommandError("Give --from as well: a period needs both ends.")
        unit = Department.objects.filter(code=department).first() if department else None
        if department and unit is None:
            raise CommandError(f"There is no department with the code {department}.")
        return Asked(place, period, unit.pk if unit else None), pack

    def _desk(self, desk: str, case: str) -> Desk:
        if case:
            found = Case.objects.filter(number=case).select_related("desk").first()
            if found is None:
                raise CommandError(f"There is no case {case}.")
            return found.desk
        desks = list(Desk.objects.filter(code=desk) if desk else Desk.objects.filter(closed_at=None)[:2])
        if len(desks) != 1:
            raise CommandError(f"There is no desk {desk}." if desk else "Say which desk: --desk CODE.")
        return desks[0]

    def _answer(self, report: Report, data: dict[str, Any], output: Path | None, *, as_json: bool) -> None:
        if output is not None:
            _write(output, report, data)
        if as_json:
            self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))
            return
        for one in report.clauses:
            if one.applied:
                self.stdout.write(
                    f"{one.id:<16} kept {one.kept}, running {one.running}, broken {one.broken}  {one.wording}"
                )
        counts = report.counts
        self.stdout.write(
            f"{report.cases} cases; {counts['kept']} clauses without a breach, {counts['broken']} with one, {counts['idle']} did not apply."
        )

    def _check_mapping(self) -> None:
        folders = sorted(folder for folder in settings.PACKS_DIR.glob("*") if is_pack_folder(folder))
        packs = [check_folder(folder, calendars=settings.CALENDARS_DIR).pack for folder in folders]
        found = faults_of(the_standard(), [pack for pack in packs if pack is not None], page_names())
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise SystemExit(1)
        self.stdout.write(f"{len(the_standard().clauses)} clauses of the standard; the mapping names only what exists.")


def page_names() -> set[str]:
    """The names of all pages."""
    return {name for name in get_resolver().reverse_dict if isinstance(name, str)}


def _write(output: Path, report: Report, data: dict[str, Any]) -> None:
    if output.suffix == ".json":
        output.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
    elif output.suffix == ".pdf":
        output.write_bytes(pdf_of(report_paper(report, made_by=gettext("系统"))))
    else:
        with output.open("wb") as file:
            write_report(file, report)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _in_words(refusal: Refusal) -> str:
    with override("en"):
        if isinstance(refusal, InvalidData):
            return " ".join(said_of_field(error) for error in refusal.errors)
        return said(refusal)
