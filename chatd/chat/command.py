"""Slash-commands: how they are declared, found and called."""

import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from inspect import getdoc
from types import ModuleType
from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Person, Role
from chatd.chat.errors import NotAllowed, NotEntered, NotInRoom, UnknownCommand, Usage
from chatd.chat.events import Answer, Listing, Notice, Past, Ref, Value
from chatd.chat.password_rules import SECRETIVE
from chatd.chat.request import Say

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.room import Room
    from chatd.chat.session import Session

# Two of four letters may have changed places, as in "sned".
CLOSE = 0.75

# Words to compare with the names of commands, characters; and how many are remembered:
# to compare takes as long as ten messages, and many begin with the same names.
LONGEST = 32
NEAR_KEPT = 1_000


@dataclass(slots=True)
class Call:
    """
    One use of a command: all that a command may know.

    @ivar rest: What stands behind the command's name, as it was typed.
    @ivar key: Chosen by the client, so that doing it twice shows once.
    @ivar done: What programs are told when it is done, besides.
    """

    session: "Session"
    hub: "Hub"
    rest: str
    ref: Ref = None
    _room: "Room | None" = None
    key: str = ""
    done: dict[str, Value] = field(default_factory=dict)

    @property
    def person(self) -> Person:
        """
        Who calls.

        @raise NotEntered: if they have not come in yet.
        """
        return self.session.somebody()

    @property
    def room(self) -> "Room":
        """
        The room it is meant for.

        @raise NotInRoom: if the session is in none.
        """
        if self._room is None:
            self.session.somebody()
            raise NotInRoom("You are in no room. /join one first; /rooms lists them.")
        return self._room

    def words(self, count: int) -> list[str]:
        """
        The rest, taken apart.

        @return: C{count} strings: words, and in the last place all that follows;
            C{""} for what is missing.
        """
        parts = self.rest.split(None, count - 1)
        return parts + [""] * (count - len(parts))

    def room_named(self, name: str) -> "Room":
        """
        A room that whoever calls may see; without a name the one it is meant for.

        @raise NotFound: if there is none.
        """
        return self.hub.visible_room(self.session, name) if name else self.room

    async def happened(self) -> None:
        """
        Wait until what was done was shown to others: only then say that it was done.

        @raise NotStored: if it could not be stored, so nobody was shown it.
        @raise Unsure: if nobody knows: if it was stored, it is shown later.
        """
        await self.session.caused.happened()

    async def taken(self) -> bool:
        """
        Wait until what was replied is on its way, and let others have their turn.

        @return: Whether somebody is still there to read more.
        """
        return await self.session.taken()

    def say(self, text: str, room: "Room | None" = None) -> None:
        """
        Say something, as whoever calls.

        @param room: Where; without it in the room that the command is meant for.
        @raise ChatError: if this person may not speak there, or not so long.
        """
        where = room or self.room
        said = Say(text, key=self.key)
        where.say(self.session, (said,), self.hub.rules, answered=False)

    def reply(self, answer: str | Listing | Past) -> None:
        """Answer whoever calls, and nobody else."""
        told: Answer
        match answer:
            case str():
                told = Notice(answer, self.ref)
            case Listing():
                told = Listing(
                    answer.name, answer.title, answer.lines, answer.rows, self.ref
                )
            case Past():
                told = Past(
                    answer.name,
                    answer.events,
                    answer.title,
                    answer.more,
                    answer.room,
                    self.ref,
                )
        self.session.tell(told)


Run = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """
    A slash-command.

    @ivar usage: What to write behind the name: C{NAME} is needed, C{[NAME]} may be
        left out, C{TEXT...} takes all that follows.
    @ivar needs: Who may use it.
    @ivar secret: Whether what is typed behind it must not be shown again.
    @ivar asks: Whether it does nothing but answer whoever calls, unless C{on} or
        C{off} stands behind it.
    @ivar help: For people; the first line says it all.
    @ivar subject: Under which heading C{/help} lists it.
    """

    name: str
    run: Run
    usage: str = ""
    aliases: tuple[str, ...] = ()
    needs: Role = Role.GUEST
    secret: bool = False
    asks: bool = False
    help: str = ""
    subject: str = ""

    @property
    def line(self) -> str:
        """How to type it."""
        return f"/{self.name} {self.usage}".rstrip()

    @property
    def fewest(self) -> int:
        """How many words it needs."""
        return sum(not word.startswith("[") for word in self.usage.split())

    @property
    def most(self) -> int | None:
        """How many words it takes; C{None} for any number."""
        return None if "..." in self.usage else len(self.usage.split())

    def named(self, rest: str) -> bool:
        """Whether what stands behind it begins with the name of a person or a room."""
        first = self.usage.partition(" ")[0]
        if first.startswith("[") and len(rest.split()) <= self.fewest:
            return False  # it is left out
        return "NAME" in first or "ROOM" in first

    def check(self, call: Call) -> None:
        """
        @raise ChatError: if whoever calls may not, or the words do not fit.
        """
        role = call.session.role_in(call._room)
        if role < self.needs:
            if role is Role.NOBODY:
                raise NotEntered(f"Type a name to come in first, then /{self.name}.")
            raise NotAllowed(_REFUSALS[self.needs].format(self.name))
        count = len(call.rest.split())
        if count < self.fewest or (self.most is not None and count > self.most):
            raise Usage(f"Type it like this: {self.line}")


