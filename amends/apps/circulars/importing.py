"""The address book from a file: CSV or Excel with a header; rows that are wrong are named, and the others are entered."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from amends.apps.circulars.book import Given, enter_approved_on_paper
from amends.apps.circulars.rights import KEEP, Keeper
from amends.core.refusals import Refusal

LARGEST_FILE = 2 * 1024 * 1024
LARGEST_WORKBOOK = 40 * 1024 * 1024
"""Octets that a workbook may unpack to: a few kilobytes can hold gigabytes of nothing."""
MOST_ROWS = 5000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "company": ("公司名称", "company"),
    "name": ("联系人", "name"),
    "phone": ("手机号码", "phone"),
    "approved_by": ("批准人", "approved by"),
    "approved_on": ("批准日期", "approved on"),
    "groups": ("分组", "groups"),
    "note": ("备注", "note"),
}
NEEDED = ("company", "name", "phone", "approved_by", "approved_on")


class UnreadableFile(Refusal):
    """The file is no table, or lacks a column."""

    code = "unreadable"
    status = 422
    sentence = "文件无法读取：请上传首行为列名的 CSV 或 Excel（.xlsx）文件，不超过 2 MB、5000 行。"


class MissingColumns(Refusal):
    """Columns that have to be there are not."""

    code = "missing_columns"
    status = 422
    sentence = "文件缺少这些列：%(columns)s。"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was not entered: its line in the file, and everything that is wrong with it."""

    line: int
    refusal: Refusal


def import_book(content: bytes, *, is_workbook: bool, by: Keeper) -> tuple[int, list[Wrong]]:
    """Enter every right row; returns how many, and the wrong ones. Raises NotPermitted, UnreadableFile, MissingColumns."""
    by.check(KEEP)
    header, *rows = _rows(content, is_workbook=is_workbook)
    places = _places(header)
    entered, wrong = 0, []
    for line, row in enumerate(rows, start=2):
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in places.items()}
        if not any(cells.values()):
            continue
        try:
            _enter(cells, by)
        except Refusal as refusal:
            wrong.append(Wrong(line, refusal))
        else:
            entered += 1
    return entered, wrong


def _enter(cells: Mapping[str, str], by: Keeper) -> None:
    titles = [title.strip() for title in re.split("[,，、]", cells.get("groups", "")) if title.strip()]
    given = Given(company=cells["company"], name=cells["name"], phone=cells["phone"], note=cells.get("note", ""))
    day = _day(cells["approved_on"])
    enter_approved_on_paper(given, approved_by=cells["approved_by"], approved_on=day, groups=titles, by=by)


def _day(text: str) -> date | None:
    plain = re.sub("[年月/.]", "-", re.sub("日.*| .*", "", text))
    try:
        return datetime.strptime(plain, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _places(header: list[str]) -> dict[str, int]:
    named = {title.strip().lower(): place for place, title in enumerate(header)}
    found = {}
    for name, titles in COLUMNS.items():
        place = next((named[title.lower()] for title in titles if title.lower() in named), None)
        if place is not None:
            found[name] = place
    if missing := [COLUMNS[name][0] for name in NEEDED if name not in found]:
        raise MissingColumns(columns="、".join(missing))
    return found


def _rows(content: bytes, *, is_workbook: bool) -> list[list[str]]:
    if not content or len(content) > LARGEST_FILE:
        raise UnreadableFile
    try:
        rows = _of_workbook(content) if is_workbook else list(csv.reader(io.StringIO(_decoded(content))))
    except (CalamineError, zipfile.BadZipFile, csv.Error, ValueError, OSError) as error:
        raise UnreadableFile from error
    if not rows or len(rows) > MOST_ROWS + 1:
        raise UnreadableFile
    return rows


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _of_workbook(content: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > LARGEST_WORKBOOK:
            raise UnreadableFile
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
