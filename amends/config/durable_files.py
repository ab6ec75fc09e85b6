"""Files on a disk that survive a power cut: whole under their name, or not there at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

PART = ".part"


class DurableFileStorage(FileSystemStorage):
    """Writes under a temporary name, has disk and folder confirm it, and only then gives the file its name.

    What is named by a row was durable before the row was. A crash leaves a file that ends in `.part`, and nothing refers
    to it.
    """

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        self._make_folder(path.parent)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PART}")
        try:
            self._write(part, content)
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _confirm(path.parent)
        return name.replace("\\", "/")

    def _write(self, part: Path, content: Any) -> None:
        mode = self.file_permissions_mode or 0o600
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            for chunk in content.chunks():
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())

    def _make_folder(self, folder: Path) -> None:
        """The folder with all above it, each confirmed by the one that it lies in."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=self.directory_permissions_mode or 0o700, exist_ok=True)
        _confirm(folder.parent)


def _confirm(folder: Path) -> None:
    """Have the disk confirm the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
