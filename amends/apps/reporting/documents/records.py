"""Records that belong to a document: one by one, added up, and as they stood when an older version was shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from amends.apps.cases.facts import core_events
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.models import Detail
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import latest_texts
from amends.apps.people.models import Department, Person
from amends.apps.reporting.documents.taking import MOST_ROWS, Taking
from amends.core.facts import facts_after
from amends.core.form_data import options_of
from amends.core.policy.documents import Block
from amends.core.policy.pack import Pack


def records(taking: Taking, block: Block) -> dict[str, Any]:
    """The records of a kind that belong to the period, one by one or added up by a value of theirs."""
    rows = _recorded(taking, block).order_by("begun_at", "number")
    total = rows.count()
    taking.records.setdefault(block.records or "", total)
    if block.per:
        return _in_numbers(taking, block, list(rows))
    lines = records_kept(taking.pack, block, as_they_stand(list(rows[:MOST_ROWS]), block.columns), taking.zone)
    return {"kind": block.records, "lines": lines, "total": total}


def _recorded(taking: Taking, block: Block) -> QuerySet[Proceeding]:
    """The records of a kind: begun, ended or registered in the period, or carried forward from released documents of this kind."""
    zone = taking.zone
    start = datetime.combine(taking.period.first, time(), tzinfo=zone)
    end = datetime.combine(taking.period.last + timedelta(days=1), time(), tzinfo=zone)
    found = Proceeding.objects.filter(desk=taking.desk, kind=block.records or "")
    found = found.exclude(state__in=taking.pack.proceedings[block.records or ""].void)
    if block.which == "begun":
        return found.filter(begun_at__gte=start, begun_at__lt=end)
    if block.which == "ended":
        return found.filter(ended_at__gte=start, ended_at__lt=end)
    if block.which == "registered":
        found = found.filter(register_line__day__range=(taking.period.first, taking.period.last))
        states = register.states if (register := taking.pack.proceedings[block.records or ""].register_) else ()
        return found.filter(state__in=states) if states else found
    # Carried forward: everything that earlier documents asked for and that was not over before the period began.
    found = found.filter(parent__kind=taking.document.proceeding).exclude(ended_at__lt=start)
    return found.exclude(parent=taking.proceeding) if taking.proceeding else found


def _in_numbers(taking: Taking, block: Block, rows: Sequence[Proceeding]) -> dict[str, Any]:
    per = block.per or ""
    found: dict[Any, list[Proceeding]] = {}
    values = {row.pk: json.loads(row.facts)["values"] for row in rows}
    texts = latest_texts([row.chain_id for row in rows], [per]) if rows else {}
    for row in rows:
        key = row.state if block.per == "state" else texts.get((row.chain_id, per)) or _code(values[row.pk].get(per))
        found.setdefault(key, []).append(row)
    sums = {
        key: sum((_amount(values[row.pk].get(block.sum or "")) for row in some), Decimal(0))
        for key, some in found.items()
    }
    names = code_names(taking.pack, {block.per or "": set(found)})
    lines = [
        {
            "key": key,
            "name": names.get((block.per, key), ""),
            "count": len(some),
            "sum": str(sums[key]),
            "numbers": [row.number for row in some],
        }
        for key, some in sorted(found.items(), key=lambda one: (one[0] is None, -len(one[1]), str(one[0])))
    ]
    return {
        "kind": block.records,
        "per": block.per,
        "lines": lines,
        "total": len(rows),
        "sum": str(sum(sums.values(), Decimal(0))),
    }


def _amount(value: Any) -> Decimal:
    if isinstance(value, Mapping):
        return Decimal(int(value["minor"])) / 100
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands, or as it stood."""

    row: Proceeding
    state: str
    subject: str
    values: Mapping[str, Any]
    texts: Mapping[str, str]


def as_they_stand(rows: Sequence[Proceeding], columns: Collection[str]) -> list[Record]:
    """Records with the latest texts of these columns; one query."""
    texts = latest_texts([row.chain_id for row in rows], columns) if rows else {}
    return [
        Record(
            row,
            row.state,
            row.subject,
            json.loads(row.facts)["values"],
            {name: texts.get((row.chain_id, name), "") for name in columns},
        )
        for row in rows
    ]


def as_they_stood(
    rows: Sequence[Proceeding], columns: Collection[str], *, before: datetime, title: str | None
) -> list[Record]:
    """Records as they stood before a moment, without those that were not begun by then; two queries. `title` is the text that names them."""
    events: dict[int, list[LedgerEvent]] = {}
    for event in LedgerEvent.objects.filter(chain__in=[row.chain_id for row in rows], recorded_at__lt=before).order_by(
        "seq"
    ):
        events.setdefault(event.chain_id, []).append(event)
    wanted = {*columns, *([title] if title else [])}
    said: dict[int, dict[str, str]] = {chain: {} for chain in events}
    for text in Detail.objects.filter(chain__in=list(events), field__in=wanted, erased_at=None).order_by("seq"):
        if text.seq <= events[text.chain_id][-1].seq:
            said[text.chain_id][text.field] = text.text
    found = []
    for row in rows:
        if row.chain_id in events:
            facts, texts = facts_after(core_events(events[row.chain_id])), said[row.chain_id]
            found.append(
                Record(row, facts.state or row.state, texts.get(title or "", row.subject)[:200], facts.values, texts)
            )
    return found


def records_kept(pack: Pack, block: Block, records: Sequence[Record], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Records as a document keeps them: number, subject, state, and the values of the columns; a fixed number of queries."""
    wanted = {name: {_code(one.values.get(name)) for one in records} for name in block.columns}
    names = code_names(pack, wanted)
    return [
        {
            "key": str(one.row.pk), "number": one.row.number, "subject": one.subject, "state": one.state, "begun": one.row.begun_at.astimezone(zone).date().isoformat(),
            "values": {name: one.texts.get(name) or _shown(name, one.values.get(name), names) for name in block.columns},
        }
        for one in records
    ]  # fmt: skip


def _code(value: Any) -> Any:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _shown(name: str, value: Any, names: Mapping[tuple[str | None, Any], str]) -> Any:
    if isinstance(value, Mapping):
        return str(Decimal(int(value["minor"])) / 100)
    return names.get((name, value), value) if _code(value) is not None else value


def code_names(pack: Pack, wanted: Mapping[str, Iterable[Any]]) -> dict[tuple[str | None, Any], str]:
    """The names of the people, departments and choices that fields hold, in the language of the house."""
    found: dict[tuple[str | None, Any], str] = {}
    for name, values in wanted.items():
        source, numbers = pack.fields.get(name), [value for value in values if isinstance(value, int)]
        kind = source.type if source else ""
        if kind == "person" and numbers:
            found |= {
                (name, key): called for key, called in Person.objects.filter(pk__in=numbers).values_list("pk", "name")
            }
        elif kind in ("department", "team") and numbers:
            found |= {(name, unit.pk): unit.title for unit in Department.objects.filter(pk__in=numbers)}
        elif source is not None and kind in ("choice", "axis", "category"):
            found |= {(name, code): title.zh_hans for code, title in options_of(source, pack).items()}
    return found
