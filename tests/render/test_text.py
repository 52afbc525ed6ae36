"""Tests for L{chatd.render.text}."""

from collections.abc import Iterator
from typing import Any, get_args
from zoneinfo import ZoneInfo

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import (
    Act,
    Answer,
    Arrived,
    Departed,
    Done,
    Emoted,
    Event,
    Joined,
    Past,
    RoomOpened,
)
from chatd.chat.look import Look, look
from chatd.render import text
from chatd.render.text import render
from tests.render.samples import (
    ANN,
    ANSWERS,
    AT,
    BELL,
    BOB,
    COLOUR,
    ECHO,
    FULL,
    HAPPENED,
    OFF,
    SHORT,
    SHOW,
    SPOKEN,
    STAMP,
    UNTIL,
    lines,
    moderated,
    said,
    whispered,
)
from tests.zone import be_in


def kinds(union: Any) -> Iterator[type]:
    """The classes of a union of unions."""
    for kind in get_args(union):
        yield from kinds(kind) if get_args(kind) else [kind]


class FoldTests(SynchronousTestCase):
    """A crowd is told of in one line."""

    def fold(self, came: int, went: int, style: Look = FULL) -> str:
        """What is told of so many."""
        events: list[Event] = [Arrived(person=BOB, rooms=(), **STAMP)] * came
        events += [Departed(person=BOB, rooms=(), **STAMP)] * went
        return text.fold(events, style).decode()

    def test_numbers(self) -> None:
        """It says how many came, and how many went."""
        self.assertEqual(
            self.fold(1214, 0), f"{AT}1,214 people have joined the chat.\r\n"
        )
        self.assertEqual(self.fold(0, 30), f"{AT}30 people have left the chat.\r\n")
        self.assertEqual(
            self.fold(1, 30),
            f"{AT}1 person has joined the chat, and 30 people have left the chat.\r\n",
        )

    def test_no_time(self) -> None:
        """Without times it is the server who speaks."""
        self.assertEqual(self.fold(20, 0, OFF), "* 20 people have joined the chat.\r\n")


class WordsTests(SynchronousTestCase):
    """People read sentences."""

    def test_spoken(self) -> None:
        """What somebody said stands behind the time and the name."""
        for event, words in SPOKEN:
            self.assertEqual(lines(event, reader=None), [AT + words])

    def test_answers(self) -> None:
        """The server's own words begin with a star, refusals with a bang."""
        for answer, expected in ANSWERS:
            self.assertEqual(lines(answer), expected)

    def test_all(self) -> None:
        """No kind of event or answer is missing above."""
        tested = {type(event) for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS)}
        self.assertEqual(tested | {RoomOpened}, {*kinds(Event), *kinds(Answer)})


class TimeTests(SynchronousTestCase):
    """Everybody sees times as they like, in their own zone."""

    def test_full(self) -> None:
        """The time is shown to the second."""
        self.assertEqual(lines(said("hi")), ["[2026-11-21 12:00:00] ann: hi"])

    def test_short(self) -> None:
        """The time is shown to the minute."""
        self.assertEqual(lines(said("hi"), SHORT), ["[12:00] ann: hi"])
        joined = Joined(room="ops", person=BOB, **STAMP)
        self.assertEqual(lines(joined, SHORT), ["[12:00] bob has joined ops."])

    def test_off(self) -> None:
        """Without times, the star tells what happened from what was said."""
        self.assertEqual(lines(said("hi"), OFF), ["ann: hi"])
        joined = Joined(room="ops", person=BOB, **STAMP)
        self.assertEqual(lines(joined, OFF), ["* bob has joined ops."])

    def test_zone(self) -> None:
        """Berlin is an hour ahead, in winter; a ban's end is told so as well."""
        berlin = look(render, zone=ZoneInfo("Europe/Berlin"))
        self.assertEqual(lines(said("hi"), berlin), ["[2026-11-21 13:00:00] ann: hi"])
        self.assertEqual(
            lines(moderated(Act.BAN, UNTIL), berlin),
            ["[2026-11-21 13:00:00] ann banned bob from ops until 2026-11-21 14:00."],
        )

    def test_server_zone(self) -> None:
        """Without a choice, times are those of the machine."""
        for known in (text._moment, text._begin):
            known.cache_clear()
            self.addCleanup(known.cache_clear)
        be_in(self, "Asia/Tokyo")
        self.assertEqual(
            lines(said("hi"), look(render)), ["[2026-11-21 21:00:00] ann: hi"]
        )


