"""What people do to and for each other."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from chatd.chat.account import Person, Role
from chatd.chat.errors import BadRequest, Full, NotAllowed, NotFound, TooLong
from chatd.chat.events import Act, AwayChanged, Notice, Whispered
from chatd.chat.names import key_of
from chatd.chat.room import Room, check_text
from chatd.chat.sentences import check_reason

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


class People:
    """Private messages, absence, ignoring, and what moderators may do."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    # Private messages

    async def whisper(
        self, session: "Session", name: str, text: str, key: str = "", id: int = 0
    ) -> Person:
        """
        Tell one person something; who is away is told at the next login.

        @param id: Who is meant, if that is known: the name may be another's by now.
        """
        session.somebody()
        check_text(text, self._hub.rules)
        to = await self.find(name, id)
        await self._whisper(session, to, text, key)
        return to

    async def find(self, name: str, id: int = 0) -> Person:
        """
        Somebody who is here or has an account.

        @param id: As of L{whisper}.
        @raise NotFound: if there is nobody of that name, or somebody else.
        """
        found = await self._hub.find(name)
        if id not in (0, found.id):
            raise NotFound(f"{name[:40]} is somebody else by now.")
        return found

    async def reply(self, session: "Session", text: str, key: str = "") -> None:
        """Tell something to whom the session last had to do with in private."""
        other = session.correspondent
        if other is None:
            raise NotFound("Nobody has told you anything in private. /msg NAME TEXT.")
        check_text(text, self._hub.rules)
        here = self._hub.presence.get(other.id)
        if here is not None:
            other = here.person  # perhaps under another name by now
        await self._whisper(session, other, text, key)

    async def _whisper(
        self, session: "Session", to: Person, text: str, key: str = ""
    ) -> None:
        hub = self._hub
        sender = session.somebody()
        if to.id == sender.id:
            raise NotAllowed("That would be yourself.")
        here = hub.presence.get(to.id)
        if here is None:
            if to.guest:
                raise NotFound(f"{to.name} is not here any more.")
            # Strangers must not keep members from leaving a word.
            most = hub.rules.waiting_whispers // (2 if sender.guest else 1)
            waiting = await hub.store.count_unseen(to.id, limit=most)
            if waiting >= most:
                whose = "the most that guests may leave" if sender.guest else "the most"
                raise Full(
                    f"{to.name} is away and {waiting} private messages wait "
                    f"already, which is {whose}."
                )
        hub.publish(Whispered(sender=sender, to=to, text=text, key=key), session)
        await session.caused.happened()
        if here is None:
            session.tell(
                Notice(f"{to.name} is not here and will see it at the next login.")
            )
        elif here.away is not None:
            why = f": {here.away}" if here.away else "."
            session.tell(Notice(f"{to.name} is away{why}"))

    def check_speaker(self, session: "Session") -> None:
        """
        @raise ChatError: if this person is muted in one of their rooms: nothing that is
            shown in all of them may be said in another way.
        """
        for name in self._hub.presence.rooms_of(session.somebody().id):
            self._hub.rooms.find(name).check_speaker(session)

    # Absence

    def set_away(self, session: "Session", text: str | None) -> None:
        """
        Say that somebody is away, or back.

        @param text: Why; C{None} for being back.
        """
        person = session.somebody()
        if text:
            self.check_speaker(session)
        here = self._hub.presence.get(person.id)
        if here is not None and here.away == text:
            raise BadRequest(
                "You are not away." if text is None else "You are away already."
            )
        most = self._hub.rules.away_chars
        if text is not None and len(text) > most:
            raise TooLong(
                f"Say it in at most {most} characters; these are {len(text)}."
            )
        self._hub.publish(AwayChanged(person=person, text=text), session)

    # Ignoring

    async def ignore(self, session: "Session", name: str) -> Person:
        """Do not show what somebody says, here and in private."""
        hub = self._hub
        me = session.somebody().id
        other = await hub.find(name)
        if other.id == me:
            raise BadRequest("That would be yourself.")
        gone: frozenset[int] = frozenset()
        ignored = hub.ignores.whom(me)
        if other.id in ignored:
            raise BadRequest(f"You ignore {other.name} already.")
        if len(ignored) >= hub.rules.ignored:
            gone = ignored - {person.id for person in await self.ignored(session)}
            if not gone:
                raise Full(
                    f"You ignore {len(ignored)} people, which is the most. "
                    "/unignore somebody first."
                )
        await self._keep_ignored(session, lambda old: (old - gone) | {other.id})
        return other

    async def unignore(self, session: "Session", name: str) -> Person:
        """Show what somebody says again."""
        key = key_of(name.removeprefix("@"))
        people = await self.ignored(session)
        found = [person for person in people if key_of(person.name) == key]
        if not found:
            raise NotFound(f"You do not ignore {name[:40]}. /ignore lists whom you do.")
        await self._keep_ignored(session, lambda old: old - {found[0].id})
        return found[0]

    async def ignored(self, session: "Session") -> list[Person]:
        """Whom somebody ignores, as far as they are here or have an account."""
        people = []
        for id in self._hub.ignores.whom(session.somebody().id):
            here = self._hub.presence.get(id)
            account = None if here else await self._hub.store.account(id)
            if here is not None:
                people.append(here.person)
            elif account is not None and account.secret:
                people.append(account.person)
        return people

    async def _keep_ignored(
        self, session: "Session", change: Callable[[frozenset[int]], frozenset[int]]
    ) -> None:
        if session.account is None:
            me = session.somebody().id
            self._hub.ignores.put(me, change(self._hub.ignores.whom(me)))
            return
        await self._hub.membership.save(
            session, lambda account: replace(account, ignored=change(account.ignored))
        )

    # Rights over others

    async def role_of(self, person: Person) -> Role:
        """What somebody may do in the whole chat, here or not."""
        for session in self._hub.connections.of(person.id):
            return session.role
        if person.guest:
            return Role.GUEST
        account = await self._hub.store.account(person.id)
        return account.role if account else Role.MEMBER

    async def moderate(
        self,
        session: "Session",
        room: Room,
        act: Act,
        name: str,
        *,
        seconds: float = 0.0,
        reason: str = "",
    ) -> None:
        """
        Use a moderator's right over somebody.

        @param seconds: How long a mute or ban lasts; 0.0 means: until lifted.
        """
        check_reason(reason, self._hub.rules)
        person = await self._moderated(room, act, name)
        if (
            act in (Act.KICK, Act.MUTE, Act.BAN)
            and session.role < Role.OPERATOR
            and await self.role_of(person) is Role.OPERATOR
        ):
            raise NotAllowed(f"{person.name} is an operator of the server.")
        until = self._hub.now() + seconds if seconds else 0.0
        room.moderate(session, act, person, until=until, reason=reason)
        if act is Act.KICK and not person.guest:
            # Or the next login would bring them back.
            await session.caused.happened()
            await self._hub.moves.keep(person)

    async def _moderated(self, room: Room, act: Act, name: str) -> Person:
        if act in (Act.UNMUTE, Act.UNBAN):
            # A guest may be gone; the sentence still knows the name.
            key = key_of(name.removeprefix("@"))
            table = room.mutes if act is Act.UNMUTE else room.bans
            for sentence in table.values():
                if key_of(sentence.person.name) == key:
                    return sentence.person
        return await self._hub.find(name)
