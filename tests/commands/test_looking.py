"""Looking: who is here, what was said, and what was missed."""

from twisted.python.failure import Failure

from chatd.chat.account import Role
from chatd.chat.events import Emoted, Failed, Listing, Past, Said
from chatd.chat.rules import Rules
from chatd.chat.short_ids import short_id
from chatd.commands import looking
from chatd.testing import connect, join, turn, type_in
from tests.chatting import PASSWORD, Chatting, of, text


class WhoTests(Chatting):
    """/who"""

    def test_title(self) -> None:
        """One line says how many and who, sorted as people expect."""
        ann, door = self.guest("ann")
        self.assertEqual(self.answer(ann, door, "/who"), "1 person in lobby: ann")
        for name in ("dan", "Cho", "bob"):
            self.guest(name)
        for line in ("/whosonline", "@getlist", "/users", "/names", "/list", "@WHO"):
            answer = self.answer(ann, door, line)
            self.assertEqual(answer, "4 people in lobby: ann, bob, Cho, dan")

    def test_away_and_elsewhere(self) -> None:
        """Who is away, and who is in other rooms, is said besides."""
        ann, door = self.guest("ann")
        bob, _ = self.guest("bob")
        cho, _ = self.guest("cho")
        type_in(self.hub, bob, "/away at lunch")
        type_in(self.hub, cho, "/join ops", "/leave lobby")
        self.assertEqual(
            self.answer(ann, door, "/who"),
            "2 people in lobby: ann, bob\nAway: bob\nIn other rooms: cho",
        )
        self.assertEqual(self.answer(ann, door, "/who ops"), "1 person in ops: cho")

    def test_everywhere(self) -> None:
        """With * it shows everybody, whatever rooms they are in."""
        ann, door = self.guest("ann")
        self.guest("bob", "ops")
        cho, _ = self.guest("cho")
        type_in(self.hub, cho, "/join art", "/private", "/leave lobby")
        [listing] = of(Listing, self.ask(ann, door, "/who *"))
        self.assertEqual(listing.title, "3 people in the chat: ann, bob, cho")
        self.assertEqual(
            [(row["name"], row["rooms"]) for row in listing.rows],
            [("ann", ("lobby",)), ("bob", ("lobby", "ops")), ("cho", ())],
        )
        session, door = connect(self.hub)
        self.assertIn("come in first", self.refusal(session, door, "/who *"))

    def test_person(self) -> None:
        """Who names a person instead of a room is told of /whois."""
        ann, door = self.guest("ann")
        self.guest("bob")
        for line in ("/who Bob", "/who @bob"):
            refusal = self.refusal(ann, door, line)
            self.assertEqual(
                refusal, "bob is a person, and no room. /whois bob tells more."
            )
        self.assertIn("There is no room cho", self.refusal(ann, door, "/who cho"))

    def test_in_no_room(self) -> None:
        """Who is in no room sees who is in the chat."""
        self.guest("bob")
        ann, door = self.guest("ann")
        type_in(self.hub, ann, "/leave")
        answer = self.answer(ann, door, "/who")
        self.assertEqual(answer, "2 people in the chat: ann, bob")

    def test_before_coming_in(self) -> None:
        """Who has no name yet sees the lobby, which the greeting tells as well."""
        self.guest("bob", "ops")
        session, door = connect(self.hub)
        [listing] = of(Listing, self.ask(session, door, "/who"))
        self.assertEqual(listing.title, "1 person in lobby: bob")
        self.assertEqual(listing.rows[0]["rooms"], ())
        self.assertIn("come in first", self.refusal(session, door, "/who ops"))

    def test_hundreds(self) -> None:
        """Of hundreds some are named and the rest are counted."""
        ann, door = self.guest("ann")
        for number in range(looking.NAMED):
            self.guest(f"guest{number:03}")
        title = self.answer(ann, door, "/who")
        self.assertTrue(title.startswith("51 people in lobby: ann, guest000, "), title)
        self.assertTrue(title.endswith("guest048 and 1 more"), title)

    def test_rows(self) -> None:
        """Programs are told more of everybody, but no room they must not know of."""
        olga, _ = self.operator("olga", "den")
        type_in(self.hub, olga, "/private", "/join lobby")
        bob, _ = self.guest("bob", "ops")
        type_in(self.hub, bob, "/away at lunch")
        self.clock.advance(90)
        ann, door = self.member("ann")
        [listing] = of(Listing, self.ask(ann, door, "/who"))
        self.assertEqual(
            listing.rows,
            (
                {
                    "name": "ann",
                    "guest": False,
                    "away": None,
                    "role": "member",
                    "idle": 0,
                    "rooms": ("lobby",),
                },
                {
                    "name": "bob",
                    "guest": True,
                    "away": "at lunch",
                    "role": "guest",
                    "idle": 90,
                    "rooms": ("lobby", "ops"),
                },
                {
                    "name": "olga",
                    "guest": False,
                    "away": None,
                    "role": "operator",
                    "idle": 90,
                    "rooms": ("lobby",),
                },
            ),
        )

    def test_moderators(self) -> None:
        """In a room its moderators are marked."""
        bob, door = self.guest("bob", "den")
        [listing] = of(Listing, self.ask(bob, door, "/who den"))
        self.assertEqual(listing.rows[0]["role"], "moderator")

    def test_many_rows(self) -> None:
        """An answer to a program does not grow without end."""
        self.patch(looking, "ROWS", 2)
        for name in ("ann", "bob", "cho"):
            session, door = self.guest(name)
        [listing] = of(Listing, self.ask(session, door, "/who"))
        self.assertEqual([row["name"] for row in listing.rows], ["ann", "bob"])


