"""The compensation ledger: a line for every proceeding that pays, kept with its steps, and read by desk, state, form and time."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from amends.apps.cases.models import ClockRow
from amends.apps.cases.proceeding_models import Payout, Proceeding
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer, on_one_of
from amends.apps.keyset import behind
from amends.core.canonical import utc_text
from amends.core.ends import last_day
from amends.core.facts import CaseFacts
from amends.core.form_data import RULE_OF
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

LARGEST_PAGE = 500


def keep_payout(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> None:
    """Bring the line of the ledger up to date with the proceeding's facts; none while no amount is known."""
    kind = pack.proceedings[proceeding.kind]
    pays = kind.pays
    amount = facts.values.get(pays.amount) if pays else None
    if pays is None or not isinstance(amount, Mapping):
        return
    standard = facts.values.get(pays.standard or "")
    paid = facts.done.get(pays.verb)
    Payout.objects.update_or_create(
        proceeding=proceeding,
        defaults={
            "desk": proceeding.desk,
            "form": facts.values.get(pays.form or "") or "",
            "loss": facts.values.get(pays.loss or "") or "",
            "currency": amount["currency"],
            "amount_minor": amount["minor"],
            "standard_minor": standard["minor"] if standard else None,
            "applied": facts.values.get((pays.standard or "") + RULE_OF) or "",
            "departs": standard is not None and standard["minor"] != amount["minor"],
            "stands": facts.state not in kind.void,
            "clock": pays.clock or "",
            "begun_at": proceeding.begun_at,
            "paid_at": paid.at if paid else None,
        },
    )


def payouts_for(viewer: Viewer, filters: Mapping[str, str], *, zone: ZoneInfo) -> QuerySet[Payout]:
    """The lines of the ledger that the viewer may see and the filters let through, with `due_at`, when each is to be paid.

    Days are those of the zone. Raises InvalidData for a filter or value that is not known.
    """
    # By the key of each line: joined to them, PostgreSQL reads every proceeding there is.
    seen = on_one_of(visible_proceedings(viewer, for_a_page=True), "pk", for_a_page=True)
    found = Payout.objects.filter(seen).annotate(due_at=_due())
    errors: list[FieldError] = []
    for name, value in filters.items():
        narrow = FILTERS.get(name)
        if narrow is None:
            errors.append(FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(FILTERS)}))
        elif value:
            try:
                found = found.filter(narrow(value, viewer.now, zone))
            except ValueError:
                errors.append(FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": value[:60]}))
    if errors:
        raise InvalidData(errors)
    return found


def _due() -> Subquery:
    """Until when a payout is to be made, by the latest clock of the rule that its policy names."""
    clocks = ClockRow.objects.filter(proceeding=OuterRef("pk"), rule=OuterRef("clock"))
    return Subquery(clocks.order_by("-started_at").values("due_at")[:1])


def _state(value: str, now: datetime, zone: ZoneInfo) -> Q:
    unpaid = Q(stands=True, paid_at=None)
    found = {
        "asked": unpaid & Q(due_at=None),
        "to_pay": unpaid & Q(due_at__isnull=False),
        "overdue": unpaid & Q(due_at__lt=now),
        "paid": Q(paid_at__isnull=False),
        "void": Q(stands=False),
    }
    if value not in found:
        raise ValueError(value)
    return found[value]


def _departs(value: str, now: datetime, zone: ZoneInfo) -> Q:
    if value != "yes":
        raise ValueError(value)
    return Q(departs=True, stands=True)


def _day(value: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromisoformat(value), time.min, zone)


FILTERS: dict[str, Any] = {
    "state": _state,
    "departs": _departs,
    "desk": lambda value, now, zone: Q(desk__code=_plain(value)),
    "form": lambda value, now, zone: Q(form=_plain(value)),
    "loss": lambda value, now, zone: Q(loss=_plain(value)),
    "from": lambda value, now, zone: Q(begun_at__gte=_day(value, zone)),
    "to": lambda value, now, zone: Q(begun_at__lt=_day(value, zone) + timedelta(days=1)),
}


def _plain(value: str) -> str:
    if "\x00" in value:
        raise ValueError(value)
    return value


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """One page of the ledger, the latest first; `next_cursor` leads to the one after it."""

    rows: list[Payout]
    next_cursor: str | None


def payout_page(found: QuerySet[Payout], *, size: int, cursor: str | None = None) -> PayoutPage:
    """A page of lines with what they belong to and how many comparable ones there are. Raises InvalidData for a bad cursor."""
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])
    if cursor:
        at, key = _read_cursor(cursor)
        found = found.filter(behind({"-begun_at": at, "-pk": key}))
    rows = list(in_order(found)[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    return PayoutPage(rows[:size], _cursor_at(last) if last else None)


def in_order(found: QuerySet[Payout]) -> QuerySet[Payout]:
    """Lines as the ledger shows them, the latest first, each with its case, who asked for it, and comparable ones by count."""
    return (
        found.annotate(comparable=_alike(Q()), by_standard=_alike(Q(departs=False)))
        .select_related("desk", "proceeding__case", "proceeding__desk", "proceeding__chain", "proceeding__begun_by")
        .defer("proceeding__facts", "proceeding__case__facts")
        .order_by("-begun_at", "-pk")
    )


def _alike(which: Q) -> Any:
    """How many standing payouts of the desk rest on the same standard with the same result."""
    alike = Payout.objects.filter(
        which,
        desk=OuterRef("desk"),
        applied=OuterRef("applied"),
        standard_minor=OuterRef("standard_minor"),
        stands=True,
    ).order_by()
    counted = alike.values("desk").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@dataclass(frozen=True, slots=True)
class Total:
    """What stands under one currency and form: how many, what was granted and what of it is paid, in minor units."""

    currency: str
    form: str
    count: int
    granted: int
    paid: int


def totals_of(found: QuerySet[Payout]) -> list[Total]:
    """The sums of what stands, by currency and form; what was refused or withdrawn counts nowhere. One query."""
    sums = (
        found.filter(stands=True)
        .order_by()
        .values("currency", "form")
        .annotate(
            count=Count("pk"), granted=Sum("amount_minor"), paid=Sum("amount_minor", filter=Q(paid_at__isnull=False)),
        )
        .order_by("currency", "form")
    )  # fmt: skip
    return [Total(s["currency"], s["form"], s["count"], s["granted"], s["paid"] or 0) for s in sums]


def days_late(due_at: datetime | None, now: datetime, zone: ZoneInfo) -> int:
    """How many days ago something was due, by the calendar of the zone; nought until its moment has passed."""
    if due_at is None or due_at >= now:
        return 0
    return max((now.astimezone(zone).date() - last_day(due_at, zone)).days, 1)


def _cursor_at(row: Payout) -> str:
    return base64.urlsafe_b64encode(json.dumps([utc_text(row.begun_at), str(row.pk)]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(at).replace("Z", "+00:00")), uuid.UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error
