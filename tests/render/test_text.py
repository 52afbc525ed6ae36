"""Tests for L{chatd.render.text} and L{chatd.render.paint}."""

import os
import re
import time
from collections.abc import Iterator
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import links
from chatd.chat.account import Person, Role, Theme, Timestamps
from chatd.chat.clean import clean_block
from chatd.chat.events import (
    Act,
    Announced,
    Answer,
    Arrived,
    AwayChanged,
    CaughtUp,
    Closing,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Handed,
    Invited,
    Joined,
    Killed,
    Left,
    Listing,
    LockdownChanged,
    Marked,
    Moderated,
    MotdChanged,
    Notice,
    Past,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    RoomView,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
    Unshared,
    Welcome,
    Whispered,
)
from chatd.chat.links import Links
from chatd.chat.look import Look, look
from chatd.chat.short_ids import short_id
from chatd.render import text
from chatd.render.text import NAMED, render
from chatd.testing import NOON

ANN = Person(1, "ann", guest=False)
BOB = Person(2, "bob")

UTC = ZoneInfo("UTC")
FULL = look(render, zone=UTC)
SHORT = look(render, zone=UTC, timestamps=Timestamps.SHORT)
OFF = look(render, zone=UTC, timestamps=Timestamps.OFF)
COLOUR = look(render, zone=UTC, colour=True)
BELL = look(render, zone=UTC, bell=True)
ECHO = look(render, zone=UTC, echo=True)

AT = "[2026-11-21 12:00:00] "
STAMP: dict[str, Any] = {"id": 7224, "time": NOON}
FILE: dict[str, Any] = {
    "file": "f00d",
    "name": "plan.txt",
    "size": 84_000,
    "mime": "text/plain",
    "sha256": "ab12",
    "expires": 1.5,
}
GONE: dict[str, Any] = {"file": "f00d", "name": "plan.txt"}
UNTIL = NOON + 3600
REFUSE = f"/files refuse {short_id(7224)}"
SHOW = f"/show {short_id(7224)}"


def moderated(act: Act, until: float = 0.0, reason: str = "") -> Moderated:
    """Something that ann does to bob."""
    return Moderated(
        room="ops",
        sender=ANN,
        act=act,
        person=BOB,
        until=until,
        reason=reason,
        **STAMP,
    )


def said(text: str, room: str = "lobby") -> Said:
    """Something that ann says."""
    return Said(room=room, sender=ANN, text=text, **STAMP)


def whispered(text: str) -> Whispered:
    """Something that ann tells bob."""
    return Whispered(sender=ANN, to=BOB, text=text, **STAMP)


# What was said, as it reads behind the time.
SPOKEN: list[tuple[Event, str]] = [
    (said("hi dan"), "ann: hi dan"),
    (
        said("one\ntwo\nthree"),
        f"ann pasted 3 lines — {SHOW}",
    ),
    (Emoted(room="lobby", sender=ANN, text="waves", **STAMP), "** ann waves"),
    (whispered("psst"), "ann -> bob: psst"),
    (whispered("one\ntwo"), f"ann -> bob pasted 2 lines — {SHOW}"),
]

