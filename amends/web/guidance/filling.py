"""What the placeholders of guidance stand for: of a case, and of what is being typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from amends.apps.cases.telling import message_values
from amends.apps.cases.timeline import ShownValue
from amends.core.chinese_names import addressed
from amends.core.form_data import options_of
from amends.core.guidance import ADDRESSED, SALUTATION
from amends.core.policy.forms import Field
from amends.core.policy.pack import Pack
from amends.core.policy.wording import PLACEHOLDERS
from amends.doors.wording import language, words
from amends.web.case.seeing import CaseView
from amends.web.guidance.panel import unknown_form_of_address
from amends.web.templatetags.amends_words import moment_of, money

LONGEST = 300
"""So much of a long text is put into a sentence."""

PRIVATE = frozenset({"link", "code", "complainant_name"})
"""Placeholders of messages that guidance does not fill: a link of its own, a code, and the full name (it is masked on pages)."""


def latest_values(seen: CaseView, names: Iterable[str]) -> dict[str, ShownValue]:
    """The latest value of each of these fields of a case as the viewer may read it; those never filled in are left out.

    Only the events that hold one of them are read; the number of queries does not depend on how many there are.
    """
    wanted = set(names)
    events, missing = [], set(wanted)
    for event in reversed(seen.readable):
        held = missing & event.data.get("set", {}).keys()
        if held:
            events.append(event)
            missing -= held
    found: dict[str, ShownValue] = {}
    for entry in seen.told(events) if events else ():
        for value in entry.values:
            if value.id in wanted and not value.is_erased:
                found.setdefault(value.id, value)
    return found


def plain(value: ShownValue, zone: Any) -> str:
    """A value as part of a sentence."""
    if value.kind == "money":
        return money(value.value)
    if value.kind == "datetime":
        return str(moment_of(value.value, zone))
    if value.kind == "rows":
        cells = [words(cell.value) for row in value.value for cell in row if cell.kind in ("text", "long_text")]
        return "；".join(cells)[:LONGEST]
    if value.kind in ("files", "numbers"):
        return ""
    return words(value.value).strip()[:LONGEST]


def values_of_case(seen: CaseView, names: Iterable[str]) -> Callable[[str], str]:
    """What placeholders stand for on a case: its own words, its latest forms, and how the customer is addressed."""
    asked = set(names)
    fields = asked & seen.pack.fields.keys() | ({SALUTATION} & seen.pack.fields.keys() if ADDRESSED in asked else set())
    latest = latest_values(seen, fields - PRIVATE)
    of_case: dict[str, str] = {}
    if asked & PLACEHOLDERS - PRIVATE:
        said = message_values(seen.case, seen.facts, seen.pack, language=language())
        of_case = {name: text for name, text in said.items() if name not in PRIVATE}
    if ADDRESSED in asked:
        is_hidden = seen.case.hides_reporter and not seen.may("see_reporter")
        name = seen.case.complainant.name if seen.case.complainant and not is_hidden else ""
        salutation = plain(latest[SALUTATION], seen.zone) if SALUTATION in latest else ""
        of_case[ADDRESSED] = addressed(name, salutation, otherwise=unknown_form_of_address())

    def value_of(name: str) -> str:
        if name in latest:
            return plain(latest[name], seen.zone)
        return of_case.get(name, "")

    return value_of


def with_typed(pack: Pack, typed: Mapping[str, Any], before: Callable[[str], str]) -> Callable[[str], str]:
    """The same, with what is typed into the form just now before what was known."""

    def value_of(name: str) -> str:
        if name == ADDRESSED and isinstance(called := typed.get("complainant_name"), str) and called:
            salutation = in_words_of(pack, SALUTATION, typed.get(SALUTATION))
            return addressed(called, salutation, otherwise=unknown_form_of_address())
        value = in_words_of(pack, name, typed.get(name)) if name not in PRIVATE else ""
        return value or before(name)

    return value_of


def in_words_of(pack: Pack, name: str, raw: Any) -> str:
    """A value as it was typed into a field, in words."""
    f: Field | None = pack.fields.get(name)
    if f is None or raw in (None, "", []):
        return ""
    if f.type == "rows":
        return "；".join(str(text) for row in raw for text in row.values())[:LONGEST] if isinstance(raw, list) else ""
    if f.type in ("choice", "choices", "category", "axis"):
        options = options_of(f, pack)
        return words([options.get(value, value) for value in (raw if isinstance(raw, list) else [raw])])
    return str(raw).strip()[:LONGEST] if f.type in _WRITTEN else ""


_WRITTEN = frozenset({"text", "long_text", "date", "number", "decimal", "digits", "money"})
