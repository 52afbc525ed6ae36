"""Help, and what the server says about itself."""

from types import ModuleType

from chatd.chat.command import Call, command
from chatd.chat.events import Listing, MotdChanged, Welcome
from chatd.chat.rules import Rules
from chatd.commands.helping import WIDTH
from chatd.testing import connect, join, make_hub, type_in
from tests.chatting import Chatting, of


class HelpTests(Chatting):
    """/help"""

    def names(self, session: object, door: object) -> set[str]:
        """The commands that somebody is told of."""
        events = self.ask(session, door, "/help")  # type: ignore[arg-type]
        [listing] = of(Listing, events)
        return {str(row["name"]) for row in listing.rows}

    def test_only_what_one_may(self) -> None:
        """Each role sees what it may use, and no more."""
        newcomer = self.names(*connect(self.hub))
        self.assertEqual(
            newcomer,
            {"help", "login", "motd", "quit", "register", "uptime", "version", "who"},
        )
        guest = self.names(*self.guest("bob"))
        self.assertLess(newcomer, guest)
        self.assertNotIn("password", guest)
        member = self.names(*self.member("ann"))
        self.assertEqual(member - guest, {"password", "unregister", "keys", "catchup"})
        moderator = self.names(*self.member("mia", "den"))
        self.assertEqual(
            moderator - member,
            {
                *("kick", "mute", "unmute", "ban", "unban", "bans", "moderator"),
                *("private", "public"),
            },
        )
        operator = self.names(*self.operator("olga"))
        self.assertIn("shutdown", operator - moderator)

    def test_subjects(self) -> None:
        """They stand under headings, the most needed first, in narrow lines."""
        olga, door = self.operator("olga")
        lines = self.answer(olga, door, "/help").splitlines()
        heads = [line.partition(":")[0] for line in lines[1:] if line[0].isupper()]
        self.assertEqual(
            heads,
            [
                *("Talking", "Rooms", "Looking", "Files", "Account", "Help"),
                *("Moderators", "Operators"),
            ],
        )
        self.assertEqual([line for line in lines if len(line) > WIDTH + 4], [])

    def test_one(self) -> None:
        """A command is explained with usage, details, example and aliases."""
        ann, door = self.guest("ann")
        lines = self.answer(ann, door, "/help msg").splitlines()
        self.assertEqual(lines[0], "/msg NAME TEXT...")
        self.assertEqual(lines[1], "Tell one person something; nobody else sees it.")
        self.assertIn("Example: /msg bob lunch at noon?", lines)
        self.assertEqual(lines[-1], "Also: /pm, /send, /tell, /w")

    def test_spellings(self) -> None:
        """Aliases, slashes, @ and case make no difference; typos get a suggestion."""
        ann, door = self.guest("ann")
        for word in ("w", "/msg", "@tell", "MSG"):
            answer = self.answer(ann, door, f"@help {word}")
            self.assertTrue(answer.startswith("/msg NAME"), answer)
        self.assertIn("Did you mean /join?", self.refusal(ann, door, "/help jion"))

    def test_subject(self) -> None:
        """A heading lists its commands with one line each."""
        ann, door = self.guest("ann")
        lines = self.answer(ann, door, "/help Talking").splitlines()
        self.assertEqual(lines[0], "Talking:")
        self.assertIn("/me TEXT... — Say what you do, in the third person.", lines)

    def test_not_allowed(self) -> None:
        """What one may not use is explained, with who may."""
        session, door = connect(self.hub)
        self.assertIn("come in", self.answer(session, door, "/help me"))
        ann, door = self.guest("ann")
        for word, who in {
            "password": "/register",
            "kick": "Only moderators",
            "shutdown": "Only operators",
        }.items():
            self.assertIn(who, self.answer(ann, door, f"/help {word}"))

    def test_of_others(self) -> None:
        """Commands of others stand at the end, under their own heading."""

        async def dance(call: Call) -> None:
            """Dance."""
            call.reply("You dance.")

        module = ModuleType("dances")
        module.dance = command("dance")(dance)  # type: ignore[attr-defined]
        self.hub = make_hub(commands=[module])
        ann, door = self.guest("ann")
        subject = "Help, and what the server says about itself"  # of this file
        self.assertIn(f"\n{subject}: /dance\n", self.answer(ann, door, "/help"))
        self.assertEqual(self.answer(ann, door, "/dance"), "You dance.")


class MotdTests(Chatting):
    """/motd"""

    def test_from_settings(self) -> None:
        """It comes from the settings until an operator changes it."""
        self.hub.rules = Rules(throttle=False, motd="Be kind.")
        olga, door = self.operator("olga")
        self.assertEqual(self.answer(olga, door, "/motd"), "Be kind.")
        changes = of(MotdChanged, self.ask(olga, door, "/motd Be  quick."))
        self.assertEqual([change.text for change in changes], ["Be  quick."])
        _, other = join(self.hub, "ann")
        self.assertEqual([w.motd for w in other.of(Welcome)], ["Be  quick."])
        type_in(self.hub, olga, "/motd -")
        self.assertEqual(
            self.answer(olga, door, "/motd"), "There is no message of the day."
        )

    def test_only_operators_set(self) -> None:
        """Others may read it, also before coming in."""
        ann, door = self.guest("ann")
        self.assertIn("Only operators", self.refusal(ann, door, "/motd mine"))
        session, door = connect(self.hub)
        self.assertIn("no message", self.answer(session, door, "/motd"))

    def test_length(self) -> None:
        """It is no longer than a message."""
        olga, door = self.operator("olga")
        self.hub.rules = Rules(throttle=False, message_chars=3)
        self.assertIn("at most 3", self.refusal(olga, door, "/motd 1234"))


class ServerTests(Chatting):
    """/version and /uptime"""

    def test_version(self) -> None:
        """Anybody may know what runs here."""
        self.hub.rules = Rules(throttle=False, server="chat.example", version="1.2")
        session, door = connect(self.hub)
        answer = self.answer(session, door, "/version")
        self.assertEqual(answer, "chat.example runs chatd 1.2.")

    def test_uptime(self) -> None:
        """And for how long."""
        ann, door = self.guest("ann")
        self.clock.advance(86_400 + 7200)
        self.assertEqual(
            self.answer(ann, door, "/uptime"),
            "chatd has been up for 1 day and 2 hours, with 1 person now.",
        )