_REFUSALS = {
    Role.MEMBER: "/{} is for accounts. /register NAME PASSWORD makes you one.",
    Role.MODERATOR: "/{} is for the moderators of the room.",
    Role.OPERATOR: "/{} is for operators of the server.",
}


def command(
    name: str,
    *,
    usage: str = "",
    aliases: Iterable[str] = (),
    needs: Role = Role.GUEST,
    secret: bool = False,
    asks: bool = False,
) -> Callable[[Run], Command]:
    """
    Make a command of a coroutine function; its docstring becomes the help.

    The first line of the module's docstring is the subject under which it is listed.
    """

    def decorate(run: Run) -> Command:
        doc = getdoc(run)
        if not doc:
            raise ValueError(f"/{name} has no docstring, so /help could not show it")
        subject = (getdoc(import_module(run.__module__)) or "").partition("\n")[0]
        return Command(
            name,
            run,
            usage,
            tuple(aliases),
            needs,
            secret,
            asks,
            doc,
            subject.rstrip("."),
        )

    return decorate


class Commands:
    """All commands there are."""

    def __init__(self) -> None:
        self._by_name: dict[str, Command] = {}
        self._words: frozenset[str] = frozenset()
        self._near: dict[str, str] = {}

    def __iter__(self) -> Iterator[Command]:
        return iter(dict.fromkeys(self._by_name.values()))

    def words(self) -> frozenset[str]:
        """All names and aliases; nobody may be called by one."""
        return self._words

    def find(self, name: str) -> Command:
        """
        A command by name or alias, whatever its case.

        @raise UnknownCommand: with a suggestion, if there is one.
        """
        found = self._by_name.get(name.casefold())
        if found is None:
            raise self.unknown(name)
        return found

    def unknown(self, name: str) -> UnknownCommand:
        """What to tell somebody who typed a command that there is not."""
        close = get_close_matches(name.casefold(), self._by_name, n=1, cutoff=0.6)
        hint = f"Did you mean /{close[0]}?" if close else "/help lists them all."
        return UnknownCommand(f"There is no command /{name[:40]}. {hint}")

    def has(self, name: str) -> bool:
        """Whether there is a command of that name or alias."""
        return name.casefold() in self._by_name

    def near(self, word: str) -> str:
        """The name of a command that is almost this word; C{""} for none."""
        if len(word) > LONGEST:
            return ""
        if word not in self._near:
            if len(self._near) >= NEAR_KEPT:
                self._near.clear()
            close = get_close_matches(word.casefold(), self._by_name, 1, CLOSE)
            self._near[word] = close[0] if close else ""
        return self._near[word]

    def may_hold_secret(self, name: str) -> bool:
        """Whether what follows this word, or this misspelt word, may be a password."""
        word = name.casefold()
        found = self._by_name.get(word)
        if found is not None:
            return found.secret
        return bool(get_close_matches(word, SECRETIVE, n=1, cutoff=0.7))

    def only_asks(self, line: str) -> bool:
        """Whether a typed line is a command that does nothing but answer."""
        if line[:1] not in ("/", "@"):
            return False
        word, _, rest = line[1:].partition(" ")
        found = self._by_name.get(word.casefold())
        if found is None or rest.strip().casefold() in ("on", "off"):
            return False
        return found.asks

    def add(self, module: ModuleType) -> None:
        """
        Take in all commands of a module.

        @raise ValueError: if a name is taken already; then none is taken in.
        """
        found = [value for value in vars(module).values() if isinstance(value, Command)]
        by_name: dict[str, Command] = {}
        for one in dict.fromkeys(found):
            for name in (one.name, *one.aliases):
                if name.casefold() in {**self._by_name, **by_name}:
                    raise ValueError(f"there is a command /{name} already")
                by_name[name.casefold()] = one
        self._by_name |= by_name
        self._words = frozenset(self._by_name)
        self._near.clear()

    def add_package(self, package: ModuleType) -> None:
        """Take in every module of a package."""
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            self.add(import_module(info.name))

    def add_strangers(
        self, modules: Iterable[tuple[str, Callable[[], ModuleType]]]
    ) -> None:
        """
        Take in modules of others; a broken one is named in the log and left out.

        @param modules: Names, with what imports them.
        """
        for name, load in modules:
            try:
                self.add(load())
            except Exception as problem:
                _log.failure(
                    "the commands of {name} are left out: {problem}",
                    name=name,
                    problem=problem,
                )


_log = Logger()
