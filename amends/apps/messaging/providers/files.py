"""Text messages as lines of a file: for a trial, and for carriers that take files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import MaybeSent, Take, sms_number


@dataclass(frozen=True, slots=True)
class FileSms:
    """One JSON line a message in a file a day, flushed to disk before it counts as sent."""

    name: ClassVar[str] = "file"
    folder: Path

    @property
    def settles(self) -> timedelta:
        return timedelta(0)

    def send(self, message: OutboxMessage, text: str, now: datetime) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        line = {"id": message.message_id, "to": sms_number(message.address), "text": text, "at": now.isoformat()}
        with self._file(now).open("a", encoding="utf-8") as file:
            try:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise MaybeSent from error
        return ""

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        days = (message.created_at, message.created_at + timedelta(days=1), message.attempted_at or now, now)
        files = {self._file(day) for day in days}
        return any(message.message_id in file.read_text(encoding="utf-8") for file in files if file.exists())

    def collect(self, waiting: Sequence[OutboxMessage], now: datetime, take: Take) -> None:
        """A file answers nothing."""

    def _file(self, day: datetime) -> Path:
        return self.folder / f"{day:%Y-%m-%d}.jsonl"
