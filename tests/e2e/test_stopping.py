"""The server stops as it is told, or dies: nothing that was shown is lost."""

import re
import signal
import socket
import threading
import time

from tests.e2e.running import HOST, PASSWORD, Chat, ServerCase

_SAID = re.compile(r"\] \w+(?: \(guest\))?: (\w+-\d+)\r\n")


class ToldTests(ServerCase):
    """Signals and /shutdown."""

    def test_sigterm(self) -> None:
        """Everybody is told why, what was said before is stored, the status is 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start()
            ann, bob = self.enter("ann"), self.enter("bob", encrypted=True)
            bob.type(f"last words {number}")
            ann.expect(f"last words {number}")
            server.process.send_signal(number)
            for chat in (ann, bob):
                chat.expect("* The server is stopping.\r\n")
                chat.expect_end()
            self.assertEqual(server.end(), 0, server.heard)
            self.assertNotIn("Traceback", server.heard)
        self.start()
        cho = self.connect()
        cho.type("cho")
        cho.expect(f"bob (guest): last words {signal.SIGTERM}")
        cho.expect(f"bob (guest): last words {signal.SIGINT}")

    def test_slow_reader(self) -> None:
        """Somebody who does not read delays it by a moment only."""
        server = self.start("--limits-throttle=false")
        with socket.create_connection((HOST, self.port)) as deaf:
            deaf.sendall(b"deaf\n")
            ann = self.enter("ann")
            for _ in range(1000):
                ann.type("x" * 3000)
            ann.type("/whosonline")
            ann.expect("in lobby: ann")
            before = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.end(), 0)
            self.assertLess(time.monotonic() - before, 10)

    def test_second_signal(self) -> None:
        """A second signal stops it at once, with status 0 as well."""
        server = self.start()
        self.enter("ann")
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.end(), 0, server.heard)
        self.stop(self.start())

    def test_at_once(self) -> None:
        """A signal while it starts ends it as well."""
        server = self.serve()
        server.expect("")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        server.end()
        self.assertNotIn("Traceback", server.heard)
        self.stop(self.start())

    def test_shutdown(self) -> None:
        """/shutdown says when and why, and then does it."""
        server = self.start()
        code = self.claim_code(server)
        ann, bob = self.register("ann"), self.enter("bob")
        bob.type("/shutdown")
        bob.expect("! /shutdown is for operators of the server.")
        ann.type(f"/claim {code}")
        ann.expect("is an operator now")
        ann.type("/stats")
        ann.expect("* people: 2\r\n")
        ann.type("/shutdown 60 Later.")
        bob.expect("* The server stops in 1 minute: Later.\r\n")
        ann.type("/shutdown 1 Back at ten.")
        bob.expect("* The server stops in 1 second: Back at ten.\r\n")
        bob.type("one more word")
        ann.expect("bob: one more word")
        bob.expect("* Back at ten.\r\n")
        bob.expect_end()
        self.assertEqual(server.end(), 0, server.heard)


class KilledTests(ServerCase):
    """kill -9."""

    def test_busy(self) -> None:
        """All that anybody was shown is in the history; accounts are there."""
        server = self.start("--limits-throttle=false", "--limits-paste-from=100000")
        self.register("ann").close()
        chats = [self.enter(name) for name in ("bob", "cho", "dan", "eve")]
        going = threading.Event()
        going.set()

        def speak(chat: Chat, name: str) -> None:
            number = 0
            while going.is_set():
                number += 1
                try:
                    chat.type(f"{name}-{number}")
                except OSError:
                    return
                time.sleep(0.002)

        speakers = [
            threading.Thread(target=speak, args=(chat, name), daemon=True)
            for chat, name in zip(chats, ("bob", "cho", "dan", "eve"), strict=True)
        ]
        for speaker in speakers:
            speaker.start()
        chats[0].expect("eve-100\r\n")
        server.process.kill()
        server.process.wait()
        for chat in chats:
            chat.expect_end()
        going.clear()
        for speaker in speakers:
            speaker.join()
        shown = {said for chat in chats for said in _SAID.findall(chat.heard)}
        self.assertGreater(len(shown), 300)

        server = self.start()
        ann = self.connect()
        ann.type(f"/login ann {PASSWORD}")
        ann.expect("* You are ann, a member.")
        ann.type("/getlog")
        ann.expect("* End of the log: ")
        kept = _SAID.findall(ann.heard.partition("* The log of lobby:")[2])
        self.assertEqual(shown - set(kept), set())
        self.assertEqual(len(kept), len(set(kept)), "nothing is doubled")
        for name in ("bob", "cho", "dan", "eve"):
            numbers = [int(n) for who, n in (k.split("-") for k in kept) if who == name]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        ann.type("/history 200")
        ann.expect(f": {kept[-1]}\r\n")
        self.stop(server)
