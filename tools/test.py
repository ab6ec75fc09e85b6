"""`make test`: every test on SQLite, then on PostgreSQL those that ask the database something (decision 23).

Standard library only. The last line counts all runs together; before it stands what was not run.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.house import BROWSERS, PYTHON, ROOT, CannotGoOn, say
from tools.postgres import private_cluster, server_programs
from tools.start import prepare

# These say nothing about the database that others do not: rules without one, browsers, pages and papers.
# Every address is asked with odd values on both, every list and report by its own tests.
ONCE = [
    *("tests/core", "tests/architecture", "tests/journeys", "tests/packs", "tests/papers"),
    *("tests/web/manage", "tests/web/portal", "tests/web/intake"),
    *(f"tests/promises/test_{name}.py" for name in ("s13_s14_small", "s16_cells")),
]
ONCE_EACH = [
    # These bring a database of their own, the same one on both.
    "tests/promises/test_r2_durability.py::test_a_start_with_synchronous_off_is_refused",
    "tests/promises/test_r2_durability.py::test_a_start_with_fsync_off_is_refused",
]
# One more than there are processors: tests also wait, for disks, servers and browsers.
PROCESSES = os.environ.get("AMENDS_TEST_PROCESSES") or str((os.cpu_count() or 1) + 1)
EVERYTHING = os.environ.get("AMENDS_TEST_EVERYTHING", "").lower() not in {"", "0", "false"}
"""Each test on both databases."""
IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}
NO_TESTS_COLLECTED = 5
SLOWEST = 25


@dataclass
class Tally:
    """What one run of pytest counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    exit_code: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            exit_code=self.exit_code or other.exit_code,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run_pytest(arguments: list[str], *, report: Path, **environment: str) -> Tally:
    """Run pytest and read its counts from the report that it writes."""
    command = [
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-n",
        PROCESSES,
        "--dist",
        "loadfile",
        # In the order of tests/conftest.py: by itself it would begin with the most tests, which are not the longest.
        "--no-loadscope-reorder",
        f"--junitxml={report}",
        *arguments,
    ]
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL
    )
    if done.returncode == NO_TESTS_COLLECTED:
        return Tally()
    if not report.is_file():
        return Tally(exit_code=done.returncode or 1)
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
    counted = suite.attrib
    failed = int(counted["failures"]) + int(counted["errors"])
    skipped = int(counted["skipped"])
    say(where_the_time_went(suite))
    return Tally(int(counted["tests"]) - failed - skipped, failed, skipped, done.returncode)


def where_the_time_went(suite: ElementTree.Element) -> str:
    """The files that took the most seconds, all processes together, and those of each folder."""
    files, folders = Counter(), Counter()
    for test in suite.iter("testcase"):
        name = test.get("classname", "")
        files[name] += float(test.get("time", 0))
        folders[name.rpartition(".")[0]] += float(test.get("time", 0))
    parts = [
        ", ".join(f"{name} {seconds:.0f}" for name, seconds in some.most_common(SLOWEST)) for some in (folders, files)
    ]
    return f"Seconds by folder: {parts[0]}\nSeconds by file: {parts[1]}"


@contextlib.contextmanager
def postgres_url() -> Iterator[str | None]:
    """The server that the caller names, else a private one while the run lasts; None without programs."""
    named = os.environ.get("AMENDS_TEST_POSTGRES_URL")
    if named:
        yield named
    elif server_programs():
        with private_cluster() as url:
            yield url
    else:
        yield None


def missing_parts() -> list[str]:
    """What the system lacks for a complete run, one sentence each."""
    missing = []
    if not any(shutil.which(name) for name in BROWSERS):
        missing.append("Not run: the journeys in a browser (the package chromium-headless-shell is missing).")
    elif not _has_chinese_font():
        missing.append("Not complete: the journeys ran without a Chinese font (the package fonts-noto-cjk is missing).")
    if not os.environ.get("AMENDS_TEST_POSTGRES_URL") and not server_programs():
        missing.append("Not run: the tests on PostgreSQL (the package postgresql is missing).")
    return missing


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


def all_tests(reports: Path) -> dict[str, Tally]:
    tallies = {}
    questions = reports / "questions"
    questions.mkdir()
    say("Tests on SQLite")
    tallies["SQLite"] = run_pytest(
        [], report=reports / "sqlite.xml", AMENDS_TEST_DATABASE="sqlite", TESTS_NOTE_QUESTIONS_IN=str(questions)
    )
    once = [*(f"--ignore={place}" for place in ONCE), *(f"--deselect={test}" for test in ONCE_EACH)]
    by_questions = {} if EVERYTHING else {"TESTS_KNOW_QUESTIONS_FROM": str(questions)}
    with postgres_url() as url:
        if url:
            say("Tests on PostgreSQL")
            tallies["PostgreSQL"] = run_pytest(
                [] if EVERYTHING else once,
                report=reports / "postgresql.xml",
                AMENDS_TEST_DATABASE="postgresql",
                AMENDS_TEST_POSTGRES_URL=url,
                **by_questions,
            )
    return tallies


def main(arguments: list[str]) -> int:
    prepare("requirements-dev.txt")
    with tempfile.TemporaryDirectory(prefix="amends-reports-") as folder:
        if arguments:
            tallies = {"SQLite": run_pytest(arguments, report=Path(folder) / "report.xml")}
        else:
            tallies = all_tests(Path(folder))
    missing = [] if arguments else missing_parts()
    say("")
    for sentence in missing:
        say(sentence)
    if not os.environ.get("AMENDS_TEST_DATA"):
        say("Real input was not tested: AMENDS_TEST_DATA is not set.")
    for database, tally in tallies.items():
        say(f"{database}: {tally}")
    total = sum(tallies.values(), Tally())
    say(str(total))
    return total.exit_code or int(bool(missing) and IN_CI)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotGoOn as refusal:
        sys.exit(str(refusal))
