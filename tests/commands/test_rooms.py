"""Rooms: entering, leaving, and what they are."""

from chatd.chat.events import (
    Entered,
    Invited,
    Joined,
    Left,
    Listing,
    Notice,
    RoomChanged,
    Said,
    TopicChanged,
)
from chatd.chat.rules import Rules
from chatd.commands.rooms import SHOWN
from chatd.testing import connect, join, type_in
from tests.chatting import Chatting, of, text


class JoinTests(Chatting):
    """/join and /leave"""

    def test_join(self) -> None:
        """What is said after entering a room goes there."""
        _, other = self.guest("bob", "ops")
        ann, door = self.guest("ann")
        entered = of(Entered, self.ask(ann, door, "/join ops"))
        self.assertEqual([e.room.people for e in entered], [("ann", "bob")])
        type_in(self.hub, ann, "hello")
        self.assertEqual([s.room for s in other.of(Said)], ["ops"])

    def test_spellings(self) -> None:
        """A # before the name and another case lead to the same room."""
        ann, _ = self.guest("ann")
        type_in(self.hub, ann, "/room Ops", "/join #ops", "@join OPS")
        self.assertEqual(
            self.hub.presence.rooms_of(ann.somebody().id), ["lobby", "Ops"]
        )

    def test_join_again(self) -> None:
        """To join a room that one is in makes it the current one, without noise."""
        _, other = self.guest("bob")
        ann, door = self.guest("ann", "ops")
        events = self.ask(ann, door, "/join lobby")
        self.assertEqual([e.room.name for e in of(Entered, events)], ["lobby"])
        self.assertEqual(of(Joined, events), [])
        assert ann.room is not None
        self.assertEqual(ann.room.name, "lobby")
        self.assertEqual(other.of(Joined), [])

    def test_leave(self) -> None:
        """Who leaves is told where they are now; others see it."""
        _, other = self.guest("bob", "ops")
        ann, door = self.guest("ann", "ops")
        told = self.ask(ann, door, "/leave")
        self.assertEqual(text(told), "You are in lobby now.")
        self.assertEqual([left.room for left in other.of(Left)], ["ops"])
        self.assertEqual([left.room for left in of(Left, told)], ["ops"])
        self.assertEqual(
            self.answer(ann, door, "/part lobby"),
            "You are in no room now. /join one; /rooms lists them.",
        )

    def test_leave_another(self) -> None:
        """To leave another room leaves the current one as it is."""
        ann, door = self.guest("ann", "ops", "den")
        self.assertEqual(self.answer(ann, door, "/leave #ops"), "You are in den now.")

    def test_leave_refused(self) -> None:
        """One cannot leave where one is not."""
        self.guest("bob", "ops")
        ann, door = self.guest("ann")
        self.assertIn("not in ops", self.refusal(ann, door, "/leave ops"))
        self.assertIn("no room nowhere", self.refusal(ann, door, "/leave nowhere"))


class RoomsTests(Chatting):
    """/rooms"""

    def test_list(self) -> None:
        """The fullest first, with topics and marks; private rooms only for members."""
        bob, _ = self.guest("bob", "den")
        type_in(self.hub, bob, "/private", "/history off")
        ann, door = self.member("ann", "ops")
        type_in(self.hub, ann, "/topic all about us")
        self.assertEqual(
            self.answer(ann, door, "/rooms"),
            "2 rooms:\n"
            "lobby: 2 people, you are here\n"
            "ops: 1 person, you speak here — all about us",
        )
        type_in(self.hub, bob, "/invite ann")
        answer = self.answer(ann, door, "/rooms")
        self.assertIn("den: 1 person, private, nothing is kept", answer)

    def test_rows(self) -> None:
        """Programs get the same as data."""
        ann, door = self.guest("ann")
        [listing] = of(Listing, self.ask(ann, door, "/rooms"))
        self.assertEqual(
            listing.rows,
            (
                {
                    "name": "lobby",
                    "people": 1,
                    "topic": "",
                    "private": False,
                    "history": True,
                    "joined": True,
                },
            ),
        )

    def test_many(self) -> None:
        """More than a screenful is counted, not listed."""
        ann, door = self.guest("ann")
        for number in range(SHOWN):
            type_in(self.hub, ann, f"/join room{number}", "/leave")
        [listing] = of(Listing, self.ask(ann, door, "/rooms"))
        self.assertEqual(len(listing.lines), SHOWN + 1)
        self.assertEqual(listing.lines[-1], "and 1 more")


