# ruff: noqa: N802 (the spelling tells that Conch calls)
"""Tests for files by sftp: folders, files, and what a hostile client may try."""

import struct
from typing import Any

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.filetransfer import (
    FX_FAILURE,
    FX_NO_SUCH_FILE,
    FX_OP_UNSUPPORTED,
    FX_PERMISSION_DENIED,
    FXF_APPEND,
    FXF_CREAT,
    FXF_READ,
    FXF_TRUNC,
    FXF_WRITE,
    FXP_READ,
    FileTransferClient,
    SFTPError,
)
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from chatd.chat.account import Person
from chatd.chat.events import Handed, Shared
from chatd.chat.file import File
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.doors.ssh.folders import by_name, split
from chatd.doors.ssh.sftp import OPEN, PACKET, TURN, WINDOW, Sftp, is_old_scp
from chatd.testing import turn, type_in
from tests.chatting import Chatting

PUT = FXF_WRITE | FXF_CREAT | FXF_TRUNC


class Wire:
    """
    An SSH connection with one channel, and an sftp client at its other end.

    @ivar words: What the client shows on its standard error.
    @ivar slow: Whether the client reads nothing.
    @ivar sent: Bytes that were sent to it.
    """

    def __init__(self, hub: Any, session: Session) -> None:
        self.words = ""
        self.slow = False
        self.sent = 0
        self.closed = False
        self.requests: list[tuple[bytes, bytes]] = []
        self.hub = hub
        self.channel = Channel(
            localWindow=WINDOW, remoteWindow=1 << 21, remoteMaxPacket=32_768, conn=self
        )
        self.sftp = Sftp(hub, session, self.channel)
        self.channel.sftp = self.sftp
        self.client = FileTransferClient()
        self.client.makeConnection(self)

    # What the channel asks of its connection

    def sendData(self, channel: SSHChannel, data: bytes) -> None:
        self.sent += len(data)
        if not self.slow:
            self.channel.remoteWindowLeft += len(data)
            self.client.dataReceived(data)

    def sendExtendedData(self, channel: SSHChannel, kind: int, data: bytes) -> None:
        self.words += data.decode()

    def adjustWindow(self, channel: SSHChannel, bytes: int) -> None:
        channel.localWindowLeft += bytes

    def sendRequest(self, channel: SSHChannel, kind: bytes, data: bytes) -> None:
        self.requests.append((kind, data))

    def sendClose(self, channel: SSHChannel) -> None:
        self.closed = True

    # What the client asks of its transport

    def write(self, data: bytes) -> None:
        self.channel.localWindowLeft -= len(data)
        self.sftp.dataReceived(data)


class Channel(SSHChannel):
    """A channel that tells sftp when it is full."""

    sftp: Sftp

    def stopWriting(self) -> None:
        self.sftp.stop("window")

    def startWriting(self) -> None:
        self.sftp.go("window")


class SftpCase(Chatting):
    """Ann and bob, with small limits, and ann by sftp as well."""

    rules = Rules(throttle=False, file_bytes=300_000, files_account=500_000)

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = self.member("ann", "ops")
        self.bob, self.bob_door = self.member("bob", "ops")
        self.wire = Wire(self.hub, self.ann)
        self.client = self.wire.client

    def ask(self, question: "Deferred[Any]") -> Any:  # type: ignore[override]
        """What the server answers."""
        turn(self.hub)
        return self.successResultOf(question)

    def refusal(self, question: "Deferred[Any]") -> tuple[int, str]:  # type: ignore[override]
        """How the server refuses."""
        turn(self.hub)
        error = self.failureResultOf(question, SFTPError, NotImplementedError).value
        if isinstance(error, NotImplementedError):
            return FX_OP_UNSUPPORTED, str(error)
        return error.code, str(error.message)

    def put(self, path: str, content: bytes, wire: Wire | None = None) -> None:
        """Upload a file as OpenSSH does."""
        client = (wire or self.wire).client
        file = self.ask(client.openFile(path.encode(), PUT, {}))
        writes = [
            file.writeChunk(at, content[at : at + 32_768])
            for at in range(0, len(content), 32_768)
        ]
        for write in writes:
            self.ask(write)
        self.ask(file.close())

    def get(self, path: str, wire: Wire | None = None) -> bytes:
        """Download a file as OpenSSH does."""
        client = (wire or self.wire).client
        file = self.ask(client.openFile(path.encode(), FXF_READ, {}))
        size = self.ask(file.getAttrs())["size"]
        reads = [file.readChunk(at, 32_768) for at in range(0, size, 32_768)]
        content = b"".join(self.ask(read) for read in reads)
        self.ask(file.close())
        return content

    def names(self, path: str, wire: Wire | None = None) -> list[str]:
        """List a folder."""
        client = (wire or self.wire).client
        folder = self.ask(client.openDirectory(path.encode()))
        names = [name.decode() for name, _, _ in self.ask(folder.read())]
        self.failureResultOf(folder.read(), EOFError)
        self.ask(folder.close())
        return names


