"""Looking for what a policy warns of: figures that came in, days that stand out, cases alike, words, limits that draw near."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.models import Case
from amends.apps.cases.queries import open_cases
from amends.apps.outlook.counting import alike, counted_cases, daily, key_of
from amends.apps.outlook.models import EarlyWarning, LeadingFigure
from amends.apps.outlook.warnings import raise_warning
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force, version_in_force
from amends.apps.reporting.models import CaseFact
from amends.core.control import DAILY, watch
from amends.core.policy.pack import Pack
from amends.core.policy.warnings import WarningRule
from amends.core.suggesting import DENIED, folded

WATCHED_DAYS = 180
LATEST_DAYS = 2
MOST_OF_A_RULE = 50
"""How many warnings one rule raises in one look: beyond that something else is wrong, and the next look goes on."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rule saw: the cause that makes it one warning, and what is told about it."""

    cause: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a desk at a moment."""

    desk: Desk
    pack: Pack
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.pack.head.zone)).date()


def look_for_warnings(*, now: datetime) -> int:
    """Look at every desk by its policy; returns how many warnings are new. Source: EXP-8.1.3"""
    return sum(look_at(desk, now=now) for desk in open_desks())


def look_at(desk: Desk, *, now: datetime, only: Iterable[str] | None = None) -> int:
    """Look at one desk, by all rules or those that watch one of `only`; returns how many warnings are new."""
    try:
        pack, version = pack_in_force(desk, now), version_in_force(desk, now)
    except NoPackInForce:
        return 0
    wanted = None if only is None else set(only)
    look, raised = Look(desk, pack, now), 0
    for name, rule in pack.warnings.rules.items():
        if rule.watches not in SEEING or (wanted is not None and rule.watches not in wanted):
            continue
        known = _lately_closed(desk, name, now - timedelta(days=rule.within_days))
        new = 0
        for sight in SEEING[rule.watches](look, rule):
            if sight.cause not in known and new < MOST_OF_A_RULE:
                new += raise_warning(desk, version, name, sight.cause, sight.about, now=now) is not None
        raised += new
    return raised


def _lately_closed(desk: Desk, rule: str, since: datetime) -> set[str]:
    """The causes whose warning was closed while they still counted: they are not warned of again."""
    closed = EarlyWarning.objects.filter(desk=desk, rule=rule, closed_at__gte=since)
    return set(closed.values_list("cause", flat=True))


def _measures(look: Look, rule: WarningRule) -> Iterator[Sight]:
    """Places whose figure over the days of the rule exceeds it: one for each place and last day, however many parcels."""
    begin = look.today - timedelta(days=LATEST_DAYS + rule.within_days)
    rows = LeadingFigure.objects.filter(desk=look.desk, measure=rule.measure, day__gt=begin).order_by("place", "day")
    by_place: dict[str, dict[date, int]] = {}
    for place, day, count in rows.values_list("place", "day", "count"):
        by_place.setdefault(place, {})[day] = count
    for place, days in by_place.items():
        for day in days:
            within = sum(days.get(day - timedelta(days=n), 0) for n in range(rule.within_days))
            if within > rule.more_than:
                about = {"place": place, "last": day.isoformat(), "count": within, "limit": rule.more_than}
                yield Sight(f"{rule.measure}:{place}:{day.isoformat()}", about)


def _bursts(look: Look, rule: WarningRule) -> Iterator[Sight]:
    """Values whose cases of the last complete days stand out from what is usual for them."""
    counts = daily(look.desk, rule.by[0], look.pack, until=look.today, days=WATCHED_DAYS)
    begin = look.today - timedelta(days=WATCHED_DAYS)
    for value, days in counts.items():
        spans = [span for span in watch(days, DAILY, first=WATCHED_DAYS - 30) if span.sign is not None]
        fresh = [span for span in spans if span.place >= WATCHED_DAYS - LATEST_DAYS]
        if fresh:
            last = fresh[-1]
            about = {
                "values": {rule.by[0]: value}, "count": last.count, "limit": last.limit, "usual": f"{last.usual:.1f}",
                "sign": last.sign, "last": (begin + timedelta(days=last.place)).isoformat(),
            }  # fmt: skip
            yield Sight(key_of((rule.by[0], value)), about)


def _repeats(look: Look, rule: WarningRule) -> Iterator[Sight]:
    """Values that more cases share within the days of the rule than it allows."""
    begin = look.today - timedelta(days=rule.within_days)
    found: dict[tuple[str, ...], list[date]] = {}
    for values, (_, day, _) in alike(counted_cases(look.desk).filter(received_on__gt=begin), rule.by, look.pack):
        found.setdefault(values, []).append(day)
    for values, days in sorted(found.items(), key=lambda pair: -len(pair[1])):
        if len(days) > rule.more_than:
            about = {
                "values": dict(zip(rule.by, values, strict=True)), "count": len(days), "limit": rule.more_than,
                "first": min(days).isoformat(), "last": max(days).isoformat(),
            }  # fmt: skip
            yield Sight(key_of(values), about)


def _deadlines(look: Look, rule: WarningRule) -> Iterator[Sight]:
    """Values with more open cases due soon than the rule allows."""
    until = look.now + timedelta(days=rule.within_days)
    due = open_cases(Case.objects.filter(desk=look.desk)).filter(due_at__gt=look.now, due_at__lte=until, is_late=False)
    found: dict[tuple[str, ...], int] = {}
    rows = CaseFact.objects.filter(case__in=due.order_by().values("pk")).order_by()
    for values, _ in alike(rows, rule.by, look.pack):
        found[values] = found.get(values, 0) + 1
    for values, count in found.items():
        if count > rule.more_than:
            about = {"values": dict(zip(rule.by, values, strict=True)), "count": count, "limit": rule.more_than, "last": look.today.isoformat()}  # fmt: skip
            yield Sight(key_of(values), about)


SEEING: Mapping[str, Callable[[Look, WarningRule], Iterable[Sight]]] = {
    "measure": _measures, "burst": _bursts, "repeats": _repeats, "deadlines": _deadlines,
}  # fmt: skip
"""How each kind of rule looks; words are looked for when a case comes in."""


@projector
def warn_of_words(done: Performed) -> None:
    """A warning for a new case whose texts have a word of a rule: one a case and rule. Source: EXP-8.1.3"""
    rules = [(name, rule) for name, rule in done.pack.warnings.rules.items() if rule.watches == "words"]
    if not rules or done.before.state is not None or done.case.desk.is_practice:
        return
    told = folded("\n".join(done.decision.texts.values()))
    for name, rule in rules:
        words = [word for word in rule.words if _is_told(folded(word), told)]
        if words:
            about = {"words": words, "count": len(words)}
            raise_warning(done.case.desk, done.case.pack, name, str(done.case.pk), about, case=done.case, now=done.now)


def _is_told(word: str, told: str) -> bool:
    """Whether a word stands in a text where nothing right before it says the opposite."""
    place = told.find(word)
    while place >= 0:
        if not DENIED.search(told[:place][-2:]):
            return True
        place = told.find(word, place + 1)
    return False
