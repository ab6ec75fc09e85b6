"""A case as a ZIP that can be read and checked without the product: papers, evidence byte for byte, hashes, proof."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from amends.apps.cases.evidence import evidence_for, open_evidence, safe_name
from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceedings.queries import proceedings_of
from amends.doors.papers.binder import cover_sheet, messages_sheet, timeline_sheet
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.finding import filled_in, papers_of_proceeding, sheet_called
from amends.doors.papers.formats import moment_in_print
from amends.doors.papers.making import form_sheet, printed_forms, record_sheet
from amends.doors.papers.press import pdfs_of
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.papers.proof import proof_of
from amends.doors.papers.sheet import Sheet

SHEETS_A_RUN = 40
PACKAGE = "档案包"
"""What a package is called in the names of files."""
STAMP = (1980, 1, 1, 0, 0, 0)


class EvidenceChanged(Exception):
    """The bytes of a file are not those that were handed in: it is packed nowhere before somebody has looked."""


def write_bundle(file: CaseFile, target: IO[bytes], *, now: datetime) -> None:
    """Write the ZIP of a case as its viewer may read it. Raises EvidenceChanged, PaperNotMade."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        sums = [_written(archive, name, content) for name, content in _papers(file)]
        sums += [_copied(archive, name, one) for name, one in _evidence(file)]
        proof = proof_of(file, made_at=moment_in_print(now, file.zone))
        sums += [_written(archive, name, content) for name, content in proof.items()]
        _written(archive, "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sums).encode())


def bundle_name(number: str, title: str) -> str:
    """Under which name the ZIP is saved."""
    return safe_name(f"{number}-{title}.zip")


def _papers(file: CaseFile) -> Iterator[tuple[str, bytes]]:
    named = list(_sheets(file))
    for start in range(0, len(named), SHEETS_A_RUN):
        part = named[start : start + SHEETS_A_RUN]
        yield from zip((name for name, _ in part), pdfs_of([sheet for _, sheet in part]), strict=True)


def _sheets(file: CaseFile) -> Iterator[tuple[str, Sheet]]:
    """The cover, the history, the forms of the policy that were begun, and every record."""
    yield "00-封面与卷内目录.pdf", cover_sheet(file)
    yield "01-办理过程.pdf", timeline_sheet(file)
    if messages := messages_sheet(file):
        yield "02-往来消息.pdf", messages
    records = [(entry, file.pack.forms[entry.form_id]) for entry in file.entries if entry.form_id]
    used = {form.id for _, form in records}
    for place, form in enumerate((f for f in printed_forms(file.pack) if f.id in used), start=1):
        sheet = form_sheet(file, form)
        yield f"表单/{place:02d}-{_plain(sheet.title)}.pdf", sheet
    for entry, form in records:
        sheet = record_sheet(file, entry, form)
        yield f"记录/{entry.seq:03d}-{_plain(sheet.title)}.pdf", sheet
    yield from _sheets_of_proceedings(file)


def _sheets_of_proceedings(file: CaseFile) -> Iterator[tuple[str, Sheet]]:
    """What was filled in of the printed forms of the case's proceedings, as far as the viewer sees them."""
    for proceeding in proceedings_of(file.viewer, file.case):
        part = ProceedingFile(file.viewer, proceeding)
        part.in_full = file.in_full and part.may("reveal")
        filled = filled_in(part)
        for name, title in papers_of_proceeding(part).items():
            if name in filled:
                yield f"专项程序/{_plain(f'{proceeding.number}-{title}')}.pdf", sheet_called(part, name)


def _evidence(file: CaseFile) -> Iterator[tuple[str, EvidenceFile]]:
    for place, one in enumerate(evidence_for(file.case, file.pack, file.actor), start=1):
        yield f"证据材料/{place:02d}-{_plain(one.name)}", one


def _plain(name: str) -> str:
    return re.sub(r"[\s/]+", "", safe_name(name.replace("/", "-")))


def _written(archive: zipfile.ZipFile, name: str, content: bytes) -> tuple[str, str]:
    archive.writestr(_entry(name), content)
    return name, hashlib.sha256(content).hexdigest()


def _copied(archive: zipfile.ZipFile, name: str, one: EvidenceFile) -> tuple[str, str]:
    """The file byte for byte, hashed on its way. Raises EvidenceChanged."""
    hasher = hashlib.sha256()
    with open_evidence(one) as source, archive.open(_entry(name), "w", force_zip64=True) as target:
        while chunk := source.read(1024 * 1024):
            hasher.update(chunk)
            target.write(chunk)
    if hasher.hexdigest() != one.sha256:
        raise EvidenceChanged(str(one.pk))
    return name, one.sha256


def _entry(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, STAMP)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made


def write_binding(
    parts: Iterable[tuple[str, IO[bytes]]], target: IO[bytes], *, title: str, left_out: list[str]
) -> None:
    """Write one ZIP of finished ones, with the hashes of all and what is missing named."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        sums = []
        for name, content in parts:
            hasher = hashlib.sha256()
            with archive.open(_stored(name), "w", force_zip64=True) as out:
                while chunk := content.read(1024 * 1024):
                    hasher.update(chunk)
                    out.write(chunk)
            sums.append((name, hasher.hexdigest()))
        lines = [title, "", *(name for name, _ in sums)]
        if left_out:
            lines += ["", "未能打包的案卷：", *left_out]
        sums.append(_written(archive, "目录.txt", "\n".join([*lines, ""]).encode()))
        _written(archive, "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sums).encode())


def _stored(name: str) -> zipfile.ZipInfo:
    made = _entry(name)
    made.compress_type = zipfile.ZIP_STORED
    return made
