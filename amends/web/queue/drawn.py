"""Lines of the queue as HTML. A line that says the same as before is not drawn again: its words are its key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from django.template.loader import get_template

from amends.doors.wording import language
from amends.web.queue.lines import Line

MOST_KEPT = 4096
"""Rows of some eighty pages, about three kilobytes each."""
_kept: dict[Hashable, str] = {}


def drawn(lines: Iterable[Line], columns: Mapping[str, str], *, ticked: bool) -> list[str]:
    """Each line as a row of the table; `ticked` with a box to choose it by."""
    look = (language(), tuple(columns), ticked)
    found, template = [], get_template("queue/_row.html")
    for line in lines:
        key = (look, *line.values())
        html = _kept.get(key)
        if html is None:
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            html = _kept[key] = template.render({"row": line, "columns": columns, "verbs": ticked})
        found.append(html)
    return found
