"""What a form is drawn from: the pack, the facts so far, who looks at it, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.people.choices import departments_to_choose, partners_to_choose, people_to_choose
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack


@dataclass
class Drawing:
    """What a form is drawn from. `labels` names the items of lists by number; `department` is the proposal of the route, `proposed` the latest texts of the case by field,
    `files` those that the case has; people and departments are those of the `desk`. With `foresees` a form that is kept on a phone
    shows the fields too that depend on other fields of it: there nobody draws it again. With `folds` sections that ask for nothing are folded, with `suggests` categories are
    proposed from what was typed. `starts_with` are values that fresh fields begin with, `said_beside` a sentence for a field that holds
    for this case.
    """

    pack: Pack
    facts: CaseFacts
    now: datetime
    zone: ZoneInfo
    roles: frozenset[str] = frozenset()
    graded: tuple[str, ...] = ()
    settles: str = ""
    labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    department: int | None = None
    department_reason: str = ""
    uploads: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
    is_new: bool = True
    desk: Desk | None = None
    folds: bool = False
    suggests: bool = False
    foresees: bool = False
    starts_with: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    said_beside: dict[str, str] = field(default_factory=dict)

    @cached_property
    def departments(self) -> list[Any]:
        return departments_to_choose(self.desk)

    @cached_property
    def people(self) -> list[Any]:
        return people_to_choose(now=self.now, desk=self.desk)

    @cached_property
    def partners(self) -> list[tuple[int, str]]:
        return partners_to_choose(self.desk)
