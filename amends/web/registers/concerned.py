"""What a record of a register has to do with, on its page: how many, which, and what the policy proposes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import RegisterLine
from amends.apps.cases.proceedings.concerning import concerned_of, is_proposed
from amends.apps.cases.proceedings.registers import Kept, lines_for, registers_of
from amends.apps.cases.queries import visible_to
from amends.core.policy.forms import Field
from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import Concerns
from amends.doors.registers import Record, concerned_title, readable_columns, records_of
from amends.doors.wording import button_of, words
from amends.web.proceedings.seeing import ProceedingView

SHOWN = 50
"""So many are listed, the newest; the count speaks of all."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """`count` is of all that concerns the record; `cases` or `records` are the newest of those that the reader sees."""

    title: str
    count: int
    cases: Sequence[Case]
    columns: Sequence[Field]
    records: Sequence[Record]
    proposes: str
    verb: str
    button: str


def concerned_shown(seen: ProceedingView) -> Concerned | None:
    """What the page of a record shows of it; None for what is no record, or has nothing to say yet."""
    rule, register = seen.kind.concerns, seen.kind.register_
    line = RegisterLine.objects.select_related("desk").filter(pk=seen.proceeding.pk).first() if rule else None
    if rule is None or register is None or line is None or not line.concern:
        return None
    found = concerned_of(line, rule, seen.viewer.now)
    count = found.count()
    kept = Kept(seen.proceeding.desk, seen.pack, seen.proceeding.kind, seen.kind, register)
    cases: list[Case] = []
    columns: list[Field] = []
    records: list[Record] = []
    if rule.of:
        columns, records = _records(seen, rule, [row.line_id for row in found])
    else:
        visible = visible_to(seen.viewer, on=line.desk_id).filter(pk__in=found.values("case"))
        cases = list(visible.order_by("-received_at", "number").defer("facts")[:SHOWN])
    proposed = seen.proceeding.is_open and is_proposed(rule, count, seen.facts.values, seen.pack)
    return Concerned(
        concerned_title(kept), count, cases, columns, records, words(rule.say) if proposed else "",
        *(_answer(seen, rule) if proposed else ("", "")),
    )  # fmt: skip


def _records(seen: ProceedingView, rule: Concerns, keys: Sequence[UUID]) -> tuple[list[Field], list[Record]]:
    """The records that name this one, as their own register shows them to the reader; nothing where they may not open it."""
    kept = next((r for r in registers_of(seen.viewer) if r.desk == seen.proceeding.desk and r.name == rule.of), None)
    if kept is None:
        return [], []
    lines = lines_for(seen.viewer, kept, {}).filter(pk__in=keys)
    related = ("desk", "proceeding__desk", "proceeding__case", "proceeding__chain")
    rows = list(lines.select_related(*related).order_by("-day", "-pk")[:SHOWN])
    return readable_columns(kept, seen.viewer), records_of(kept, seen.viewer, rows)


def _answer(seen: ProceedingView, rule: Concerns) -> tuple[str, str]:
    """The verb that answers what is proposed, and its words, where the reader may do it now."""
    action = next((one for one in seen.actions if one.verb == rule.verb), None)
    return (action.verb, _said(seen.kind, action.verb)) if action else ("", "")


def _said(kind: ProceedingKind, verb: str) -> str:
    title = next((t.title for t in kind.transitions if t.verb == verb and t.title), None)
    return words(title) if title else button_of(verb)
