"""How cases are graded, and the order of the queue."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.levels import Axis
from amends.core.policy.pack import Pack
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying


def levels(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every axis with its values, every criterion, and the order of the queue."""
    for axis in pack.grading.axes:
        yield _axis(axis, is_level=axis.id == pack.grading.level)
        for criterion in axis.criteria:
            value = {
                "axis": words(axis.title),
                "value": words(axis.title_of(criterion.value)),
                "when": names.condition(criterion.when),
            }
            said = gettext("%(when)s的，建议%(axis)s定为“%(value)s”。") % value
            yield Saying(
                "levels", f"criterion:{axis.id}:{criterion.id}", words(criterion.title), (said,), criterion.clause
            )
    for n, step in enumerate(pack.grading.priority, start=1):
        said = gettext("第 %(n)s 依据：%(fact)s，%(order)s。") % {
            "n": n,
            "fact": names.fact(step.by),
            "order": _order(pack, names, step.by, step.ranks),
        }
        yield Saying("levels", f"priority:{step.by}", gettext("队列次序"), (said,), step.clause)


def _axis(axis: Axis, *, is_level: bool) -> Saying:
    said = [gettext("从重到轻：%(values)s。") % {"values": listed(value.title for value in axis.values)}]
    if axis.otherwise:
        said.append(gettext("没有符合的标准时，建议“%(value)s”。") % {"value": words(axis.title_of(axis.otherwise))})
    if axis.unknown:
        said.append(gettext("尚不了解时，记为“%(value)s”。") % {"value": words(axis.title_of(axis.unknown))})
    if is_level:
        said.append(gettext("个案的级别就是它。"))
    return Saying("levels", f"axis:{axis.id}", words(axis.title), tuple(said), axis.clause)


def _order(pack: Pack, names: Names, by: str, ranks: dict[str, int]) -> str:
    axis = pack.grading.axis(by)
    if not ranks and axis is not None:
        return gettext("从重到轻")
    ordered = sorted(ranks, key=lambda value: ranks[value])
    plain = {"yes": gettext("是"), "no": gettext("否")}
    if ordered and plain.keys() >= set(ordered):
        return gettext("“%(value)s”的排在前") % {"value": plain[ordered[0]]}
    return gettext("依次为%(values)s") % {"values": listed(names.value(by, value) for value in ordered)}
