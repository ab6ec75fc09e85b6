"""Lists as spreadsheets: asked for with a reason, made by the worker, their maker's alone, and gone after a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet

from amends.apps.cases.filters import condition_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, visible_to, visible_with
from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append_in_turn
from amends.apps.lists.models import Export
from amends.apps.lists.saved import filters_in
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible, Refusal

RIGHT, FULL_RIGHT = "export", "export_full"
KEPT_FOR = timedelta(hours=24)
REASON_LENGTH = 300


@transaction.atomic
def order_export(
    *,
    viewer: Viewer,
    query: str,
    words: str,
    columns: Sequence[str],
    reason: str,
    full: bool,
    language: str,
    asked_for: str,
) -> Export:
    """Ask for a list as a spreadsheet; the worker makes it after the commit, and it says what was `asked_for`.

    Raises NotPermitted without the right `export` on any case, or for unmasked personal data without `export_full`, and
    InvalidData without a reason, or with a filter that no list can have.
    """
    if not holds_right(viewer, RIGHT) or (full and not holds_right(viewer, FULL_RIGHT)):
        raise NotPermitted(verb="导出")
    reason = checked_text(reason, pointer="/reason", field="导出理由", limit=REASON_LENGTH)
    if not reason:
        raise InvalidData([FieldError("/reason", "required", {"field": "导出理由"})])
    condition_of(viewer, _narrowed(query, words))
    found = Export.objects.create(
        owner=viewer.person, query=query, words=words[:200], columns=",".join(columns), reason=reason, is_masked=not full,
        asked_for=asked_for, language=language, created_at=viewer.now, expires_at=viewer.now + KEPT_FOR,
    )  # fmt: skip
    enqueue("make_export", {"export": str(found.pk)}, now=viewer.now)
    return found


def holds_right(viewer: Viewer, right: str, *, on: Desk | None = None) -> bool:
    """Whether a role of the viewer carries the right on that desk, or on some; asks the database nothing that is not known already."""
    return any(right in role.may for desk, role in viewer.roles_held() if on in (None, desk))


def cases_to_export(export: Export, viewer: Viewer) -> QuerySet[Case]:
    """The cases of the list as its maker may take them away now: rights that were lost meanwhile count."""
    within = visible_with(viewer, RIGHT).values("pk")
    condition = condition_of(viewer, _narrowed(export.query, export.words))
    return visible_to(viewer).filter(condition, pk__in=within)


def _narrowed(query: str, words: str) -> dict[str, str]:
    filters, _ = filters_in(query)
    return {**filters, "text": words} if words else filters


@transaction.atomic
def finish_export(export: Export, *, location: str, count: int, now: datetime) -> None:
    """Hand the file to its maker; who took how much and why is noted beside the chain of the installation."""
    Export.objects.filter(pk=export.pk).update(state=Export.State.READY, location=location, count=count)
    log_access(
        actor=export.owner.actor_id, action="export", object=f"export:{export.pk}", field=f"count:{count}",
        reason=export.reason, now=now,
    )  # fmt: skip
    append_in_turn(
        chain_key="installation", chain_kind="installation", kind="list_exported", at=now, recorded_at=now,
        actor=export.owner.actor_id,
        payload={"export": str(export.pk), "count": count, "masked": export.is_masked},
    )  # fmt: skip


def fail_export(export: Export) -> None:
    """Say that no file will come."""
    Export.objects.filter(pk=export.pk).update(state=Export.State.FAILED)


def exports_of(viewer: Viewer) -> QuerySet[Export]:
    """What somebody asked for and can still have, newest first."""
    return Export.objects.filter(owner=viewer.person, expires_at__gt=viewer.now)


class FileIsGone(Refusal):
    """The file of an export is not in the storage any more."""

    code = "file_is_gone"
    status = 410
    sentence = "这份文件已不在服务器上，请重新导出。"


def open_export(viewer: Viewer, key: UUID) -> tuple[Export, File]:
    """A file that is ready, for its maker, while it lasts; taking it is noted.

    Raises NotVisible for any other, and FileIsGone where the storage has lost it.
    """
    found = exports_of(viewer).filter(pk=key, state=Export.State.READY).first()
    if found is None:
        raise NotVisible
    try:
        content = default_storage.open(found.location)
    except FileNotFoundError as lost:
        fail_export(found)
        raise FileIsGone from lost
    log_access(actor=viewer.person.actor_id, action="download", object=f"export:{found.pk}", now=viewer.now)
    return found, content


def remove_ready() -> None:
    """Delete every file that can be had now: somebody was erased, and nobody can say in which of them they stand."""
    for export in Export.objects.filter(state=Export.State.READY):
        if export.location:
            default_storage.delete(export.location)
        export.delete()


def remove_expired(*, now: datetime) -> int:
    """Delete files whose day is over, and return how many."""
    over = list(Export.objects.filter(expires_at__lte=now)[:500])
    for export in over:
        if export.location:
            default_storage.delete(export.location)
        export.delete()
    return len(over)
