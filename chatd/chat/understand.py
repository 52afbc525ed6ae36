"""One typed line, and what it asks for."""

from typing import TYPE_CHECKING

from chatd.chat.clean import clean, mark, mark_first
from chatd.chat.command import Commands
from chatd.chat.errors import BadRequest, ChatError, NotEntered, UnknownCommand
from chatd.chat.password_rules import command_meant, looks_secret, secretive
from chatd.chat.request import Doubtful, Enter, Invoke, Refused, Request, Say, Typed

if TYPE_CHECKING:
    from chatd.chat.session import Session

# What a command begins with.
MARKS = ("/", "@")

# What may follow the name of somebody who is mentioned.
_ENDS = ":,.;!?"


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
    doubled = False
    if line.startswith(MARKS):
        word, _, rest = line[1:].partition(" ")
        doubled = line.startswith("//")
        if line.startswith("/") and not doubled:
            return _command(typed, word, rest.strip(), commands)
        if line.startswith("@") and commands.has(word):
            return Invoke(word, rest.strip(), ref=ref)
    words = line.split(None, 3)
    if not words:
        return None
    if looks_secret(words):
        return Refused(_forgot_slash(words[0]), ref=ref)
    if entered and len(words) > 3 and secretive(words[0]):
        return Doubtful(words[1], line, True, _forgot_slash(words[0]), ref=ref)
    if not entered:
        if doubled:
            return Refused(NotEntered("Type a name to come in first."), line, ref)
        return Enter(line.strip(), show=True, ref=ref)
    if line.startswith("@"):
        return _mention(typed, words[0], commands)
    return Say(line[1:] if doubled else line, ref=ref)


def cleaned(session: "Session | None", text: str, commands: Commands) -> str:
    """
    Make a typed line harmless.

    What is dropped from a name is marked: it is refused, and not silently another.
    """
    if text.isprintable():
        return text
    if session is not None and session.asking:
        return clean(text)
    word, space, rest = text[1:].partition(" ")
    if text[:1] in "/@" and commands.has(word):
        named = commands.find(word).named(clean(rest))
        return f"{text[0]}{word}{space}{(mark_first if named else clean)(rest)}"
    return clean(text) if session is not None and session.person else mark(text)


def handed_back(
    request: Request, understood: Request | None, commands: Commands
) -> str:
    """
    What is handed back of a request that was refused; C{""} where it might hold a
    secret.

    @param understood: What was understood of it, if that went well.
    """
    match understood:
        case Refused() | Doubtful():
            return understood.line
        case Enter():
            return ""
        case Invoke() if commands.may_hold_secret(understood.name):
            return ""
    match request:
        case Typed():
            return request.line
        case Say():
            return request.text
        case _:
            return ""


def _forgot_slash(word: str) -> ChatError:
    """
    What is said to whoever may have forgotten a slash.

    @param word: The first of the line.
    """
    return BadRequest(
        "That looks like a password. It was sent to nobody. If you meant the command, "
        f"it begins with a slash: /{command_meant(word)}. "
        "If not, begin with another word."
    )


def _mention(typed: Typed, first: str, commands: Commands) -> Request:
    """Words to somebody who is named first, or a misspelt command."""
    word = first[1:].rstrip(_ENDS)
    near = commands.near(word)
    if not near:
        return Say(typed.line, ref=typed.ref)
    error = UnknownCommand(
        f"There is no command @{word}, and nobody is called so. Did you mean @{near}?"
    )
    line = "" if commands.may_hold_secret(word) else typed.line
    return Doubtful(word, typed.line, False, error, line, typed.ref)


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
