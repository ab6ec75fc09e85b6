"""`make check`: everything that can be said about the code without running the product."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]


def checks() -> dict[str, list[str]]:
    """Name and command of each check."""
    templates = [str(file) for file in sorted(ROOT.glob("amends/*/templates/**/*.html"))]
    packs = sorted(str(pack.parent.relative_to(ROOT)) for pack in ROOT.glob("packs/*/pack.yaml"))
    found = {
        "types": [f"{BIN}/mypy"],
        "lint": [f"{BIN}/ruff", "check", "."],
        "format": [f"{BIN}/ruff", "format", "--check", "."],
        "imports": [f"{BIN}/lint-imports", "--no-cache"],
        "packs": [*MANAGE, "pack", "check", *packs],
        "clauses": [sys.executable, "-m", "tools.clause_catalogue", "--check"],
        "settings": [*MANAGE, "check", "--fail-level", "WARNING"],
        "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
        "messages": [sys.executable, "-m", "tools.messages", "check"],
        "licences": [sys.executable, "-m", "tools.licences"],
    }
    # The linter takes an empty list for a mistake.
    return found | ({"templates": [f"{BIN}/djlint", *templates, "--lint", "--quiet"]} if templates else {})


def run_check(name: str, command: list[str]) -> tuple[str, int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "amends.config.settings", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return name, done.returncode, done.stdout, time.monotonic() - started


def main() -> int:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda item: run_check(*item), checks().items()))
    for name, code, output, seconds in results:
        print(f"{'ok    ' if code == 0 else 'FAILED'}  {name:<12} {seconds:5.1f} s")
        if code:
            print(output.rstrip())
    failed = [name for name, code, _output, _seconds in results if code]
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
