"""What systemd is told."""

import os
import socket
import sys
import tempfile
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate import notify as module
from chatd.operate.notify import notify, ready, reloading, stopping


@skipUnless(hasattr(socket, "AF_UNIX"), "systemd's socket is a Unix socket")
class NotifyTests(SynchronousTestCase):
    """systemd hears how the server is; without it nothing happens."""

    def listen(self, address: str) -> None:
        """Be systemd at this address."""
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.heard.close)
        self.heard.settimeout(5)
        self.heard.bind(address)

    def test_file(self) -> None:
        """Every state is told to the socket that the environment names."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "notify")
        self.listen(path)
        environ = {"NOTIFY_SOCKET": path}
        self.assertTrue(notify("READY=1", "STATUS=here", environ=environ))
        self.assertEqual(self.heard.recv(100), b"READY=1\nSTATUS=here")

    def test_states(self) -> None:
        """Ready, reloading and stopping have the words of sd_notify(3)."""
        said: list[tuple[str, ...]] = []
        self.patch(module, "notify", lambda *lines: said.append(lines))
        ready("listening on\n5050")
        reloading()
        stopping("bye")
        self.assertEqual(said[0], ("READY=1", "STATUS=listening on 5050"))
        self.assertEqual(said[1][0], "RELOADING=1")
        self.assertRegex(said[1][1], "^MONOTONIC_USEC=[0-9]+$")
        self.assertEqual(said[2], ("STOPPING=1", "STATUS=bye"))

    @skipUnless(sys.platform == "linux", "only Linux has sockets without a file")
    def test_no_file(self) -> None:
        """A socket without a file, as containers have it, is found as well."""
        name = f"chatd-test-{os.getpid()}"
        self.listen(f"\0{name}")
        self.assertTrue(notify("READY=1", environ={"NOTIFY_SOCKET": f"@{name}"}))
        self.assertEqual(self.heard.recv(100), b"READY=1")

    def test_nobody(self) -> None:
        """Without systemd, or when it is gone, nothing happens."""
        self.assertFalse(notify("READY=1", environ={}))
        self.assertFalse(notify("READY=1", environ={"NOTIFY_SOCKET": "/nowhere/x"}))
