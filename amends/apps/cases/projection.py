"""The case row as it follows from the facts. Pure derivation, so that the row can be rebuilt and compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from amends.apps.cases.facts import facts_text
from amends.apps.cases.models import Case
from amends.core.conversation import QUESTIONS, SPOKE_AT, TELLING_VERBS, TOLD_AT
from amends.core.decision import main_category
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.queue_order import band_of
from amends.core.roles import restrictions_on
from amends.core.verbs import SPOKEN_BY_CUSTOMER, TAKE_OVER, VERBS

DERIVED = (
    "version", "facts", "kind", "counts", "internal", "channel", "channel_group", "state", "state_category", "waits_for",
    "outcome", "cycle", "round", "level", "category", "priority", "urgent", "taken_over", "department_id", "team_id",
    "handler_id", "accused_person_id", "accused_department_id", "partner_id", "restricted_to", "hides_from_accused",
    "hides_reporter", "closed_at", "archived_at", "archived_on", "last_told_at", "department_told_at",
    "customer_said_at", "customer_spoke_at", "questions_open",
)  # fmt: skip
"""The columns that a rebuild must reproduce; docs/architecture.md lists them."""

PASSING_ON_VERBS = frozenset({"dispatch", "arbitrate", "reassign", "refuse", "urge", "ask"})


def project(case: Case, facts: CaseFacts, pack: Pack) -> None:
    """Set the derived columns of the row from the facts; does not save."""
    state = pack.lifecycle.states[facts.state or ""]
    restrictions = restrictions_on(pack, facts)
    only = sorted({role for r in restrictions for role in r.only})
    case.version = facts.version
    case.facts = facts_text(facts)
    case.kind = facts.value("kind")
    case.counts = bool(facts.value("counts"))
    case.internal = bool(facts.value("internal"))
    case.channel = facts.value("channel")
    case.channel_group = facts.value("channel_group") or ""
    case.state = facts.state or ""
    case.state_category = state.category
    case.waits_for = state.waits_for or ""
    case.outcome = facts.value("outcome") or ""
    case.cycle, case.round = facts.cycle, facts.round
    case.level = (facts.value(pack.grading.level) if pack.grading.level else None) or ""
    case.category = main_category(pack, facts)
    case.priority = facts.value("priority") or 999_999
    case.urgent = facts.value("urgent") is True
    case.taken_over = facts.taken_over
    case.department_id, case.team_id, case.handler_id = facts.department, facts.team, facts.handler
    case.accused_person_id = facts.value("accused_person")
    case.accused_department_id = facts.value("accused_department")
    case.partner_id = facts.value("partner")
    case.restricted_to = f",{','.join(only)}," if only else ""
    case.hides_from_accused = any(r.hides_from_accused for r in restrictions)
    case.hides_reporter = any(r.hides_reporter for r in restrictions)
    case.closed_at = _closed_at_source(facts) if _is_as_taken_over(facts) else _reached(facts, pack, set(RESTING))
    case.archived_at = _reached(facts, pack, {"archived"})
    case.archived_on = case.archived_at.astimezone(ZoneInfo(pack.head.zone)).date() if case.archived_at else None
    case.last_told_at = _moment(facts, TOLD_AT, TELLING_VERBS)
    case.customer_spoke_at = _moment(facts, SPOKE_AT, SPOKEN_BY_CUSTOMER)
    case.questions_open = len(facts.open_items(QUESTIONS))
    case.department_told_at = max((d.at for v, d in facts.done.items() if v in PASSING_ON_VERBS), default=None)
    case.customer_said_at = _said_by_customer(facts)
    place_in_queue(case, pack)


def place_in_queue(case: Case, pack: Pack) -> None:
    """Set the band of the case from its state, its marks and whether it is late."""
    graded = pack.grading.level is None or bool(case.level)
    case.band = band_of(pack.lifecycle, state=case.state, urgent=case.urgent, late=case.is_late, graded=graded)


def _moment(facts: CaseFacts, name: str, verbs: Iterable[str]) -> datetime | None:
    """The moment that a fact holds; of events from before it was kept, when the latest of the verbs was done."""
    stated = facts.value(name)
    if isinstance(stated, str):
        return datetime.fromisoformat(stated)
    return max((doing.at for verb, doing in facts.done.items() if verb in verbs), default=None)


def _said_by_customer(facts: CaseFacts) -> datetime | None:
    """When the complainant spoke last, while nobody of the house has done anything since; registering is no answer."""
    later = sorted((d for v, d in facts.done.items() if v not in ("register", TAKE_OVER)), key=lambda d: d.seq)
    spoken = None
    for doing in later:
        if doing.actor.startswith("complainant:"):
            spoken = doing.at
        elif doing.actor.startswith("person:"):
            spoken = None
    return spoken


def _is_as_taken_over(facts: CaseFacts) -> bool:
    """Whether nothing moved the case since it came from another system."""
    doing = facts.done.get(TAKE_OVER)
    return doing is not None and not any(
        VERBS[verb].is_move for verb, later in facts.done.items() if later.seq > doing.seq
    )


def _closed_at_source(facts: CaseFacts) -> datetime | None:
    """When the other system closed the case; None when it did not say."""
    stated = facts.value("source_closed_at")
    return datetime.fromisoformat(stated) if stated else None


def _reached(facts: CaseFacts, pack: Pack, categories: set[str]) -> datetime | None:
    """When the case came to rest in one of the categories: the time of the latest verb that led there, None while it is not there."""
    state = pack.lifecycle.states[facts.state or ""]
    if state.category not in categories:
        return None
    leading = pack.lifecycle.verbs_into(categories)
    times = [(doing.seq, doing.at) for verb, doing in facts.done.items() if verb in leading]
    return max(times)[1] if times else None
