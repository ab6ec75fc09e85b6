"""Templates only show: nothing inline that could run, and no text from outside is trusted."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(ROOT.glob("amends/*/templates/**/*.html"))
CODE = sorted((ROOT / "amends").rglob("*.py"))

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style\b|\son[a-z]+\s*=\s*[\"']|javascript:|\bhx-on",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)
TRUSTING = re.compile(
    r"\|\s*safe\b|\bautoescape\s+off|\|\s*(?:urlize|striptags|truncatewords_html)\b|\bmark_safe\b|\bSafeString\("
)
# Places where trusting markup is right, each with its reason.
REVIEWED: dict[str, str] = {}


def found(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {match.group(0).strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def test_no_template_holds_inline_script_or_style():
    assert found(INLINE, TEMPLATES) == []


def test_no_template_loads_anything_from_elsewhere():
    assert found(ELSEWHERE, TEMPLATES) == []


def test_markup_is_trusted_only_where_that_was_reviewed():
    places = [place for place in found(TRUSTING, TEMPLATES + CODE) if place.split(":")[0] not in REVIEWED]

    assert places == []


def test_the_patterns_find_what_they_are_for():
    page = '<script>x</script><script src="a.js"></script><p onclick="x()"><style></style>{{ text|safe }}'

    assert [match.group(0).strip() for match in INLINE.finditer(page)] == ["<script>", 'onclick="', "<style"]
    assert TRUSTING.search(page)
    assert ELSEWHERE.search('<img src="//cdn.example/x.png">')
