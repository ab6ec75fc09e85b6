"""R6: an approval counts once, whoever else decides on it at the same moment, and what it starts is started once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.promises.installation import Answer, Installation, Template, installed
from tests.promises.racing import together
from tests.promises.test_r6_races import LOST, PAIRS, audit_is_whole, code_of, codes

FIRST, SECOND = "superior_department_head", "senior_management"
WORDS = {"approve": {"escalation_opinion": "同意"}, "disapprove": {"reason": "请先补齐凭证"}}
OUTCOME = {"approve": ("approved", 1), "disapprove": ("refused", 0)}
"""The state of the request after each decision, and how many task forces it starts."""


def decided_together(target: Installation, tokens: dict[str, str], key: str, verbs: tuple[str, str]) -> list[Answer]:
    """Two people decide on the same version of a request at once."""
    return together(
        [
            lambda role=role, verb=verb: target.call(
                "POST", f"/api/v1/proceedings/{key}/actions/{verb}", token=tokens[role],
                json_body={"version": 1, "data": WORDS[verb]},
            )
            for role, verb in zip((FIRST, SECOND), verbs, strict=True)
        ]
    )  # fmt: skip


def read(target: Installation, tokens: dict[str, str], path: str) -> Any:
    return target.call("GET", f"/api/v1/{path}", token=tokens[SECOND]).json()


def test_of_two_decisions_on_one_request_one_counts(running: Installation):
    """Every second pair contradicts itself: state, history and what was started agree with whoever was first."""
    made = running.script("tests.promises.escalated", str(PAIRS))
    tokens = made["tokens"]
    for n, key in enumerate(made["keys"]):
        verbs = ("approve", "disapprove" if n % 2 else "approve")
        answers = decided_together(running, tokens, key, verbs)

        assert sorted(answer.status for answer in answers) == [200, 409], [answer.body for answer in answers]
        won = verbs[0] if answers[0].status == 200 else verbs[1]
        assert code_of(max(answers, key=lambda answer: answer.status)) in LOST
        state, started = OUTCOME[won]
        after = read(running, tokens, f"proceedings/{key}")
        assert after["state"] == state
        assert [e["verb"] for e in read(running, tokens, f"proceedings/{key}/events")["events"]] == ["escalate", won]
        beside = read(running, tokens, f"cases/{after['case']}/proceedings")["proceedings"]
        assert [one["kind"] for one in beside].count("task_force") == started
    assert audit_is_whole(running)


def test_of_two_payments_at_the_same_moment_one_is_made(running: Installation):
    made = running.script("tests.promises.payable")
    first, second = made["tokens"]
    for key, payments in made["payments"].items():
        answers = together(
            [
                lambda token=token, data=data, key=key: running.call(
                    "POST", f"/api/v1/proceedings/{key}/actions/pay", token=token,
                    json_body={"version": 3, "data": data},
                )
                for token, data in zip((first, second), payments, strict=True)
            ]
        )  # fmt: skip

        assert sorted(answer.status for answer in answers) == [200, 409], [answer.body for answer in answers]
        assert code_of(max(answers, key=lambda answer: answer.status)) in LOST
        told = running.call("GET", f"/api/v1/proceedings/{key}/events", token=first).json()["events"]
        assert [event["verb"] for event in told] == ["compensate", "approve", "agree", "pay"]
    assert audit_is_whole(running)


def test_decisions_that_ignore_the_version_are_noticed(template: Template, folder: Path):
    with installed(template, folder, faults=("ignore_the_version", "ledger_claims_nothing")) as target:
        made = target.script("tests.promises.escalated", "8")
        target.start()
        found = [codes(decided_together(target, made["tokens"], key, ("approve", "approve"))) for key in made["keys"]]

    assert found != [["409 stale", "done"]] * len(found)
