"""What operators of the server do, and that it is logged."""

from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from chatd.chat.account import Role
from chatd.chat.errors import Banned
from chatd.chat.events import (
    Announced,
    Closing,
    Departed,
    Killed,
    LockdownChanged,
    RoleChanged,
    ServerBanned,
)
from chatd.chat.rules import Rules
from chatd.testing import connect, join, turn, type_in
from tests.chatting import PASSWORD, Chatting, of


class Operating(Chatting):
    """An operator and a guest."""

    def setUp(self) -> None:
        super().setUp()
        self.olga, self.olgas = self.operator("olga")
        self.bob, self.bobs = self.guest("bob")

    def tell(self, line: str) -> str:
        """What the operator is answered."""
        return self.answer(self.olga, self.olgas, line)

    def refused(self, line: str) -> str:
        """Why the operator is refused."""
        return self.refusal(self.olga, self.olgas, line)


class AnnounceTests(Operating):
    """/announce"""

    def test_announce(self) -> None:
        """Everybody is told who is here, also who is in no room."""
        type_in(self.hub, self.bob, "/leave")
        _, outside = connect(self.hub)
        events = self.ask(self.olga, self.olgas, "/announce Lunch  is ready.")
        self.assertEqual(len(of(Announced, events)), 1)
        told = [announced.text for announced in self.bobs.of(Announced)]
        self.assertEqual(told, ["Lunch  is ready."])
        self.assertEqual(outside.events, [])

    def test_not_for_everybody(self) -> None:
        """Only operators announce."""
        refusal = self.refusal(self.bob, self.bobs, "/announce hi")
        self.assertEqual(refusal, "/announce is for operators of the server.")


class OpTests(Operating):
    """/op and /deop"""

    def test_op_and_deop(self) -> None:
        """A member becomes an operator at once, and stops being one."""
        ann, door = self.member("ann")
        self.assertEqual(self.tell("/op ann"), "ann is an operator now.")
        self.assertIs(ann.role, Role.OPERATOR)
        self.assertEqual(
            [change.role for change in door.of(RoleChanged)], [Role.OPERATOR]
        )
        self.assertIn("operator already", self.refused("/op ann"))
        self.assertEqual(self.tell("/deop ann"), "ann is no operator any more.")
        self.assertIs(ann.role, Role.MEMBER)
        self.assertIn("is no operator", self.refused("/deop ann"))

    def test_not_here(self) -> None:
        """It works for accounts that are not here."""
        ann, _ = self.member("ann")
        type_in(self.hub, ann, "/quit")
        self.tell("/op ann")
        ann, _ = join(self.hub, "ann", password=PASSWORD)
        self.assertIs(ann.role, Role.OPERATOR)

    def test_guest(self) -> None:
        """A guest cannot be an operator."""
        self.assertIn("needs an account", self.refused("/op bob"))
        self.assertIn("nobody called", self.refused("/op eve"))

    def test_last(self) -> None:
        """The last operator stays one."""
        self.assertIn("last operator", self.refused("/deop olga"))

    def test_both_at_once(self) -> None:
        """Two operators who dismiss each other at once leave one."""
        ann, _ = self.member("ann")
        self.tell("/op ann")
        ann.receive("/deop olga")
        self.olga.receive("/deop ann")
        turn(self.hub, 10)
        roles = sorted([ann.role, self.olga.role])
        self.assertEqual(roles, [Role.MEMBER, Role.OPERATOR])

    def test_not_stored(self) -> None:
        """What could not be stored is not called done."""
        self.member("ann")
        self.hub.store.failing = True  # type: ignore[attr-defined]
        self.assertNotIn("is an operator now", self.tell("/op ann"))


class InvitationTests(Operating):
    """/invitation"""

    def test_invitation(self) -> None:
        """It makes a code that is good for one account."""
        self.hub.rules = Rules(throttle=False, registration="invitation")
        answer = self.tell("/invitation")
        code = answer.partition(" ")[0]
        self.assertIn("good for one account, for 7 days", answer)
        line = f"/register {PASSWORD} {code}"
        self.assertIn(
            "8 to 256", self.refusal(self.bob, self.bobs, f"/register x y {code}")
        )
        line = f"/register bob {PASSWORD} {code}"
        self.assertIn("bob is yours", self.answer(self.bob, self.bobs, line))


