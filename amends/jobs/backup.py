"""Backups that are proven by restoring them: every row and every file, with a manifest of hashes, readable by either database.

Rows are written as JSON lines under one snapshot, so a backup can be taken while the system serves; it can be restored
into SQLite or PostgreSQL. Secrets are not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet

from amends import __version__
from amends.apps.cases.models import ArchivePackage, EvidenceFile
from amends.apps.ledger.bulk import insert_rows
from amends.apps.ledger.models import Chain
from amends.core.refusals import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 2000
LEFT_OUT = frozenset({"cases_evidencepreview", "cases_presence", "lists_export", "people_signedin"})
"""Tables of what is drawn again from the files, is over in a minute or a day, or goes with its session."""
OURS = "amends.apps."
PLAIN_NAME = re.compile(r"\w[\w-]*")
PLACE = re.compile(r"\w[\w-]*(/\w[\w-]*)*")
"""Locations are folders and a name without a dot: none of them leads upwards."""


class BackupRefused(Refusal):
    """A backup can not be taken, trusted or restored; the sentence says why."""

    code = "backup_refused"
    sentence = "备份无法使用：%(why)s。"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a backup."""

    name: str
    kind: str


def our_models() -> list[type[models.Model]]:
    """Every table of the product, many-to-many ones included; sessions and what does not last are left out."""
    found = (m for m in apps.get_models(include_auto_created=True) if m.__module__.startswith(OURS) and m._meta.managed)
    return sorted((m for m in found if m._meta.db_table not in LEFT_OUT), key=lambda m: m._meta.db_table)


