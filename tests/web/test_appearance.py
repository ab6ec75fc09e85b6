"""Light and dark pages: the reader's choice holds on this device, and each theme is readable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

STATIC = Path(__file__).resolve().parents[2] / "amends" / "web" / "static"
LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^(]*\))|\brgba?\(")


@pytest.mark.django_db
def test_the_choice_of_an_appearance_is_kept_and_any_other_word_changes_nothing():
    client = Client()
    assert 'media="screen and (prefers-color-scheme: dark)"' in client.get("/sign-in/").content.decode()
    for chosen, shown in (("dark", 'media="screen"'), ("nonsense", 'media="screen"'), ("light", "")):
        answer = client.post("/appearance/", {"appearance": chosen, "next": "/sign-in/"})
        page = client.get(answer["Location"]).content.decode()
        assert (shown or "dark.css") in page if shown else "dark.css" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_changing_the_appearance_leads_to_no_other_host(elsewhere: str):
    assert Client().post("/appearance/", {"appearance": "dark", "next": elsewhere})["Location"] == "/"


def palette(*names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", (STATIC / name).read_text(encoding="utf-8")))
    return found


def light_of(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((light_of(one), light_of(other)))
    return (bright + 0.05) / (dark + 0.05)


WORDS = ("ink", "muted", "faint", "accent", "accent-deep", "late", "warn", "good")
GROUNDS = ("paper", "card", "sunken", "hover", "field")
PAIRS = [(word, ground) for word in WORDS for ground in GROUNDS] + [
    ("accent", "accent-soft"), ("accent-deep", "accent-soft"), ("muted", "accent-soft"), ("faint", "accent-soft"),
    ("late", "late-soft"), ("late-deep", "late-soft"), ("warn", "warn-soft"), ("good", "good-soft"), ("chip-ink", "chip"),
    ("level-1-ink", "level-1"), ("level-2-ink", "level-2"), ("on-fill", "fill"), ("on-fill", "fill-deep"),
    ("on-fill", "late-fill"), ("on-toast", "toast"), ("toast-link", "toast"), ("on-art", "art-3"),
]  # fmt: skip


@pytest.mark.parametrize("sheets", [("amends.css",), ("amends.css", "dark.css")])
def test_every_pair_of_word_and_ground_can_be_read(sheets: tuple[str, ...]):
    colours = palette(*sheets)
    faint = {pair: round(contrast(*(colours[name] for name in pair)), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("sheets", [("amends.css",), ("amends.css", "dark.css")])
def test_the_edge_of_a_field_can_be_seen(sheets: tuple[str, ...]):
    colours = palette(*sheets)
    assert contrast(colours["field-line"], colours["field"]) >= 3


def test_colours_have_a_name_in_the_list_and_stand_nowhere_else():
    """A colour of its own would stay bright at night."""
    lines = (STATIC / "amends.css").read_text(encoding="utf-8").split(":lang(zh-Hant)", 1)[1].splitlines()
    assert [line for line in lines if LITERAL.search(line)] == []
