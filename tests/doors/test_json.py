"""Tests for L{chatd.doors.json}."""

import json
from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat import entrance
from chatd.chat.rules import Rules
from chatd.doors.connection import PATIENCE, nobody_is_exempt
from chatd.doors.json import JSONFactory
from chatd.doors.lines import ENDLESS
from chatd.doors.program import ABUSE, DEAD, ROUND, SILENCE
from chatd.testing import join, result, turn, type_in
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


class DoorCase(wire.DoorCase):
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

    def member(self, name: str, password: str = wire.PASSWORD) -> Program:
        """A program that has come in with an account, which is made if need be."""
        if result(self.store.account_named(name)) is None:
            session, _ = join(self.hub, name, password=password)
            session.gone("")
            turn(self.hub)
        return self.enter(name, password=password)


class EnteringTests(DoorCase):
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
        line = f"/password {wire.PASSWORD} another-good-secret"
        token = program.done(do="command", line=line, ref=1)["token"]
        program.lose(clean=False)
        (failed,) = self.program().do({"do": "enter", "token": old})
        self.assertEqual(failed["code"], "wrong-password")
        done = self.program().do({"do": "enter", "token": token})[0]
        self.assertEqual((done["event"], done["name"]), ("done", "ann"))

    def test_register(self) -> None:
        """A new account is made by a command, and one comes in with it."""
        program = self.program()
        line = f"/register ann {wire.PASSWORD}"
        got = program.do({"do": "command", "line": line, "ref": 1})
        state, done = [e for e in got if e["event"] == "done"]
        self.assertEqual((state["ref"], state["account"]), (None, "ann"))
        self.assertEqual(done["ref"], 1)
        (failed,) = self.program().do({"do": "command", "line": line, "ref": 1})
        self.assertEqual(failed["code"], "name-taken")
        self.assertNotIn(wire.PASSWORD, str(failed))

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


