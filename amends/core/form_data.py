"""Reading what was entered into a form: every value checked, every fault named at its field.

The same function serves pages, API, mail and import. What comes out is split the way events need it: codes, ids, times
and amounts for the event itself, and free texts that lie beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from amends.core.compensation import calculation_sheet
from amends.core.directory import Directory
from amends.core.facts import TEXT_GIVEN, CaseFacts
from amends.core.policy.conditions import Condition, Known, holds
from amends.core.policy.forms import TEXT_TYPES, Computed, DaysWithout, Field, Form, Option
from amends.core.policy.pack import Pack
from amends.core.policy.templates import STEP_CHOICES
from amends.core.refusals import CHOSEN, SIGNED, UPLOADED, FieldError, InvalidData, in_pointer, not_given
from amends.core.transcripts import read_transcript

DEFAULT_LENGTHS = {
    "text": 200,
    "phone": 40,
    "email": 254,
    "id_number": 18,
    "address": 300,
    "url": 2000,
    "long_text": 20_000,
}
LARGEST_MINOR = 10**15
"""Money is at most this many minor units, so that every database keeps it exactly."""


@dataclass(slots=True)
class Entered:
    """What a form brought: `codes` for the event, `texts` beside it, `rows` for the lists of the case, and faults.

    `nothing` are the computed fields that came to nothing this time, whatever they came to before.
    """

    codes: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    nothing: set[str] = field(default_factory=set)

    def facts(self) -> dict[str, Any]:
        """The values as facts: codes, and a mark for every text given."""
        return {**self.codes, **{name: TEXT_GIVEN for name in self.texts if "." not in name}}

    def on(self, facts: CaseFacts) -> CaseFacts:
        """The facts with what was entered on top, without what was computed before and comes to nothing now."""
        return facts.with_values({**dict.fromkeys(self.nothing), **self.facts()})


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read: the pack, the facts so far, the moment, and the zone of times typed without one (pages and import).

    `is_old` reads the record of a case that another system has finished: nothing is required of it, and texts may be as
    long as their type allows, whatever the policy asks of new ones. What is there is checked like any other value.
    """

    pack: Pack
    facts: CaseFacts
    now: datetime
    local_zone: ZoneInfo | None = None
    is_old: bool = False


def read_form(form: Form, data: Mapping[str, Any], reading: Reading, *, also: frozenset[str] = frozenset()) -> Entered:
    """Check `data` against `form`; unknown keys are refused unless named in `also`.

    Fields whose `when` does not hold must be empty. Times need an offset unless `reading.local_zone` is given.
    """
    entered = Entered()
    known = {f.id for f in form.fields} | also
    for name in data:
        if name not in known:
            entered.errors.append(FieldError(f"/{in_pointer(name)}", "unknown_field", {"name": str(name)[:60]}))
    for f in form.fields:
        _read_field(f, data.get(f.id), f"/{f.id}", reading, entered)
    _compute(form, reading, entered)
    _require(form, reading, entered)
    return entered


def with_departments(form: Form, data: Mapping[str, Any], directory: Directory) -> Mapping[str, Any]:
    """The data with the departments that a form takes from the people named in its rows, whatever was sent for them."""
    found = dict(data)
    for f in form.fields:
        taken = {sub.id: sub.of_person for sub in f.fields if sub.of_person}
        if taken and isinstance(data.get(f.id), list):
            found[f.id] = [_with_department(row, taken, directory) for row in data[f.id]]
    return found


def _with_department(row: Any, taken: Mapping[str, str], directory: Directory) -> Any:
    if not isinstance(row, Mapping):
        return row
    people = {name: str(row.get(person) or "") for name, person in taken.items()}
    units = {n: directory.department_of(int(who)) if who.isdecimal() else None for n, who in people.items()}
    return {**row, **{name: unit for name, unit in units.items() if unit is not None}}