# What happened, likewise.
HAPPENED: list[tuple[Event, str]] = [
    (Announced(sender=ANN, text="tea", **STAMP), "ann to all: tea"),
    (Arrived(person=BOB, rooms=("lobby",), **STAMP), "bob has joined the chat."),
    (Departed(person=BOB, rooms=(), **STAMP), "bob has left the chat."),
    (
        Departed(person=BOB, rooms=(), reason="connection lost", **STAMP),
        "bob has left the chat: connection lost",
    ),
    (Joined(room="ops", person=BOB, **STAMP), "bob has joined ops."),
    (Left(room="ops", person=BOB, **STAMP), "bob has left ops."),
    (Left(room="ops", person=BOB, reason="tea", **STAMP), "bob has left ops: tea"),
    (AwayChanged(person=BOB, text="tea", **STAMP), "bob is away: tea"),
    (AwayChanged(person=BOB, text="", **STAMP), "bob is away."),
    (AwayChanged(person=BOB, text=None, **STAMP), "bob is back."),
    (
        Renamed(person=BOB, now=Person(2, "rob"), **STAMP),
        "bob is called rob now.",
    ),
    (
        Renamed(person=BOB, now=Person(2, "bob", guest=False), **STAMP),
        "bob is registered now.",
    ),
    (
        TopicChanged(room="ops", sender=ANN, text="fire", **STAMP),
        "ann set the topic of ops: fire",
    ),
    (
        TopicChanged(room="ops", sender=ANN, text="", **STAMP),
        "ann cleared the topic of ops.",
    ),
    (
        RoomChanged(room="ops", sender=ANN, private=True, history=True, **STAMP),
        "ann changed ops: it is private, and what is said is kept.",
    ),
    (
        RoomChanged(room="ops", sender=ANN, private=False, history=False, **STAMP),
        "ann changed ops: it is public, and what is said is NOT kept.",
    ),
    (
        Invited(room="ops", sender=ANN, person=BOB, **STAMP),
        "ann invited bob to ops.",
    ),
    (moderated(Act.KICK), "ann put bob out of ops."),
    (moderated(Act.KICK, reason="loud"), "ann put bob out of ops: loud"),
    (moderated(Act.MUTE), "ann muted bob in ops for ever."),
    (
        moderated(Act.MUTE, UNTIL, "loud"),
        "ann muted bob in ops until 2026-11-21 13:00: loud",
    ),
    (moderated(Act.UNMUTE), "ann lets bob speak in ops again."),
    (moderated(Act.BAN, UNTIL), "ann banned bob from ops until 2026-11-21 13:00."),
    (moderated(Act.UNBAN), "ann lifted the ban of bob from ops."),
    (moderated(Act.APPOINT), "ann made bob a moderator of ops."),
    (moderated(Act.DISMISS), "bob is no moderator of ops any more, by ann."),
    (
        RoleChanged(sender=ANN, person=BOB, role=Role.OPERATOR, **STAMP),
        "bob is an operator now, by ann.",
    ),
    (
        RoleChanged(sender=ANN, person=BOB, role=Role.MEMBER, **STAMP),
        "bob is no operator now, by ann.",
    ),
    (
        ServerBanned(
            sender=ANN, target="account:bob", shown="bob", until=UNTIL, **STAMP
        ),
        "ann banned bob from the server until 2026-11-21 13:00.",
    ),
    (
        ServerUnbanned(sender=ANN, target="account:bob", shown="bob", **STAMP),
        "ann lifted the ban of bob.",
    ),
    (
        Killed(sender=ANN, person=BOB, reason="loud", **STAMP),
        "ann ended the sessions of bob: loud",
    ),
    (
        LockdownChanged(sender=ANN, on=True, **STAMP),
        "ann locked the server down: only members come in, and nobody registers.",
    ),
    (LockdownChanged(sender=ANN, on=False, **STAMP), "ann ended the lock-down."),
    (
        MotdChanged(sender=ANN, text="tea at four", **STAMP),
        "ann set the message of the day: tea at four",
    ),
    (
        MotdChanged(sender=ANN, text="", **STAMP),
        "ann cleared the message of the day.",
    ),
    (
        Shared(room="ops", sender=ANN, **FILE, **STAMP),
        "ann shares plan.txt (84 kB): /files tells how to get it.",
    ),
    (
        Handed(to=BOB, sender=ANN, **FILE, **STAMP),
        "You share plan.txt (84 kB) with bob.",
    ),
    (
        Handed(to=ANN, sender=BOB, **FILE, **STAMP),
        f"bob shares plan.txt (84 kB) with you (or refuse it: {REFUSE}): /files tells "
        "how to get it.",
    ),
    (
        Unshared(room="ops", sender=ANN, owner=BOB, **GONE, **STAMP),
        "ann removed plan.txt.",
    ),
    (
        Unshared(to=BOB, sender=BOB, owner=ANN, **GONE, **STAMP),
        "bob does not want plan.txt.",
    ),
    (
        Unshared(to=ANN, sender=ANN, owner=BOB, **GONE, **STAMP),
        "You do not want plan.txt.",
    ),
    (
        Unshared(to=ANN, sender=BOB, owner=BOB, **GONE, **STAMP),
        "bob removed plan.txt.",
    ),
]

NAMES = ("ann", "bob", "cho")
LOBBY = RoomView("lobby", "", NAMES)

