"""A mail that is a bomb ends one reading: not the program that reads, not the next mail, not the worker."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from amends.apps.mail import limited, reading_program
from amends.apps.mail.limited import letter_in
from amends.apps.mail.reading import Unreadable
from tests.apps.mail.letters import a_letter

BOMBS = """
import os, signal, socket, subprocess, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from amends.apps.mail import reading_program
from amends.apps.mail.reading_program import resource

reading_program.LONGEST_READING_SECONDS = 3600
reading_program.LIMITS = [(what, 1 if what == resource.RLIMIT_CPU else most) for what, most in reading_program.LIMITS]
read = reading_program.what_it_says

def go_off(octets):
    for word in (b"eat", b"spin", b"hang", b"stay", b"die", b"call", b"run", b"write"):
        if b"bomb: " + word in octets:
            globals()[word.decode()]()
    return read(octets)

def eat(): b"x" * (400 * 1024 ** 2)
def spin():
    while True: pass
def hang():
    # The end that was set comes at once; where none was set, there is none now.
    if signal.alarm(1):
        time.sleep(3600)
def stay():
    signal.alarm(60)
    time.sleep(3600)
def die(): os.kill(os.getpid(), signal.SIGKILL)
def call(): socket.create_connection(("127.0.0.1", {port}), timeout=1)
def run(): subprocess.run(["true"])
def write(): Path("much").write_bytes(b"x" * (65 * 1024 ** 2))

reading_program.what_it_says = go_off
reading_program.main()
"""


@pytest.fixture
def with_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A program that reads as ours does, but for mails that go off in it; its limit of the processor's time is shorter."""
    program = tmp_path / "program.py"
    program.write_text(BOMBS.format(root=str(Path(reading_program.__file__).parents[3]), port=9))
    monkeypatch.setattr(limited, "PROGRAM", program)
    limited._reader.end()
    yield limited._reader
    limited._reader.end()


def subject_of(octets: bytes) -> str:
    with letter_in(octets) as letter:
        return letter.subject


def test_a_bomb_ends_its_own_reading_and_nothing_else(with_bombs) -> None:
    assert subject_of(a_letter(subject="第一封")) == "第一封"
    program = with_bombs.program.pid
    for word in ("eat", "spin", "hang", "die", "call", "run", "write"):
        with pytest.raises(Unreadable) as refused, letter_in(a_letter(f"bomb: {word}")):
            pass
        assert refused.value.code == "too_costly", word
        assert subject_of(a_letter(subject=f"after {word}")) == f"after {word}"
    assert with_bombs.program.pid == program


def test_a_program_that_has_ended_or_does_not_answer_is_replaced(with_bombs, monkeypatch) -> None:
    assert subject_of(a_letter(subject="甲")) == "甲"
    first = with_bombs.program
    first.kill()
    first.wait()
    assert subject_of(a_letter(subject="乙")) == "乙"
    second = with_bombs.program
    assert second.pid != first.pid
    monkeypatch.setattr(limited, "PATIENCE", timedelta(milliseconds=300))
    with pytest.raises(Unreadable), letter_in(a_letter("bomb: stay")):
        pass
    monkeypatch.undo()
    assert second.poll() is not None and with_bombs.program is None


def test_mails_are_read_at_once_from_several_threads_each_its_own() -> None:
    subjects = [f"第{n}封" for n in range(12)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda subject: subject_of(a_letter(subject=subject)), subjects)) == subjects


def test_a_process_that_is_forked_reads_with_a_program_of_its_own() -> None:
    subject_of(a_letter(subject="甲"))
    ours = limited._reader.program
    child = os.fork()
    if child == 0:
        try:
            is_own = limited._reader.program is None and subject_of(a_letter(subject="乙")) == "乙"
            limited._reader.end()
            os._exit(0 if is_own else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert limited._reader.program is ours and subject_of(a_letter(subject="丙")) == "丙"
