"""`amends fetch_mail`: take new mail out of the mailboxes now, without waiting for the worker."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.mail.fetching import fetch_mailbox
from amends.apps.mail.models import Mailbox


class Command(BaseCommand):
    help = (
        "Store what is new in every mailbox, or in one, and mark it there as read or put it away. The worker reads it "
        "afterwards. Exit 1 when a mailbox can not be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", default="", metavar="ADDRESS", help="only this one")
        parser.add_argument("--once", action="store_true", help="one turn for each mailbox, as it does anyway")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Mailbox.objects.filter(closed_at=None).exclude(host="").select_related("desk")
        if options["mailbox"]:
            found = found.filter(address__iexact=options["mailbox"])
            if not found:
                raise CommandError(f"no mailbox is read under {options['mailbox']}")
        figures: dict[str, dict[str, Any]] = {}
        for mailbox in found:
            done = fetch_mailbox(mailbox, now=timezone.now(), takes_over=True)
            mailbox.refresh_from_db()
            figures[mailbox.address] = {**asdict(done), "error": mailbox.error}
        if options["json"]:
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
        else:
            for address, figure in figures.items():
                self.stdout.write(f"{address}: " + ", ".join(f"{k} {v}" for k, v in figure.items() if v != ""))
        if any(figure["error"] for figure in figures.values()):
            raise SystemExit(1)
