"""`make clauses`: which clauses of the packs are proven.

A clause counts when a test under tests/acceptance carries its mark and is neither skipped nor expected to
fail. The tests are collected, not run.
"""

import contextlib
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.skipping import evaluate_skip_marks, evaluate_xfail_marks
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "docs" / "clauses.yaml"
WAITING = ROOT / "docs" / "clauses_waiting.yaml"
ACCEPTANCE = ROOT / "tests" / "acceptance"
TOPICS = ["core", "proceedings", "conversation", "knowing", "service"]
NO_REASON = "no acceptance test yet"


class MarkedTests:
    """A pytest plugin: the clauses of the collected tests that would run."""

    def __init__(self) -> None:
        self.proven: set[str] = set()
        self.broken: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if not evaluate_skip_marks(item) and not evaluate_xfail_marks(item):
                self.proven.update(clause for mark in item.iter_markers("clause") for clause in mark.args)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(report.nodeid)


def collect() -> MarkedTests:
    found = MarkedTests()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(ACCEPTANCE)], plugins=[found])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        print(output.getvalue()[-4000:])
        found.broken = found.broken or ["the collection itself"]
    return found


def topics(catalogue: Any) -> dict[str, str]:
    """Clause id to topic, of a list of clauses or of one list a document."""
    lists = catalogue.values() if isinstance(catalogue, Mapping) else [catalogue]
    entries = [entry for part in lists if isinstance(part, list) for entry in part]
    return {entry["id"]: entry["topic"] for entry in entries if entry.get("topic") in TOPICS}


def reasons() -> dict[str, str]:
    if not WAITING.is_file():
        return {}
    return dict(YAML(typ="safe").load(WAITING.read_text(encoding="utf-8")) or {})


def main() -> int:
    if not CATALOGUE.is_file():
        print("docs/clauses.yaml is missing: it is written from the packs' clauses.yaml files.")
        return 1
    topic_of = topics(YAML(typ="safe").load(CATALOGUE.read_text(encoding="utf-8")))
    found, reason_of = collect(), reasons()
    for clause in sorted(set(topic_of) - found.proven):
        print(f"{topic_of[clause]:<13} {clause:<16} waits: {reason_of.get(clause, NO_REASON)}")
    unknown = sorted(found.proven - set(topic_of))
    for clause in unknown:
        print(f"A test names the clause {clause}, which docs/clauses.yaml does not have.")
    for place in found.broken:
        print(f"Not collected: {place}")
    for topic in TOPICS:
        ids = {clause for clause, its_topic in topic_of.items() if its_topic == topic}
        print(f"{topic} {len(ids & found.proven)}/{len(ids)}")
    return int(bool(unknown or found.broken))


if __name__ == "__main__":
    sys.exit(main())