def _read_field(f: Field, raw: Any, pointer: str, reading: Reading, entered: Entered) -> None:
    if f.type == "computed":
        return
    if _is_empty(raw):
        return
    if f.type == "rows":
        _read_rows(f, raw, pointer, reading, entered)
        return
    value = read_value(f, raw, pointer, reading, entered.errors)
    if value is None:
        return
    if f.type in TEXT_TYPES:
        entered.texts[f.id] = value
    else:
        entered.codes[f.id] = value


def _is_empty(raw: Any) -> bool:
    return raw is None or raw == "" or raw == [] or (isinstance(raw, str) and not raw.strip())


def _read_rows(f: Field, raw: Any, pointer: str, reading: Reading, entered: Entered) -> None:
    if not isinstance(raw, list) or not all(isinstance(row, Mapping) for row in raw):
        entered.errors.append(FieldError(pointer, "wrong_type", {"field": f.title}))
        return
    named = {"item"} if f.answers else set()
    rows = [(n, row) for n, row in enumerate(raw) if any(not _is_empty(v) for k, v in row.items() if k not in named)]
    if len(rows) > f.max_rows:
        entered.errors.append(FieldError(pointer, "too_many_rows", {"field": f.title, "limit": f.max_rows}))
        return
    found = []
    for place, (n, row) in enumerate(rows, start=1):
        found.append(_read_row(f, row, f"{pointer}/{n}", place, reading, entered))
    entered.rows[f.id] = found
    entered.codes[f.id] = len(found)


def _read_row(
    f: Field, row: Mapping[str, Any], pointer: str, place: int, reading: Reading, entered: Entered
) -> dict[str, Any]:
    codes: dict[str, Any] = {}
    for name in row:
        if not any(sub.id == name for sub in f.fields):
            entered.errors.append(
                FieldError(f"{pointer}/{in_pointer(name)}", "unknown_field", {"name": str(name)[:60]})
            )
    for sub in f.fields:
        raw = row.get(sub.id)
        if _is_empty(raw):
            continue
        value = read_value(sub, raw, f"{pointer}/{sub.id}", reading, entered.errors)
        if value is None:
            continue
        if sub.type in TEXT_TYPES:
            entered.texts[f"{f.id}.{place}.{sub.id}"] = value
        else:
            codes[sub.id] = value
    _require_cells(f, row, reading.facts.with_values(codes), pointer, reading, entered)
    if not reading.is_old:
        _require_asked_in_row(f, row, codes, pointer, entered)
    return codes


def _require_cells(
    f: Field, row: Mapping[str, Any], known: Known, pointer: str, reading: Reading, entered: Entered
) -> None:
    """A cell whose `when` does not hold for its row stays empty; one that is required and asked does not."""
    for cell in f.fields:
        is_empty, is_asked = _is_empty(row.get(cell.id)), holds(cell.when, known)
        if not is_empty and not is_asked:
            entered.errors.append(FieldError(f"{pointer}/{cell.id}", "not_asked", {"field": cell.title}))
        if is_empty and is_asked and cell.required is True and not reading.is_old:
            entered.errors.append(_not_answered(cell, pointer))


def _require_asked_in_row(
    f: Field, row: Mapping[str, Any], codes: Mapping[str, Any], pointer: str, entered: Entered
) -> None:
    """What a choice of the row asks for must stand in the same row."""
    cells = {sub.id: sub for sub in f.fields}
    for sub in f.fields:
        for option in asking(sub, codes.get(sub.id)):
            if _is_empty(row.get(option.asks or "")):
                entered.errors.append(_missing_asked(option, cells.get(option.asks or ""), pointer))


RULE_OF = "_rule"
"""Behind the id of an amount that a standard gave stands which version and rule of it were applied."""


def _compute(form: Form, reading: Reading, entered: Entered) -> None:
    """Work out the computed fields in their order; a later one may rest on an earlier one."""
    for f in form.fields:
        if f.computed is None:
            continue
        known = entered.on(reading.facts)
        if f.computed.standard:
            _compute_by_standard(f, f.computed.standard, known, reading, entered)
            continue
        if f.computed.sum_of:
            value = _sum_over_rows(f.computed.sum_of, entered)
        elif f.computed.days_without:
            value = _days_without(f.computed.days_without, known, entered)
        else:
            value = compute(f.computed, known)
        if value is None:
            entered.nothing.add(f.id)
        else:
            entered.codes[f.id] = value


