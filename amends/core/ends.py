"""Until when: what is due at midnight is due on the day that ends then, by 24:00, not on the day that begins."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_day(due_at: datetime, zone: ZoneInfo) -> date:
    """The day on which something is due: what is due by midnight is due on the day that ends then."""
    return (due_at - timedelta(microseconds=1)).astimezone(zone).date()


def last_minute(due_at: datetime, zone: ZoneInfo) -> str:
    """The time of day by which something is due on its last day, midnight as 24:00."""
    local = due_at.astimezone(zone)
    return "24:00" if local.time() == time() else f"{local:%H:%M}"
