"""Elapsed, waiting and net time of each case in an event log, worked out without the product.

Usage: python tests/core/log_times.py <log.csv.gz> <column of the status> [<first letters of waiting statuses>]
"""

import csv
import gzip
import sys
from datetime import datetime


def times_of(path, column, waiting="Wait"):
    """Return {case: (elapsed, waiting, net)} in seconds: the gap after a row belongs to the row's status."""
    rows = {}
    with gzip.open(path, "rt", encoding="utf-8") as log:
        for row in csv.DictReader(log):
            when = datetime.fromisoformat(row["time:timestamp"])
            rows.setdefault(row["case:concept:name"], []).append((when, row[column].startswith(waiting)))
    found = {}
    for case, steps in rows.items():
        elapsed = (steps[-1][0] - steps[0][0]).total_seconds()
        waited = sum(
            (after - before).total_seconds()
            for (before, waits), (after, _) in zip(steps, steps[1:], strict=False)
            if waits
        )
        found[case] = (elapsed, waited, elapsed - waited)
    return found


if __name__ == "__main__":
    for case, (elapsed, waited, net) in times_of(*sys.argv[1:]).items():
        print(case, elapsed, waited, net, sep="\t")
