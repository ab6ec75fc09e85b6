"""Which model stands at a path of the pack: for naming the keys that are known there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from amends.core.policy.problems.report import Path

_WRITTEN_AS = {"from": "from_", "in": "in_", "is": "is_", "register": "register_"}


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that reads what stands at `path`, or None where that is free data."""
    annotation: Any = model
    for step in path:
        found = next(_models(annotation), None) if isinstance(step, str) else None
        info = found.model_fields.get(_WRITTEN_AS.get(str(step), str(step))) if found else None
        annotation = info.annotation if info else _inner(annotation)
        if annotation is None:
            return None
    return next(_models(annotation), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation names itself, unions included, containers not."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif getattr(annotation, "__origin__", None) is None:
        for part in get_args(annotation):
            yield from _models(part)


def _inner(annotation: Any) -> Any:
    """What a list or table holds: the last argument of the first container."""
    for part in (annotation, *get_args(annotation)):
        if getattr(part, "__origin__", None) in (tuple, dict, list):
            return next((arg for arg in reversed(get_args(part)) if arg is not Ellipsis), None)
    return None
