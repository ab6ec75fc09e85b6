"""The compensation ledger in words: lines and sums as the page shows them and the spreadsheet holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter
from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Payout
from amends.apps.cases.proceedings.payouts import Total, days_late
from amends.apps.ledger.queries import latest_texts
from amends.core.ends import last_day
from amends.core.form_data import options_of
from amends.core.policy.pack import Pack
from amends.doors.cells import OPTIONS
from amends.doors.listed_sheet import ListFormats, write_list
from amends.doors.papers.formats import day_in_print
from amends.doors.wording import day_words, words


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payout as the ledger shows it. Amounts are in minor units with their currency; `days_late` counts while it is unpaid."""

    row: Payout
    kind: str
    state: str
    form: str
    loss: str
    reason: str
    due_on: str
    days_late: int
    zone: ZoneInfo

    @property
    def amount(self) -> dict[str, Any]:
        return {"minor": self.row.amount_minor, "currency": self.row.currency}

    @property
    def standard(self) -> dict[str, Any] | None:
        return self._in_currency(self.row.standard_minor)

    @property
    def difference(self) -> dict[str, Any] | None:
        standard = self.row.standard_minor
        return None if standard is None else self._in_currency(self.row.amount_minor - standard)

    def _in_currency(self, minor: int | None) -> dict[str, Any] | None:
        return None if minor is None else {"minor": minor, "currency": self.row.currency}


def lines_of_payouts(rows: Sequence[Payout], *, now: datetime) -> list[PayoutLine]:
    """The lines in the words of the policies they were granted under; one query for the reasons of all of them."""
    packs = {row.pk: pack_of(row.proceeding) for row in rows}
    fields = {pays.reason for row in rows if (pays := _pays(packs[row.pk], row)) and pays.reason and row.departs}
    reasons = latest_texts([row.proceeding.chain_id for row in rows if row.departs], fields) if fields else {}
    return [_line(row, packs[row.pk], reasons, now) for row in rows]


def _pays(pack: Pack, row: Payout) -> Any:
    return pack.proceedings[row.proceeding.kind].pays


def _line(row: Payout, pack: Pack, reasons: Mapping[tuple[int, str], str], now: datetime) -> PayoutLine:
    kind, pays, zone = pack.proceedings[row.proceeding.kind], _pays(pack, row), ZoneInfo(pack.head.zone)
    state = kind.states.get(row.proceeding.state)
    is_owed = row.stands and row.paid_at is None
    return PayoutLine(
        row=row,
        kind=words(kind.title),
        state=words(state.title) if state else row.proceeding.state,
        form=choice_words(pack, pays.form, row.form),
        loss=choice_words(pack, pays.loss, row.loss),
        reason=reasons.get((row.proceeding.chain_id, pays.reason or ""), ""),
        due_on=_day(row.due_at, now, zone),  # type: ignore[attr-defined]
        days_late=days_late(row.due_at, now, zone) if is_owed else 0,  # type: ignore[attr-defined]
        zone=zone,
    )


def _day(due_at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """The last day on which it is in time, in words."""
    day = last_day(due_at, zone) if due_at else None
    return day_words(day, year=day.year != now.astimezone(zone).year) if day else ""


def choice_words(pack: Pack, field: str | None, value: str) -> str:
    """A choice of the pack in words; itself where the pack does not know it any more."""
    found = pack.fields.get(field or "")
    return words(options_of(found, pack).get(value, value)) if found and value else value


def forms_in(packs: Iterable[Pack]) -> dict[str, str]:
    """Every form in which the policies pay, with its words, each once."""
    found: dict[str, str] = {}
    for pack in packs:
        for kind in pack.proceedings.values():
            field = pack.fields.get(kind.pays.form) if kind.pays and kind.pays.form else None
            for value, title in options_of(field, pack).items() if field else ():
                found.setdefault(value, words(title))
    return found


@dataclass(frozen=True, slots=True)
class Sum:
    """The sums of one currency: by form, and over all of them."""

    currency: str
    lines: list[tuple[str, Total]]

    @property
    def total(self) -> Total:
        totals = [total for _, total in self.lines]
        return Total(
            self.currency, "", sum(t.count for t in totals), sum(t.granted for t in totals), sum(t.paid for t in totals)
        )


def sums_of(totals: Iterable[Total], forms: Mapping[str, str]) -> list[Sum]:
    """The totals by currency, their forms in words."""
    by_currency: dict[str, list[tuple[str, Total]]] = {}
    for total in totals:
        by_currency.setdefault(total.currency, []).append(
            (forms.get(total.form, total.form) or gettext("未分方式"), total)
        )
    return [Sum(currency, lines) for currency, lines in by_currency.items()]


def write_payouts(file: IO[bytes], lines: Iterable[PayoutLine], today: date) -> int:
    """Write the lines as a spreadsheet, amounts as numbers with their currency beside them; return how many."""
    heads = [
        gettext("编号"), gettext("个案"), gettext("受理台"), gettext("种类"), gettext("损失种类"), gettext("方式"), gettext("币种"),
        gettext("标准金额"), gettext("补偿金额"), gettext("与标准的差额"), gettext("偏离理由"), gettext("状态"), gettext("申请人"),
        gettext("申请时间"), gettext("应付时间"), gettext("付款时间"), gettext("逾期天数"),
    ]  # fmt: skip
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        rows = (list(_cells(line)) for line in lines)
        title = f"{gettext('补偿台账')}　{day_in_print(today)}"
        return write_list(book, gettext("补偿台账"), heads, rows, title=title, formats=ListFormats(book))


def _cells(line: PayoutLine) -> Iterator[Any]:
    row, proceeding = line.row, line.row.proceeding
    yield from (proceeding.number, proceeding.case.number if proceeding.case else "", words(row.desk.called), line.kind)
    yield from (
        line.loss,
        line.form,
        row.currency,
        line.standard,
        line.amount,
        line.difference,
        line.reason,
        line.state,
    )
    yield proceeding.begun_by.name if proceeding.begun_by else ""
    for moment in (row.begun_at, row.due_at, row.paid_at):  # type: ignore[attr-defined]
        yield moment.astimezone(line.zone).replace(tzinfo=None) if moment else ""
    yield line.days_late or ""