class ServerbanTests(Operating):
    """/serverban, /serverunban and /serverbans"""

    def test_account(self) -> None:
        """A banned account is put out and cannot come back until it is lifted."""
        _, door = self.member("ann")
        self.assertEqual(
            self.tell("/serverban ANN 2h flooding"),
            "ann is shut out for 2 hours. /serverunban ann ends it.",
        )
        self.assertFalse(door.open)
        reasons = [closing.text for closing in door.of(Closing)]
        banned = "You are banned from this server for 2 hours: flooding"
        self.assertEqual(reasons, [banned])
        again, agains = connect(self.hub)
        line = f"/login ann {PASSWORD}"
        self.assertIn("banned", self.refusal(again, agains, line))
        self.assertEqual(self.tell("/serverunban @Ann"), "ann may come in again.")
        type_in(self.hub, again, line)
        self.assertEqual(again.somebody().name, "ann")

    def test_terms(self) -> None:
        """It is said for how long; a mistyped time is not taken for a reason."""
        for line, answer in {
            "198.51.100.1 10min x": "198.51.100.1 is shut out for 10 minutes.",
            "198.51.100.2 1h30m x": "198.51.100.2 is shut out for 1 hour and 30 min",
            "198.51.100.3 flooding": "198.51.100.3 is shut out for ever.",
        }.items():
            self.assertIn(answer, self.tell(f"/serverban {line}"))
        for line in ("198.51.100.4 -5m x", "198.51.100.4 10mm x"):
            self.assertIn("no length of time", self.refused(f"/serverban {line}"))
        self.assertEqual(len(self.hub.bans.in_force()), 3)

    def test_time(self) -> None:
        """It ends by itself when its time is over."""
        self.member("ann")
        self.tell("/serverban ann 1h")
        self.clock.advance(3599)
        self.assertEqual(len(self.hub.bans.in_force()), 1)
        self.clock.advance(1)
        self.assertEqual(self.tell("/serverbans"), "Nobody is shut out.")

    def test_address(self) -> None:
        """Everybody who comes from a banned address is put out."""
        session, door = connect(self.hub, address="198.51.100.7")
        self.assertIn(
            "198.51.100.7 is shut out for ever.", self.tell("/serverban 198.51.100.7")
        )
        self.assertFalse(door.open)
        self.assertTrue(session.ended)
        self.assertTrue(self.bobs.open)
        self.assertRaises(Banned, connect, self.hub, address="198.51.100.7")
        connect(self.hub, address="198.51.100.8")
        self.assertIn("may come in", self.tell("/serverunban 198.51.100.7"))
        connect(self.hub, address="198.51.100.7")

    def test_networks(self) -> None:
        """Networks are taken as people write them; an IPv6 address means its /64."""
        for typed, shown in {
            "198.51.100.9/24": "198.51.100.0/24",
            "2001:db8:1:2::9": "2001:db8:1:2::/64",
            "2001:db8::/32": "2001:db8::/32",
            "::ffff:203.0.113.9": "203.0.113.9",
            "::ffff:203.0.114.9/120": "203.0.114.0/24",
            "::ffff:203.0.115.9/128": "203.0.115.9",
        }.items():
            self.assertIn(
                f"{shown} is shut out for ever.", self.tell(f"/serverban {typed}")
            )
        self.assertRaises(Banned, self.hub.bans.check, address="2001:db8:1:2::77")
        self.assertRaises(Banned, self.hub.bans.check, address="203.0.114.200")
        for typed in ("198.51.100.0/24", "2001:db8:1:2::1", "203.0.113.9"):
            self.assertIn("may come in again", self.tell(f"/serverunban {typed}"))

    def test_list(self) -> None:
        """The list tells what, by whom, for how long and why."""
        self.member("ann")
        self.tell("/serverban 198.51.100.0/24 2d flooding")
        self.tell("/serverban ann")
        self.assertEqual(
            self.tell("/serverbans"),
            "2 bans:\n"
            "198.51.100.0/24: by olga for 1 day and 23 hours more: flooding\n"
            "ann: by olga.",
        )

    def test_nobody_shuts_out_themselves(self) -> None:
        """Not oneself, not the own address, not another operator nor theirs."""
        self.member("ann")
        self.tell("/op ann")
        eva, _ = connect(self.hub, address="198.51.100.7")
        type_in(self.hub, eva, f"/login ann {PASSWORD}")
        for line, reason in {
            "/serverban olga": "yourself",
            "/serverban 192.0.2.1": "where you are yourself",
            "/serverban 0.0.0.0/0": "where you are yourself",
            "/serverban ann": "end that first, /deop",
            "/serverban 198.51.100.0/24": "where ann is",
        }.items():
            self.assertIn(reason, self.refused(line))
        self.assertEqual(self.hub.bans.in_force(), [])

    def test_guest(self) -> None:
        """For a guest the operator is told what helps."""
        refusal = self.refused("/serverban bob")
        self.assertIn("/serverban 192.0.2.1 shuts out everybody", refusal)
        self.assertIn("/kill bob", refusal)

    def test_refusals(self) -> None:
        """Unknown targets and times are refused."""
        for line, reason in {
            "/serverban eve": "nobody called eve",
            "/serverban 198.51.100.0/99": "nobody called",
            "/serverban 198.51.100.7 10": "10 of what?",
            "/serverunban 198.51.100.7": "is not banned",
            "/serverunban eve": "is not banned",
        }.items():
            self.assertIn(reason, self.refused(line))

    def test_other_operators_know(self) -> None:
        """Other operators see who was shut out; nobody else does."""
        _, door = self.member("ann")
        self.tell("/op ann")
        self.tell("/serverban 198.51.100.7")
        self.assertEqual(len(door.of(ServerBanned)), 1)
        self.assertEqual(self.bobs.of(ServerBanned), [])


