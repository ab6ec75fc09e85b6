"""What the API shows of a case: listed fields only, personal data masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import Possible
from amends.apps.cases.timeline import Entry, ShownValue
from amends.apps.cases.writing import held_words
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.core.canonical import canonical_json, utc_text
from amends.core.clock_explanations import explain
from amends.core.clocks import ClockReading
from amends.core.decide import Action
from amends.core.form_data import options_of
from amends.core.masking import masked
from amends.core.measures import fitting_first
from amends.core.policy.base import Title
from amends.core.policy.forms import TEXT_TYPES, Field, Form
from amends.core.policy.pack import Pack
from amends.doors.wording import button_of, words

NOTHING_KNOWN: Mapping[str, Any] = {}


def show_case(case: Case, *, now: datetime) -> dict[str, Any]:
    """A case in answers. `level` and `due_at` may be null."""
    return show_cases([case], now=now)[0]


def show_cases(cases: Sequence[Case], *, now: datetime) -> list[dict[str, Any]]:
    """Cases in lists, as in answers."""
    held = held_words(cases, now=now)
    return [_shown(case, held.get(str(case.pk))) for case in cases]


def _shown(case: Case, held_until: datetime | None) -> dict[str, Any]:
    return {
        "number": case.number,
        "desk": case.desk.code,
        "kind": case.kind,
        "channel": case.channel,
        "channel_group": case.channel_group,
        "state": case.state,
        "state_category": case.state_category,
        "waits_for": case.waits_for or None,
        "outcome": case.outcome or None,
        "cycle": case.cycle,
        "round": case.round,
        "version": case.version,
        "level": case.level or None,
        "category": case.category or None,
        "priority": case.priority,
        "urgent": case.urgent,
        "subject": case.subject,
        "department": case.department.code if case.department else None,
        "handler": case.handler.username if case.handler else None,
        "partner": {"name": case.partner.name, "kind": case.partner.kind} if case.partner else None,
        "received_at": utc_text(case.received_at),
        "registered_at": utc_text(case.registered_at),
        "changed_at": utc_text(case.changed_at),
        "closed_at": _moment(case.closed_at),
        "archived_at": _moment(case.archived_at),
        "due_at": _moment(case.due_at),
        "due_clock": case.due_clock or None,
        "due_is_provisional": case.due_is_provisional,
        "is_late": case.is_late,
        "last_told_at": _moment(case.last_told_at),
        "last_told_leaves_at": _moment(held_until),
        "department_told_at": _moment(case.department_told_at),
        "customer_spoke_at": _moment(case.customer_spoke_at),
        "word_due_at": _moment(case.word_due_at),
        "word_clock": case.word_clock or None,
        "questions_open": case.questions_open,
        "taken_over": case.taken_over,
    }


def _moment(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None


def show_entry(entry: Entry) -> dict[str, Any]:
    """One event with what was entered, as the timeline shows it to this reader."""
    return {
        "seq": entry.seq,
        "verb": entry.verb,
        "at": utc_text(entry.at),
        "recorded_at": utc_text(entry.recorded_at),
        "actor": entry.actor,
        "actor_name": entry.actor_name or None,
        "role": words(entry.role) or None,
        "deputy_for": entry.deputy_for or None,
        "from": words(entry.from_state) or None,
        "to": words(entry.to_state) or None,
        "cycle": entry.cycle,
        "round": entry.round,
        "values": [show_value(value) for value in entry.values],
        "graded": [_graded(*found) for found in entry.graded],
        "department": words(entry.department) or None,
        "handler": entry.handler or None,
        "clauses": list(entry.clauses),
    }


def _graded(axis: Title, value: Title | None, before: Title | None, criteria: Sequence[Title]) -> dict[str, Any]:
    """What was decided on an axis, what stood before, and the criteria that the system found."""
    return {
        "axis": words(axis),
        "value": words(value) or None,
        "before": words(before) or None,
        "criteria": [words(criterion) for criterion in criteria],
    }


def show_value(value: ShownValue) -> dict[str, Any]:
    """One field as it was filled in, in words where it is a code."""
    return {"field": value.id, "title": words(value.title), "value": _plain(value.value), "masked": value.is_masked}


def _plain(value: Any) -> Any:
    if isinstance(value, ShownValue):
        return show_value(value)
    if isinstance(value, Title):
        return words(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict) and "minor" in value:
        return {"amount": str(Decimal(value["minor"]) / 100), "currency": value["currency"]}
    return value


def show_clock(reading: ClockReading) -> dict[str, Any]:
    """A clock with every segment and its explanation in Chinese and English."""
    rule = reading.rule
    found = json.loads(canonical_json(reading.as_data()))
    found["kind"] = rule.kind
    found["title"] = words(dict(rule.title))
    found["task"] = {"title": words(dict(rule.task.title)), "to": list(rule.task.to)} if rule.task else None
    found["explanation"] = explain(reading, "zh-Hans", rule=rule)
    found["explanation_en"] = explain(reading, "en", rule=rule)
    return dict(found)


def show_message(message: OutboxMessage, *, is_hidden: bool = False) -> dict[str, Any]:
    """What was sent to the complainant, its address masked, and left out where it would tell who reported."""
    kind = "email" if message.channel == "email" else "phone"
    return {
        "message": message.message,
        "channel": message.channel,
        "address": None if is_hidden else masked(kind, message.address),
        "state": message.state,
        "created_at": utc_text(message.created_at),
        "sent_at": _moment(message.sent_at),
        "event": message.event_seq,
    }


def show_item(list_name: str, item: Mapping[str, Any], text: str) -> dict[str, Any]:
    """One item of a list of the case: its number is what the verb that settles it asks for."""
    return {
        "list": list_name,
        "no": item["no"],
        "text": text,
        "is_open": bool(item.get("open")),
        "due_at": item.get("due_at"),
    }


def show_notice(notice: Notice) -> dict[str, Any]:
    """What somebody of the company was told, and when they acknowledged it."""
    return {
        "message": notice.message,
        "to": notice.person.username,
        "text": notice.text,
        "text_en": notice.text_en,
        "created_at": utc_text(notice.created_at),
        "acknowledged_at": _moment(notice.acknowledged_at),
    }


def show_evidence(file: EvidenceFile, *, is_hidden: bool = False) -> dict[str, Any]:
    """A file; who gave it is left out where that would tell who reported."""
    return {
        "id": str(file.pk),
        "name": file.name,
        "kind": file.kind or None,
        "source": file.source or None,
        "size": file.size,
        "sha256": file.sha256,
        "content_type": file.content_type,
        "given_by": None if is_hidden else file.given_by,
        "uploaded_at": utc_text(file.uploaded_at),
        "supersedes": str(file.supersedes_id) if file.supersedes_id else None,
        "scanned": False,
    }


def show_action(action: Action, pack: Pack, known: Mapping[str, Any]) -> dict[str, Any]:
    """A verb that is open now, with the JSON Schema of its form; measures that fit what is known come first."""
    return {
        "verb": action.verb,
        "title": words(action.title) if action.title else button_of(action.verb),
        "is_move": action.is_move,
        "missing": [words(need) for need in action.needs_unmet],
        "schema": schema_of(action.form, pack, known),
    }


def show_proceeding(proceeding: Proceeding) -> dict[str, Any]:
    """A proceeding in lists and answers."""
    return {
        "id": str(proceeding.pk),
        "number": proceeding.number,
        "kind": proceeding.kind,
        "desk": proceeding.desk.code,
        "case": proceeding.case.number if proceeding.case else None,
        "parent": str(proceeding.parent_id) if proceeding.parent_id else None,
        "subject": proceeding.subject,
        "state": proceeding.state,
        "state_category": proceeding.state_category,
        "waits_for": [name for name in proceeding.waits_for.split(",") if name],
        "round": proceeding.round,
        "version": proceeding.version,
        "department": proceeding.department.code if proceeding.department else None,
        "handler": proceeding.handler.username if proceeding.handler else None,
        "begun_by": proceeding.begun_by.username if proceeding.begun_by else None,
        "begun_at": utc_text(proceeding.begun_at),
        "changed_at": utc_text(proceeding.changed_at),
        "ended_at": _moment(proceeding.ended_at),
        "due_at": _moment(proceeding.due_at),
        "due_is_provisional": proceeding.due_is_provisional,
        "is_late": proceeding.is_late,
    }


def show_possible(
    possible: Possible, pack: Pack, fills: Mapping[str, Any] = NOTHING_KNOWN, *, quotes: ShownValue | None = None
) -> dict[str, Any]:
    """A proceeding that may be begun, with the JSON Schema of its form, why the policy suggests or demands it, what somebody said
    that speaks for it, and what it fills in."""
    offer = possible.offer
    return {
        "kind": possible.kind_id,
        "title": words(possible.title),
        "verb": possible.action.verb,
        "offered": words(offer.say) if offer else None,
        "demanded": bool(offer and offer.demanded),
        "quotes": show_value(quotes) if quotes else None,
        "fills": dict(fills),
        "schema": schema_of(possible.action.form, pack),
    }


def schema_of(form: Form, pack: Pack, known: Mapping[str, Any] = NOTHING_KNOWN) -> dict[str, Any]:
    """The JSON Schema of a form. Fields that are required by a condition say so in `description`."""
    fields = [f for f in form.fields if f.type != "computed" and f.from_records is None]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": words(form.title),
        "type": "object",
        "additionalProperties": False,
        "properties": {f.id: _property(f, pack, known) for f in fields},
        "required": [f.id for f in fields if f.required is True and f.when is None],
    }


def _property(f: Field, pack: Pack, known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"title": words(f.title), **_shape(f, pack, known)}
    if f.guidance:
        found["description"] = words(f.guidance)
    return found


def _shape(f: Field, pack: Pack, known: Mapping[str, Any]) -> dict[str, Any]:
    if f.type in TEXT_TYPES:
        return {"type": "string", **({"maxLength": f.max_length} if f.max_length else {})}
    if f.type == "rows":
        properties = {sub.id: _property(sub, pack, known) for sub in f.fields if sub.of_person is None}
        row = {"type": "object", "additionalProperties": False, "properties": properties}
        return {"type": "array", "items": row, "minItems": f.min_rows, "maxItems": f.max_rows}
    if f.type in ("choice", "choices", "axis", "category"):
        return _choice_shape(f, pack, known)
    plain: dict[str, dict[str, Any]] = {
        "yes_no": {"type": "boolean"},
        "number": {"type": "integer", **_bounds(f)},
        "digits": {"type": "string", "pattern": rf"^\d{{{f.length}}}$"},
        "decimal": {"type": "string", "pattern": r"^-?\d{1,10}(\.\d{1,4})?$"},
        "money": {
            "type": "object",
            "properties": {"amount": {"type": "string"}, "currency": {"const": f.currency}},
            "required": ["amount"],
        },
        "date": {"type": "string", "format": "date"},
        "datetime": {"type": "string", "format": "date-time"},
        "case": {"type": "string"},
        "record": {"type": "string"},
        "file_of_case": {"type": "string", "format": "uuid"},
        "files": {"type": "array", "items": {"type": "string", "format": "uuid"}},
        "signature": {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1, "maxItems": 1},
    }
    return plain.get(f.type, {"type": "integer", "minimum": 1})


def _choice_shape(f: Field, pack: Pack, known: Mapping[str, Any]) -> dict[str, Any]:
    options = options_of(f, pack)
    choices = {"enum": list(fitting_first(options, pack, known) if f.options_from == "measures" else options)}
    scheme = pack.categories.scheme(f.scheme or "")
    if f.type == "choices" or (scheme is not None and scheme.several):
        return {"type": "array", "items": choices}
    return {"type": "string", **choices}


def _bounds(f: Field) -> dict[str, int]:
    bounds = {"minimum": f.minimum, "maximum": f.maximum}
    return {name: value for name, value in bounds.items() if value is not None}
