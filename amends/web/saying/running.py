"""What the functions call that templates become. They know everything in here by its name."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Sequence
from operator import getitem
from typing import Any

from django.conf import settings
from django.template import Context, VariableDoesNotExist
from django.template.base import render_value_in_context
from django.urls import NoReverseMatch
from django.utils.functional import SimpleLazyObject
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]
from django.utils.translation import ngettext

from amends.web.addresses import address_below

__all__ = [
    "ABSENT", "REACH", "NoReverseMatch", "SafeData", "SafeString", "VariableDoesNotExist", "address_below", "address_or_none",
    "conditional_escape", "counted", "escaped", "listed", "shown", "template_localtime", "token_field", "unpacked",
]  # fmt: skip


def ABSENT() -> None:  # noqa: N802 - a sign, not something to call
    """Stands for what is not there. Like everything that can be called it is left to Django, so that one question finds both."""


def _aside(value: Any, bit: str) -> Any:
    """What belongs to a thing for which that is not settled by its type: Django finds it."""
    return ABSENT


WITHOUT_KEYS = (None, tuple.__getitem__, list.__getitem__)
"""Ways to what is within a thing that know no word; so what stands in a tuple with names is one of its attributes."""


class _Reach(dict[type, Callable[[Any, str], Any]]):
    """How Django gets from a thing of some type to what belongs to it."""

    def __missing__(self, kind: type) -> Callable[[Any, str], Any]:
        is_called = any("__call__" in vars(base) for base in kind.__mro__)
        has_keys = getattr(kind, "__getitem__", None) not in WITHOUT_KEYS
        by_attribute = not is_called and not has_keys
        way = self[kind] = getitem if kind is dict else getattr if by_attribute else _aside
        return way


REACH = _Reach()


GROUPS_DIGITS = settings.USE_THOUSAND_SEPARATOR
"""Asked once: numbers stand on a page by the dozen."""


def shown(value: Any, context: Context) -> str:
    """A value as it stands in a page."""
    if value.__class__ is str:
        return escaped(value)
    if value.__class__ is SafeString:
        return value
    if value.__class__ in (int, float) and context.use_l10n is False:
        return str(value)
    if value.__class__ is int and not GROUPS_DIGITS:
        return str(value)
    return render_value_in_context(value, context)


def escaped(text: str) -> str:
    """A text with nothing in it that a browser takes for markup. Most have nothing of the kind, and are not written anew."""
    if "&" in text or "<" in text or ">" in text or '"' in text or "'" in text:
        return html.escape(text)
    return str(text)


def counted(singular: str, plural: str, count: Any) -> str:
    """A sentence that depends on a number."""
    if count.__class__ is not int:
        raise ValueError("Django knows what other numbers come to.")
    return ngettext(singular, plural, count)


def listed(values: Any) -> Collection[Any]:
    """What a loop goes through."""
    if values is None:
        return ()
    return values if hasattr(values, "__len__") else list(values)


def unpacked(variables: list[str], item: Any) -> Sequence[Any]:
    """The values that one turn of a loop gives to its variables."""
    count = len(item) if hasattr(item, "__len__") else 1
    if count != len(variables):
        raise ValueError(f"Need {len(variables)} values to unpack in for loop; got {count}. ")
    return list(item)


def address_or_none(prefix: str, name: str, *keys: Any) -> str:
    """The address of a page, if it has one."""
    try:
        return address_below(prefix, name, *keys)
    except NoReverseMatch:
        return ""


def token_field(names: dict[str, Any]) -> str:
    """The field that shows that a form is ours. A page has several, so its token is made a text when the first of them asks for it."""
    token = names.get("csrf_token")
    if type(token) is SimpleLazyObject:
        token = names["csrf_token"] = str(token)
    token = str(token or "")
    if not token or token == "NOTPROVIDED":  # noqa: S105 - what Django says where there is none
        return ""
    return f'<input type="hidden" name="csrfmiddlewaretoken" value="{conditional_escape(token)}">'