class FolderTests(SftpCase):
    """Folders are rooms and people, and there is nothing else."""

    def test_root(self) -> None:
        """In the root are the rooms that one may see, and the people."""
        type_in(self.hub, self.bob, "/join secret", "/private")
        self.assertEqual(self.names("/"), [".", "..", "lobby", "ops", "@bob"])

    def test_room(self) -> None:
        """In a room's folder is what was shared there, with size and time."""
        self.put("/ops/plan.txt", b"hello")
        self.put("/ops/report.txt", b"")
        self.assertEqual(self.names("ops"), [".", "..", "report.txt", "plan.txt"])
        folder = self.ask(self.client.openDirectory(b"/ops/"))
        name, line, attributes = self.ask(folder.read())[-1]
        self.assertEqual((name, attributes["size"]), (b"plan.txt", 5))
        self.assertEqual(attributes["mtime"], int(self.hub.now()))
        self.assertRegex(line, rb"^-rw-r--r-- +1 ann +5 .* plan\.txt$")

    def test_person(self) -> None:
        """In a person's folder is what both share with each other."""
        self.put("/@bob/plan.txt", b"hello")
        (event,) = self.bob_door.of(Handed)
        self.assertEqual((event.sender.name, event.mime), ("ann", "text/plain"))
        self.assertEqual(self.get("@Bob/plan.txt"), b"hello")
        bobs = Wire(self.hub, self.bob)
        self.assertEqual(self.get("/@ann/plan.txt", bobs), b"hello")
        cho, _ = self.member("cho")
        chos = Wire(self.hub, cho)
        self.assertEqual(self.names("/@ann", chos), [".", ".."])

    def test_away(self) -> None:
        """People who are away have a folder if files are shared with them."""
        self.put("/@bob/plan.txt", b"hello")
        self.bob.end("")
        turn(self.hub)
        self.assertIn("@bob", self.names("/"))
        self.assertEqual(self.get("/bob/plan.txt"), b"hello")

    def test_same_names(self) -> None:
        """The newest has the name; older ones are numbered."""
        for content in (b"1", b"2", b"3"):
            self.put("/ops/a.tar.gz", content)
        self.assertEqual(
            self.names("/ops")[2:], ["a.tar.gz", "a.tar~2.gz", "a.tar~3.gz"]
        )
        self.assertEqual(self.get("/ops/a.tar.gz"), b"3")
        self.assertEqual(self.get("/ops/a.tar~3.gz"), b"1")

    def test_no_way_out(self) -> None:
        """No path leads anywhere else."""
        for path in (b"/etc/passwd", b"../../etc/passwd", b"/nobody", b"/#nowhere"):
            code, _ = self.refusal(self.client.getAttrs(path))
            self.assertEqual(code, FX_NO_SUCH_FILE)
        self.assertEqual(self.ask(self.client.realPath(b"../../..")), "/")
        self.assertEqual(self.ask(self.client.realPath(b"ops/./x/../y")), "/ops/y")
        self.assertEqual(self.ask(self.client.realPath(b".")), "/")
        for path in (b"/ops/a/b", b"/ops/a.txt/b", b"/ops/no.txt"):
            self.refusal(self.client.getAttrs(path))
        self.assertEqual(split("/a//b/../c/"), ["a", "c"])

    def test_private(self) -> None:
        """A private room that one is not in cannot be told from one there is not."""
        type_in(self.hub, self.bob, "/join secret", "/private")
        refused = self.refusal(self.client.openDirectory(b"/secret"))
        missing = self.refusal(self.client.openDirectory(b"/sacred"))
        self.assertEqual(refused[0], missing[0])
        self.assertEqual(refused[1].replace("secret", "sacred"), missing[1])

    def test_attributes(self) -> None:
        """Folders are folders, files are files, and both can be told apart."""
        for path, folder in ((b"/", True), (b"ops/", True), (b"/@bob", True)):
            attributes = self.ask(self.client.getAttrs(path))
            self.assertEqual(bool(attributes["permissions"] & 0o040000), folder)
        self.put("/ops/plan.txt", b"hello")
        attributes = self.ask(self.client.getAttrs(b"/ops/plan.txt"))
        self.assertEqual((attributes["permissions"], attributes["size"]), (0o100644, 5))
        self.ask(self.client.setAttrs(b"/ops/plan.txt", {"permissions": 0o777}))

    def test_not_a_folder(self) -> None:
        """A file is not listed, and a folder is not read."""
        self.put("/ops/plan.txt", b"hello")
        self.refusal(self.client.openDirectory(b"/ops/plan.txt"))
        for path in (b"/", b"/ops"):
            self.refusal(self.client.openFile(path, FXF_READ, {}))
            self.refusal(self.client.openFile(path, PUT, {}))

    def test_fixed(self) -> None:
        """Folders cannot be made, removed or renamed, and there are no links."""
        for question in (
            self.client.makeDirectory(b"/ops/new", {}),
            self.client.removeDirectory(b"/ops"),
            self.client.renameFile(b"/ops/a", b"/ops/b"),
        ):
            self.assertEqual(self.refusal(question)[0], FX_PERMISSION_DENIED)
        self.assertIn("/join NAME", self.wire.words)
        for question in (
            self.client.makeLink(b"/ops/a", b"/ops/b"),
            self.client.readLink(b"/ops/a"),
            self.client.extendedRequest(b"posix-rename@openssh.com", b""),
        ):
            self.assertEqual(self.refusal(question)[0], FX_OP_UNSUPPORTED)

    def test_names(self) -> None:
        """Each file has a name of its own, whatever others are called."""
        ann = Person(1, "ann", False)
        files = [
            File(str(number), number, ann, "ops", None, name, 0, "", "", 0.0)
            for number, name in enumerate(["a~2.x", "a.x", "a.x", ".x", ".x"])
        ]
        self.assertEqual(list(by_name(files)), ["a~2.x", "a.x", "a~3.x", ".x", ".x~2"])


