"""Tests for L{chatd.wire.jsonline}."""

import json
from collections.abc import Callable
from math import inf
from time import process_time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.clean import clean, clean_block
from chatd.chat.request import (
    Enter,
    History,
    Invoke,
    LogOut,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Seen,
    Whisper,
)
from chatd.wire.jsonline import DEPTH, KEY_CHARS, LARGEST, REF_CHARS, read_request

KEYS = [
    "ref",
    "text",
    "to",
    "room",
    "key",
    "line",
    "name",
    "password",
    "token",
    "resume",
    "person",
    "before",
    "after",
    "around",
    "limit",
    "words",
    "id",
    "other",
]


def read(**fields: object) -> Request:
    """What an object with these keys asks for."""
    return read_request(json.dumps(fields))


def ping(rest: str) -> str:
    """A request with something more in it."""
    return '{"do":"ping",' + rest + "}"


class Refusing:
    """Asks whether something was refused, and how."""

    def check_refused(
        self: SynchronousTestCase, request: Request, why: str, ref: object
    ) -> None:
        assert isinstance(request, Refused), request
        self.assertEqual(request.error.code, "bad-request")
        self.assertIn(why, request.error.text)
        self.assertEqual(request.ref, ref)


class RequestTests(Refusing, SynchronousTestCase):
    """Each request is understood."""

    def test_enter(self) -> None:
        """Come in as a guest, with a password, or with a token, from a cursor on."""
        self.assertEqual(read(do="enter", name="ann"), Enter("ann"))
        self.assertEqual(
            read(do="enter", name="ann", password="secret", ref=1),
            Enter("ann", "secret", ref=1),
        )
        self.assertEqual(
            read(do="enter", token="t", resume="7"), Enter(token="t", resume="7")
        )
        self.assertEqual(read(do="enter", name="ann", password=""), Enter("ann", ""))

    def test_say(self) -> None:
        """Say something, in the current or in a named room, under a key."""
        self.assertEqual(read(do="say", text="hi"), Say("hi"))
        self.assertEqual(
            read(do="say", room="ops", text="/no command", key="k", ref="r"),
            Say("/no command", "ops", "k", "r"),
        )

    def test_lines(self) -> None:
        """Several lines are one message; empty ones at its ends are left out."""
        self.assertEqual(read(do="say", text="\na\r\nb\n\nc\n"), Say("a\nb\n\nc"))
        self.assertEqual(
            read(do="whisper", to="bob", text="a\rb"), Whisper("bob", "a\nb")
        )

    def test_whisper(self) -> None:
        """Tell one person something."""
        self.assertEqual(
            read(do="whisper", to="bob", text="psst", key="k", ref=2),
            Whisper("bob", "psst", "k", 2),
        )

    def test_command(self) -> None:
        """Run a line that is a command."""
        self.assertEqual(
            read(do="command", line="/topic  all about us ", room="ops", ref=3),
            Invoke("topic", "all about us", "ops", ref=3),
        )
        self.assertEqual(read(do="command", line="/who"), Invoke("who"))

    def test_no_command(self) -> None:
        """A line that is no command is not said by mistake."""
        for line in ("hello", "", "//me", "/", "/ who", "@who", " /who"):
            self.check_refused(read(do="command", line=line), "say", None)

    def test_history(self) -> None:
        """Ask for what was said, in a room or with a person, around some place."""
        self.assertEqual(read(do="history"), History())
        self.assertEqual(
            read(do="history", room="ops", before="12", limit=5, ref=1),
            History("ops", before=12, limit=5, ref=1),
        )
        self.assertEqual(
            read(do="history", person="bob", after="1", around=None),
            History(person="bob", after=1),
        )
        self.assertEqual(
            read(do="history", around=str(LARGEST)), History(around=LARGEST)
        )

    def test_search(self) -> None:
        """Look for words."""
        self.assertEqual(
            read(do="search", words="disk from:ann", before="9", limit=2, ref=1),
            Search("disk from:ann", 9, 2, 1),
        )

    def test_seen(self) -> None:
        """Say how far something was read."""
        self.assertEqual(read(do="seen", room="ops", id="5"), Seen(5, "ops"))
        self.assertEqual(read(do="logout", ref=2), LogOut(2))
        self.assertEqual(read(do="seen", person="bob", id="5"), Seen(5, person="bob"))

    def test_ping(self) -> None:
        """Ask whether anybody is there; a ref may be text, a number, or nothing."""
        for ref in (1, 1.5, "x", True, None, "é" * REF_CHARS):
            self.assertEqual(read(do="ping", ref=ref), Ping(ref))

    def test_unknown_keys(self) -> None:
        """Keys of later versions are ignored; null is like nothing."""
        self.assertEqual(
            read(do="say", text="hi", room=None, key=None, later=[{"a": [1.5]}]),
            Say("hi"),
        )
        self.assertEqual(read(do="enter", name="a", password=None), Enter("a"))

    def test_clean(self) -> None:
        """What could harm a terminal is taken out of every text."""
        dirty = "a\x1b[2Jb\u202ec\ud800"
        self.assertEqual(clean(dirty), "a[2Jbc")
        got = [
            read(do="say", text=dirty, room=dirty, key=dirty),
            read(do="whisper", to=dirty, text=dirty),
            read(do="enter", name=dirty, password=dirty, token=dirty, resume=dirty),
            read(do="command", line=f"/{dirty} {dirty}", room=dirty),
            read(do="history", room=dirty, person=dirty),
            read(do="search", words=dirty),
        ]
        self.assertEqual(got[0], Say("a[2Jbc", "a\ufffd[2Jb\ufffdc\ufffd", "a[2Jbc"))
        for request in got:
            self.assertNotIsInstance(request, Refused)
            for bad in ("\\x1b", "\\u202e", "\\ud800"):
                self.assertNotIn(bad, repr(request))


