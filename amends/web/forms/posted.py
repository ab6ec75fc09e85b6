"""From the fields of a posted page to the JSON data that forms are read from; nothing typed is dropped on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from amends.core.policy.forms import FILE_TYPES, Field, Form
from amends.core.policy.pack import Pack

MANY = frozenset({"choices", *FILE_TYPES})
ROW_NAME = re.compile(r"([a-z][a-z0-9_]*)-(\d{1,3})-([a-z][a-z0-9_]*)")
KEPT = "_kept-"


@dataclass(slots=True)
class Posted:
    """What a page sent for a form: `data` as forms are read, and `kept`, typed into fields that are hidden just now."""

    data: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)


def posted(form: Form, post: QueryDict, *, several: frozenset[str] = frozenset()) -> Posted:
    """The data of a form from a posted page, after the row that was added or taken away by a button.

    `several` names category fields that take more than one value. Empty fields are left out.
    """
    found = Posted()
    for f in form.fields:
        if f.from_records:
            continue
        value = _value(f, post, "", several)
        if f.type == "rows":
            value = _rows(f, post)
        if not _is_blank(value):
            found.data[f.id] = value
        kept = post.get(KEPT + f.id, "")
        if kept:
            found.kept[f.id] = kept
    return found


def several_of(form: Form, pack: Pack) -> frozenset[str]:
    """The category fields of a form that take more than one value."""
    several = {scheme.id for scheme in pack.categories.schemes if scheme.several}
    return frozenset(f.id for f in form.fields if f.type == "category" and f.scheme in several)


def _value(f: Field, post: QueryDict, prefix: str, several: frozenset[str]) -> Any:
    name = prefix + f.id
    if f.type in MANY or f.id in several:
        return [value for value in post.getlist(name) if value]
    return post.get(name, "")


def _is_blank(value: Any) -> bool:
    return value in ("", [], None)


def _rows(f: Field, post: QueryDict) -> list[dict[str, Any]]:
    """The rows as typed, in order; blank rows stay so that a page keeps its shape."""
    numbers = sorted({int(m.group(2)) for name in post if (m := ROW_NAME.fullmatch(name)) and m.group(1) == f.id})
    numbers = [n for n in numbers if post.get("_remove") != f"{f.id}-{n}"]
    rows = [_row(f, post, n) for n in numbers]
    if post.get("_add") == f.id and len(rows) < f.max_rows:
        rows.append({})
    return rows


def _row(f: Field, post: QueryDict, number: int) -> dict[str, Any]:
    row = {sub.id: _value(sub, post, f"{f.id}-{number}-", frozenset()) for sub in f.fields}
    return {name: value for name, value in row.items() if not _is_blank(value)}


def without_blank_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without rows in which nothing was typed: a list of blank rows is no answer."""
    return {name: value for name, value in data.items() if not _is_blank_list(value)}


def _is_blank_list(value: Any) -> bool:
    return isinstance(value, list) and all(value_of == {} for value_of in value)


def is_redraw(post: QueryDict) -> bool:
    """Whether the page only asks to be drawn again: a condition changed, or a row was added or taken away."""
    return bool(post.get("_redraw") or post.get("_add") or post.get("_remove"))
