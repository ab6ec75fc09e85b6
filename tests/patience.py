"""How long a test waits for what has to come: until it is there. A clock ends only what hangs, and no machine is as slow as that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HANGS_AFTER_SECONDS = 600.0


def eventually(
    holds: Callable[[], object], *, or_is_over: Callable[[], object] = lambda: False, look_every: float = 0.02
) -> None:
    """Look until it holds. Fails where whatever was to bring it about is over, or hangs."""
    until = time.monotonic() + HANGS_AFTER_SECONDS
    while not holds():
        assert not or_is_over() or holds(), "it is over, and did not bring it about"
        assert time.monotonic() < until, f"it hangs: nothing came within {HANGS_AFTER_SECONDS:.0f} s"
        time.sleep(look_every)


def unhurried(database: dict[str, Any]) -> dict[str, Any]:
    """The settings of a database at which nobody is turned away for having waited long; what need not be waited for still is."""
    options = dict(database["OPTIONS"])
    if "sqlite" in database["ENGINE"]:
        options["timeout"] = HANGS_AFTER_SECONDS
    else:
        waits = (
            f"-c {name}={HANGS_AFTER_SECONDS:.0f}s"
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        )
        options["options"] = " ".join([options["options"], *waits])
    return {**database, "OPTIONS": options}
