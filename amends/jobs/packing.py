"""Packing the archive: the ZIPs of cases, and of a month bound from them. The viewer's rights are asked again here."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO

from django.core.files.storage import default_storage
from django.utils.translation import override

from amends.apps.cases.models import ArchivePackage, Case
from amends.apps.cases.packages import drop_parts, keep_made, mark_failed, order_binding
from amends.apps.cases.queries import Viewer, visible_case
from amends.core.refusals import NotPermitted, NotVisible
from amends.doors.papers.bundle import PACKAGE, EvidenceChanged, bundle_name, write_binding, write_bundle
from amends.doors.papers.casefile import CaseFile

IN_MEMORY = 8 * 1024**2
State = ArchivePackage.State


def pack_file(package_id: str, *, now: datetime) -> None:
    """Make and keep the ZIP of one case; a package that is no more waited for is left alone."""
    package = ArchivePackage.objects.select_related("maker", "case").filter(pk=package_id, state=State.WAITING).first()
    if package is None or package.case is None:
        return
    try:
        file = _case_file(package, package.case, now=now)
        _keep(package, lambda target: write_bundle(file, target, now=now), now=now)
    except (NotVisible, NotPermitted, EvidenceChanged):
        mark_failed(package)
    order_binding(package, now=now)


def bind_month(package_id: str, *, now: datetime) -> None:
    """Put the finished ZIPs of a month into one, and name those that could not be made."""
    whole = ArchivePackage.objects.select_related("maker", "desk").filter(pk=package_id, state=State.WAITING).first()
    if whole is None:
        return
    parts = list(whole.parts.select_related("case").order_by("case__archived_at", "case__pk"))
    made = [part for part in parts if part.state == State.MADE]
    left_out = [part.case.number for part in parts if part.state != State.MADE and part.case]
    title = f"{whole.desk.title} {whole.month} {whole.category}".strip()
    with override(whole.maker.language or None):
        _keep(whole, lambda target: write_binding(_opened(made), target, title=title, left_out=left_out), now=now)
    drop_parts(whole)


def _case_file(package: ArchivePackage, case: Case, *, now: datetime) -> CaseFile:
    """The case in the hands of whoever asked, by the rights they have now. Raises NotVisible or NotPermitted."""
    viewer = Viewer(person=package.maker, now=now)
    file = CaseFile(viewer, visible_case(viewer, case.number), in_full=package.in_full)
    if not file.may("export") or (package.in_full and not file.may("reveal")):
        raise NotPermitted(verb="导出档案")
    return file


def _keep(package: ArchivePackage, write: Callable[[IO[bytes]], None], *, now: datetime) -> None:
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as target, override(package.maker.language or None):
        write(target)  # type: ignore[arg-type]
        size = target.tell()
        target.seek(0)
        hasher = hashlib.sha256()
        while chunk := target.read(1024 * 1024):
            hasher.update(chunk)
        target.seek(0)
        keep_made(package, target, size=size, sha256=hasher.hexdigest(), now=now)  # type: ignore[arg-type]


def _opened(parts: list[ArchivePackage]) -> Iterator[tuple[str, IO[bytes]]]:
    for part in parts:
        if part.case is None:
            continue
        with default_storage.open(part.location, "rb") as content:
            yield bundle_name(part.case.number, PACKAGE), content
