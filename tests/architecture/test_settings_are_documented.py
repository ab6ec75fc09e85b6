import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTING = re.compile(r"\bAMENDS_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
USERS = [*(ROOT / "amends").rglob("*.py"), *(ROOT / "tools").glob("*.py"), ROOT / "tests" / "settings.py"]
READS = re.compile(r"""(?:env\w+\(|environ(?:\.get|\.setdefault)?[(\[])\s*["'](AMENDS_[A-Z0-9_]+)["']""")


def documented() -> list[str]:
    lines = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    return [match.group(0) for line in lines if line.startswith("| `AMENDS_") and (match := SETTING.search(line))]


def test_every_setting_that_is_read_stands_in_the_table_once():
    read = {name for file in USERS for name in READS.findall(file.read_text(encoding="utf-8"))}

    assert sorted(documented()) == sorted(read)


def test_every_setting_that_is_named_in_the_code_exists():
    named = {name for file in USERS for name in SETTING.findall(file.read_text(encoding="utf-8"))}

    assert named - set(documented()) == set()