# Answers, line by line.
ANSWERS: list[tuple[Answer, list[str]]] = [
    (Notice("one\ntwo"), ["* one", "* two"]),
    (
        Failed("unknown-command", "There is no /jion.", "/jion ops"),
        ["! There is no /jion. Your line was not sent: /jion ops"],
    ),
    (
        Failed("muted", "You are muted: loud", "hi"),
        ["! You are muted: loud. Your line was not sent: hi"],
    ),
    (
        Failed("too-long", "A paste has at most 2 lines.", "one\ntwo\nthree"),
        ["! A paste has at most 2 lines. Your 3 lines were not sent."],
    ),
    (Failed("usage", "Type it like this: /me TEXT"), ["! Type it like this: /me TEXT"]),
    (
        Failed("password-needed", "ann belongs to somebody."),
        ["* ann belongs to somebody."],
    ),
    (Done(), []),
    (Done(event=Said(room="lobby", sender=ANN, text="hi", **STAMP)), []),
    (Done(event=Joined(room="ops", person=ANN, **STAMP)), []),
    (
        Done(event=Emoted(room="lobby", sender=ANN, text="waves", **STAMP)),
        [f"{AT}** ann waves"],
    ),
    (
        Done(event=Whispered(sender=ANN, to=BOB, text="psst", **STAMP)),
        [f"{AT}you -> bob: psst"],
    ),
    (
        Greeting("chat.example", "1", NAMES, False, "openssl …", True, "open", {}),
        [
            "* Welcome to chatd at chat.example. 3 people are here: ann, bob, cho.",
            "* This line is NOT encrypted. To encrypt: openssl …",
            "* Type a name to come in, or /login NAME PASSWORD, "
            "or /register NAME PASSWORD. /help for more.",
        ],
    ),
    (
        Greeting("chat.example", "1", (), False, "ssh …", True, "open", {}, False),
        [
            "* Welcome to chatd at chat.example. Nobody is here yet.",
            "* This line is NOT encrypted: it takes no passwords. To encrypt: ssh …",
            "* Type a name to come in. /help for more.",
        ],
    ),
    (
        Greeting("chat.example", "1", (), False, "", False, "open", {}, False),
        [
            "* Welcome to chatd at chat.example.",
            "* This line is NOT encrypted: it takes no passwords.",
            "* Nobody comes in by this line. /help for more.",
        ],
    ),
    (
        Greeting("chat.example", "1", (), True, "", False, "invitation", {}),
        [
            "* Welcome to chatd at chat.example.",
            "* This line is encrypted.",
            "* /login NAME PASSWORD, or /register NAME PASSWORD CODE. /help for more.",
        ],
    ),
    (
        Greeting("chat.example", "1", ("ann",), False, "", True, "closed", {}),
        [
            "* Welcome to chatd at chat.example. 1 person is here: ann.",
            "* This line is NOT encrypted.",
            "* Type a name to come in, or /login NAME PASSWORD. /help for more.",
        ],
    ),
    (
        Welcome(BOB, Role.GUEST, "1", (LOBBY,), NAMES),
        ["* You are bob, a guest.", "* 3 people in lobby: ann, bob, cho"],
    ),
    (
        Welcome(
            ANN,
            Role.MEMBER,
            "1",
            (LOBBY, RoomView("ops", "", ("ann",), unread=41, mentions=3)),
            NAMES,
            whispers=2,
            motd="Tea\nat four.",
        ),
        [
            "* Tea",
            "* at four.",
            "* You are ann, a member.",
            "* 3 people in lobby: ann, bob, cho",
            "* You are also in: ops. /join ROOM to speak there.",
            "* While you were away: 2 private messages, 3 mentions, 41 in #ops. "
            "/catchup shows them.",
        ],
    ),
    (
        Welcome(ANN, Role.OPERATOR, "1", (), NAMES, whispers=1),
        [
            "* You are ann, an operator.",
            "* While you were away: 1 private message. /catchup shows them.",
        ],
    ),
    (
        Entered(RoomView("ops", "fire", ("ann",), private=True, history=False)),
        [
            "* 1 person in ops: ann",
            "* Topic: fire",
            "* ops is private.",
            "* What is said in ops is NOT kept: its history is off.",
        ],
    ),
    (
        Listing("rooms", "2 rooms:", ("lobby: 3 people", "ops: 1 person")),
        ["* 2 rooms:", "* lobby: 3 people", "* ops: 1 person"],
    ),
    (
        Past("latest", (SPOKEN[0][0], HAPPENED[0][0]), room="lobby"),
        [
            "* What was said last in lobby:",
            f"{AT}ann: hi dan",
            f"{AT}ann to all: tea",
        ],
    ),
    (Past("search", (), "Found:"), ["* Found:"]),
    (Past("history", ()), ["* There is nothing."]),
    (Past("missed", ()), []),
    (CaughtUp(False, "9"), []),
    (Marked(9, room="ops"), []),
    (Closing("Bye.", 3.0), ["* Bye."]),
]


