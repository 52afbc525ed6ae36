"""The whole table of commands: each is there, under all its names, and answers."""

from chatd import api
from chatd.chat.account import Role
from chatd.chat.errors import ChatError
from chatd.chat.events import Failed
from chatd.commands.helping import WIDTH
from chatd.testing import connect, join, type_in
from tests.chatting import PASSWORD, Chatting, of

# Name, usage, aliases, and lines that succeed when an operator types them in a room of
# theirs in which bob is as well.
TABLE = {
    "register": ("[NAME] PASSWORD [CODE]", (), []),
    "login": ("NAME PASSWORD...", (), []),
    "password": ("OLD... NEW", (), [f"/password {PASSWORD} another-good-secret"]),
    "nick": ("NAME", (), []),
    "unregister": ("PASSWORD...", (), []),
    "keys": ("[add|remove] [KEY...]", (), ["/keys", "/keys add ssh-rsa AAAA"]),
    "claim": ("CODE", (), []),
    "set": ("[NAME] [VALUE...]", (), ["/set", "/set bell on"]),
    "quit": ("", ("exit", "bye", "logout"), ["/quit"]),
    "me": ("TEXT...", (), ["/me waves"]),
    "msg": ("NAME TEXT...", ("pm", "send", "tell", "w"), ["/msg bob hi"]),
    "reply": ("TEXT...", ("r",), []),
    "away": ("[TEXT...]", (), ["/away at lunch", "/away"]),
    "back": ("", (), []),
    "ignore": ("[NAME]", (), ["/ignore", "/ignore bob"]),
    "unignore": ("NAME", (), []),
    "join": ("ROOM", ("room",), ["/join ops", "/join #den"]),
    "leave": ("[ROOM]", ("part",), ["/leave", "/leave lobby"]),
    "rooms": ("", (), ["/rooms"]),
    "topic": ("[TEXT...]", (), ["/topic", "/topic all about us", "/topic -"]),
    "invite": ("NAME", (), ["/invite cho"]),
    "private": ("", (), ["/private"]),
    "public": ("", (), []),
    "history": ("[N|on|off]", (), ["/history", "/history 5", "/history off"]),
    "who": (
        "[ROOM|*]",
        ("whosonline", "getlist", "users", "names", "list"),
        ["/who", "/who lobby"],
    ),
    "whois": ("NAME", (), ["/whois bob"]),
    "getlog": ("[ROOM]", ("log",), ["/getlog", "/getlog lobby"]),
    "search": ("WORDS...", (), ["/search hello"]),
    "catchup": ("", (), ["/catchup"]),
    "talks": ("", (), ["/talks"]),
    "show": ("[ID]", (), []),
    "help": ("[COMMAND]", (), ["/help", "/help who"]),
    "motd": ("[TEXT...]", (), ["/motd", "/motd hi", "/motd -"]),
    "version": ("", (), ["/version"]),
    "uptime": ("", (), ["/uptime"]),
    "kick": ("NAME [REASON...]", (), ["/kick bob", "/kick bob enough now"]),
    "mute": ("NAME [TIME] [REASON...]", (), ["/mute bob", "/mute bob 1h x y"]),
    "unmute": ("NAME", (), []),
    "ban": ("NAME [TIME] [REASON...]", (), ["/ban bob", "/ban bob 1h x y"]),
    "unban": ("NAME", (), []),
    "bans": ("", (), ["/bans"]),
    "moderator": ("NAME [off]", (), ["/moderator bob"]),
    "announce": ("TEXT...", (), ["/announce hi all"]),
    "op": ("NAME", (), ["/op cho"]),
    "deop": ("NAME", (), []),
    "invitation": ("", (), ["/invitation"]),
    "serverban": (
        "NAME|ADDRESS|NETWORK [TIME] [REASON...]",
        (),
        ["/serverban cho", "/serverban 198.51.100.7 1h x y"],
    ),
    "serverunban": ("NAME|ADDRESS|NETWORK", (), []),
    "serverbans": ("", (), ["/serverbans"]),
    "lockdown": ("on|off", (), ["/lockdown on"]),
    "kill": ("NAME [REASON...]", (), ["/kill bob", "/kill bob x y"]),
    "stats": ("", (), ["/stats"]),
    "reload": ("", (), ["/reload"]),
    "shutdown": ("[TIME|now|off] [WHY...]", (), ["/shutdown", "/shutdown 9 x y"]),
}