def _compute_by_standard(f: Field, name: str, known: CaseFacts, reading: Reading, entered: Entered) -> None:
    today = reading.now.astimezone(ZoneInfo(reading.pack.head.zone)).date()
    sheet = calculation_sheet(reading.pack.compensation, name, known, on=today)
    if sheet is not None:
        entered.codes[f.id] = {"minor": sheet.minor, "currency": sheet.currency}
        entered.codes[f.id + RULE_OF] = f"{sheet.standard}@{sheet.version}"


def _sum_over_rows(rule: tuple[str, str], entered: Entered) -> Any:
    """The sum of one field over the rows just entered, in minor units where they are amounts; None without any."""
    rows, name = rule
    values = [row[name] for row in entered.rows.get(rows, ()) if name in row]
    if not values:
        return None
    if isinstance(values[0], Mapping):
        return {"minor": sum(value["minor"] for value in values), "currency": values[0]["currency"]}
    return sum(values)


MOST_DAYS_WITHOUT = 92
"""So many days are looked through for missing ones; a longer stretch is no period of reports any more."""


def _days_without(rule: DaysWithout, known: CaseFacts, entered: Entered) -> str | None:
    """The days of the period that no row has, of a working week the working days among them, as text; None when there are none or the period is not known."""
    since, until = known.value(rule.since), known.value(rule.until)
    if since is None or until is None:
        return None
    first, last = _day(since), _day(until)
    there = {row.get(rule.day) for row in entered.rows.get(rule.rows, ())}
    period = [first + timedelta(days=n) for n in range(min((last - first).days + 1, MOST_DAYS_WITHOUT))]
    asked = [day for day in period if not rule.working_week or known.is_working(day)]
    return "、".join(day.isoformat() for day in asked if day.isoformat() not in there) or None


def as_entered(value: Any) -> Any:
    """A stored value as a form takes it: what one process knows is handed to the form of another in this way."""
    if isinstance(value, Mapping) and "minor" in value:
        sign, minor = ("-" if value["minor"] < 0 else ""), abs(value["minor"])
        return {"amount": f"{sign}{minor // 100}.{minor % 100:02}", "currency": value["currency"]}
    return value


