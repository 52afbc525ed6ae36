"""Talking: in the third person, in private, and not at all."""

from chatd.chat.events import AwayChanged, Done, Emoted, Invited, Past, Said, Whispered
from chatd.chat.request import Invoke
from chatd.chat.rules import Rules
from chatd.testing import join, turn, type_in
from tests.chatting import PASSWORD, Chatting, of


class MeTests(Chatting):
    """/me"""

    def test_me(self) -> None:
        """Others see what somebody does, and so does who did it."""
        ann, door = self.guest("ann")
        _, other = self.guest("bob")
        events = self.ask(ann, door, "/me waves  twice")
        self.assertEqual([e.text for e in other.of(Emoted)], ["waves  twice"])
        done = [d.event for d in of(Done, events)]
        self.assertEqual(done, other.of(Emoted))

    def test_nothing(self) -> None:
        """There must be something to say."""
        ann, door = self.guest("ann")
        self.assertIn("/me TEXT...", self.refusal(ann, door, "/me"))

    def test_too_long(self) -> None:
        """It is no way around the longest message."""
        self.hub.rules = Rules(throttle=False, message_chars=5)
        ann, door = self.guest("ann")
        self.assertEqual(len(of(Done, self.ask(ann, door, "/me 12345"))), 1)
        self.assertIn("at most 5", self.refusal(ann, door, "/me 123456"))

    def test_no_room(self) -> None:
        """In no room there is nobody to see it."""
        ann, door = self.guest("ann")
        type_in(self.hub, ann, "/leave")
        self.assertIn("no room", self.refusal(ann, door, "/me waves"))


class MsgTests(Chatting):
    """/msg"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.guest("ann")
        self.bob, self.bobs = self.guest("bob")
        self.cho, self.chos = self.guest("cho")

    def test_one_person(self) -> None:
        """One person is told, nobody else is."""
        type_in(self.hub, self.ann, "/msg bob psst,  you")
        self.assertEqual([w.text for w in self.bobs.of(Whispered)], ["psst,  you"])
        self.assertEqual(self.chos.of(Whispered), [])

    def test_spellings(self) -> None:
        """All names of the command work, with @ too, whatever the case of the name."""
        for line in ("/pm bob x", "/send BOB x", "@tell @bob x", "/W Bob x"):
            type_in(self.hub, self.ann, line)
        self.assertEqual(len(self.bobs.of(Whispered)), 4)

    def test_all(self) -> None:
        """To all means everybody in the room."""
        for word in ("all", "everyone", "Everybody", "@all"):
            type_in(self.hub, self.ann, f"@send {word} hello there")
        self.assertEqual([s.text for s in self.chos.of(Said)], ["hello there"] * 4)
        self.assertEqual(self.anns.of(Said), [])

    def test_all_answers_once(self) -> None:
        """A program is told once that it was said, with the message."""
        self.anns.take()
        self.ann.submit(Invoke("send", "all hello", ref=7))
        turn(self.hub)
        [done] = self.anns.of(Done)
        self.assertEqual(done.ref, 7)
        self.assertIsInstance(done.event, Said)

    def test_room(self) -> None:
        """To #ROOM says it there, if one is in it."""
        type_in(self.hub, self.ann, "/join ops", "/join lobby")
        type_in(self.hub, self.bob, "/join ops")
        type_in(self.hub, self.ann, "/msg #ops to the point")
        said = [(s.room, s.text) for s in self.bobs.of(Said)]
        self.assertEqual(said, [("ops", "to the point")])
        self.assertIn(
            "not in ops", self.refusal(self.cho, self.chos, "/msg #ops hello")
        )
        self.assertIn(
            "no room #nowhere", self.refusal(self.cho, self.chos, "/msg #nowhere hello")
        )

    def test_refusals(self) -> None:
        """To nobody, to oneself, or nothing at all."""
        for line, reason in {
            "/msg eve hi": "nobody called eve",
            "/msg ann hi": "yourself",
            "/msg bob": "/msg NAME TEXT...",
        }.items():
            self.assertIn(reason, self.refusal(self.ann, self.anns, line))

    def test_account_that_is_not_here(self) -> None:
        """A message to an account waits for its next login, and the sender knows."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        answer = self.answer(self.ann, self.anns, "/msg dan call me")
        self.assertIn("will see it at the next login", answer)
        _, door = join(self.hub, "dan", password=PASSWORD)
        waiting = [past for past in door.of(Past) if past.name == "waiting"]
        self.assertEqual(
            [getattr(e, "text", "") for e in waiting[0].events], ["call me"]
        )

    def test_waiting_limit(self) -> None:
        """So many may wait, and not one more."""
        self.hub.rules = Rules(throttle=False, waiting_whispers=2)
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        fay, fays = self.member("fay")
        type_in(self.hub, fay, "/msg dan 1", "/msg dan 2")
        refusal = self.refusal(fay, fays, "/msg dan 3")
        self.assertIn("2 private messages wait already", refusal)

    def test_waiting_limit_of_guests(self) -> None:
        """Guests cannot take all of it: a member can still leave a word."""
        self.hub.rules = Rules(throttle=False, waiting_whispers=4)
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        eve, eves = self.guest("eve")
        type_in(self.hub, eve, "/msg dan 1", "/msg dan 2")
        self.assertIn("that guests may", self.refusal(eve, eves, "/msg dan 3"))
        fay, fays = self.member("fay")
        self.assertIn("next login", self.answer(fay, fays, "/msg dan hello"))

    def test_not_stored(self) -> None:
        """What cannot be stored is not called told."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        self.hub.store.hold()  # type: ignore[attr-defined]
        self.anns.take()
        type_in(self.hub, self.ann, "/msg dan call me")
        self.hub.store.failing = True  # type: ignore[attr-defined]
        self.hub.store.release()  # type: ignore[attr-defined]
        turn(self.hub)
        self.hub.store.failing = False  # type: ignore[attr-defined]
        self.clock.advance(10)
        turn(self.hub)
        told = [getattr(event, "text", "") for event in self.anns.take()]
        self.assertEqual(len(told), 1, told)
        self.assertIn("could not store this", told[0])


