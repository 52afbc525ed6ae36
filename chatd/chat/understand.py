"""One typed line, and what it asks for."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from chatd.chat.command import SECRETIVE, Commands
from chatd.chat.errors import BadRequest, ChatError, NotEntered
from chatd.chat.request import Enter, Invoke, Refused, Request, Say, Typed

if TYPE_CHECKING:
    from chatd.chat.session import Session


def understand(session: "Session", typed: Typed, commands: Commands) -> Request | None:
    """
    @return: What is asked for; C{None} if nothing is.
    """
    line, ref = typed.line, typed.ref
    if session.asking:
        return Enter(session.asking, line, show=True, ref=ref)
    entered = session.person is not None
    if "\n" in line and entered:
        return Say(line, ref=ref)
    word, _, rest = line[1:].partition(" ")
    if line.startswith("/") and not line.startswith("//"):
        return _command(typed, word, rest.strip(), commands)
    if line.startswith("@") and commands.has(word):
        return Invoke(word, rest.strip(), ref=ref)
    words = line.split(None, 3)
    if not words:
        return None
    # "login ann secret": three words, of which the first is a command's.
    if len(words) == 3 and words[0].casefold() in SECRETIVE:
        return Refused(
            BadRequest(
                f"That looks like a password. It was sent to nobody. If you meant the "
                f"command, it begins with a slash: /{_nearest(words[0])}"
            ),
            ref=ref,
        )
    if not entered:
        if line.startswith("//"):
            return Refused(NotEntered("Type a name to come in first."), line, ref)
        return Enter(line.strip(), show=True, ref=ref)
    return Say(line[1:] if line.startswith("//") else line, ref=ref)


def _command(typed: Typed, word: str, rest: str, commands: Commands) -> Request:
    if commands.has(word):
        return Invoke(word, rest, ref=typed.ref)
    # The words behind a misspelt /login must not be shown to anybody.
    line = "" if commands.may_hold_secret(word) else typed.line
    if "/" in word or not word:
        error: ChatError = BadRequest(
            "A line that begins with a slash is a command. "
            "To say it, put one more slash before it."
        )
    else:
        error = commands.unknown(word)
    return Refused(error, line, typed.ref)


def _nearest(word: str) -> str:
    close = get_close_matches(word.casefold(), ("login", "register", "password"), n=1)
    return close[0] if close else "login"
