"""What moderators do to people in their rooms."""

from chatd.chat.events import Act, Entered, Failed, Listing, Moderated, Said
from chatd.chat.request import Invoke
from chatd.testing import join, turn, type_in
from tests.chatting import PASSWORD, Chatting, of


class ModeratingTests(Chatting):
    """A room, its moderator, and somebody in it."""

    def setUp(self) -> None:
        super().setUp()
        self.mia, self.mias = self.member("mia", "den")
        self.bob, self.bobs = self.guest("bob", "den")
        self.mias.take()

    def moderated(self, line: str) -> Moderated:
        """What everybody in the room reads after mia types a line."""
        self.bobs.take()
        [event] = of(Moderated, self.ask(self.mia, self.mias, line))
        self.assertEqual(self.bobs.of(Moderated), [event])
        return event

    def test_kick(self) -> None:
        """Who is kicked is out, is told why, and may come back."""
        event = self.moderated("/kick @BOB take a  break")
        self.assertEqual((event.act, event.reason), (Act.KICK, "take a  break"))
        assert self.bob.room is not None
        self.assertEqual(self.bob.room.name, "lobby")
        self.assertEqual(
            len(of(Entered, self.ask(self.bob, self.bobs, "/join den"))), 1
        )

    def test_kick_lasts(self) -> None:
        """Who was kicked is not back in the room by merely logging in again."""
        eve, _ = self.member("eve", "den")
        self.moderated("/kick eve")
        type_in(self.hub, eve, "/quit")
        eve, _ = self.member("eve")
        assert eve.person is not None
        self.assertEqual(self.hub.presence.rooms_of(eve.person.id), ["lobby"])

    def test_mute_everywhere(self) -> None:
        """Who is muted in a room tells it nothing by a name or an away text."""
        self.moderated("/mute bob")
        for line in ("/nick shout", "/away shouting"):
            self.assertIn("muted in den", self.refusal(self.bob, self.bobs, line))
        self.assertEqual(of(Failed, self.ask(self.bob, self.bobs, "/away")), [])
        type_in(self.hub, self.bob, "/leave den", "/nick shout")
        assert self.bob.person is not None
        self.assertEqual(self.bob.person.name, "shout")

    def test_mute(self) -> None:
        """Who is muted reads but cannot speak, until the time is over."""
        event = self.moderated("/mute bob 10m enough")
        self.assertEqual(event.until, self.hub.now() + 600)
        self.assertEqual(
            self.refusal(self.bob, self.bobs, "hello"),
            "You are muted in den for 10 minutes more: enough",
        )
        for line in ("/me waves", "@send all hello", "/topic mine"):
            self.assertIn("muted", self.refusal(self.bob, self.bobs, line))
        self.clock.advance(599)
        self.refusal(self.bob, self.bobs, "hello")
        self.clock.advance(1)
        self.assertEqual(of(Failed, self.ask(self.bob, self.bobs, "hello")), [])

    def test_unmute(self) -> None:
        """A mute without a time lasts until it is lifted."""
        event = self.moderated("/mute bob that was enough")
        self.assertEqual((event.until, event.reason), (0.0, "that was enough"))
        self.refusal(self.bob, self.bobs, "hello")
        self.moderated("/unmute bob")
        type_in(self.hub, self.bob, "hello")
        self.assertEqual([said.text for said in self.mias.of(Said)], ["hello"])

    def test_ban(self) -> None:
        """Who is banned is out and stays out, until the ban is lifted."""
        event = self.moderated("/ban bob 7d")
        self.assertEqual((event.until, event.reason), (self.hub.now() + 604_800, ""))
        self.assertEqual(
            self.refusal(self.bob, self.bobs, "/join den"),
            "You are banned from den for 7 days more.",
        )
        refusal = self.refusal(self.mia, self.mias, "/invite bob")
        self.assertIn("/unban comes first", refusal)
        self.ask(self.mia, self.mias, "/unban bob")
        self.assertEqual(
            len(of(Entered, self.ask(self.bob, self.bobs, "/join den"))), 1
        )

    def test_unban_tells(self) -> None:
        """Who is not in the room is told as well what concerns them."""
        self.moderated("/ban bob")
        self.assertEqual(self.moderated("/unban bob").act, Act.UNBAN)

    def test_guest_who_is_gone(self) -> None:
        """A ban of a guest who is gone can be lifted."""
        type_in(self.hub, self.mia, "/ban bob")
        type_in(self.hub, self.bob, "/quit")
        [event] = of(Moderated, self.ask(self.mia, self.mias, "/unban BOB"))
        self.assertEqual(event.person.name, "bob")

    def test_account_that_is_not_here(self) -> None:
        """An account can be banned while it is not here."""
        dan, _ = self.member("dan")
        type_in(self.hub, dan, "/quit")
        type_in(self.hub, self.mia, "/ban dan")
        dan, door = join(self.hub, "dan", password=PASSWORD)
        self.assertIn("banned", self.refusal(dan, door, "/join den"))

    def test_bans(self) -> None:
        """The list tells who, what, for how long, by whom and why."""
        answer = self.answer(self.mia, self.mias, "/bans")
        self.assertEqual(answer, "Nobody is banned or muted in den.")
        type_in(self.hub, self.mia, "/mute bob 2h spam", "/ban bob")
        self.assertEqual(
            self.answer(self.mia, self.mias, "/bans"),
            "2 people banned or muted in den:\n"
            "bob: banned by mia.\n"
            "bob: muted by mia for 2 hours more: spam",
        )
        [listing] = of(Listing, self.ask(self.mia, self.mias, "/bans"))
        self.assertEqual(
            [(row["kind"], row["reason"]) for row in listing.rows],
            [("ban", ""), ("mute", "spam")],
        )

    def test_moderator(self) -> None:
        """A moderator makes others, and unmakes them."""
        self.assertIs(self.moderated("/moderator bob").act, Act.APPOINT)
        refusal = self.refusal(self.mia, self.mias, "/kick bob")
        self.assertIn("moderator of den", refusal)
        self.assertIs(self.moderated("/moderator bob OFF").act, Act.DISMISS)
        self.assertIn("Type it", self.refusal(self.mia, self.mias, "/moderator bob x"))
        self.moderated("/kick bob")

    def test_step_down(self) -> None:
        """A moderator may stop being one."""
        self.moderated("/moderator mia off")
        self.assertIn("moderators", self.refusal(self.mia, self.mias, "/bans"))

    def test_operators_are_safe(self) -> None:
        """Moderators have no power over operators; operators have it over them."""
        olga, olgas = self.operator("olga", "den")
        for line in ("/kick olga", "/mute olga", "/ban olga"):
            refusal = self.refusal(self.mia, self.mias, line)
            self.assertIn("operator of the server", refusal)
        self.assertEqual(len(of(Moderated, self.ask(olga, olgas, "/kick mia"))), 1)

    def test_operator_who_is_not_here(self) -> None:
        """Nor while the operator is not here."""
        olga, _ = self.operator("olga")
        type_in(self.hub, olga, "/quit")
        self.assertIn("operator", self.refusal(self.mia, self.mias, "/ban olga"))

    def test_not_for_everybody(self) -> None:
        """Others are told who may; in the lobby mia is nobody special."""
        for line in ("/kick mia", "/bans", "/moderator bob", "/history off"):
            self.assertIn("oderators", self.refusal(self.bob, self.bobs, line))
        type_in(self.hub, self.mia, "/join lobby")
        self.assertIn("moderators", self.refusal(self.mia, self.mias, "/kick bob"))

    def test_no_forged_lines(self) -> None:
        """A program cannot smuggle a line break into what others read."""
        self.mia.submit(Invoke("kick", "bob x\r\n[12:00] ann: forged"))
        turn(self.hub)
        [event] = self.bobs.of(Moderated)
        self.assertEqual(event.reason, "x [12:00] ann: forged")

    def test_refusals(self) -> None:
        """Whatever makes no sense is refused with a reason."""
        self.guest("cho")
        for line, reason in {
            "/kick mia": "yourself",
            "/kick cho": "cho is not in den.",
            "/kick eve": "nobody called eve",
            "/kick": "/kick NAME [REASON...]",
            "/mute bob 10": "10 of what?",
            "/mute bob 0m": "not a time",
            "/mute bob 99999w": "not a time",
            "/unmute bob": "bob is not muted in den.",
            "/unban bob": "bob is not banned from den.",
            "/moderator mia": "yourself",
            "/moderator bob off": "no moderator",
        }.items():
            self.assertIn(reason, self.refusal(self.mia, self.mias, line))
