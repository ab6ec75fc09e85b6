"""A case as a line of a list, in the words of its own policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.models import Case
from amends.apps.policies.queries import read_version
from amends.core.policy.pack import Pack
from amends.doors.wording import words


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the row of the table and the words that its pack has for it."""

    case: Case
    zone: ZoneInfo
    state: str
    waits_for: str
    level: str
    rank: int
    kind: str
    channel: str
    category: str
    is_late: bool
    is_soon: bool


def rows_of(cases: list[Case], now: datetime) -> list[Row]:
    """The lines of a page; packs are kept in memory, so this asks the database nothing."""
    return [row_of(case, read_version(case.pack_id), now) for case in cases]


def row_of(case: Case, pack: Pack, now: datetime) -> Row:
    """One line in the words of the case's own pack."""
    state = pack.lifecycle.states.get(case.state)
    kind, channel = pack.channels.kinds.get(case.kind), pack.channels.channels.get(case.channel)
    level, rank = level_words(pack, case.level)
    return Row(
        case=case,
        zone=ZoneInfo(pack.head.zone),
        state=words(state.title) if state else case.state,
        waits_for=waits_words(pack, case.waits_for),
        level=level,
        rank=rank,
        kind=words(kind.title) if kind else case.kind,
        channel=words(channel.title) if channel else case.channel,
        category=category_words(pack, case.category),
        is_late=case.is_open and late_at(case, now),
        is_soon=case.is_open and case.due_at is not None and case.due_at - now < timedelta(hours=24),
    )


def late_at(case: Case, now: datetime) -> bool:
    """Late by its own due date, also while a sweep has not marked it yet."""
    return case.is_late or (case.due_at is not None and case.due_at <= now)


def level_words(pack: Pack, level: str) -> tuple[str, int]:
    """The level's title and how serious it is: 1 is the most serious, 4 and beyond the least."""
    axis = pack.grading.axis(pack.grading.level or "")
    if axis is None or not level:
        return "", 4
    return words(axis.title_of(level)) or level, min(axis.rank_of(level), 4)


def category_words(pack: Pack, path: str) -> str:
    """A category by its own title, without the ones above it."""
    if not path:
        return ""
    node = pack.categories.schemes[0].node(path)
    return words(node.title) if node else path


def waits_words(pack: Pack, name: str) -> str:
    """Who has the ball: a role of the pack, or one of the product's own words."""
    if not name:
        return ""
    if name in pack.roles.roles:
        return words(pack.roles.roles[name].title)
    if name in pack.head.words:
        return words(pack.head.words[name])
    if name in pack.routing.functions:
        return words(pack.routing.functions[name].title)
    plain: dict[str, Any] = {
        "complainant": gettext("客户"), "department": gettext("责任部门"), "handler": gettext("处理人"),
        "partner": gettext("合作方"),
    }  # fmt: skip
    return str(plain.get(name, name))