class SharingTests(SftpCase):
    """Putting a file shares it; getting fetches it."""

    def test_put(self) -> None:
        """Everybody in the room is told of it, and what is fetched is the same."""
        content = bytes(range(256)) * 1_000
        self.put("/ops/data.bin", content)
        (event,) = self.bob_door.of(Shared)
        self.assertEqual((event.name, event.size), ("data.bin", 256_000))
        self.assertEqual(self.get("/ops/data.bin", Wire(self.hub, self.bob)), content)
        self.assertEqual(self.files.open_files, 0)

    def test_broken(self) -> None:
        """If the connection breaks before the end, nothing is shared or left."""
        file = self.ask(self.client.openFile(b"/ops/a", PUT, {}))
        self.ask(file.writeChunk(0, b"x" * 9))
        self.wire.sftp.connectionLost(Failure(ConnectionLost()))
        turn(self.hub)
        self.assertEqual((self.files.kept, self.files.open_files), ({}, 0))
        self.assertEqual(self.bob_door.of(Shared), [])

    def test_broken_reading(self) -> None:
        """If the connection breaks while a file is fetched, it is closed."""
        self.put("/ops/a", b"hello")
        self.ask(self.client.openFile(b"/ops/a", FXF_READ, {}))
        self.assertEqual(self.files.open_files, 1)
        self.wire.sftp.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.files.open_files, 0)

    def test_too_large(self) -> None:
        """Beyond the limit nothing is taken, and the client says why, once."""
        file = self.ask(self.client.openFile(b"/ops/a", PUT, {}))
        for at in range(0, 9 * 32_768, 32_768):
            self.ask(file.writeChunk(at, b"x" * 32_768))
        for at in range(9 * 32_768, 12 * 32_768, 32_768):
            code, text = self.refusal(file.writeChunk(at, b"x" * 32_768))
            self.assertEqual(code, FX_FAILURE)
            self.assertIn("300 kB", text)
        self.assertIn("300 kB", self.refusal(file.close())[1])
        self.assertEqual(self.wire.words.count("300 kB"), 1)
        self.assertEqual((self.files.kept, self.files.open_files), ({}, 0))

    def test_quota(self) -> None:
        """When the account's files take too much, it says what to do."""
        self.put("/ops/a", b"x" * 300_000)
        self.put("/ops/b", b"x" * 190_000)
        file = self.ask(self.client.openFile(b"/ops/c", PUT, {}))
        self.refusal(file.writeChunk(0, b"x" * 20_000))
        self.assertIn("/files remove", self.wire.words)

    def test_not_allowed(self) -> None:
        """Where one may not speak one may not share, and is told why."""
        type_in(self.hub, self.bob, "/join other")
        refused = self.refusal(self.client.openFile(b"/other/a", PUT, {}))
        self.assertEqual(refused[0], FX_PERMISSION_DENIED)
        self.assertIn("/join other", self.wire.words)

    def test_remove(self) -> None:
        """One's own files can be removed, and no others."""
        self.put("/ops/a", b"x")
        self.put("/ops/b", b"x", Wire(self.hub, self.bob))
        self.ask(self.client.removeFile(b"/ops/a"))
        code, _ = self.refusal(self.client.removeFile(b"/ops/b"))
        self.assertEqual(code, FX_PERMISSION_DENIED)
        self.assertEqual(self.names("/ops")[2:], ["b"])

    def test_odd_ways(self) -> None:
        """A file is written once, from its beginning to its end."""
        for flags in (PUT | FXF_READ, PUT | FXF_APPEND):
            refused = self.refusal(self.client.openFile(b"/ops/a", flags, {}))
            self.assertEqual(refused[0], FX_OP_UNSUPPORTED)
        file = self.ask(self.client.openFile(b"/ops/a", PUT, {}))
        self.refusal(file.readChunk(0, 1))
        self.refusal(file.writeChunk(5, b"x"))
        self.refusal(file.close())
        self.assertEqual(self.files.open_files, 0)
        self.put("/ops/b", b"x")
        file = self.ask(self.client.openFile(b"/ops/b", FXF_READ, {}))
        self.refusal(file.writeChunk(0, b"x"))

    def test_finish(self) -> None:
        """At the end of input what was asked is answered, and all is well."""
        self.hub.store.hold(questions=True)  # type: ignore[attr-defined]
        listing = self.client.openDirectory(b"/ops")
        turn(self.hub)
        self.wire.sftp.finish()
        self.assertFalse(self.wire.closed)
        self.hub.store.release()  # type: ignore[attr-defined]
        self.ask(listing)
        self.assertEqual(self.wire.requests, [(b"exit-status", bytes(4))])
        self.assertTrue(self.wire.closed)

    def test_old_scp(self) -> None:
        """The old protocol of scp is recognised."""
        for command in ("scp -t ops/", "scp -p -f ops/a"):
            self.assertTrue(is_old_scp(command))
        for command in ("", "/who", "say scp -t", "scp", "scpx -t"):
            self.assertFalse(is_old_scp(command))


