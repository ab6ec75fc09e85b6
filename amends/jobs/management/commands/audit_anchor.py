"""`amends audit_anchor`: sign the chains that moved, and let the signatures leave the database."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amends.apps.ledger.checkpoints import AnchorError, checkpoint_key, make_checkpoints, send_anchors
from amends.apps.ledger.signing import public_hex, public_pem


class Command(BaseCommand):
    help = "Make a signed checkpoint and append its anchor to AMENDS_ANCHOR_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the anchors that were sent as JSON")
        parser.add_argument("--public-key", action="store_true", help="print the public key (PEM) and do nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["public_key"]:
            self.stdout.write(public_pem([public_hex(checkpoint_key().public_key())]), ending="")
            return
        make_checkpoints(timezone.now())
        try:
            sent = send_anchors(settings.ANCHOR_URL)
        except AnchorError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"url": settings.ANCHOR_URL, "sent": [asdict(anchor) for anchor in sent]}))
            return
        last = f", last number {sent[-1].n}" if sent else ""
        self.stdout.write(f"{len(sent)} anchors sent to {settings.ANCHOR_URL}{last}.")
