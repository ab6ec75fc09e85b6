"""A newer program reads packs that an older one published."""

import json
from pathlib import Path

import pytest

from amends.core.policy.pack import FORMAT, read_pack
from amends.core.policy.upgrades import STEPS, FormatError, upgraded

STORED = Path(__file__).with_name("stored_packs")


@pytest.mark.parametrize("written", range(1, FORMAT + 1))
def test_a_stored_pack_of_every_format_is_read(written: int) -> None:
    content = json.loads((STORED / f"format_{written}.json").read_text(encoding="utf-8"))
    pack = read_pack(upgraded(content, written=written))
    assert pack.id == "minimal"
    assert [clock.id for clock in pack.clocks] == ["answer", "reply"]
    assert pack.clocks[0].limit.table["general"].working_days == 3
    assert [f.id for f in pack.forms["answer"].fields if f.reason] == ["answer_text"]


def test_every_older_format_has_its_step() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_steps_are_taken_one_after_another_and_leave_the_stored_content_alone() -> None:
    stored = {"head": {"id": "old"}, "limits": []}
    steps = {
        1: lambda raw: {"clocks": raw["limits"], **{k: v for k, v in raw.items() if k != "limits"}},
        2: lambda raw: {**raw, "guidance": []},
    }
    assert upgraded(stored, written=1, present=3, steps=steps) == {"head": {"id": "old"}, "clocks": [], "guidance": []}
    assert stored == {"head": {"id": "old"}, "limits": []}


def test_a_pack_of_a_newer_program_is_refused() -> None:
    with pytest.raises(FormatError, match=f"format {FORMAT + 1}"):
        upgraded({}, written=FORMAT + 1)


def test_a_gap_between_formats_is_refused() -> None:
    with pytest.raises(FormatError, match="from format 1 to 2"):
        upgraded({}, written=1, present=2, steps={})
