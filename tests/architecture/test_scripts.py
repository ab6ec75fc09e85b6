"""The scripts of the pages: one that a browser can not read does nothing at all, and says so to nobody."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {script.name: script for script in sorted((ROOT / "amends").rglob("static/*.js"))}


def names_of_the_whole(text: str) -> list[str]:
    """What a script declares for all of it: at the margin, or one step in where a single function encloses it."""
    is_enclosed = len(re.findall(r"^\S.*\{$", text, re.MULTILINE)) == 1
    return re.findall(rf"^{'(?:  )?' if is_enclosed else ''}(?:const|let|class) (\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_declares_each_of_its_names_once(name: str) -> None:
    declared = Counter(names_of_the_whole(SCRIPTS[name].read_text(encoding="utf-8")))

    assert [name for name, times in declared.items() if times > 1] == []


def test_the_script_for_work_without_a_connection_is_looked_into() -> None:
    assert "askedFor" in names_of_the_whole(SCRIPTS["offline.js"].read_text(encoding="utf-8"))
