"""Evidence: taken in byte for byte, hashed, kept under a random name, never served as anything that could run."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any, Protocol, cast

import filetype
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.timeline import TASK_VERBS
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import events_of
from amends.apps.prepared import Asked, given_key, prepared
from amends.core.directory import Actor
from amends.core.policy.forms import FILE_TYPES
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Evidence, Pack
from amends.core.refusals import FieldError, InvalidData, Refusal
from amends.core.roles import sees_task_only

USUAL_EXTENSIONS = (
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "jpg", "jpeg", "png", "gif", "webp", "heic", "bmp",
    "mp3", "wav", "m4a", "amr", "mp4", "mov", "avi", "eml", "msg", "zip", "rar", "7z",
)  # fmt: skip
MEGABYTE = 1024 * 1024

_LOOKALIKES = {"jpeg": "jpg", "docx": "zip", "xlsx": "zip", "pptx": "zip", "mov": "mp4", "m4a": "mp4", "heic": "mp4"}
_DETECTABLE = frozenset({"pdf", "jpg", "png", "gif", "webp", "bmp", "zip", "rar", "7z", "mp3", "wav", "amr", "avi"})


class Upload(Protocol):
    """A file as a door received it."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def chunks(self) -> Iterable[bytes]: ...


class FileRefused(Refusal):
    """One file can not be taken; the sentence says why and how else to hand it in. The other files and the text stay."""

    code = "file_refused"
    status = 415


class FileTooBig(FileRefused):
    code = "file_too_big"
    status = 413


@dataclass(frozen=True, slots=True)
class Given:
    """Who hands a file in: `owner` is the session or person that alone may attach it."""

    owner: str
    given_by: str
    kind: str = ""
    source: str = ""


def rules_of(pack: Pack) -> Evidence:
    """What the desk takes: its own list, or the usual types."""
    return pack.head.evidence or Evidence(kinds={}, extensions=USUAL_EXTENSIONS)


def store_upload(upload: Upload, *, rules: Evidence, given: Given, now: datetime) -> EvidenceFile:
    """Keep a file under a random name with its SHA-256, not yet attached to a case.

    Raises FileTooBig or FileRefused with the file's name, the limit and another way to hand it in. Type is told by
    content and by name; archives are never opened.
    """
    name = safe_name(upload.name or "")
    extension = PurePosixPath(name).suffix.lower().lstrip(".")
    limit = rules.max_file_mb * MEGABYTE
    if not upload.size:
        raise FileRefused("文件“%(name)s”是空的，请检查后重新上传。", name=name)
    if upload.size > limit:
        raise too_big(name, rules)
    if extension not in rules.extensions:
        sentence = "不接收“%(extension)s”类型的文件（%(name)s）。可上传：%(allowed)s；其他材料请联系客服提交。"
        raise FileRefused(sentence, name=name, extension=extension or "无扩展名", allowed=list(rules.extensions[:12]))
    location, digest, size, head = _keep(upload, now=now, limit=limit)
    if not _looks_like(extension, head):
        default_storage.delete(location)
        sentence = "文件“%(name)s”的内容与扩展名“%(extension)s”不符，请核对后重新上传。"
        raise FileRefused(sentence, name=name, extension=extension)
    guessed = filetype.guess(head)
    return EvidenceFile.objects.create(
        owner=given.owner, given_by=given.given_by, kind=given.kind, source=given.source[:200], name=name, extension=extension,
        content_type=guessed.mime if guessed else "application/octet-stream", size=size, sha256=digest, location=location,
        uploaded_at=now,
    )  # fmt: skip


MAIL = "mail:"
"""Begins the owner of what came by mail: such files stay although nobody has attached them yet."""


def store_received(octets: bytes, *, name: str, content_type: str, given: Given, now: datetime) -> EvidenceFile:
    """Keep what has arrived by itself, whatever it is: nobody can be asked to send it otherwise."""
    location, digest, size, _ = _keep(ContentFile(octets, name=name), now=now, limit=len(octets))
    return EvidenceFile.objects.create(
        owner=given.owner, given_by=given.given_by, kind=given.kind, source=given.source[:200], name=safe_name(name),
        extension=PurePosixPath(name).suffix.lower().lstrip("."), content_type=content_type, size=size, sha256=digest,
        location=location, uploaded_at=now,
    )  # fmt: skip


