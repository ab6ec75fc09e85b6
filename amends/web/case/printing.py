"""The printed record forms of a case as PDF. What people wrote goes in as data, never as markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pylopdf_fonts_zh_cn
import typst
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext

from amends.apps.cases.timeline import ShownValue, timeline
from amends.apps.people.actions import log_access
from amends.core.form_data import options_of
from amends.core.policy.base import Title
from amends.core.policy.forms import Field, Form, Printed, PrintRow
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import language, words
from amends.web.case.views import CaseView, case_view
from amends.web.templatetags.amends_words import exactly, moment_of, money

TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "print" / "record.typ"
LARGEST_ROW = 2
"""Cells side by side on paper; a row of the pack with more of them goes over several lines."""


@route(audience="staff", permission="print", kind="case", methods=["GET", "POST"])
def printed(request: HttpRequest, number: str, form_id: str) -> HttpResponse:
    """A record form as PDF, personal data masked; posted with a reason by somebody who may reveal, in full. Noted."""
    seen = case_view(request, number)
    if not seen.may("print"):
        raise NotPermitted(verb="打印")
    form = seen.pack.forms.get(form_id)
    if form is None or form.printed is None:
        raise Http404
    reason = _reason(request, seen)
    log_access(
        actor=seen.viewer.person.actor_id, action="print", object=f"case:{seen.case.pk}", field=form.id[:63],
        reason=reason, now=seen.viewer.now,
    )  # fmt: skip
    pdf = pdf_of(paper_of(seen, form, in_full=bool(reason)))
    response = HttpResponse(pdf, content_type="application/octet-stream")
    return as_attachment(response, f"{seen.case.number}-{words(form.printed.title)}.pdf")


def _reason(request: HttpRequest, seen: CaseView) -> str:
    """Why the form is printed in full; empty when it is printed masked."""
    if request.method != "POST":
        return ""
    if not seen.may("reveal"):
        raise NotPermitted(verb="查看完整信息")
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise InvalidData([FieldError("/reason", "required", {"field": "查看理由"})])
    return reason[:300]


def pdf_of(paper: Mapping[str, Any]) -> bytes:
    """The paper as PDF/A; nothing is read from the network or from other files."""
    made = typst.compile(
        str(TEMPLATE), font_paths=_fonts(), ignore_system_fonts=True, pdf_standards=["a-2b"],
        sys_inputs={"data": json.dumps(paper, ensure_ascii=False)},
    )  # fmt: skip
    return bytes(made)


@lru_cache(maxsize=1)
def _fonts() -> list[str]:
    return [str(Path(pylopdf_fonts_zh_cn.__file__).parent)]


def paper_of(seen: CaseView, form: Form, *, in_full: bool) -> dict[str, Any]:
    """What stands on the paper: the layout of the form with the latest value of every field of the case."""
    layout = form.printed
    if layout is None:
        raise Http404
    revealed = frozenset(f.id for f in seen.pack.fields.values() if f.personal) if in_full else frozenset()
    entries = timeline(seen.case, seen.pack, roles=seen.actor.roles, revealed=revealed)
    values = {value.id: value for entry in entries for value in entry.values}
    label = seen.pack.head.policy_label or seen.pack.head.title
    return {
        "lang": "en" if language() == "en" else "zh",
        "title": words(layout.title),
        "subtitle": words(label),
        "number": seen.case.number,
        "number_label": gettext("编号："),
        "footer": gettext("打印：%(name)s %(at)s")
        % {"name": seen.viewer.person.name, "at": exactly(seen.viewer.now, seen.zone)},
        "rows": [line for row in layout.rows for line in _lines(row, values, seen, layout)],
    }


def _lines(row: PrintRow, values: Mapping[str, ShownValue], seen: CaseView, layout: Printed) -> list[dict[str, Any]]:
    if row.heading is not None:
        return [{"kind": "heading", "text": words(row.heading)}]
    if row.signature:
        return [{"kind": "signature", "titles": [words(title) + gettext("：") for title in row.signature]}]
    cells = [_cell(name, values, seen) for name in row.cells]
    groups = [cells[n : n + LARGEST_ROW] for n in range(0, len(cells), LARGEST_ROW)]
    return [{"kind": "cells", "cells": group} for group in groups]


def _cell(name: str, values: Mapping[str, ShownValue], seen: CaseView) -> dict[str, str]:
    definition = seen.pack.fields.get(name)
    axis = seen.pack.grading.axis(name)
    title: Title | str = definition.title if definition else axis.title if axis else name
    if name in values:
        return {"title": words(title), "value": in_print(values[name], seen.zone)}
    return {"title": words(title), "value": _known_otherwise(name, definition, seen)}


def _known_otherwise(name: str, definition: Field | None, seen: CaseView) -> str:
    """What a rule of the pack set without anybody filling it in: an axis that was graded, a category that followed."""
    fact = seen.facts.value(name)
    axis = seen.pack.grading.axis(name)
    if axis is not None and isinstance(fact, str):
        return words(axis.title_of(fact))
    if definition is None or fact is None or definition.type not in ("category", "choice", "choices"):
        return ""
    options = options_of(definition, seen.pack)
    return words([options[value] for value in (fact if isinstance(fact, list) else [fact]) if value in options])


def in_print(value: ShownValue, zone: ZoneInfo) -> str:
    """A value as text on paper; rows one a line."""
    if value.is_erased:
        return gettext("已按个人信息要求删除")
    if value.kind == "rows":
        lines = [
            "　".join(
                f"{words(c.title)}{gettext('：')}{in_print(c, zone)}" if len(row) > 1 else in_print(c, zone)
                for c in row
            )
            for row in value.value
        ]
        return "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))
    if value.kind == "money" or (value.kind == "computed" and isinstance(value.value, Mapping)):
        return money(value.value)
    if value.kind == "datetime":
        return moment_of(value.value, zone)
    if value.kind == "files":
        return ngettext("%(n)s 个文件", "%(n)s 个文件", value.value) % {"n": value.value}
    return words(value.value)
