"""The maintenance record: what was done to keep the installation, read from its own chain. Commands write their own acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.ledger.actions import append_in_turn
from amends.apps.ledger.models import Detail, Event

INSTALLATION = "installation"
OPERATOR = "operator"
"""Who did what a command did: whoever has the machine's command line, who needs no account."""

ACTS = frozenset(
    {
        "backup_taken", "backup_failed", "restore_tested", "restored", "upgraded", "upgrade_failed", "checked",
        "window_announced", "window_withdrawn",
    }
)  # fmt: skip
FAILURES = frozenset({"backup_failed", "upgrade_failed"})


@dataclass(frozen=True, slots=True)
class Act:
    """One act of maintenance, with what it found; `texts` are sentences that lie beside it."""

    seq: int
    kind: str
    at: datetime
    actor: str
    facts: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether it ended as it should."""
        return self.kind not in FAILURES and self.facts.get("ok", True) is True


def record_act(
    kind: str, facts: Mapping[str, Any], *, now: datetime, by: str = OPERATOR, texts: Mapping[str, str] | None = None
) -> None:
    """Append an act to the chain of the installation. `kind` is one of ACTS. Source: EXP-10.3.1"""
    if kind not in ACTS:
        raise ValueError(f"{kind} is no act of maintenance")
    append_in_turn(
        chain_key=INSTALLATION, chain_kind=INSTALLATION, kind=kind, at=now, recorded_at=now, actor=by, payload=facts,
        details=texts,
    )  # fmt: skip


def acts(*, kinds: Iterable[str] = ACTS, before: int | None = None, most: int = 50) -> list[Act]:
    """The acts of these kinds, the newest first; those before a place in the chain, if it is given."""
    rows = Event.objects.filter(chain__key=INSTALLATION, kind__in=list(kinds))
    if before is not None:
        rows = rows.filter(seq__lt=before)
    events = list(rows.order_by("-seq")[:most])
    beside: dict[int, dict[str, str]] = {}
    details = Detail.objects.filter(chain__key=INSTALLATION, seq__in=[event.seq for event in events])
    for seq, name, text in details.values_list("seq", "field", "text"):
        beside.setdefault(seq, {})[name] = text
    return [Act(e.seq, e.kind, e.at, e.actor, e.data, beside.get(e.seq, {})) for e in events]


def last_act(kind: str) -> Act | None:
    """The latest act of a kind; None when there was none yet."""
    return next(iter(acts(kinds=[kind], most=1)), None)