def compute(rule: Computed, known: CaseFacts) -> Any:
    """The computed value, or None while one of its two sources is unknown. Amounts subtract in minor units."""
    if rule.found:
        return known.value(rule.found)
    if rule.first_of:
        return next((value for name in rule.first_of if (value := known.value(name)) is not None), None)
    pair = rule.days_between or rule.minutes_between or rule.difference or ("", "")
    first, second = (known.value(name) for name in pair)
    if first is None or second is None:
        return None
    if rule.minutes_between:
        return int((datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds() // 60)
    if rule.days_between:
        return (_day(second) - _day(first)).days + rule.counts_first_day
    if isinstance(first, Mapping):
        return {"minor": second["minor"] - first["minor"], "currency": first["currency"]}
    if isinstance(first, str):
        return decimal_text(Decimal(second) - Decimal(first))
    return second - first


def _day(value: str) -> date:
    return date.fromisoformat(value[:10])


def _require(form: Form, reading: Reading, entered: Entered) -> None:
    known = entered.on(reading.facts)
    lists = {**reading.facts.lists, **{k: tuple(v) for k, v in entered.rows.items()}}
    faulty = {error.pointer.split("/")[1] for error in entered.errors}
    for f in form.fields:
        present = _is_present(f, entered)
        if not holds(f.when, known):
            if present and f.computed is None:
                entered.errors.append(FieldError(f"/{f.id}", "not_asked", {"field": f.title}))
            continue
        if f.id in faulty or reading.is_old:
            continue
        if (
            not present
            and f.computed is None
            and (f.required is True or (f.required is not False and holds(f.required, known)))
        ):
            entered.errors.append(_missing(f, form, known))
            continue
        _require_same(f, entered, reading)
        _require_order(f, entered, known, reading)
        _require_other_text(f, entered, form)
        if f.type == "rows":
            _require_rows(f, entered, lists)
    if not reading.is_old:
        _require_answers(form, entered, known, faulty)


def _is_present(f: Field, entered: Entered) -> bool:
    """Whether the field was answered; a list in which every row is blank was not."""
    if f.type == "rows":
        return bool(entered.rows.get(f.id))
    return f.id in entered.codes or f.id in entered.texts


def _missing(f: Field, form: Form, known: Known) -> FieldError:
    """That a field has to be filled in; where another of the form would do as well, that one of the two has to be."""
    rule = f.required if isinstance(f.required, Condition) else None
    asked = (rule, *(rule.all or ())) if rule else ()
    for name in [part.fact for part in asked if part.fact and part.given is False and part.fact != f.id]:
        other = form.field(name)
        if other is not None and holds(other.when, known):
            return FieldError(f"/{f.id}", "required", {"field": f.title, "other": other.title})
    return _not_answered(f)


def _not_answered(f: Field, above: str = "") -> FieldError:
    """That a field has no answer, asked for as it is given: filled in, chosen, uploaded or signed."""
    return not_given(f"{above}/{f.id}", f.title, way=_WAYS.get(f.type, ""))


def _missing_asked(option: Option, asked: Field | None, above: str = "") -> FieldError:
    return _not_answered(asked, above) if asked else not_given(f"{above}/{option.asks}", option.title)


_WAYS = {"files": UPLOADED, "signature": SIGNED} | dict.fromkeys(
    ("choice", "choices", "yes_no", "category", "axis", "person", "department", "team", "partner", "file_of_case", "record"),
    CHOSEN,
)  # fmt: skip


def _require_same(f: Field, entered: Entered, reading: Reading) -> None:
    """What was decided earlier stands: another value than that of the fact named in `equals` is refused and says which it is."""
    if f.equals is None or f.id not in entered.codes:
        return
    decided = reading.facts.value(f.equals)
    if decided is not None and decided != entered.codes[f.id]:
        shown = options_of(f, reading.pack).get(decided) if f.type == "choice" else as_entered(decided)
        said = f"{shown['amount']} {shown['currency']}" if isinstance(shown, Mapping) else shown
        entered.errors.append(FieldError(f"/{f.id}", "not_as_decided", {"field": f.title, "expected": said}))


def _require_order(f: Field, entered: Entered, known: CaseFacts, reading: Reading) -> None:
    """A day or time does not lie before the one in the field named in `not_before`; of a day and a time the days count."""
    given, first = entered.codes.get(f.id), known.value(f.not_before) if f.not_before else None
    if not isinstance(given, str) or not isinstance(first, str):
        return
    zone = ZoneInfo(reading.pack.head.zone)
    are_times = "T" in given and "T" in first
    if (_moment(given) < _moment(first)) if are_times else (_day_in(given, zone) < _day_in(first, zone)):
        other = reading.pack.fields.get(f.not_before or "")
        entered.errors.append(
            FieldError(f"/{f.id}", "before_other", {"field": f.title, "other": other.title if other else f.title})
        )


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def _day_in(value: str, zone: ZoneInfo) -> date:
    """The day of a stored day or time, as the desk's zone has it."""
    return _moment(value).astimezone(zone).date() if "T" in value else date.fromisoformat(value)


def asking(f: Field, chosen: Any) -> list[Option]:
    """The chosen options of a field that ask another one to be filled in."""
    picked = chosen if isinstance(chosen, list) else [chosen]
    return [option for option in f.options if option.asks and option.id in picked]


def _require_other_text(f: Field, entered: Entered, form: Form) -> None:
    for option in asking(f, entered.codes.get(f.id)):
        if option.asks not in entered.texts and option.asks not in entered.codes:
            entered.errors.append(_missing_asked(option, form.field(option.asks or "")))


def _require_rows(f: Field, entered: Entered, lists: Mapping[str, Any]) -> None:
    count = len(entered.rows.get(f.id, ()))
    if count < f.min_rows:
        entered.errors.append(FieldError(f"/{f.id}", "too_few_rows", {"field": f.title, "limit": f.min_rows}))
    if f.one_for_each and count != len(lists.get(f.one_for_each, ())):
        params = {
            "field": f.title,
            "other": f.one_for_each,
            "expected": len(lists.get(f.one_for_each, ())),
            "given": count,
        }
        entered.errors.append(FieldError(f"/{f.id}", "one_for_each", params))
    else:
        _require_each_once(f, entered, lists)
    _require_total(f, entered)
    _require_distinct(f, entered)


def _require_each_once(f: Field, entered: Entered, lists: Mapping[str, Any]) -> None:
    """The rows stand for the items of the list that they answer, each of them once."""
    rows, items = entered.rows.get(f.id, ()), lists.get(f.one_for_each or "", ())
    for sub in f.fields:
        if sub.as_in and rows and Counter(row.get(sub.id) for row in rows) != Counter(i.get(sub.as_in) for i in items):
            entered.errors.append(FieldError(f"/{f.id}", "not_each_once", {"field": f.title, "of": sub.title}))


LEFT_OPEN = "left_open_reason"
"""The field in which it is said why a question of the customer is left unanswered for now."""


def _require_answers(form: Form, entered: Entered, known: CaseFacts, faulty: set[str]) -> None:
    """Every open item has its row; one that is left out is named, unless it is said why."""
    reason = form.field(LEFT_OPEN)
    if reason is None or not holds(reason.when, known) or LEFT_OPEN in entered.texts:
        return
    for f in form.fields:
        if not f.answers or f.id in faulty or not holds(f.when, known):
            continue
        answered = {row.get("item") for row in entered.rows.get(f.id, ())}
        answer = next(sub.id for sub in f.fields if sub.id != "item")
        for place, item in enumerate(known.open_items(f.answers)):
            if item["no"] not in answered:
                params = {"number": item["no"], "field": reason.title}
                entered.errors.append(FieldError(f"/{f.id}/{place}/{answer}", "left_unanswered", params))


def _require_total(f: Field, entered: Entered) -> None:
    if f.total is None or not entered.rows.get(f.id):
        return
    given = sum(row.get(f.total.of) or 0 for row in entered.rows[f.id])
    if given != f.total.is_:
        entered.errors.append(
            FieldError(f"/{f.id}", "wrong_total", {"field": f.title, "expected": f.total.is_, "given": given})
        )


def _require_distinct(f: Field, entered: Entered) -> None:
    if f.distinct is None or not entered.rows.get(f.id):
        return
    values = {row.get(f.distinct.of) for row in entered.rows[f.id]} - {None}
    if len(values) < f.distinct.at_least:
        of = next((sub.title for sub in f.fields if sub.id == f.distinct.of), f.distinct.of)
        params = {"field": f.title, "of": of, "limit": f.distinct.at_least, "given": len(values)}
        entered.errors.append(FieldError(f"/{f.id}", "too_few_different", params))


def read_value(f: Field, raw: Any, pointer: str, reading: Reading, errors: list[FieldError]) -> Any:
    """One value as it is kept, or None with the fault added to `errors`."""
    try:
        return _READERS[f.type](f, raw, reading)
    except _Bad as bad:
        errors.append(FieldError(pointer, bad.code, {"field": f.title, **bad.params}))
        return None


class _Bad(Exception):
    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


def checked_text(raw: Any, *, pointer: str, field: Any, limit: int) -> str:
    """A text outside any form, cleaned like one within. Raises InvalidData at the pointer."""
    try:
        return clean_text(raw, limit=limit)
    except _Bad as bad:
        raise InvalidData([FieldError(pointer, bad.code, {"field": field, **bad.params})]) from bad


def clean_text(raw: Any, *, limit: int) -> str:
    """The text without surrounding blanks, refused when it is too long or holds characters that no database keeps alike."""
    if not isinstance(raw, str):
        raise _Bad("wrong_type")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := _FORBIDDEN.search(text):
        raise _Bad("control_character", character=f"U+{ord(found[0]):04X}", position=found.start() + 1)
    if len(text) > limit:
        raise _Bad("too_long", limit=limit, length=len(text))
    return text


def storable(text: str) -> str:
    """What others wrote and nobody can be asked to write again: the text without the characters that `clean_text` refuses."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, halves of characters, and marks that turn the direction of writing."""


def _text(f: Field, raw: Any, reading: Reading) -> str:
    usual = DEFAULT_LENGTHS[f.type]
    limit = max(f.max_length or 0, usual) if reading.is_old else f.max_length or usual
    text = clean_text(raw, limit=limit)
    if f.type != "long_text" and f.type != "address" and "\n" in text:
        text = " ".join(text.split("\n"))
    if f.format == "transcript" and not reading.is_old and not read_transcript(text):
        raise _Bad("no_speakers")
    if f.format in _FORMATS and not _FORMATS[f.format].fullmatch(text):
        raise _Bad("bad_format")
    return text


_FORMATS = {
    "tracking_number": re.compile(r"[A-Za-z0-9]{8,32}"),
    "order_number": re.compile(r"[A-Za-z0-9_-]{4,64}"),
    "reference_number": re.compile(r"[\w\u4e00-\u9fff〔〕()（）#/.-]{3,64}"),
    "number_plate": re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{5,6}"),
}


def _phone(f: Field, raw: Any, reading: Reading) -> str:
    return _digits_of(raw)


def _digits_of(raw: Any) -> str:
    text = unicodedata.normalize("NFKC", clean_text(raw, limit=40))
    digits = re.sub(r"[ ()\-–.]", "", text)
    if not re.fullmatch(r"\+?\d{5,15}(?:[x转,]\d{1,6})?", digits):
        raise _Bad("bad_phone")
    if re.fullmatch(r"1\d{10}|1[3-9]\d{7,}", digits) and not re.fullmatch(r"1[3-9]\d{9}", digits):
        raise _Bad("bad_phone")
    if len(set(digits[-8:])) == 1 and len(digits) >= 8:
        raise _Bad("bad_phone")
    return digits


def read_phone(raw: Any, *, pointer: str) -> str:
    """A telephone number outside any form, read like one within. Raises InvalidData at the pointer."""
    try:
        return _digits_of(raw)
    except _Bad as bad:
        raise InvalidData([FieldError(pointer, bad.code, {"field": "电话号码", **bad.params})]) from bad


def _email(f: Field, raw: Any, reading: Reading) -> str:
    text = clean_text(raw, limit=254)
    if not re.fullmatch(
        r"[^\s@<>\"',;:\\\[\]()]{1,64}@[^\s@<>\"',;:\\\[\]()]{1,190}\.[^\s@<>\"',;:\\\[\]()\d.]{2,63}", text
    ):
        raise _Bad("bad_email")
    return text


def _id_number(f: Field, raw: Any, reading: Reading) -> str:
    text = unicodedata.normalize("NFKC", clean_text(raw, limit=20)).upper()
    if not re.fullmatch(r"\d{17}[\dX]", text):
        raise _Bad("bad_id_number")
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False))
    if "10X98765432"[total % 11] != text[-1]:
        raise _Bad("bad_id_number")
    return text