class WhoisTests(Chatting):
    """/whois"""

    def test_here(self) -> None:
        """It tells role, how long, idle, away and the rooms one may know of."""
        bob, _ = self.guest("bob", "den")
        type_in(self.hub, bob, "/private", "/join ops", "/away at lunch")
        ann, door = self.guest("ann")
        self.clock.advance(7300)
        self.assertEqual(
            self.answer(ann, door, "/whois BOB"),
            "bob:\n"
            "a guest, here for 2 hours and 1 minute, idle for 2 hours and 1 minute\n"
            "away: at lunch\n"
            "in lobby, ops",
        )

    def test_idle(self) -> None:
        """Who speaks is not idle."""
        bob, _ = self.guest("bob")
        self.clock.advance(3600)
        type_in(self.hub, bob, "hello")
        ann, door = self.guest("ann")
        self.assertNotIn("idle", self.answer(ann, door, "/whois bob"))

    def test_away_without_reason(self) -> None:
        """Nothing is said where nothing is known."""
        bob, _ = self.guest("bob")
        type_in(self.hub, bob, "/away", "/leave")
        ann, door = self.guest("ann")
        answer = self.answer(ann, door, "/whois bob")
        self.assertEqual(answer, "bob:\na guest, here for 0 seconds\naway")

    def test_not_here(self) -> None:
        """An account that is not here is still known."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        ann, door = self.guest("ann")
        self.clock.advance(3 * 86_400)
        ann, door = self.guest("anna")
        self.assertEqual(
            self.answer(ann, door, "/whois dan"),
            "dan:\na member, not here now\nregistered 3 days ago",
        )
        self.assertIn("nobody called eve", self.refusal(ann, door, "/whois eve"))

    def test_operator(self) -> None:
        """Operators see where somebody comes from; others do not."""
        olga, door = self.operator("olga")
        self.guest("bob")
        answer = self.answer(olga, door, "/whois bob")
        self.assertIn("by fake from 192.0.2.1", answer)
        ann, door = self.guest("ann")
        self.assertNotIn("192.0.2.1", self.answer(ann, door, "/whois bob"))
        self.assertIn("an operator", self.answer(ann, door, "/whois olga"))


class HistoryTests(Chatting):
    """/history"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.guest("ann", "den")

    def past(self, line: str) -> list[str]:
        """What texts are shown again."""
        [past] = of(Past, self.ask(self.ann, self.anns, line))
        return [event.text for event in past.events if isinstance(event, Said)]

    def test_history(self) -> None:
        """The last messages, as many as one asks for."""
        type_in(self.hub, self.ann, *map(str, range(looking.HISTORY + 1)))
        every = [str(number) for number in range(looking.HISTORY + 1)]
        self.assertEqual(self.past("/history"), every[1:])
        self.assertEqual(self.past("/history 2"), every[-2:])
        self.assertEqual(self.past("/history 99999999999"), every)

    def test_most(self) -> None:
        """One answer has a limit."""
        self.hub.rules = Rules(throttle=False, history_max=2)
        type_in(self.hub, self.ann, "1", "2", "3")
        self.assertEqual(self.past("/history 3"), ["2", "3"])

    def test_usage(self) -> None:
        """Anything else is explained."""
        for line in ("/history 0", "/history x", "/history -1"):
            self.assertIn("Type it", self.refusal(self.ann, self.anns, line))

    def test_off_and_on(self) -> None:
        """What is said while it is off is not kept, and /history says so."""
        type_in(self.hub, self.ann, "before", "/history off", "between")
        self.assertEqual(self.past("/history"), ["before"])
        [past] = of(Past, self.ask(self.ann, self.anns, "/history"))
        self.assertIn("What is said in den is not kept.", past.title)
        refusal = self.refusal(self.ann, self.anns, "/history off")
        self.assertIn("off already", refusal)
        type_in(self.hub, self.ann, "/history ON", "after")
        self.assertEqual(self.past("/history"), ["before", "after"])

    def test_only_moderators_switch(self) -> None:
        """Others may look, but not switch."""
        bob, door = self.guest("bob", "den")
        refusal = self.refusal(bob, door, "/history off")
        self.assertIn("Only moderators", refusal)
        self.assertEqual(len(of(Past, self.ask(bob, door, "/history"))), 1)


