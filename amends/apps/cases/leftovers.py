"""Files that nobody needs: uploads that were never attached, and what a crash left between file and row."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from amends.apps.cases.evidence import MAIL, folder_of
from amends.apps.cases.models import Draft, EvidenceFile
from amends.apps.cases.post_models import OWNER_OF_POSTS

KEPT = timedelta(hours=24)
DAYS_LOOKED_AT = 8
"""So many days back: a worker that stood still for a week misses nothing."""
AT_ONCE = 500


def remove_unattached(*, now: datetime) -> int:
    """Delete uploads that nobody attached within a day, at most 500; returns how many.

    Those of somebody whose draft is kept stay with it, and so do mail until it is erased and screenshots of a post.
    """
    waiting = Draft.objects.values("owner")
    old = EvidenceFile.objects.filter(case=None, proceeding=None, uploaded_at__lt=now - KEPT)
    old = old.exclude(owner__in=waiting).exclude(owner__startswith=MAIL).exclude(owner__startswith=OWNER_OF_POSTS)
    return sum(remove_upload(file) for file in old[:AT_ONCE])


def remove_upload(file: EvidenceFile) -> bool:
    """Delete an upload with its file, the row first, unless somebody attached it meanwhile; says whether it went."""
    if not EvidenceFile.objects.filter(pk=file.pk, case=None, proceeding=None).delete()[0]:
        return False
    default_storage.delete(file.location)
    return True


def remove_unreferenced(*, now: datetime) -> int:
    """Delete files that no row names a day after they were written; returns how many."""
    removed = 0
    for back in range(1, DAYS_LOOKED_AT + 1):
        folder = folder_of(now - timedelta(days=back))
        names = _names_in(folder)
        for start in range(0, len(names), AT_ONCE):
            places = {f"{folder}/{name}" for name in names[start : start + AT_ONCE]}
            places -= set(EvidenceFile.objects.filter(location__in=places).values_list("location", flat=True))
            for place in places:
                removed += _delete_if_old(place, now - KEPT)
    return removed


def _names_in(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def _delete_if_old(place: str, before: datetime) -> bool:
    try:
        if default_storage.get_modified_time(place) > before:
            return False
    except FileNotFoundError:
        return False
    default_storage.delete(place)
    return True
