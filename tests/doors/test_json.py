"""Tests for L{chatd.doors.json}."""

import json

from chatd.doors.json import JSONFactory
from chatd.doors.lines import ENDLESS
from chatd.testing import join
from tests.chatting import PASSWORD
from tests.doors.program import Program, ProgramCase


class EnteringTests(ProgramCase):
    """Programs come in."""

    def test_hello(self) -> None:
        """A connection is told at once where it is, and what it may do."""
        program = Program(self.hub, self.factory)
        (hello,) = program.events()
        self.assertEqual(
            (hello["event"], hello["protocol"], hello["secure"], hello["guests"]),
            ("hello", 1, False, True),
        )
        self.assertEqual(hello["limits"]["message_chars"], 4000)

    def test_control_in_a_name(self) -> None:
        """A name that hides something is refused, and is not silently another one."""
        program = self.program()
        (refused,) = program.do({"do": "enter", "name": "c\u202eat", "ref": 1})
        self.assertEqual(refused["code"], "bad-name")
        bob = self.enter("bob")
        for line in ("/join op\x1bs", "/nick op\u202es"):
            (refused,) = bob.do({"do": "command", "line": line, "ref": 1})
            self.assertEqual(refused["code"], "bad-name")
        (refused,) = bob.do({"do": "say", "room": "lo\u202ebby", "text": "x"})
        self.assertEqual(refused["event"], "failed")

    def test_guest(self) -> None:
        """A guest is told the state as it is now, and gets a token."""
        join(self.hub, "ann")
        program = self.program()
        done, arrived = program.do({"do": "enter", "name": "bob", "ref": "x"})
        self.assertEqual(
            (done["event"], done["ref"], done["name"], done["account"], done["role"]),
            ("done", "x", "bob", None, "guest"),
        )
        self.assertEqual(done["people"], ["ann", "bob"])
        self.assertEqual([room["name"] for room in done["rooms"]], ["lobby"])
        self.assertTrue(done["token"])
        self.assertEqual(arrived["event"], "arrived")

    def test_password(self) -> None:
        """A member comes in with a password, and only with the right one."""
        self.member("ann")
        self.assertEqual(self.entered[0]["account"], "ann")
        program = self.program()
        (failed,) = program.do({"do": "enter", "name": "ann", "password": "x"})
        self.assertEqual(failed["code"], "wrong-password")
        self.assertNotIn("line", failed)
        (failed,) = program.do({"do": "enter", "name": "ann"})
        self.assertEqual(failed["code"], "password-needed")

    def test_token(self) -> None:
        """A guest who was cut off takes the name back with the token."""
        program = self.enter("bob")
        token = self.entered[0]["token"]
        program.lose(clean=False)
        other = self.program()
        done = other.do({"do": "enter", "token": token})[0]
        self.assertEqual((done["event"], done["name"]), ("done", "bob"))

    def test_new_token(self) -> None:
        """Who changes the password gets another token, and that of before is bad."""
        program = self.member("ann")
        old = self.entered[0]["token"]
        line = f"/password {PASSWORD} another-good-secret"
        token = program.done(do="command", line=line, ref=1)["token"]
        program.lose(clean=False)
        (failed,) = self.program().do({"do": "enter", "token": old})
        self.assertEqual(failed["code"], "wrong-password")
        done = self.program().do({"do": "enter", "token": token})[0]
        self.assertEqual((done["event"], done["name"]), ("done", "ann"))

    def test_register(self) -> None:
        """A new account is made by a command, and one comes in with it."""
        program = self.program()
        line = f"/register ann {PASSWORD}"
        got = program.do({"do": "command", "line": line, "ref": 1})
        state, done = [e for e in got if e["event"] == "done"]
        self.assertEqual((state["ref"], state["account"]), (None, "ann"))
        self.assertEqual(done["ref"], 1)
        (failed,) = self.program().do({"do": "command", "line": line, "ref": 1})
        self.assertEqual(failed["code"], "name-taken")
        self.assertNotIn(PASSWORD, str(failed))

    def test_not_entered(self) -> None:
        """Whoever has not come in can ask, but not speak."""
        program = self.program()
        for request in (
            {"do": "say", "text": "hi"},
            {"do": "whisper", "to": "ann", "text": "hi"},
            {"do": "history"},
            {"do": "search", "words": "hi"},
            {"do": "seen", "id": "1"},
            {"do": "command", "line": "/join ops"},
        ):
            (failed,) = program.do({**request, "ref": 1})
            self.assertEqual((failed["code"], failed["ref"]), ("not-entered", 1))
        self.assertEqual(
            program.do({"do": "ping", "ref": 2}), [{"event": "done", "ref": 2}]
        )

    def test_closed(self) -> None:
        """A server that stops takes nobody, and says so."""
        self.hub.closing = "Good night."
        program = Program(self.hub, self.factory)
        (failed,) = program.events()
        self.assertEqual(failed["code"], "closed")
        self.assertTrue(program.wire.disconnecting)
        self.assertEqual(program.raw(b'{"do":"ping"}\n' + b"x" * 100_000), [])
        program.finish()
        program.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_address(self) -> None:
        """Where a program comes from is known."""
        program = self.enter("ann")
        self.assertEqual(program.protocol.session.address, "192.0.2.1")
        self.assertEqual(program.protocol.session.kind, "json")
        self.assertTrue(program.protocol.session.secure)


