"""Business figures that complaints are set against: taken over as a whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction

from amends.apps.policies.models import Desk
from amends.apps.reporting.models import BusinessVolume
from amends.core.policy.kpis import Kpis

LARGEST = 10**15


class BadVolume(ValueError):
    """A line that can not be taken over; says which and why."""


@transaction.atomic
def record_volumes(desk: Desk, kpis: Kpis, rows: Iterable[Mapping[str, str | None]], *, by: str, now: datetime) -> int:
    """Record month, name and amount of every row; returns how many. A month that is there already is replaced.

    Raises BadVolume for the first line that is wrong; then nothing is recorded. Source: REP-5.3.1
    """
    count = 0
    for line, row in enumerate(rows, start=2):
        name, month, amount = _read(kpis, line, row)
        BusinessVolume.objects.update_or_create(
            desk=desk, name=name, month=month, defaults={"amount": amount, "entered_by": by, "entered_at": now}
        )
        count += 1
    return count


def _read(kpis: Kpis, line: int, row: Mapping[str, str | None]) -> tuple[str, date, int]:
    name, month, amount = ((row.get(key) or "").strip() for key in ("name", "month", "amount"))
    if name not in kpis.volumes:
        raise BadVolume(
            f"Line {line}: kpis.yaml has no volume “{name}”; known are: {', '.join(kpis.volumes) or 'none'}."
        )
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)
    if found is None:
        raise BadVolume(f"Line {line}: “{month}” is no month such as 2026-03.")
    if not amount.isascii() or not amount.isdigit() or int(amount) > LARGEST:
        raise BadVolume(f"Line {line}: “{amount}” is no whole number of at most {LARGEST}.")
    return name, date(int(found[1]), int(found[2]), 1), int(amount)
