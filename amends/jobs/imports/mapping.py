"""The mapping file: which column of the old system is what here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from amends.apps.policies.files import PackFolder, read_yaml
from amends.core.canonical import canonical_json
from amends.jobs.imports.encodings import ImportRefused

FORM = "fields"


class Value(BaseModel):
    """Where a value comes from: one column, several joined, or always the same.

    `values` translates what stands in the column, and what it does not name is a fault unless `otherwise` is given.
    `empty` lists texts that mean nothing was entered. `format` (of strptime, several may be tried) reads times and days
    that are not in ISO form. `labelled` writes the column's name before each of several columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    columns: tuple[str, ...] = ()
    join: str = "\n"
    labelled: bool = False
    constant: str | None = None
    values: dict[str, str] | None = None
    otherwise: str | None = None
    empty: tuple[str, ...] = ()
    format: tuple[str, ...] = ()

    @field_validator("empty", "format", mode="before")
    @classmethod
    def _one_or_several(cls, raw: Any) -> Any:
        return (raw,) if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _has_one_origin(self) -> Value:
        if sum((self.column is not None, bool(self.columns), self.constant is not None)) != 1:
            raise ValueError("name exactly one of column, columns and constant")
        return self

    def named_columns(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else self.columns


def _from_column(raw: Any) -> Any:
    return {"column": raw} if isinstance(raw, str) else raw


def _as_written(raw: Any) -> Any:
    return {"constant": raw} if isinstance(raw, str) else raw


ColumnValue = Annotated[Value, BeforeValidator(_from_column)]
"""A text stands for the column of that name."""
WrittenValue = Annotated[Value, BeforeValidator(_as_written)]
"""A text stands for itself."""


class Mapping(BaseModel):
    """A mapping file. Every column of the table is named once or under `ignore`, so that nothing is lost unnoticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
    desk: str
    by: str = ""
    zone: str
    kind: WrittenValue
    channel: WrittenValue
    state: WrittenValue
    number: ColumnValue
    opened_at: ColumnValue
    closed_at: ColumnValue | None = None
    fields: dict[str, ColumnValue]
    ignore: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    sheet: str | None = None

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, raw: str) -> str:
        if raw not in available_timezones():
            raise ValueError("not a time zone of the tz database, for example Asia/Shanghai")
        return raw

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def all_values(self) -> Iterator[tuple[str, Value]]:
        """Every value with the name that faults are reported under."""
        for name in ("kind", "channel", "state", "number", "opened_at", "closed_at"):
            value = getattr(self, name)
            if value is not None:
                yield name, value
        yield from self.fields.items()

    def as_text(self) -> str:
        """The mapping as one text, the same for the same mapping."""
        return canonical_json(self.model_dump(mode="json"))

    def problems_with(self, header: list[str]) -> list[str]:
        """What does not fit a table with this header, in sentences."""
        named = {column for _, value in self.all_values() for column in value.named_columns()}
        missing = sorted(named - set(header))
        unnamed = [name for name in header if name and name not in named and name not in self.ignore]
        found = [_("文件中没有“%(name)s”这一列。") % {"name": name} for name in missing]
        return found + [
            _("“%(name)s”这一列没有去处；不需要的列请写在 ignore 中。") % {"name": name} for name in unnamed
        ]


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file. Refuses ImportRefused with every fault and where it stands."""
    found = PackFolder(path.parent)
    raw = read_yaml(found, path, ("mapping",))
    if found.problems:
        said = "；".join(problem.message for problem in found.problems)
        raise ImportRefused(_("不能读取对照文件 %(file)s：%(error)s") % {"file": path, "error": said})
    if not isinstance(raw, dict):
        raise ImportRefused(_("对照文件 %(file)s 应当由键和值组成。") % {"file": path})
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise ImportRefused("\n".join(lines)) from error