class GetlogTests(Chatting):
    """/getlog"""

    def test_all(self) -> None:
        """Everything ever said is sent, with a count at the end."""
        ann, door = self.guest("ann")
        type_in(self.hub, ann, "one", "/me two", "three")
        events = self.ask(ann, door, "@getlog")
        said = [e.text for p in of(Past, events) for e in p.events if is_text(e)]
        self.assertEqual(said, ["one", "two", "three"])
        self.assertEqual(text(events), "End of the log: 3 messages.")

    def test_progress(self) -> None:
        """Long ones come in pieces, and the asker learns how far they got."""
        self.patch(looking, "PROGRESS", 1000)
        ann, door = self.guest("ann")
        for number in range(1600):
            ann.receive(str(number))
            if not number % 50:
                turn(self.hub)
        turn(self.hub)
        type_in(self.hub, ann, "/log lobby")
        turn(self.hub, 20)
        pieces = [p for p in door.of(Past) if p.name == "log"]
        self.assertEqual([len(p.events) for p in pieces], [500, 500, 500, 100])
        self.assertEqual([p.title for p in pieces if p.title], ["The log of lobby:"])
        self.assertEqual(
            text(door.events)[-64:],
            "1,000 messages so far …\nEnd of the log: 1,600 messages."[-64:],
        )

    def test_waits_for_the_reader(self) -> None:
        """While the reader does not read, nothing more is read from the store."""
        ann, door = self.guest("ann")
        self.fill(ann, 1100)
        ann.receive("/getlog")
        ann.congested()
        turn(self.hub, 20)
        seen = len([p for p in door.of(Past) if p.name == "log"])
        self.assertLess(seen, 2)
        ann.drained()
        turn(self.hub, 20)
        self.assertIn("End of the log", text(door.events))

    def test_reader_leaves(self) -> None:
        """When the reader goes, it ends, also if it was waiting."""
        ann, door = self.guest("ann")
        self.fill(ann, 1100)
        ann.receive("/getlog")
        ann.congested()
        turn(self.hub, 3)
        ann.end("")
        turn(self.hub, 20)
        self.assertNotIn("End of the log", text(door.events))
        self.assertEqual(self.flushLoggedErrors(), list[Failure]())

    def test_reader_leaves_with_more_to_do(self) -> None:
        """What was typed behind it is still done."""
        ann, _ = self.guest("ann")
        _, other = self.guest("bob")
        self.fill(ann, 600)
        ann.receive("/getlog")
        ann.receive("good night")
        ann.congested()
        turn(self.hub, 3)
        ann.end("")
        turn(self.hub, 20)
        self.assertEqual(other.of(Said)[-1].text, "good night")

    def test_not_for_everybody(self) -> None:
        """The log of a private room is for those who may enter it."""
        ann, _ = self.guest("ann", "den")
        type_in(self.hub, ann, "/private", "psst")
        bob, door = self.guest("bob")
        self.assertIn("no room den", self.refusal(bob, door, "/getlog den"))

    def fill(self, session: object, count: int) -> None:
        """Have much said, without showing it to the doors."""
        for start in range(0, count, 50):
            for number in range(start, min(start + 50, count)):
                session.receive(str(number))  # type: ignore[attr-defined]
            turn(self.hub, 2)


