"""The web process: gunicorn's worker with threads, of which the one that was busy last takes the next request.

Every thread has a connection of its own, and behind each stands a process of the database with its plans. Python's own pool goes round all threads, so that
somebody who reads one page after the other meets a cold one each time; where few ask at once, few threads are enough and stay warm.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]
Inbox = SimpleQueue[Task | None]


class WarmestFirst(Executor):
    """At most so many threads, started when they are needed; a task goes to the idle one that was busy last, and waits in turn where none is idle."""

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._threads: list[threading.Thread] = []
        self._idle: list[Inbox] = []
        self._waiting: deque[Task] = deque()
        self._is_shut = False
        # A signal that ends the process may come while its thread holds this, and shuts the pool.
        self._lock = threading.RLock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do something in a thread; refused with RuntimeError after `shutdown`."""
        task: Task = (Future(), fn, args, kwargs)
        with self._lock:
            if self._is_shut:
                raise RuntimeError("No task is taken after the pool was shut.")
            if self._idle:
                self._idle.pop().put(task)
            elif len(self._threads) < self._most:
                self._start_with(task)
            else:
                self._waiting.append(task)
        return task[0]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; those that wait are still done, unless they are to be cancelled."""
        with self._lock:
            self._is_shut = True
            cancelled = list(self._waiting) if cancel_futures else []
            if cancel_futures:
                self._waiting.clear()
            while self._idle:
                self._idle.pop().put(None)
        for future, *_ in cancelled:
            future.cancel()
        for thread in self._threads if wait else ():
            thread.join()

    def _start_with(self, task: Task) -> None:
        inbox: Inbox = SimpleQueue()
        inbox.put(task)
        thread = threading.Thread(target=self._serve, args=(inbox,), name=f"request_{len(self._threads)}")
        thread.start()
        self._threads.append(thread)

    def _serve(self, inbox: Inbox) -> None:
        for task in iter(inbox.get, None):
            self._do(task, inbox)
            del task  # Nothing of a request is kept until the next one comes.

    def _do(self, task: Task, inbox: Inbox) -> None:
        """Do a task. The thread is free before it tells: whoever hears that a task is done may bring the next one at once."""
        future, function, args, kwargs = task
        if not future.set_running_or_notify_cancel():
            self._next_for(inbox)
            return
        try:
            result = function(*args, **kwargs)
        except BaseException as problem:  # noqa: BLE001 - it belongs to whoever asked, as in Python's own pool
            self._next_for(inbox)
            future.set_exception(problem)
        else:
            self._next_for(inbox)
            future.set_result(result)

    def _next_for(self, inbox: Inbox) -> None:
        with self._lock:
            if self._waiting:
                inbox.put(self._waiting.popleft())
            elif self._is_shut:
                inbox.put(None)
            else:
                self._idle.append(inbox)


class WebWorker(ThreadWorker):
    def get_thread_pool(self) -> Executor:
        return WarmestFirst(self.cfg.threads)

    def run(self) -> None:
        """Serve until told to stop. However that ends, no idle thread keeps the process: a worker that failed is replaced at once."""
        try:
            super().run()
        finally:
            self.tpool.shutdown(wait=False)
