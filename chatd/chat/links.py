"""Links to shared files: each is for one person alone."""

import hashlib
import hmac
import re
import shlex
from dataclasses import dataclass, field

from chatd.chat.account import Person
from chatd.chat.errors import BadRequest
from chatd.chat.events import SharedFile
from chatd.chat.file import File
from chatd.chat.short_ids import read_id, short_id

# Paths of the web door, and what follows: TOKEN, or ID/GRANT/NAME.
UP = "/up/"
DOWN = "/file/"

# Bytes of a grant: nobody guesses 96 bits over a network.
MAC = 12

# Characters of a name in a link, where it is there for people to recognise.
NAME_CHARS = 40
ENDING = 10  # of them at its end

_unsafe = re.compile("[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Links:
    """
    Makes links, as one session can use them.

    @ivar key: Of the server, and secret.
    @ivar base: What comes before the path, as in C{https://chat.example:5050}.
    @ivar options: What curl needs besides, as in C{-k}; C{""} for nothing.
    """

    key: bytes = field(repr=False)
    base: str = ""
    options: str = ""

    def file(self, event: int, name: str, reader: Person) -> str:
        """Where a reader fetches a file, by the id of the event that told of it."""
        granted = grant(self.key, event, reader.id)
        return f"{self.base}{DOWN}{short_id(event)}/{granted}/{safe_name(name)}"

    def of(self, file: File | SharedFile, reader: Person) -> str:
        """Where a reader fetches a file."""
        event = file.event if isinstance(file, File) else file.id
        return self.file(event, file.name, reader)

    def fetch(self, file: File | SharedFile, reader: Person) -> str:
        """
        What a reader types to fetch a file. Whoever pastes it runs it in a shell, so
        that nothing of it may come from somebody else as it is.
        """
        # -f: or what is said in place of a file would be saved as one.
        words = ("curl -OJ", self.of(file, reader), "-f", self.options)
        return " ".join(filter(None, words))

    def upload(self, token: str) -> str:
        """Where a file is put."""
        return f"{self.base}{UP}{token}"

    def put(self, token: str, path: str, name: str = "") -> str:
        """
        What to type to put a file.

        @param path: Where whoever asks has it.
        @param name: What it is called, if not as it is there: curl adds that name to
            what ends in a slash.
        """
        url = self.upload(token) + ("" if name else "/")
        plain = not set(path) & set("[]{}")
        words = ("curl", "" if plain else "-g", "-T", quoted(path), url, self.options)
        return " ".join(filter(None, words))


def grant(key: bytes, event: int, person: int) -> str:
    """Make what lets a person fetch a file."""
    return f"{short_id(person)}.{_mac(key, event, person)}"


def read_grant(key: bytes, event: int, text: str) -> int | None:
    """
    Tell who may fetch a file by what was granted.

    @return: The id of the person; C{None} if nobody made this.
    """
    who = text.partition(".")[0]
    try:
        person = read_id(who)
    except BadRequest:
        return None
    # Only in the one way in which it is written.
    known = grant(key, event, person)
    return person if hmac.compare_digest(known.encode(), text.encode()) else None


def safe_name(name: str) -> str:
    """
    Make of the name of a file what neither a shell, nor an URL, nor a disk takes for
    anything else.
    """
    safe = _unsafe.sub("_", name).lstrip(".-")
    if len(safe) > NAME_CHARS:
        safe = safe[: NAME_CHARS - ENDING] + safe[-ENDING:]
    return safe.rstrip(".") or "file"


def quoted(path: str) -> str:
    """Write a path so that a shell takes it as it is, but for a home at its start."""
    home = path.startswith("~/")
    rest = path[2:] if home else path
    if rest.startswith("-") and not home:
        rest = f"./{rest}"
    return ("~/" if home else "") + shlex.quote(rest)


def _mac(key: bytes, event: int, person: int) -> str:
    made = hmac.new(key, f"file {event} {person}".encode(), hashlib.sha256)
    # In hexadecimal digits: nothing in it ends a word, or begins an option.
    return made.hexdigest()[: 2 * MAC]
