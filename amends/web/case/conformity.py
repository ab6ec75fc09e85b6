"""Clause by clause in the policy's words: what applied to a case, whether it was kept, and which event or clock shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.conformity import conformity_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import proceedings_beneath
from amends.core.policy.pack import Pack
from amends.doors.wording import happened, language, traditional, words
from amends.web.case.seeing import CaseView

VERDICTS = ("broken", "running", "kept")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Proof:
    """An event or a clock that shows something, with the address where it is told; `of` names the proceeding it belongs to."""

    what: str
    at: datetime | None
    address: str = ""
    status: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class ClauseShown:
    """One clause that applied, with its verdict and what shows it."""

    id: str
    wording: str
    verdict: str
    proofs: Sequence[Proof]


@dataclass(frozen=True, slots=True)
class ConformityShown:
    """All clauses that applied, the broken ones first, and how many there are of each verdict."""

    clauses: Sequence[ClauseShown]
    counts: Mapping[str, int]
    is_judged: bool


def conformity_shown(seen: CaseView) -> ConformityShown:
    """What the API answers at `/conformity`, in words."""
    proceedings = proceedings_beneath(seen.viewer, seen.case)
    found = conformity_of(seen.case, seen.pack, seen.viewer.now, proceedings=proceedings)
    proofs = _Proofs(seen, proceedings)
    clauses = [_clause(line, seen.pack, proofs) for line in found["clauses"]]
    counts = Counter(clause.verdict for clause in clauses)
    ordered = sorted(clauses, key=lambda clause: VERDICTS.index(clause.verdict))
    return ConformityShown(ordered, {v: counts[v] for v in VERDICTS}, is_judged=found["note"] is None)


def _clause(line: Mapping[str, Any], pack: Pack, proofs: _Proofs) -> ClauseShown:
    shown = [proofs.shown(proof) for proof in line["shown_by"]]
    return ClauseShown(line["id"], _wording(line, pack), line["verdict"], shown)


def _wording(line: Mapping[str, Any], pack: Pack) -> str:
    """A policy titles its clauses in Chinese and tells them in English; a clause of an earlier version has its title."""
    if language() == "en":
        return next((clause.text for clause in pack.clauses if clause.id == line["id"]), line["title"])
    return traditional(line["title"]) if language() == "zh-hant" else str(line["title"])


class _Proofs:
    """Events and clocks in words, those of the case and those of its proceedings, each with an address."""

    def __init__(self, seen: CaseView, proceedings: Iterable[Proceeding]) -> None:
        self._story = f"{reverse('case', args=[seen.case.number])}?show=all#e"
        rules = [
            *(reading.rule for reading in seen.readings),
            *(r for kind in seen.pack.proceedings.values() for r in kind.clocks),
        ]
        self._clocks = {rule.id: words(rule.title) for rule in rules}
        self._proceedings = {p.number: reverse("proceeding", args=[p.pk]) for p in proceedings}

    def shown(self, proof: Mapping[str, Any]) -> Proof:
        of = proof.get("proceeding", "")
        if "event" in proof:
            address = self._proceedings.get(of, "") if of else f"{self._story}{proof['event']}"
            return Proof(happened(proof["verb"]), _moment(proof["at"]), address, of=of)
        due = _moment(proof["due_at"]) if proof["due_at"] else None
        what = self._clocks.get(proof["clock"], gettext("时限"))
        return Proof(what, due, self._proceedings.get(of, ""), status=_status_words(proof["status"]), of=of)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _status_words(status: str) -> str:
    return {
        "running": gettext("计时中"), "paused": gettext("暂停中"), "kept": gettext("按时"), "broken": gettext("超时"),
        "stopped_no_limit": gettext("只计时"),
    }[status]  # fmt: skip