def lines(
    event: Event | Answer,
    look: Look = FULL,
    *,
    here: bool = True,
    reader: Person | None = ANN,
) -> list[str]:
    """What somebody reads."""
    text = render(event, look, here, reader).decode()
    if not text:
        return []
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


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

    def test_happened(self) -> None:
        """What happened is a sentence behind the time."""
        for event, words in HAPPENED:
            self.assertEqual(lines(event), [AT + words])

    def test_answers(self) -> None:
        """The server's own words begin with a star, refusals with a bang."""
        for answer, expected in ANSWERS:
            self.assertEqual(lines(answer), expected)

    def test_opened(self) -> None:
        """Who opens a room reads that it was entered: no second line for that."""
        opened = RoomOpened(room="ops", sender=BOB, **STAMP)
        self.assertEqual(lines(opened), [])

    def test_all(self) -> None:
        """No kind of event or answer is missing above."""
        tested = {type(event) for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS)}
        self.assertEqual(tested | {RoomOpened}, {*kinds(Event), *kinds(Answer)})

    def test_crowd(self) -> None:
        """Of more than thirty people only the count is told."""
        many = tuple(f"p{number}" for number in range(NAMED + 1))
        for names, expected in (
            (many[:NAMED], f"* 30 people in lobby: {', '.join(many[:NAMED])}"),
            (many, "* 31 people in lobby"),
        ):
            self.assertEqual(lines(Entered(RoomView("lobby", "", names))), [expected])
        for names, expected in (
            (many[:NAMED], f"30 people are here: {', '.join(many[:NAMED])}."),
            (many, "31 people are here."),
            ((), "Nobody is here yet."),
        ):
            greeting = Greeting("here", "1", names, True, "", True, "open", {})
            self.assertIn(expected, lines(greeting)[0])