class HostileTests(SftpCase):
    """Whatever a client sends, it costs little."""

    def test_slow_reader(self) -> None:
        """Who asks for much and reads nothing is sent no more than the window."""
        self.put("/ops/a", b"x" * 300_000)
        file = self.ask(self.client.openFile(b"/ops/a", FXF_READ, {}))
        self.wire.slow = True
        before = self.wire.sent
        for _ in range(1_000):
            self.client._sendRequest(
                FXP_READ, file.handle + struct.pack("!QL", 0, 32_768)
            ).addErrback(lambda _: None)
            turn(self.hub)
        held = len(self.wire.channel.buf)
        self.assertLessEqual(self.wire.sent - before, 1 << 21)
        self.assertLessEqual(held, 2 * TURN)
        self.wire.slow = False
        self.wire.channel.addWindowBytes(1 << 21)

    def test_window(self) -> None:
        """Who sends faster than the disk writes may send only one window more."""
        self.hub.store.hold(questions=True)  # type: ignore[attr-defined]
        self.client.openFile(b"/ops/a", PUT, {}).addErrback(lambda _: None)
        sent = 0
        while self.wire.channel.localWindowLeft > 40_000:
            self.client._sendRequest(6, b"\0" * 32_768).addErrback(lambda _: None)
            turn(self.hub)
            sent += 32_768
        self.assertLessEqual(sent, WINDOW)

    def test_long_packet(self) -> None:
        """A packet that is too long ends it, before it is there."""
        for length in (PACKET + 1, 0, 4, 2**32 - 1):
            wire = Wire(self.hub, self.ann)
            wire.write(struct.pack("!LBL", length, 1, 0))
            self.assertTrue(wire.closed)
            self.assertEqual(len(wire.sftp._come), 0)

    def test_nonsense(self) -> None:
        """What cannot be understood is refused, or ends it without a traceback."""
        code, _ = self.refusal(self.client._sendRequest(99, b""))
        self.assertEqual(code, FX_OP_UNSUPPORTED)
        self.assertFalse(self.wire.closed)
        for kind, data in ((19, b""), (5, b"\0\0\0\1x" + bytes(12)), (3, b"\0")):
            wire = Wire(self.hub, self.ann)
            wire.client._sendRequest(kind, data)
            self.assertTrue(wire.closed)
            wire.write(b"more")

    def test_missing(self) -> None:
        """A file that is not there is named, and nothing is asked of the disk."""
        code, _ = self.refusal(self.client.openFile(b"/ops/none", FXF_READ, {}))
        self.assertEqual(code, FX_NO_SUCH_FILE)
        code, _ = self.refusal(self.client.openFile(b"/ops", FXF_READ, {}))
        self.assertEqual(code, FX_FAILURE)

    def test_bug(self) -> None:
        """A mistake of the server is logged and not told; what follows goes on."""
        self.put("/ops/a", b"x")
        broken = self.patch(self.hub.sharing, "remove", _broken)
        code, text = self.refusal(self.client.removeFile(b"/ops/a"))
        broken.restore()
        self.assertEqual((code, text), (FX_FAILURE, "the server made a mistake"))
        self.assertTrue(self.flushLoggedErrors(ZeroDivisionError))
        self.ask(self.client.removeFile(b"/ops/a"))

    def test_handles(self) -> None:
        """So many open files, and no more; handles that there are not are refused."""
        for _ in range(OPEN):
            self.ask(self.client.openDirectory(b"/ops"))
        self.refusal(self.client.openDirectory(b"/ops"))
        file = self.client.openFile(b"/ops/a", PUT, {})
        self.refusal(file)
        code, _ = self.refusal(self.client._sendRequest(4, struct.pack("!L", 1) + b"x"))
        self.assertEqual(code, FX_FAILURE)

    def test_lost_while_opening(self) -> None:
        """An upload that begins as the connection breaks leaves nothing."""
        self.hub.store.hold(questions=True)  # type: ignore[attr-defined]
        self.client.openFile(b"/ops/a", PUT, {}).addErrback(lambda _: None)
        self.wire.sftp.connectionLost(Failure(ConnectionLost()))
        self.hub.store.release()  # type: ignore[attr-defined]
        turn(self.hub)
        self.assertEqual(self.files.open_files, 0)


async def _broken(*_: object) -> None:
    raise ZeroDivisionError