class ReplyTests(Chatting):
    """/reply"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.guest("ann")
        self.bob, self.bobs = self.guest("bob")
        self.cho, self.chos = self.guest("cho")

    def test_to_who_wrote(self) -> None:
        """It goes to whom one was told something by last."""
        type_in(self.hub, self.ann, "/msg cho 1")
        type_in(self.hub, self.bob, "/msg cho 2")
        type_in(self.hub, self.cho, "/reply yes", "@r and more")
        self.assertEqual([w.text for w in self.bobs.of(Whispered)], ["yes", "and more"])
        self.assertEqual(self.anns.of(Whispered), [])

    def test_to_whom_one_wrote(self) -> None:
        """Or to whom one told something, if that was later."""
        type_in(self.hub, self.bob, "/msg ann 1")
        type_in(self.hub, self.ann, "/msg cho 2", "/r 3")
        self.assertEqual([w.text for w in self.chos.of(Whispered)], ["2", "3"])

    def test_nobody(self) -> None:
        """Without a private word before there is nobody to answer."""
        self.assertIn("Nobody has told", self.refusal(self.ann, self.anns, "/r hi"))

    def test_renamed(self) -> None:
        """Who took another name meanwhile is still the same person."""
        type_in(self.hub, self.bob, "/msg ann 1", "/nick robert")
        type_in(self.hub, self.ann, "/r hi")
        self.assertEqual([w.text for w in self.bobs.of(Whispered)], ["hi"])

    def test_never_to_a_namesake(self) -> None:
        """Somebody else who took the name of a guest who left is not told."""
        type_in(self.hub, self.bob, "/msg ann 1", "/quit")
        _, door = self.guest("bob")
        self.assertIn(
            "bob is not here any more", self.refusal(self.ann, self.anns, "/r hi")
        )
        self.assertEqual(door.of(Whispered), [])

    def test_after_login(self) -> None:
        """What waited can be answered."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        type_in(self.hub, self.ann, "/msg dan call me")
        dan, _ = join(self.hub, "dan", password=PASSWORD)
        type_in(self.hub, dan, "/r I will")
        self.assertEqual([w.text for w in self.anns.of(Whispered)], ["I will"])


class AwayTests(Chatting):
    """/away and /back"""

    def test_away_and_back(self) -> None:
        """Others see it, once for each change, and so does who went."""
        ann, door = self.guest("ann")
        _, other = self.guest("bob")
        for line, said in {
            "/away at lunch": "at lunch",
            "/away": "",
            "/back": None,
        }.items():
            own = of(AwayChanged, self.ask(ann, door, line))
            self.assertEqual([change.text for change in own], [said])
        self.assertEqual(len(other.of(AwayChanged)), 3)

    def test_already(self) -> None:
        """Going twice, or coming back from nowhere, is pointed out."""
        ann, door = self.guest("ann")
        self.assertEqual(self.refusal(ann, door, "/back"), "You are not away.")
        type_in(self.hub, ann, "/away")
        self.assertEqual(self.refusal(ann, door, "/away"), "You are away already.")

    def test_private_message(self) -> None:
        """Who tells them something is told why they may not answer."""
        ann, _ = self.guest("ann")
        bob, door = self.guest("bob")
        type_in(self.hub, ann, "/away at lunch")
        answer = self.answer(bob, door, "/msg ann hi")
        self.assertEqual(answer, "ann is away: at lunch")
        type_in(self.hub, ann, "/away")
        self.assertEqual(self.answer(bob, door, "/msg ann hi"), "ann is away.")

    def test_length(self) -> None:
        """It is one short sentence, at the edge of the limit."""
        self.hub.rules = Rules(throttle=False, away_chars=3)
        ann, door = self.guest("ann")
        self.assertEqual(len(of(AwayChanged, self.ask(ann, door, "/away abc"))), 1)
        self.assertIn("at most 3", self.refusal(ann, door, "/away abcd"))


