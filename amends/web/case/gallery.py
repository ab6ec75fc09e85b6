"""The files of a case as pages show them: pictures of what has a preview, rows for the rest, older versions folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext

from amends.apps.cases.evidence import evidence_shown
from amends.apps.cases.models import EvidenceFile, EvidencePreview
from amends.apps.cases.previews import is_previewed
from amends.apps.cases.timeline import reporter_is_hidden
from amends.apps.people.models import Person
from amends.core.policy.base import Title
from amends.doors.wording import words
from amends.web.case.seeing import CaseView

ICONS = {
    "pdf": "file-type-pdf", "zip": "file-zip", "rar": "file-zip", "7z": "file-zip", "csv": "table", "xls": "table",
    "xlsx": "table", "doc": "file-text", "docx": "file-text", "txt": "file-text", "eml": "mail", "msg": "mail",
    "mp3": "music", "wav": "music", "m4a": "music", "amr": "music", "mp4": "video", "mov": "video", "avi": "video",
    "jpg": "photo", "jpeg": "photo", "png": "photo", "gif": "photo", "webp": "photo", "bmp": "photo", "heic": "photo",
}  # fmt: skip


@dataclass(slots=True)
class ShownFile:
    """One file with its words. `pages` is how many pictures there are of it, `versions` what it supersedes."""

    file: EvidenceFile
    kind: str
    giver: str
    icon: str
    pages: int = 0
    note: str = ""
    versions: list[ShownFile] = field(default_factory=list)


def shown_files(seen: CaseView) -> list[ShownFile]:
    """The files that the viewer may see, oldest first, each under its newest version."""
    found = evidence_shown(seen.case, seen.pack, seen.actor)
    kinds = seen.pack.head.evidence.kinds if seen.pack.head.evidence else {}
    givers = _givers(seen, found)
    return _under_newest([_shown(file, kinds, givers) for file in found])


def _shown(file: EvidenceFile, kinds: Mapping[str, Title], givers: Mapping[str, str]) -> ShownFile:
    preview = getattr(file, "preview", None)
    return ShownFile(
        file=file,
        kind=words(kinds.get(file.kind)),
        giver=file.source or givers.get(file.given_by, ""),
        icon=ICONS.get(file.extension, "file"),
        pages=preview.shown if preview else 0,
        note=_note(file, preview),
    )


def _note(file: EvidenceFile, preview: EvidencePreview | None) -> str:
    """Why there is no picture of a file, or not of all its pages."""
    if not is_previewed(file):
        return ""
    if preview is None:
        return gettext("预览正在生成")
    if preview.refused:
        reasons = {
            "too_large": gettext("图片尺寸过大，不生成预览，请下载查看"),
            "locked": gettext("文件已加密，不能预览，请下载查看"),
            "too_costly": gettext("文件过于复杂，不生成预览，请下载查看"),
        }
        return reasons.get(preview.refused, gettext("文件无法预览，请下载查看"))
    if preview.pages > preview.shown:
        return gettext("共 %(pages)s 页，预览前 %(shown)s 页") % {"pages": preview.pages, "shown": preview.shown}
    return ""


def _givers(seen: CaseView, files: Iterable[EvidenceFile]) -> dict[str, str]:
    """Who handed each file in; nobody where that would tell who reported."""
    if reporter_is_hidden(seen.case, seen.pack, seen.actor.roles):
        return {}
    givers = {file.given_by for file in files}
    people = {int(giver[7:]) for giver in givers if giver.startswith("person:") and giver[7:].isdigit()}
    names = Person.objects.filter(pk__in=people).values_list("pk", "name") if people else []
    found = {f"person:{pk}": name for pk, name in names}
    return found | {giver: gettext("客户") for giver in givers if not giver.startswith(("person:", "system"))}


def _under_newest(files: Sequence[ShownFile]) -> list[ShownFile]:
    """The newest version of each file, with the older ones below it, the latest of them first."""
    by_id: dict[UUID | None, ShownFile] = {shown.file.pk: shown for shown in files}
    superseded = {shown.file.supersedes_id for shown in files if shown.file.supersedes_id in by_id}
    newest = [shown for shown in files if shown.file.pk not in superseded]
    for shown in newest:
        older = shown.file.supersedes_id
        while older in by_id and by_id[older] not in shown.versions:
            shown.versions.append(by_id[older])
            older = by_id[older].file.supersedes_id
    return newest


def all_versions(files: Iterable[ShownFile]) -> list[ShownFile]:
    """Every file, older versions behind the newest of each."""
    return [one for shown in files for one in (shown, *shown.versions)]
