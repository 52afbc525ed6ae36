"""A room: its verbs publish events, and events change it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from chatd.chat.account import Person, Role
from chatd.chat.clean import UNSEEN
from chatd.chat.errors import (
    BadRequest,
    Banned,
    ChatError,
    Full,
    Muted,
    NotAllowed,
    NotFound,
    NotInRoom,
    TooLong,
)
from chatd.chat.events import (
    Act,
    Arrived,
    Departed,
    Emoted,
    Event,
    Invited,
    Joined,
    Left,
    Moderated,
    Renamed,
    RoomChanged,
    RoomOpened,
    Said,
    TopicChanged,
)
from chatd.chat.request import Say
from chatd.chat.roll import Roll
from chatd.chat.rules import Rules
from chatd.chat.sentences import terms
from chatd.chat.store import RoomRecord, Sentence

if TYPE_CHECKING:
    from chatd.chat.reader import Reader
    from chatd.chat.session import Session


class Publish(Protocol):
    """Lets events happen that are alike; C{Hub.publish_all}."""

    def __call__(
        self, events: Sequence[Event], session: "Session", requests: Sequence[Say], /
    ) -> None:
        """
        @param requests: What is answered when they have happened, if the events
            themselves are the answers.
        """


class Room:
    """
    A room, as this node knows it.

    State changes in L{apply} only, so that all nodes agree.

    @ivar readers: Who of this node reads along; see C{Outbox}.
    @ivar keeps: Whether what is said from now on is stored: C{history}, as it will be
        when all that is on its way has happened.
    @ivar opened: Whether it exists for all; not until its opening is stored.
    @ivar present: Who is in the room, on whatever node, by id.
    @ivar members: The ids of those who may enter while the room is private.
    @ivar last: The id of the last stored event that was shown here by this process.
    @ivar last_paste: The id of the last pasted block said here.
    """

    def __init__(
        self,
        record: RoomRecord,
        publish: Publish,
        now: Callable[[], float],
    ) -> None:
        """
        @param now: POSIX seconds, for mutes and bans that end.
        """
        self.name = record.name
        self.topic = record.topic
        self.private = record.private
        self.history = record.history
        self.members = set(record.members)
        self.moderators = set(record.moderators)
        self.mutes = {sentence.person.id: sentence for sentence in record.mutes}
        self.bans = {sentence.person.id: sentence for sentence in record.bans}
        self.keeps = self.history
        self.opened = True
        self.present: dict[int, Person] = {}
        self._roll = Roll()
        self.readers: dict[Reader, int] = {}
        self.last = 0
        self.last_paste = 0
        self._publish_all = publish
        self._now = now

    # What is done here

    def say(
        self,
        session: "Session",
        requests: Sequence[Say],
        rules: Rules,
        *,
        answered: bool = True,
    ) -> int:
        """
        Say something to everybody in the room, or several things one after another.

        @param answered: Whether the events answer the requests; not if a command says
            it, which is answered when the command is done.
        @return: How many were said: those before the first that is refused.
        @raise ChatError: if that is the first of all: this person may not speak here,
            or not so long.
        """
        person = self._speaker(session)
        said: list[Said] = []
        for request in requests:
            try:
                check_text(request.text, rules)
            except ChatError:
                if not said:
                    raise
                break
            said.append(
                Said(room=self.name, sender=person, text=request.text, key=request.key)
            )
        self._publish_all(said, session, requests if answered else ())
        return len(said)

    def check_speaker(self, session: "Session") -> None:
        """
        @raise ChatError: if this person may not speak here.
        """
        self._speaker(session)

    def emote(self, session: "Session", text: str, rules: Rules, key: str = "") -> None:
        """Do something, in the third person; C{key} as of C{Say}."""
        person = self._speaker(session)
        check_text(text, rules)
        event = Emoted(room=self.name, sender=person, text=text, key=key)
        self._publish(event, session)

    def set_topic(self, session: "Session", text: str, rules: Rules) -> None:
        """Change what the room is about; an empty text clears it."""
        person = self._speaker(session)
        if self.private or session.person is None or session.person.guest:
            self._need_moderator(session, "change the topic")
        if len(text) > rules.topic_chars:
            raise TooLong(
                f"A topic has at most {rules.topic_chars} characters, "
                f"and this one {len(text)}."
            )
        self._publish(TopicChanged(room=self.name, sender=person, text=text), session)

    def set_private(self, session: "Session", private: bool) -> None:
        """Let only members and invited people enter, or everybody."""
        if self.private == private:
            raise BadRequest(
                f"{self.name} is {'private' if private else 'public'} already."
            )
        if self.name == LOBBY:
            raise NotAllowed("The lobby is where everybody starts: it stays public.")
        self._change(session, private=private, history=self.history)

    def set_history(self, session: "Session", history: bool) -> None:
        """Keep what is said from now on, or not."""
        if self.history == history:
            raise BadRequest(
                f"The history of {self.name} is {'on' if history else 'off'} already."
            )
        self._change(session, private=self.private, history=history)

    def invite(self, session: "Session", person: Person, rules: Rules) -> None:
        """Let somebody enter although the room is private."""
        sender = self._member(session)
        if person.id in self.present:
            raise BadRequest(f"{person.name} is in {self.name} already.")
        if self._running(self.bans, person.id):
            raise Banned(
                f"{person.name} is banned from {self.name}; /unban comes first."
            )
        if person.id not in self.members and len(self.members) >= rules.members:
            raise Full(
                f"{rules.members} people may enter {self.name}, which is the most."
            )
        self._publish(Invited(room=self.name, sender=sender, person=person), session)

    def moderate(
        self,
        session: "Session",
        act: Act,
        person: Person,
        *,
        until: float = 0.0,
        reason: str = "",
    ) -> None:
        """
        Use a moderator's right over somebody.

        @param until: POSIX seconds; 0.0 means: until lifted.
        """
        sender = session.somebody()
        if person.id == sender.id and act is not Act.DISMISS:
            raise BadRequest("That would be yourself.")
        match act:
            case Act.KICK if person.id not in self.present:
                raise NotFound(f"{person.name} is not in {self.name}.")
            case Act.KICK | Act.MUTE | Act.BAN:
                if person.id in self.moderators and session.role < Role.OPERATOR:
                    raise NotAllowed(
                        f"{person.name} is a moderator of {self.name}: "
                        "take that away first, with /moderator."
                    )
            case Act.UNMUTE if person.id not in self.mutes:
                raise NotFound(f"{person.name} is not muted in {self.name}.")
            case Act.UNBAN if person.id not in self.bans:
                raise NotFound(f"{person.name} is not banned from {self.name}.")
            case Act.APPOINT if person.id in self.moderators:
                raise BadRequest(
                    f"{person.name} is a moderator of {self.name} already."
                )
            case Act.DISMISS if person.id not in self.moderators:
                raise NotFound(f"{person.name} is no moderator of {self.name}.")
            case _:
                pass
        self._publish(
            Moderated(
                room=self.name,
                sender=sender,
                act=act,
                person=person,
                until=until,
                reason=reason,
            ),
            session,
        )

    def check_entry(self, person: Person, role: Role) -> None:
        """
        @raise ChatError: if this person may not enter.
        """
        ban = self._running(self.bans, person.id)
        if ban is not None and role < Role.OPERATOR:
            until = terms(ban.until, ban.reason, self._now())
            raise Banned(f"You are banned from {self.name}{until}")
        if not self.may_see(person, role):
            raise NotAllowed(
                f"{self.name} is private. Ask somebody who is in it to /invite you."
            )

    def may_see(self, person: Person, role: Role) -> bool:
        """Whether somebody may know of the room and read its history."""
        return (
            not self.private
            or person.id in self.members
            or person.id in self.moderators
            or person.id in self.present
            or role >= Role.OPERATOR
        )

    def may_read(self, person: Person, role: Role) -> bool:
        """Whether somebody may read what was said here: also not if banned."""
        banned = self._running(self.bans, person.id) and role < Role.OPERATOR
        return not banned and self.may_see(person, role)

    def names(self) -> tuple[str, ...]:
        """Who is here, sorted as people expect."""
        return self._roll.names()

    def sentences(self) -> list[tuple[str, Sentence]]:
        """The mutes and bans in force."""
        return [
            (kind, sentence)
            for kind, table in (("ban", self.bans), ("mute", self.mutes))
            for id, sentence in list(table.items())
            if self._running(table, id)
        ]

    # What happened here

    def apply(self, event: Event) -> None:
        """Change as the event says."""
        match event:
            case Said():  # first, for it is most of all
                if "\n" in event.text:
                    self.last_paste = event.id
            case Arrived() | Joined():
                self._come(event.person)
            case Departed() | Left():
                self._go(event.person.id)
            case Renamed() if event.person.id in self.present:
                self._go(event.now.id)
                self._come(event.now)
            case RoomOpened():
                self.opened = True
                self.private = event.private
                self.moderators.add(event.sender.id)
                self.members.add(event.sender.id)
            case TopicChanged():
                self.topic = event.text
            case RoomChanged():
                self.private, self.history = event.private, event.history
                self.keeps = self.history
                self.members.update(event.members)
            case Invited():
                self.members.add(event.person.id)
            case Moderated():
                self._moderated(event)
            case _:
                pass

    def _come(self, person: Person) -> None:
        if person.id not in self.present:
            self.present[person.id] = person
            self._roll.add(person.name)

    def _go(self, id: int) -> None:
        person = self.present.pop(id, None)
        if person is not None:
            self._roll.remove(person.name)

    def _moderated(self, event: Moderated) -> None:
        id = event.person.id
        sentence = Sentence(event.person, event.until, event.reason, event.sender.name)
        match event.act:
            case Act.KICK:
                self._go(id)
            case Act.BAN:
                self._go(id)
                self.members.discard(id)
                self.bans[id] = sentence
            case Act.UNBAN:
                self.bans.pop(id, None)
            case Act.MUTE:
                self.mutes[id] = sentence
            case Act.UNMUTE:
                self.mutes.pop(id, None)
            case Act.APPOINT:
                self.moderators.add(id)
                self.members.add(id)
            case Act.DISMISS:
                self.moderators.discard(id)

    def _publish(self, event: Event, session: "Session") -> None:
        self._publish_all((event,), session, ())

    def _change(self, session: "Session", *, private: bool, history: bool) -> None:
        sender = self._member(session)
        self._publish(
            RoomChanged(
                room=self.name,
                sender=sender,
                private=private,
                history=history,
                members=tuple(self.present) if private and not self.private else (),
            ),
            session,
        )
        self.keeps = history

    def _member(self, session: "Session") -> Person:
        person = session.somebody()
        if person.id not in self.present:
            raise NotInRoom(f"You are not in {self.name}. /join {self.name} first.")
        return person

    def _speaker(self, session: "Session") -> Person:
        person = self._member(session)
        mute = self._running(self.mutes, person.id) if self.mutes else None
        if mute is not None:
            until = terms(mute.until, mute.reason, self._now())
            raise Muted(f"You are muted in {self.name}{until}")
        return person

    def _need_moderator(self, session: "Session", what: str) -> None:
        if session.role_in(self) < Role.MODERATOR:
            raise NotAllowed(f"Only moderators {what} of {self.name}.")

    def _running(self, table: dict[int, Sentence], id: int) -> Sentence | None:
        sentence = table.get(id)
        if sentence is not None and sentence.until and sentence.until <= self._now():
            del table[id]
            return None
        return sentence


LOBBY = "lobby"


def check_text(text: str, rules: Rules) -> None:
    """
    @param text: What somebody wants to say.
    @raise ChatError: if it is empty or too long.
    """
    if not text.strip(UNSEEN):
        raise BadRequest("There is nothing in that message.")
    if "\n" not in text:
        if len(text) > rules.message_chars:
            raise TooLong(
                f"A message has at most {rules.message_chars} characters, "
                f"and yours {len(text)}."
            )
        return
    lines = text.count("\n") + 1
    if lines > rules.paste_lines or len(text.encode()) > rules.paste_bytes:
        raise TooLong(
            f"A paste has at most {rules.paste_lines} lines and {rules.paste_bytes} "
            f"bytes, and yours {lines} lines and {len(text.encode())} bytes."
        )
