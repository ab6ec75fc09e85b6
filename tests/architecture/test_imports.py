"""The core is pure, and what is imported is declared."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted((ROOT / "amends").rglob("*.py"))
CORE = sorted((ROOT / "amends" / "core").rglob("*.py"))


def imported_modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def name_of(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement).group(0).lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("file", CORE, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_core_imports_the_standard_library_pydantic_and_itself(file: Path):
    allowed = {*sys.stdlib_module_names, "pydantic"}

    foreign = {
        module
        for module in imported_modules(file)
        if module.split(".")[0] not in allowed and not f"{module}.".startswith("amends.core.")
    }

    assert foreign == set()


@pytest.mark.parametrize("file", CORE, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_core_reads_no_clock_no_file_and_no_chance(file: Path):
    text = file.read_text(encoding="utf-8")

    used = re.findall(r"\b(?:datetime\.now|datetime\.today|date\.today|time\.time|open|random\.\w+)\(", text)

    assert used == []


def test_every_imported_package_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {name_of(requirement) for requirement in project["dependencies"]}
    optional = {name_of(item) for items in project["optional-dependencies"].values() for item in items}
    providers = packages_distributions()

    undeclared = {
        (str(file.relative_to(ROOT)), module)
        for file in PRODUCT
        for module in {name.split(".")[0] for name in imported_modules(file)}
        if module not in sys.stdlib_module_names
        and module != "amends"
        and not ({name_of(name) for name in providers.get(module, [])} & (declared | optional))
    }

    assert undeclared == set()
