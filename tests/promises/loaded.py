"""The program, loaded once and started by forking: what a harness that restarts it again and again need not pay for each time.

Run inside an installation. Reads one order a line, as JSON: the arguments of gunicorn, or of `amends` when the first is
`worker`. Answers with the number of the process that it started, the leader of a group of its own as any other.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback

from gunicorn.app import wsgiapp

from amends.config import command_line, wsgi
from amends.jobs.management.commands import worker

LOADED = (wsgi, worker)


def main() -> None:
    # Nobody waits for those that are killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for order in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(order))
        print(child, flush=True)


def become(arguments: list[str]) -> None:
    """This forked process as the web server or the worker; does not come back."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.argv = ["program", *arguments]
    code = 1
    try:
        (command_line.main if arguments[0] == "worker" else wsgiapp.run)()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - told in the log, whatever it is
        traceback.print_exc()
    os._exit(code)


if __name__ == "__main__":
    main()
