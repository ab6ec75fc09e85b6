"""The threads of a web process: the one that was busy last goes first."""

import threading
from concurrent.futures import CancelledError

import pytest

from amends.config.web_worker import ThreadWorker, WarmestFirst, WebWorker
from tests.patience import HANGS_AFTER_SECONDS


@pytest.fixture
def pool():
    made = WarmestFirst(2)
    yield made
    made.shutdown()


def both_at_once(pool: WarmestFirst) -> list[int]:
    """Two tasks that wait for each other; the threads that did them."""
    meeting = threading.Barrier(2, timeout=HANGS_AFTER_SECONDS)

    def meet() -> int:
        meeting.wait()
        return threading.get_ident()

    return [future.result(HANGS_AFTER_SECONDS) for future in [pool.submit(meet), pool.submit(meet)]]


def test_one_after_the_other_meets_one_thread_though_two_are_there(pool):
    assert len(set(both_at_once(pool))) == 2

    warm = pool.submit(threading.get_ident).result(HANGS_AFTER_SECONDS)

    assert {pool.submit(threading.get_ident).result(HANGS_AFTER_SECONDS) for _ in range(50)} == {warm}


def test_the_next_task_brought_by_whoever_hears_of_the_last_meets_the_same_thread(pool):
    both_at_once(pool)
    seen, done = [], threading.Event()

    def bring(_: object = None) -> None:
        if len(seen) == 20:
            done.set()
            return
        pool.submit(lambda: seen.append(threading.get_ident())).add_done_callback(bring)

    bring()

    assert done.wait(HANGS_AFTER_SECONDS)
    assert len(set(seen)) == 1


def test_what_finds_no_thread_waits_in_turn(pool):
    free, order = threading.Event(), []
    held = [pool.submit(free.wait, HANGS_AFTER_SECONDS) for _ in range(2)]
    waiting = [pool.submit(order.append, place) for place in range(10)]

    assert not any(future.done() for future in waiting)
    free.set()
    for future in [*held, *waiting]:
        future.result(HANGS_AFTER_SECONDS)

    assert sorted(order) == list(range(10))


def test_a_task_that_fails_tells_and_its_thread_goes_on(pool):
    def fail() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        pool.submit(fail).result(HANGS_AFTER_SECONDS)

    assert pool.submit(lambda: 7).result(HANGS_AFTER_SECONDS) == 7


def test_a_shut_pool_does_what_waits_and_takes_no_more(pool):
    free = threading.Event()
    held = [pool.submit(free.wait, HANGS_AFTER_SECONDS) for _ in range(2)]
    last = pool.submit(lambda: "done")
    pool.shutdown(wait=False)

    with pytest.raises(RuntimeError):
        pool.submit(print)
    free.set()
    pool.shutdown()

    assert last.result(HANGS_AFTER_SECONDS) == "done" and all(future.result(HANGS_AFTER_SECONDS) for future in held)


def test_a_pool_that_is_given_up_cancels_what_waits(pool):
    free = threading.Event()
    held = [pool.submit(free.wait, HANGS_AFTER_SECONDS) for _ in range(2)]
    last = pool.submit(lambda: "done")

    pool.shutdown(wait=False, cancel_futures=True)
    free.set()

    assert all(future.result(HANGS_AFTER_SECONDS) for future in held)
    with pytest.raises(CancelledError):
        last.result(HANGS_AFTER_SECONDS)


def test_a_worker_that_fails_leaves_no_thread_that_keeps_its_process(monkeypatch):
    def fail(self: ThreadWorker) -> None:
        idle.append(self.tpool.submit(threading.current_thread).result(HANGS_AFTER_SECONDS))
        raise OSError("no more descriptors")

    idle: list[threading.Thread] = []
    monkeypatch.setattr(ThreadWorker, "run", fail)
    worker = WebWorker.__new__(WebWorker)
    worker.tpool = WarmestFirst(1)

    with pytest.raises(OSError, match="descriptors"):
        worker.run()
    idle[0].join(HANGS_AFTER_SECONDS)

    assert not idle[0].is_alive()


def test_a_pool_may_be_shut_by_a_signal_that_comes_while_it_takes_a_task(pool, monkeypatch):
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        pool.shutdown(wait=False)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)

    assert pool.submit(lambda: 7).result(HANGS_AFTER_SECONDS) == 7
