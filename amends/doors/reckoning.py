"""How an amount comes about, line by line, in the reader's words: for forms, pages and paper."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext

from amends.core.compensation import Sheet, SheetLine, sheet_as_applied
from amends.core.facts import CaseFacts
from amends.core.form_data import RULE_OF
from amends.core.policy.pack import Pack
from amends.doors.wording import words


def lines_of_sheet(sheet: Sheet | None) -> list[str]:
    """The rule that was applied, every summand, and the limit on the whole where it was reached; nothing without a sheet."""
    if sheet is None:
        return []
    applied = gettext("%(standard)s（第 %(version)s 版）：%(rule)s") % {
        "standard": words(sheet.title), "version": sheet.version, "rule": words(sheet.rule.title),
    }  # fmt: skip
    lines = [applied, *(_line(line) for line in sheet.lines)]
    if sheet.limited:
        lines.append(gettext("合计以 %(amount)s 为限") % {"amount": _amount(sheet.amount)})
    return lines


def sheets_applied(pack: Pack, facts: CaseFacts) -> list[list[str]]:
    """The calculations behind the amounts that standards gave, by the versions that were applied at the time.

    Where a fact has changed since, so that the same version would give another amount, only the version is named.
    """
    return [lines for f in pack.fields.values() if (lines := lines_applied(f.id, pack, facts))]


def lines_applied(name: str, pack: Pack, facts: CaseFacts) -> list[str]:
    """The calculation behind one amount; nothing for one that no standard gave."""
    applied, amount = facts.values.get(name + RULE_OF), facts.values.get(name)
    sheet = sheet_as_applied(pack.compensation, applied, facts) if applied and amount else None
    if sheet is None or not amount:
        return []
    lines = lines_of_sheet(sheet)
    return lines if sheet.minor == amount["minor"] else lines[:1]


def _line(line: SheetLine) -> str:
    title = words(line.title)
    if line.basis is None:
        return f"{title} {_amount(line.amount)}"
    reckoned = f"{title} {_amount(line.basis)} × {line.percent}%"
    if line.limited:
        return gettext("%(reckoned)s，限额内 %(amount)s") % {"reckoned": reckoned, "amount": _amount(line.amount)}
    return f"{reckoned} = {_amount(line.amount)}"


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}"