class IgnoreTests(Chatting):
    """/ignore and /unignore"""

    def heard(self, *lines: str) -> int:
        """How much ann is shown of what bob does."""
        self.anns.take()
        type_in(self.hub, self.bob, *lines)
        return len([e for e in self.anns.take() if isinstance(e, Said | Whispered)])

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.member("ann")
        self.bob, self.bobs = self.guest("bob")

    def test_ignore(self) -> None:
        """What an ignored person says is not shown, here and in private."""
        answer = self.answer(self.ann, self.anns, "/ignore BOB")
        self.assertEqual(answer, "You do not see any more what bob says.")
        self.assertEqual(self.heard("hello", "/msg ann hello"), 0)
        self.assertEqual(self.bobs.of(Invited), [])

    def test_invitation(self) -> None:
        """Nor is an invitation by them."""
        type_in(self.hub, self.ann, "/ignore bob")
        type_in(self.hub, self.bob, "/join den", "/invite ann")
        self.assertEqual(self.anns.of(Invited), [])

    def test_unignore(self) -> None:
        """It ends."""
        type_in(self.hub, self.ann, "/ignore bob")
        answer = self.answer(self.ann, self.anns, "/unignore bob")
        self.assertEqual(answer, "You see again what bob says.")
        self.assertEqual(self.heard("hello", "/msg ann hello"), 2)

    def test_list(self) -> None:
        """Alone it lists them."""
        self.assertEqual(
            self.answer(self.ann, self.anns, "/ignore"), "You ignore nobody."
        )
        cho, _ = self.member("cho")
        type_in(self.hub, self.ann, "/ignore cho", "/ignore bob")
        type_in(self.hub, cho, "/quit")
        answer = self.answer(self.ann, self.anns, "/ignore")
        self.assertEqual(answer, "You ignore: bob, cho")

    def test_kept_with_account(self) -> None:
        """A member still ignores them after coming back."""
        type_in(self.hub, self.ann, "/ignore bob", "/quit")
        self.ann, self.anns = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(self.heard("hello"), 0)

    def test_guest(self) -> None:
        """A guest ignores for as long as here, and not longer."""
        cho, door = self.guest("cho")
        type_in(self.hub, cho, "/ignore bob")
        type_in(self.hub, self.bob, "hello")
        self.assertEqual(door.of(Said), [])
        type_in(self.hub, cho, "/unignore bob")
        type_in(self.hub, self.bob, "hello")
        self.assertEqual(len(door.of(Said)), 1)
        id = self.bob.somebody().id
        type_in(self.hub, cho, "/ignore bob")
        self.assertEqual(list(self.hub.ignores.by(id)), [cho.somebody().id])
        type_in(self.hub, cho, "/quit")
        self.assertEqual(list(self.hub.ignores.by(id)), [])

    def test_renamed(self) -> None:
        """Another name does not help."""
        type_in(self.hub, self.ann, "/ignore bob")
        self.assertEqual(self.heard("/nick robert", "hello"), 0)

    def test_namesake(self) -> None:
        """Another guest of the same name is somebody else."""
        type_in(self.hub, self.ann, "/ignore bob")
        type_in(self.hub, self.bob, "/quit")
        self.bob, _ = self.guest("bob")
        self.assertEqual(self.heard("hello"), 1)

    def test_refusals(self) -> None:
        """Oneself, nobody, twice, or somebody not ignored."""
        type_in(self.hub, self.ann, "/ignore bob")
        for line, reason in {
            "/ignore ann": "yourself",
            "/ignore bob": "You ignore bob already.",
            "/ignore eve": "nobody called eve",
            "/unignore eve": "You do not ignore eve.",
        }.items():
            self.assertIn(reason, self.refusal(self.ann, self.anns, line))

    def test_limit(self) -> None:
        """There is a most; guests who are gone make room."""
        self.hub.rules = Rules(throttle=False, ignored=1)
        type_in(self.hub, self.ann, "/ignore bob")
        self.guest("cho")
        refusal = self.refusal(self.ann, self.anns, "/ignore cho")
        self.assertIn("1 people, which is the most", refusal)
        type_in(self.hub, self.bob, "/quit")
        self.assertIn("cho", self.answer(self.ann, self.anns, "/ignore cho"))
        self.assertEqual(self.answer(self.ann, self.anns, "/ignore"), "You ignore: cho")
