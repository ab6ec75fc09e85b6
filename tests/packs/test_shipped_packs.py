"""The packs that ship: without problems, with enough worked cases, and stored in one way only."""

import json
from functools import lru_cache
from pathlib import Path

import pytest

from amends.apps.policies.check import Check, check_folder
from amends.apps.policies.files import read_folder
from amends.core.canonical import canonical_json
from amends.core.policy.pack import read_pack

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(folder for folder in (ROOT / "packs").iterdir() if folder.is_dir())
WORKED_CASES = 12

pytestmark = pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


@lru_cache
def check_of(folder: Path) -> Check:
    return check_folder(folder, calendars=ROOT / "calendars", shipped=True)


def test_a_shipped_pack_has_no_problems_and_its_examples_come_out(folder: Path) -> None:
    assert [line.text() for line in check_of(folder).lines] == []


def test_every_core_clause_of_a_shipped_pack_has_a_rule(folder: Path) -> None:
    assert check_of(folder).unruled == ()


def test_a_shipped_pack_brings_worked_cases_of_every_sort(folder: Path) -> None:
    pack = check_of(folder).pack
    assert pack is not None
    assert len(pack.examples) >= WORKED_CASES
    expected = {key for example in pack.examples for key in example.expect}
    assert {"due", "may"} <= expected
    assert expected & {"axes", "criteria", "route"}


def test_the_folder_is_named_like_the_pack(folder: Path) -> None:
    assert check_of(folder).raw["head"]["id"] == folder.name


def test_canonical_text_reads_back_equal_and_is_stable(folder: Path) -> None:
    raw = check_of(folder).raw
    text = canonical_json(raw)
    again = json.loads(text)
    assert canonical_json(again) == text
    assert canonical_json(read_folder(folder).raw) == text
    assert read_pack(again) == read_pack(raw)
