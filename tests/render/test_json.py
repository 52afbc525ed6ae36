"""Tests for L{chatd.render.json}."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person, Role
from chatd.chat.events import (
    KEPT,
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
from chatd.chat.links import Links, grant
from chatd.chat.look import look
from chatd.chat.short_ids import short_id
from chatd.render.json import PING, RETRY, render
from tests.render.samples import ANN, BOB, FILE, GONE

STAMP = {"id": "7224", "time": 1795262400.123}
AT = {"id": 7224, "time": 1795262400.1234}

VIEW = RoomView("ops", "fire", ("ann", "bob"), True, False, 3, 1, 7)
ROOM = {
    "topic": "fire",
    "people": ["ann", "bob"],
    "private": True,
    "history": False,
    "unread": 3,
    "mentions": 1,
    "seen": "7",
}

EVENTS: list[tuple[Event, dict[str, Any]]] = [
    (
        Said(room="ops", sender=ANN, text='say "é\n\\"', key="k", **AT),
        {
            "event": "said",
            "room": "ops",
            "sender": "ann",
            "text": 'say "é\n\\"',
            "key": "k",
        },
    ),
    (
        Said(room='"o"', sender=BOB, text="hi", **AT),
        {"event": "said", "room": '"o"', "sender": "bob", "guest": True, "text": "hi"},
    ),
    (
        Emoted(room="ops", sender=BOB, text="waves", key="k", **AT),
        {
            "event": "emoted",
            "room": "ops",
            "sender": "bob",
            "guest": True,
            "text": "waves",
            "key": "k",
        },
    ),
    (
        Whispered(sender=ANN, to=BOB, text="psst", key="k", **AT),
        {
            "event": "whispered",
            "sender": "ann",
            "to": "bob",
            "text": "psst",
            "sender_id": "1",
            "to_id": "2",
            "key": "k",
        },
    ),
    (
        Shared(room="ops", sender=BOB, **FILE, **AT),
        {
            "event": "shared",
            "room": "ops",
            "sender": "bob",
            "guest": True,
            "file": "f00d",
            "name": "plan.txt",
            "size": 84_000,
            "type": "text/plain",
            "sha256": "ab12",
            "expires": 1.5,
        },
    ),
    (
        Handed(to=BOB, sender=ANN, **FILE, **AT),
        {
            "event": "shared",
            "to": "bob",
            "sender": "ann",
            "file": "f00d",
            "name": "plan.txt",
            "size": 84_000,
            "type": "text/plain",
            "sha256": "ab12",
            "sender_id": "1",
            "to_id": "2",
            "expires": 1.5,
        },
    ),
    (
        Unshared(room="ops", sender=ANN, owner=BOB, **GONE, **AT),
        {
            "event": "unshared",
            "room": "ops",
            "sender": "ann",
            "file": "f00d",
            "name": "plan.txt",
        },
    ),
    (
        Unshared(to=BOB, sender=BOB, owner=ANN, **GONE, **AT),
        {
            "event": "unshared",
            "to": "bob",
            "sender": "bob",
            "guest": True,
            "file": "f00d",
            "name": "plan.txt",
            "refused": True,
        },
    ),
    (
        Announced(sender=ANN, text="tea", **AT),
        {"event": "announced", "sender": "ann", "text": "tea"},
    ),
    (
        RoomOpened(room="ops", sender=BOB, private=True, **AT),
        {
            "event": "opened",
            "room": "ops",
            "sender": "bob",
            "guest": True,
            "private": True,
        },
    ),
    (
        TopicChanged(room="ops", sender=ANN, text="", **AT),
        {"event": "topic", "room": "ops", "sender": "ann", "text": ""},
    ),
    (
        RoomChanged(
            room="ops", sender=ANN, private=True, history=False, members=(1,), **AT
        ),
        {
            "event": "room",
            "room": "ops",
            "sender": "ann",
            "private": True,
            "history": False,
        },
    ),
    (
        Invited(room="ops", sender=ANN, person=BOB, **AT),
        {"event": "invited", "room": "ops", "sender": "ann", "person": "bob"},
    ),
    (
        Moderated(
            room="ops",
            sender=ANN,
            act=Act.MUTE,
            person=BOB,
            until=12.3456,
            reason="loud",
            **AT,
        ),
        {
            "event": "moderated",
            "room": "ops",
            "sender": "ann",
            "act": "mute",
            "person": "bob",
            "until": 12.346,
            "reason": "loud",
        },
    ),
    (
        Arrived(person=BOB, rooms=("lobby", "ops"), **AT),
        {
            "event": "arrived",
            "person": "bob",
            "guest": True,
            "rooms": ["lobby", "ops"],
        },
    ),
    (
        Departed(person=ANN, rooms=("lobby",), reason="bye", **AT),
        {"event": "departed", "person": "ann", "rooms": ["lobby"], "reason": "bye"},
    ),
    (
        Joined(room="ops", person=ANN, **AT),
        {"event": "joined", "room": "ops", "person": "ann"},
    ),
    (
        Left(room="ops", person=BOB, reason="", **AT),
        {"event": "left", "room": "ops", "person": "bob", "guest": True, "reason": ""},
    ),
    (
        AwayChanged(person=ANN, text="tea", **AT),
        {"event": "away", "person": "ann", "text": "tea"},
    ),
    (
        AwayChanged(person=ANN, text=None, **AT),
        {"event": "away", "person": "ann", "text": None},
    ),
    (
        Renamed(person=BOB, now=Person(2, "rob"), **AT),
        {"event": "renamed", "person": "bob", "now": "rob", "guest": True},
    ),
    (
        Renamed(person=BOB, now=Person(2, "bob", guest=False), **AT),
        {"event": "renamed", "person": "bob", "now": "bob"},
    ),
    (
        RoleChanged(sender=ANN, person=ANN, role=Role.OPERATOR, **AT),
        {"event": "role", "sender": "ann", "person": "ann", "role": "operator"},
    ),
    (
        ServerBanned(
            sender=ANN, target="account:bob", shown="bob", until=5.0, reason="x", **AT
        ),
        {
            "event": "banned",
            "sender": "ann",
            "target": "bob",
            "until": 5.0,
            "reason": "x",
        },
    ),
    (
        ServerUnbanned(sender=ANN, target="account:bob", shown="bob", **AT),
        {"event": "unbanned", "sender": "ann", "target": "bob"},
    ),
    (
        Killed(sender=ANN, person=BOB, reason="x", **AT),
        {"event": "killed", "sender": "ann", "person": "bob", "reason": "x"},
    ),
    (
        LockdownChanged(sender=ANN, on=True, **AT),
        {"event": "lockdown", "sender": "ann", "on": True},
    ),
    (
        MotdChanged(sender=ANN, text="hi", **AT),
        {"event": "motd", "sender": "ann", "text": "hi"},
    ),
]

ANSWERS: list[tuple[Answer, dict[str, Any]]] = [
    (
        Greeting(
            "chat.example", "1", ("ann",), True, "", True, "open", {"history_max": 200}
        ),
        {
            "event": "hello",
            "server": "chat.example",
            "version": "1",
            "protocol": 1,
            "secure": True,
            "guests": True,
            "registration": "open",
            "passwords": True,
            "limits": {"history_max": 200},
        },
    ),
    (Notice("hm"), {"event": "notice", "text": "hm"}),
    (Notice("hm", 0), {"event": "notice", "text": "hm", "ref": 0}),
    (
        Failed("muted", "You are muted.", "hi", "r"),
        {
            "event": "failed",
            "ref": "r",
            "code": "muted",
            "text": "You are muted.",
            "line": "hi",
        },
    ),
    (
        Failed("closed", "No."),
        {"event": "failed", "ref": None, "code": "closed", "text": "No."},
    ),
    (Done(), {"event": "done", "ref": None}),
    (Done(1, data={}), {"event": "done", "ref": 1}),
    (Done(1, data={"a": ("b",)}), {"event": "done", "ref": 1, "a": ["b"]}),
    (
        Done(1.5, Said(room="ops", sender=ANN, text="hi", **AT)),
        {"event": "done", "ref": 1.5, **STAMP},
    ),
    (
        Done("x", Joined(room="ops", person=ANN, **AT), {"a": 1}),
        {"event": "done", "ref": "x", **STAMP, "a": 1},
    ),
    (
        Listing("who", "2 people", ("ann", "bob"), ({"name": "ann"},), 4),
        {
            "event": "listing",
            "ref": 4,
            "name": "who",
            "title": "2 people",
            "lines": ["ann", "bob"],
            "rows": [{"name": "ann"}],
        },
    ),
    (
        Welcome(ANN, Role.MEMBER, "7", (VIEW,), ("ann", "bob"), 2, "t", "hi", 1),
        {
            "event": "done",
            "ref": 1,
            "name": "ann",
            "account": "ann",
            "role": "member",
            "token": "t",
            "cursor": "7",
            "rooms": [{"name": "ops", **ROOM}],
            "people": ["ann", "bob"],
            "whispers": 2,
            "motd": "hi",
        },
    ),
    (
        Welcome(BOB, Role.GUEST, "0", (), ()),
        {
            "event": "done",
            "ref": None,
            "name": "bob",
            "account": None,
            "role": "guest",
            "token": None,
            "cursor": "0",
            "rooms": [],
            "people": [],
            "whispers": 0,
            "motd": "",
        },
    ),
    (Entered(VIEW), {"event": "entered", "room": "ops", **ROOM}),
    (CaughtUp(True, "9"), {"event": "caught-up", "gap": True, "cursor": "9"}),
    (Marked(9, room="ops"), {"event": "seen", "room": "ops", "id": "9"}),
    (Marked(9, person="bob"), {"event": "seen", "person": "bob", "id": "9"}),
    (
        Closing("You are here twice."),
        {"event": "closing", "text": "You are here twice.", "seconds": 0.0},
    ),
    (
        Closing("bye", 10.0, again=True),
        {"event": "closing", "text": "bye", "seconds": 10.0, "retry": RETRY},
    ),
    (
        Past("search", (), "0 found", False, "", 3),
        {
            "event": "history",
            "ref": 3,
            "why": "search",
            "room": "",
            "more": False,
            "events": [],
        },
    ),
]

LOOK = look(render)


def shown(event: Event | Answer, reader: Person | None = None) -> dict[str, Any]:
    """What a program reads, which is one line."""
    data = render(event, LOOK, True, reader)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    fields: dict[str, Any] = json.loads(data)
    return fields


def kinds(union: Any) -> Iterator[type]:
    """The classes of a union of unions."""
    for kind in get_args(union):
        yield from kinds(kind) if get_args(kind) else [kind]


class JSONTests(SynchronousTestCase):
    """Programs read one object for everything that happens."""

    def test_events(self) -> None:
        """Each event has its name, its place in time, and what it is about."""
        for event, fields in EVENTS:
            cursor = {"cursor": "7224"} if isinstance(event, KEPT) else {}
            self.assertEqual(shown(event), {**STAMP, **fields, **cursor})

    def test_link(self) -> None:
        """A file has a link for the reader, also when it is shown again."""
        with_links = look(render, links=Links(b"key"))
        shared = Shared(room="ops", sender=BOB, **FILE, **AT)
        url = f"/file/{short_id(7224)}/{grant(b'key', 7224, ANN.id)}/plan.txt"
        data = json.loads(render(shared, with_links, True, ANN))
        self.assertEqual(data["url"], url)
        past = Past("missed", (shared,))
        (event,) = json.loads(render(past, with_links, True, ANN))["events"]
        self.assertEqual(event["url"], url)
        self.assertNotIn("url", json.loads(render(shared, with_links, True, None)))

    def test_answers(self) -> None:
        """Each answer has its name, and the ref of what it answers."""
        for event, fields in ANSWERS:
            self.assertEqual(shown(event), fields)

    def test_all(self) -> None:
        """No kind of event or answer is missing above."""
        tested = {type(event) for event, _ in (*EVENTS, *ANSWERS)}
        self.assertEqual(tested, {*kinds(Event), *kinds(Answer)})

    def test_history(self) -> None:
        """
        What is shown again is one object, with all it was but the cursors: these
        say how far a program has read, and must not go back.
        """
        events = tuple(event for event, _ in EVENTS)
        got = shown(Past("history", events, "t", True, "ops", 5))
        self.assertEqual(
            got.pop("events"), [{**STAMP, **fields} for _, fields in EVENTS]
        )
        self.assertEqual(
            got,
            {
                "event": "history",
                "ref": 5,
                "why": "history",
                "room": "ops",
                "more": True,
            },
        )

    def test_mention(self) -> None:
        """Whoever is named is told that it is about them."""
        said = Said(room="ops", sender=ANN, text="bob!", **AT)
        self.assertIs(shown(said, BOB)["mention"], True)
        self.assertNotIn("mention", shown(said))
        whispered = Whispered(sender=ANN, to=BOB, text="bob!", **AT)
        self.assertNotIn("mention", shown(whispered, BOB))

    def test_odd_text(self) -> None:
        """Half a character does not keep the rest from being sent."""
        said = Said(room="ops", sender=ANN, text="a\ud800b", **AT)
        self.assertEqual(shown(said)["text"], "a?b")

    def test_ping(self) -> None:
        """The server asks whether somebody is there."""
        self.assertEqual(json.loads(PING), {"event": "ping"})
