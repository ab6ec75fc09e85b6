"""R5: repeating a request is safe, at the same moment, after a crash, and a day later."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from tests.promises.installation import Installation, Template, installed
from tests.promises.racing import read, register, together

KEYS = int(os.environ.get("AMENDS_TEST_KEYS", "5"))
AT_ONCE = int(os.environ.get("AMENDS_TEST_AT_ONCE", "20"))


def cases_of(target: Installation, words: str) -> list[str]:
    """The numbers of the cases with these words in their subject."""
    found, cursor = [], ""
    while True:
        page = read(target, f"cases?size=200&sort=oldest{f'&cursor={cursor}' if cursor else ''}")
        found += [case["number"] for case in page["cases"] if words in case["subject"]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_one_key_makes_one_case_and_one_answer(running: Installation):
    """Source of the figure: one case per key, the same bytes each time, no server error; also after a kill and a day."""
    first: dict[str, bytes] = {}
    for _ in range(KEYS):
        key = str(uuid.uuid4())
        answers = together([lambda key=key: register(running, key, key=key)] * AT_ONCE)
        assert {answer.status for answer in answers} <= {201, 409}, [a.body for a in answers if a.status >= 500]
        assert all("retry-after" in answer.headers for answer in answers if answer.status == 409)
        bodies = {answer.body for answer in answers if answer.status == 201}
        assert len(bodies) == 1
        assert len(cases_of(running, key)) == 1
        first[key] = bodies.pop()

    running.kill_everything()
    running.start()
    assert {key: register(running, key, key=key).body for key in first} == first

    aged = running.script("tests.promises.age_keys")
    assert aged["kept"] == aged["aged"]
    assert {key: register(running, key, key=key).body for key in first} == first

    key = next(iter(first))
    other = register(running, "别的内容", key=key)
    assert (other.status, other.json()["code"]) == (422, "idempotency_mismatch")
    assert cases_of(running, "别的内容") == []
    # Somebody else's key of the same name is another key.
    assert register(running, "同名的键", key=key, role="intake_officer").status == 201


def test_a_repeated_upload_is_one_file(running: Installation):
    number = register(running, "附件").json()["number"]
    token, key = running.world["tokens"]["cs_agent"], str(uuid.uuid4())
    content = b"recording " * 200_000
    answers = [
        running.upload(f"/api/v1/cases/{number}/evidence", token=token, name="录音.txt", content=content, key=key)
        for _ in range(3)
    ]

    assert [answer.status for answer in answers] == [201, 201, 201], answers[-1].body
    assert len({answer.body for answer in answers}) == 1
    found = running.script("tests.promises.inspection")
    assert len(found["evidence"]) == 1


def test_a_dropped_key_is_noticed(template: Template, folder: Path):
    with installed(template, folder, faults=("drop_the_key",)) as target:
        target.start()
        key = str(uuid.uuid4())
        answers = together([lambda: register(target, key, key=key)] * 4)

        assert len({answer.body for answer in answers}) > 1
        assert len(cases_of(target, key)) > 1