class PlaceTests(SynchronousTestCase):
    """A person in several rooms sees where something was said."""

    def test_here(self) -> None:
        """The current room is not named."""
        self.assertEqual(lines(said("hi")), [f"{AT}ann: hi"])

    def test_elsewhere(self) -> None:
        """Another room stands before the name."""
        self.assertEqual(lines(said("hi", "ops"), here=False), [f"{AT}#ops ann: hi"])
        emoted = Emoted(room="ops", sender=ANN, text="waves", **STAMP)
        self.assertEqual(lines(emoted, here=False), [f"{AT}#ops ** ann waves"])
        self.assertEqual(
            lines(said("a\nb", "ops"), here=False),
            [f"{AT}#ops ann pasted 2 lines — {SHOW}"],
        )

    def test_found(self) -> None:
        """What was found in many rooms names each; what is asked of one does not."""
        both = (said("hi"), said("fire", "ops"))
        self.assertEqual(
            lines(Past("search", both)),
            [f"{AT}#lobby ann: hi", f"{AT}#ops ann: fire"],
        )
        self.assertEqual(
            lines(Past("history", both[1:], room="ops"), here=False),
            [f"{AT}ann: fire"],
        )


class PerspectiveTests(SynchronousTestCase):
    """Private messages read from where the reader sits."""

    def test_sender(self) -> None:
        """Who told it reads whom it went to."""
        self.assertEqual(
            lines(whispered("psst"), reader=ANN), [f"{AT}you -> bob: psst"]
        )

    def test_receiver(self) -> None:
        """Who is told it reads whom it came from."""
        self.assertEqual(
            lines(whispered("psst"), reader=BOB), [f"{AT}ann -> you: psst"]
        )

    def test_past(self) -> None:
        """It reads the same when it is shown again."""
        past = Past("search", (whispered("psst"),))
        self.assertEqual(lines(past, reader=BOB), [f"{AT}ann -> you: psst"])


class PasteTests(SynchronousTestCase):
    """Many lines at once take one line, until somebody asks for them."""

    def test_whole(self) -> None:
        """A paste that was asked for is shown with each line set in."""
        for name in ("paste", "log"):
            self.assertEqual(
                lines(Past(name, (said("one\n\ntwo"),), room="lobby")),
                [f"{AT}ann:", "    one", "    ", "    two"],
            )

    def test_whole_whisper(self) -> None:
        """So is one that was told in private."""
        self.assertEqual(
            lines(Past("paste", (whispered("one\ntwo"),)), reader=BOB),
            [f"{AT}ann -> you:", "    one", "    two"],
        )

    def test_history(self) -> None:
        """In the history it stays folded."""
        self.assertEqual(
            lines(Past("history", (said("one\ntwo"),), room="lobby")),
            [f"{AT}ann pasted 2 lines — {SHOW}"],
        )


class AttentionTests(SynchronousTestCase):
    """Whoever wants to be called is called."""

    def test_bell(self) -> None:
        """The bell rings when somebody is named or told something in private."""
        for event in (
            said("bob!"),
            Emoted(room="lobby", sender=ANN, text="pokes bob", **STAMP),
            whispered("psst"),
        ):
            self.assertEqual(
                lines(event, BELL, reader=BOB), [lines(event, reader=BOB)[0] + "\a"]
            )

    def test_silence(self) -> None:
        """It does not ring for others, for oneself, for history, or unasked."""
        for quiet in (
            render(said("bob!"), BELL, True, None),
            render(said("bob!"), BELL, True, ANN),
            render(said("bob!"), FULL, True, BOB),
            render(whispered("psst"), BELL, True, ANN),
            render(Past("history", (said("bob!"),)), BELL, True, BOB),
        ):
            self.assertNotIn(b"\a", quiet)

    def test_strong(self) -> None:
        """In colour, words that name the reader are bold, and only for that one."""
        self.assertIn(b"\x1b[1mbob!\x1b[0m", render(said("bob!"), COLOUR, True, BOB))
        self.assertNotIn(b"\x1b[1m", render(said("bob!"), COLOUR, True, None))


class EchoTests(SynchronousTestCase):
    """Where the editor takes a line away, it comes back as others see it."""

    def test_said(self) -> None:
        """What one said oneself stands among the others' words."""
        self.assertEqual(lines(Done(event=said("hi")), ECHO), [f"{AT}ann: hi"])
