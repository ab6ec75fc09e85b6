"""What is kept as a register, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import Register
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying


def register_in(part: str, prefix: str, kind: ProceedingKind, names: Names) -> Iterator[Saying]:
    """How the records of a kind are kept as a register; nothing for a kind that is none."""
    if kind.register_ is not None:
        said = tuple(_of_register(kind, kind.register_, names))
        yield Saying(part, f"{prefix}register", gettext("台账"), said, kind.register_.clause)


def _of_register(kind: ProceedingKind, register: Register, names: Names) -> Iterator[str]:
    yield gettext("列入台账，逐条列出：%(columns)s。") % {"columns": listed(names.fact(n) for n in register.columns)}
    if register.filters:
        yield gettext("可按%(filters)s筛选。") % {"filters": listed(names.fact(n) for n in register.filters)}
    if register.day:
        yield gettext("按%(day)s排列和选择期间。") % {"day": names.fact(register.day)}
    if register.states:
        yield gettext("只列状态为%(states)s的记录。") % {
            "states": listed(f"“{words(kind.states[n].title)}”" for n in register.states if n in kind.states)
        }
    for readers in register.readers:
        yield gettext("%(who)s都可以查阅。") % {"who": names.roles(readers.roles)}
    if register.course:
        yield gettext("%(same)s相同的，%(value)s画成走势图。") % {
            "same": listed(names.fact(n) for n in register.course.same), "value": names.fact(register.course.value),
        }  # fmt: skip
