"""`amends pack check|simulate|publish|schema|move|unmove`: policy packs as files, and cases under their versions."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext, override
from tqdm import tqdm

from amends.apps.cases.actions.move_version import (
    NothingToMove,
    NotReversible,
    begin_move,
    begin_reversal,
    work_off,
)
from amends.apps.cases.models import Case, VersionMove
from amends.apps.cases.move_preview import Summary, summary_of
from amends.apps.cases.tasks import MOVED_AT_ONCE
from amends.apps.policies.actions import PackRefused, content_hash, publish_folder, publish_if_changed
from amends.apps.policies.check import Check, check_folder, is_pack_folder, with_overlaps
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import pack_in_force
from amends.apps.studies.drafts import DraftRefused, draft_in_folder, refuse_other_policy
from amends.apps.studies.what_if import PROCESSES, Outcome, as_data, cases_since, line_data, simulate
from amends.core.directory import Caller
from amends.core.policy.pack import Pack, read_pack
from amends.core.policy.problems import Validity
from amends.core.refusals import Refusal
from amends.doors.what_if import Words, write_what_if
from amends.doors.wording import filled, said
from amends.jobs.stories.checking import with_stories

OPERATOR = Caller(id="system", is_system=True)


class Command(BaseCommand):
    help = "Check, publish or describe policy packs, and move open cases between their versions."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        check = commands.add_parser("check", help="print every problem with file, line and key; exit 1 if there is one")
        check.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
        check.add_argument("--json", action="store_true", help="print JSON")
        check.add_argument("--published", action="store_true", help="compare validity with published versions too")
        check.add_argument("--language", choices=("en", "zh"), default="en")
        publish = commands.add_parser("publish", help="store a folder as the version it names; refused with problems")
        publish.add_argument("folder", type=Path, metavar="FOLDER")
        publish.add_argument("--json", action="store_true", help="print JSON")
        publish.add_argument(
            "--next", action="store_true", help="as the next version from today on; the version before ends yesterday"
        )
        commands.add_parser("schema", help="print the JSON Schema of a pack, for editors")
        simulate = commands.add_parser(
            "simulate", help="replay past cases under a draft: what would have been different; writes nothing"
        )
        simulate.add_argument("folder", type=Path, metavar="DRAFT")
        simulate.add_argument(
            "--since", type=date.fromisoformat, required=True, help="cases received on this day or later"
        )
        simulate.add_argument(
            "--desk", default="", help="whose cases; may be left out where one desk has the draft's policy"
        )
        simulate.add_argument("--processes", type=int, default=PROCESSES, help="how many work at once (2)")
        simulate.add_argument("--json", action="store_true", help="print JSON")
        simulate.add_argument(
            "--output", type=Path, metavar="FILE", help="write a file: .xlsx or .json, with the cases that differ"
        )
        move = commands.add_parser("move", help="show what moving a desk's open cases to another version would do")
        move.add_argument("desk")
        move.add_argument("version", type=int)
        move.add_argument("--from", type=int, dest="source", help="only cases under this version")
        move.add_argument("--perform", action="store_true", help="move them; `unmove` takes it back")
        move.add_argument("--json", action="store_true", help="print JSON")
        back = commands.add_parser("unmove", help="move the cases of an earlier move back")
        back.add_argument("move", type=int)
        back.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        commands: dict[str, Callable[..., None]] = {
            "check": self.check_folders,
            "publish": self.publish_folder,
            "simulate": self.simulate_draft,
            "schema": self.print_schema,
            "move": self.move_cases,
            "unmove": self.move_back,
        }
        commands[what](**options)

    def check_folders(self, *, folders: list[Path], json: bool, language: str, published: bool, **options: Any) -> None:
        checks = [
            with_stories(
                check_folder(folder, calendars=settings.CALENDARS_DIR, shipped=is_shipped(folder)),
                calendars=settings.CALENDARS_DIR,
            )
            for folder in folders or shipped_folders()
        ]
        if not checks:
            raise CommandError(f"There is no pack in {settings.PACKS_DIR}.")
        checks = with_overlaps(checks, other_versions(checks) if published else {})
        if json:
            self._print_json([check.data() for check in checks])
        else:
            self._print_lines(checks, language)
        if any(check.faults for check in checks):
            raise SystemExit(1)

    def publish_folder(self, *, folder: Path, json: bool, next: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            if next:
                version = publish_if_changed(folder, now=now)
            else:
                version = publish_folder(folder, now=now, shipped=is_shipped(folder))
        except PackRefused as refusal:
            for line in refusal.lines or [problem.sentence() for problem in refusal.problems]:
                self.stdout.write(line)
            raise SystemExit(1) from refusal
        if version is None:
            self.stdout.write("The policy is published already; nothing changed.")
            return
        if json:
            self._print_json({"pack": version.pack_id, "version": version.version, "hash": version.hash})
            return
        self.stdout.write(f"{version.pack_id} version {version.version} is published, valid from {version.valid_from}.")

    def simulate_draft(
        self, *, folder: Path, since: date, desk: str, processes: int, json: bool, output: Path | None, **options: Any
    ) -> None:
        if output is not None and output.suffix not in (".xlsx", ".json"):
            raise CommandError("The name of the file must end with .xlsx or .json.")
        try:
            draft = read_pack(draft_in_folder(folder))
            place, now = self._desk_of(draft, desk), timezone.now()
            refuse_other_policy(draft, pack_in_force(place, now))
        except DraftRefused as refusal:
            raise CommandError("\n".join([in_english(refusal), *refusal.lines])) from refusal
        with tqdm(
            unit=" cases", total=cases_since(place, since).count(), disable=json or not sys.stderr.isatty()
        ) as bar:
            found = simulate(
                place, draft, since, now, processes=processes, progress=lambda done: bar.update(done - bar.n)
            )
        data = as_data(found, place, draft, now)
        if output is not None:
            self._write_simulation(output, found, data, Words(draft, pack_in_force(place, now)), since)
        if json:
            self._print_json(data)
            return
        self._print_simulation(data)

    def _desk_of(self, draft: Pack, code: str) -> Desk:
        desks = list(
            Desk.objects.filter(code=code) if code else Desk.objects.filter(pack_id=draft.id, closed_at=None)[:2]
        )
        if len(desks) != 1:
            raise CommandError(
                f"There is no desk {code}." if code else f"Say whose cases: --desk CODE (policy {draft.id})."
            )
        return desks[0]

    def _write_simulation(
        self, output: Path, found: Outcome, data: dict[str, Any], said_of: Words, since: date
    ) -> None:
        numbers = dict(Case.objects.filter(pk__in=[one.id for one in found.differing]).values_list("pk", "number"))
        lines = [(numbers[UUID(one.id)], line_data(one)) for one in found.differing if one.differs]
        if output.suffix == ".json":
            whole = {**data, "by_case": [{"number": number, **line} for number, line in lines]}
            output.write_text(json.dumps(whole, ensure_ascii=False, indent=2), encoding="utf-8")
            return
        with override("zh-hans"), output.open("wb") as file:
            told = ((number, said_of.changes(line)) for number, line in lines)
            write_what_if(file, said_of, data, told, since=since, by=gettext("系统"), at=timezone.now())

    def _print_simulation(self, data: dict[str, Any]) -> None:
        before, after = data["broken"]
        self.stdout.write(
            f"{data['differing']} of {data['cases']} cases differ; limits broken: {before} before, {after} after."
        )
        for name, title in (("levels", "level"), ("routes", "route")):
            for one in data[name]:
                self.stdout.write(f"  {title} {one['name']}: {one['before']} before, {one['after']} after")
        for one in data["clocks"]:
            if one["moved"]:
                sides = f"{one['broken_before']} of {one['before']} broken before, {one['broken_after']} of {one['after']} after"
                self.stdout.write(f"  limit {one['clock']}: {sides}, {one['moved']} with another due time")
        for one in data["indicators"]:
            values = [one[side]["value"] if one[side] else "-" for side in ("before", "after")]
            if values[0] != values[1]:
                self.stdout.write(f"  {one['indicator']}: {values[0]} before, {values[1]} after")
        unknown = data["not_replayed"]
        for one in unknown["verbs"]:
            self.stdout.write(f"  not replayed: {one['verb']}, {one['events']} times in {one['cases']} cases")
        for one in unknown["states"]:
            self.stdout.write(f"  the draft has no state {one['state']}: {one['cases']} cases")

    def move_cases(
        self, *, desk: str, version: int, source: int | None, perform: bool, json: bool, **options: Any
    ) -> None:
        place = Desk.objects.filter(code=desk).first()
        if place is None:
            raise CommandError(f"There is no desk {desk}.")
        to = PackVersion.objects.filter(pack_id=place.pack_id, version=version).first()
        if to is None:
            raise CommandError(f"{place.pack_id} has no version {version}.")
        if not perform:
            self._print_preview(summary_of(place, to, source=source), json=json)
            return
        try:
            move = begin_move(desk=place, to=to, caller=OPERATOR, now=timezone.now(), source=source)
        except NothingToMove as refusal:
            raise CommandError(in_english(refusal)) from refusal
        self._work_off(move, json=json)

    def move_back(self, *, move: int, json: bool, **options: Any) -> None:
        found = VersionMove.objects.filter(pk=move).select_related("desk").first()
        if found is None:
            raise CommandError(f"There is no move {move}.")
        try:
            back = begin_reversal(found, caller=OPERATOR, now=timezone.now())
        except (NothingToMove, NotReversible) as refusal:
            raise CommandError(in_english(refusal)) from refusal
        self._work_off(back, json=json)

    def _print_preview(self, summary: Summary, *, json: bool) -> None:
        with override("en"):
            reasons = [{"reason": filled(h.sentence, h.params), "cases": n} for h, n in summary.can_not]
        if json:
            self._print_json({"open": summary.total, "can_move": summary.can, "can_not_move": reasons})
            return
        self.stdout.write(f"{summary.can} of {summary.total} open cases can move; add --perform to move them.")
        for found in reasons:
            self.stdout.write(f"  {found['cases']} can not: {found['reason']}")

    def _work_off(self, move: VersionMove, *, json: bool) -> None:
        with tqdm(total=move.cases.count(), unit=" cases", disable=json or not sys.stderr.isatty()) as bar:
            while not work_off(move, now=timezone.now(), most=MOVED_AT_ONCE):
                bar.update(MOVED_AT_ONCE)
        moved, refused = (move.cases.filter(state=state).count() for state in ("moved", "refused"))
        if json:
            self._print_json({"move": move.pk, "moved": moved, "refused": refused})
            return
        self.stdout.write(f"Move {move.pk}: {moved} cases moved, {refused} not.")

    def print_schema(self, **options: Any) -> None:
        self._print_json(Pack.model_json_schema(by_alias=True))

    def _print_lines(self, checks: list[Check], language: str) -> None:
        for check in checks:
            for line in check.lines:
                self.stdout.write(line.text(language))
            self.stdout.write(check.summary(language))

    def _print_json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))


def in_english(refusal: Refusal) -> str:
    with override("en"):
        return said(refusal)


def other_versions(checks: list[Check]) -> dict[str, list[Validity]]:
    """The published versions of the checked packs; one that is equal to a folder is that folder's own."""
    found: dict[str, list[Validity]] = {}
    own = {content_hash(check.raw) for check in checks}
    for version in PackVersion.objects.exclude(hash__in=own).defer("content"):
        validity = Validity(version.version, version.valid_from, version.valid_until)
        found.setdefault(version.pack_id, []).append(validity)
    return found


def is_shipped(folder: Path) -> bool:
    """Whether a folder is one of the packs that come with the product."""
    return folder.resolve().parent == settings.PACKS_DIR.resolve()


def shipped_folders() -> list[Path]:
    """The packs of the working copy, relative to where the command runs when they lie below it."""
    here = Path.cwd()
    folders = sorted(folder for folder in settings.PACKS_DIR.glob("*") if is_pack_folder(folder))
    return [folder.relative_to(here) if folder.is_relative_to(here) else folder for folder in folders]
