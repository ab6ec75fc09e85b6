"""What is kept of guidance, scores and solutions after every verb, and read from there by pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.care_models import GuidanceUse, ProposedSolution, ScoredValue
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.policies.models import Desk
from amends.core.decision import main_category
from amends.core.facts import CaseFacts, Event
from amends.core.guidance import USED
from amends.core.policy.pack import Pack


@projector
def count_guidance_used(done: Performed) -> None:
    """Phrases, ticks and requests for relief, each under whoever used them. Source: EXP-5.2.1, EXP-5.2.2, MKT-3.3"""
    used = done.event.payload.get(USED, {})
    found = [(GuidanceUse.Kind.PHRASE, name) for name in used.get("phrases", ())]
    found += [(GuidanceUse.Kind.TICK, name) for name in used.get("ticks", ())]
    if done.event.verb == done.pack.head.care.relief:
        found.append((GuidanceUse.Kind.RELIEF, done.event.verb))
    GuidanceUse.objects.bulk_create(
        GuidanceUse(
            desk=done.case.desk, case=done.case, person_id=done.caller.person, kind=kind, name=name, verb=done.event.verb,
            at=done.at or done.now,
        )
        for kind, name in found
    )  # fmt: skip


@projector
def keep_scores_of_case(done: Performed) -> None:
    """The scored fields that were filled in on the case."""
    keep_scores(done.case, done.pack, done.event.payload.get("set", {}), seq=done.event.seq, at=done.event.at)


def keep_scores(row: Case | Proceeding, pack: Pack, entered: Mapping[str, Any], *, seq: int, at: datetime) -> None:
    """Keep what was just entered into scored fields; what is entered again takes the place of the earlier value."""
    place = {"proceeding": row, "case": row.case} if isinstance(row, Proceeding) else {"case": row, "proceeding": None}
    for name in (name for name in entered if entered[name] is not None):
        if (f := pack.fields.get(name)) is None or f.scored is None:
            continue
        value = entered[name]
        ScoredValue.objects.update_or_create(
            **place, field=name,
            defaults={
                "desk": row.desk, "value": str(value), "seq": seq, "at": at,
                "number": value if f.type == "number" else None,
            },
        )  # fmt: skip


@projector
def keep_solutions(done: Performed) -> None:
    """What was proposed, and how the customer answered it. Source: EXP-5.1.4"""
    rule = done.pack.head.care.similar
    if rule is None:
        return
    verb = done.event.verb
    if verb == rule.proposed:
        _propose(done.case, done.pack, done.facts, done.event)
    elif verb in (*rule.accepted, *rule.refused):
        answers = ProposedSolution.Answer
        answer = answers.ACCEPTED if verb in rule.accepted else answers.REFUSED
        ProposedSolution.objects.filter(case=done.case, is_latest=True, answer=answers.OPEN).update(answer=answer)


def _propose(case: Case, pack: Pack, facts: CaseFacts, event: Event) -> None:
    rule = pack.head.care.similar
    chosen = event.payload.get("set", {}).get(rule.field) if rule else None
    if rule is None or not chosen:
        return
    amount = event.payload["set"].get(rule.amount or "")
    money = amount if isinstance(amount, Mapping) else {}
    ProposedSolution.objects.filter(case=case, is_latest=True).update(is_latest=False)
    ProposedSolution.objects.bulk_create(
        ProposedSolution(
            desk=case.desk, case=case, category=main_category(pack, facts), option=option, at=event.at,
            amount_minor=money.get("minor"), currency=money.get("currency", ""),
        )
        for option in (chosen if isinstance(chosen, list) else [chosen])
    )  # fmt: skip


MOST_OTHERS = 5


def facts_of_others(case: Case) -> list[Mapping[str, Any]]:
    """The coded facts of the customer's latest other cases of the desk, newest first; one query."""
    texts = _others(case).order_by("-received_at").values_list("facts", flat=True)[:MOST_OTHERS]
    return [json.loads(text)["values"] for text in texts]


def count_of_others(case: Case) -> int:
    """How many other cases of the customer the desk has; one query."""
    return _others(case).count()


def _others(case: Case) -> QuerySet[Case]:
    """The customer's other cases of the desk; those that only some may know of are left out."""
    if case.complainant_id is None or case.hides_reporter:
        return Case.objects.none()
    theirs = Case.objects.filter(
        complainant=case.complainant_id, desk=case.desk, hides_reporter=False, restricted_to=""
    )
    return theirs.exclude(pk=case.pk)


@dataclass(frozen=True, slots=True)
class Tried:
    """A kind of solution in cases of one category: how often it was answered, how often accepted, what it cost on average."""

    option: str
    answered: int
    accepted: int
    average_minor: int | None

    @property
    def share(self) -> int | None:
        """The percentage accepted; None while nobody has answered."""
        return round(100 * self.accepted / self.answered) if self.answered else None


def solutions_tried(desk: Desk, category: str, *, apart_from: Case) -> list[Tried]:
    """The solutions tried in other cases of the desk with this main category, the most accepted first; one query."""
    answers = ProposedSolution.Answer
    rows = (
        ProposedSolution.objects.filter(desk=desk, category=category)
        .exclude(case=apart_from)
        .values("option")
        .annotate(
            answered=Count("pk", filter=~Q(answer=answers.OPEN)), accepted=Count("pk", filter=Q(answer=answers.ACCEPTED)),
            average=Avg("amount_minor"),
        )
    )  # fmt: skip
    found = [
        Tried(
            row["option"],
            row["answered"],
            row["accepted"],
            round(row["average"]) if row["average"] is not None else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda tried: (-(tried.share or -1), -tried.answered, tried.option))
