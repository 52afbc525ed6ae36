"""Connections of SSH: their limits, and what is refused in them."""

import struct

from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import MSG_CHANNEL_DATA, MSG_CHANNEL_OPEN
from twisted.conch.ssh.transport import MSG_SERVICE_REQUEST
from twisted.conch.ssh.userauth import MSG_USERAUTH_REQUEST
from twisted.internet.defer import Deferred

from chatd.chat.rules import Rules
from chatd.doors.person import KEYS_BURST
from chatd.doors.ssh.authentication import ATTEMPTS, WAITING
from chatd.doors.ssh.channel import WINDOW
from chatd.doors.ssh.connection import CHANNELS
from chatd.doors.ssh.transport import LONGEST, PATIENCE
from chatd.testing import join, type_in
from tests.chatting import PASSWORD
from tests.doors import ssh
from tests.doors.ssh import SshCase, SshPeer
from tests.doors.wire import Peer


class AlgorithmTests(SshCase):
    """What the server offers."""

    def test_modern(self) -> None:
        """Nothing old is offered: no SHA-1, MD5, CBC, 3DES, or compression."""
        offered = self.peer("ann").server.ourKexInitPayload
        for old in (
            b"sha1",
            b"md5",
            b"cbc",
            b"3des",
            b"zlib",
            b"nistp",
            b"rsa",
            b"dss",
        ):
            self.assertNotIn(old, offered)
        for new in (b"curve25519-sha256", b"ssh-ed25519", b"aes256-ctr", b"sha2-512"):
            self.assertIn(new, offered)

    def test_version(self) -> None:
        """The version says no more than it must."""
        raw = Peer(self.hub, self.factory)
        self.assertTrue(raw.read().startswith(b"SSH-2.0-chatd\r\n"))

    def test_keys_of_people(self) -> None:
        """People may have keys of other kinds than the server's, but not SHA-1."""
        extensions = self.peer("ann").client.peerExtensions
        kinds = extensions[b"server-sig-algs"].split(b",")
        self.assertIn(b"rsa-sha2-512", kinds)
        self.assertIn(b"sk-ssh-ed25519@openssh.com", kinds)
        self.assertNotIn(b"ssh-rsa", kinds)


class TimeTests(SshCase):
    """How long a connection may take."""

    def test_nobody(self) -> None:
        """A connection by which nobody comes in is ended in time, and told why."""
        raw = Peer(self.hub, self.factory)
        raw.read()
        self.clock.advance(self.hub.rules.entering - 1)
        self.assertFalse(raw.wire.disconnecting)
        self.clock.advance(1.5)
        self.assertIn(b"nobody came in by it in time", raw.read())
        self.assertTrue(raw.wire.disconnecting)
        self.clock.advance(PATIENCE)
        self.assertTrue(raw.wire.aborted)

    def test_no_channel(self) -> None:
        """So is one that is let in, and opens nothing (ssh -N)."""
        peer = self.peer("ann")
        self.clock.advance(self.hub.rules.entering + 1)
        peer.pump()
        self.assertIn("nobody came in", peer.client.told)

    def test_after_a_command(self) -> None:
        """After a command the connection may be used again, as long as at first."""
        peer = self.peer("ann")
        self.clock.advance(self.hub.rules.entering - 1)
        self.assertEqual(peer.run("who").status, 0)
        self.clock.advance(self.hub.rules.entering - 1)
        self.assertEqual(peer.run("say hi").status, 0)
        self.clock.advance(self.hub.rules.entering + 1)
        peer.pump()
        self.assertTrue(peer.wire.disconnecting)

    def test_somebody(self) -> None:
        """One by which somebody is here stays."""
        peer = self.peer("ann")
        peer.shell()
        self.clock.advance(self.hub.rules.entering * 10)
        self.assertFalse(peer.wire.disconnecting)

    def test_goes_away(self) -> None:
        """A connection that breaks leaves nothing behind, whenever it does."""
        for stage in range(4):
            raw = Peer(self.hub, self.factory) if not stage else None
            if raw is not None:
                raw.lose(clean=False)
                continue
            peer = self.peer("ann")
            if stage == 2:
                peer.shell()
            if stage == 3:
                peer.open()
            peer.lose(clean=False)
            self.assertFalse(self.hub.connections)
            self.assertEqual(len(self.hub.places), 0)
        self.clock.advance(100)

    def test_server_stops(self) -> None:
        """When the server stops, connections without anybody end as well."""
        peer = self.peer("ann")
        Deferred.fromCoroutine(self.hub.close("New disk."))
        peer.pump()
        self.assertIn("New disk.", peer.client.told)
        late = self.peer("bob")
        self.assertIn("New disk.", late.client.told)