def _url(f: Field, raw: Any, reading: Reading) -> str:
    text = clean_text(raw, limit=2000)
    if not re.fullmatch(r"(?i:https?)://[^\s<>\"']+", text):
        raise _Bad("bad_url")
    return text


def options_of(f: Field, pack: Pack) -> dict[str, Any]:
    """The choices of a field with their titles, wherever the pack keeps them."""
    if f.type == "axis":
        axis = pack.grading.axis(f.axis or "")
        return {v.id: v.title for v in axis.values} if axis else {}
    if f.type == "category":
        scheme = pack.categories.scheme(f.scheme or "")
        return dict(scheme.offered) if scheme else {}
    if f.options:
        return {o.id: o.title for o in f.options}
    return named_choices(f.options_from or "", pack)


def named_choices(name: str, pack: Pack) -> dict[str, Any]:
    """A named list of the pack: channels, kinds, measures, outcomes, functions, indicators, or one of its own lists."""
    if name == "channels":
        return {k: c.title for k, c in pack.channels.channels.items() if not c.retired}
    if name == "kinds":
        return {k: kind.title for k, kind in pack.channels.kinds.items()}
    if name == "functions":
        return {k: f.title for k, f in pack.routing.functions.items()}
    if name in ("measures", "outcomes"):
        return dict(getattr(pack.categories, name))
    if name == "indicators":
        return {indicator.id: indicator.title for indicator in pack.kpis.indicators}
    if name == STEP_CHOICES:
        return pack.templates.step_titles()
    return dict(pack.categories.lists.get(name, {}))


