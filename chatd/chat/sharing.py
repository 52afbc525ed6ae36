"""Sharing files: who may, how much, and what becomes of it."""

from mimetypes import MimeTypes
from typing import TYPE_CHECKING, TypeAlias

from chatd.chat.account import Person, Role
from chatd.chat.audit import note
from chatd.chat.durations import in_words
from chatd.chat.errors import (
    BadRequest,
    ChatError,
    Closed,
    Full,
    NotAllowed,
    NotFound,
    TooLong,
)
from chatd.chat.events import Handed, Shared
from chatd.chat.file import File, file_name, size_in_words
from chatd.chat.outside import Files, Incoming, Kept, Outgoing
from chatd.chat.room import Room
from chatd.chat.short_ids import read_id
from chatd.chat.store import StoreDown
from chatd.chat.throttle import Throttles

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

Place: TypeAlias = Room | Person

# Uploads of one person at the same time; each may hold half a megabyte of memory.
AT_ONCE = 8

# What a file takes at least; see C{Store.space}.
COST = 4096

# Files of one person: so many at once, and so many in a minute.
A_MINUTE = 60

# Files that are removed in one step when their time is over.
STEP = 20

# What names say of the kinds of files, without reading what the machine has of it.
_KINDS = MimeTypes()


class Sharing:
    """
    The verbs of files.

    @ivar files: Keeps the content; C{None} where nothing can be shared.
    """

    def __init__(self, hub: "Hub", files: Files | None) -> None:
        self.files = files
        self._hub = hub
        self._uploads: set[Upload] = set()
        self._often = Throttles(A_MINUTE, 60.0)

    # Sharing

    def check(self, session: "Session", place: Place) -> None:
        """
        @raise ChatError: if this person may not share anything there.
        """
        person = session.somebody()
        self._folder()
        if self._hub.closing:
            raise Closed(self._hub.closing)
        if person.guest and not self._hub.rules.files_guests:
            raise NotAllowed(
                "Guests share no files here. /register NAME PASSWORD makes you a "
                "member."
            )
        if isinstance(place, Room):
            place.check_speaker(session)
        elif place.id == person.id:
            raise NotAllowed("That would be yourself.")
        elif place.guest and self._hub.presence.get(place.id) is None:
            raise NotFound(f"{place.name} is not here any more.")

    async def begin(
        self,
        session: "Session",
        place: Place,
        name: str,
        *,
        size: int = 0,
        mime: str = "",
    ) -> "Upload":
        """
        Begin to share a file.

        @param size: How large it will be, if that is known.
        @param mime: Of which kind it is; C{""}: what the name says.
        @raise ChatError: if that may not be.
        """
        self.check(session, place)
        name = file_name(name)
        person, hub = session.somebody(), self._hub
        if len([one for one in self._uploads if one.owner == person]) >= AT_ONCE:
            raise Full(f"{AT_ONCE} files at the same time are the most. Wait a little.")
        wait = self._often.wait(person.id, hub.clock.seconds())
        if wait > 0 and hub.rules.throttle:
            raise Full(
                f"That were many files. Wait {in_words(wait)} before the next one."
            )
        self._often.spend(person.id, hub.clock.seconds())
        mime = mime or _KINDS.guess_type(name)[0] or "application/octet-stream"
        upload = Upload(self, session, place, name, mime)
        self._uploads.add(upload)
        try:
            upload.used = await hub.store.space(person)
            self.check_space(upload, size)
            upload.incoming = await self._folder().create()
        except BaseException:
            self._uploads.discard(upload)
            raise
        return upload

    def check_space(self, upload: "Upload", size: int) -> None:
        """
        @param size: What the upload will have by then.
        @raise ChatError: if a file may not be so large, or there is no room for it.
        """
        rules = self._hub.rules
        if size > rules.file_bytes:
            raise TooLong(
                f"A file has at most {size_in_words(rules.file_bytes)}; "
                f"{upload.name} has more."
            )
        size = max(size, COST)
        others = [one for one in self._uploads if one is not upload]
        own, total = upload.used
        own += size + sum(one.cost for one in others if _same(one.owner, upload.owner))
        total += size + sum(one.cost for one in others)
        if own > rules.files_account:
            whose = "those of all guests" if upload.owner.guest else "your files"
            raise Full(
                f"With {upload.name}, {whose} would take more than "
                f"{size_in_words(rules.files_account)}, which is the most. "
                "/files remove ID makes room."
            )
        if total > rules.files_total:
            raise Full("There is no room left for files on this server.")

    async def share(self, upload: "Upload", kept: Kept) -> None:
        """Tell of a file that is whole; called by L{Upload.finish} only."""
        hub, session, place = self._hub, upload.session, upload.place
        upload.used = await hub.store.space(upload.owner)
        self.check_space(upload, kept.size)
        self.check(session, place)  # after the last await
        keep = hub.rules.files_keep
        sender = session.somebody()
        expires = round(hub.now() + keep, 3) if keep else 0.0
        event: Shared | Handed
        if isinstance(place, Room):
            event = Shared(
                room=place.name,
                sender=sender,
                file=kept.id,
                name=upload.name,
                size=kept.size,
                mime=upload.mime,
                sha256=kept.sha256,
                expires=expires,
            )
        else:
            event = Handed(
                to=place,
                sender=sender,
                file=kept.id,
                name=upload.name,
                size=kept.size,
                mime=upload.mime,
                sha256=kept.sha256,
                expires=expires,
            )
        await session.cause(lambda: hub.publish(event, session))

    async def discard(self, kept: Kept) -> None:
        """Remove a file that could not be shared after all."""
        try:
            if await self._hub.store.file(kept.id) is not None:
                return  # the event was stored, whatever was said of it
        except StoreDown:
            return  # if nothing tells of it, it is swept at the next start
        await self._folder().remove(kept.id)

    def over(self, upload: "Upload") -> None:
        """An upload is over, well or not."""
        self._uploads.discard(upload)

    # Fetching

    async def shared(
        self, session: "Session", place: Place, *, limit: int
    ) -> list[File]:
        """What is shared in a room, or between two people; newest first."""
        person = session.somebody()
        if isinstance(place, Room):
            place.check_entry(person, session.role)
            files = await self._hub.store.files_in(place.name, limit=limit)
        else:
            files = await self._hub.store.files_between(
                person.id, place.id, limit=limit
            )
        return [file for file in files if not self._is_over(file)]

    async def partners(self, session: "Session") -> list[Person]:
        """With whom somebody shares files, one with the other."""
        return await self._hub.store.partners(session.somebody().id)

    async def find(self, session: "Session", id: str) -> File:
        """
        A file that the session's person may fetch.

        @param id: Its own id, or that of its event as people are shown it.
        @raise NotFound: if there is none, or none for these eyes.
        """
        store = self._hub.store
        file = await store.file(id) or await store.file_of(_event(id))
        if file is None or self._is_over(file) or not self._may_fetch(session, file):
            raise NotFound("There is no such file, or it is not for you.")
        return file

    async def open(self, session: "Session", file: File) -> Outgoing:
        """Fetch a file."""
        if self._is_over(file) or not self._may_fetch(session, file):
            raise NotFound("There is no such file, or it is not for you.")
        return await self._folder().open(file.id)

    def _may_fetch(self, session: "Session", file: File) -> bool:
        person = session.somebody()
        if file.to is not None:
            return person.id in (file.owner.id, file.to.id)
        room = self._hub.rooms.get(file.room)
        if room is None:
            return False
        try:
            room.check_entry(person, session.role)
        except ChatError:
            return False
        return True

    def _is_over(self, file: File) -> bool:
        return bool(file.expires) and file.expires <= self._hub.now()

    # Removing

    async def remove(self, session: "Session", file: File) -> None:
        """
        Remove a file: one's own, or as moderator of the room, or as operator.

        @raise NotAllowed: for anybody else.
        """
        person = session.somebody()
        room = self._hub.rooms.get(file.room) if file.room else None
        own = file.owner.id == person.id
        if not own and session.role_in(room) < Role.MODERATOR:
            raise NotAllowed(
                f"{file.name} is not yours: ask {file.owner.name}, or a moderator."
            )
        await self._remove(file.id)
        if not own:
            note(session, "remove a file of", file.owner.name, file.room)

    async def expire(self) -> None:
        """Remove files whose time is over, a few at a time."""
        while True:
            over = await self._hub.store.expired_files(self._hub.now(), limit=STEP)
            for id in over:
                await self._remove(id)
            if len(over) < STEP:
                return

    async def sweep(self) -> int:
        """At the start: remove what broke off when the server ended."""
        if self.files is None:
            return 0
        return await self.files.sweep(await self._hub.store.file_ids())

    async def _remove(self, id: str) -> None:
        # The row first: a file without one is swept, a row without a file is a lie.
        await self._hub.store.remove_file(id)
        await self._folder().remove(id)

    def _folder(self) -> Files:
        if self.files is None:
            raise Closed("Files cannot be shared on this server.")
        return self.files


