"""A meeting as a calendar file (RFC 5545), which every calendar program opens: one event, a reminder, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CONTENT_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
LINE = 75
"""A line holds at most so many octets; longer ones go on after a blank (section 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What a calendar shows. A later `sequence` under the same `uid` replaces the entry, `is_cancelled` strikes it out."""

    uid: str
    sequence: int
    title: str
    starts_at: datetime
    minutes: int
    place: str
    description: str
    address: str
    is_cancelled: bool = False


def calendar_file(meeting: Meeting, *, now: datetime) -> bytes:
    """The file as it is downloaded: lines end as the standard wants them, and no text can begin a line of its own."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//amends//meetings//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{escaped(meeting.uid)}",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{_in_utc(now)}",
        f"DTSTART:{_in_utc(meeting.starts_at)}",
        f"DTEND:{_in_utc(meeting.starts_at + timedelta(minutes=meeting.minutes))}",
        f"SUMMARY:{escaped(meeting.title)}",
        f"LOCATION:{escaped(meeting.place)}",
        f"DESCRIPTION:{escaped(meeting.description)}",
        f"URL:{meeting.address}",
        f"STATUS:{'CANCELLED' if meeting.is_cancelled else 'CONFIRMED'}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{escaped(meeting.title)}",
        "TRIGGER:-PT30M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """A text as a value: section 3.3.11; control characters but line ends have no place in one."""
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    for mark in ("\\", ";", ","):
        kept = kept.replace(mark, f"\\{mark}")
    return kept.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """A line with its end, broken between characters and never within one."""
    found, present, room = [], b"", LINE
    for character in line:
        octets = character.encode()
        if len(present) + len(octets) > room:
            found.append(present)
            present, room = b"", LINE - 1
        present += octets
    return b"\r\n ".join([*found, present]) + b"\r\n"


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