class RefusedTests(SshCase):
    """What is not for people."""

    def test_forwarding(self) -> None:
        """No port, socket, agent or window is forwarded, and nothing is logged."""
        peer = self.peer("ann")
        address = NS("127.0.0.1") + struct.pack(">L", 22)
        for kind in (
            b"direct-tcpip",
            b"x11",
            b"direct-streamlocal@openssh.com",
            b"tun",
        ):
            self.assertEqual(
                peer.open(kind, address + address).refused, "b'nothing is forwarded'"
            )
        shell = peer.open()
        for request in (b"x11-req", b"auth-agent-req@openssh.com"):
            self.assertFalse(shell.ask(request, bytes(12)))

    def test_global_requests(self) -> None:
        """Nor is one opened on the server; whether it lives is answered."""
        peer = self.peer("ann")
        assert peer.conversation is not None
        for request in (b"tcpip-forward", b"keepalive@openssh.com"):
            failed: list[object] = []
            asked = peer.conversation.sendGlobalRequest(request, bytes(8), wantReply=1)
            assert asked is not None
            asked.addErrback(failed.append)
            peer.pump()
            self.assertEqual(len(failed), 1)

    def test_channels(self) -> None:
        """So many channels at once, and one more is refused."""
        peer = self.peer("ann")
        for _ in range(CHANNELS):
            self.assertTrue(peer.open().open)
        self.assertIn("are the most", peer.open().refused)
        self.assertFalse(peer.wire.disconnecting)

    def test_late_packet(self) -> None:
        """A packet for a channel that is closed by now does no harm."""
        peer = self.peer("ann")
        channel = peer.run("who")
        number = struct.pack(">L", 0)
        peer.client.sendPacket(MSG_CHANNEL_DATA, number + NS(b"late"))
        peer.pump()
        self.assertTrue(channel.ended)
        self.assertFalse(peer.wire.disconnecting)

    def test_reader_gone(self) -> None:
        """A channel that is cut off leaves the others of its connection alone."""
        peer = self.peer("ann", window=1000)
        assert peer.conversation is not None
        peer.conversation.adjustWindow = lambda *_: None  # type: ignore[method-assign]
        shell, other = peer.open(), peer.open()
        shell.terminal()
        other.terminal()
        session = next(s for s in self.hub.connections if s.person)
        session.close("Bye.")
        peer.pump()
        self.clock.advance(PATIENCE)
        peer.pump()
        self.assertTrue(shell.ended)
        self.assertFalse(other.ended)
        self.assertFalse(peer.wire.disconnecting)