def too_big(name: str, rules: Evidence) -> FileTooBig:
    """The refusal of a file that is larger than the desk takes."""
    sentence = "文件“%(name)s”超过 %(limit)s MB，无法上传。请压缩后再传，或联系客服以其他方式提交。"
    return FileTooBig(sentence, name=name, limit=rules.max_file_mb)


def _keep(upload: Upload, *, now: datetime, limit: int) -> tuple[str, str, int, bytes]:
    location = f"{folder_of(now)}/{uuid.uuid4().hex}"
    hasher, size, head = hashlib.sha256(), 0, b""

    def counted() -> Iterable[bytes]:
        nonlocal size, head
        for chunk in upload.chunks():
            size += len(chunk)
            if len(head) < 8192:
                head += chunk[: 8192 - len(head)]
            hasher.update(chunk)
            yield chunk

    stored = default_storage.save(location, cast(IO[bytes], _Chunks(counted(), upload.size or limit)))
    return stored, hasher.hexdigest(), size, head


def folder_of(now: datetime) -> str:
    """Where the files of a day are kept."""
    return f"evidence/{now:%Y/%m/%d}"


class _Chunks:
    """What Django's storage asks of a file, over chunks that are hashed while they pass."""

    def __init__(self, source: Iterable[bytes], size: int) -> None:
        self.source, self.size, self.name = source, size, None

    def chunks(self, chunk_size: int | None = None) -> Iterable[bytes]:
        return self.source

    def open(self, mode: str = "rb") -> _Chunks:
        return self

    def close(self) -> None: ...


