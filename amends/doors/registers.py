"""A register in words: its lines as the page and the interface show them, and as the spreadsheet holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext, ngettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import RegisterLine
from amends.apps.cases.proceedings.concerning import is_proposed
from amends.apps.cases.proceedings.registers import Kept, columns_of, roles_on
from amends.apps.cases.queries import Viewer
from amends.apps.cases.timeline import (
    Names,
    ShownValue,
    code_shown,
    names_of,
    reporter_is_hidden,
    tells_of_the_reporter,
)
from amends.apps.ledger.queries import latest_texts
from amends.core.form_data import options_of
from amends.core.masking import masked
from amends.core.policy.forms import TEXT_TYPES, Field
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.doors.cells import OPTIONS
from amends.doors.figures import day_of
from amends.doors.listed_sheet import ListFormats, write_list
from amends.doors.papers.contents import value_in_print
from amends.doors.papers.formats import day_in_print
from amends.doors.printed_book import NUMBER
from amends.doors.wording import begun, words


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a register in words; `cells` stand in the order of its columns, None where nothing is known or may be read."""

    line: RegisterLine
    state: str
    cells: tuple[ShownValue | None, ...]
    concerned: int | None = None
    proposes: str = ""

    @property
    def is_late(self) -> bool:
        return self.line.proceeding.is_late and self.line.proceeding.is_open


def readable_columns(kept: Kept, viewer: Viewer) -> list[Field]:
    """The columns that a reader gets: those of fields that other roles alone may see are left out."""
    roles = roles_on(viewer, kept.desk, kept.pack)
    return [f for f in columns_of(kept) if not f.seen_by or roles & set(f.seen_by)]


def records_of(kept: Kept, viewer: Viewer, lines: Sequence[RegisterLine]) -> list[Record]:
    """The lines with the latest value of every readable column, personal ones masked unless the policy leaves them clear to the reader.

    A query for the texts of all lines and one for each sort of names, however many lines there are.
    """
    columns, roles = readable_columns(kept, viewer), roles_on(viewer, kept.desk, kept.pack)
    known = {line.pk: json.loads(line.proceeding.facts) for line in lines}
    texts = [f.id for f in columns if f.type in TEXT_TYPES]
    said = latest_texts([line.proceeding.chain_id for line in lines], texts) if texts and lines else {}
    names = _names(columns, [facts["values"] for facts in known.values()])
    found = []
    for line in lines:
        pack, facts = pack_of(line.proceeding), known[line.pk]
        hidden = reporter_is_hidden(line.proceeding, kept.pack, roles)
        cells = []
        for f in columns:
            if f.type in TEXT_TYPES:
                text = said.get((line.proceeding.chain_id, f.id))
                cells.append(_text(f, text, hidden, f.is_clear_to(roles)))
            else:
                cells.append(_code(pack.fields.get(f.id, f), facts, pack, names))
        state = pack.proceedings[kept.name].states.get(line.proceeding.state)
        concerned = getattr(line, "concerned", None)
        found.append(
            Record(
                line,
                words(state.title) if state else line.proceeding.state,
                tuple(cells),
                concerned,
                proposal_of(kept.kind, line, facts["values"], pack),
            )
        )
    return found


def proposal_of(kind: ProceedingKind, line: RegisterLine, values: Mapping[str, Any], pack: Pack) -> str:
    """What the policy proposes for a record, as what concerns it was counted; empty while there are not too many, once it was
    answered for so many, or once it has ended.
    """
    rule, count = kind.concerns, getattr(line, "concerned", 0)
    if rule is None or rule.say is None or not line.proceeding.is_open:
        return ""
    return words(rule.say) if is_proposed(rule, count, values, pack) else ""


def _text(f: Field, text: str | None, is_hidden: bool, is_clear: bool) -> ShownValue | None:
    if not text:
        return None
    if is_hidden and tells_of_the_reporter(f):
        return ShownValue(f.id, f.title, "text", "", is_masked=True)
    shown = masked(f.personal, text) if f.personal and not is_clear else text
    return ShownValue(f.id, f.title, "text", shown, is_masked=shown != text)


def _code(f: Field, facts: Mapping[str, Any], pack: Pack, names: Names) -> ShownValue | None:
    if f.type == "rows":
        count = len(facts["lists"].get(f.id, ()))
        return (
            ShownValue(f.id, f.title, "text", ngettext("%(n)s 条", "%(n)s 条", count) % {"n": count}) if count else None
        )
    value = facts["values"].get(f.id)
    return None if value is None or value == "" else ShownValue(f.id, f.title, *code_shown(f, value, pack, names))


