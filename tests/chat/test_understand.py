"""What a typed line asks for."""

from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Role
from chatd.chat.command import Call, Command, Commands, command
from chatd.chat.errors import NotAllowed, NotEntered, UnknownCommand, Usage
from chatd.chat.events import Failed, Listing, Notice, Past, Said
from chatd.chat.request import Enter, Invoke, Refused, Request, Say, Typed
from chatd.chat.understand import understand
from chatd.testing import connect, join, make_hub, result, turn, type_in


class UnderstandTests(SynchronousTestCase):
    """Lines of somebody who is here, and of somebody who is not."""

    def setUp(self) -> None:
        self.hub = make_hub()
        self.ann, _ = join(self.hub, "ann")
        self.stranger, _ = connect(self.hub)

    def read(self, line: str, *, here: bool = True) -> Request | None:
        """What a line asks for."""
        session = self.ann if here else self.stranger
        return understand(session, Typed(line, 5), self.hub.commands)

    def refusal(self, line: str, *, here: bool = True) -> tuple[str, str]:
        """Why a line is refused, and what is handed back."""
        request = self.read(line, here=here)
        assert isinstance(request, Refused), request
        self.assertEqual(request.ref, 5)
        return request.error.text, request.line

    def test_words(self) -> None:
        """What is no command is said, as it is."""
        for line in ("hello", "  hello  ", "a/b", "1 / 2", "@bob hi", "me@help", "@"):
            self.assertEqual(self.read(line), Say(line, ref=5))
        self.assertEqual(self.read("one\n/two"), Say("one\n/two", ref=5))

    def test_slashes(self) -> None:
        """Two slashes say one."""
        self.assertEqual(self.read("//x y"), Say("/x y", ref=5))
        self.assertEqual(self.read("///"), Say("//", ref=5))

    def test_nothing(self) -> None:
        """An empty line asks for nothing."""
        for line in ("", "   "):
            self.assertIsNone(self.read(line))
            self.assertIsNone(self.read(line, here=False))

    def test_commands(self) -> None:
        """A slash begins a command; so does @, where the word behind it is one."""
        self.assertEqual(
            self.read("/msg bob hi  there "), Invoke("msg", "bob hi  there", ref=5)
        )
        self.assertEqual(self.read("/WHO"), Invoke("WHO", ref=5))
        self.assertEqual(self.read("@send bob hi"), Invoke("send", "bob hi", ref=5))
        self.assertEqual(self.read("@getlist"), Invoke("getlist", ref=5))
        self.assertEqual(self.read("/who", here=False), Invoke("who", ref=5))

    def test_wrong_commands(self) -> None:
        """An unknown command is handed back, with a suggestion."""
        text, line = self.refusal("/jion ops")
        self.assertIn("Did you mean /join?", text)
        self.assertEqual(line, "/jion ops")
        self.assertIn("/help", self.refusal("/qwertyuiop")[0])
        for path in ("/etc/passwd", "/ hello", "/"):
            text, line = self.refusal(path)
            self.assertIn("one more slash", text)
            self.assertEqual(line, path)

    def test_secrets(self) -> None:
        """What may hold a password is neither said nor handed back."""
        for line in ("login ann secret", "Register ann secret", "LOGIN a b"):
            for here in (True, False):
                text, back = self.refusal(line, here=here)
                self.assertIn("looks like a password", text)
                self.assertEqual(back, "")
        for line in ("/lgoin ann secret", "/logni ann secret", "/regsiter a b"):
            self.assertEqual(self.refusal(line)[1], "")
        self.assertIn("/register", self.refusal("register ann secret")[0])
        self.assertIn("/login", self.refusal("identify ann secret")[0])
        for line in ("the login is down", "claim everything", "register online"):
            self.assertEqual(self.read(line), Say(line, ref=5))

    def test_slips(self) -> None:
        """It is not said either with another mark for the slash, or misspelt."""
        for line in (
            "@lgoin ann correcthorse",
            "@logn ann secret-1",
            ".login ann secret",
            "!register ann secret",
            "regster bob secret-password1",
            "@identify hunter2hunter",
        ):
            text, back = self.refusal(line)
            self.assertIn("looks like a password", text)
            self.assertEqual(back, "")
        for line in (
            "@nathan hi there",
            "@nathan how are you doing-2day",
            "logic is everything",
            "@nobody was here-2day",
            "... and so-forth",
        ):
            self.assertEqual(self.read(line), Say(line, ref=5))

    def test_misspelt(self) -> None:
        """A misspelt command with @ is not said, unless somebody is called so."""
        bob, door = join(self.hub, "bob")
        _, dans = join(self.hub, "dan")
        for line, meant in (
            ("@getlst", "Did you mean @getlist?"),
            ("@sned dan for you alone", "Did you mean @send?"),
            ("@jon: are you there?", "Did you mean @join?"),
        ):
            door.take()
            type_in(self.hub, bob, line)
            (failed,) = door.of(Failed)
            self.assertIn(meant, failed.text)
            self.assertEqual(failed.line, line)
        door.take()
        type_in(self.hub, bob, "@logni ann x")
        (failed,) = door.of(Failed)
        self.assertEqual(failed.line, "")
        self.assertEqual(dans.of(Said), [])
        join(self.hub, "jon")
        lines = ["@jon: are you there?", "@dan hi", "@nobody hi", "@", f"@{'x' * 99}"]
        for line in lines:
            type_in(self.hub, bob, line)
        self.assertEqual([said.text for said in dans.of(Said)], lines)

    def test_two_words(self) -> None:
        """A code or password behind the one word of a command is not said either."""
        for word in ("claim", "register", "password", "Identify", "unregister"):
            for secret in ("hunter2hunter", "CVYJ-GBAT-CKSQ-F7CV"):
                text, back = self.refusal(f"{word} {secret}")
                self.assertIn("sent to nobody", text)
                self.assertEqual(back, "")
        self.assertIn("/claim", self.refusal("claim CVYJ-GBAT-CKSQ-F7CV")[0])

    def test_more_words(self) -> None:
        """Of longer lines those are not said that name somebody there is."""
        bob, _ = join(self.hub, "bob", password="seven-small-rain-clouds")
        bob.end("")
        turn(self.hub)
        cho, door = join(self.hub, "cho")
        _, dans = join(self.hub, "dan")
        lines = ["login is broken again today", "register here by friday please"]
        type_in(self.hub, cho, *lines)
        self.assertEqual([said.text for said in dans.of(Said)], lines)
        for line in ("login bob my secret pass phrase", "Login CHO all of my secrets"):
            door.take()
            type_in(self.hub, cho, line)
            (failed,) = door.of(Failed)
            self.assertIn("sent to nobody", failed.text)
            self.assertEqual(failed.line, "")
        self.assertEqual(len(dans.of(Said)), 2)

    def test_names(self) -> None:
        """What somebody types who is not here is a name."""
        self.assertEqual(self.read(" bob ", here=False), Enter("bob", show=True, ref=5))
        self.assertEqual(self.refusal("//x", here=False)[1], "//x")

    def test_asked(self) -> None:
        """What is typed when a password was asked for is the password."""
        self.stranger.asking = "bob"
        for line in ("/quit", "hello", "login a b", ""):
            self.assertEqual(
                self.read(line, here=False), Enter("bob", line, show=True, ref=5)
            )


