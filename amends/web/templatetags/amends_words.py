"""What templates show: words of packs and refusals, icons, times of the desk. No rule and no query lives here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html

from amends.doors import wording

register = template.Library()
DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


@register.filter
def words(value: Any) -> str:
    """A title of the pack in the reader's language."""
    return wording.words(value)


@register.filter
def in_words(sentence: str) -> str:
    """A Chinese sentence of the product in the reader's language."""
    return wording.in_words(sentence)


@register.filter
def in_script(text: str) -> str:
    """A stored Chinese text in the script of the reader."""
    return wording.traditional(text) if wording.language() == "zh-hant" else text


@register.filter
def button_of(verb: str) -> str:
    return wording.button_of(verb)


@register.filter
def happened(verb: str) -> str:
    return wording.happened(verb)


@register.filter
def at(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A moment in the desk's zone, in words."""
    if moment is None:
        return ""
    return wording.moment_words(moment, zone or DEFAULT_ZONE, now=timezone.now())


@register.filter
def exactly(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A moment in the desk's zone, in full, for titles and lists."""
    return moment.astimezone(zone or DEFAULT_ZONE).strftime("%Y-%m-%d %H:%M") if moment else ""


@register.filter
def moment_of(text: str, zone: ZoneInfo | None = None) -> str:
    """A stored moment, which is text in UTC, in the desk's zone."""
    try:
        return exactly(datetime.fromisoformat(str(text).replace("Z", "+00:00")), zone)
    except ValueError:
        return str(text)


@register.filter
def left(due: datetime | None) -> str:
    """Time left until a moment, or by how much it is past."""
    return wording.left_words(due, timezone.now()) if due else ""


@register.filter
def is_past(moment: datetime | None) -> bool:
    return moment is not None and moment <= timezone.now()


@register.filter
def of(mapping: Any, key: Any) -> Any:
    """The value under a key that is itself a variable."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def money(value: Any) -> str:
    """An amount in minor units with its currency."""
    if not isinstance(value, dict) or "minor" not in value:
        return ""
    sign = "¥" if value.get("currency") == "CNY" else f"{value.get('currency', '')} "
    minor = int(value["minor"])
    return f"{'-' if minor < 0 else ''}{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


@register.simple_tag
def icon(name: str, classes: str = "") -> str:
    """An icon of the sprite."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def filesize(size: int) -> str:
    """A size as people read it."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size / 1024:.0f} KB"
    return f"{size / 1024 / 1024:.1f} MB"
