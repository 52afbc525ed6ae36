"""How the server says that it cannot start: one line, and exit status 1."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn


def refuse_to_start(reason: str, twistd: Mapping[str, Any] | None) -> NoReturn:
    """
    End a start that failed.

    Before C{startService}, C{sys.exit} does. After it twistd has a file with the
    process id, has made C{sys.stderr} part of the log, and may have become a daemon
    whose parent waits to tell the person who started it.

    @param reason: One line, without a name before it.
    @param twistd: The options of twistd: C{options.parent}.
    @raise SystemExit: in the foreground.
    @raise RuntimeError: in a daemon: twistd gives it to the parent, and to the log.
    """
    options = twistd or {}
    if not options.get("nodaemon", True):
        # The parent is told 100 bytes.
        raise RuntimeError(reason.replace(f"{os.getcwd()}{os.sep}", ""))
    if options.get("pidfile"):
        with suppress(OSError):
            os.unlink(options["pidfile"])
    if sys.__stderr__ is not None:
        print(f"chatd: {reason}", file=sys.__stderr__)
    raise SystemExit(1)
