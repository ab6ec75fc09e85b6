"""`make bench`: the promised figures, measured on this machine.

`make bench ARGS="--quick"` takes smaller sizes, `make bench ARGS="import_rate"` measures one of them.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator

from tools.bench import api_cases, figures_at_size, import_rate, pages, queries, what_if, working_time
from tools.bench.figures import FULL, QUICK, Figure, Size

MEASURES: dict[str, Callable[[Size], Iterator[Figure]]] = {
    "working_time": working_time.measure,
    "queries": queries.measure,
    "import_rate": import_rate.measure,
    "api_cases": api_cases.measure,
    "pages": pages.measure,
    "what_if": what_if.measure,
    "figures": figures_at_size.measure,
}


def main(arguments: list[str]) -> int:
    """Measure and print; 0 when every promise was kept, 1 when one was not."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*MEASURES, []], help="all of them by default")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: shows that it works, proves nothing")
    options = parser.parse_args(arguments)
    size = QUICK if options.quick else FULL
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    if options.quick:
        print("Quick: the sizes are too small for a promise.")
    kept = True
    for name in options.figures or MEASURES:
        for figure in MEASURES[name](size):
            print(figure.line(), flush=True)
            kept = kept and figure.kept is not False
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
