"""The promises given to customers, as a list: what is open, what was kept, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from amends.apps.cases.filters import any_of, filtered
from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.queries import Viewer, tasks_of
from amends.apps.keyset import behind
from amends.apps.ledger.models import Detail, Event
from amends.core.form_data import options_of
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

PAGE_SIZE = 50
WHOSE = ("mine", "department", "all")
SHOWS = ("late", "open", "broken", "kept")
KIND = "promise_kind"
"""The field that tells promises apart."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: the clock that counts it, its case, what was said, and the amount where one was promised."""

    row: ClockRow
    case: Case
    text: str
    kind: str
    amount: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PromisePage:
    """A page of promises; `next_cursor` leads to the one after it, None at the end."""

    promises: Sequence[Promise]
    next_cursor: str | None


def promises_for(viewer: Viewer, whose: str) -> QuerySet[ClockRow]:
    """The promises on cases that the viewer sees in full: those they gave or have to keep, of their department, or all.

    Raises InvalidData for another word than those of WHOSE.
    """
    if whose not in WHOSE:
        raise InvalidData([FieldError("/whose", "bad_filter_value", {"name": "whose", "value": whose[:60]})])
    seen = filtered(viewer, {"department": "mine"} if whose == "department" else {}).exclude(tasks_of(viewer))
    found = ClockRow.objects.filter(given_in__isnull=False, due_at__isnull=False, case__in=seen.order_by().values("pk"))
    return found.filter(Q(given_by=viewer.person) | Q(case__handler=viewer.person)) if whose == "mine" else found


def shown(now: datetime) -> dict[str, Q]:
    """What each part of the list holds. A promise is kept when the customer heard by its time, and broken from then on."""
    waits = Q(stopped_at=None)
    late = waits & Q(due_at__lte=now)
    return {
        "late": late,
        "open": waits & Q(due_at__gt=now),
        "broken": Q(stopped_at__gt=F("due_at")) | late,
        "kept": Q(stopped_at__lte=F("due_at")),
    }


def counts_of(found: QuerySet[ClockRow], now: datetime) -> dict[str, int]:
    """How many promises each part of the list holds; one query."""
    return dict(found.aggregate(**{name: Count("pk", filter=part) for name, part in shown(now).items()}))


def page_of(found: QuerySet[ClockRow], show: str, now: datetime, cursor: str = "") -> PromisePage:
    """One part of the list: what is open by its due time, what is over the latest first; three queries.

    Raises InvalidData for another word than those of SHOWS, and for a bad cursor.
    """
    if show not in SHOWS:
        raise InvalidData([FieldError("/show", "bad_filter_value", {"name": "show", "value": show[:60]})])
    rows, ahead = found.filter(shown(now)[show]), show in ("open", "late")
    if cursor:
        rows = rows.filter(_beyond(cursor, ahead=ahead))
    order = ("due_at", "pk") if ahead else ("-due_at", "-pk")
    related = rows.select_related("case__desk", "case__department", "case__handler", "given_by").defer("case__facts")
    page = list(related.order_by(*order)[: PAGE_SIZE + 1])
    more, page = len(page) > PAGE_SIZE, page[:PAGE_SIZE]
    return PromisePage(
        _with_words(page), f"{page[-1].due_at.isoformat()}~{page[-1].pk}" if more and page[-1].due_at else None
    )


def _beyond(cursor: str, *, ahead: bool) -> Q:
    try:
        at, _, key = cursor.partition("~")
        moment, pk = datetime.fromisoformat(at), int(key)
        if moment.tzinfo is None or not 1900 < moment.year < 9999:
            raise ValueError(cursor)
    except ValueError as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error
    return behind({"due_at": moment, "pk": pk} if ahead else {"-due_at": moment, "-pk": pk})


def _with_words(rows: Sequence[ClockRow]) -> list[Promise]:
    places = {(row.case.chain_id, row.given_in): (row, row.case) for row in rows if row.case is not None}
    wanted = any_of([Q(chain=chain, seq=seq) for chain, seq in places])
    events: dict[tuple[int, int | None], Event] = (
        {(e.chain_id, e.seq): e for e in Event.objects.filter(wanted)} if places else {}
    )
    texts: dict[tuple[int, int | None], dict[str, str]] = {}
    for detail in Detail.objects.filter(wanted, erased_at=None) if places else ():
        texts.setdefault((detail.chain_id, detail.seq), {})[detail.field] = detail.text
    return [
        _promise(
            row,
            case,
            events[case.chain_id, row.given_in].data.get("set", {}),
            texts.get((case.chain_id, row.given_in), {}),
        )
        for row, case in places.values()
    ]


WORDS = ("promise_text", "comment", "contact_text")
"""The fields of the event that gives a promise in which it is said what is promised, the clearest first. A case that is registered
with a time for its answer says none of it: what it is about is not what was promised."""


def _promise(row: ClockRow, case: Case, values: Mapping[str, Any], texts: Mapping[str, str]) -> Promise:
    text = next((texts[name] for name in WORDS if texts.get(name)), "")
    return Promise(row, case, text, str(values.get(KIND) or ""), values.get("promised_amount"))


def title_of_kind(pack: Pack, kind: Any) -> Any:
    """What a kind of promise is called in the policy (a call, a reply); empty where the policy does not tell them apart."""
    field = pack.fields.get(KIND)
    return options_of(field, pack).get(kind, "") if field is not None and kind else ""


def is_broken(row: ClockRow, now: datetime) -> bool:
    """Whether the customer did not hear by the time they were promised."""
    if row.due_at is None:
        return False
    return row.due_at <= now if row.stopped_at is None else row.due_at < row.stopped_at