class TalkingTests(DoorCase):
    """Programs talk."""

    def test_say(self) -> None:
        """Others are shown what was said; the one who said it is told it is done."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        (done,) = ann.do({"do": "say", "room": "lobby", "text": "hi", "ref": 2})
        (said,) = bob.events()
        self.assertEqual(
            done, {"event": "done", "ref": 2, "id": said["id"], "time": said["time"]}
        )
        self.assertEqual(
            said,
            {
                "event": "said",
                "id": done["id"],
                "time": done["time"],
                "room": "lobby",
                "sender": "ann",
                "guest": True,
                "text": "hi",
                "cursor": done["id"],
            },
        )

    def test_people(self) -> None:
        """Programs and people are in the same chat."""
        bob, door = join(self.hub, "bob")
        ann = self.enter("ann")
        door.take()
        ann.do({"do": "say", "text": "hi bob"})
        self.assertEqual([event.text for event in door.take()], ["hi bob"])
        type_in(self.hub, bob, "hello ann")
        (said,) = ann.events()
        self.assertEqual((said["text"], said["mention"]), ("hello ann", True))

    def test_stored_first(self) -> None:
        """Nothing is done, and nothing shown, before it is stored."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        self.store.hold()
        self.assertEqual(ann.do({"do": "say", "text": "hi"}), [])
        self.assertEqual(bob.events(), [])
        self.store.release()
        self.assertEqual([e["event"] for e in ann.events()], ["done"])
        self.assertEqual([e["event"] for e in bob.events()], ["said"])

    def test_whisper(self) -> None:
        """A private message reaches one, and the other sessions of the sender."""
        ann, also, bob, cho = [
            self.member(name) for name in ("ann", "ann", "bob", "cho")
        ]
        for program in (ann, also, bob):
            program.events()
        (done,) = ann.do({"do": "whisper", "to": "bob", "text": "psst", "ref": 1})
        for program in (bob, also):
            (whispered,) = program.events()
            self.assertEqual(whispered["event"], "whispered")
            self.assertEqual((whispered["sender"], whispered["to"]), ("ann", "bob"))
            self.assertEqual(whispered["id"], done["id"])
        self.assertEqual(cho.events(), [])

    def test_other_sessions(self) -> None:
        """The other sessions of an account are shown what was said."""
        ann, also = self.member("ann"), self.member("ann")
        (done,) = ann.do({"do": "say", "text": "hi"})
        (said,) = also.events()
        self.assertEqual(said["id"], done["id"])

    def test_paste(self) -> None:
        """A paste of the largest size fits into one request, however it is written."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        text = "\n".join(["é" * 65] * 499 + ["é" * 10])
        text += "x" * (64 * 1024 - len(text.encode()))
        self.assertEqual((len(text.encode()), text.count("\n")), (64 * 1024, 499))
        (done,) = ann.do({"do": "say", "text": text})
        self.assertEqual(done["event"], "done")
        self.assertEqual(bob.events()[0]["text"], text)
        (failed,) = ann.do({"do": "say", "text": text + "x"})
        self.assertEqual(failed["code"], "too-long")

    def test_commands(self) -> None:
        """A command is answered with data, in order, and then it is done."""
        ann = self.enter("ann")
        listing, done = ann.do({"do": "command", "line": "/who", "ref": 5})
        self.assertEqual((listing["event"], listing["ref"]), ("listing", 5))
        self.assertEqual(listing["rows"][0]["name"], "ann")
        self.assertEqual(done, {"event": "done", "ref": 5})
        (failed,) = ann.do({"do": "command", "line": "/jion ops", "ref": 6})
        self.assertEqual((failed["code"], failed["ref"]), ("unknown-command", 6))
        got = ann.do({"do": "command", "line": "/join ops", "ref": 7})
        self.assertEqual([e["event"] for e in got], ["entered", "joined", "done"])
        self.assertEqual(got[0]["room"], "ops")
        got = ann.do({"do": "command", "line": "/topic tea", "room": "ops"})
        self.assertEqual([e["event"] for e in got], ["topic", "done"])

    def test_order(self) -> None:
        """Answers come in the order of the requests, whatever becomes of them."""
        ann = self.enter("ann")
        got = ann.do(
            {"do": "say", "text": "a", "ref": 1},
            {"do": "say", "text": "", "ref": 2},
            {"do": "say", "text": "b", "ref": 3, "key": "k"},
            {"do": "command", "line": "/join ops", "ref": 4},
            {"do": "say", "text": "c", "room": "ops", "ref": 5},
            {"do": "shout", "ref": 6},
            {"do": "say", "room": "nowhere", "text": "d", "ref": 7},
            {"do": "history", "room": "ops", "ref": 8},
            {"do": "say", "text": "b", "ref": 9, "key": "k"},
            {"do": "ping", "ref": 10},
        )
        answers = [
            (e["ref"], e["event"]) for e in got if e["event"] in ("done", "failed")
        ]
        bad = (2, 6, 7)
        self.assertEqual(
            answers,
            [(ref, "failed" if ref in bad else "done") for ref in range(1, 11)],
        )

    def test_same_key(self) -> None:
        """Sending again shows nothing again, and is answered with the first id."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        say = {"do": "say", "text": "hi", "key": "k", "ref": 1}
        first, second = ann.do(say, {**say, "ref": 2})
        (third,) = ann.do({**say, "ref": 3})
        self.assertEqual([first["id"], third["id"]], [second["id"]] * 2)
        self.assertEqual(first["time"], third["time"])
        self.assertEqual([e["event"] for e in bob.events()], ["said"])
        other = bob.done(**say)
        self.assertNotEqual(other["id"], first["id"])
        whisper = {"do": "whisper", "to": "bob", "text": "psst", "key": "w"}
        first, second = ann.done(**whisper), ann.done(**whisper)
        self.assertEqual(first["id"], second["id"])
        self.assertEqual(len(bob.events()), 1)
        for line in ("/me waves", "/msg bob psst", "/msg all hi", "/reply well?"):
            command = {"do": "command", "line": line, "key": line}
            first, second = ann.done(**command), ann.done(**command)
            self.assertEqual(
                (first["id"], first["time"]), (second["id"], second["time"])
            )
            self.assertEqual([e["key"] for e in bob.events()], [line])

    def test_guest_of_the_same_name(self) -> None:
        """What was meant for a guest who has left is not told the next of that name."""
        ann, harry = self.member("ann"), self.enter("harry")
        first = ann.done(do="whisper", to="harry", text="psst")["to_id"]
        whispered = next(e for e in harry.events() if e["event"] == "whispered")
        self.assertEqual(whispered["to_id"], first)
        harry.lose()
        other = self.enter("harry")
        ann.events()
        whisper = {"do": "whisper", "to": "harry", "text": "yes", "to_id": first}
        (failed,) = ann.do(whisper)
        self.assertEqual(failed["code"], "not-found")
        second = ann.done(do="whisper", to="harry", text="who are you?")["to_id"]
        self.assertNotEqual(first, second)
        self.assertEqual([e["text"] for e in other.events()], ["who are you?"])
        for id, text in ((first, "psst"), (second, "who are you?")):
            past, _ = ann.do({"do": "history", "person": "harry", "person_id": id})
            self.assertEqual([e["text"] for e in past["events"]], [text])
            row = ann.done(
                do="seen", person="harry", person_id=id, id=past["events"][0]["id"]
            )
            self.assertEqual(row["event"], "done")
        (listing, _) = ann.do({"do": "command", "line": "/talks"})
        self.assertEqual(
            [(row["person_id"], row["here"]) for row in listing["rows"]],
            [(second, True), (first, False)],
        )

    def test_not_stored(self) -> None:
        """What could not be stored was not sent, and can be sent again safely."""
        ann = self.enter("ann")
        self.store.failing = True
        say = {"do": "say", "text": "hi", "key": "k", "ref": 1}
        (failed,) = ann.do(say)
        self.store.failing = False
        self.assertEqual((failed["code"], failed["ref"]), ("not-stored", 1))
        self.assertEqual(failed["line"], "hi")
        (done,) = ann.do(say)
        self.assertEqual(done["event"], "done")

    def test_private_room(self) -> None:
        """Who comes and goes is told with their rooms, but no private ones."""
        ann, bob = self.member("ann"), self.member("bob")
        for program in (ann, bob):
            program.do({"do": "command", "line": "/join secret"})
            program.do({"do": "command", "line": "/join open"})
        ann.do({"do": "command", "line": "/private", "room": "secret"})
        cho = self.enter("cho")
        ann.events()
        bob.lose()
        bob = self.member("bob")
        for program, rooms in (
            (ann, {"lobby", "secret", "open"}),
            (cho, {"lobby", "open"}),
        ):
            departed, arrived = program.events()
            self.assertEqual(
                (departed["event"], arrived["event"]), ("departed", "arrived")
            )
            self.assertEqual(set(departed["rooms"]), rooms)
            self.assertEqual(set(arrived["rooms"]), rooms)


