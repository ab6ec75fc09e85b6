"""The worker's part of an export: writes the file in batches and hands it to its maker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext

from amends.apps.cases.listing import SORTS
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, packs_of, visible_with
from amends.apps.cases.writing import held_words
from amends.apps.lists.exports import FULL_RIGHT, cases_to_export, fail_export, finish_export
from amends.apps.lists.models import Export
from amends.apps.lists.saved import filters_in
from amends.apps.people.models import ContactPoint
from amends.core.refusals import InvalidData
from amends.doors.case_sheet import write_sheet
from amends.doors.papers.formats import moment_in_print

BATCH = 500


def make_export(key: str, *, now: datetime) -> None:
    """Write the file of an export; made before, gone, or no longer its maker's to take, nothing happens."""
    export = Export.objects.select_related("owner").filter(pk=key, state=Export.State.WAITING).first()
    if export is None or export.expires_at <= now:
        return
    viewer = Viewer(person=export.owner, now=now)
    try:
        cases = cases_to_export(export, viewer)
    except InvalidData:
        fail_export(export)
        return
    _, sort = filters_in(export.query)
    zone = _zone(viewer)
    with translation.override(export.language), tempfile.TemporaryFile() as file:
        count = write_sheet(
            file, _rows(cases.order_by(*SORTS[sort]), export, viewer), columns=export.columns.split(","),
            about=_about(export, now, zone), now=now, zone=zone,
        )  # fmt: skip
        file.seek(0)
        location = _stored(export, File(file))
    finish_export(export, location=location, count=count, now=now)


def _zone(viewer: Viewer) -> ZoneInfo:
    """The zone of the maker's first desk; that of the server for whoever has none left."""
    pack = next(iter(packs_of(viewer).values()), None)
    return ZoneInfo(pack.head.zone if pack else settings.TIME_ZONE)


def _stored(export: Export, file: File[bytes]) -> str:
    """Where the file lies; one that a run before this left behind goes."""
    location = f"exports/{export.pk.hex}.xlsx"
    default_storage.delete(location)
    return default_storage.save(location, file)


def _rows(cases: QuerySet[Case], export: Export, viewer: Viewer) -> Iterator[tuple[Case, str, bool, datetime | None]]:
    """Each case once, as the list stood when it was begun, with the number to call, whether both are masked, and until when
    the last word to the customer is held back."""
    keys = list(cases.values_list("pk", flat=True))
    related = ("desk", "department", "handler", "partner", "complainant")
    full = visible_with(viewer, FULL_RIGHT)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        found = Case.objects.select_related(*related).defer("facts").in_bulk(batch)
        phones = _phones([case.complainant_id for case in found.values() if case.complainant_id])
        held = held_words(found.values(), now=viewer.now)
        open_ones = set() if export.is_masked else set(full.filter(pk__in=batch).values_list("pk", flat=True))
        for key in batch:
            if key in found:
                case = found[key]
                yield case, phones.get(case.complainant_id or 0, ""), key not in open_ones, held.get(str(key))


def _phones(complainants: list[int]) -> dict[int, str]:
    points = ContactPoint.objects.filter(complainant__in=complainants, kind="phone").order_by("-pk")
    return dict(points.values_list("complainant_id", "value"))


def _about(export: Export, now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    return [
        (gettext("导出人"), export.owner.name),
        (gettext("导出理由"), export.reason),
        (gettext("生成时间"), moment_in_print(now, zone)),
        (gettext("时间"), gettext("表中时间为受理台所在地时间。")),
        (gettext("个人信息"), gettext("已隐去") if export.is_masked else gettext("完整，仅限所述用途，请妥善保管。")),
        (gettext("筛选条件"), export.asked_for),
    ]