class RefusalTests(Refusing, SynchronousTestCase):
    """What is wrong is refused, saying what it is, with the ref if there is one."""

    def test_no_json(self) -> None:
        """What is not JSON is refused."""
        for line in (
            "",
            "hello",
            "{",
            '{"do":"ping"',
            '{"do":"ping"} x',
            '{"do":ping}',
        ):
            self.check_refused(read_request(line), "not JSON", None)

    def test_no_object(self) -> None:
        """JSON that is no object is refused."""
        for line in ("1", '"ping"', "[]", "null", '["do"]', "true"):
            self.check_refused(read_request(line), "object", None)

    def test_unknown_request(self) -> None:
        """A request that there is not is refused, and those there are are named."""
        self.check_refused(read(do="shout", ref=7), "no request", 7)
        self.check_refused(read(do="shout", ref=7), "whisper", 7)
        self.check_refused(read(ref=7), '"do" is missing', 7)

    def test_missing(self) -> None:
        """A key that is needed and not there is named."""
        for fields, missing in (
            ({"do": "say"}, "text"),
            ({"do": "whisper", "text": "x"}, "to"),
            ({"do": "whisper", "to": "x"}, "text"),
            ({"do": "command"}, "line"),
            ({"do": "search"}, "words"),
            ({"do": "seen", "room": "ops"}, "id"),
            ({"do": "enter"}, "name"),
            ({"do": None}, "do"),
        ):
            self.check_refused(read(ref="r", **fields), f'"{missing}"', "r")

    def test_wrong_type(self) -> None:
        """A value of a wrong type is refused, saying which is right."""
        for value in (1, 1.5, True, [], {}, ["x"]):
            for fields in (
                {"do": "say", "text": value},
                {"do": "say", "text": "x", "room": value},
                {"do": "say", "text": "x", "key": value},
                {"do": "enter", "name": value},
                {"do": "enter", "name": "x", "password": value},
                {"do": "enter", "token": value},
                {"do": "history", "before": value},
                {"do": "seen", "id": value},
                {"do": value},
            ):
                self.check_refused(read(ref=1, **fields), "must be text, not", 1)
        for value in ("5", 1.5, True, [], {}):
            self.check_refused(
                read(do="history", limit=value, ref=1), "whole number", 1
            )

    def test_numbers(self) -> None:
        """Numbers out of bounds are refused, at the edge."""
        for limit in (0, -1, LARGEST + 1):
            self.check_refused(read(do="history", limit=limit, ref=1), "at least 1", 1)
        self.assertEqual(read(do="history", limit=1), History(limit=1))
        self.assertEqual(read(do="history", limit=LARGEST), History(limit=LARGEST))
        for id in ("", "-1", "1.0", "x", "٣", str(LARGEST + 1), "9" * 40):
            self.check_refused(read(do="seen", id=id, ref=1), "must be an id", 1)

    def test_long_numbers(self) -> None:
        """A number too long to read is refused without reading it."""
        for number in ("9" * 31, "9" * 60_000, "1." + "0" * 29, "-" + "9" * 30):
            line = ping(f'"ref":5,"limit":{number}')
            self.check_refused(read_request(line), "number", 5)
        self.assertEqual(read_request(ping('"ref":5,"x":' + "9" * 30)), Ping(5))
        self.check_refused(read_request(ping('"ref":' + "9" * 31)), "", None)

    def test_no_numbers(self) -> None:
        """NaN and infinity are no JSON, wherever they are."""
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
            for rest in (f'"ref":5,"x":{number}', f'"ref":5,"x":[{{"y":{number}}}]'):
                self.check_refused(read_request(ping(rest)), "number", 5)
            request = read_request(ping(f'"ref":{number}'))
            self.check_refused(request, "number", None)

    def test_repeated(self) -> None:
        """A key that is there twice is refused: which one is meant?"""
        self.check_refused(read_request('{"do":"ping","do":"say","ref":5}'), "twice", 5)
        self.check_refused(
            read_request('{"do":"ping","x":{"a":1,"a":1},"ref":5}'), "twice", 5
        )

    def test_ref(self) -> None:
        """A ref that is too long, or of a wrong type, is refused."""
        for ref in ([], {}, "x" * (REF_CHARS + 1)):
            self.check_refused(read(do="ping", ref=ref), '"ref"', None)

    def test_key(self) -> None:
        """A key may have a hundred characters."""
        self.assertEqual(
            read(do="say", text="x", key="k" * KEY_CHARS), Say("x", key="k" * KEY_CHARS)
        )
        self.check_refused(
            read(do="say", text="x", key="k" * (KEY_CHARS + 1), ref=1), '"key"', 1
        )

    def test_depth(self) -> None:
        """Nesting is refused beyond the limit, and allowed at it."""
        for left, right in (("[", "]"), ('{"a":', "}")):
            inside = left * (DEPTH - 1) + "1" + right * (DEPTH - 1)
            self.assertEqual(read_request(ping(f'"x":{inside}')), Ping())
            inside = left * DEPTH + "1" + right * DEPTH
            request = read_request(ping(f'"x":{inside}'))
            self.check_refused(request, "deep", None)
        self.check_refused(read_request("[" * 200_000), "deep", None)
        self.check_refused(read_request('{"a":' * 40_000), "deep", None)

    def test_many_brackets(self) -> None:
        """Brackets in texts and beside each other are not deep."""
        text = "[{" * 100 + '"\\'
        self.assertEqual(read(do="say", text=text), Say(text))
        self.assertEqual(read(do="ping", x=[[]] * 100), Ping())

    def test_time(self) -> None:
        """The worst lines take time by their length, and not by its square."""
        shapes: tuple[Callable[[int], str], ...] = (
            lambda size: ping(f'"x":"{"[" * size}"'),
            lambda size: '{"do":"say","text":"' + "[" * 20 + '\\"' * (size // 2),
            lambda size: '"' * size,
            lambda size: '"[' * (size // 2),
            lambda size: ping(f'"x":[{",".join(["[]"] * (size // 3))}]'),
            lambda size: "[]" * (size // 2),
            lambda size: ping('"ref":' + "9" * size),
            lambda size: ping('"ref":1.' + "9" * size),
        )
        for shape in shapes:
            short, long = shape(4_000), shape(64_000)
            # Sixteen times the length; by its square it would be 256 times the time.
            # The shortest of some, since a machine has other work, too; and half a
            # millisecond more, since the shortest are over before a clock ticks.
            self.assertLess(taken(long), 64 * taken(short) + 0.0005, short[:40])


def taken(line: str) -> float:
    """The least time in which a line is read, of some; in seconds."""
    best = inf
    for _ in range(5):
        began = process_time()
        read_request(line)
        best = min(best, process_time() - began)
    return best


class AnythingTests(SynchronousTestCase):
    """Whatever comes, there is an answer."""

    @given(st.text())
    def test_text(self, line: str) -> None:
        """Any text is refused or understood."""
        self.assertIsNotNone(read_request(line))

    @given(
        st.dictionaries(
            st.sampled_from(KEYS),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                max_leaves=5,
            ),
        ),
        st.sampled_from(
            [
                "enter",
                "say",
                "whisper",
                "command",
                "history",
                "search",
                "seen",
                "logout",
                "ping",
            ]
        ),
    )
    def test_objects(self, fields: dict[str, object], do: str) -> None:
        """Any object is refused or understood, and texts are clean then."""
        request = read(**{**fields, "do": do})
        if isinstance(request, Say | Whisper):
            self.assertEqual(request.text, clean_block(request.text))
            self.assertEqual(request.key, clean(request.key))
        if isinstance(request, Enter):
            self.assertEqual(request.name, clean(request.name))