def _choice(f: Field, raw: Any, reading: Reading) -> str:
    if not isinstance(raw, str):
        raise _Bad("wrong_type")
    if raw not in options_of(f, reading.pack):
        raise _Bad("unknown_choice", value=raw[:60])
    return raw


def _choices(f: Field, raw: Any, reading: Reading) -> list[str]:
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _Bad("wrong_type")
    return [_choice(f, value, reading) for value in dict.fromkeys(values)]


def _category(f: Field, raw: Any, reading: Reading) -> Any:
    scheme = reading.pack.categories.scheme(f.scheme or "")
    return _choices(f, raw, reading) if scheme and scheme.several else _choice(f, raw, reading)


def _yes_no(f: Field, raw: Any, reading: Reading) -> bool:
    if raw in (True, "yes", "true", "on"):
        return True
    if raw in (False, "no", "false", "off"):
        return False
    raise _Bad("wrong_type")


N = TypeVar("N", int, Decimal)


def _number(f: Field, raw: Any, reading: Reading) -> int:
    if isinstance(raw, bool | float):
        raise _Bad("bad_number")
    text = _figure(f, raw)
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise _Bad("bad_number")
    return _within_bounds(int(text), f)


def _figure(f: Field, raw: Any) -> str:
    """What was typed as a figure; one that goes up to a hundred may be written as people write shares: 60%."""
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    return text.removesuffix("%").rstrip() if f.maximum == MOST_PER_CENT else text


