"""Run inside an installation after the kills: what database, files, ledger, outbox and keys say, as JSON."""

import hashlib
import io
import json
from contextlib import redirect_stdout

import django

django.setup()

from django.core.files.storage import default_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from amends.apps.cases.models import Case, EvidenceFile, IdempotencyKey  # noqa: E402
from amends.apps.ledger.models import Detail, Event  # noqa: E402
from amends.apps.messaging.models import OutboxMessage  # noqa: E402


def main() -> None:
    print(
        json.dumps(
            {
                "cases": [the_case(case) for case in Case.objects.select_related("chain").order_by("number")],
                "evidence": {str(file.pk): the_file(file) for file in EvidenceFile.objects.all()},
                "unanswered_keys": IdempotencyKey.objects.filter(status=None).count(),
                "integrity": integrity(),
                "audit": audit(),
            }
        )
    )


def the_case(case: Case) -> dict:
    events = list(Event.objects.filter(chain=case.chain).order_by("seq").values_list("seq", "kind"))
    texts = Detail.objects.filter(chain=case.chain).values_list("seq", "field", "text")
    return {
        "number": case.number,
        "state": case.state,
        "version": case.version,
        "head": case.chain.head_seq,
        "events": events,
        "texts": {f"{seq}:{name}": text for seq, name, text in texts},
        "clocks": case.clocks.count(),
        "is_searchable": hasattr(case, "search"),
        "outbox": sorted(OutboxMessage.objects.filter(case_key=str(case.pk)).values_list("message", "channel")),
    }


def the_file(file: EvidenceFile) -> dict:
    try:
        with default_storage.open(file.location) as stored:
            found = hashlib.sha256(stored.read()).hexdigest()
    except FileNotFoundError:
        found = "missing"
    return {"sha256": file.sha256, "found": found, "case": file.case.number if file.case else None}


def integrity() -> str:
    """SQLite checks itself; PostgreSQL recovers by itself, so that every row can be read is what is asked."""
    if connection.vendor != "sqlite":
        return "ok"
    with connection.cursor() as cursor:
        return str(cursor.execute("PRAGMA integrity_check").fetchone()[0])


def audit() -> dict:
    output = io.StringIO()
    code = 0
    with redirect_stdout(output):
        try:
            call_command("audit_verify", "--json", stdout=output)
        except SystemExit as end:
            code = int(end.code or 0)
    return {"exit": code, "said": output.getvalue()[-600:]}


if __name__ == "__main__":
    main()
