"""Working-time additions a second on one core, without the explanation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from tools.bench.figures import Figure, Size
from tools.bench_working_time import additions_per_second

PROMISED = 200_000


def measure(size: Size) -> Iterator[Figure]:
    """Additions of up to 200 working hours to moments all over six years, under the Chinese office calendar."""
    found = additions_per_second()
    yield Figure(
        "working-time additions a second, one core (processor time)",
        f"{found:,.0f}", f"≥ {PROMISED:,}", f"{hashes_per_second():,.0f} SHA-256 of 64 bytes a second", found >= PROMISED,
    )  # fmt: skip


def hashes_per_second() -> float:
    """What one core does in Python at best, so that two machines can be compared."""
    begun, count, data = time.process_time(), 300_000, b"x" * 64
    for _ in range(count):
        hashlib.sha256(data).digest()
    return count / (time.process_time() - begun)
