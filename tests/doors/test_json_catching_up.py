"""Programs learn what they missed."""

from chatd.chat import reception
from chatd.testing import result
from tests.chatting import PASSWORD
from tests.doors.program import ProgramCase


class CatchingUpTests(ProgramCase):
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
                "password": PASSWORD,
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
        self.member("ann", PASSWORD).lose()
        again = self.enter("ann", password=PASSWORD, resume=caught_up["cursor"])
        self.assertEqual(self.entered[1]["events"], [])
        self.assertEqual(self.entered[2], caught_up)
        again.lose()

    def test_cursor_does_not_run_ahead(self) -> None:
        """Until all that was missed is sent, no cursor is beyond it."""
        ann, bob = self.member("ann"), self.enter("bob")
        ann.lose()
        bob.do({"do": "say", "text": "one"})
        self.enter("ann", password=PASSWORD, resume="0")
        self.assertEqual(self.entered[0]["cursor"], "0")

    def test_gap(self) -> None:
        """When too much was missed, the latest is sent, and history fills the gap."""
        self.patch(reception, "RESUMED", 3)
        ann, bob = self.member("ann"), self.enter("bob")
        ann.lose()
        sent = [bob.done(do="say", text=str(number))["id"] for number in range(4)]
        ann = self.enter("ann", password=PASSWORD, resume=str(int(sent[0]) - 1))
        _, history, caught_up, _ = self.entered
        self.assertEqual([e["id"] for e in history["events"]], sent[1:])
        self.assertIs(caught_up["gap"], True)
        past, done = ann.do(
            {"do": "history", "room": "lobby", "before": sent[1], "limit": 1, "ref": 3}
        )
        self.assertEqual([e["id"] for e in past["events"]], [sent[0]])
        self.assertEqual((past["ref"], past["more"], done["ref"]), (3, False, 3))
        ann.lose()
        self.enter("ann", password=PASSWORD, resume=sent[0])
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
