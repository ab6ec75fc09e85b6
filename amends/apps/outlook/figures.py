"""Leading figures as they come in: lines of place, day and count, each checked; what is wrong is named, the rest is kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.ledger.actions import append_in_turn
from amends.apps.ledger.models import Chain
from amends.apps.outlook.models import LeadingFigure
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.policy.warnings import LeadingMeasure
from amends.core.refusals import FieldError, InvalidData, Refusal

LARGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5000
LARGEST_COUNT = 100_000_000
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How the workbooks of spreadsheet programs begin, new and old."""
HEADS = ("日期", "day", "date", "件数", "数量", "count")


class UnreadableFigures(Refusal):
    """What was handed in is no table of three columns, or one too long to be read at once."""

    code = "unreadable"
    status = 422
    sentence = "内容无法读取：请用 CSV（UTF-8 或 GB18030），每行三列：地点、日期、数量。"


@dataclass(frozen=True, slots=True)
class Figure:
    place: str
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that was not taken, and why."""

    line: int
    refusal: Refusal


def read_figures(content: bytes, *, measure: LeadingMeasure, today: date) -> tuple[list[Figure], list[WrongLine]]:
    """The figures of a table, a header or none, and the lines that are wrong. Raises UnreadableFigures."""
    rows = _rows(content)
    found, wrong = [], []
    for line, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (line == 1 and any(cell.lower() in HEADS for cell in cells)):
            continue
        try:
            found.append(_figure(cells, measure, today))
        except Refusal as refusal:
            wrong.append(WrongLine(line, refusal))
    return found, wrong


def _rows(content: bytes) -> list[list[str]]:
    if not content.strip():
        raise UnreadableFigures("没有数据：请粘贴表格内容，或选择 CSV 文件。")
    if content.startswith(WORKBOOKS):
        raise UnreadableFigures(
            "这是 Excel 工作簿：请在 Excel 中另存为“CSV UTF-8（逗号分隔）”再上传，或把单元格复制、粘贴到这里。"
        )
    if len(content) > LARGEST_FILE:
        raise UnreadableFigures("数据超过 %(limit)s MB，请分几次录入。", limit=LARGEST_FILE // 1024**2)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise UnreadableFigures from error
    try:
        rows = list(csv.reader(io.StringIO(re.sub("[\t，；;]", ",", text))))
    except csv.Error as error:
        raise UnreadableFigures from error
    if len(rows) > MOST_LINES:
        raise UnreadableFigures(
            "一次最多 %(limit)s 行，现在有 %(count)s 行，请分几次录入。", limit=MOST_LINES, count=len(rows)
        )
    return rows


def _figure(cells: Sequence[str], measure: LeadingMeasure, today: date) -> Figure:
    place, day, count = _three(cells, measure)
    place = checked_text(place, pointer="/place", field=measure.place, limit=80)
    if re.fullmatch(r"[-−–]\d{1,9}", count):
        raise InvalidData([FieldError("/count", "too_small", {"field": measure.unit, "limit": 0})])
    if not re.fullmatch(r"\d{1,9}", count):
        raise InvalidData([FieldError("/count", "bad_number", {"field": measure.unit})])
    return Figure(place, _day(day, today), int(count))


def _three(cells: Sequence[str], measure: LeadingMeasure) -> Sequence[str]:
    """The three parts of a line. Raises InvalidData that names what it lacks, or how many parts it has."""
    told = {"place": measure.place, "unit": measure.unit}
    if len(cells) < 3:
        raise InvalidData([FieldError("/line", "too_few_parts", {**told, "missing": _missing(cells, measure)})])
    if any(cells[3:]):
        raise InvalidData([FieldError("/line", "too_many_parts", {**told, "count": len(cells)})])
    titles = zip(("/place", "/day", "/count"), (measure.place, "日期", measure.unit), cells, strict=False)
    empty = [FieldError(pointer, "required", {"field": title}) for pointer, title, cell in titles if not cell]
    if empty:
        raise InvalidData(empty)
    return cells[:3]


def _missing(cells: Sequence[str], measure: LeadingMeasure) -> list[Any]:
    """What no part of a line can be, in the order of the columns: a day looks like a day, a count like a number."""
    kinds = {_kind_of(cell) for cell in cells if cell}
    return [
        title
        for kind, title in (("place", measure.place), ("day", "日期"), ("count", measure.unit))
        if kind not in kinds
    ]


def _kind_of(cell: str) -> str:
    if re.fullmatch(r"\d{1,9}", cell):
        return "count"
    return "day" if re.fullmatch(r"\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?", cell) else "place"


def _day(text: str, today: date) -> date:
    plain = re.sub("[年月/.]", "-", text.replace("日", ""))
    try:
        day = datetime.strptime(plain, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise InvalidData([FieldError("/day", "bad_date", {"field": "日期"})]) from error
    if day > today:
        raise InvalidData([FieldError("/day", "in_future", {"field": "日期"})])
    return day


@transaction.atomic
def take_figures(
    desk: Desk, pack: Pack, measure: str, content: bytes, *, by: Person, now: datetime
) -> tuple[int, list[WrongLine]]:
    """Keep the right lines of a table, the latest report of a day and place; returns how many, and the wrong ones.

    Raises UnreadableFigures. Source: EXP-8.1.3
    """
    today = now.astimezone(ZoneInfo(pack.head.zone)).date()
    found, wrong = read_figures(content, measure=pack.warnings.measures[measure], today=today)
    rows = {(one.place, one.day): one for one in found}
    LeadingFigure.objects.bulk_create(
        [
            LeadingFigure(
                desk=desk, measure=measure, place=one.place, day=one.day, count=one.count, reported_at=now, reported_by=by
            )
            for one in rows.values()
        ],
        update_conflicts=True, unique_fields=["desk", "measure", "place", "day"],
        update_fields=["count", "reported_at", "reported_by"],
    )  # fmt: skip
    if rows:
        append_in_turn(
            chain_key=f"desk:{desk.code}", chain_kind=Chain.Kind.DESK, kind="take_leading_figures", at=now, recorded_at=now,
            actor=by.actor_id, payload={"measure": measure, "rows": [[o.place, o.day.isoformat(), o.count] for o in rows.values()]},
        )  # fmt: skip
    return len(rows), wrong