MOST_PER_CENT = 100


def _digits(f: Field, raw: Any, reading: Reading) -> str:
    """Digits that are no figure: none is lost, also not a zero in front."""
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    if not re.fullmatch(rf"[0-9]{{{f.length}}}", text):
        raise _Bad("wrong_digits", length=f.length)
    return text


def _within_bounds(number: N, f: Field) -> N:
    if f.minimum is not None and number < f.minimum:
        raise _Bad("too_small", limit=f.minimum)
    if f.maximum is not None and number > f.maximum:
        raise _Bad("too_large", limit=f.maximum)
    return number


def _money(f: Field, raw: Any, reading: Reading) -> dict[str, Any]:
    currency = f.currency
    if isinstance(raw, Mapping):
        if set(raw) - {"amount", "currency"}:
            raise _Bad("bad_money")
        currency, raw = raw.get("currency", currency), raw.get("amount")
    if currency != f.currency:
        raise _Bad("bad_currency", currency=f.currency)
    if isinstance(raw, bool | float) or not isinstance(raw, str | int):
        raise _Bad("bad_money")
    text = unicodedata.normalize("NFKC", str(raw)).strip().replace(",", "")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,2})?", text):
        raise _Bad("bad_money")
    try:
        minor = int(Decimal(text) * 100)
    except InvalidOperation as error:
        raise _Bad("bad_money") from error
    if abs(minor) > LARGEST_MINOR:
        raise _Bad("too_large", limit=LARGEST_MINOR // 100)
    if minor < (f.minimum or 0) * 100:
        raise _Bad("too_small", limit=f.minimum or 0)
    return {"minor": minor, "currency": currency}


def _date(f: Field, raw: Any, reading: Reading) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw.strip()):
        raise _Bad("bad_date")
    try:
        day = date.fromisoformat(raw.strip())
    except ValueError as error:
        raise _Bad("bad_date") from error
    if day.year < 1900 or day.year > 2200:
        raise _Bad("bad_date")
    today = reading.now.astimezone(ZoneInfo(reading.pack.head.zone)).date()
    if f.not_future and day > today:
        raise _Bad("in_future")
    if f.not_past and day < today:
        raise _Bad("in_past")
    return day.isoformat()


