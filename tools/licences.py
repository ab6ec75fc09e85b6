"""Which licences the dependencies have; THIRD_PARTY.md lists those that reach a user.

Without arguments: exit 1 when a licence is not on the list or THIRD_PARTY.md is out of date.
`--write` writes it.
"""

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTING = ROOT / "THIRD_PARTY.md"
ALLOWED = re.compile(
    r"\b(MIT|0BSD|BSD|Apache|ISCL?|PSF|Python Software|MPL.?2|Mozilla|OFL|LGPL|Lesser|Unlicense|zlib|HPND)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"\bAGPL|Affero|(?<!L)\bGPL|(?<!Lesser )General Public|SSPL|BUSL|Proprietary", re.IGNORECASE)
# What the metadata of a package leaves out, read in its source by hand.
READ_BY_HAND = {"pysqlite3": "Zlib", "axe-playwright-python": "MIT"}
# Programs that only checks start; nothing of them is imported, changed or passed on.
RUN_APART = {"djlint": "GPL-3.0-or-later"}
INTRODUCTION = """# Third-party software

Written by `make licences`. Nothing of this is in the repository: all comes from package registries.
LGPL and MPL packages are used unmodified, as separate packages.

## Installed with amends

"""


def locked(requirements: str) -> list[tuple[str, str]]:
    """Name and version of each package that a lock file names."""
    text = (ROOT / requirements).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE)


def licence_of(package: Distribution) -> str:
    """The licence expression, else what the classifiers say, else the first line of the old field."""
    about = package.metadata
    name = about["Name"].lower()
    classifiers = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    named = [text for text in classifiers if text != "OSI Approved"]
    return (
        READ_BY_HAND.get(name)
        or about.get("License-Expression")
        or " / ".join(sorted(named))
        or (about.get("License") or "").strip().split("\n")[0]
        or "unknown"
    )


def python_packages(requirements: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, version in locked(requirements):
        try:
            package = distribution(name)
        except PackageNotFoundError:  # For another platform.
            continue
        rows.append((name, version, licence_of(package)))
    return rows


def page_assets() -> list[tuple[str, str, str]]:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    named = {path.removeprefix("node_modules/"): entry for path, entry in lock["packages"].items() if path}
    return [(name, entry["version"], entry.get("license", "unknown")) for name, entry in sorted(named.items())]


def table(rows: list[tuple[str, str, str]]) -> str:
    lines = ["| package | version | licence |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {name} | {version} | {licence} |" for name, version, licence in rows]) + "\n"


def listing() -> str:
    return (
        INTRODUCTION
        + table(python_packages("requirements.txt"))
        + "\n## Loaded by pages, built into `amends/web/static/vendor`\n\n"
        + table(page_assets())
    )


def problems() -> list[str]:
    everything = python_packages("requirements.txt") + python_packages("requirements-dev.txt") + page_assets()
    refused = [
        f"{name} {version}: the licence {licence!r} is not on the list of tools/licences.py."
        for name, version, licence in sorted(set(everything))
        if RUN_APART.get(name) != licence and (FORBIDDEN.search(licence) or not ALLOWED.search(licence))
    ]
    current = LISTING.is_file() and LISTING.read_text(encoding="utf-8") == listing()
    return refused + ([] if current else ["THIRD_PARTY.md is out of date: run `make licences`."])


def main() -> int:
    if sys.argv[1:] == ["--write"]:
        LISTING.write_text(listing(), encoding="utf-8")
    found = problems()
    print("\n".join(found) or "Every licence is on the list.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