class TableTests(Chatting):
    """Every command."""

    def test_declared(self) -> None:
        """Names, usages and aliases are those that are promised, and no others."""
        declared = {
            one.name: (one.usage, one.aliases)
            for one in self.hub.commands
            if one.name not in ("files", "send-file")
        }
        self.assertEqual(
            declared, {name: (row[0], row[1]) for name, row in TABLE.items()}
        )

    def test_answers(self) -> None:
        """Each line of the table is carried out and answered."""
        for row in TABLE.values():
            for line in row[2]:
                self.setUp()
                olga, door = self.operator("olga", "den")
                self.guest("bob", "den")
                cho, _ = self.member("cho")
                cho.address = "203.0.113.3"
                events = self.ask(olga, door, line)
                self.assertEqual(of(Failed, events), [], line)
                self.assertNotEqual(events, [], line)

    def test_aliases(self) -> None:
        """Each alias does what the name does, in any case, with / and with @."""
        for name, (_, aliases, _) in TABLE.items():
            for alias in aliases:
                found = self.hub.commands.find(alias.upper())
                self.assertEqual(found.name, name)
                session, door = connect(self.hub)
                for sign in "/@":
                    type_in(self.hub, session, f"{sign}help {alias}")
                    self.assertEqual(of(Failed, door.take()), [])

    def test_too_few_words(self) -> None:
        """What is missing is explained, with how to type it."""
        olga, door = self.operator("olga", "den")
        for one in self.hub.commands:
            if one.fewest:
                refusal = self.refusal(olga, door, f"/{one.name}")
                self.assertEqual(refusal, f"Type it like this: {one.line}")

    def test_too_many_words(self) -> None:
        """So is what is too much."""
        olga, door = self.operator("olga", "den")
        for one in self.hub.commands:
            if one.most is not None:
                line = f"/{one.name} " + "word " * (one.most + 1)
                refusal = self.refusal(olga, door, line)
                self.assertEqual(refusal, f"Type it like this: {one.line}")

    def test_secrets(self) -> None:
        """No line in which a password or code may be is handed back."""
        olga, door = self.operator("olga", "den")
        secret = {one.name for one in self.hub.commands if one.secret}
        self.assertEqual(
            secret, {"register", "login", "password", "unregister", "claim"}
        )
        for name in secret:
            events = self.ask(olga, door, f"/{name} one two three four")
            self.assertEqual([failed.line for failed in of(Failed, events)], [""])

    def test_roles(self) -> None:
        """Nobody may use what is for others, and everybody is told who may."""
        people = {
            Role.NOBODY: connect(self.hub),
            Role.GUEST: self.guest("bob"),
            Role.MEMBER: self.member("ann"),
            Role.MODERATOR: self.member("mia", "den"),
        }
        for role, (session, door) in people.items():
            for one in self.hub.commands:
                if one.needs > role:
                    self.refusal(session, door, f"/{one.name} x y")

    def test_nobody_is_called_so(self) -> None:
        """No name or alias of a command can be taken as a name."""
        for word in ("getlist", "w", "shutdown", "files", "send-file", "Help"):
            session, door = connect(self.hub)
            self.assertIn("reserved word", self.refusal(session, door, word))

    def test_help(self) -> None:
        """Each has help: a first line that is a sentence, and short lines."""
        for one in self.hub.commands:
            first, *rest = one.help.split("\n")
            self.assertTrue(first.endswith("."), one.name)
            self.assertFalse(any(rest[:1]), f"{one.name}: the first line says it all")
            self.assertEqual([line for line in rest if len(line) > WIDTH + 8], [])
            if one.fewest and not one.secret:
                self.assertIn("Example: /", one.help, one.name)

    def test_no_room(self) -> None:
        """In no room, what needs one says so, and nothing fails otherwise."""
        for row in TABLE.values():
            for line in row[2]:
                self.setUp()
                olga, door = self.operator("olga")
                type_in(self.hub, olga, "/leave")
                join(self.hub, "bob")
                for failed in of(Failed, self.ask(olga, door, line)):
                    self.assertIn(failed.code, ("not-in-room", "not-found"), line)


class ApiTests(Chatting):
    """What authors of commands import."""

    def test_names(self) -> None:
        """All that is promised is there, and the errors are all of one family."""
        for name in api.__all__:
            self.assertTrue(hasattr(api, name), name)
        errors = [
            value
            for value in map(vars(api).get, api.__all__)
            if isinstance(value, type) and issubclass(value, Exception)
        ]
        self.assertGreater(len(errors), 5)
        self.assertEqual([one for one in errors if not issubclass(one, ChatError)], [])
