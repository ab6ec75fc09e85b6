"""Erasing: everything written about cases goes, and their chains stay and can be verified."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet

from amends.apps.cases.models import (
    FAR_FUTURE,
    Case,
    Draft,
    EvidenceFile,
    FoundPost,
    IdempotencyKey,
    PortalCode,
    PortalKey,
    SearchEntry,
)
from amends.apps.cases.previews import delete_pictures
from amends.apps.cases.proceeding_models import PartnerKey, Proceeding
from amends.apps.ledger.actions import erase_details
from amends.apps.ledger.models import Detail
from amends.apps.messaging.actions import forget_messages
from amends.apps.people.actions import erase_complainant, forget_reasons
from amends.apps.people.models import Complainant

CASES_AT_ONCE = 200
Eraser = Callable[[Collection[UUID]], None]
_ERASERS: list[Eraser] = []


def eraser(function: Eraser) -> Eraser:
    """Register what empties the tables of an app above when cases are erased, in the same transaction."""
    if function not in _ERASERS:
        _ERASERS.append(function)
    return function


def erase_cases(cases: Collection[UUID], *, now: datetime) -> int:
    """Empty the texts, files, words, messages and complainants of cases; codes, times and hashes stay in their chains.

    A complainant who has other cases keeps what these need. Returns how many files were deleted.
    """
    keys = list(cases)
    return sum(_erase_some(keys[n : n + CASES_AT_ONCE], now) for n in range(0, len(keys), CASES_AT_ONCE))


@transaction.atomic
def _erase_some(keys: list[UUID], now: datetime) -> int:
    rows = list(Case.objects.filter(pk__in=keys).values_list("pk", "number", "chain_id", "complainant_id"))
    numbers = [number for _, number, _, _ in rows]
    begun = dict(Proceeding.objects.filter(case__in=keys).values_list("pk", "chain_id"))
    chains = [*(chain for _, _, chain, _ in rows), *begun.values()]
    erase_details(Detail.objects.filter(chain_id__in=chains), now=now)
    Proceeding.objects.filter(pk__in=begun).update(subject="")
    SearchEntry.objects.filter(case__in=keys).delete()
    Case.objects.filter(pk__in=keys).update(subject="", sweep_at=FAR_FUTURE)
    FoundPost.objects.filter(case__in=keys).update(author="", link="", text="")
    PortalKey.objects.filter(case__in=keys).delete()
    PortalCode.objects.filter(Q(case__in=keys) | Q(number__in=numbers)).delete()
    IdempotencyKey.objects.filter(body__in=[str(key) for key in keys]).delete()
    _drop_drafts(set(numbers))
    PartnerKey.objects.filter(proceeding__in=begun).delete()
    forget_messages([str(key) for key in (*keys, *begun)])
    forget_reasons([f"case:{key}" for key in keys])
    _erase_complainants({complainant for _, _, _, complainant in rows if complainant}, keys, now)
    for erase in _ERASERS:
        erase(keys)
    return delete_files(EvidenceFile.objects.filter(case__in=keys))


@transaction.atomic
def erase_records(desks: Collection[int], *, now: datetime) -> int:
    """Empty what was written in the proceedings of some desks that belong to no case; returns how many files were deleted."""
    rows = dict(Proceeding.objects.filter(desk__in=desks, case=None).values_list("pk", "chain_id"))
    erase_details(Detail.objects.filter(chain_id__in=rows.values()), now=now)
    Proceeding.objects.filter(pk__in=rows).update(subject="", sweep_at=FAR_FUTURE)
    forget_messages([str(key) for key in rows])
    return delete_files(EvidenceFile.objects.filter(proceeding__in=rows))


def _drop_drafts(numbers: Collection[str]) -> None:
    """Of everybody who was writing on one of the cases: places of drafts begin with its number."""
    drafts = Draft.objects.filter(place__startswith="case:").values_list("pk", "place")
    Draft.objects.filter(pk__in=[pk for pk, place in drafts if place.split(":")[1] in numbers]).delete()


def _erase_complainants(candidates: Collection[int], keys: Collection[UUID], now: datetime) -> None:
    needed = Case.objects.filter(complainant__in=candidates).exclude(pk__in=keys).exclude(subject="")
    kept = set(needed.values_list("complainant_id", flat=True))
    for complainant in Complainant.objects.filter(pk__in=set(candidates) - kept):
        erase_complainant(complainant=complainant, now=now)


def delete_files(files: QuerySet[EvidenceFile]) -> int:
    """Delete files with everything drawn of them; returns how many rows went."""
    found = list(files)
    for file in found:
        delete_pictures(file)
        default_storage.delete(file.location)
    EvidenceFile.objects.filter(pk__in=[file.pk for file in found]).update(supersedes=None)
    return EvidenceFile.objects.filter(pk__in=[file.pk for file in found]).delete()[0]


def forget_what_they_typed(owners: Collection[str]) -> None:
    """Drop drafts, answers kept for repeated requests, and uploads that hang nowhere of the people named by `owners`."""
    Draft.objects.filter(owner__in=owners).delete()
    IdempotencyKey.objects.filter(caller__in=owners).delete()
    delete_files(EvidenceFile.objects.filter(owner__in=owners, case=None, proceeding=None))