def _datetime(f: Field, raw: Any, reading: Reading) -> str:
    moment = read_moment(raw, local_zone=reading.local_zone)
    if f.not_future and moment > reading.now + timedelta(minutes=1):
        raise _Bad("in_future")
    if f.not_past and moment < reading.now - timedelta(minutes=1):
        raise _Bad("in_past")
    return moment.isoformat().replace("+00:00", "Z")


def read_moment(raw: Any, *, local_zone: ZoneInfo | None = None) -> datetime:
    """A moment in UTC from ISO text. Without an offset it is read in `local_zone`, or refused when there is none.

    Times that do not exist or exist twice in that zone are refused, not guessed.
    """
    if not isinstance(raw, str) or len(raw) > 40 or not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", raw):
        raise _Bad("bad_datetime")
    try:
        moment = datetime.fromisoformat(raw.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise _Bad("bad_datetime") from error
    if not 1900 <= moment.year <= 2200:
        raise _Bad("bad_datetime")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if local_zone is None:
        raise _Bad("no_offset")
    first, second = (moment.replace(tzinfo=local_zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise _Bad("no_such_local_time")
    return first.astimezone(UTC)


def _identity(f: Field, raw: Any, reading: Reading) -> int:
    """People, departments, teams and partners by their id; that they exist is asked of the directory by `decide`."""
    if isinstance(raw, bool) or not re.fullmatch(r"\d{1,15}", str(raw)):
        raise _Bad("wrong_type")
    return int(raw)


def _case_number(f: Field, raw: Any, reading: Reading) -> str:
    return clean_text(raw, limit=40)


def _files(f: Field, raw: Any, reading: Reading) -> list[str]:
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list) or not all(_is_file_id(v) for v in values):
        raise _Bad("bad_file")
    return list(dict.fromkeys(values))


def _signature(f: Field, raw: Any, reading: Reading) -> list[str]:
    """The one picture of a signature, by the id under which it was handed in."""
    files = _files(f, raw, reading)
    if len(files) != 1:
        raise _Bad("one_signature")
    return files


def _decimal(f: Field, raw: Any, reading: Reading) -> str:
    """A figure with up to four decimals, kept as plain text so that it is the same on every database."""
    if isinstance(raw, bool | float):
        raise _Bad("bad_decimal")
    text = _figure(f, raw)
    if not re.fullmatch(r"-?\d{1,10}(\.\d{1,4})?", text):
        raise _Bad("bad_decimal")
    return decimal_text(_within_bounds(Decimal(text), f))


def decimal_text(value: Decimal) -> str:
    """A figure without needless zeros or an exponent."""
    return f"{value.normalize() + 0:f}"


def _file_of_case(f: Field, raw: Any, reading: Reading) -> str:
    if not _is_file_id(raw):
        raise _Bad("bad_file")
    return str(raw)


def _is_file_id(raw: Any) -> bool:
    return isinstance(raw, str) and re.fullmatch(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", raw) is not None


_READERS: dict[str, Callable[[Field, Any, Reading], Any]] = {
    "text": _text, "long_text": _text, "address": _text, "phone": _phone, "email": _email, "id_number": _id_number, "url": _url,
    "choice": _choice, "choices": _choices, "axis": _choice, "category": _category, "yes_no": _yes_no, "number": _number, "decimal": _decimal,
    "digits": _digits,
    "money": _money, "date": _date, "datetime": _datetime, "person": _identity, "department": _identity, "team": _identity,
    "partner": _identity, "case": _case_number, "files": _files, "signature": _signature, "file_of_case": _file_of_case,
    "record": _case_number,
}  # fmt: skip
