"""R1: no acknowledged case is lost by a crash.

Clients register cases, upload files and perform verbs, each with a key, while web server and worker are killed at
random. Afterwards everything that was acknowledged must be there once, whole, and with its messages.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.patience import HANGS_AFTER_SECONDS, eventually
from tests.promises.installation import Ambiguous, Answer, Down, Installation, Template, installed

KILLS = int(os.environ.get("AMENDS_TEST_KILLS", "40"))
AFRESH_EVERY = int(os.environ.get("AMENDS_TEST_AFRESH_EVERY", "6"))
"""Of the starts after kills, every so-maniest begins from nothing, as an operator's; the others fork the loaded program."""
PAUSE = (0.15, 0.9)
ENOUGH = 5
"""Acknowledged for each kill."""
SEED = int(os.environ.get("AMENDS_TEST_SEED", "20260305"))
REGISTERING, HANDLING = 4, 2
FILE_BYTES = 150_000


@dataclass
class Seen:
    """What the clients were told. Each list is appended to by many threads, each entry is written once."""

    registered: dict[str, str] = field(default_factory=dict)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploaded: dict[str, tuple[str, str]] = field(default_factory=dict)
    performed: list[tuple[str, str, str]] = field(default_factory=list)
    ambiguous: int = 0
    refused: list[str] = field(default_factory=list)
    ready_after: list[float] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return len(self.registered) + len(self.uploaded) + len(self.performed)


