"""
What is shared, as folders and files: how sftp shows it.

C{/} holds a folder for each room that somebody may see, and one for each person,
C{@NAME}; in these are the files. There is nothing else, and nothing below.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

from chatd.chat.account import Person
from chatd.chat.errors import BadRequest, NotAllowed, NotFound
from chatd.chat.file import File
from chatd.chat.hub import Hub
from chatd.chat.room import Room
from chatd.chat.session import Session
from chatd.chat.sharing import Place

# Files that are listed in a folder: the latest.
LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Root:
    """The folder of all folders."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is shared in one place."""

    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a folder; C{file} is C{None} if there is none of that name."""

    place: Place
    name: str
    file: File | None


Found: TypeAlias = Root | Folder | Entry


class Folders:
    """Finds what somebody may see."""

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub = hub
        self._session = session

    async def find(self, path: str) -> Found:
        """
        What is at a path.

        @raise NotFound: if there is no such folder.
        """
        parts = split(path)
        if not parts:
            return Root()
        place = await self._place(parts[0])
        if len(parts) == 1:
            return Folder(place)
        if len(parts) > 2:
            raise NotFound("There are no folders in folders here.")
        files = await self.files(place)
        return Entry(place, parts[1], files.get(parts[1]))

    async def file(self, path: str) -> File:
        """
        The file at a path.

        @raise NotFound: if there is none.
        """
        found = await self.find(path)
        if not isinstance(found, Entry):
            raise BadRequest(f"{path[:80]} is a folder.")
        if found.file is None:
            raise NotFound(f"There is no file {found.name[:80]} there.")
        return found.file

    async def target(self, path: str) -> tuple[Place, str]:
        """
        Where a new file goes, and its name.

        @raise NotAllowed: if that is in no folder.
        """
        found = await self.find(path)
        if isinstance(found, Entry):
            return found.place, found.name
        if isinstance(found, Folder):
            raise BadRequest(f"{path[:80]} is a folder.")
        raise NotAllowed("Put files into the folder of a room, or of a person: @NAME.")

    async def files(self, place: Place) -> dict[str, File]:
        """What is shared in a place, by name; see L{by_name}."""
        shared = self._hub.sharing.shared(self._session, place, limit=LISTED)
        return by_name(await shared)

    async def names(self) -> list[str]:
        """The folders there are for this person."""
        me = self._session.somebody()
        people = [here.person for here in self._hub.presence]
        people += await self._hub.sharing.partners(self._session)
        rooms = [room.name for room in self._hub.archive.rooms_for(self._session)]
        others = {person.id: person.name for person in people if person.id != me.id}
        return rooms + sorted(f"@{name}" for name in others.values())

    async def _place(self, name: str) -> Room | Person:
        if not name.startswith("@"):
            try:
                return self._hub.visible_room(self._session, name)
            except NotFound:
                if name.startswith("#"):
                    raise
        try:
            return await self._hub.find(name)
        except NotFound:
            raise NotFound(f"There is no room and nobody called {name[:40]}.") from None


def split(path: str) -> list[str]:
    """Take a path apart, from the root; nothing leads out of it."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


def by_name(files: list[File]) -> dict[str, File]:
    """
    Give each file a name of its own.

    @param files: Newest first: the newest keeps the name, the next of that name is
        C{report~2.txt}.
    """
    named: dict[str, File] = {}
    for file in files:
        name, number = file.name, 1
        path = PurePosixPath(file.name)
        while name in named:
            number += 1
            name = f"{path.stem}~{number}{path.suffix}"
        named[name] = file
    return named