class LockdownTests(Operating):
    """/lockdown"""

    def test_lockdown(self) -> None:
        """Only members come in, and nobody registers; who is here stays."""
        self.member("ann")
        events = self.ask(self.olga, self.olgas, "/lockdown on")
        self.assertEqual([change.on for change in of(LockdownChanged, events)], [True])
        self.assertTrue(self.bobs.open)
        session, door = connect(self.hub)
        self.assertIn("locked down", self.refusal(session, door, "cho"))
        refusal = self.refusal(self.bob, self.bobs, f"/register {PASSWORD}")
        self.assertIn("locked down", refusal)
        join(self.hub, "ann", password=PASSWORD)
        self.assertIn("on already", self.refused("/lockdown on"))
        self.tell("/lockdown OFF")
        join(self.hub, "cho")

    def test_usage(self) -> None:
        """It is on or off."""
        self.assertIn("Type it", self.refused("/lockdown maybe"))
        self.assertIn("/lockdown on|off", self.refused("/lockdown"))


class KillTests(Operating):
    """/kill"""

    def test_kill(self) -> None:
        """All sessions of somebody end, and they are told why."""
        _, first = self.member("ann")
        _, second = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(
            self.tell("/kill ann so it is"), "The sessions of ann are ended."
        )
        for door in (first, second):
            self.assertFalse(door.open)
            reasons = [closing.text for closing in door.of(Closing)]
            self.assertEqual(reasons, ["An operator ended this session: so it is"])
        self.assertEqual([d.person.name for d in self.bobs.of(Departed)], ["ann"])
        self.assertEqual(self.bobs.of(Killed), [])

    def test_refusals(self) -> None:
        """Not oneself, nor somebody who is not here."""
        self.assertIn("/quit is kinder", self.refused("/kill olga"))
        self.assertIn("eve is not here", self.refused("/kill eve"))


