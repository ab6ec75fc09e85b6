"""The menu beside the pages of staff. One that says the same is not drawn again: its key is everything that it is drawn from."""

from __future__ import annotations

from collections.abc import Hashable

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.urls import get_script_prefix

from amends.doors.wording import language

register = template.Library()

MOST_KEPT = 512
"""Menus of ten kilobytes; each person has one for every area they work in."""
_kept: dict[Hashable, str] = {}


@register.simple_tag(takes_context=True)
def menu(context: Context) -> str:
    """The links of whoever is signed in, with that of the present area marked and the number of what waits."""
    nav, area = context["nav"], context.get("area", "")
    key = (language(), get_script_prefix(), area, nav.decides())
    drawn = _kept.get(key)
    if drawn is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        values = {"nav": nav, "area": area, "user": context["user"]}
        drawn = _kept[key] = get_template("ui/menu.html").render(values)
    return drawn