class CatchingUpTests(DoorCase):
    """Programs learn what they missed."""

    def test_resume(self) -> None:
        """Who comes back is told the state, then what was missed, then that's all."""
        ann, bob = self.member("ann"), self.enter("bob")
        cursor = bob.do({"do": "say", "text": "before"}) and ann.events()[-1]["cursor"]
        ann.lose(clean=False)
        bob.events()
        missed = [bob.done(do="say", text=text)["id"] for text in ("one", "two")]
        bob.do({"do": "whisper", "to": "ann", "text": "psst"})
        program = self.program()
        got = program.do(
            {
                "do": "enter",
                "name": "ann",
                "password": wire.PASSWORD,
                "resume": cursor,
                "ref": 1,
            }
        )
        self.assertEqual(
            [e["event"] for e in got], ["done", "history", "caught-up", "arrived"]
        )
        _, history, caught_up, _ = got
        self.assertEqual(history["why"], "missed")
        self.assertEqual([e["id"] for e in history["events"][:2]], missed)
        self.assertEqual([e["text"] for e in history["events"]], ["one", "two", "psst"])
        self.assertIs(caught_up["gap"], False)
        self.assertEqual(caught_up["cursor"], history["events"][-1]["id"])
        # Nothing was missed from there on.
        program.lose()
        self.member("ann", wire.PASSWORD).lose()
        again = self.enter("ann", password=wire.PASSWORD, resume=caught_up["cursor"])
        self.assertEqual(self.entered[1]["events"], [])
        self.assertEqual(self.entered[2], caught_up)
        again.lose()

    def test_cursor_does_not_run_ahead(self) -> None:
        """Until all that was missed is sent, no cursor is beyond it."""
        ann, bob = self.member("ann"), self.enter("bob")
        ann.lose()
        bob.do({"do": "say", "text": "one"})
        self.enter("ann", password=wire.PASSWORD, resume="0")
        self.assertEqual(self.entered[0]["cursor"], "0")

    def test_gap(self) -> None:
        """When too much was missed, the latest is sent, and history fills the gap."""
        self.patch(entrance, "RESUMED", 3)
        ann, bob = self.member("ann"), self.enter("bob")
        ann.lose()
        sent = [bob.done(do="say", text=str(number))["id"] for number in range(4)]
        ann = self.enter("ann", password=wire.PASSWORD, resume=str(int(sent[0]) - 1))
        _, history, caught_up, _ = self.entered
        self.assertEqual([e["id"] for e in history["events"]], sent[1:])
        self.assertIs(caught_up["gap"], True)
        past, done = ann.do(
            {"do": "history", "room": "lobby", "before": sent[1], "limit": 1, "ref": 3}
        )
        self.assertEqual([e["id"] for e in past["events"]], [sent[0]])
        self.assertEqual((past["ref"], past["more"], done["ref"]), (3, False, 3))
        ann.lose()
        self.enter("ann", password=wire.PASSWORD, resume=sent[0])
        self.assertIs(self.entered[2]["gap"], False)

    def test_bad_cursor(self) -> None:
        """A cursor that the server did not make is refused."""
        program = self.program()
        (failed,) = program.do({"do": "enter", "name": "ann", "resume": "x"})
        self.assertEqual(failed["code"], "bad-request")

    def test_history(self) -> None:
        """History is read in pages, forwards, backwards, and around a message."""
        ann = self.enter("ann")
        sent = [ann.done(do="say", text=str(number))["id"] for number in range(7)]

        def page(**fields: object) -> list[int]:
            past, done = ann.do({"do": "history", "ref": 1, **fields})
            self.assertEqual((past["event"], done["event"]), ("history", "done"))
            return [sent.index(e["id"]) for e in past["events"]]

        self.assertEqual(page(), [0, 1, 2, 3, 4, 5, 6])
        self.assertEqual(page(limit=2), [5, 6])
        self.assertEqual(page(before=sent[3], limit=2), [1, 2])
        self.assertEqual(page(after=sent[3], limit=2), [4, 5])
        self.assertEqual(page(around=sent[3], limit=4), [1, 2, 3, 4])

    def test_search(self) -> None:
        """What was said is found by its words."""
        ann = self.enter("ann")
        ann.do({"do": "say", "text": "the disk is full"})
        past, done = ann.do({"do": "search", "words": "disk", "ref": 2})
        self.assertEqual(past["why"], "search")
        self.assertEqual([e["text"] for e in past["events"]], ["the disk is full"])
        self.assertEqual(done, {"event": "done", "ref": 2})

    def test_seen(self) -> None:
        """What was seen in one session counts as read in all, and never goes back."""
        ann, bob = self.member("ann"), self.member("bob")
        first = bob.done(do="say", text="one")["id"]
        second = bob.done(do="say", text="ann: two")["id"]

        def unread() -> tuple[int, int]:
            self.member("ann").lose()
            room = self.entered[0]["rooms"][0]
            return room["unread"], room["mentions"]

        self.assertEqual(unread(), (2, 1))
        seen = {"do": "seen", "room": "lobby", "id": first, "ref": 1}
        self.assertEqual(ann.do(seen)[-1], {"event": "done", "ref": 1})
        self.assertEqual(unread(), (1, 1))
        ann.do({**seen, "id": second})
        ann.do(seen)
        self.assertEqual(unread(), (0, 0))

    def test_seen_whispers(self) -> None:
        """A private message is read when the person says so, here or not."""
        ann, bob = self.member("ann"), self.member("bob")
        ann.lose()
        sent = bob.done(do="whisper", to="ann", text="psst")["id"]
        bob.lose()
        ann = self.member("ann")
        self.assertEqual(self.entered[0]["whispers"], 1)
        past, _ = ann.do({"do": "history", "person": "bob"})
        self.assertEqual([e["id"] for e in past["events"]], [sent])
        self.assertEqual(
            ann.do({"do": "seen", "person": "bob", "id": sent})[-1]["event"], "done"
        )
        result(self.hub.archive.keep_marks())
        self.member("ann")
        self.assertEqual(self.entered[0]["whispers"], 0)
        (failed,) = ann.do({"do": "seen", "person": "nobody", "id": sent})[-1:]
        self.assertEqual(failed["code"], "not-found")
        cho = self.enter("cho")
        self.assertEqual(
            cho.do({"do": "seen", "id": sent, "ref": 1}),
            [{"event": "done", "ref": 1}],
        )