def is_text(event: object) -> bool:
    """Whether somebody said or did it."""
    return isinstance(event, Said | Emoted)


class SearchTests(Chatting):
    """/search"""

    def test_search(self) -> None:
        """Words, from:, in: and private messages; nothing one must not see."""
        ann, door = self.member("ann", "ops")
        bob, bobs = self.guest("bob")
        type_in(self.hub, ann, "the disk is full", "/msg bob the disk again")
        type_in(self.hub, ann, "/private")
        type_in(self.hub, bob, "which disk?")
        for line, found in {
            "/search disk": 3,
            "/search disk full": 1,
            '/search "disk is"': 1,
            "/search disk from:bob": 1,
            "/search disk in:ops": 1,
            "/search disk since:1h": 3,
            "/search nothing": 0,
        }.items():
            [past] = of(Past, self.ask(ann, door, line))
            self.assertEqual(len(past.events), found, line)
        [past] = of(Past, self.ask(bob, bobs, "/search disk"))
        self.assertEqual(len(past.events), 2)

    def test_refusals(self) -> None:
        """What is searched for must be said, and where one may look."""
        ann, door = self.guest("ann")
        for line, reason in {
            "/search": "/search WORDS...",
            "/search in:lobby": "Search for words",
            "/search x in:den": "no room den",
            "/search x since:12": "12 of what?",
            "/search x since:soon": "since: takes",
        }.items():
            self.assertIn(reason, self.refusal(ann, door, line))


class TalksTests(Chatting):
    """/talks"""

    def test_talks(self) -> None:
        """Those with whom one had private words are listed, the latest first."""
        ann, door = self.member("ann")
        self.assertEqual(self.answer(ann, door, "/talks"), "With nobody.")
        bob, _ = self.guest("bob")
        cho, _ = self.guest("cho")
        type_in(self.hub, ann, "/msg bob hi")
        ann.end("")
        type_in(self.hub, bob, "/msg ann hello", "/msg ann there?")
        type_in(self.hub, cho, "/msg bob between us")
        ann, door = self.member("ann")
        self.clock.advance(60)
        type_in(self.hub, cho, "/msg ann psst")
        bob.end("")
        door.take()
        [listing] = of(Listing, self.ask(ann, door, "/talks"))
        self.assertEqual(
            text([listing]).splitlines(),
            [
                "You have had private words with 2 people:",
                "cho: 0 seconds ago, 1 unread",
                "bob: 1 minute ago, 2 unread",
            ],
        )
        self.assertEqual(
            [(row["name"], row["here"], row["unread"]) for row in listing.rows],
            [("cho", True, 1), ("bob", False, 2)],
        )

    def test_ignored(self) -> None:
        """Who is ignored is not listed."""
        ann, door = self.guest("ann")
        bob, _ = self.guest("bob")
        type_in(self.hub, bob, "/msg ann hello")
        type_in(self.hub, ann, "/ignore bob")
        self.assertEqual(self.answer(ann, door, "/talks"), "With nobody.")


