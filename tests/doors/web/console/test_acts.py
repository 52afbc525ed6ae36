"""Tests for L{chatd.doors.web.console.acts}: what operators do."""

import json
from typing import Any

from twisted.logger import formatEvent, globalLogPublisher

from chatd.chat.events import Announced, Closing, MotdChanged
from chatd.doors.web.console.api import TABLE, without_commands
from chatd.testing import join, result, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.web.browser import request, responses
from tests.doors.web.console.case import MARK, OLGA, ConsoleCase


class ActTests(ConsoleCase):
    """What operators do."""

    def test_control(self) -> None:
        """The chat is stopped, moved and started."""
        self.act("stop", reason="Tea.")
        self.assertFalse(self.server.running)
        self.assertEqual(self.act("port", port=6060), {"text": "The port is 6060."})
        self.act("start")
        self.assertTrue(self.server.running)
        self.assertIn("1 to 65535", self.refusal("port", port=0))
        self.assertIn("1 to 65535", self.refusal("port", port=65_536))

    def test_words(self) -> None:
        """Everybody is told, and the message of the day changes."""
        _, door = join(self.hub, "ann")
        self.act("announce", text="Tea\r\nat four.")
        self.act("motd", text="Be kind.")
        turn(self.hub)
        (announced,) = door.of(Announced)
        self.assertEqual(
            (announced.sender.name, announced.text), (OLGA, "Tea at four.")
        )
        (changed,) = door.of(MotdChanged)
        self.assertEqual(self.hub.motd, "Be kind.")
        self.assertEqual(changed.text, "Be kind.")
        self.refusal("announce", text="")

    def test_lockdown(self) -> None:
        """In an emergency only members come in."""
        self.act("lockdown", on=True)
        self.assertTrue(self.hub.lockdown)
        self.assertIn("on already", self.refusal("lockdown", on=True))
        self.act("lockdown", on=False)
        self.assertFalse(self.hub.lockdown)

    def test_process(self) -> None:
        """Settings are read again, and the server is shut down, with a delay."""
        self.act("reload")
        self.assertEqual(self.server.reloads, 1)
        self.act("shutdown", seconds=60, reason="Disk.")
        self.act("shutdown", seconds=0)
        self.assertEqual(self.server.stops, [(60, "Disk."), (0, "")])
        self.assertIn("more than a day", self.refusal("shutdown", seconds=86_401))
        self.refusal("shutdown", seconds=-1)
        self.assertEqual(len(self.server.stops), 2)

    def test_public_address(self) -> None:
        """Somebody else is asked only when the operator says so."""
        self.data("status", self.cookie)
        self.assertEqual(self.instruments.asked, 0)
        self.assertEqual(self.act("public-address"), {"address": "203.0.113.5"})
        self.assertIn("does not answer", self.refusal("public-address"))

    def test_cut(self) -> None:
        """One connection ends, and its owner is told why."""
        _, stays = join(self.hub, "ann", password=PASSWORD)
        _, door = join(self.hub, "ann", password=PASSWORD)
        _, row = self.data("sessions", self.cookie)["rows"]
        self.assertIn(
            "ann", self.act("cut", number=row["number"], reason="Enough.")["text"]
        )
        turn(self.hub)
        self.assertEqual(
            door.of(Closing)[0].text, "An operator ended this session: Enough."
        )
        self.assertTrue(stays.open)
        self.assertIn("gone already", self.refusal("cut", number=row["number"]))

    def test_ban(self) -> None:
        """An address is shut out for a while, and let in again."""
        words = self.act("ban", whom="198.51.100.7", time="2h", reason="Floods.")
        self.assertEqual(words["text"], "198.51.100.7 is shut out for 2 hours.")
        (ban,) = self.data("bans", self.cookie)["rows"]
        self.assertEqual(
            (ban["whom"], ban["reason"], ban["by"]), ("198.51.100.7", "Floods.", OLGA)
        )
        self.act("lift", whom="198.51.100.7")
        self.assertEqual(self.data("bans", self.cookie)["rows"], [])
        self.assertIn("not banned", self.refusal("lift", whom="198.51.100.7"))
        self.assertIn("30s", self.refusal("ban", whom="198.51.100.7", time="soon"))
        self.assertIn("where you are", self.refusal("ban", whom="192.0.2.1"))

    def test_roles(self) -> None:
        """Members become operators and members again; the last operator stays."""
        join(self.hub, "ann", password=PASSWORD)
        self.act("op", name="ann")
        self.assertEqual(result(self.store.operators()), 2)
        ann = self.log_in("ann")
        self.act("deop", name="ann")
        self.assertEqual(self.get("status", ann).status, 401)
        self.assertIn("last operator", self.refusal("deop", name=OLGA))

    def test_reset(self) -> None:
        """A new password is shown once; the old one and all sessions are over."""
        ann, door = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, "/keys add ssh-ed25519 AAAA")
        password = self.act("reset", name="Ann")["password"]
        turn(self.hub)
        key = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        self.assertEqual(result(self.store.key_owner(key.fingerprint)), 0)
        self.assertFalse(door.open)
        self.assertEqual(door.of(Closing)[0].text, "The password of ann was changed.")
        session, _ = join(self.hub, "bob")
        type_in(self.hub, session, f"/login ann {PASSWORD}")
        self.assertIsNone(session.account)
        type_in(self.hub, session, f"/login ann {password}")
        self.assertIsNotNone(session.account)
        self.assertIn("no account", self.refusal("reset", name="nobody"))
        self.assertIn("yourself", self.refusal("reset", name=OLGA))

    def test_delete(self) -> None:
        """An account is gone, and its name stays reserved; operators' are not."""
        _, door = join(self.hub, "ann", password=PASSWORD)
        self.act("delete", name="ann")
        turn(self.hub)
        self.assertFalse(door.open)
        self.assertEqual(result(self.store.accounts()), 1)
        self.assertIn("no account", self.refusal("delete", name="ann"))
        join(self.hub, "bob", password=PASSWORD)
        self.act("op", name="bob")
        self.assertIn(
            "bob is an operator: end that first.", self.refusal("delete", name="bob")
        )
        self.assertIn(
            "bob is an operator: end that first.", self.refusal("reset", name="bob")
        )

    def test_not_stored(self) -> None:
        """What the store does not take is not done, and that is said."""
        cookie, first = self.cookie, self.browser()
        self.store.failing = self.store.unsure = True
        body = json.dumps({"text": "psst"}).encode()
        asked = request("POST", "/console/api/announce", body, Cookie=cookie, **MARK)
        self.assertEqual(first.send(asked), b"", "it waits: perhaps it was stored")
        response = self.post(self.browser(), "announce", cookie, text="psst")
        self.assertEqual(response.status, 503)
        self.assertIn("cannot store", response.text)
        self.store.failing = self.store.unsure = False
        self.clock.pump([1] * 10)
        self.assertEqual([one.status for one in responses(first.read())], [503])

    def test_audit(self) -> None:
        """Each act is in the log, with who did it and from where."""
        join(self.hub, "ann", password=PASSWORD)
        _ = self.cookie
        said: list[str] = []

        def observe(event: Any) -> None:
            if event.get("log_namespace") == "chatd.audit":
                said.append(formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        number = self.data("sessions", self.cookie)["rows"][0]["number"]
        acts: list[tuple[str, dict[str, Any], str]] = [
            ("stop", {}, "stop"),
            ("start", {}, "start"),
            ("port", {"port": 6060}, "change the port to 6060"),
            ("announce", {"text": "psst"}, "announce"),
            ("motd", {"text": "psst"}, "motd"),
            ("lockdown", {"on": True}, "lockdown on"),
            ("reload", {}, "reload"),
            ("shutdown", {"seconds": 5}, "shutdown in 5 s"),
            ("go-on", {}, "shutdown off"),
            ("cut", {"number": number}, "disconnect ann"),
            ("ban", {"whom": "198.51.100.7"}, "serverban 198.51.100.7 for ever"),
            ("lift", {"whom": "198.51.100.7"}, "serverunban 198.51.100.7"),
            ("op", {"name": "ann"}, "op ann"),
            ("deop", {"name": "ann"}, "deop ann"),
            ("reset", {"name": "ann"}, "reset the password of ann"),
            ("delete", {"name": "ann"}, "delete the account ann"),
        ]
        for name, body, entry in acts:
            said.clear()
            self.act(name, **body)
            self.assertEqual(said, [f"{OLGA}: {entry} (console, from 192.0.2.1)"])
        done = {name for name, _, _ in acts}
        public = {"public-address"}  # asks, and changes nothing
        self.assertEqual(
            done | public, {name for method, name in TABLE if method == b"POST"}
        )


class WordsTests(ConsoleCase):
    """What is refused names nothing that one would have to type elsewhere."""

    def test_refusals(self) -> None:
        """Where the chat would name a command, the console does not."""
        join(self.hub, "eve")
        self.assertEqual(
            self.refusal("op", name="nobody1"), "There is nobody called nobody1."
        )
        self.assertEqual(
            self.refusal("op", name="eve"),
            "eve is a guest. An operator needs an account.",
        )
        self.assertEqual(
            self.refusal("deop", name=OLGA),
            "olga is the last operator: make another one first.",
        )
        self.assertEqual(
            self.refusal("ban", whom="eve"),
            "eve is a guest and would come back under another name.",
        )

    def test_others(self) -> None:
        """Words without one stay as they are, and so do paths."""
        port = "port 80 is in use; stop that, or choose another port with --port"
        for text, words in {
            "Too long.": "Too long.",
            f"The port stays 5050: {port}.": f"The port stays 5050: {port[:-12]}.",
            "See https://chat.example/x for more.": (
                "See https://chat.example/x for more."
            ),
            "The file /tmp/a is gone.": "The file /tmp/a is gone.",
        }.items():
            self.assertEqual(without_commands(text), words)