class BadRequestTests(DoorCase):
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

    def test_abuse(self) -> None:
        """A program that learns nothing from the answers is let go."""
        program = self.program()
        for _ in range(ABUSE - 1):
            program.raw(b"hello\n")
        program.raw(b'{"do":"ping"}\n')
        for _ in range(ABUSE - 1):
            (failed,) = program.raw(b"hello\n")
            self.assertEqual(failed["code"], "bad-request")
        self.assertFalse(program.wire.disconnecting)
        got = program.raw(b"hello\n")
        self.assertEqual(got[-1]["event"], "closing")
        self.assertTrue(program.wire.disconnecting)
        self.assertEqual(program.raw(b'{"do":"ping"}\n'), [])

    def test_long_abuse(self) -> None:
        """Lines that are too long count as well."""
        program = self.program()
        for _ in range(ABUSE):
            program.raw(b"x" * 4097 + b"\n")
        self.assertTrue(program.wire.disconnecting)


class PressureTests(DoorCase):
    """Slow readers and fast writers."""

    rules = Rules()

    def test_slowed(self) -> None:
        """Who sends too fast is slowed: reading stops, and nothing is lost."""
        ann = self.enter("ann")
        requests = [{"do": "ping", "ref": number} for number in range(100)]
        got = ann.do(*requests)
        self.assertEqual(ann.wire.producerState, "paused")
        self.assertLess(len(got), 30)
        for _ in range(100):
            self.clock.advance(0.2)
            got += ann.events()
        answers = [e["ref"] for e in got if e["event"] == "done"]
        self.assertEqual(answers, list(range(100)))
        self.assertEqual(ann.wire.producerState, "producing")

    def test_large(self) -> None:
        """A paste counts as the messages that it could have been; none is lost."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        paste = "\n".join(["x" * 127] * 500)  # 16 times the longest message
        ann.do({"do": "say", "text": paste}, {"do": "say", "text": paste})
        self.assertEqual(len(bob.events()), 1)
        self.clock.advance(2.5)  # of the burst of 20, one was spent on coming in
        self.assertEqual(bob.events(), [])
        self.clock.advance(0.2)
        self.assertEqual([e["text"] for e in bob.events()], [paste])

    def test_small_burst(self) -> None:
        """Who may say little at once may paste, too."""
        self.hub.rules = Rules(request_burst=2)
        ann = self.enter("ann")
        self.clock.advance(1)
        got = ann.do({"do": "say", "text": "x\n" * 30_000, "ref": 1})
        self.assertEqual([e["code"] for e in got], ["too-long"])

    def test_not_read(self) -> None:
        """What a peer does not read is kept, and sent when it reads again."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        bob.wire.producer.pauseProducing()
        for text in ("one", "two"):
            ann.do({"do": "say", "text": text})
        self.assertEqual(bob.events(), [])
        self.assertGreater(bob.protocol.session.unread, 0)
        bob.wire.producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["one", "two"])
        self.assertEqual(bob.protocol.session.unread, 0)
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_full_again(self) -> None:
        """When the transport is full again, the rest stays where it is counted."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        producer = bob.wire.producer
        producer.pauseProducing()
        for text in ("one", "two", "three"):
            ann.do({"do": "say", "text": text})
        write = bob.wire.write

        def full(data: bytes) -> None:
            write(data)
            producer.pauseProducing()

        bob.wire.write = full  # type: ignore[method-assign]
        producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["one"])
        producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["two"])

    def test_never_read(self) -> None:
        """Who reads nothing at all is let go, with mercy at first."""
        self.hub.rules = Rules(throttle=False, outbox_pause=1000, outbox_bytes=5000)
        ann, bob = self.enter("ann"), self.enter("bob")
        bob.wire.producer.pauseProducing()
        while not bob.wire.disconnecting:
            ann.do({"do": "say", "text": "x" * 900})
        self.assertIsNone(bob.wire.producer)
        self.assertFalse(bob.wire.disconnected)
        self.clock.advance(PATIENCE - 0.1)
        self.assertFalse(bob.wire.disconnected)
        self.clock.advance(0.1)
        self.assertTrue(bob.wire.disconnected)
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_paused_reading(self) -> None:
        """Who reads too little is not read from either, until it does."""
        self.hub.rules = Rules(throttle=False, outbox_pause=1000)
        ann, bob = self.enter("ann"), self.enter("bob")
        bob.wire.producer.pauseProducing()
        ann.do({"do": "say", "text": "x" * 700})
        self.assertEqual(bob.wire.producerState, "producing")
        ann.do({"do": "say", "text": "x" * 700})
        self.assertEqual(bob.wire.producerState, "paused")
        bob.wire.producer.resumeProducing()
        self.assertEqual(bob.wire.producerState, "producing")

    def test_stop(self) -> None:
        """The transport may stop what writes: nothing more happens."""
        ann = self.enter("ann")
        ann.wire.producer.stopProducing()
        self.assertFalse(ann.wire.disconnecting)


class EndingTests(DoorCase):
    """Connections end."""

    def test_lost(self) -> None:
        """Others learn that a program left, also when its line broke."""
        ann, bob, cho = [self.enter(name) for name in ("ann", "bob", "cho")]
        ann.events()
        bob.lose()
        (departed,) = ann.events()
        self.assertEqual((departed["event"], departed["person"]), ("departed", "bob"))
        self.assertEqual(departed["reason"], "")
        cho.lose(clean=False)
        (departed,) = ann.events()
        self.assertEqual(departed["reason"], "connection lost")

    def test_half_closed(self) -> None:
        """Who sends no more gets all answers before the connection ends."""
        program = self.program()
        program.protocol.dataReceived(
            b'{"do":"enter","name":"ann","ref":1}\n{"do":"say","text":"hi","ref":2}\n{'
        )
        program.finish()
        program.protocol.writeConnectionLost()
        answers = [e for e in program.events() if e["event"] == "done"]
        self.assertEqual([e["ref"] for e in answers], [1, 2])
        self.assertTrue(program.wire.disconnecting)

    def test_half_closed_slow(self) -> None:
        """So does who reads them slowly."""
        ann = self.enter("ann")
        producer = ann.wire.producer
        producer.pauseProducing()
        ann.protocol.dataReceived(b'{"do":"ping","ref":1}\n')
        ann.finish()
        self.assertEqual(ann.events(), [])
        self.assertFalse(ann.wire.disconnecting)
        producer.resumeProducing()
        self.assertEqual(ann.events(), [{"event": "done", "ref": 1}])
        self.assertTrue(ann.wire.disconnecting)

    def test_last_words(self) -> None:
        """Whole lines that came before the line broke are carried out."""
        self.hub.rules = Rules()
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        lines = b"".join(
            json.dumps({"do": "say", "text": str(number)}).encode() + b"\n"
            for number in range(80)
        )
        ann.protocol.dataReceived(lines + b'{"do":"say","text":"half"')
        self.assertEqual(ann.wire.producerState, "paused")
        ann.lose()
        got = []
        for _ in range(100):
            self.clock.advance(0.2)
            got += bob.events()
        said = [e["text"] for e in got if e["event"] == "said"]
        self.assertEqual(said, [str(number) for number in range(80)])
        self.assertEqual(got[-1]["event"], "departed")

    def test_too_many_last_words(self) -> None:
        """Who is gone does not go on talking for half an hour."""
        self.hub.rules = Rules()
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        ann.protocol.dataReceived(b'{"do":"say","text":"I am a flood"}\n' * 1000)
        ann.lose()
        got = bob.events()
        for _ in range(30):
            self.clock.advance(1)
            got += bob.events()
        self.assertEqual(got[-1]["event"], "departed")
        self.assertGreaterEqual(len(got), 100)

    def test_quit(self) -> None:
        """A program may say that it leaves."""
        ann = self.enter("ann")
        got = ann.do({"do": "command", "line": "/quit", "ref": 9})
        self.assertTrue(ann.wire.disconnecting)
        self.assertEqual([e["event"] for e in got], ["closing"])
        ann.protocol.hang_up()  # once is enough
        ann.lose()
        self.clock.advance(PATIENCE)
        self.assertFalse(ann.wire.disconnected)

    def test_closing(self) -> None:
        """
        When the server stops, what is in flight is stored, shown and answered;
        nothing more is accepted; then the connection ends.
        """
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        self.store.hold()
        ann.do({"do": "say", "text": "last", "ref": 1})
        closing = Deferred.fromCoroutine(self.hub.close("Good night.", 10))
        (closed,) = bob.events()
        self.assertEqual(
            closed,
            {"event": "closing", "text": "Good night.", "seconds": 10, "retry": 30},
        )
        got = ann.do({"do": "say", "text": "late", "ref": 2}, {"do": "ping", "ref": 3})
        self.assertFalse(ann.wire.disconnecting)
        self.store.release()
        got += ann.events()
        answers = [(e["event"], e.get("ref")) for e in got]
        self.assertEqual(
            answers, [("closing", None), ("done", 1), ("failed", 2), ("done", 3)]
        )
        self.assertEqual(got[2]["code"], "closed")
        self.assertEqual(bob.events()[0]["event"], "said")
        self.assertTrue(ann.wire.disconnecting)
        self.successResultOf(closing)


class LivenessTests(DoorCase):
    """Dead peers are noticed."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / ROUND)):
            self.clock.advance(ROUND)

    def test_silent(self) -> None:
        """A silent peer is asked once; one that answers stays."""
        ann = self.enter("ann")
        self.wait(SILENCE - ROUND)
        self.assertEqual(ann.events(), [])
        self.wait(ROUND)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.wait(SILENCE - ROUND)
        self.assertEqual(ann.events(), [])
        ann.raw(b"\n")
        self.wait(SILENCE)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.assertFalse(ann.wire.disconnecting)

    def test_dead(self) -> None:
        """One that does not answer is let go, and others are told."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        self.wait(DEAD / 2)
        bob.raw(b"\n")
        self.wait(DEAD / 2 - ROUND)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)
        self.assertEqual(ann.events()[-1]["event"], "closing")
        self.assertEqual({e["event"] for e in bob.events()}, {"ping", "departed"})
        self.wait(ROUND)

    def test_setting(self) -> None:
        """The operator may choose another time."""
        self.factory.programs.dead_after = 300.0
        ann = self.enter("ann")
        self.wait(295)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_short_setting(self) -> None:
        """Even if that is short, one is asked before."""
        self.factory.programs.dead_after = 20.0
        ann = self.enter("ann")
        self.wait(10)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.wait(ROUND)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_late(self) -> None:
        """A look that comes late lets nobody go who was not asked before."""
        self.factory.programs.dead_after = 10.0
        ann = self.enter("ann")
        self.clock.advance(ROUND - 0.01)  # heard a moment after the round began
        ann.raw(b"\n")
        self.clock.advance(0.01)
        self.clock.advance(2 * ROUND)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_nobody(self) -> None:
        """While nobody is there nobody is looked after."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.lose()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        bob.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class FactoryTests(DoorCase):
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