def _names(columns: Iterable[Field], values: Iterable[Mapping[str, Any]]) -> Names:
    people, departments, partners, records = set[int](), set[int](), set[int](), set[str]()
    of: Mapping[str, set[Any]] = {
        "person": people, "department": departments, "team": departments, "partner": partners, "record": records,
    }  # fmt: skip
    wanted = [(f.id, of[f.type]) for f in columns if f.type in of]
    for known in values:
        for name, found in wanted:
            if known.get(name) is not None:
                found.add(known[name])
    return names_of(people, departments, partners, records)


def choices_said(kept: Kept, choices: Mapping[str, Sequence[str]]) -> list[tuple[Field, list[tuple[str, str]]]]:
    """The filters of a register with their values in words; without a value to choose a filter is left out."""
    numbers = {name: {int(v) for v in values if v.isdecimal()} for name, values in choices.items()}
    fields = {name: kept.pack.fields[name] for name in choices}
    people = set().union(*(numbers[n] for n, f in fields.items() if f.type == "person"))
    departments = set().union(*(numbers[n] for n, f in fields.items() if f.type == "department"))
    partners = set().union(*(numbers[n] for n, f in fields.items() if f.type == "partner"))
    records = set[str]().union(*(values for n, values in choices.items() if fields[n].type == "record"))
    names = names_of(people, departments, partners, records)
    return [
        (fields[n], [(v, _choice(fields[n], v, kept.pack, names)) for v in values])
        for n, values in choices.items()
        if values
    ]


def _choice(f: Field, value: str, pack: Pack, names: Names) -> str:
    if f.type == "yes_no":
        return words(value == "yes")
    if f.type in ("choice", "choices", "category"):
        return words(options_of(f, pack).get(value, value))
    number = int(value) if value.isdecimal() else 0
    if f.type == "department":
        return words(names.departments.get(number)) or value
    if f.type == "record":
        return names.records.get(value, value)
    return (names.people if f.type == "person" else names.partners).get(number) or value


def concerned_title(kept: Kept) -> str:
    """What the count of what concerns a record is called."""
    rule = kept.kind.concerns
    counted = kept.pack.proceedings.get(rule.of or "") if rule else None
    of = begun(gettext("相关%(title)s") % {"title": words(counted.title)}) if counted else gettext("相关个案")
    if rule is None or rule.days is None:
        return of
    return gettext("%(of)s（近 %(days)s 天）") % {"of": of, "days": rule.days}


def subject_title(kept: Kept, columns: Sequence[Field]) -> str:
    """What the subject of a record is called, which stands in front of its columns; empty where one of them says it, or it has none."""
    name = kept.kind.title_from
    return words(kept.pack.fields[name].title) if name and name not in [f.id for f in columns] else ""


def write_register(file: IO[bytes], kept: Kept, viewer: Viewer, records: Iterable[Record]) -> int:
    """Write the records as a spreadsheet, as masked as on the page; return how many."""
    title = f"{words(kept.kind.title)}　{day_in_print(viewer.now.astimezone(kept.zone).date())}"
    subject = subject_title(kept, readable_columns(kept, viewer))
    heads = [
        gettext("编号"),
        gettext("日期"),
        *([subject] if subject else []),
        *(words(f.title) for f in readable_columns(kept, viewer)),
        *([concerned_title(kept)] if kept.kind.concerns else []),
        gettext("状态"),
        gettext("到期时间"),
        gettext("是否超时"),
        gettext("登记人"),
    ]
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        rows = ([*_cells(kept, record, has_subject=bool(subject))] for record in records)
        return write_list(book, gettext("台账"), heads, rows, title=title, formats=ListFormats(book))


def _typed(cell: ShownValue, kept: Kept) -> Any:
    """A value as a spreadsheet keeps it: numbers, amounts and days as such, everything else in words."""
    if cell.is_masked or cell.is_erased:
        return value_in_print(cell, kept.zone)
    if cell.kind == "money" and isinstance(cell.value, Mapping):
        return cell.value
    if cell.kind == "number" and NUMBER.fullmatch(str(cell.value)):
        return Decimal(str(cell.value))
    if cell.kind == "date":
        return day_of(str(cell.value)) or value_in_print(cell, kept.zone)
    return value_in_print(cell, kept.zone)


def _cells(kept: Kept, record: Record, *, has_subject: bool) -> list[Any]:
    proceeding = record.line.proceeding
    due = (
        proceeding.due_at.astimezone(kept.zone).replace(tzinfo=None) if proceeding.due_at and proceeding.is_open else ""
    )
    said = [_typed(cell, kept) if cell else "" for cell in record.cells]
    by = proceeding.begun_by.name if proceeding.begun_by else ""
    late = gettext("是") if record.is_late else ""
    counted = [record.concerned if record.concerned is not None else ""] if kept.kind.concerns else []
    subject = [proceeding.subject] if has_subject else []
    return [proceeding.number, record.line.day, *subject, *said, *counted, record.state, due, late, by]
