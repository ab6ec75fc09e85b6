"""From the layout that a pack draws for a form to lines of cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from django.utils.translation import gettext

from amends.apps.cases.timeline import Entry, ShownValue
from amends.core.approvals import StepStanding, standing_of
from amends.core.policy.forms import Field, Form
from amends.core.policy.printing import MOST_CELLS, Opinion, PrintCell, Printed, PrintRow, Signature
from amends.doors.papers.contents import cell_of, value_in_column, value_in_print
from amends.doors.papers.filling import Filling
from amends.doors.papers.formats import day_in_print, day_to_fill_in, in_even_lines
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Signer, full_width, shared
from amends.doors.wording import button_of, words

LABEL = {1: 4, 2: 4, 3: 3}
"""Columns of a label by how many fields stand in the line."""
EMPTY_ROWS = 3
ROOM_OF_APPROVAL = 3
"""Lines of room for the opinion of one step of an approval chain."""
ROOM_OF_GIVEN = 2
"""So many lines an opinion that was given takes at least: room is kept for the hand alone."""
WIDE_TYPES = {
    "long_text": 6, "text": 5, "address": 5, "partner": 5, "datetime": 5, "date": 3, "money": 4, "choices": 4, "department": 4,
    "choice": 3, "number": 2,
}  # fmt: skip

LEAST = {"money": 3, "date": 4, "datetime": 4, "long_text": 4, "text": 3}
"""Columns in which a value of a type still stands without being torn apart."""


def lines_of(printed: Printed, filling: Filling) -> list[Line]:
    """All lines of a printed form."""
    found: list[Line] = []
    for place, row in enumerate(printed.rows):
        if row.heading is None or not _heads_nothing(printed.rows[place + 1 :], filling):
            found += _lines_of_row(row, filling)
    return found


def _heads_nothing(below: Sequence[PrintRow], filling: Filling) -> bool:
    """Whether none of the fields below a heading stands on the paper."""
    fields = list(takewhile(lambda row: bool(row.boxed_cells()), below))
    return bool(fields) and all(_needs_no_room(row, filling) for row in fields)


def _needs_no_room(row: PrintRow, filling: Filling) -> bool:
    return all(filling.has_nothing_under(cell.field) for cell in row.boxed_cells())


def lines_of_record(form: Form, filling: Filling) -> list[Line]:
    """A form that the pack draws no paper for: its sections with what was filled in, short fields two in a line."""
    sections = form.sections or ((form.title, tuple(f.id for f in form.fields)),)
    found: list[Line] = []
    for title, names in sections:
        given = [f for name in names if name in filling.values and (f := form.field(name))]
        if given:
            found.append(full_width("heading", words(title)))
            found += _packed(given, filling)
    return found


def _packed(fields: Iterable[Field], filling: Filling) -> list[Line]:
    found: list[Line] = []
    short: list[PrintCell] = []
    for f in fields:
        if f.type in ("long_text", "rows", "choices"):
            found += [*_lines_of_cells(short, filling), *_lines_of_cells([PrintCell(field=f.id, lines=1)], filling)]
            short = []
            continue
        short.append(PrintCell(field=f.id, boxes=False))
        if len(short) == 2:
            found += _lines_of_cells(short, filling)
            short = []
    return found + _lines_of_cells(short, filling)


def _lines_of_row(row: PrintRow, filling: Filling) -> list[Line]:
    if row.heading is not None:
        return [full_width("heading", words(row.heading))]
    if row.text is not None:
        return [full_width("text", words(row.text))]
    if row.opinion is not None:
        return [_opinion(row.opinion, filling)]
    if row.approvals:
        return _approvals(row.approvals, filling)
    if row.signature:
        signers = tuple(_signer(one, filling) for one in row.signatures())
        return [Line((Cell("signatures", COLUMNS, signers=signers),))]
    return [] if _needs_no_room(row, filling) else _lines_of_cells(row.boxed_cells(), filling)


def _lines_of_cells(cells: Sequence[PrintCell], filling: Filling) -> list[Line]:
    if not cells:
        return []
    definition = filling.field(cells[0].field)
    if len(cells) == 1 and definition is not None and definition.type == "rows":
        return _table(cells[0], definition, filling)
    size = len(cells) if len(cells) <= MOST_CELLS else MOST_CELLS - 1
    return [_line(cells[n : n + size], filling) for n in range(0, len(cells), size)]


def _line(cells: Sequence[PrintCell], filling: Filling) -> Line:
    label = LABEL[len(cells)]
    spans = shared(COLUMNS - label * len(cells), [cell.wide for cell in cells])
    found: list[Cell] = []
    for asked, span in zip(cells, spans, strict=True):
        title = words(asked.title) if asked.title else filling.title_of(asked.field)
        found += [Cell("label", label, in_even_lines(title, label)), cell_of(asked, filling, span)]
    return Line(tuple(found))


def _table(asked: PrintCell, definition: Field, filling: Filling) -> list[Line]:
    """A field of rows: its title over the full width, the heads of its columns, and a line a row, numbered.

    Where there is none: room for some, or the word for none when the form was handed in without any.
    """
    title = words(asked.title) if asked.title else words(definition.title)
    shown = filling.values.get(definition.id)
    rows: list[list[ShownValue]] = list(shown.value) if shown is not None and shown.kind == "rows" else []
    used = {value.id for row in rows for value in row}
    # A column that no row says anything in makes the others narrow.
    fields = [f for f in definition.fields if not rows or f.required is True or f.id in used]
    least = [LEAST.get(f.type, 2) for f in fields]
    spans = [2, *shared(COLUMNS - 2, [WIDE_TYPES.get(f.type, 3) for f in fields], least)]
    heads = [gettext("序号"), *(words(f.title) for f in fields)]
    if not rows and filling.was_asked(definition.id):
        return [
            Line(
                (
                    Cell("label", LABEL[1], in_even_lines(title, LABEL[1])),
                    Cell("value", COLUMNS - LABEL[1], gettext("（无）")),
                )
            )
        ]
    count = len(rows) or asked.lines or EMPTY_ROWS
    found = [
        Line((Cell("label", COLUMNS, title),), is_head=True),
        Line(
            tuple(Cell("column", span, head) for span, head in zip(spans, heads, strict=True)),
            is_head=True,
            is_repeated=True,
        ),
    ]
    for place in range(count):
        given = {value.id: value_in_column(value, filling.zone) for value in rows[place]} if place < len(rows) else {}
        cells = [Cell("column", spans[0], str(place + 1))]
        cells += [Cell("value", span, given.get(f.id, "")) for f, span in zip(fields, spans[1:], strict=True)]
        found.append(Line(tuple(cells)))
    return found


def _signer(asked: Signature, filling: Filling) -> Signer:
    name, day = _done_by(asked.verb, filling)
    return Signer(words(asked.title), name, day)


def _done_by(verb: str | None, filling: Filling) -> tuple[str, str]:
    """Who did a verb and when; nothing and room for a day where nobody has, or the reader may not know who."""
    entry: Entry | None = filling.doings.get(verb or "")
    if entry is None or not entry.actor_name:
        return "", day_to_fill_in()
    return entry.actor_name, day_in_print(entry.at.astimezone(filling.zone).date())


def _opinion(asked: Opinion, filling: Filling) -> Line:
    shown = filling.values.get(asked.field or "")
    text = value_in_print(shown, filling.zone) if shown else ""
    name, day = _done_by(asked.verb, filling)
    return _opinion_line(words(asked.title), text, (Signer(gettext("签字"), name, day),), asked.lines)


def _approvals(name: str, filling: Filling) -> list[Line]:
    """Every step of an approval chain: what was decided, by whom and when, or room for it. A blank form has all steps."""
    chain = filling.pack.approvals.chains[name]
    if filling.is_blank:
        return [_approval(words(step.title), [], step.quorum) for step in chain.steps]
    standing = standing_of(name, chain, filling.facts, is_asked=True)
    return [_approval(words(one.step.title), _decided(one, filling), one.step.quorum) for one in standing]


def _decided(standing: StepStanding, filling: Filling) -> list[tuple[str, str, str]]:
    """What everybody who decided on a step said, who they are, and the day."""
    found = []
    for item in standing.decisions:
        done = [entry for entry in filling.entries if (entry.verb, entry.actor) == (item["verdict"], item["by"])]
        if done:
            said = gettext("；").join(value_in_print(value, filling.zone) for value in done[-1].values)
            text = gettext("：").join(filter(None, [button_of(done[-1].verb), said]))
            found.append((text, done[-1].actor_name, day_in_print(done[-1].at.astimezone(filling.zone).date())))
    return found


def _approval(title: str, decided: list[tuple[str, str, str]], quorum: int) -> Line:
    places = [*decided, *[("", "", day_to_fill_in())] * (quorum - len(decided))]
    signers = tuple(Signer(gettext("签字"), name, day) for _, name, day in places)
    return _opinion_line(title, "\n".join(filter(None, (text for text, _, _ in places))), signers, ROOM_OF_APPROVAL)


def _opinion_line(title: str, text: str, signers: tuple[Signer, ...], lines: int) -> Line:
    room = min(lines, ROOM_OF_GIVEN) if text else lines
    body = Cell("opinion", COLUMNS - LABEL[1], text, lines=room, signers=signers, is_long=len(text) > 36 * lines)
    return Line((Cell("label", LABEL[1], in_even_lines(title, LABEL[1])), body))
