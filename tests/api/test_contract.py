"""The contract of the API: a reviewed snapshot. A change of it is a change for every program that calls."""

from __future__ import annotations

import json
from pathlib import Path

from django.utils.translation import override

from amends.api.app import contract

SNAPSHOT = Path(__file__).parent / "openapi.json"


def written(document: dict) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_the_contract_is_the_reviewed_one():
    """After a wanted change: `python -m tests.api.write_contract`, and review the difference."""
    with override("en"):
        assert written(contract()) == SNAPSHOT.read_text(encoding="utf-8")


def test_every_operation_names_its_refusals_and_its_way_in():
    with override("en"):
        document = contract()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == "openapi":
                continue
            assert operation["security"] == [{"token": []}], path
            assert {"401", "404", "422"} <= set(operation["responses"]), (path, method)
            if method == "post":
                assert "requestBody" in operation, path
