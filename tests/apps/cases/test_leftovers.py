"""What nobody needs goes after a day, and what somebody needs stays, whatever happens at the same moment."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from amends.apps.cases import evidence
from amends.apps.cases.actions.erase import forget_what_they_typed
from amends.apps.cases.drafts import save_draft
from amends.apps.cases.evidence import Given, folder_of, store_upload
from amends.apps.cases.leftovers import remove_unattached, remove_unreferenced, remove_upload
from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.core.policy.pack import Evidence
from tests.emptying import files_elsewhere
from tests.world import PICTURE, open_world, publish_shipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
RULES = Evidence(kinds={}, extensions=("png",))


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Any:
    with files_elsewhere(tmp_path / "files"):
        yield


def upload(at: datetime) -> EvidenceFile:
    file = SimpleUploadedFile("现场.png", PICTURE)
    return store_upload(file, rules=RULES, given=Given(owner="person:1", given_by="person:1"), now=at)


def written(place: str, at: datetime) -> str:
    """A file that no row names, as a crash leaves one."""
    saved = default_storage.save(place, ContentFile(b"left"))
    os.utime(default_storage.path(saved), (at.timestamp(), at.timestamp()))
    return saved


def test_a_file_without_a_row_goes_after_a_day_and_a_younger_one_stays():
    ago = {hours: NOW - timedelta(hours=hours) for hours in (1, 23, 25, 24 * 7)}
    places = {h: written(f"{folder_of(at)}/{h}", at) for h, at in ago.items()}
    part = written(f"{folder_of(ago[25])}/.x.part", ago[25])
    kept = upload(ago[25])

    assert remove_unreferenced(now=NOW) == 3
    assert [h for h, place in places.items() if default_storage.exists(place)] == [1, 23]
    assert not default_storage.exists(part)
    assert default_storage.exists(kept.location)


def test_an_upload_that_nobody_attached_goes_with_its_file():
    old, new = upload(NOW - timedelta(hours=25)), upload(NOW - timedelta(hours=23))

    assert remove_unattached(now=NOW) == 1
    assert list(EvidenceFile.objects.all()) == [new]
    assert not default_storage.exists(old.location)
    assert default_storage.exists(new.location)


def test_an_upload_that_is_attached_at_the_last_moment_keeps_its_file():
    publish_shipped(("express",), now=NOW)
    case = open_world("express", now=NOW).register()
    file = upload(NOW - timedelta(hours=25))
    EvidenceFile.objects.filter(pk=file.pk).update(case=case)

    assert not remove_upload(file)
    assert EvidenceFile.objects.get().case == case
    assert default_storage.exists(file.location)


def test_a_file_of_a_proceeding_that_stands_on_no_case_stays():
    publish_shipped(("hotel",), now=NOW)
    world = open_world("hotel", now=NOW)
    case = world.do(world.register(complainant_email="guest@example.com"), "grade")
    data = {"gift_for": "noise", "gift_form": "money", "gift_value": "20.00", "gift_reason": "噪音补偿"}
    caller = world.caller("night_porter")
    begun = begin_proceeding(Beginning(kind="gift", desk=world.desk, case=case, data=data, caller=caller, now=NOW))
    file = upload(NOW - timedelta(hours=25))
    EvidenceFile.objects.filter(pk=file.pk).update(proceeding=begun)

    assert remove_unattached(now=NOW) == 0
    assert not remove_upload(file)
    forget_what_they_typed([file.owner])
    assert EvidenceFile.objects.get(pk=file.pk).proceeding == begun
    assert default_storage.exists(file.location)


def test_an_upload_of_a_kept_draft_stays_with_it():
    file = upload(NOW - timedelta(hours=25))
    owner = "portal:somebody"
    EvidenceFile.objects.filter(pk=file.pk).update(owner=owner)
    save_draft(owner=owner, place="portal", content="", now=NOW - timedelta(hours=25))

    assert remove_unattached(now=NOW) == 0


def test_the_file_is_there_before_its_row(monkeypatch: pytest.MonkeyPatch):
    seen: list[bool] = []

    def create(**values: Any) -> EvidenceFile:
        seen.append(default_storage.exists(values["location"]))
        raise IntegrityError

    monkeypatch.setattr(evidence.EvidenceFile.objects, "create", create)
    with pytest.raises(IntegrityError):
        upload(NOW)

    assert seen == [True]
    assert not EvidenceFile.objects.exists()