class FileTests(SynchronousTestCase):
    """Who reads of a file is shown how to fetch it, by a link of their own."""

    LOOK = look(
        render, zone=UTC, links=Links(b"key", "https://chat.example:5050", "-k")
    )

    def test_room(self) -> None:
        """The line is for this reader; in another room it says where."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        mine = f"curl -OJ https://chat.example:5050/file/{short_id(7224)}/"
        for reader in (ANN, BOB):
            grant = f"{links.grant(b'key', 7224, reader.id)}/plan.txt -f -k"
            self.assertEqual(
                lines(shared, self.LOOK, reader=reader),
                [f"{AT}bob shares plan.txt (84 kB): {mine}{grant}"],
            )
        (line,) = lines(shared, self.LOOK, here=False)
        self.assertIn("plan.txt (84 kB) in ops: curl", line)

    def test_nobody(self) -> None:
        """Without a reader there is no link: it would be good for nobody."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        (line,) = lines(shared, self.LOOK, reader=None)
        self.assertTrue(line.endswith(": /files tells how to get it."))

    def test_past(self) -> None:
        """What is shown again has links, too."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        past = Past("history", (shared,), room="ops")
        self.assertEqual(
            lines(past, self.LOOK, reader=ANN), lines(shared, self.LOOK, reader=ANN)
        )

    def test_harmless(self) -> None:
        """Whatever a file is called, the line to paste is one of curl and no more."""
        for name in ("$(reboot)", "a;b|c&d", "`x`", "' -o '/etc/x", "../../x", "-o"):
            shared = Shared(room="ops", sender=BOB, **FILE | {"name": name}, **STAMP)
            (line,) = lines(shared, self.LOOK)
            pasted = line.partition("): ")[2]
            self.assertRegex(pasted, r"^curl -OJ https://[a-z0-9.:/A-Z_-]+ -f -k$")


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
        before = os.environ.get("TZ")

        def move(zone: str | None) -> None:
            if zone is None:
                del os.environ["TZ"]
            else:
                os.environ["TZ"] = zone
            time.tzset()
            text._moment.cache_clear()

        move("Asia/Tokyo")
        self.addCleanup(move, before)
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

    def test_invited(self) -> None:
        """Who is invited reads what to type."""
        invited = Invited(room="ops", sender=ANN, person=BOB, **STAMP)
        self.assertEqual(
            lines(invited, reader=BOB), [f"{AT}ann invites you to ops: /join ops"]
        )


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


class PaintTests(SynchronousTestCase):
    """Colours dress the same words."""

    def test_same_words(self) -> None:
        """Painted and plain, every line has the same words."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            painted = "\n".join(lines(event, COLOUR))
            self.assertEqual(
                re.sub("\x1b\\[[0-9;]*m", "", painted), "\n".join(lines(event))
            )

    def test_whole_lines(self) -> None:
        """No colour reaches beyond its line."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            for line in lines(event, COLOUR):
                begun = line.count("\x1b[") - line.count("\x1b[0m")
                self.assertEqual(begun, line.count("\x1b[0m"), line)

    def test_name(self) -> None:
        """A name keeps its colour, whatever its case, and two are often different."""
        colours = set()
        for number in range(20):
            one = Said(room="l", sender=Person(1, f"p{number}"), text="", **STAMP)
            two = Said(room="l", sender=Person(1, f"P{number}"), text="", **STAMP)
            colour = re.findall(rb"38;5;(\d+)m", render(one, COLOUR, True, None))
            self.assertEqual(len(colour), 1)
            self.assertIn(b"38;5;%bm" % colour[0], render(two, COLOUR, True, None))
            colours.add(colour[0])
        self.assertGreater(len(colours), 7)

    def test_themes(self) -> None:
        """Each theme has styles of its own, and mono has no colours."""
        styles = {}
        for theme in Theme:
            look_ = look(render, zone=UTC, colour=True, theme=theme)
            shown = b"".join(render(event, look_, True, BOB) for event, _ in SPOKEN)
            styles[theme] = set(re.findall(rb"\x1b\[([0-9;]+)m", shown))
        self.assertEqual(len(set(map(frozenset, styles.values()))), len(Theme))
        self.assertLessEqual(styles[Theme.MONO], {b"0", b"1", b"2"})

    def test_plain(self) -> None:
        """Without colour there is no escape at all."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            self.assertNotIn(b"\x1b", render(event, FULL, True, ANN))


# One of those lines that somebody would like others to take for another's.
FORGED = "\r\n* The server stops.\r\n! No.\r\n[2026-11-21 12:00:00] bob: I did it"


class ForgeryTests(SynchronousTestCase):
    """Nobody can speak as somebody else, or as the server."""

    def check(self, text: str) -> None:
        """What ann wants to say, in all the ways that she can, begins as hers."""
        text = clean_block(text)
        for look_, when in ((FULL, re.escape(AT)), (OFF, "")):
            hers = re.compile(
                f"{when}(#ops )?(ann|ann -> bob)(: | pasted [0-9]+ lines|:$)"
            )
            for here in (True, False):
                for event in (said(text, "ops"), whispered(text)):
                    (line,) = lines(event, look_, here=here, reader=None)
                    self.assertRegex(line, hers)
                    whole = Past("paste", (event,))
                    first, *others = lines(whole, look_, here=here, reader=None)
                    self.assertRegex(first, hers)
                    for other in others:
                        self.assertTrue(other.startswith("    "), other)

    def test_forged(self) -> None:
        """Lines within lines are set in, or folded."""
        self.check(FORGED)

    @given(st.text())
    def test_any(self, text: str) -> None:
        """Whatever is said, its line begins with who said it."""
        self.check(text)

    def test_odd(self) -> None:
        """Half a character becomes a question mark, and keeps nothing back."""
        self.assertEqual(lines(said("a\ud800b")), [f"{AT}ann: a?b"])
