"""Commands and pipes by SSH."""

import json
import struct
from itertools import count
from typing import Any

from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection

from chatd.chat.events import Arrived, Said
from chatd.chat.rules import Rules
from chatd.doors.ssh.channel import MOST_AHEAD
from chatd.testing import FakeDoor, join, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.ssh import Channel, SshCase
from tests.doors.wire import text

BOB = "bob (guest)"  # in what is shown again


def said(door: FakeDoor) -> list[tuple[str, str, str]]:
    """Room, sender and words of all that was said."""
    return [(one.room, one.sender.name, one.text) for one in door.of(Said)]


class PipeCase(SshCase):
    """Bob reads, ann runs commands."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.door = join(self.hub, "bob", "ops")
        self.door.take()

    def run_(
        self, command: str, input: bytes | None = b"", user: str = "ann"
    ) -> Channel:
        """Run one command by a connection of its own."""
        channel = self.peer(user).run(command, input=input)
        return channel

    def check(self, command: str, status: int, out: str, err: str = "") -> None:
        """Run a command and look at all that it leaves."""
        channel = self.run_(command)
        self.assertEqual((channel.status, channel.ended), (status, True), channel.err)
        self.assertIn(out, channel.out.decode())
        self.assertIn(err, channel.err.decode())
        if not out:
            self.assertEqual(channel.out, b"")
        if not err:
            self.assertEqual(channel.err, b"")


class RunTests(PipeCase):
    """Slash-commands, with or without the slash."""

    def test_answer(self) -> None:
        """The answer goes to standard output, in lines as files have them."""
        for command in ("who", "/who", "WHO lobby", "@who"):
            channel = self.run_(command)
            self.assertEqual(channel.status, 0)
            self.assertIn(b"in lobby: ", channel.out)
            self.assertIn(b"bob", channel.out)
            self.assertNotIn(b"\r", channel.out)
            self.assertEqual(channel.err, b"")

    def test_stranger_who_only_looks(self) -> None:
        """Who asks what anybody may know does not come in for it, nor needs a name."""
        self.assertEqual(self.run_("who", user="root").status, 0)
        self.assertEqual(self.door.of(Arrived), [])

    def test_unknown(self) -> None:
        """An unknown command ends with status 2, and a suggestion."""
        hidden = "A room's name cannot have invisible or unknown characters."
        self.check("join op\u202es", 1, "", hidden)
        self.check("jion ops", 2, "", "There is no command /jion. Did you mean /join?")

    def test_misused(self) -> None:
        """So does one with words that do not fit."""
        self.check("whois", 2, "", "! Type it like this: /whois NAME\n")

    def test_refused(self) -> None:
        """One that is refused ends with status 1."""
        self.check("whois nobody-here", 1, "", "nobody called nobody-here")
        self.check("kick bob", 1, "", "/kick is for the moderators")

    def test_room(self) -> None:
        """A room before the command is where it is meant."""
        self.check("#ops who", 0, "in ops")
        self.check("#nope topic", 1, "", "There is no room nope")

    def test_json(self) -> None:
        """With --json the answer is what programs read, and errors too."""
        for command in ("who --json", "--json who", "who lobby --json"):
            (line,) = self.run_(command).out.decode().splitlines()
            answer = json.loads(line)
            self.assertEqual(answer["name"], "who")
            self.assertIn("bob", [row["name"] for row in answer["rows"]])
        channel = self.run_("whois zzz --json")
        self.assertEqual(channel.status, 1)
        self.assertEqual(json.loads(channel.err)["code"], "not-found")

    def test_help(self) -> None:
        """Help tells what there is by ssh only."""
        self.check("help", 0, "tail [-n N] [-f] [#ROOM]")
        self.check("help who", 0, "/who [ROOM|*]")

    def test_quit(self) -> None:
        """/quit is done when it was said."""
        channel = self.run_("quit")
        self.assertEqual(channel.status, 0)

    def test_message(self) -> None:
        """A private message is confirmed."""
        self.check("msg bob are you there?", 0, "you -> bob: are you there?")

    def test_every_command(self) -> None:
        """Every slash-command ends with a status, whatever it is."""
        for command in self.hub.commands:
            for rest in ("", "x y"):
                channel = self.run_(f"{command.name} {rest}".strip())
                self.assertIn(channel.status, (0, 1, 2), command.name)
                self.assertTrue(channel.ended, command.name)

    def test_member(self) -> None:
        """A member comes in with the account, and sees what is private."""
        join(self.hub, "cho", password=PASSWORD)[0].end("")
        turn(self.hub)
        peer = self.peer("cho", passwords=(PASSWORD,))
        channel = peer.run("keys")
        self.assertEqual((channel.out, channel.status), (b"* No SSH keys yet.\n", 0))
        again = peer.run("whois cho")
        self.assertIn(b"a member", again.out)

    def test_old_scp(self) -> None:
        """An scp that is too old is told what to do."""
        self.check("scp -t /ops", 1, "", "The old protocol of scp")

    def test_terminal(self) -> None:
        """With ssh -t lines end as terminals want it."""
        peer = self.peer("ann")
        channel = peer.open()
        size = b"\0\0\0\x50\0\0\0\x18" + bytes(8)
        channel.ask(b"pty-req", b"\0\0\0\5xterm" + size + b"\0\0\0\0")
        channel.ask(b"exec", b"\0\0\0\3who")
        self.assertTrue(channel.out.endswith(b"\r\n"))

    def test_store_fails(self) -> None:
        """When the database does not answer the command fails."""
        peer = self.peer("ann")
        self.store.failing = True
        channel = peer.run("search hello")
        self.assertEqual(channel.status, 1)
        self.assertIn(b"! ", channel.err)

    def test_bug(self) -> None:
        """A bug ends the command, not the server, nor the connection."""
        peer = self.peer("ann")
        self.patch(self.hub, "visible_room", lambda *_: 1 / 0)
        channel = peer.run("tail")
        self.assertEqual(channel.status, 1)
        self.assertIn(b"Something went wrong in the server", channel.err)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.patch(self.factory, "command", lambda *_: 1 / 0)
        self.assertFalse(peer.open().ask(b"exec", b"\0\0\0\3who"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertFalse(peer.wire.disconnecting)


class SayTests(PipeCase):
    """C{say}"""

    def test_words(self) -> None:
        """Words behind it are said, and nothing is printed."""
        self.check("say it works,  really", 0, "")
        self.assertEqual(said(self.door), [("lobby", "ann", "it works,  really")])

    def test_room(self) -> None:
        """A room may be named first; it is entered, but never opened."""
        self.check("say #ops disk full", 0, "")
        self.assertEqual(said(self.door), [("ops", "ann", "disk full")])
        self.check("say #opps disk full", 1, "", "There is no room opps")
        self.assertIsNone(self.hub.rooms.get("opps"))

    def test_lines(self) -> None:
        """Without words, each line that comes is said, be it a command or not."""
        channel = self.run_("say #ops", b"one\n/quit\n\n@bob\nlast")
        self.assertEqual(channel.status, 0)
        words = [words for _, _, words in said(self.door)]
        self.assertEqual(words, ["one", "/quit", "@bob", "last"])

    def test_paste(self) -> None:
        """Many lines at once are one message."""
        lines = "\n".join(f"line {number}" for number in range(12))
        self.run_("say", f"{lines}\n".encode())
        self.assertEqual(said(self.door), [("lobby", "ann", lines)])

    def test_nothing(self) -> None:
        """A pipe with nothing in it says nothing, which is no mistake."""
        self.check("say", 0, "")
        self.assertEqual(said(self.door), [])

    def test_as_it_comes(self) -> None:
        """Lines are said when they come, not only at the end."""
        channel = self.run_("say", None)
        channel.write(b"one\n")
        channel.peer.pump()
        self.assertEqual(said(self.door), [("lobby", "ann", "one")])
        self.assertFalse(channel.ended)
        channel.finish()
        self.assertEqual(channel.status, 0)

    def test_refused_line(self) -> None:
        """A refused line is handed back, the others are said, and the status is 1."""
        limit = self.hub.rules.message_chars
        channel = self.run_("say", b"one\n" + b"x" * (limit + 1) + b"\ntwo\n")
        self.assertEqual(channel.status, 1)
        self.assertIn(b"Your line was not sent", channel.err)
        self.assertEqual([words for _, _, words in said(self.door)], ["one", "two"])

    def test_too_long(self) -> None:
        """So is one that is longer than a line may be."""
        channel = self.run_("say", b"y" * 9000 + b"\ntwo\n")
        self.assertEqual(channel.status, 1)
        self.assertIn(b"A line has at most", channel.err)
        self.assertEqual([words for _, _, words in said(self.door)], ["two"])

    def test_json(self) -> None:
        """With --json the id of what was said is told."""
        channel = self.run_("say --json hello")
        self.assertEqual(json.loads(channel.out)["id"], str(self.door.of(Said)[0].id))


class SlowTests(PipeCase):
    """Faster than one may, and slower than one should."""

    rules = Rules(server="chat.example")

    def test_throttled(self) -> None:
        """A pipe that is too fast is slowed, and nothing of it is lost."""
        lines = [f"line {number}" for number in range(60)]
        channel = self.run_("say", None)
        for line in lines:
            channel.write(f"{line}\n".encode())
            channel.peer.pump()
        channel.finish()
        for _ in range(100):
            self.clock.advance(0.2)
            channel.peer.pump()
        words = "\n".join(words for _, _, words in said(self.door)).split("\n")
        self.assertEqual(words, lines)
        self.assertEqual(channel.status, 0)
        self.assertIn(b"Slow down", channel.err)


class TailTests(PipeCase):
    """C{tail}"""

    def setUp(self) -> None:
        super().setUp()
        type_in(self.hub, self.bob, "/join lobby", *(f"m{n}" for n in range(15)))
        type_in(self.hub, self.bob, "/join ops", "in ops")

    def lines(self, channel: Channel) -> list[str]:
        """What a tail has shown."""
        return text(channel.out.replace(b"\n", b"\r\n"))

    def test_last(self) -> None:
        """The last ten messages, or as many as one asks for."""
        shown = self.lines(self.run_("tail"))
        self.assertEqual(shown, [f"[..] {BOB}: m{number}" for number in range(5, 15)])
        self.assertEqual(self.lines(self.run_("tail -n 1")), [f"[..] {BOB}: m14"])
        self.assertEqual(self.lines(self.run_("tail -n2 ops")), [f"[..] {BOB}: in ops"])
        self.assertEqual(self.lines(self.run_("tail -n 0")), [])

    def test_misused(self) -> None:
        """Anything else is told how."""
        for command in ("tail -n", "tail -n x", "tail -q", "tail a b"):
            self.check(command, 2, "", "Type it like this: tail [-n N] [-f] [#ROOM]")

    def test_no_room(self) -> None:
        """A room that is not there is an error."""
        self.check("tail #nope", 1, "", "There is no room nope")

    def test_follow(self) -> None:
        """With -f it goes on with what is said there, and nowhere else."""
        channel = self.run_("tail -n 1 -f #ops")
        type_in(self.hub, self.bob, "/join lobby", "elsewhere", "/join ops", "new")
        channel.peer.pump()
        self.assertFalse(channel.ended)
        shown = self.lines(channel)
        self.assertEqual(shown[0], f"[..] {BOB}: in ops")
        self.assertEqual(shown[-1], "[..] bob: new")
        self.assertNotIn("[..] bob: elsewhere", shown)

    def test_follow_json(self) -> None:
        """For programs likewise, one object for each message."""
        type_in(self.hub, self.bob, "old", "older")
        channel = self.run_("tail -n 2 -f ops --json")
        type_in(self.hub, self.bob, "new")
        channel.peer.pump()
        said = [json.loads(line) for line in channel.out.splitlines()]
        self.assertEqual([event["event"] for event in said], ["said"] * 3)
        self.assertEqual([event["text"] for event in said], ["old", "older", "new"])
        self.assertNotIn("mention", said[0] | said[1] | said[2])

    def test_nothing_twice_or_never(self) -> None:
        """What is said while the past is being fetched is shown once."""
        fetch = self.store.history

        calls = count()

        async def slowly(*args: Any, **how: Any) -> Any:
            number = next(calls)
            type_in(self.hub, self.bob, f"before {number}")
            events = await fetch(*args, **how)
            type_in(self.hub, self.bob, f"behind {number}")
            return events

        self.patch(self.store, "history", slowly)
        shown = self.lines(self.run_("tail -n 5 -f ops"))
        last = next(calls) - 1
        self.assertEqual(
            shown[-2:], [f"[..] {BOB}: before {last}", f"[..] bob: behind {last}"]
        )
        self.assertEqual(len(shown), len(set(shown)))

    def test_interrupted(self) -> None:
        """Ctrl-C ends it, where the client sends it as a key or as a signal."""
        channel = self.run_("tail -f")
        channel.ask(b"signal", b"\0\0\0\3INT")
        self.assertEqual((channel.status, channel.ended), (130, True))
        peer = self.peer("ann")
        channel = peer.open()
        size = b"\0\0\0\x50\0\0\0\x18" + bytes(8)
        channel.ask(b"pty-req", b"\0\0\0\5xterm" + size + b"\0\0\0\0")
        channel.ask(b"exec", b"\0\0\0\7tail -f")
        channel.type("\x03")
        self.assertEqual((channel.status, channel.ended), (130, True))

    def test_killed(self) -> None:
        """An operator may end it; the reason goes to standard error."""
        channel = self.run_("tail -f")
        session = next(s for s in self.hub.connections if s.kind == "ssh")
        session.close("Enough.")
        channel.peer.pump()
        self.assertEqual((channel.status, channel.err), (1, b"* Enough.\n"))

    def test_client_gone(self) -> None:
        """When the client goes away nothing is left."""
        peer = self.peer("ann")
        peer.run("tail -f")
        peer.lose(clean=False)
        self.assertEqual([one.person.name for one in self.hub.presence], ["bob"])


class TalkTests(PipeCase):
    """C{ssh HOST} without a terminal."""

    def talk(self, user: str = "ann") -> Channel:
        """Begin to talk."""
        channel = self.peer(user).open()
        channel.ask(b"shell")
        return channel

    def test_talk(self) -> None:
        """Lines go in, and all that happens comes out."""
        channel = self.talk()
        self.assertIn(b"You are ann, a guest.\n", channel.out)
        channel.type("hello\n/who\n")
        self.assertEqual(said(self.door), [("lobby", "ann", "hello")])
        type_in(self.hub, self.bob, "/join lobby", "hi ann")
        channel.peer.pump()
        self.assertIn(b"bob: hi ann\n", channel.out)
        channel.finish()
        self.assertEqual((channel.status, channel.ended), (0, True))

    def test_refused(self) -> None:
        """What is refused goes to standard error, and the status tells."""
        channel = self.talk()
        channel.type("/jion ops\nhello\n")
        self.assertIn(b"Your line was not sent: /jion ops", channel.err)
        channel.finish()
        self.assertEqual(channel.status, 2)
        self.assertEqual(said(self.door), [("lobby", "ann", "hello")])

    def test_name_refused(self) -> None:
        """What comes through the pipe is never taken for a name or a password."""
        channel = self.peer("bob").open()
        channel.ask(b"shell")
        channel.write(b"secret\n")
        channel.peer.pump()
        self.assertIn(b"Somebody here is called bob", channel.err)
        self.assertEqual((channel.status, channel.ended), (1, True))
        self.assertEqual([one.person.name for one in self.hub.presence], ["bob"])


class FlowTests(PipeCase):
    """A client that reads slowly, or not at all."""

    def setUp(self) -> None:
        super().setUp()
        rules = Rules(throttle=False, outbox_bytes=300_000, outbox_pause=50_000)
        self.hub.rules = rules
        words = ["x" * 4000] * 200
        type_in(self.hub, self.bob, *words)

    def test_slow(self) -> None:
        """A long answer goes as fast as the client takes it, and arrives whole."""
        peer = self.peer("ann", window=20_000)
        channel = peer.open()
        adjust = peer.conversation.adjustWindow  # type: ignore[union-attr]
        held: list[int] = []
        peer.conversation.adjustWindow = lambda _, size: held.append(size)  # type: ignore[union-attr]
        channel.ask(b"exec", b"\0\0\0\x0agetlog ops")
        server = next(iter(peer.server.service.channels.values()))
        most = 0
        for _ in range(5_000):
            most = max(most, len(server.buf))
            if channel.ended or not held:
                break
            adjust(channel, held.pop(0))
            peer.pump()
        self.assertTrue(channel.ended)
        self.assertEqual(channel.out.count(b"bob (guest): "), 200)
        self.assertLess(most, 5_000_000)

    def test_never(self) -> None:
        """Who follows and does not read is let go, and costs a bounded amount."""
        peer = self.peer("ann", window=10_000)
        channel = peer.run("tail -n 0 -f ops")
        peer.conversation.adjustWindow = lambda *_: None  # type: ignore[union-attr]
        server = next(iter(peer.server.service.channels.values()))
        for _ in range(200):
            type_in(self.hub, self.bob, "y" * 4000)
            peer.pump()
            self.assertLess(len(server.buf), 400_000)
        self.clock.advance(3)
        peer.pump()
        self.assertEqual([one.person.name for one in self.hub.presence], ["bob"])
        del channel

    def test_line_full(self) -> None:
        """When the line itself is full nothing more is written to it."""
        peer = self.peer("ann")
        peer.run("tail -n 0 -f ops")
        peer.reading = False
        peer.wire.clear()
        peer.wire.producer.pauseProducing()
        for _ in range(50):
            type_in(self.hub, self.bob, "y" * 4000)
        self.assertEqual(peer.wire.value(), b"")
        peer.wire.producer.resumeProducing()
        turn(self.hub)
        self.assertGreater(len(peer.wire.value()), 100_000)

    def test_offer(self) -> None:
        """However much a client offers to take, not all is sent ahead."""
        peer = self.peer("ann", window=2**32 - 1)
        peer.run("tail -n 0 -f ops")
        server = next(iter(peer.server.service.channels.values()))
        self.assertLessEqual(server.remoteWindowLeft, MOST_AHEAD)
        server.addWindowBytes(2**31)
        self.assertLessEqual(server.remoteWindowLeft, MOST_AHEAD)

    def test_not_listening(self) -> None:
        """What a command does not want stays within the window."""
        peer = self.peer("ann")
        channel = peer.run("tail -f", input=None)
        server = next(iter(peer.server.service.channels.values()))
        channel.write(b"z" * 500_000)
        peer.pump()
        self.assertGreater(len(channel.buf), 300_000)
        self.assertEqual(server.localWindowLeft, 0)


class FilesTests(PipeCase):
    """The subsystem for files."""

    def test_version(self) -> None:
        """sftp is there, as whoever the connection belongs to."""
        channel = self.peer("ann").open()
        self.assertTrue(channel.ask(b"subsystem", b"\0\0\0\4sftp"))
        answer = channel.type(b"\0\0\0\5\1\0\0\0\3")
        self.assertEqual(answer[4], 2)  # FXP_VERSION
        self.assertEqual(len(self.hub.presence), 2)
        channel.finish()
        self.assertTrue(channel.ended)
        self.assertEqual(len(self.hub.presence), 1)

    def test_ahead(self) -> None:
        """What is sent before somebody is in is answered afterwards."""
        channel = self.peer("ann").open()
        connection = channel.conn
        connection.sendRequest(channel, b"subsystem", b"\0\0\0\4sftp")
        channel.write(b"\0\0\0\5\1\0\0\0\3")
        channel.peer.pump()
        self.assertEqual(channel.out[4], 2)

    def test_slow_reader(self) -> None:
        """Nothing more is answered to a client that reads nothing."""
        peer = self.peer("ann", window=1000)
        assert peer.conversation is not None
        channel = peer.open()
        channel.ask(b"subsystem", b"\0\0\0\4sftp")
        channel.write(b"\0\0\0\5\1\0\0\0\3")
        peer.conversation.adjustWindow = lambda *_: None  # type: ignore[method-assign]
        where = b"\x10\0\0\0\1" + NS(b"/some/path")  # FXP_REALPATH
        for _ in range(2000):
            channel.write(struct.pack(">L", len(where)) + where)
        peer.pump()
        server = next(iter(peer.server.service.channels.values()))
        self.assertLess(len(server.buf), 1000)
        before = len(channel.out)
        SSHConnection.adjustWindow(peer.conversation, channel, 10_000)
        peer.pump()
        self.assertGreater(len(channel.out), before)

    def test_other(self) -> None:
        """Another subsystem is not."""
        channel = self.peer("ann").open()
        self.assertFalse(channel.ask(b"subsystem", b"\0\0\0\5netcf"))
