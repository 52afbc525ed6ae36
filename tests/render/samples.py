"""All that can be shown, and how it reads."""

from typing import Any
from zoneinfo import ZoneInfo

from chatd.chat.account import Person, Role, Timestamps
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
from chatd.chat.look import Look, look
from chatd.chat.short_ids import short_id
from chatd.render.text import render
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
    (
        Past(
            "history",
            (
                Said(room="ops", sender=BOB, text="hi", **STAMP),
                Said(room="ops", sender=BOB, text="1\n2", **STAMP),
                Emoted(room="ops", sender=BOB, text="waves", **STAMP),
                Whispered(sender=BOB, to=ANN, text="psst", **STAMP),
                Whispered(sender=ANN, to=BOB, text="what?", **STAMP),
            ),
            room="ops",
        ),
        [
            f"{AT}bob (guest): hi",
            f"{AT}bob (guest) pasted 2 lines — /show {short_id(7224)}",
            f"{AT}** bob (guest) waves",
            f"{AT}bob (guest) -> you: psst",
            f"{AT}you -> bob (guest): what?",
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