class ProcessTests(Operating):
    """/stats, /reload and /shutdown"""

    def test_stats(self) -> None:
        """Figures of the chat and of the process."""
        lines = self.tell("/stats").splitlines()
        self.assertIn("people: 2", lines)
        self.assertIn("memory: 12,345,678", lines)
        names = [line.partition(":")[0] for line in lines]
        self.assertEqual(len(names), len(set(names)))

    def test_reload(self) -> None:
        """The settings are read again, and the operator is told what changed."""
        self.assertEqual(self.tell("/reload"), "Nothing has changed.")
        self.assertEqual(self.server.reloads, 1)

    def test_shutdown(self) -> None:
        """The server stops, at once or later, with or without a reason."""
        for line, answer in {
            "/shutdown": "The server stops now.",
            "/shutdown 60 new  disk": "The server stops in 1 minute.",
            "/shutdown 5m": "The server stops in 5 minutes.",
            "/shutdown now new disk": "The server stops now.",
            "/shutdown 10min": "The server stops in 10 minutes.",
            "/shutdown in 5 minutes": "The server stops in 5 minutes.",
            "/shutdown 86400 x": "The server stops in 1 day.",
        }.items():
            self.assertEqual(self.tell(line), answer)
        self.assertEqual(
            self.server.stops,
            [
                (0, ""),
                (60, "new  disk"),
                (300, ""),
                (0, "new disk"),
                (600, ""),
                (300, ""),
                (86_400, "x"),
            ],
        )
        self.assertIn("more than a day", self.refused("/shutdown 86401"))
        self.assertEqual(self.tell("/shutdown off"), "The server goes on.")
        self.assertEqual(self.server.stops[-1], (300, ""))

    def test_no_time(self) -> None:
        """A reason without a time, or with a mistyped one, does not stop it at once."""
        self.assertIn("Say when: /shutdown now", self.refused("/shutdown new disk"))
        self.assertIn("no length of time", self.refused("/shutdown 10mn going"))
        self.assertIn("no length of time", self.refused("/shutdown -5m"))
        self.assertEqual(self.server.stops, [])

    def test_without_a_process(self) -> None:
        """Where nobody manages the process, that is said."""
        self.hub.server = None
        self.assertIn("from where it runs", self.refused("/reload"))
        self.assertIn("from where it runs", self.refused("/shutdown"))
        self.assertNotIn("memory", self.tell("/stats"))


class AuditTests(Operating):
    """The log of what was done by right."""

    def logged(self, *lines: str) -> list[str]:
        """What the log says after the operator typed lines."""
        events: list[LogEvent] = []
        globalLogPublisher.addObserver(events.append)
        try:
            type_in(self.hub, self.olga, *lines)
        finally:
            globalLogPublisher.removeObserver(events.append)
        return [
            formatEvent(event)
            for event in events
            if event.get("log_namespace") == "chatd.audit"
        ]

    def test_logged(self) -> None:
        """Who did what to whom is logged, and never what was said."""
        self.member("ann")
        lines = {
            "/announce psst": "olga: announce",
            "/op ann": "olga: op ann",
            "/deop ann": "olga: deop ann",
            "/motd psst": "olga: motd",
            "/lockdown on": "olga: lockdown on",
            "/lockdown off": "olga: lockdown off",
            "/invitation": "olga: invitation",
            "/serverban 192.0.2.77 no": "olga: serverban 192.0.2.77 for ever: no",
            "/serverunban 192.0.2.77": "olga: serverunban 192.0.2.77",
            "/moderator bob": "olga: appoint bob in lobby",
            "/moderator bob off": "olga: dismiss bob in lobby",
            "/mute bob 10m": "olga: mute bob in lobby until 2026-11-21 12:10 UTC",
            "/unmute bob": "olga: unmute bob in lobby",
            "/kick bob loud": "olga: kick bob in lobby: loud",
            "/ban bob": "olga: ban bob in lobby for ever",
            "/unban bob": "olga: unban bob in lobby",
            "/history off": "olga: change to public, history off: lobby",
            "/kill bob spam": "olga: kill bob: spam",
            "/reload": "olga: reload",
            "/shutdown 5 psst": "olga: shutdown in 5 s",
        }
        for line, entry in lines.items():
            self.assertEqual(self.logged(line), [f"{entry} (fake, from 192.0.2.1)"])

    def test_refused(self) -> None:
        """What was refused was not done, and what all may do is nobody's concern."""
        self.assertEqual(self.logged("/op bob", "/topic x", "hello", "/who"), [])