class BadRequestTests(ProgramCase):
    """What cannot be understood is refused, and the connection stays."""

    def test_bad(self) -> None:
        """What is wrong is said; the next request is carried out."""
        program = self.program()
        failed, done = program.raw(b'{"do":"shout","ref":1}\n{"do":"ping","ref":2}\n')
        self.assertEqual(
            (failed["event"], failed["code"], failed["ref"]),
            ("failed", "bad-request", 1),
        )
        self.assertEqual(done["ref"], 2)
        self.assertFalse(program.wire.disconnecting)

    def test_ends(self) -> None:
        """Lines may end in CR LF; empty ones mean nothing; half a line waits."""
        program = self.program()
        self.assertEqual(program.raw(b'\r\n\n  \n{"do":"ping"'), [])
        self.assertEqual(program.raw(b"}\r\n"), [{"event": "done", "ref": None}])

    def test_bytes(self) -> None:
        """What is not UTF-8 becomes replacement characters, and half ones wait."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        ann.raw(b'{"do":"say","text":"a\xffb\xc3')
        self.assertEqual(len(ann.raw(b'\xa9"}\n')), 1)
        self.assertEqual(bob.events()[0]["text"], "a\ufffdb\u00e9")

    def test_long_before(self) -> None:
        """Before coming in, a line is short; one at the limit passes."""
        program = self.program()
        request = json.dumps({"do": "ping", "ref": 1}).encode()
        fits = request.ljust(4096)
        self.assertEqual(program.raw(fits + b"\n"), [{"event": "done", "ref": 1}])
        failed, done = program.raw(fits + b" \n" + request + b"\n")
        self.assertEqual(failed["code"], "too-long")
        self.assertIn("4097", failed["text"])
        self.assertIn("4096", failed["text"])
        self.assertEqual(done["ref"], 1)

    def test_long_after(self) -> None:
        """After coming in, it may hold a paste; memory is bounded while it comes."""
        ann = self.enter("ann")
        longest = 8 * 1024 + 3 * 64 * 1024
        request = json.dumps({"do": "ping", "ref": 1}).encode()
        (done,) = ann.raw(request.ljust(longest) + b"\n")
        self.assertEqual(done["ref"], 1)
        got = []
        for _ in range(10):
            got += ann.raw(b"x" * 65_536)
        got += ann.raw(b"\n" + request + b"\n")
        failed, done = got
        self.assertEqual(failed["code"], "too-long")
        self.assertIn("655360", failed["text"])
        self.assertEqual(done["ref"], 1)

    def test_endless(self) -> None:
        """A line that does not end is a flood, and the connection is."""
        ann = self.enter("ann")
        for _ in range(65):
            self.assertFalse(ann.wire.disconnecting)
            ann.raw(b"x" * ENDLESS)
        self.assertTrue(ann.wire.disconnecting)


class FactoryTests(ProgramCase):
    """One factory makes all doors of a port."""

    def test_same_bytes(self) -> None:
        """All who are shown the same get the same bytes, rendered once."""
        programs = [self.enter(name) for name in ("ann", "bob", "cho")]
        sent: list[bytes] = []
        for program in programs[1:]:
            program.wire.write = sent.append  # type: ignore[method-assign]
        programs[0].do({"do": "say", "text": "hi"})
        self.assertIs(sent[0], sent[1])

    def test_exempt(self) -> None:
        """Whether limits per address apply is asked for each address."""
        asked = []

        def exempt(address: str) -> bool:
            asked.append(address)
            return True

        program = Program(self.hub, JSONFactory(self.hub, exempt=exempt))
        self.assertTrue(program.protocol.session.exempt)
        self.assertEqual(asked, ["192.0.2.1"])
        program.protocol.secret(True)