def module(*found: Command) -> ModuleType:
    """A module of commands."""
    made = ModuleType("strange")
    for number, one in enumerate(found):
        setattr(made, f"command{number}", one)
    return made


async def run(call: Call) -> None:
    """Do nothing."""


class CommandsTests(SynchronousTestCase):
    """The table of commands."""

    def setUp(self) -> None:
        self.table = Commands()

    def test_declared(self) -> None:
        """A declaration says how to type it, and how many words it takes."""
        one = command("give", usage="NAME [WHAT...]", aliases=["g"], secret=True)(run)
        self.assertEqual(one.line, "/give NAME [WHAT...]")
        self.assertEqual((one.fewest, one.most), (1, None))
        self.assertEqual(one.help, "Do nothing.")
        self.assertEqual(one.subject, "What a typed line asks for")
        self.assertEqual(command("x", usage="A [B]")(run).most, 2)

    def test_no_help(self) -> None:
        """A command without a docstring is refused."""

        async def silent(call: Call) -> None:
            pass

        self.assertRaises(ValueError, command("x"), silent)

    def test_found(self) -> None:
        """Commands are found by name and alias, whatever their case."""
        one = command("give", aliases=["Hand"])(run)
        self.table.add(module(one))
        for name in ("give", "GIVE", "hand"):
            self.assertIs(self.table.find(name), one)
        self.assertEqual(list(self.table), [one])
        self.assertLessEqual({"give", "hand"}, self.table.words())
        self.assertRaises(UnknownCommand, self.table.find, "take")

    def test_taken(self) -> None:
        """A name is one command's; of a module that wants it again nothing is taken."""
        self.table.add(module(command("give")(run)))
        bad = module(command("new")(run), command("x", aliases=["Give"])(run))
        self.assertRaises(ValueError, self.table.add, bad)
        self.assertFalse(self.table.has("new"))
        twice = module(command("a")(run), command("b", aliases=["a"])(run))
        self.assertRaises(ValueError, self.table.add, twice)
        self.assertFalse(self.table.has("a"))

    def test_strangers(self) -> None:
        """A broken module of somebody else is logged, and the others work."""

        def broken() -> ModuleType:
            raise ImportError("no such module")

        good = module(command("give")(run))
        self.table.add_strangers([("bad", broken), ("good", lambda: good)])
        self.assertTrue(self.table.has("give"))
        self.assertEqual(len(self.flushLoggedErrors(ImportError)), 1)


