"""Clauses are data: code names them in docstrings, acceptance tests in marks, and those tests use doors."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLAUSE = re.compile(r"\b(?:ESC|REP|MKT|SVC|EXP)-[0-9A-Z][\w.]*")
PRODUCT = [
    *(ROOT / "amends").rglob("*.py"),
    *(ROOT / "amends").rglob("templates/**/*.html"),
    *(ROOT / "amends").rglob("static/*.js"),
]
ACCEPTANCE = sorted((ROOT / "tests" / "acceptance").rglob("test_*.py"))


def source_lines(file: Path) -> set[int]:
    """The lines of docstrings that read `Source: …`."""
    if file.suffix != ".py":
        return set()
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    inside = {number for first in docstrings for number in range(first.lineno, first.end_lineno + 1)}
    return {number for number in inside if re.search(r"(^|\s|\")Source: ", lines[number - 1])}


def clauses_outside_source_lines(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    if not CLAUSE.search(text):
        return []
    allowed = source_lines(file)
    return [
        f"{file.relative_to(ROOT)}:{number}: {match.group(0)}"
        for number, line in enumerate(text.splitlines(), start=1)
        if number not in allowed
        for match in CLAUSE.finditer(line)
    ]


def test_no_clause_is_named_outside_a_source_line():
    named = [place for file in PRODUCT for place in clauses_outside_source_lines(file)]

    assert named == []


@pytest.mark.parametrize("file", ACCEPTANCE, ids=lambda file: file.name)
def test_an_acceptance_test_goes_through_a_door(file: Path):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    managers = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "objects"]

    assert {module for module in imported if module.startswith("amends.apps")} == set()
    assert managers == []
