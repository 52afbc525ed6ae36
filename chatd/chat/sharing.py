"""Sharing files: who may, how much, and what becomes of it."""

import secrets
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
    TooFast,
    TooLong,
)
from chatd.chat.events import Handed, Shared, Unshared
from chatd.chat.file import File, file_name, size_in_words
from chatd.chat.links import Links, read_grant
from chatd.chat.outside import Files, Kept, Outgoing
from chatd.chat.room import Room
from chatd.chat.short_ids import read_id
from chatd.chat.store import StoreDown
from chatd.chat.throttle import Throttles
from chatd.chat.tickets import Ticket, Tickets
from chatd.chat.transfers import Transfers
from chatd.chat.upload import COST, Upload

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

Place: TypeAlias = Room | Person

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
    @ivar key: Of the links to files: whoever has it can make them.
    @ivar tickets: By which files are put over HTTP; C{transfers} counts what moves.
    """

    def __init__(self, hub: "Hub", files: Files | None) -> None:
        self.files = files
        self.key = secrets.token_bytes(32)
        self.tickets = Tickets(hub)
        self.transfers = Transfers(hub)
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

    async def ticket(
        self,
        session: "Session",
        place: Place,
        name: str = "",
        *,
        size: int = 0,
        mime: str = "",
    ) -> Ticket:
        """
        Let whoever gets the ticket put one file, over HTTP.

        @param name: What it will be called; C{""} if that is said later.
        @param size: How large it will be; 0 if that is not known.
        @raise ChatError: if that may not be.
        """
        if not self.by_web:
            raise Closed("Files cannot be put over HTTP here: that door is closed.")
        self.check(session, place)
        name = name and file_name(name)
        person = session.somebody()
        used = await self._hub.store.space(person)
        self._check_space(person, name or "this file", size, used)
        return self.tickets.issue(session, place, name, mime)

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
        most = hub.rules.files_transfers_person
        if len([one for one in self._uploads if one.owner.id == person.id]) >= most:
            raise TooFast(f"{most} files at the same time are the most. Wait a little.")
        wait = self._often.wait(person.id, hub.clock.seconds())
        if wait > 0 and hub.rules.throttle:
            raise TooFast(
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
        self._check_space(upload.owner, upload.name, size, upload.used, upload)

    def _check_space(
        self,
        owner: Person,
        name: str,
        size: int,
        used: tuple[int, int],
        upload: Upload | None = None,
    ) -> None:
        rules = self._hub.rules
        if size > rules.file_bytes:
            raise TooLong(
                f"A file has at most {size_in_words(rules.file_bytes)}; {name} has "
                "more."
            )
        size = max(size, COST)
        others = [one for one in self._uploads if one is not upload]
        own, total = used
        own += size + sum(one.cost for one in others if _same(one.owner, owner))
        total += size + sum(one.cost for one in others)
        if own > rules.files_account:
            whose = "those of all guests" if owner.guest else "your files"
            raise Full(
                f"With {name}, {whose} would take more than "
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
        await session.caused.besides(lambda: hub.publish(event, session))

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
            raise _nothing()
        return file

    async def open(self, session: "Session", file: File) -> Outgoing:
        """Fetch a file."""
        if self._is_over(file) or not self._may_fetch(session, file):
            raise _nothing()
        return await self._folder().open(file.id)

    def _may_fetch(self, session: "Session", file: File) -> bool:
        return self._may(session.somebody(), session.role, file)

    def _may(self, person: Person, role: Role, file: File) -> bool:
        if file.to is not None:
            return person.id in (file.owner.id, file.to.id)
        room = self._hub.rooms.get(file.room)
        if room is None:
            return False
        try:
            room.check_entry(person, role)
        except ChatError:
            return False
        return True

    # By links

    @property
    def by_web(self) -> bool:
        """Whether files can be put and fetched over HTTP."""
        return self.files is not None and bool(self._hub.rules.web)

    def paths(self) -> Links | None:
        """Links for programs, which know how they came in; C{None} as for L{links}."""
        return Links(self.key) if self.by_web else None

    def links(self, host: str, *, secure: bool) -> Links | None:
        """
        Links for people.

        @param host: By which they came in, as it stands in an URL.
        @param secure: Whether their line is encrypted.
        @return: C{None} if files are not fetched by links here.
        """
        rules = self._hub.rules
        if not self.by_web:
            return None
        if secure and rules.web_secure:
            return Links(self.key, rules.web_secure.replace("{}", host), rules.curl)
        return Links(self.key, rules.web.replace("{}", host))

    async def linked(self, id: str, grant: str, address: str) -> tuple[File, Person]:
        """
        The file of a link, and for whom it was made.

        @param id: Of the event, as links have it.
        @param address: Where whoever has the link comes from.
        @raise NotFound: if nobody made this link, or it is good no longer.
        """
        event = _event(id)
        reader = read_grant(self.key, event, grant)
        if reader is None:
            raise _nothing()
        file = await self._hub.store.file_of(event)
        person, role = await self._reader(reader, address)
        if file is None or self._is_over(file) or not self._may(person, role, file):
            raise _nothing()
        return file, person

    async def _reader(self, id: int, address: str) -> tuple[Person, Role]:
        """Somebody with an account, or a guest as long as they are here."""
        account = await self._hub.store.account(id)
        here = self._hub.presence.get(id)
        self._hub.bans.check(account=account.key if account else "", address=address)
        if account is not None and account.secret:
            return account.person, account.role
        if here is None:
            raise _nothing()
        return here.person, Role.GUEST

    async def open_linked(self, file: File) -> Outgoing:
        """Fetch a file that was just L{linked}."""
        return await self._folder().open(file.id)

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
        await self._unshare(session, file)
        if not own:
            note(session, "remove a file of", file.owner.name, file.room)

    async def refuse(self, session: "Session", file: File) -> None:
        """
        Do not take what somebody shares with this person alone; it is removed.

        @raise NotAllowed: if it is not that.
        """
        if file.to is None or file.to.id != session.somebody().id:
            raise NotAllowed(
                f"{file.name} was not offered to you alone: just do not fetch it."
            )
        await self._unshare(session, file)

    async def _unshare(self, session: "Session", file: File) -> None:
        await self._remove(file.id)
        event = Unshared(
            sender=session.somebody(),
            owner=file.owner,
            file=file.id,
            name=file.name,
            room=file.room or None,
            to=file.to,
        )
        await session.caused.besides(lambda: self._hub.publish(event, session))

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


def _nothing() -> NotFound:
    return NotFound("There is no such file, or it is not for you.")


def _event(id: str) -> int:
    try:
        return read_id(id)
    except BadRequest:
        return 0


def _same(one: Person, other: Person) -> bool:
    """Whether two owners share one account's space."""
    return one.guest if other.guest else one.id == other.id
