"""R6: two people never overwrite each other, and a decision counts once."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.promises.installation import Answer, Installation, Template, installed
from tests.promises.racing import act, read, register, together

WRITERS = int(os.environ.get("AMENDS_TEST_WRITERS", "16"))
EACH = int(os.environ.get("AMENDS_TEST_EACH", "6"))
PAIRS = int(os.environ.get("AMENDS_TEST_PAIRS", "15"))
LOST = {"stale", "wrong_state", "already_decided"}


def codes(answers: list[Answer]) -> list[str]:
    """What came of each request: `done`, or status and code; a broken page has only its status."""
    return sorted(
        "done" if answer.status == 200 else f"{answer.status} {code_of(answer)}".strip() for answer in answers
    )


def code_of(answer: Answer) -> str:
    return str(answer.json()["code"]) if "json" in answer.headers.get("content-type", "") else ""


def events(target: Installation, number: str) -> list[str]:
    return [event["verb"] for event in read(target, f"cases/{number}/events")["events"]]


def fresh_case(target: Installation) -> dict[str, Any]:
    return dict(register(target, str(uuid.uuid4())).json())


def audit_is_whole(target: Installation) -> bool:
    return bool(target.command("audit_verify", "--json", check=False).returncode == 0)


def registered_in_the_end(target: Installation, busy: list[Answer]) -> Answer:
    """Register as a client is asked to: whoever is told that the database is busy sends the same once more."""
    words = str(uuid.uuid4())
    while (answer := register(target, words, key=words)).status == 503 and "retry-after" in answer.headers:
        busy.append(answer)
    return answer


def test_numbers_are_given_out_once(running: Installation):
    busy: list[Answer] = []

    def write(_: int) -> list[Answer]:
        return [registered_in_the_end(running, busy) for _ in range(EACH)]

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = [answer for some in pool.map(write, range(WRITERS)) for answer in some]

    assert Counter(answer.status for answer in answers) == {201: WRITERS * EACH}
    assert len(busy) <= WRITERS * EACH // 100
    numbers = [answer.json()["number"] for answer in answers]
    assert len(set(numbers)) == len(numbers)
    assert audit_is_whole(running)


def edited_together(target: Installation) -> tuple[list[Answer], str, list[str]]:
    """Two people add a note to the same version at once."""
    case, texts = fresh_case(target), [f"甲 {uuid.uuid4()}", f"乙 {uuid.uuid4()}"]
    asks = [
        lambda role=role, text=text: act(
            target, case["number"], "note", role=role, version=case["version"], note_text=text
        )
        for role, text in zip(("cs_agent", "intake_officer"), texts, strict=True)
    ]
    return together(asks), case["number"], texts


def test_of_two_edits_one_wins_and_the_other_is_told(running: Installation):
    for _ in range(PAIRS):
        answers, number, texts = edited_together(running)
        assert codes(answers) == ["409 stale", "done"]

        loser = next(n for n, answer in enumerate(answers) if answer.status == 409)
        version = read(running, f"cases/{number}")["version"]
        role = ("cs_agent", "intake_officer")[loser]
        assert act(running, number, "note", role=role, version=version, note_text=texts[loser]).status == 200

        kept = str(read(running, f"cases/{number}/events"))
        assert all(text in kept for text in texts)
        assert events(running, number) == ["register", "note", "note"]
    assert audit_is_whole(running)


def test_a_decision_counts_once(running: Installation):
    for _ in range(PAIRS):
        case = fresh_case(running)
        asks = [
            lambda role=role, case=case: act(running, case["number"], "accept", role=role, version=case["version"])
            for role in ("intake_officer", "cs_supervisor")
        ]
        won, lost = sorted(together(asks), key=lambda answer: answer.status)

        assert (won.status, lost.status) == (200, 409), (won.body, lost.body)
        assert lost.json()["code"] in LOST
        assert events(running, case["number"]) == ["register", "accept"]


def running_clocks(target: Installation, number: str) -> set[str]:
    clocks = read(target, f"cases/{number}/clocks")["clocks"]
    return {clock["clock"] for clock in clocks if clock["status"] == "running"}


def after_alone(target: Installation, verb: str, **data: Any) -> set[str]:
    """The clocks that run after a verb that nobody disputed."""
    case = fresh_case(target)
    assert act(target, case["number"], verb, role="cs_supervisor", version=case["version"], **data).status == 200
    return running_clocks(target, case["number"])


def test_of_two_decisions_that_contradict_each_other_one_counts(running: Installation):
    """Accept against withdraw: the state, the history and the clocks agree with whoever was first."""
    undisputed = {"accept": after_alone(running, "accept"), "withdraw": after_alone(running, "withdraw", reason="撤回")}
    assert undisputed["accept"] != undisputed["withdraw"]
    for _ in range(PAIRS):
        case = fresh_case(running)
        number, version = case["number"], case["version"]
        accepted, withdrawn = together(
            [
                lambda n=number, v=version: act(running, n, "accept", role="intake_officer", version=v),
                lambda n=number, v=version: act(
                    running, n, "withdraw", role="cs_agent", version=v, reason="客户来电撤回"
                ),
            ]
        )

        assert sorted((accepted.status, withdrawn.status)) == [200, 409], (accepted.body, withdrawn.body)
        after = read(running, f"cases/{number}")
        is_open = accepted.status == 200
        assert after["state"] == ("accepted" if is_open else "withdrawn")
        assert events(running, number) == ["register", "accept" if is_open else "withdraw"]
        assert running_clocks(running, number) == undisputed["accept" if is_open else "withdraw"]
    assert audit_is_whole(running)


def test_saves_that_ignore_the_version_are_noticed(template: Template, folder: Path):
    with installed(template, folder, faults=("ignore_the_version", "ledger_claims_nothing")) as target:
        target.start()
        found = [codes(edited_together(target)[0]) for _ in range(8)]

    assert found != [["409 stale", "done"]] * 8
