"""Cases one by one, with what the policy shows of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from amends.apps.reporting.documents.taking import MOST_ROWS, Taking
from amends.apps.reporting.figures import cases_behind
from amends.apps.reporting.models import CaseFact
from amends.core.policy.documents import Block


def list_of_cases(taking: Taking, block: Block) -> dict[str, Any]:
    behind = cases_behind(taking.reader, taking.question(block.of), part="counted").select_related("case")
    rows = list(behind.order_by("received_at", "case_id")[: MOST_ROWS + 1])
    units = taking.names("department", {row.department_id for row in rows})
    people = taking.names("handler", {row.handler_id for row in rows})
    lines = [
        {"number": row.case.number, "all": taking.noted([row.case_id]), **_columns(row, block.cases, units, people)}
        for row in rows[:MOST_ROWS]
    ]
    return {"columns": list(block.cases), "lines": lines, "total": behind.count()}


def _columns(
    row: CaseFact, names: Iterable[str], units: Mapping[Any, str], people: Mapping[Any, str]
) -> dict[str, Any]:
    known = {
        "received": row.received_on.isoformat(), "category": row.category, "channel": row.channel, "kind": row.kind, "level": row.level,
        "department": units.get(row.department_id, ""), "handler": people.get(row.handler_id, ""), "state": row.state, "outcome": row.outcome,
        "closed": row.closed_on.isoformat() if row.closed_on else "", "in_time": row.in_time, "score": row.score,
    }  # fmt: skip
    return {name: known[name] for name in names}
