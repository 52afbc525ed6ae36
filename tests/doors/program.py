"""What tests of programs at a door share."""

import json
from typing import Any

from chatd.doors.json import JSONFactory
from chatd.testing import join, nobody_is_exempt, result, turn
from tests.chatting import PASSWORD
from tests.doors import wire

Fields = dict[str, Any]


class Program(wire.Peer):
    """A program at the other end of a door."""

    def do(self, *requests: Fields) -> list[Fields]:
        """Send requests in one piece, and read what comes back."""
        return self.raw(b"".join(json.dumps(r).encode() + b"\n" for r in requests))

    def raw(self, *pieces: bytes) -> list[Fields]:
        """Send bytes, and read what comes back."""
        return objects(self.send(*pieces))

    def done(self, **request: object) -> Fields:
        """Send a request, and read that it is done."""
        answers = [e for e in self.do(request) if e["event"] in ("done", "failed")]
        (done,) = answers
        assert done["event"] == "done", done
        return done

    def events(self) -> list[Fields]:
        """What came since the last time."""
        return objects(self.read())


def objects(data: bytes) -> list[Fields]:
    """The objects of some lines."""
    assert not data or data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


class ProgramCase(wire.DoorCase):
    """A hub with a door for programs."""

    def setUp(self) -> None:
        super().setUp()
        self.factory = JSONFactory(self.hub, exempt=nobody_is_exempt)

    def program(self) -> Program:
        """A program that has read the hello."""
        program = Program(self.hub, self.factory, secure=True)
        (hello,) = program.events()
        self.assertEqual((hello["event"], hello["secure"]), ("hello", True))
        return program

    def enter(self, name: str, **fields: object) -> Program:
        """A program that has come in."""
        program = self.program()
        self.entered = program.do({"do": "enter", "name": name, "ref": 0, **fields})
        self.assertEqual(self.entered[0]["event"], "done", self.entered)
        return program

    def member(self, name: str, password: str = PASSWORD) -> Program:
        """A program that has come in with an account, which is made if need be."""
        if result(self.store.account_named(name)) is None:
            session, _ = join(self.hub, name, password=password)
            session.gone("")
            turn(self.hub)
        return self.enter(name, password=password)
