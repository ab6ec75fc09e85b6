"""`docs/clauses.yaml` is the packs' clauses together: write it, or with `--check` say whether it is equal.

Run as `python -m tools.clause_catalogue [--check]`.
"""

import io
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
PACKS = ROOT / "packs"
CATALOGUE = ROOT / "docs" / "clauses.yaml"
KEYS = ("id", "title", "text", "topic", "accept", "soft", "kept_by")
HEADING = "# Made from packs/*/clauses.yaml by tools/clause_catalogue.py; change the packs, not this file.\n"


def catalogue() -> dict[str, list[dict[str, Any]]]:
    """Every clause of every shipped pack, under the pack's name and in its order."""
    reader = YAML(typ="safe", pure=True)
    return {
        file.parent.name: [_ordered(clause) for clause in reader.load(file.read_text(encoding="utf-8"))]
        for file in sorted(PACKS.glob("*/clauses.yaml"))
    }


def _ordered(clause: dict[str, Any]) -> dict[str, Any]:
    return {key: clause[key] for key in KEYS if key in clause}


def catalogue_text() -> str:
    """The catalogue as YAML, the same for the same packs."""
    writer = YAML(typ="rt", pure=True)
    writer.width = 100_000
    writer.allow_unicode = True
    text = io.StringIO()
    writer.dump(catalogue(), text)
    return HEADING + text.getvalue()


def main(arguments: list[str]) -> int:
    text = catalogue_text()
    if "--check" not in arguments:
        CATALOGUE.write_text(text, encoding="utf-8")
        return 0
    if CATALOGUE.is_file() and CATALOGUE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/clauses.yaml differs from the packs; run: python -m tools.clause_catalogue")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