def safe_name(name: str) -> str:
    """The file's own name without paths, control, format and reserved characters; at most 120 characters, never empty."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    text = re.sub(r'[<>:"|?*]', "_", text).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if not dot:
        stem, extension = text, ""
    stem = stem.strip(" .")[:100] or "file"
    return f"{stem}.{extension[:16]}" if extension else stem


def _looks_like(extension: str, head: bytes) -> bool:
    """Whether the content fits the extension, where its kind can be told from the first bytes."""
    guessed = filetype.guess(head)
    wanted = _LOOKALIKES.get(extension, extension)
    if guessed is None:
        return wanted not in _DETECTABLE and not _is_markup(head)
    found = _LOOKALIKES.get(guessed.extension, guessed.extension)
    return (
        found == wanted
        or extension not in (*_DETECTABLE, *_LOOKALIKES)
        or (wanted == "mp4" and found in ("mp4", "mov"))
    )


def _is_markup(head: bytes) -> bool:
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script"))


def attach(
    files: Iterable[str],
    *,
    case: Case | None,
    owner: str,
    now: datetime,
    kind: str = "",
    source: str = "",
    supersedes: str = "",
    proceeding: Proceeding | None = None,
) -> int:
    """Attach uploads to a case, to a proceeding, or to both. Only those of `owner` that hang nowhere yet; raises InvalidData at the field otherwise.

    With `supersedes` they are new versions of that file of the case, which stays as it is.
    """
    wanted = list(files)
    found = EvidenceFile.objects.filter(pk__in=wanted, owner=owner, case=None, proceeding=None)
    values: dict[str, object] = {"case": case, "proceeding": proceeding, "attached_at": now}
    if kind:
        values["kind"] = kind
    if source:
        values["source"] = source
    if supersedes and case is not None:
        values["supersedes"] = _file_on(case, supersedes)
    count = found.update(**values)
    if count != len(wanted):
        raise InvalidData([FieldError("/evidence_files", "bad_file", {"field": "证据材料"})])
    return count


def _file_on(case: Case, file: str) -> EvidenceFile:
    """A file that the case has. Raises InvalidData."""
    found = EvidenceFile.objects.filter(pk=file, case=case).first()
    if found is None:
        raise InvalidData([FieldError("/superseded_file", "bad_file", {"field": "原文件"})])
    return found


def evidence_of(case: Case) -> QuerySet[EvidenceFile]:
    """The files of a case, oldest first, each version."""
    return EvidenceFile.objects.filter(case=case).order_by("uploaded_at", "pk")


def _open_to(roles: Iterable[str], files: QuerySet[EvidenceFile]) -> QuerySet[EvidenceFile]:
    open_to_them = Q(proceeding=None) | Q(proceeding__seen_by="")
    for role in sorted(roles):
        open_to_them |= Q(proceeding__seen_by__contains=f",{role},")
    return files.filter(open_to_them).order_by("uploaded_at", "pk")


def evidence_for(case: Case, pack: Pack, actor: Actor) -> QuerySet[EvidenceFile]:
    """The files that the actor may see, oldest first.

    Those of a confidential proceeding are for the roles that see it, those in a field for the roles that read it. Whoever is
    complained about and sees the task only sees those that were given with it, and their own.
    """
    files = _open_to(actor.roles, evidence_of(case)).exclude(pk__in=_kept_on_case(case, pack, actor.roles))
    if not sees_task_only(pack, actor):
        return files
    return files.filter(Q(given_by=actor.id) | Q(pk__in=_given_with_the_task(case, pack)))


def evidence_shown(case: Case, pack: Pack, actor: Actor) -> list[EvidenceFile]:
    """The files that the actor may see, oldest first, with their previews."""
    if sees_task_only(pack, actor):
        return list(evidence_for(case, pack, actor).select_related("preview"))
    kept = _kept_on_case(case, pack, actor.roles)
    return [file for file in asked_for_evidence(case, actor).ask() if file.pk not in kept]


def evidence_in(proceeding: Proceeding, pack: Pack, roles: frozenset[str]) -> list[EvidenceFile]:
    """The files handed in with a proceeding, oldest first, without those in fields that none of the roles reads."""
    kept = _kept_in_fields(pack, roles, lambda: [proceeding.chain_id])
    return list(proceeding.evidence.exclude(pk__in=kept).order_by("uploaded_at", "pk"))


def _kept_on_case(case: Case, pack: Pack, roles: frozenset[str]) -> set[uuid.UUID]:
    return _kept_in_fields(pack, roles, lambda: [case.chain_id, *case.proceedings.values_list("chain_id", flat=True)])


def _kept_in_fields(pack: Pack, roles: frozenset[str], chains: Callable[[], list[int]]) -> set[uuid.UUID]:
    """The files on these chains that stand in fields for other roles; nothing is asked where the policy keeps no such field from them.

    Chains are looked for by their keys: told as a condition of two parts, the database would read every event there is.
    """
    names = _fields_kept_from(pack, roles)
    if not names:
        return set()
    is_named = Q()
    for name in names:
        is_named |= Q(payload__contains=f'"{name}":')
    entered = [_entered_in(event.data) for event in Event.objects.filter(is_named, chain__in=chains())]
    return {uuid.UUID(file) for values in entered for name in names for file in values.get(name) or ()}


@once_a_pack
def _fields_kept_from(pack: Pack, roles: frozenset[str]) -> tuple[str, ...]:
    fields = (field for field in pack.fields.values() if field.type in FILE_TYPES)
    return tuple(field.id for field in fields if not field.is_seen_by(roles))


def asked_for_evidence(case: Case, actor: Actor) -> Asked[EvidenceFile]:
    """The files of a case that lie where the roles of the actor see them, unless they see their task only."""
    question = prepared(
        ("evidence", actor.roles),
        lambda: _open_to(actor.roles, EvidenceFile.objects.filter(case_id=given_key("case"))).select_related("preview"),
    )
    return question.given(case=case.pk)


def _given_with_the_task(case: Case, pack: Pack) -> set[str]:
    fields = [field.id for field in pack.fields.values() if field.type in FILE_TYPES]
    entered = [_entered_in(event.data) for event in events_of(case.chain) if event.kind in TASK_VERBS]
    return {file for values in entered for name in fields for file in values.get(name) or ()}


def _entered_in(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data.get("set", {}), **data.get("add", {}).get("item", {})}


def open_evidence(file: EvidenceFile) -> IO[bytes]:
    """The bytes as they were sent."""
    return default_storage.open(file.location, "rb")