class Upload:
    """
    A file on its way in.

    @ivar used: Bytes that were taken when it was last looked: of the owner, of all.
    """

    def __init__(
        self,
        sharing: Sharing,
        session: "Session",
        place: Place,
        name: str,
        mime: str,
    ) -> None:
        self.session = session
        self.owner = session.somebody()
        self.place = place
        self.name = name
        self.mime = mime
        self.used = (0, 0)
        self.incoming: Incoming | None = None
        self._sharing = sharing

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.incoming.size if self.incoming is not None else 0

    @property
    def cost(self) -> int:
        """What it counts for."""
        return max(self.size, COST)

    async def write(self, data: bytes) -> None:
        """
        Add to the end.

        @raise ChatError: if it cannot be; then nothing is left of it.
        """
        assert self.incoming is not None
        try:
            self._sharing.check_space(self, self.size + len(data))
            await self.incoming.write(data)
        except BaseException:
            await self.abort()
            raise

    async def finish(self) -> Kept:
        """
        Share it.

        @raise ChatError: as for L{write}.
        """
        assert self.incoming is not None
        try:
            self._sharing.check(self.session, self.place)
            kept = await self.incoming.finish()
            try:
                await self._sharing.share(self, kept)
            except BaseException:
                await self._sharing.discard(kept)
                raise
        except BaseException:
            await self.abort()
            raise
        self._sharing.over(self)
        return kept

    async def abort(self) -> None:
        """Leave nothing behind; nothing happens if it was shared."""
        self._sharing.over(self)
        if self.incoming is not None:
            await self.incoming.abort()


def _event(id: str) -> int:
    try:
        return read_id(id)
    except BadRequest:
        return 0


def _same(one: Person, other: Person) -> bool:
    """Whether two owners share one account's space."""
    return one.guest if other.guest else one.id == other.id
