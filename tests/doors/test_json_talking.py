"""Programs talk."""

from chatd.testing import join, type_in
from tests.doors.program import ProgramCase


class TalkingTests(ProgramCase):
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
        share = {"do": "share", "to": "harry", "name": "x.txt", "to_id": first}
        (failed,) = ann.do(share)
        self.assertEqual(failed["text"], "harry is somebody else by now.")
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
