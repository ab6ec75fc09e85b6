"""Resolve the dependencies of pyproject.toml and package.json again: hashes for all, addresses for none."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.house import CannotGoOn, run, uv

COMPILE = ["pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
LOCKS = {
    "requirements.txt": ["--group", "build", "pyproject.toml"],
    "requirements-dev.txt": [
        *["--group", "build", "--group", "test", "--group", "lint"],
        *["--constraint", "requirements.txt", "pyproject.toml"],
    ],
    "requirements-assets.txt": ["--group", "assets"],
    "requirements-uv.txt": ["--group", "installer"],
}


def main() -> None:
    if not uv():
        raise CannotGoOn("Locking needs uv: `pip install uv`, then run again.")
    for file, sources in LOCKS.items():
        command = [
            *COMPILE,
            "--no-emit-index-url",
            "--no-header",
            *sys.argv[1:],
            *sources,
            "--output-file",
            file,
        ]
        run([uv(), *command])


if __name__ == "__main__":
    try:
        main()
    except CannotGoOn as refusal:
        sys.exit(str(refusal))
