"""The cases behind a figure of a document: those that were counted, not those that would be counted now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from amends.apps.cases.queries import Viewer, visible_to
from amends.core.documents import at_length
from amends.core.refusals import NotVisible
from amends.doors.documents.written import Written


def cases_of_figure(made: Written, figure: str) -> list[str]:
    """The ids of the cases behind a figure as they were when it was drawn. Raises NotVisible for a figure that the document has not."""
    place, *steps = figure.split("/")
    block = made.version.kept["blocks"].get(place)
    short = _behind(block, steps) if isinstance(block, Mapping) else None
    if short is None:
        raise NotVisible
    cases: Sequence[str] = made.version.kept["cases"]
    return [cases[place] for place in at_length(short)]


def _behind(block: Mapping[str, Any], steps: Sequence[str]) -> str | None:
    """The cases in short: of a line and part of it, or of a group and its column."""
    if len(steps) != 2 or not steps[0].isdecimal():
        return None
    row, rest = int(steps[0]), steps[1]
    if "groups" in block:
        groups = block["groups"]
        cell = (
            groups[row]["cells"][int(rest)]
            if row < len(groups) and rest.isdecimal() and int(rest) < len(block["ids"])
            else None
        )
        return cell["all"] if cell else None
    lines = block.get("lines", ())
    return lines[row].get(rest) if row < len(lines) and rest in ("all", "counted", "open") else None


def cases_shown(viewer: Viewer, keys: Iterable[str]) -> Any:
    """Those of the cases that the viewer may see now, the latest first."""
    return visible_to(viewer).filter(pk__in=list(keys)).order_by("-received_at", "pk")