class TopicTests(Chatting):
    """/topic"""

    def test_show_set_clear(self) -> None:
        """A member sets it, everybody sees it, and a dash clears it."""
        ann, door = self.member("ann")
        _, other = self.guest("bob")
        self.assertIn("has no topic", self.answer(ann, door, "/topic"))
        type_in(self.hub, ann, "/topic Release  on Friday")
        self.assertEqual(
            self.answer(ann, door, "/topic"), "The topic of lobby: Release  on Friday"
        )
        type_in(self.hub, ann, "/topic -")
        self.assertIn("has no topic", self.answer(ann, door, "/topic"))
        topics = [change.text for change in other.of(TopicChanged)]
        self.assertEqual(topics, ["Release  on Friday", ""])

    def test_guest(self) -> None:
        """A guest may read it, and change it in a room of the guest's own only."""
        bob, door = self.guest("bob")
        self.assertIn("Only moderators", self.refusal(bob, door, "/topic mine"))
        type_in(self.hub, bob, "/join den")
        self.assertEqual(len(of(TopicChanged, self.ask(bob, door, "/topic mine"))), 1)

    def test_private(self) -> None:
        """In a private room only its moderators change it."""
        bob, _ = self.member("bob", "den")
        type_in(self.hub, bob, "/private", "/invite ann")
        ann, door = self.guest("ann")
        type_in(self.hub, ann, "/join den")
        self.assertIn("Only moderators", self.refusal(ann, door, "/topic mine"))

    def test_length(self) -> None:
        """It has a limit, at its edge."""
        self.hub.rules = Rules(throttle=False, topic_chars=4)
        ann, door = self.member("ann")
        self.assertEqual(len(of(TopicChanged, self.ask(ann, door, "/topic 1234"))), 1)
        self.assertIn("at most 4", self.refusal(ann, door, "/topic 12345"))


class PrivateTests(Chatting):
    """/private, /public and /invite"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.guest("ann", "den")
        self.bob, self.bobs = self.guest("bob")

    def test_private(self) -> None:
        """Nobody enters or sees a private room uninvited; who is in it stays."""
        cho, chos = self.guest("cho", "den")
        type_in(self.hub, self.ann, "/private")
        self.assertIn("private", self.refusal(self.bob, self.bobs, "/join den"))
        self.assertNotIn("den", self.answer(self.bob, self.bobs, "/rooms"))
        self.assertIn("no room den", self.refusal(self.bob, self.bobs, "/who den"))
        type_in(self.hub, cho, "/leave den")
        self.assertEqual(len(of(Entered, self.ask(cho, chos, "/join den"))), 1)

    def test_kept(self) -> None:
        """That it is private is kept with those who were in it, and said once."""
        cho, _ = self.guest("cho", "den")
        events = self.ask(self.ann, self.anns, "/private")
        (changed,) = of(RoomChanged, self.store._events.values())
        members = {session.somebody().id for session in (self.ann, cho)}
        self.assertEqual(set(changed.members), members)
        self.assertEqual([*of(Notice, events), *of(Listing, events)], [])

    def test_invite(self) -> None:
        """Who is invited is told so, and comes in."""
        type_in(self.hub, self.ann, "/private", "/invite bob")
        invited = [(i.sender.name, i.room) for i in self.bobs.of(Invited)]
        self.assertEqual(invited, [("ann", "den")])
        entered = of(Entered, self.ask(self.bob, self.bobs, "/join den"))
        self.assertEqual(len(entered), 1)

    def test_invite_account_that_is_not_here(self) -> None:
        """An account may be invited while it is not here."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        answer = self.answer(self.ann, self.anns, "/invite dan")
        self.assertEqual(answer, "dan is not here, and may /join den later.")

    def test_namesake(self) -> None:
        """An invitation to a guest is not good for the next one of that name."""
        type_in(self.hub, self.ann, "/private", "/invite bob")
        type_in(self.hub, self.bob, "/quit")
        bob, door = self.guest("bob")
        self.assertIn("private", self.refusal(bob, door, "/join den"))

    def test_invite_refused(self) -> None:
        """Who is there already, nobody, and from outside."""
        self.assertIn("already", self.refusal(self.ann, self.anns, "/invite ann"))
        self.assertIn("nobody", self.refusal(self.ann, self.anns, "/invite eve"))
        type_in(self.hub, self.bob, "/leave")
        self.assertIn("no room", self.refusal(self.bob, self.bobs, "/invite ann"))

    def test_public(self) -> None:
        """A public room lets everybody in."""
        type_in(self.hub, self.ann, "/private", "/public")
        changes = [change.private for change in self.anns.of(RoomChanged)]
        self.assertEqual(changes, [True, False])
        type_in(self.hub, self.bob, "/join den")
        self.assertEqual(len(self.bobs.of(Entered)), 1)

    def test_refused(self) -> None:
        """The lobby stays public, and only moderators decide."""
        ann, door = self.operator("olga")
        self.assertIn("lobby", self.refusal(ann, door, "/private"))
        self.assertIn("already", self.refusal(ann, door, "/public"))
        type_in(self.hub, self.bob, "/join den")
        refusal = self.refusal(self.bob, self.bobs, "/private")
        self.assertIn("moderators of the room", refusal)

    def test_nobody(self) -> None:
        """Who has not come in is in no room."""
        session, door = connect(self.hub)
        self.assertIn("come in first", self.refusal(session, door, "/rooms"))
        join(self.hub, "eve")
