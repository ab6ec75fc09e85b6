"""`amends pack check|publish|schema`: policy packs as files."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.policies.actions import PackRefused, content_hash, publish_folder, publish_if_changed
from amends.apps.policies.check import Check, check_folder, is_pack_folder, with_overlaps
from amends.apps.policies.models import PackVersion
from amends.core.policy.pack import Pack
from amends.core.policy.problems import Validity


class Command(BaseCommand):
    help = "Check, publish or describe policy packs."
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

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        commands: dict[str, Callable[..., None]] = {
            "check": self.check_folders,
            "publish": self.publish_folder,
            "schema": self.print_schema,
        }
        commands[what](**options)

    def check_folders(self, *, folders: list[Path], json: bool, language: str, published: bool, **options: Any) -> None:
        checks = [
            check_folder(folder, calendars=settings.CALENDARS_DIR, shipped=is_shipped(folder))
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

    def print_schema(self, **options: Any) -> None:
        self._print_json(Pack.model_json_schema(by_alias=True))

    def _print_lines(self, checks: list[Check], language: str) -> None:
        for check in checks:
            for line in check.lines:
                self.stdout.write(line.text(language))
            self.stdout.write(check.summary(language))

    def _print_json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))


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
