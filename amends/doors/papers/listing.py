"""A register on paper: its lines over a span of days as one table under the company's title and code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, ngettext

from amends.apps.cases.proceedings.registers import Kept
from amends.apps.cases.queries import Viewer
from amends.core.policy.proceedings import ListPaper
from amends.doors.figures import day_of
from amends.doors.papers.contents import period_in_print, value_in_column
from amends.doors.papers.formats import day_in_print, day_to_fill_in, moment_in_print, page_words
from amends.doors.papers.making import basis_of, house_of
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet, Signer, full_width, shared
from amends.doors.registers import Record, readable_columns
from amends.doors.wording import language, words

NUMBER, DAY = 1, 3
"""Columns of the grid for the running number and the day."""
WEIGHTS = {
    "long_text": 6,
    "text": 4,
    "money": 3,
    "date": 3,
    "datetime": 4,
    "person": 3,
    "choice": 3,
    "number": 2,
    "computed": 2,
}
LEAST = {"money": 3, "date": 3, "datetime": 3}
"""Columns in which a value of a type still stands in one line."""
MOST = 500
"""So many lines go on one paper; what is more is said below the table."""


def list_sheet(
    kept: Kept, paper: ListPaper, viewer: Viewer, records: Sequence[Record], *, since: str, until: str, is_cut: bool
) -> Sheet:
    """The records as a paper, as masked as on the page. `since` and `until` are days; where the span is
    open the first and the last day of the records stand there. `is_cut` says
    that there were more than stand on it. Source: SVC-3.2b, SVC-3.3a, SVC-3.3b, SVC-3.3c
    """
    days = sorted(record.line.day for record in records)
    first, last = day_of(since) or next(iter(days), None), day_of(until) or next(reversed(days), None)
    span = gettext("期间：%(since)s至%(until)s") % {
        "since": day_in_print(first) if first else "……", "until": day_in_print(last) if last else "……",
    }  # fmt: skip
    count = ngettext("共 %(n)s 条", "共 %(n)s 条", len(records)) % {"n": len(records)}
    lines = [full_width("text", f"{span}　　{count}")]
    lines += [full_width("text", words(paper.lead))] if paper.lead else []
    lines += _table(kept, viewer, records)
    if paper.signature:
        signers = tuple(Signer(words(title), "", day_to_fill_in()) for title in paper.signature)
        lines.append(Line((Cell("signatures", COLUMNS, signers=signers),)))
    cut = gettext("超过 %(n)s 条，只列出日期最近的；请缩短期间后分别打印。") % {"n": MOST}
    return Sheet(
        language=language(), house=house_of(kept.pack, kept.desk), title=words(paper.title), code=paper.code or "", number="",
        number_words=gettext("编号："), basis=basis_of(kept.pack), link="", link_words="", foot=_foot(kept, viewer, viewer.now),
        page_words=page_words(), lines=tuple(lines), notes=(cut,) if is_cut else (), is_wide=True,
    )  # fmt: skip


def _table(kept: Kept, viewer: Viewer, records: Sequence[Record]) -> list[Line]:
    fields = readable_columns(kept, viewer)
    # The day stands in a column of its own unless a field of the list is that day.
    has_day = kept.register.day in {f.id for f in fields}
    fixed = [NUMBER] if has_day else [NUMBER, DAY]
    spans = [
        *fixed,
        *shared(COLUMNS - sum(fixed), [WEIGHTS.get(f.type, 3) for f in fields], [LEAST.get(f.type, 2) for f in fields]),
    ]
    heads = [gettext("序号"), *([] if has_day else [gettext("日期")]), *(words(f.title) for f in fields)]
    cells = tuple(Cell("column", span, head) for span, head in zip(spans, heads, strict=True))
    found = [Line(cells, is_head=True, is_repeated=True)]
    for n, record in enumerate(records, start=1):
        said = [
            period_in_print(cell, kept.pack) or value_in_column(cell, kept.zone) if cell else ""
            for cell in record.cells
        ]
        texts = [str(n), *([] if has_day else [day_in_print(record.line.day)]), *said]
        shown = [Cell("value", span, text) for span, text in zip(spans, texts, strict=True)]
        found.append(Line((Cell("column", spans[0], texts[0]), *shown[1:])))
    return found if records else [*found, full_width("value", gettext("（无）"))]


def _foot(kept: Kept, viewer: Viewer, now: datetime) -> str:
    return gettext("打印：%(name)s　%(at)s") % {"name": viewer.person.name, "at": moment_in_print(now, kept.zone)}