class Client(threading.Thread):
    """Repeats an ambiguous request with the same key seven times of ten, and gives it up otherwise."""

    def __init__(self, to: Installation, seen: Seen, stop: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.to, self.seen, self.stop, self.random = to, seen, stop, random.Random(seed)
        self.token = to.world["tokens"]["cs_agent"]

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.work()
            except Exception as error:  # noqa: BLE001 - a client that fails must fail the test
                self.seen.refused.append(repr(error))

    def work(self) -> None:
        self.register()

    def register(self) -> str | None:
        """Register a case of its own content; its number once it is acknowledged."""
        key = str(uuid.uuid4())
        body = new_case(self.to.world, key)
        self.seen.sent[key] = body
        answer = self.until_answered(
            lambda: self.to.call(
                "POST", "/api/v1/cases", token=self.token, json_body=body, headers={"Idempotency-Key": key}
            )
        )
        if answer is None:
            return None
        if answer.status != 201:
            self.seen.refused.append(f"{answer.status} {answer.body[:300]!r}")
            return None
        number = str(answer.json()["number"])
        self.seen.registered[key] = number
        return number

    def until_answered(self, ask: Any) -> Answer | None:
        while not self.stop.is_set():
            try:
                answer: Answer = ask()
            except Down:
                time.sleep(0.2)
                continue
            except Ambiguous:
                self.seen.ambiguous += 1
                if self.random.random() < 0.3:
                    return None
                time.sleep(0.05)
                continue
            if answer.status == 503:
                time.sleep(0.1)
                continue
            return answer
        return None


class Handler(Client):
    """Registers, uploads a file and attaches it with a note of its own words."""

    def work(self) -> None:
        number = self.register()
        if number is None:
            return
        content = os.urandom(FILE_BYTES)
        key = str(uuid.uuid4())
        path = f"/api/v1/cases/{number}/evidence"
        upload = self.until_answered(
            lambda: self.to.upload(path, token=self.token, name="录音.txt", content=base64.b64encode(content), key=key)
        )
        if upload is None or upload.status != 201:
            self.note(upload)
            return
        file = str(upload.json()["id"])
        self.seen.uploaded[file] = (number, hashlib.sha256(base64.b64encode(content)).hexdigest())
        self.attach(number, file)

    def attach(self, number: str, file: str) -> None:
        words, key = f"附件说明 {uuid.uuid4()}", str(uuid.uuid4())
        version = self.until_answered(lambda: self.to.call("GET", f"/api/v1/cases/{number}", token=self.token))
        if version is None:
            return
        body = {"version": version.json()["version"], "data": {"evidence_files": [file], "evidence_note": words}}
        path = f"/api/v1/cases/{number}/actions/add_evidence"
        answer = self.until_answered(
            lambda: self.to.call("POST", path, token=self.token, json_body=body, headers={"Idempotency-Key": key})
        )
        if answer is not None and answer.status == 200:
            self.seen.performed.append((number, file, words))
        else:
            self.note(answer)

    def note(self, answer: Answer | None) -> None:
        if answer is not None and answer.status != 409:
            self.seen.refused.append(f"{answer.status} {answer.body[:300]!r}")


def new_case(world: dict[str, Any], key: str) -> dict[str, Any]:
    form = dict(world["form"])
    complainant = {n: form.pop(f"complainant_{n}") for n in ("name", "phone", "email")}
    return {
        "desk": world["desk"], "kind": world["kind"], "channel": world["channel"], "complainant": complainant,
        "subject": f"快件 {key}", "description": f"经过 {key} " + "详" * 200,
        "answers": {k: v for k, v in form.items() if k not in ("subject", "description")},
    }  # fmt: skip


def kill_again_and_again(target: Installation, kills: int) -> Seen:
    """The loop: half of the kills hit the worker alone, half everything."""
    chance, seen, stop = random.Random(SEED), Seen(), threading.Event()
    target.load()
    target.start()
    makers = [Client] * REGISTERING + [Handler] * HANDLING
    clients = [make(target, seen, stop, SEED + n) for n, make in enumerate(makers)]
    for client in clients:
        client.start()
    for kill in range(kills):
        wait_at_random(chance, seen, kill)
        afresh = kill // 2 % AFRESH_EVERY == 0
        if kill % 2:
            target.kill_everything()
            ready_after = target.start(afresh=afresh)
            seen.ready_after += [ready_after] if afresh else []
        else:
            target.kill_worker()
            target.start_worker(afresh=afresh)
    stop.set()
    for client in clients:
        client.join(HANGS_AFTER_SECONDS)
    target.kill_everything()
    return seen


def wait_at_random(chance: random.Random, seen: Seen, kill: int) -> None:
    """A while by chance; longer where a slow machine got too little acknowledged so far for its number of kills."""
    time.sleep(chance.uniform(*PAUSE))
    eventually(lambda: seen.acknowledged >= ENOUGH * (kill + 1))


def faults_found(target: Installation, seen: Seen) -> dict[str, Any]:
    """Every promise that was broken, by name; empty lists when all were kept."""
    found = target.script("tests.promises.inspection")
    cases = {case["number"]: case for case in found["cases"]}
    by_key: dict[str, list[str]] = {}
    for number, case in cases.items():
        subject = case["texts"].get("1:subject", "")
        by_key.setdefault(subject.removeprefix("快件 "), []).append(number)
    return {
        "lost": [key for key in seen.registered if key not in by_key],
        "wrong number": [k for k, number in seen.registered.items() if k in by_key and by_key[k] != [number]],
        "twice": [key for key, numbers in by_key.items() if len(numbers) > 1],
        "half-written": [n for n, case in cases.items() if not is_whole(case, seen.sent)],
        "upload lost": [f for f, (_, digest) in seen.uploaded.items() if found["evidence"].get(f, {}).get("found") != digest],
        "file missing": [f for f, file in found["evidence"].items() if file["found"] != file["sha256"]],
        "verb lost": [n for n, file, words in seen.performed if not has_evidence(cases, found["evidence"], n, file, words)],
        "integrity": [] if found["integrity"] == "ok" else [found["integrity"]],
        "audit": [] if found["audit"]["exit"] == 0 else [found["audit"]],
        "keys without answer": [found["unanswered_keys"]] if found["unanswered_keys"] else [],
    }  # fmt: skip


def is_whole(case: dict[str, Any], sent: dict[str, dict[str, Any]]) -> bool:
    """The event, the texts as they were sent, a clock, the search entry and the acknowledgement in the outbox."""
    body = sent.get(case["texts"].get("1:subject", "").removeprefix("快件 "))
    return (
        body is not None
        and case["events"][0] == [1, "register"]
        and [seq for seq, _ in case["events"]] == list(range(1, case["head"] + 1))
        and case["texts"].get("1:description") == body["description"]
        and case["clocks"] > 0
        and case["is_searchable"]
        and any(message == "acknowledgement" for message, _ in case["outbox"])
    )


def has_evidence(cases: dict[str, Any], evidence: dict[str, Any], number: str, file: str, words: str) -> bool:
    texts = cases.get(number, {}).get("texts", {})
    return words in texts.values() and evidence.get(file, {}).get("case") == number


def report(seen: Seen, faults: dict[str, Any]) -> str:
    waits = sorted(seen.ready_after) or [0.0]
    p95 = waits[min(len(waits) - 1, int(len(waits) * 0.95))]
    counts = f"{len(seen.registered)} registered, {len(seen.uploaded)} uploads, {len(seen.performed)} verbs"
    return f"{counts}, {seen.ambiguous} ambiguous; ready again p95 {p95:.1f} s; { ({k: len(v) for k, v in faults.items()}) }"


def test_no_acknowledged_case_is_lost_by_a_crash(template: Template, folder: Path, capsys: pytest.CaptureFixture[str]):
    with installed(template, folder) as target:
        began = time.monotonic()
        seen = kill_again_and_again(target, KILLS)
        faults = faults_found(target, seen)
    with capsys.disabled():
        print(f"\nR1: {KILLS} kills in {time.monotonic() - began:.0f} s: {report(seen, faults)}")

    assert {name: found[:3] for name, found in faults.items() if found} == {}
    assert seen.refused == []
    assert len(seen.performed) > 0
    assert seen.ambiguous >= KILLS // 4


def test_acknowledging_before_the_commit_is_noticed(template: Template, folder: Path):
    with installed(template, folder, faults=("acknowledge_before_commit",)) as target:
        seen = Seen()
        target.start()
        Client(target, seen, threading.Event(), SEED).register()
        target.kill_everything()
        faults = faults_found(target, seen)

    assert faults["lost"] != []
