"""`amends audit_verify`: whether anything in the ledger was changed."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from tqdm import tqdm

from amends.apps.ledger.checkpoints import Anchor, AnchorError, anchor_file, checkpoint_key_file, read_anchors
from amends.apps.ledger.signing import public_key_file, public_keys
from amends.apps.ledger.verification import Report, State, verify

EXIT_CODES = {State.WHOLE: 0, State.BROKEN: 1, State.UNKNOWN: 2}
FAULTS_SHOWN = 100


class Command(BaseCommand):
    help = "Verify the ledger: exit 0 whole, 1 broken (names the first bad numbers and the kind), 2 cannot tell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="anchors kept elsewhere")
        parser.add_argument("--public-key", type=Path, metavar="FILE", help="public keys (PEM) known from elsewhere")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        try:
            with tqdm(unit=" rows", disable=options["json"] or not sys.stderr.isatty()) as bar:
                report = verify(
                    trusted_keys=_trusted_keys(options["public_key"]),
                    anchors=_anchors(options["anchor"]),
                    progress=bar.update,
                )
        except (AnchorError, ValueError, OSError, DatabaseError) as error:
            report = Report(doubts=[f"{type(error).__name__}: {error}"])
        self._print(report, seconds=time.monotonic() - begun, as_json=options["json"])
        sys.exit(EXIT_CODES[report.state])

    def _print(self, report: Report, *, seconds: float, as_json: bool) -> None:
        data = _as_data(report, seconds=seconds)
        if as_json:
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        for fault in data["faults"]:
            self.stdout.write(f"{fault['chain'] or 'without a chain'}, number {fault['seq']}: {fault['kind']}.")
        for doubt in report.doubts:
            self.stdout.write(doubt)
        self.stdout.write(
            f"{report.state}: {report.chains} chains, {report.events} events, {report.details} texts, "
            f"{report.checkpoints} checkpoints, {report.anchors} anchors, {data['rows_per_second']} rows a second."
        )


def _as_data(report: Report, *, seconds: float) -> dict[str, Any]:
    faults = [{"chain": fault.chain, "seq": fault.seq, "kind": fault.kind} for fault in report.faults]
    rows = report.events + report.details
    return {
        "state": report.state,
        "first": faults[0] if faults else None,
        "faults": faults[:FAULTS_SHOWN],
        "fault_count": len(faults),
        "doubts": report.doubts,
        "chains": report.chains,
        "events": report.events,
        "details": report.details,
        "checkpoints": report.checkpoints,
        "anchors": report.anchors,
        "rows_per_second": round(rows / seconds) if seconds else 0,
    }


def _trusted_keys(given: Path | None) -> set[str]:
    """The keys of the file that was named, else those beside this installation's own key."""
    own = public_key_file(checkpoint_key_file())
    if given is not None:
        return public_keys(given)
    return public_keys(own) if own.exists() else set()


def _anchors(given: Path | None) -> list[Anchor]:
    """The anchors of the file that was named, else those that this installation sent away."""
    if given is not None:
        return read_anchors(given)
    own = anchor_file(settings.ANCHOR_URL)
    return read_anchors(own) if own.exists() else []
