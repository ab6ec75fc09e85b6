"""Previews of evidence: pictures drawn anew by a limited program, so that nobody's browser meets the original."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.models import EvidenceFile, EvidencePreview
from amends.apps.deferred.actions import enqueue

KINDS = {
    "image/jpeg": "image", "image/png": "image", "image/gif": "image", "image/webp": "image", "image/bmp": "image",
    "application/pdf": "pdf",
}  # fmt: skip
"""The types, told by content, that a preview is made of."""

PROGRAM = Path(__file__).with_name("preview_pictures.py")
PATIENCE = timedelta(seconds=40)
SMALL = 0
"""The number of the small picture; pages count from 1."""


def is_previewed(file: EvidenceFile) -> bool:
    """Whether a preview is made of files of this type."""
    return file.content_type in KINDS


def order_preview(file: EvidenceFile, *, now: datetime) -> None:
    """Let the worker make the preview of a file, at most once a day."""
    if is_previewed(file):
        enqueue("make_preview", {"file": str(file.pk)}, now=now, unique_key=f"preview:{file.pk}@{now:%Y-%m-%d}")


def order_previews_of(files: Iterable[str], *, now: datetime) -> None:
    """Let the worker make the previews of files that were just attached to a case; what hangs elsewhere is shown without."""
    for file in EvidenceFile.objects.filter(pk__in=list(files), case__isnull=False):
        order_preview(file, now=now)


def without_preview() -> QuerySet[EvidenceFile]:
    """Attached files of previewed types that have none: from before there were previews, or restored from a backup."""
    return EvidenceFile.objects.filter(case__isnull=False, content_type__in=KINDS, preview=None)


def make_preview(file: EvidenceFile, *, now: datetime) -> EvidencePreview:
    """Draw the pictures of a file and keep them, or the reason why there are none. Harmless to repeat."""
    with tempfile.TemporaryDirectory(prefix="amends-preview-") as folder:
        said = _draw(file, Path(folder))
        shown = int(said.get("shown", 0))
        for number in range(shown + 1 if shown else 0):
            _keep(place_of(file, number), (Path(folder) / f"{number}.jpg").read_bytes())
    values = {"refused": said.get("refused", ""), "pages": said.get("pages", 0), "shown": shown, "made_at": now}
    preview, _ = EvidencePreview.objects.update_or_create(file=file, defaults=values)
    return preview


def place_of(file: EvidenceFile, number: int) -> str:
    """Where a picture of a file is kept."""
    return f"previews/{file.pk.hex[:2]}/{file.pk.hex}/{number}.jpg"


def open_picture(file: EvidenceFile, number: int) -> IO[bytes]:
    """A picture of a file that has a preview. Raises FileNotFoundError."""
    return default_storage.open(place_of(file, number), "rb")


def delete_pictures(file: EvidenceFile) -> None:
    """Delete every picture of a file; harmless when there is none."""
    preview = EvidencePreview.objects.filter(file=file).first()
    for number in range(preview.shown + 1 if preview else 0):
        default_storage.delete(place_of(file, number))


def _keep(place: str, picture: bytes) -> None:
    if default_storage.exists(place):
        default_storage.delete(place)
    default_storage.save(place, ContentFile(picture))


def _draw(file: EvidenceFile, folder: Path) -> dict[str, Any]:
    """Run the program that draws, on a copy of the file. It is told no secrets and limits its own memory and time."""
    copy = folder / "original"
    with open_evidence(file) as source, copy.open("wb") as out:
        shutil.copyfileobj(source, out)
    command = [sys.executable, "-I", str(PROGRAM), KINDS[file.content_type], str(copy), str(folder)]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=PATIENCE.total_seconds(), cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"refused": "too_costly"}
    if done.returncode:
        # Broken off at a limit, or by a fault of the library: the file is not tried again.
        return {"refused": "too_costly"}
    return dict(json.loads(done.stdout))
