"""Keep the web server and the worker running as children of one process."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_AFTER_SECONDS = 20.0
STOP_WITHIN_SECONDS = 30.0
PR_SET_PDEATHSIG = 1


def pause_before_restart(quick_failures: int) -> float:
    """Seconds to wait before the next start: half a second, doubled with each quick failure, at most 30."""
    return min(FIRST_PAUSE_SECONDS * 2**quick_failures, LONGEST_PAUSE_SECONDS)


def die_with(parent: int) -> Callable[[], None]:
    """What a child does before its program starts: ask Linux for SIGTERM when the supervisor dies."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is None:
            return
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # The supervisor may have died before the request was made.
        if os.getppid() != parent:
            os._exit(0)

    return ask


@dataclass
class Child:
    """One kept process: what starts it, and when it may start again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_failures: int = 0
    start_at: float = field(default=0.0)

    def start(self, *, now: float) -> None:
        # preexec_fn is safe here: the supervisor has one thread.
        self.process = subprocess.Popen(list(self.command), preexec_fn=die_with(os.getpid()))  # noqa: S603
        self.started_at = now
        log.info("child_started", child=self.name, pid=self.process.pid)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look_after(self, *, now: float) -> None:
        """Start it when it is due; after an exit, plan the next start."""
        if self.is_running():
            return
        if self.process is not None:
            self._plan_restart(exit_code=self.process.returncode, now=now)
        if now >= self.start_at:
            self.start(now=now)

    def _plan_restart(self, *, exit_code: int, now: float) -> None:
        steady = now - self.started_at >= STEADY_AFTER_SECONDS
        self.quick_failures = 0 if steady else self.quick_failures + 1
        pause = pause_before_restart(self.quick_failures)
        self.start_at, self.process = now + pause, None
        log.warning("child_exited", child=self.name, exit_code=exit_code, restart_in_seconds=pause)


class Supervisor:
    """Runs children until SIGTERM or SIGINT, then stops them and waits."""

    def __init__(self, children: Sequence[Child], *, on_started: Callable[[], None] | None = None) -> None:
        self.children = children
        self.on_started = on_started
        self.stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        while not self.stopping:
            for child in self.children:
                child.look_after(now=time.monotonic())
            if self.on_started:
                self.on_started()
            time.sleep(0.2)
        self._stop_children()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _stop_children(self) -> None:
        running = [child.process for child in self.children if child.process and child.is_running()]
        for process in running:
            process.terminate()
        give_up_at = time.monotonic() + STOP_WITHIN_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.info("stopped")


def web_command(*, host: str, port: int, processes: int, threads: int) -> list[str]:
    """gunicorn with threads (`config.web_worker`); its heartbeat file lies in memory, so that a full disk stops no worker."""
    memory = ["--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else []  # noqa: S108
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *[sys.executable, "-m", "gunicorn", "amends.config.wsgi:application"],
        # Loaded once and forked: the address answers as soon as it listens, and a dead process is replaced at once. Nothing
        # connects before the fork.
        *["--bind", address, "--worker-class", "amends.config.web_worker.WebWorker", "--preload"],
        *["--workers", str(processes), "--threads", str(threads)],
        *["--graceful-timeout", "25", "--timeout", "60", "--keep-alive", "5", "--log-level", "warning"],
        *["--forwarded-allow-ips", ""],
        *memory,
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "amends.config.command_line", "worker"]
