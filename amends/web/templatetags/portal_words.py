"""What templates of the portal show beside the words of packs: times in full, for readers of any day."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.translation import gettext_noop

from amends.core.policy.pack import Evidence
from amends.doors.wording import in_words, listed
from amends.web.portal.progress import in_full

register = template.Library()

KINDS_OF_FILES = (
    (gettext_noop("照片"), frozenset({"jpg", "jpeg", "png", "heic", "webp", "gif", "bmp"})),
    (gettext_noop("录音"), frozenset({"mp3", "m4a", "wav", "amr"})),
    (gettext_noop("视频"), frozenset({"mp4", "mov", "avi"})),
    (gettext_noop("文档"), frozenset({"pdf", "doc", "docx", "xls", "xlsx", "txt"})),
)


@register.filter
def kinds_of_files(rules: Evidence) -> str:
    """What a desk takes, as people call it."""
    taken = set(rules.extensions)
    return listed([in_words(name) for name, extensions in KINDS_OF_FILES if extensions & taken])


@register.filter
def when(value: Any, zone: ZoneInfo) -> str:
    """A stored moment in the desk's zone, with year and weekday."""
    moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return in_full(moment, zone)
