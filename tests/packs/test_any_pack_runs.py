"""No pack is named in the code: shipped ones, a stranger, and shipped ones under random ids run from contact to archive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from amends.apps.cases.facts import facts_of, facts_text, rebuilt_facts
from amends.apps.policies.actions import load_calendar_folder, publish_folder, publish_pack
from amends.apps.policies.files import read_folder
from amends.apps.policies.queries import read_version, versions_of
from amends.core.policy.pack import read_pack
from tests.packs.renaming import renamed
from tests.world import HOTEL, ROOT, SHIPPED, DeskWorld, drive_to_archive, open_world

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def world_of(folder_name: str) -> DeskWorld:
    load_calendar_folder(ROOT / "calendars", now=NOW)
    folder = HOTEL if folder_name == "hotel" else ROOT / "packs" / folder_name
    version = publish_folder(folder, now=NOW)
    return open_world(version.pack_id, now=NOW)


@pytest.mark.parametrize("name", [*SHIPPED, "hotel"])
def test_every_kind_that_counts_runs_from_first_contact_to_archive(name: str) -> None:
    world = world_of(name)
    kinds = [kind for kind, rule in world.pack.channels.kinds.items() if rule.counts]
    for kind in kinds:
        case, done = drive_to_archive(world, world.register(kind=kind))
        assert (kind, case.state_category) == (kind, "archived"), done


@pytest.mark.parametrize("name", SHIPPED)
def test_a_pack_runs_under_random_ids(name: str) -> None:
    load_calendar_folder(ROOT / "calendars", now=NOW)
    raw = read_folder(ROOT / "packs" / name).raw
    content = renamed(raw, read_pack(raw), seed=len(name))
    version = publish_pack(content, now=NOW)
    assert version.pack_id != name
    world = open_world(version.pack_id, now=NOW)
    case, done = drive_to_archive(world, world.register())
    assert case.state_category == "archived", done


def test_what_the_row_says_is_what_the_ledger_says() -> None:
    world = world_of("express")
    case, _ = drive_to_archive(world, world.register())
    assert facts_text(rebuilt_facts(case)) == facts_text(facts_of(case))


def test_a_case_keeps_the_version_it_was_received_under() -> None:
    world = world_of("express")
    case = world.register()
    pinned = case.pack_id
    raw = read_folder(ROOT / "packs" / "express").raw
    later = {**raw, "head": {**raw["head"], "version": 2, "valid_from": "2026-03-05"}}
    from amends.apps.policies.actions import close_version

    close_version(versions_of("express")[0], last_day=NOW.date(), now=NOW)
    publish_pack(later, now=NOW)
    world.later(days=3)
    case = world.do(case, "accept")
    newer = world.register()
    assert case.pack_id == pinned
    assert read_version(newer.pack_id).version == 2
