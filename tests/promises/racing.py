"""Requests that start together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.promises.installation import Answer, Installation
from tests.promises.test_r1_kills import new_case

Ask = Callable[[], Answer]


def together(asks: Sequence[Ask]) -> list[Answer]:
    """Every answer, in the order of the questions; all of them are asked at the same moment."""
    barrier = threading.Barrier(len(asks))

    def ask(one: Ask) -> Answer:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(ask, asks))


def register(target: Installation, words: str, *, key: str = "", role: str = "cs_agent") -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return target.call(
        "POST", "/api/v1/cases", token=target.world["tokens"][role], json_body=new_case(target.world, words),
        headers=headers,
    )  # fmt: skip


def act(target: Installation, number: str, verb: str, *, role: str, version: int, **data: Any) -> Answer:
    body = {"version": version, "data": data}
    return target.call(
        "POST", f"/api/v1/cases/{number}/actions/{verb}", token=target.world["tokens"][role], json_body=body
    )


def read(target: Installation, path: str, *, role: str = "cs_supervisor") -> Any:
    answer = target.call("GET", f"/api/v1/{path}", token=target.world["tokens"][role])
    assert answer.status == 200, answer.body
    return answer.json()
