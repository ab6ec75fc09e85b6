"""What follows from looking at all cases: gaps are raised with those who can mend them."""

from __future__ import annotations

from datetime import datetime

from amends.apps.cases.models import Case
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force
from amends.apps.reporting.queries import gaps_among

AT_MOST = 500
USUAL = {
    "zh-hans": "个案 {{number}} 缺少状态、承办人或到期时间，请及时处理。",
    "en": "Case {{number}} has no state, no owner or no due date; please see to it.",
}


def raise_gaps(*, now: datetime) -> int:
    """Tell whoever may reassign any case of a desk about its open cases that nobody would move, once a day and case.

    Returns how many notices are new. Source: EXP-1.2.8
    """
    return sum(_raise_on(desk, now) for desk in open_desks())


def _raise_on(desk: Desk, now: datetime) -> int:
    found = gaps_among(Case.objects.filter(desk=desk), now=now, size=AT_MOST)
    if not found:
        return 0
    try:
        pack = pack_in_force(desk, now)
    except NoPackInForce:
        return 0
    supervisors = [name for name, role in pack.roles.roles.items() if "reassign_any" in role.may]
    people = holders_of(supervisors, desk=desk, now=now)
    return sum(
        notify(
            people, pack=pack, message="gap_found", values={"number": gap.case.number}, case_key=str(gap.case.pk),
            case_number=gap.case.number, now=now, unique_key=f"{gap.case.pk}:gap:{now:%Y-%m-%d}", usual=USUAL,
            desk=gap.case.desk,
        )
        for gap in found
    )  # fmt: skip
