"""S20, small: whatever a program sends, the API answers as its contract says, and never with a server error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amends.core.verbs import VERBS
from tests.patience import HANGS_AFTER_SECONDS
from tests.promises.installation import Installation
from tests.promises.racing import register

EXAMPLES = os.environ.get("AMENDS_TEST_EXAMPLES", "15")
# The two databases are asked by different requests.
SEED = "2" if os.environ.get("AMENDS_TEST_DATABASE") == "postgresql" else "1"
PHASES = os.environ.get("AMENDS_TEST_FUZZING_PHASES", "examples,fuzzing")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"
MISSING = "no-such-case"


def contract_for(target: Installation, numbers: list[str]) -> dict[str, Any]:
    """The contract with real numbers and verbs to choose from: chance would hardly ever find one."""
    document = dict(target.call("GET", "/api/v1/openapi.json").json())
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "number":
                    parameter["schema"] = {"type": "string", "enum": [*numbers, MISSING]}
                if parameter["name"] == "verb":
                    parameter["schema"] = {"type": "string", "enum": sorted(VERBS)}
    return document


@pytest.mark.parametrize("role", ["cs_supervisor", "department_staff"])
def test_fuzzing_finds_no_server_error(running: Installation, tmp_path: Path, role: str):
    numbers = [register(running, f"模糊测试 {n}").json()["number"] for n in range(3)]
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(contract_for(running, numbers)), encoding="utf-8")

    done = subprocess.run(
        [
            *[sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", str(file)],
            *["--url", f"http://127.0.0.1:{running.port}", "-H", f"Authorization: Bearer {running.world['tokens'][role]}"],
            *["--max-examples", EXAMPLES, "--checks", CHECKS, "--phases", PHASES],
            # Not in several threads: two that parse a program at the same moment make Python 3.11 fail.
            *["--workers", "1"],
            *["--no-shrink", "--seed", SEED, "--warnings", "off", "--suppress-health-check", "all"],
            *["--request-timeout", str(int(HANGS_AFTER_SECONDS))],
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
