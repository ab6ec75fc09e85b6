"""Asking for archive packages, and what becomes of them: who may, how many at once, and when they go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from amends.apps.cases.facts import pack_of
from amends.apps.cases.filters import filtered
from amends.apps.cases.models import ArchivePackage, Case, EvidenceFile
from amends.apps.cases.queries import Viewer, actor_of
from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append_in_turn
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible, Refusal
from amends.core.roles import has_right

KEPT_FOR = timedelta(days=7)
MOST_CASES = 200
MOST_BYTES = 1024**3
MOST_WAITING = 20
REASON_LENGTH = 300
PACK, BIND = "pack_archive_file", "bind_archive_packages"
State = ArchivePackage.State


class TooMuchAtOnce(Refusal):
    """More than one package holds, or more of them than are made for one person at a time."""

    code = "too_much_at_once"
    status = 422
    sentence = "所选档案共 %(cases)s 件、材料 %(megabytes)s MB，超过一次打包的上限（%(most_cases)s 件、%(most_megabytes)s MB）。请按月份和类别缩小范围。"


class TooManyWaiting(TooMuchAtOnce):
    code = "too_many_waiting"
    status = 429
    sentence = "您有 %(waiting)s 个档案包正在打包，请等它们完成后再申请。"


class NothingToPack(Refusal):
    """No file lies there that this person may export."""

    code = "nothing_to_pack"
    status = 422
    sentence = "所选范围内没有您可以导出的归档案卷。"


def ask_for_package(viewer: Viewer, case: Case, *, in_full: bool, reason: str) -> ArchivePackage:
    """Have a visible case packed as a ZIP; it is noted, and kept on the desk's chain.

    Raises NotPermitted without the right to export, or for full personal data without the right to reveal; InvalidData
    for a missing reason then; TooManyWaiting.
    """
    _may_pack(viewer, case, in_full=in_full)
    reason = _reason(reason, in_full=in_full)
    _has_room(viewer)
    with transaction.atomic():
        package = ArchivePackage.objects.create(
            maker=viewer.person, desk=case.desk, case=case, in_full=in_full, reason=reason, created_at=viewer.now,
            expires_at=viewer.now + KEPT_FOR,
        )  # fmt: skip
        _note(viewer, package, [case])
        enqueue(PACK, {"package": str(package.pk)}, now=viewer.now)
    return package


def ask_for_month(
    viewer: Viewer, desk: Desk, month: str, *, category: str = "", in_full: bool, reason: str
) -> ArchivePackage:
    """Have the archive of a month packed, a ZIP for each file within one; those that may not be exported are left out.

    Raises TooMuchAtOnce with the counts beyond 200 files or 1 GB of evidence, NothingToPack, and as `ask_for_package`.
    """
    reason = _reason(reason, in_full=in_full)
    asked = {"desk": desk.code, "status": "archived", "archived_in": month, "category": category}
    if len(month) != 7:
        raise InvalidData([FieldError("/month", "bad_filter_value", {"name": "month", "value": month[:20]})])
    found = filtered(viewer, asked)
    _is_small_enough(found)
    cases = [case for case in found.select_related("desk", "pack").order_by("archived_at", "pk") if _may(viewer, case)]
    if not cases:
        raise NothingToPack
    if in_full:
        _may_pack(viewer, cases[0], in_full=True)
    _has_room(viewer)
    common = {"maker": viewer.person, "desk": desk, "in_full": in_full, "reason": reason, "created_at": viewer.now}
    with transaction.atomic():
        whole = ArchivePackage.objects.create(
            **common, month=month, category=category, expires_at=viewer.now + KEPT_FOR
        )
        parts = [ArchivePackage(**common, case=case, whole=whole, expires_at=viewer.now + KEPT_FOR) for case in cases]
        ArchivePackage.objects.bulk_create(parts)
        _note(viewer, whole, cases)
        for part in parts:
            enqueue(PACK, {"package": str(part.pk)}, now=viewer.now, priority=5)
    return whole


def _may(viewer: Viewer, case: Case) -> bool:
    return has_right(pack_of(case), actor_of(viewer, case), "export")


def _may_pack(viewer: Viewer, case: Case, *, in_full: bool) -> None:
    if not _may(viewer, case):
        raise NotPermitted(verb="导出档案")
    if in_full and not has_right(pack_of(case), actor_of(viewer, case), "reveal"):
        raise NotPermitted(verb="查看完整信息")


def _reason(reason: str, *, in_full: bool) -> str:
    if not reason.strip():
        if in_full:
            raise InvalidData([FieldError("/reason", "required", {"field": "导出理由"})])
        return ""
    return checked_text(reason, pointer="/reason", field="导出理由", limit=REASON_LENGTH)


def _has_room(viewer: Viewer) -> None:
    waiting = ArchivePackage.objects.filter(
        maker=viewer.person, whole=None, state=State.WAITING, expires_at__gt=viewer.now
    ).count()
    if waiting >= MOST_WAITING:
        raise TooManyWaiting(waiting=waiting)


def _is_small_enough(cases: QuerySet[Case]) -> None:
    count = cases.count()
    size = EvidenceFile.objects.filter(case__in=cases).aggregate(whole=Sum("size"))["whole"] or 0
    if count > MOST_CASES or size > MOST_BYTES:
        raise TooMuchAtOnce(
            cases=count, megabytes=size // 1024**2, most_cases=MOST_CASES, most_megabytes=MOST_BYTES // 1024**2
        )


def _note(viewer: Viewer, package: ArchivePackage, cases: Iterable[Case]) -> None:
    """In the access log of every case, and once on the chain of the desk."""
    numbers = []
    for case in cases:
        numbers.append(case.number)
        log_access(
            actor=viewer.person.actor_id,
            action="export",
            object=f"case:{case.pk}",
            reason=package.reason,
            now=viewer.now,
        )
    append_in_turn(
        chain_key=f"desk:{package.desk.code}", chain_kind="desk", kind="archive_exported", at=viewer.now,
        recorded_at=viewer.now, actor=viewer.person.actor_id,
        payload={"package": str(package.pk), "cases": numbers, "in_full": package.in_full},
    )  # fmt: skip


# What becomes of it.


def keep_made(package: ArchivePackage, content: IO[bytes], *, size: int, sha256: str, now: datetime) -> None:
    """Store the ZIP of a package that was waited for; one that has gone meanwhile is thrown away."""
    location = default_storage.save(f"packages/{now:%Y/%m/%d}/{package.pk.hex}", File(content))
    waited_for = ArchivePackage.objects.filter(pk=package.pk, state=State.WAITING)
    if not waited_for.update(state=State.MADE, location=location, size=size, sha256=sha256, made_at=now):
        default_storage.delete(location)


def mark_failed(package: ArchivePackage) -> None:
    """Say that a package will not come: its maker lost the right, or the case is no more to be seen."""
    ArchivePackage.objects.filter(pk=package.pk, state=State.WAITING).update(state=State.FAILED)


def order_binding(package: ArchivePackage, *, now: datetime) -> None:
    """Once the last part of a whole is done, have them bound together."""
    if package.whole_id is None or ArchivePackage.objects.filter(whole=package.whole_id, state=State.WAITING).exists():
        return
    enqueue(BIND, {"package": str(package.whole_id)}, now=now, unique_key=f"{BIND}:{package.whole_id}", priority=5)


def drop_parts(whole: ArchivePackage) -> None:
    """Delete the files of the parts once the whole holds them."""
    for part in whole.parts.filter(state=State.MADE):
        _drop(part)


def expire_packages(*, now: datetime) -> int:
    """Delete the files of packages whose time is over; returns how many."""
    over = ArchivePackage.objects.filter(Q(state=State.MADE) | Q(state=State.WAITING), expires_at__lte=now)
    return sum(_drop(package) for package in over[:500])


def _drop(package: ArchivePackage) -> bool:
    if not ArchivePackage.objects.filter(pk=package.pk, state=package.state).update(state=State.EXPIRED, location=""):
        return False
    if package.location:
        default_storage.delete(package.location)
    return True


def drop_packages(packages: QuerySet[ArchivePackage]) -> None:
    """Delete packages whose cases are erased, before their time; what was typed as the reason goes with them."""
    for package in packages:
        _drop(package)
    packages.update(reason="")


def packages_of(viewer: Viewer) -> QuerySet[ArchivePackage]:
    """What the viewer asked for, newest first; nobody sees the packages of somebody else."""
    return (
        ArchivePackage.objects.filter(maker=viewer.person, whole=None)
        .select_related("desk", "case")
        .order_by("-created_at", "-pk")
    )


def open_package(viewer: Viewer, package_id: UUID) -> tuple[ArchivePackage, IO[bytes]]:
    """A package of the viewer that can be had now, for downloading, which is noted. Raises NotVisible for any other.

    Whoever may no more export a case does not get its package either.
    """
    package = packages_of(viewer).filter(pk=package_id, state=State.MADE, expires_at__gt=viewer.now).first()
    if package is None or not _still_may(viewer, package):
        raise NotVisible
    try:
        content = default_storage.open(package.location, "rb")
    except FileNotFoundError:
        raise NotVisible from None
    log_access(
        actor=viewer.person.actor_id, action="download", object=f"package:{package.pk}", reason=package.reason,
        now=viewer.now,
    )  # fmt: skip
    return package, content


def _still_may(viewer: Viewer, package: ArchivePackage) -> bool:
    packed = [package.case] if package.case else [part.case for part in package.parts.select_related("case__desk")]
    seen = set(
        filtered(viewer, {"desk": package.desk.code})
        .filter(pk__in=[c.pk for c in packed if c])
        .values_list("pk", flat=True)
    )
    return all(case is not None and case.pk in seen and _may(viewer, case) for case in packed)
