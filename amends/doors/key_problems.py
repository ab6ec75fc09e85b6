"""The list of key problems as a spreadsheet and as a paper: what comes back, how often, why, and what is done about it. Source: REP-2.3.3"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.outlook.models import KeyProblem
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.doors.papers.formats import day_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.papers.report import Report
from amends.doors.papers.tables import About, Part, report_of_tables, table_of
from amends.doors.printed_book import printed_book

Named = Sequence[tuple[str, KeyProblem]]


@dataclass(frozen=True, slots=True)
class Listed:
    """The problems of a desk that wait for a measure, and those that have one; `lead` says when a problem is listed."""

    desk: Desk
    pack: Pack
    lead: str
    waiting: Named
    met: Named
    at: datetime

    @property
    def day(self) -> str:
        return day_in_print(self.at.astimezone(ZoneInfo(self.pack.head.zone)).date())

    @property
    def parts(self) -> Sequence[tuple[str, Named, str, Sequence[str]]]:
        """Both lists: title, problems, what is said where there are none, and what stands below."""
        waiting = (
            gettext("待定措施"),
            self.waiting,
            gettext("没有待定措施的重点投诉。"),
            [self.lead] if self.lead else [],
        )
        return (waiting, (gettext("已有措施"), self.met, gettext("无。"), []))


def write_key_problems(file: IO[bytes], listed: Listed) -> None:
    about = [gettext("截至 %(day)s") % {"day": listed.day}, version_of(listed.pack)]
    house = house_of(listed.pack, listed.desk)
    with printed_book(file, house=house, title=gettext("重点投诉清单"), about=about, signers=_signers()) as book:
        for title, problems, empty, notes in listed.parts:
            rows = [_cells(name, one) for name, one in problems]
            book.table(title, [head for head, _ in _heads()], rows, notes=notes, empty=empty)


def paper_of_key_problems(listed: Listed, *, made_by: str) -> Report:
    """The list as a paper to be signed."""
    facts = [(title, gettext("%(n)s 个") % {"n": len(problems)}) for title, problems, _, _ in listed.parts]
    about = About(
        title=gettext("重点投诉清单"), facts=facts, number=(gettext("截至："), listed.day), page=f"/outlook/key/?desk={listed.desk.code}",
        signers=_signers(), made_by=made_by, at=listed.at,
    )  # fmt: skip
    parts = [
        Part(
            title,
            table_of(_heads(), [_cells(name, one) for name, one in problems]),
            notes if problems else [empty, *notes],
        )
        for title, problems, empty, notes in listed.parts
    ]
    return report_of_tables(about, parts, desk=listed.desk, pack=listed.pack)


def _signers() -> list[str]:
    return [gettext("编制"), gettext("审核"), gettext("批准")]


def _heads() -> list[tuple[str, bool]]:
    return [
        (gettext("问题"), False), (gettext("件数"), True), (gettext("首次"), False), (gettext("最近"), False),
        (gettext("原因分析"), False), (gettext("改进措施"), False), (gettext("记录人"), False),
    ]  # fmt: skip


def _cells(name: str, one: KeyProblem) -> list[Any]:
    by = one.recorded_by.name if one.recorded_by else ""
    return [name, one.cases, day_in_print(one.first_on), day_in_print(one.last_on), one.analysis, one.measure, by]