class HostileTests(SshCase):
    """Peers that do not keep to the rules cost a line in the log, and no more."""

    def check_ended(self, peer: SshPeer) -> None:
        """The connection ended, without a traceback."""
        peer.pump()
        self.assertTrue(peer.wire.disconnecting)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_nonsense(self) -> None:
        """Bytes that are no packets."""
        for data in (b"\0" * 100, b"\xff" * 70_000, b"GET / HTTP/1.1\r\n\r\n" * 500):
            raw = Peer(self.hub, self.factory)
            raw.send(b"SSH-2.0-x\r\n", data)
            self.assertTrue(raw.wire.disconnecting, data[:10])
            raw.send(b"more")

    def test_no_version(self) -> None:
        """A version that never ends."""
        raw = Peer(self.hub, self.factory)
        raw.send(*[b"SSH-2.0-" + b"x" * 999] * 5)
        self.assertTrue(raw.wire.disconnecting)

    def test_old_version(self) -> None:
        """A version that is long gone."""
        raw = Peer(self.hub, self.factory)
        raw.send(b"SSH-1.5-x\r\n")
        self.assertTrue(raw.wire.disconnecting)

    def test_long_packet(self) -> None:
        """Before anybody is in, a peer cannot make the server keep much."""
        raw = Peer(self.hub, self.factory)
        raw.send(b"SSH-2.0-x\r\n", struct.pack(">LB", 1_000_000, 4))
        raw.send(bytes(LONGEST))
        self.assertTrue(raw.wire.disconnecting)
        self.assertLessEqual(len(raw.protocol.buf), 2 * LONGEST)

    def test_no_common_algorithm(self) -> None:
        """A client that has only old algorithms."""
        self.patch(SshPeer, "pump", lambda peer: None)
        peer = self.peer("ann")
        peer.client.supportedCiphers = [b"3des-cbc"]
        peer.client.sendKexInit = lambda: None
        self.patch(SshPeer, "pump", _pump)
        packet = peer.client.ourKexInitPayload.replace(b"aes", b"xyz")
        peer._line.clear()
        raw = Peer(self.hub, self.factory)
        raw.send(b"SSH-2.0-x\r\n", _packet(packet))
        self.assertTrue(raw.wire.disconnecting)

    def test_connection_before_entering(self) -> None:
        """A channel before anybody is in."""
        for service in (b"ssh-connection", b"ssh-nonsense"):
            self.patch(type(self.peer("x").client), "connectionSecure", lambda _: None)
            peer = self.peer("ann")
            peer.client.sendPacket(MSG_SERVICE_REQUEST, NS(service))
            self.check_ended(peer)

    def test_packets_cut_short(self) -> None:
        """Packets that are too short, of every kind, before and after coming in."""
        for number in (1, 2, 4, 5, 20, 21, 30, 50, 80, 90, 91, 93, 94, 95, 96, 97, 98):
            for data in (b"", b"\0\0\0\x09x"):
                peer = self.peer("ann")
                peer.client.sendPacket(number, data)
                peer.pump()
                peer.lose()
                self.assertEqual(self.flushLoggedErrors(), [], (number, data))

    def test_requests_cut_short(self) -> None:
        """Requests of a channel likewise."""
        for request in (b"pty-req", b"env", b"exec", b"subsystem", b"signal", b"\xff"):
            peer = self.peer("ann")
            peer.open().ask(request, b"\0\0")
            peer.lose()
            self.assertEqual(self.flushLoggedErrors(), [], request)

    def test_open_cut_short(self) -> None:
        """And the opening of one."""
        peer = self.peer("ann")
        peer.client.sendPacket(MSG_CHANNEL_OPEN, NS(b"x11") + b"\0")
        self.check_ended(peer)

    def test_more_than_the_window(self) -> None:
        """More than the window allows ends the channel."""
        peer = self.peer("ann")
        channel = peer.run("tail -f", input=None)
        channel.remoteWindowLeft = 2**31
        channel.write(b"x" * 200_000)
        peer.pump()
        self.assertTrue(channel.ended)

    def test_many_attempts_at_once(self) -> None:
        """Attempts without waiting for the answers do not get around the limits."""
        join(self.hub, "bob", password=PASSWORD)
        held: list[Deferred[bool]] = []

        async def slowly(*_: object) -> bool:
            held.append(Deferred())
            return await held[-1]

        self.patch(self.hub.login._passwords, "verify", slowly)
        peer = self.peer("bob")
        for number in range(WAITING + 3):
            attempt = NS("bob") + NS("ssh-connection") + NS("password")
            packet = attempt + b"\0" + NS(f"wrong-{number}")
            peer.client.sendPacket(MSG_USERAUTH_REQUEST, packet)
        peer.pump()
        self.assertEqual(len(held), 1)
        self.assertIn("One attempt after another", peer.client.told)

    def test_attempts(self) -> None:
        """Attempts of all kinds together are limited."""
        join(self.hub, "bob", password=PASSWORD)
        self.patch(ssh._Credentials, "ssh_USERAUTH_FAILURE", lambda *_: None)
        peer = self.peer("bob")
        attempt = NS("bob") + NS("ssh-connection") + NS("none")
        for _ in range(ATTEMPTS - 1):
            peer.client.sendPacket(MSG_USERAUTH_REQUEST, attempt)
            peer.pump()
        self.assertEqual(peer.client.told, "")
        peer.client.sendPacket(MSG_USERAUTH_REQUEST, attempt)
        peer.pump()
        self.assertIn("too many attempts", peer.client.told)

    def test_keys_never_agreed(self) -> None:
        """New keys that are asked for and never agreed upon hold everything up."""
        self.hub.rules = Rules(
            throttle=False, outbox_bytes=100_000, outbox_pause=50_000
        )
        bob, _ = join(self.hub, "bob")
        peer = self.peer("ann", window=2**30)
        peer.run("tail -n 0 -f")
        peer.client.sendKexInit()
        peer.server.dataReceived(peer._line.value())
        peer._line.clear()
        for _ in range(100):
            type_in(self.hub, bob, "x" * 4000)
        held = sum(len(data) for _, data in peer.server._blockedByKeyExchange)
        self.assertLess(held, 10_000)
        self.assertEqual([one.person.name for one in self.hub.presence], ["bob"])

    def test_new_keys(self) -> None:
        """New keys that are agreed upon disturb nobody."""
        peer = self.peer("ann")
        shell = peer.shell()
        peer.client.sendKexInit()
        peer.pump()
        self.assertIn(b": still here", shell.type("still here\r"))

    def test_typing_without_reading(self) -> None:
        """Who types and does not read is not listened to for long."""
        peer = self.peer("ann", window=3000)
        assert peer.conversation is not None
        shell = peer.shell()
        peer.conversation.adjustWindow = lambda *_: None  # type: ignore[method-assign]
        server = next(iter(peer.server.service.channels.values()))
        for _ in range(100):
            shell.write(b"some words\x1b[D\x1b[D" * 400)
            peer.pump()
        self.assertTrue(server.deaf)
        self.assertLess(len(server.buf), 300_000)
        self.assertGreater(len(shell.buf), 100_000)

    def test_door_stumbles(self) -> None:
        """A bug behind a channel ends that channel, and is logged."""
        shell = self.peer("ann").shell()
        server = next(iter(shell.peer.server.service.channels.values()))
        self.patch(server._door, "dataReceived", _broken)
        shell.type("hello")
        self.assertTrue(shell.ended)
        self.assertFalse(shell.peer.wire.disconnecting)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_door_does_not_begin(self) -> None:
        """A bug in the beginning refuses the channel, and is logged."""
        self.patch(self.factory, "shell", _broken)
        channel = self.peer("ann").open()
        channel.conn.sendRequest(channel, b"shell", b"")
        self.assertFalse(channel.ask(b"shell"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)


class FloodTests(SshCase):
    """Keys by the thousand, each of which is answered."""

    rules = Rules()

    def test_many_keys(self) -> None:
        """Keys that cost much wait, within the window, until it is their turn."""
        shell = self.peer("ann").shell()
        server = next(iter(shell.peer.server.service.channels.values()))
        shell.write(b"x" * 200 + b"\x1b[D" * KEYS_BURST)
        shell.peer.pump()
        self.assertFalse(server.deaf)
        shell.write(b"\x1b[D" * 50_000)
        shell.peer.pump()
        self.assertTrue(server.deaf)
        self.assertGreater(len(shell.buf), 40_000)
        self.assertLess(server.localWindowLeft, WINDOW // 2)
        for _ in range(400):
            self.clock.advance(1)
            shell.peer.pump()
        self.assertFalse(server.deaf)
        self.assertEqual(shell.buf, b"")


def _broken(*args: object) -> None:
    raise ZeroDivisionError


_pump = SshPeer.pump


def _packet(payload: bytes) -> bytes:
    """A packet that is not encrypted."""
    padding = 8 - (len(payload) + 5) % 8 + 8
    return (
        struct.pack(">LB", len(payload) + 1 + padding, padding)
        + payload
        + bytes(padding)
    )
