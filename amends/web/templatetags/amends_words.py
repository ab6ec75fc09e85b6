"""What templates show: words of packs and refusals, icons, times of the desk. No rule and no query lives here."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html

from amends.apps.cases.signatures import signature_picture
from amends.core import masking
from amends.core.transcripts import Said, read_transcript
from amends.doors import wording
from amends.doors.papers.formats import (
    day_in_print,
    days_in_print,
    from_day_to_day,
    moment_in_print,
    month_in_print,
    month_in_year,
    stored_in_print,
)

register = template.Library()
NO_NEWS_FOR = timedelta(minutes=5)
"""A demo that has not gone on for so long is not being made any more."""
DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


@register.filter
def words(value: Any, *, tongue: str = "") -> str:
    """A title of the pack in the reader's language."""
    return wording.words(value, tongue=tongue)


@register.filter
def conversation(text: str) -> list[Said]:
    """A chat as who said what."""
    return read_transcript(text)


@register.filter
def picture_of(file_id: str) -> str:
    """The picture of a signature as an address that holds it whole; empty where it can not be drawn in place."""
    found = signature_picture(file_id)
    return f"data:{found[0]};base64,{b64encode(found[1]).decode('ascii')}" if found else ""


@register.filter
def in_words(sentence: str) -> str:
    """A Chinese sentence of the product in the reader's language."""
    return wording.in_words(sentence)


@register.filter
def in_script(text: str) -> str:
    """A stored Chinese text in the script of the reader."""
    return wording.traditional(text) if wording.language() == "zh-hant" else text


@register.filter
def amid(text: str) -> str:
    """A label as it stands amid a sentence."""
    return wording.within_a_sentence(text)


@register.filter
def button_of(verb: str) -> str:
    return wording.button_of(verb)


@register.filter
def happened(verb: str) -> str:
    return wording.happened(verb)


@register.filter
def did(entry: Any, *, tongue: str = "") -> str:
    """What happened in one entry of a timeline."""
    return wording.step_words(entry.verb, entry.step, tongue=tongue)


@register.filter
def at(moment: datetime | None, zone: ZoneInfo | None = None, *, tongue: str = "") -> str:
    """A moment in the desk's zone, in words."""
    if moment is None:
        return ""
    return wording.moment_words(moment, zone or DEFAULT_ZONE, now=timezone.now(), tongue=tongue)


@register.filter
def for_machines(moment: datetime | None) -> str:
    """A moment as machines read it, in UTC."""
    return moment.astimezone(UTC).isoformat() if moment else ""


@register.filter
def by_when(due: datetime | None, zone: ZoneInfo | None = None, *, tongue: str = "") -> str:
    """A due date in words: what is due at midnight is due by 24:00 of the day before."""
    return wording.due_words(due, zone or DEFAULT_ZONE, now=timezone.now(), tongue=tongue) if due else ""


@register.filter
def exactly(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A moment in the desk's zone, in full, for titles and lists."""
    return moment_in_print(moment, zone or DEFAULT_ZONE) if moment else ""


@register.filter
def moment_of(text: str, zone: ZoneInfo | None = None) -> str:
    """A stored moment, which is text in UTC, in the desk's zone."""
    return stored_in_print("datetime", str(text), zone or DEFAULT_ZONE)


@register.filter
def day_of(text: str) -> str:
    """A stored day, which is text."""
    return stored_in_print("date", str(text), DEFAULT_ZONE)


@register.filter
def days_of(value: Any) -> str:
    """Stored days, which are text, side by side; anything else stays as it is."""
    return days_in_print(str(value))


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """A day with its year."""
    return day_in_print(value) if value else ""


@register.filter
def day_to(first: date | str, last: date | str) -> str:
    """The days from one to another; stored days are text."""
    return from_day_to_day(*(day if isinstance(day, date) else date.fromisoformat(day) for day in (first, last)))


@register.filter
def month_of_year(number: int) -> str:
    """A month whose year is known."""
    return month_in_year(number)


@register.filter
def month(value: date | None) -> str:
    """The month of a day."""
    return month_in_print(value) if value else ""


@register.filter
def left(due: datetime | None, *, tongue: str = "") -> str:
    """Time left until a moment, or by how much it is past."""
    return wording.left_words(due, timezone.now(), tongue=tongue) if due else ""


@register.simple_tag
def live_words(name: str) -> str:
    """One of the sentences that the browser fills in while it counts."""
    return wording.live_words()[name]


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


@register.filter
def minor(value: int, currency: str) -> str:
    """An amount in minor units of a currency."""
    return money({"minor": value, "currency": currency})


@register.filter
def below(value: int, currency: str) -> str:
    """By how much a negative amount in minor units lies below nothing."""
    return minor(-value, currency)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, classes: str = "") -> str:
    """An icon of the sprite. A page draws dozens of them, so each is put together once."""
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


@register.inclusion_tag("ui/demo_progress.html")
def demo_progress() -> dict[str, Any]:
    """How far the worker has come with the cases of the demo; nothing when none is being made. Costs no query."""
    file = settings.VAR_DIR / "demo_progress.json"
    if not settings.DEMO or not file.exists():
        return {}
    try:
        last = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(found) if timezone.now() - last < NO_NEWS_FOR else {}


@register.filter
def masked_contact(address: str) -> str:
    """A telephone number or e-mail address as everybody sees it."""
    return masking.masked_contact(address)
