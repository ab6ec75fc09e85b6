"""From a row of the table to an old case, by the mapping; every fault of the row at its field."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from amends.apps.cases.actions.take_over import OldCase
from amends.core.policy.base import Title
from amends.core.refusals import FieldError
from amends.jobs.imports.encodings import UNREADABLE
from amends.jobs.imports.mapping import Mapping, Value

LONGEST_NUMBER = 120
Fault = tuple[str, str]
"""A field and why it can not be taken."""


class BadRow(Exception):
    """The row can not be taken as it is; `faults` says why, field by field."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in faults))


class RowReader:
    """Reads the rows of one table by one mapping."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        self.mapping, self.header, self.zone = mapping, header, mapping.tz
        self._place = {name: place for place, name in enumerate(header)}

    def old_case(self, cells: list[str]) -> OldCase:
        """The old case of a row. Raises BadRow with every fault."""
        self._check_shape(cells)
        faults: list[Fault] = []
        frame = {
            name: self._text(name, getattr(self.mapping, name), cells, faults) for name in ("kind", "channel", "state")
        }
        number = self._text("number", self.mapping.number, cells, faults)
        opened_at, opened_day = self._moment("opened_at", self.mapping.opened_at, cells, faults)
        closed_at, closed_day = None, False
        if self.mapping.closed_at is not None:
            closed_at, closed_day = self._moment("closed_at", self.mapping.closed_at, cells, faults)
        data = {name: self._field(name, value, cells, faults) for name, value in self.mapping.fields.items()}
        self._require({**frame, "number": number, "opened_at": opened_at}, faults)
        if len(number or "") > LONGEST_NUMBER or "\n" in (number or ""):
            faults.append(("number", _("原编号最多 %(limit)s 个字，且只占一行。") % {"limit": LONGEST_NUMBER}))
        if faults:
            raise BadRow(faults)
        return OldCase(
            kind=frame["kind"] or "", channel=frame["channel"] or "", state=frame["state"] or "", number=number or "",
            opened_at=opened_at or datetime.min.replace(tzinfo=UTC), closed_at=closed_at,
            whole_days=opened_day or closed_day, data={k: v for k, v in data.items() if v is not None},
        )  # fmt: skip

    def _check_shape(self, cells: list[str]) -> None:
        if len(cells) < len(self.header) or any(cell.strip() for cell in cells[len(self.header) :]):
            params = {"expected": len(self.header), "given": len(cells)}
            raise BadRow([("", _("应有 %(expected)s 列，这一行有 %(given)s 列。") % params)])
        unreadable = [name for name, cell in zip(self.header, cells, strict=False) if UNREADABLE in cell]
        if unreadable:
            raise BadRow([(name, _("其中有不能按文件编码读取的字节。")) for name in unreadable])

    def _require(self, found: Dict[str, Any], faults: list[Fault]) -> None:
        faulty = {field for field, _reason in faults}
        faults += [(name, _("没有值。")) for name, value in found.items() if not value and name not in faulty]

    def _text(self, name: str, value: Value, cells: list[str], faults: list[Fault]) -> str | None:
        if value.constant is not None:
            return value.constant
        text = self._raw(value, cells)
        if text in value.empty:
            text = ""
        if value.values is None:
            return text or None
        if text in value.values:
            return value.values[text] or None
        if text and value.otherwise is None:
            faults.append((name, _("对照文件中没有“%(value)s”的对应值。") % {"value": text[:60]}))
        return value.otherwise if text else None

    def _raw(self, value: Value, cells: list[str]) -> str:
        if value.column is not None:
            return cells[self._place[value.column]].strip()
        parts = [(name, cells[self._place[name]].strip()) for name in value.columns]
        texts = [
            f"{name}: {text}" if value.labelled else text for name, text in parts if text and text not in value.empty
        ]
        return value.join.join(texts)

    def _field(self, name: str, value: Value, cells: list[str], faults: list[Fault]) -> str | None:
        text = self._text(name, value, cells, faults)
        if text is None or not value.format:
            return text
        read = _read_time(text, value.format)
        if read is None:
            faults.append((name, _not_a_time(text)))
            return None
        moment, whole_day = read
        return moment.date().isoformat() if whole_day else moment.isoformat()

    def _moment(self, name: str, value: Value, cells: list[str], faults: list[Fault]) -> tuple[datetime | None, bool]:
        text = self._text(name, value, cells, faults)
        if text is None:
            return None, False
        read = _read_time(text, value.format)
        if read is None:
            faults.append((name, _not_a_time(text)))
            return None, False
        moment, whole_day = read
        placed = _placed(moment, self.zone)
        if placed is None:
            faults.append((name, _("“%(value)s”在当地不存在或出现两次（夏令时切换）。") % {"value": text[:60]}))
        return placed, whole_day


def _not_a_time(text: str) -> str:
    return _("“%(value)s”不是对照文件所写格式的时间。") % {"value": text[:60]}


@lru_cache(maxsize=8192)
def _read_time(text: str, formats: tuple[str, ...]) -> tuple[datetime, bool] | None:
    """A time as written and whether it is a whole day; None when no format fits. ISO form is always understood."""
    for form in formats:
        try:
            return datetime.strptime(text, form), "%H" not in form and "%I" not in form  # noqa: DTZ007
        except ValueError:
            continue
    try:
        if len(text) == len("2026-03-05"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time()), True
        return datetime.fromisoformat(text), False
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def _placed(moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC; None for a local time that does not exist or exists twice."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        return None
    return first.astimezone(UTC)


def fault_of(error: FieldError) -> Fault:
    """A fault that the rules found, in words."""
    params = {name: _words(value) for name, value in error.params.items()}
    return error.pointer.strip("/"), _(error.sentence) % params


def _words(value: Any) -> Any:
    return value.in_language((get_language() or "zh-hans").lower()) if isinstance(value, Title) else value