class CatchupTests(Chatting):
    """/catchup"""

    def test_missed(self) -> None:
        """Private messages, mentions and counts; then nothing more."""
        ann, _ = self.member("ann")
        bob, _ = self.guest("bob")
        type_in(self.hub, ann, "/quit")
        type_in(self.hub, bob, "/msg ann psst", "hello", "is ann here?")
        ann, door = join(self.hub, "ann", password=PASSWORD)
        events = self.ask(ann, door, "/catchup")
        titles = {past.title: len(past.events) for past in of(Past, events)}
        self.assertEqual(titles, {"Private messages:": 1, "Where you were named:": 1})
        self.assertIn("2 messages in lobby", text(events))
        self.assertEqual(self.answer(ann, door, "/catchup"), "You have missed nothing.")

    def test_ignored(self) -> None:
        """What ignored people wrote was not missed."""
        ann, _ = self.member("ann")
        bob, _ = self.guest("bob")
        type_in(self.hub, ann, "/ignore bob", "/quit")
        type_in(self.hub, bob, "/msg ann psst")
        ann, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(of(Past, self.ask(ann, door, "/catchup")), [])

    def test_guest(self) -> None:
        """Guests have not been away."""
        ann, door = self.guest("ann")
        self.assertIn("for accounts", self.refusal(ann, door, "/catchup"))


class ShowTests(Chatting):
    """/show"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.anns = self.guest("ann", "den")
        self.bob, self.bobs = self.guest("bob", "den")

    def shown(self, line: str) -> list[str]:
        """What bob reads."""
        events = self.ask(self.bob, self.bobs, line)
        self.assertEqual(of(Failed, events), [])
        [past] = of(Past, events)
        self.assertEqual(past.name, "paste")
        return [event.text for event in past.events if isinstance(event, Said)]

    def test_latest(self) -> None:
        """Without an id the last block of the room is shown whole."""
        refusal = self.refusal(self.bob, self.bobs, "/show")
        self.assertIn("Nothing was pasted in den", refusal)
        type_in(self.hub, self.ann, "1\n2\n3", "4\n5", "thanks")
        self.assertEqual(self.shown("/show"), ["4\n5"])

    def test_by_id(self) -> None:
        """With its id any message can be shown, whatever the case."""
        type_in(self.hub, self.ann, "1\n2\n3")
        id = short_id(self.bobs.of(Said)[0].id)
        type_in(self.hub, self.ann, "4\n5")
        self.assertEqual(self.shown(f"/show {id.upper()}"), ["1\n2\n3"])

    def test_not_for_everybody(self) -> None:
        """What one may not read, one may not read by its id."""
        type_in(self.hub, self.ann, "/private", "1\n2", "/msg bob 3\n4")
        id = short_id(self.bobs.of(Said)[0].id)
        cho, door = self.guest("cho")
        for word in (id, "zzz", "0"):
            refusal = self.refusal(cho, door, f"/show {word}")
            self.assertTrue("no such message" in refusal or "Nothing" in refusal)
        self.assertIn("not the id", self.refusal(cho, door, "/show x-y"))

    def test_what_operators_did(self) -> None:
        """What operators told each other is not shown by its id."""
        olga, _ = self.operator("olga")
        type_in(self.hub, olga, "/serverban 198.51.100.7")
        id = short_id(self.hub.last)
        self.assertIn("no such", self.refusal(self.bob, self.bobs, f"/show {id}"))
        self.assertIs(olga.role, Role.OPERATOR)
