"""The program `chatd`: the server without twistd's options, and its tools."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run what the first word names; without such a word, run the server.

    @param arguments: The words after the program's name.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and not words[0].startswith("-") and words[0] not in TOOLS:
        close = get_close_matches(words[0], TOOLS, 1)
        hint = f"did you mean {close[0]}?" if close else "chatd --help lists them."
        sys.exit(f"chatd: there is no tool {words[0]}; {hint}")
    try:
        try:
            _run(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # somebody reads the help through head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run(words: list[str]) -> None:
    if words[:1] in (["--help"], ["-h"]):
        _help()
    elif words and words[0] in TOOLS:
        TOOLS[words[0]](words[1:])
    else:
        _serve(words)


def _help() -> None:
    from chatd.operate.options import SettingsOptions

    print(f"{HELP}\n{SettingsOptions().getUsage()}", end="")


def _serve(words: Sequence[str]) -> None:
    # Until the server runs: 45,000 objects come to stay, and to look for circles among
    # them takes a tenth of the start.
    gc.disable()
    # Imported late: twistd installs the reactor, and a tool may want another.
    from twisted.scripts.twistd import run

    sys.argv = ["twistd", "--nodaemon", "--pidfile=", "chatd", *words]
    run()


def _backup(words: Sequence[str]) -> None:
    from chatd.operate.backup import backup

    backup(words)


def _restore(words: Sequence[str]) -> None:
    from chatd.operate.backup import restore

    restore(words)


def _connect(words: Sequence[str]) -> None:
    from chatd.client.connect import connect

    connect(words)


def _say(words: Sequence[str]) -> None:
    from chatd.client.say import say

    say(words)


def _tail(words: Sequence[str]) -> None:
    from chatd.client.tail import tail

    tail(words)


HELP = """\
Usage: chatd [options of the server]
       chatd TOOL ...

Without a tool, chatd runs the server. The tools are:

  chatd connect [NAME@]HOST[:PORT]   the chat in this terminal
  chatd say '#ROOM' TEXT...          say something from a script; - reads a pipe
  chatd tail -f '#ROOM'              show what is said, and go on with it
  chatd backup FILE                  copy all data, while the server runs
  chatd restore FILE                 put a backup back

chatd TOOL --help says more about each. Of the server:"""

# Tools by the word that starts them: each is given the words that follow.
TOOLS: dict[str, Callable[[Sequence[str]], None]] = {
    "backup": _backup,
    "restore": _restore,
    "connect": _connect,
    "say": _say,
    "tail": _tail,
    "help": lambda _: _help(),
}


if __name__ == "__main__":
    main()
