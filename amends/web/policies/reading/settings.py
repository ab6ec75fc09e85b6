"""What the company decided: the settings of a pack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from amends.core.policy.clock_rules import UNITS
from amends.core.policy.pack import Pack, Setting
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names, amount, quoted
from amends.web.policies.reading.saying import Saying
from amends.web.templatetags.amends_words import money

COUNTED = {
    "cases": _("%(n)s 件"), "people": _("%(n)s 人"), "times": _("%(n)s 次"), "attempts": _("%(n)s 次"),
    "rounds": _("%(n)s 轮"), "points": _("%(n)s 分"), "years": _("%(n)s 年"), "yuan": _("%(n)s 元"), "percent": _("%(n)s%%"),
}  # fmt: skip
"""What a setting counts, where it is no time."""


def settings(pack: Pack, names: Names) -> Iterator[Saying]:
    """Each setting with its value."""
    for name, setting in pack.head.settings.items():
        said = gettext("定为：%(value)s。") % {"value": value_of(setting, names)}
        if setting.mandatory:
            said += gettext("须由公司决定。")
        yield Saying("settings", name, words(setting.title), (said,), setting.clause)


def value_of(setting: Setting, names: Names) -> str:
    """The value of a setting in words."""
    value = setting.value
    if value is None:
        return gettext("（未定）")
    if value in ([], (), ""):
        return gettext("（留空）")
    if isinstance(value, dict) and set(value) == {"minor", "currency"}:
        return str(money(value))
    if setting.unit in UNITS and isinstance(value, int):
        return amount(setting.unit, value)
    if setting.unit in COUNTED and isinstance(value, int | float):
        return _counted(COUNTED[setting.unit], value)
    if isinstance(value, dict) and set(value) <= set(UNITS):
        return listed(amount(unit, int(n)) for unit, n in value.items())
    return f"{_plain(value, names)} {setting.unit or ''}".strip()


def _counted(sentence: str, value: float) -> str:
    """So many of what a sentence counts; some are the same for one and for many, and have no plural to look up."""
    found = ngettext(sentence, sentence, 1 if value == 1 else 2)
    return (gettext(sentence) if found == sentence else found) % {"n": f"{value:,}"}


def _plain(value: Any, names: Names) -> str:
    if isinstance(value, dict):
        return _table(value, names)
    if isinstance(value, list | tuple):
        return listed(_plain(item, names) for item in value)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    text = str(value)
    for fact in ("channel", "kind", "function", "state"):
        if (said := names.value(fact, text)) != text:
            return said
    known = names.role(text)
    # What is no name of anything are words of the company, kept as it wrote them.
    return known if known != text or text.isascii() else quoted(text)


def _table(value: dict[str, Any], names: Names) -> str:
    """A value with parts: what it is about first, then its ranks from the first on."""
    about = str(value.get("by", ""))
    ranks = value.get("ranks") or {}
    plain = {"yes": True, "no": False}
    ordered = [names.value(about, plain.get(v, v)) for v in sorted(ranks, key=lambda v: ranks[v])]
    if about:
        return (
            gettext("%(fact)s（%(order)s）") % {"fact": names.fact(about), "order": listed(ordered)}
            if ordered
            else names.fact(about)
        )
    return listed(f"{name} {_plain(part, names)}" for name, part in value.items() if name != "clause")
