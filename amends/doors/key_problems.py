"""The list of key problems as a spreadsheet: what comes back, how often, why, and what is done about it. Source: REP-2.3.3"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import IO, Any

from django.utils.translation import gettext

from amends.apps.outlook.models import KeyProblem
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.doors.papers.formats import day_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.printed_book import printed_book

Named = Sequence[tuple[str, KeyProblem]]


def write_key_problems(
    file: IO[bytes], desk: Desk, pack: Pack, *, lead: str, waiting: Named, met: Named, on: date
) -> None:
    """The problems that wait for a measure, and those that have one; `lead` says when a problem is listed."""
    house, about = house_of(pack, desk), [gettext("截至 %(day)s") % {"day": day_in_print(on)}, version_of(pack)]
    signers = [gettext("编制"), gettext("审核"), gettext("批准")]
    heads = [
        gettext("问题"),
        gettext("件数"),
        gettext("首次"),
        gettext("最近"),
        gettext("原因分析"),
        gettext("改进措施"),
        gettext("记录人"),
    ]
    with printed_book(file, house=house, title=gettext("重点投诉清单"), about=about, signers=signers) as book:
        book.table(
            gettext("待定措施"),
            heads,
            [_cells(name, one) for name, one in waiting],
            notes=[lead] if lead else [],
            empty=gettext("没有待定措施的重点投诉。"),
        )
        book.table(gettext("已有措施"), heads, [_cells(name, one) for name, one in met], empty=gettext("无。"))


def _cells(name: str, one: KeyProblem) -> list[Any]:
    by = one.recorded_by.name if one.recorded_by else ""
    return [name, one.cases, day_in_print(one.first_on), day_in_print(one.last_on), one.analysis, one.measure, by]
