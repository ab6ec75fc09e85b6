"""The documents of a policy: for which period, by when, under whose name, and what their chapters hold."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.documents import Document
from amends.core.policy.pack import Pack
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

PART = "reports"


def reports(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every document, and every chapter that a clause asks for."""
    for name, document in pack.reports.documents.items():
        title = words(pack.proceedings[document.proceeding].title)
        yield Saying(PART, name, title, tuple(_of_document(document)), document.clause)
        for part in document.parts:
            clauses = tuple(dict.fromkeys([*part.clause, *(c for block in part.blocks for c in block.clause)]))
            said = gettext("“%(title)s”的一章。") % {"title": title}
            yield Saying(PART, f"{name}.{part.id}", words(part.title), (said,), clauses)


def _of_document(document: Document) -> Iterator[str]:
    yield {
        "month": gettext("每月结束后的第一天自动起草，数字取自个案并留存。"), "quarter": gettext("每季度结束后的第一天自动起草，数字取自个案并留存。"),
        "free": gettext("按需起草，数字取自个案并留存。"),
    }[document.period]  # fmt: skip
    if document.due:
        day = {"months": document.due.months, "day": document.due.day}
        yield (
            gettext("期间结束后第 %(months)s 个月的 %(day)s 日前发布，当日仍算按时。") % day
            if document.due.counts_day
            else gettext("期间结束后第 %(months)s 个月的 %(day)s 日前发布，当日不再算按时。") % day
        )
    yield gettext("各章：%(parts)s。") % {"parts": listed(words(part.title) for part in document.parts)}
