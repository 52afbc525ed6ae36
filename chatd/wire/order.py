"""What somebody asks for behind C{ssh HOST}, in one line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chatd.chat.errors import Usage

JSON = "--json"

# Messages that tail shows if nobody says how many.
COUNT = 10

SAY = "say [#ROOM] [TEXT]"
TAIL = "tail [-n N] [-f] [#ROOM]"


@dataclass(frozen=True, slots=True)
class Talk:
    """Say each line that comes, and show all that happens."""

    json: bool = False


@dataclass(frozen=True, slots=True)
class Speak:
    """
    Say something, and leave.

    @ivar room: C{""} for the room where everybody starts.
    @ivar text: C{""} for each line that comes.
    """

    room: str = ""
    text: str = ""
    json: bool = False


@dataclass(frozen=True, slots=True)
class Tail:
    """
    Show what was said last.

    @ivar follow: Whether to go on with what is said from now on.
    """

    room: str = ""
    count: int = COUNT
    follow: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """
    Run a slash-command, and leave.

    @ivar room: In which it is meant; C{""} as above.
    """

    name: str
    rest: str = ""
    room: str = ""
    json: bool = False


Order: TypeAlias = Talk | Speak | Tail | Run


def read_order(line: str, takes_text: Callable[[str], bool]) -> Order:
    """
    Understand a command: C{/who}, C{who --json}, C{say #ops it works}, C{tail -f}.

    C{--json} stands before or behind the name; at the end, too, of commands that do
    not take all that follows as a text.

    @param takes_text: Whether a slash-command of this name does so.
    @raise Usage: if it cannot be understood.
    """
    json, rest = _flag(line.strip())
    room = ""
    if rest.startswith("#"):
        room, _, rest = rest.partition(" ")
        more, rest = _flag(rest.strip())
        json |= more
    name, _, rest = rest.partition(" ")
    more, rest = _flag(rest.strip())
    json |= more
    word = name.removeprefix("/").removeprefix("@").casefold()
    if not word:
        return Talk(json)
    if word == "say":
        if not room and rest.startswith("#"):
            room, _, rest = rest.partition(" ")
        return Speak(room.removeprefix("#"), rest.strip(), json)
    if not takes_text(word) and (rest == JSON or rest.endswith(f" {JSON}")):
        json, rest = True, rest.removesuffix(JSON).rstrip()
    if word == "tail":
        return _tail(rest.split(), room, json)
    return Run(word, rest, room.removeprefix("#"), json)


def _flag(rest: str) -> tuple[bool, str]:
    first, _, behind = rest.partition(" ")
    return (True, behind.strip()) if first == JSON else (False, rest)


def _tail(words: list[str], room: str, json: bool) -> Tail:
    count, follow = COUNT, False
    while words:
        word = words.pop(0)
        if word in ("-f", "--follow"):
            follow = True
        elif word == JSON:
            json = True
        elif word.startswith("-n"):
            number = word[2:] or (words.pop(0) if words else "")
            if not (number.isdecimal() and number.isascii() and len(number) < 9):
                raise Usage(f"Type it like this: {TAIL}")
            count = int(number)
        elif word.startswith("-") or room:
            raise Usage(f"Type it like this: {TAIL}")
        else:
            room = word
    return Tail(room.removeprefix("#"), count, follow, json)
