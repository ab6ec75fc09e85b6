"""What reviews and results add up to: the mean of every scored item with its comments, shares of choices, guidance used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Sum

from amends.apps.cases.care_models import GuidanceUse, ScoredValue
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer, on_one_of, visible_to
from amends.apps.ledger.models import Detail
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack

MOST_COMMENTS = 5
"""So many comments of an item are shown, the newest first."""

LOOKED_AT = 400
"""Among so many of the latest scores comments are looked for."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote to a score, and the case that it is about."""

    text: str
    score: str
    number: str
    at: datetime


@dataclass(slots=True)
class Item:
    """One scored field: how often each value was given, the mean of numbers, and the latest comments."""

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    sum: int = 0
    comments: list[Comment] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        return self.sum / self.count

    def share(self, value: str) -> int:
        """The percentage of one value."""
        return round(100 * self.counts.get(value, 0) / self.count)


def experience(viewer: Viewer, desk: Desk, pack: Pack, *, since: datetime, until: datetime) -> dict[str, Item]:
    """The scored fields of a desk by id, over the cases that the viewer may see; three queries beside those of the scope.

    A value that was entered again counts once, as it is now. Source: EXP-7.2.2, MKT-3.4b
    """
    kept = _visible(viewer).filter(desk=desk, at__gte=since, at__lt=until)
    found: dict[str, Item] = {}
    for row in kept.order_by().values("field", "value").annotate(n=Count("pk"), total=Sum("number")):
        item = found.setdefault(row["field"], Item(row["field"]))
        item.counts[row["value"]] = row["n"]
        item.sum += row["total"] or 0
    _add_comments(found, pack, kept)
    return found


def _visible(viewer: Viewer) -> QuerySet[ScoredValue]:
    on_cases = on_one_of(visible_to(viewer))
    by_itself = Q(case=None, proceeding__in=visible_proceedings(viewer).values("pk"))
    return ScoredValue.objects.filter(on_cases | by_itself)


def _add_comments(found: dict[str, Item], pack: Pack, kept: QuerySet[ScoredValue]) -> None:
    comment_of = {f.id: f.scored.comment for f in pack.fields.values() if f.scored and f.scored.comment}
    rows = (
        kept.filter(field__in=comment_of).select_related("case", "proceeding").defer("case__facts", "proceeding__facts")
    )
    latest = list(rows.order_by("-at", "-pk")[:LOOKED_AT])
    texts = _texts({_chain(row) for row in latest}, {row.seq for row in latest}, set(comment_of.values()))
    for row in latest:
        text = texts.get((_chain(row), row.seq, comment_of[row.field]), "")
        comments = found[row.field].comments
        if text and len(comments) < MOST_COMMENTS:
            number = row.case.number if row.case else row.proceeding.number if row.proceeding else ""
            comments.append(Comment(text, row.value, number, row.at))


def _chain(row: ScoredValue) -> int:
    source = row.proceeding or row.case
    return source.chain_id if source is not None else 0


def _texts(chains: set[int], seqs: set[int], fields: Iterable[str | None]) -> dict[tuple[int, int, str | None], str]:
    details = Detail.objects.filter(chain_id__in=chains, seq__in=seqs, field__in=list(fields), erased_at=None)
    return {
        (chain, seq, name): text for chain, seq, name, text in details.values_list("chain_id", "seq", "field", "text")
    }


@dataclass(frozen=True, slots=True)
class Usage:
    """How often a phrase or an item of a checklist was used, and by how many people."""

    name: str
    times: int
    people: int


def guidance_used(desk: Desk, kind: str, *, since: datetime, until: datetime) -> list[Usage]:
    """What of the guidance was used on a desk, the most used first; one query. Source: EXP-5.2.2"""
    rows = (
        GuidanceUse.objects.filter(desk=desk, kind=kind, at__gte=since, at__lt=until)
        .values("name")
        .annotate(times=Count("pk"), people=Count("person", distinct=True))
        .order_by("-times", "name")
    )
    return [Usage(row["name"], row["times"], row["people"]) for row in rows]


def relief_by_person(desk: Desk, *, since: datetime) -> list[tuple[str, int]]:
    """How often each person of a desk asked for relief, the most often first: to plan support, judging nobody; one query.

    Source: MKT-3.3, EXP-5.2.1
    """
    asked = GuidanceUse.objects.filter(desk=desk, kind=GuidanceUse.Kind.RELIEF, at__gte=since, person__isnull=False)
    rows = asked.values("person__name").annotate(times=Count("pk")).order_by("-times", "person__name")
    return [(row["person__name"], row["times"]) for row in rows]
