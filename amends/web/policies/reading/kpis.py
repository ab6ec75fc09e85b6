"""The indicators of a policy: how each is counted, what is wanted, and how much it weighs."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.doors.figures import target_words
from amends.doors.wording import words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

PART = "kpis"


def kpis(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every indicator with the words by which the policy says how it is counted."""
    for one in pack.kpis.indicators:
        yield Saying(PART, one.id, words(one.title), tuple(_of_indicator(one)), one.clause)


def _of_indicator(one: Indicator) -> Iterator[str]:
    if one.says is not None:
        yield words(one.says)
    if one.target is not None:
        yield gettext("目标：%(target)s。") % {"target": target_words(one)}
    if one.weight:
        yield gettext("权重：%(weight)s%%。") % {"weight": one.weight}
    if one.minimum > 1:
        yield gettext("少于 %(least)s 件的不作评判。") % {"least": one.minimum}