class CallTests(SynchronousTestCase):
    """What a command is given."""

    def setUp(self) -> None:
        self.hub = make_hub()
        self.ann, self.door = join(self.hub, "ann")
        self.call = Call(self.ann, self.hub, "one  two three", 7, self.ann.room)

    def test_words(self) -> None:
        """The rest can be taken apart."""
        self.assertEqual(self.call.words(2), ["one", "two three"])
        self.assertEqual(self.call.words(4), ["one", "two", "three", ""])

    def test_who_and_where(self) -> None:
        """It knows who calls, and where."""
        self.assertEqual(self.call.person.name, "ann")
        self.assertEqual(self.call.room.name, "lobby")
        self.assertEqual(self.call.room_named("").name, "lobby")
        self.assertEqual(self.call.room_named("LOBBY").name, "lobby")

    def test_replies(self) -> None:
        """Replies carry the number of the request."""
        for answer in ("done", Listing("x", "X:"), Past("history", ())):
            self.call.reply(answer)
        turn(self.hub)
        told = self.door.events[-3:]
        self.assertEqual([type(answer) for answer in told], [Notice, Listing, Past])
        self.assertEqual([getattr(answer, "ref", None) for answer in told], [7, 7, 7])

    def test_checked(self) -> None:
        """Rights and words are checked in one place."""
        cases = [
            (command("x", usage="A")(run), "", Usage),
            (command("x", usage="A")(run), "a b", Usage),
            (command("x", needs=Role.MEMBER)(run), "", NotAllowed),
            (command("x", needs=Role.MODERATOR)(run), "", NotAllowed),
            (command("x", needs=Role.OPERATOR)(run), "", NotAllowed),
        ]
        for one, rest, error in cases:
            call = Call(self.ann, self.hub, rest, None, self.ann.room)
            with self.assertRaises(error):
                one.check(call)
        stranger, _ = connect(self.hub)
        with self.assertRaises(NotEntered):
            command("x")(run).check(Call(stranger, self.hub, ""))
        command("x", needs=Role.NOBODY)(run).check(Call(stranger, self.hub, ""))

    def test_happened(self) -> None:
        """It can wait until what it did was shown."""
        self.assertIsNone(result(self.call.happened()))