def take_backup(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Write a backup into a new folder and return its manifest. Refuses a folder that holds something."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(why="目标文件夹不是空的")
    (folder / "tables").mkdir(parents=True, mode=0o700)
    (folder / "files").mkdir(mode=0o700)
    with _snapshot():
        tables = {model._meta.db_table: _write_table(model, folder) for model in our_models()}
        files = {str(file.pk): _write_file(file, folder) for file in EvidenceFile.objects.order_by("pk").iterator()}
        files |= {str(package.pk): part for package in made_packages() if (part := _write_package(package, folder))}
        heads = list(Chain.objects.order_by("key").values_list("key", "head_seq", "head_hash"))
    manifest = {
        "format": FORMAT, "version": __version__, "taken_at": now.isoformat(), "tables": tables, "files": files,
        "migrations": sorted(_applied()), "chains": len(heads), "heads": _sha256(json.dumps(heads).encode()),
    }  # fmt: skip
    _write(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    _write(folder / f"{MANIFEST}.sha256", _sha256((folder / MANIFEST).read_bytes()).encode())
    return manifest


@contextmanager
def _snapshot() -> Iterator[None]:
    """One consistent view of the database, without keeping writers out."""
    if connection.in_atomic_block:
        yield
        return
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _write_table(model: type[models.Model], folder: Path) -> dict[str, Any]:
    """One JSON array a row, in the order of the columns; returns columns, number of rows and hash."""
    fields = model._meta.concrete_fields
    hasher, count = hashlib.sha256(), 0
    path = folder / "tables" / f"{model._meta.db_table}.jsonl"
    with _opened(path) as out:
        for row in _rows(model, fields):
            line = json.dumps(row, default=_as_text, ensure_ascii=False).encode() + b"\n"
            hasher.update(line)
            out.write(line)
            count += 1
    return {"columns": [f.attname for f in fields], "rows": count, "sha256": hasher.hexdigest()}


def _as_text(value: Any) -> str:
    """Times to the microsecond: the ledger hashes them."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _rows(model: type[models.Model], fields: Iterable[models.Field[Any, Any]]) -> Iterable[tuple[Any, ...]]:
    names = [f.attname for f in fields]
    ordering = [f.attname for f in model._meta.pk_fields]
    return model._base_manager.order_by(*ordering).values_list(*names).iterator(chunk_size=ROWS_AT_ONCE)


def made_packages() -> QuerySet[ArchivePackage]:
    """The archive packages whose ZIP lies in the storage."""
    return ArchivePackage.objects.filter(state=ArchivePackage.State.MADE).order_by("pk")


def _write_package(package: ArchivePackage, folder: Path) -> dict[str, Any] | None:
    """As evidence; None where its time was over while the backup was written."""
    try:
        return _write_file(package, folder)
    except FileNotFoundError:
        return None


def _write_file(file: EvidenceFile | ArchivePackage, folder: Path) -> dict[str, Any]:
    hasher = hashlib.sha256()
    # Opened first: what is gone leaves no empty file behind.
    source = default_storage.open(file.location, "rb")
    with source, _opened(folder / "files" / str(file.pk)) as out:
        for chunk in source.chunks():
            hasher.update(chunk)
            out.write(chunk)
    if hasher.hexdigest() != file.sha256:
        raise BackupRefused("备份无法使用：材料 %(file)s 与登记的校验值不符。", file=file.pk)
    return {"location": file.location, "sha256": file.sha256, "size": file.size}


def faults_in(folder: Path) -> list[Fault]:
    """Everything wrong with a backup: missing, changed or surplus parts, and what leads out of its folder. Needs no database."""
    manifest_path = folder / MANIFEST
    try:
        sealed = (folder / f"{MANIFEST}.sha256").read_text()
        if _sha256(manifest_path.read_bytes()) != sealed:
            return [Fault(MANIFEST, "changed")]
        manifest = json.loads(manifest_path.read_bytes())
    except (OSError, ValueError):
        return [Fault(MANIFEST, "missing")]
    if leading_out := _leading_out(folder, manifest):
        return [Fault(name, "outside") for name in leading_out]
    wanted = {f"tables/{name}.jsonl": part["sha256"] for name, part in manifest["tables"].items()}
    wanted |= {f"files/{name}": part["sha256"] for name, part in manifest["files"].items()}
    faults = [fault for name, digest in wanted.items() if (fault := _fault(folder, name, digest))]
    present = {str(p.relative_to(folder)) for part in ("tables", "files") for p in (folder / part).glob("*")}
    return faults + [Fault(name, "surplus") for name in sorted(present - set(wanted))]


def _leading_out(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Names of a manifest that is sealed but was not written by us: they would read or write beside the backup and the storage."""
    names = [name for part in ("tables", "files") for name in manifest[part] if not PLAIN_NAME.fullmatch(name)]
    places = [part["location"] for part in manifest["files"].values() if not PLACE.fullmatch(part["location"])]
    links = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink()]
    return [*names, *places, *links]


def _fault(folder: Path, name: str, digest: str) -> Fault | None:
    path = folder / name
    if not path.is_file():
        return Fault(name, "missing")
    with path.open("rb") as file:
        return None if hashlib.file_digest(file, "sha256").hexdigest() == digest else Fault(name, "changed")


def restore_backup(folder: Path) -> dict[str, Any]:
    """Put a backup into an empty installation of the same schema, rows and files, in one transaction.

    Refuses a backup with faults, another schema, and an installation that holds anything.
    """
    if faults := faults_in(folder):
        raise BackupRefused(why="；".join(f"{fault.name} {fault.kind}" for fault in faults[:5]))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if manifest["migrations"] != sorted(_applied()):
        raise BackupRefused(why="备份与本系统的数据库结构版本不同，请用相同版本恢复")
    if holding := [m._meta.db_table for m in our_models() if m._base_manager.exists()]:
        raise BackupRefused("备份无法使用：目标系统不是空的（%(table)s）。", table=holding[0])
    with transaction.atomic():
        for model in our_models():
            if part := manifest["tables"].get(model._meta.db_table):
                _read_table(model, folder, part)
        _restart_sequences()
        made_packages().exclude(pk__in=manifest["files"]).update(state=ArchivePackage.State.EXPIRED, location="")
        _check_places(manifest["files"])
        for name, part in manifest["files"].items():
            _read_file(folder / "files" / name, part["location"])
    return dict(manifest)


def _read_table(model: type[models.Model], folder: Path, part: dict[str, Any]) -> None:
    """Foreign keys are checked when the transaction ends, so tables may come in any order."""
    fields = {f.attname: f for f in model._meta.concrete_fields}
    chosen = [fields[name] for name in part["columns"]]
    columns = [str(f.column) for f in chosen]
    with (folder / "tables" / f"{model._meta.db_table}.jsonl").open("rb") as lines:
        rows = [[_stored(f, value) for f, value in zip(chosen, json.loads(line), strict=True)] for line in lines]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        insert_rows(model._meta.db_table, columns, rows[start : start + ROWS_AT_ONCE])


def _check_places(files: dict[str, Any]) -> None:
    """A file lies where its row says, and nowhere else."""
    rows = (*EvidenceFile.objects.values_list("pk", "location"), *made_packages().values_list("pk", "location"))
    known = {str(key): place for key, place in rows}
    for name, part in files.items():
        if known.get(name) != part["location"]:
            raise BackupRefused("备份无法使用：文件 %(file)s 的存放位置与登记的不符。", file=name)


def _stored(field: models.Field[Any, Any], value: Any) -> Any:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    value = target.to_python(value)
    if value is None or isinstance(value, datetime):
        return value
    return target.get_db_prep_value(value, connection)


def _restart_sequences() -> None:
    """New rows get numbers after the restored ones."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), our_models()):
            cursor.execute(statement)


def _read_file(path: Path, location: str) -> None:
    if default_storage.exists(location):
        raise BackupRefused("备份无法使用：材料存放位置 %(place)s 已被占用。", place=location)
    with path.open("rb") as file:
        default_storage.save(location, File(file))


def _applied() -> list[str]:
    return [f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _opened(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write(path: Path, content: bytes) -> None:
    with _opened(path) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
