"""Guessing passwords and codes is slow, and shuts nobody else out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import ChatError
from chatd.chat.events import Closing, Failed, Greeting, Notice, Welcome
from chatd.chat.login import LONGEST_PAUSE, SHORTEST_PAUSE
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in

RIGHT, WRONG = "seven-small-rain-clouds", "seven-small-rain-shrouds"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


class GuessingCase(SynchronousTestCase):
    """Ann has an account, and came in from home."""

    rules = Rules(
        failed_logins_address=6,
        failed_logins_account=4,
        failed_logins_session=100,
        wrong_codes_address=2,
        registrations_address=2,
        registrations=3,
        request_burst=1_000,
    )

    def setUp(self) -> None:
        self.clock = Clock()
        self.hub = make_hub(clock=self.clock, rules=self.rules)
        join(self.hub, "ann", password=RIGHT)

    def ask(self, line: str, address: str = AWAY, **how: Any) -> str:
        """What somebody is told who types one line, in the end."""
        session, door = connect(self.hub, address=address, **how)
        answer = self.type_in(session, door, line)
        session.end("")
        turn(self.hub)
        return answer

    def type_in(self, session: Session, door: FakeDoor, line: str) -> str:
        """What is answered to a line, however long it takes."""
        door.take()
        type_in(self.hub, session, line)
        self.clock.advance(LONGEST_PAUSE)
        turn(self.hub)
        told = door.of(Failed) or door.of(Welcome)
        self.assertEqual(len(told), 1, door.events)
        return getattr(told[0], "text", "in")

    def guess(self, name: str, address: str = AWAY, times: int = 1) -> None:
        """Somebody tries wrong passwords."""
        for _ in range(times):
            answer = self.ask(f"/login {name} {WRONG}", address)
            self.assertIn("do not belong together", answer)


class PasswordTests(GuessingCase):
    """Wrong passwords."""

    def test_account(self) -> None:
        """From where an account was never used, so many may be wrong, and no more."""
        self.guess("ann", "203.0.113.1", times=2)
        self.guess("ann", "203.0.113.2", times=2)
        answer = self.ask(f"/login ann {RIGHT}", "203.0.113.3")
        self.assertIn("too many wrong passwords for this name", answer)

    def test_log(self) -> None:
        """The log names accounts only: name and password may have been swapped."""
        with capturedLogs() as log:
            self.guess("ann")
            self.ask(f"/login {RIGHT} ann")
        told = [formatEvent(event) for event in log]
        self.assertIn(f"wrong password for ann from {AWAY}", told)
        self.assertIn(f"wrong password for an unknown name from {AWAY}", told)
        self.assertNotIn(RIGHT, " ".join(told))

    def test_owner(self) -> None:
        """A stranger who guesses does not shut out the owner, who is at home."""
        self.guess("ann", times=4)
        self.assertIn("too many", self.ask(f"/login ann {RIGHT}", AWAY))
        self.assertEqual(self.ask(f"/login ann {RIGHT}", HOME), "in")

    def test_stranger_at_home(self) -> None:
        """Nor does one behind the same address, whatever names are tried."""
        self.guess("bob", HOME, times=4)
        self.guess("ann", HOME, times=10)
        self.assertEqual(self.ask(f"/login ann {RIGHT}", HOME), "in")

    def test_network(self) -> None:
        """An IPv6 address that changes within the own network is known."""
        self.assertEqual(self.ask(f"/login ann {RIGHT}", "2001:db8::1"), "in")
        self.guess("ann", times=4)
        self.assertEqual(self.ask(f"/login ann {RIGHT}", "2001:db8::ffff"), "in")
        self.assertIn("too many", self.ask(f"/login ann {RIGHT}", "2001:db8:0:1::1"))

    def test_address(self) -> None:
        """From one address so many may be wrong in a minute, whatever the names."""
        doors = []
        for number in range(7):
            session, door = connect(self.hub, address=AWAY)
            type_in(self.hub, session, f"/login bob{number % 3} {WRONG}")
            doors.append(door)
        # The pause is after the sixth, but not after one that is not even looked at.
        self.assertEqual([len(door.of(Failed)) for door in doors], [0] * 6 + [1])
        (refused,) = doors[-1].of(Failed)
        self.assertIn(
            "wrong passwords from your address. Try again in 10", refused.text
        )
        self.assertIn("do not belong", self.ask(f"/login eve {WRONG}", "203.0.113.9"))
        self.clock.advance(60.0)
        self.guess("eve")

    def test_exempt(self) -> None:
        """In exempt networks only the limit per account holds."""
        for number in range(10):
            answer = self.ask(f"/login bob{number} {WRONG}", exempt=True)
            self.assertIn("do not belong", answer)

    def test_unknown_name(self) -> None:
        """Unknown names are refused in the same words, after the same work."""
        hashed = self.hub.login._passwords.hashed  # type: ignore[attr-defined]
        answers = [self.ask(f"/login {name} {WRONG}") for name in ("ann", "nobody")]
        self.assertEqual(answers[0], answers[1])
        after = self.hub.login._passwords.hashed  # type: ignore[attr-defined]
        self.assertEqual(after - hashed, 2)
        self.guess("nobody", "203.0.113.1", times=3)
        answer = self.ask(f"/login nobody {RIGHT}", "203.0.113.2")
        self.assertIn("too many wrong passwords for this name", answer)

    def test_no_hash_once_throttled(self) -> None:
        """Who is throttled costs the server no work."""
        self.guess("ann", times=4)
        hashed = self.hub.login._passwords.hashed  # type: ignore[attr-defined]
        self.ask(f"/login ann {RIGHT}")
        after = self.hub.login._passwords.hashed  # type: ignore[attr-defined]
        self.assertEqual(after, hashed)

    def test_good_ones_do_not_count(self) -> None:
        """Right passwords may be typed as often as one likes, from wherever."""
        for number in range(20):
            address = f"203.0.113.{number}"
            self.assertEqual(self.ask(f"/login ann {RIGHT}", address), "in")

    def test_all_at_once(self) -> None:
        """Attempts made at the same moment are all counted."""
        held = self.hold_hashes()
        doors = []
        for number in range(6):
            session, door = connect(self.hub, address=f"203.0.113.{number}")
            type_in(self.hub, session, f"/login ann {WRONG}")
            doors.append(door)
        self.assertEqual(len(held), 4)
        self.assertEqual([len(door.of(Failed)) for door in doors], [0] * 4 + [1] * 2)

    def test_busy(self) -> None:
        """An attempt that could not be checked is no wrong one."""

        async def verify(password: str, secret: str | None) -> bool:
            raise ChatError("busy")

        good = self.hub.login._passwords.verify
        self.patch(self.hub.login._passwords, "verify", verify)
        for _ in range(5):
            self.assertEqual(self.ask(f"/login ann {RIGHT}"), "busy")
        self.patch(self.hub.login._passwords, "verify", good)
        self.assertEqual(self.ask(f"/login ann {RIGHT}"), "in")

    def test_reload(self) -> None:
        """A limit that the operator changes holds at once."""
        self.hub.rules = replace(self.rules, failed_logins_account=1)
        self.guess("ann")
        self.assertIn("too many", self.ask(f"/login ann {RIGHT}"))

    def test_no_throttle(self) -> None:
        """Without throttle one may try as often, and as fast, as one likes."""
        self.hub.rules = replace(self.rules, throttle=False)
        session, door = connect(self.hub, address=AWAY)
        for _ in range(10):
            type_in(self.hub, session, f"/login ann {WRONG}")
        self.assertEqual(len(door.of(Failed)), 10)

    def hold_hashes(self) -> list[object]:
        """From now on hashing never ends; what is being hashed."""
        held: list[object] = []

        async def verify(password: str, secret: str | None) -> bool:
            hashing: Deferred[bool] = Deferred()
            held.append(hashing)  # or the garbage collector ends the wait
            return await hashing

        self.patch(self.hub.login._passwords, "verify", verify)
        return held


class PauseTests(GuessingCase):
    """Each wrong password is answered later than the one before."""

    def pause(self, session: Session, door: FakeDoor, line: str) -> float:
        """How long the answer to a line takes, in seconds."""
        door.take()
        type_in(self.hub, session, line)
        waited = 0.0
        while not door.of(Failed):
            waited += SHORTEST_PAUSE
            self.clock.advance(SHORTEST_PAUSE)
            turn(self.hub)
        return waited

    def test_grows(self) -> None:
        """Half a second, then twice as long each time, up to some seconds."""
        session, door = connect(self.hub, address=HOME)
        pauses = [self.pause(session, door, f"/login ann {WRONG}") for _ in range(6)]
        self.assertEqual(pauses, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0])

    def test_other_connection(self) -> None:
        """A new connection does not begin anew with the same name."""
        self.guess("ann", times=2)
        session, door = connect(self.hub, address=AWAY)
        self.assertGreaterEqual(self.pause(session, door, f"/login ann {WRONG}"), 1.0)

    def test_others(self) -> None:
        """Nobody else waits for it."""
        session, door = connect(self.hub, address=HOME)
        type_in(self.hub, session, f"/login ann {WRONG}")
        other, others = connect(self.hub, address=HOME)
        type_in(self.hub, other, f"/login ann {RIGHT}")
        self.assertEqual((len(door.of(Failed)), len(others.of(Welcome))), (0, 1))

    def test_gone(self) -> None:
        """Who leaves during the pause is gone, and nothing is left of it."""
        session, _ = connect(self.hub, address=HOME)
        type_in(self.hub, session, f"/login ann {WRONG}")
        session.end("")
        self.clock.advance(LONGEST_PAUSE)
        turn(self.hub)
        self.assertTrue(session.ended)
        self.assertNotIn(session, self.hub.connections)


class SessionTests(GuessingCase):
    """One connection has five tries, of whatever kind."""

    rules = replace(GuessingCase.rules, failed_logins_session=3, throttle=False)

    def assert_let_go(
        self, lines: list[str], begin: Callable[[Session], None] = lambda session: None
    ) -> None:
        """These lines are answered, and with the last the connection ends."""
        session, door = connect(self.hub)
        begin(session)
        for number, line in enumerate(lines, 1):
            self.assertTrue(door.open)
            type_in(self.hub, session, line)
            self.assertEqual(len(door.of(Failed)), number)
        self.assertFalse(door.open)
        self.assertIn("too many wrong passwords", door.of(Closing)[0].text)

    def test_login(self) -> None:
        """/login"""
        self.assert_let_go([f"/login ann {WRONG}"] * 3)

    def test_password(self) -> None:
        """/password and /unregister, for whoever sits down at another's keyboard."""

        def log_in(session: Session) -> None:
            type_in(self.hub, session, f"/login ann {RIGHT}")

        line = f"/password {WRONG} {RIGHT}"
        self.assert_let_go([line, line, f"/unregister {WRONG}"], log_in)

    def test_token(self) -> None:
        """Tokens that are not good."""
        from chatd.chat.request import Enter

        session, door = connect(self.hub)
        for _ in range(3):
            self.assertTrue(door.open)
            session.submit(Enter(token="guessed"))
            turn(self.hub)
        self.assertFalse(door.open)


class CodeTests(GuessingCase):
    """Codes of invitations, and the one of the first operator."""

    def test_claim(self) -> None:
        """Of wrong codes so many may come from one address in a minute."""
        code = result(self.hub.login.open_claim())
        ann, door = connect(self.hub, address=AWAY)
        self.type_in(ann, door, f"/login ann {RIGHT}")
        for _ in range(2):
            self.assertIn("not the code", self.type_in(ann, door, "/claim K7Q2"))
        self.assertIn("too many wrong codes", self.type_in(ann, door, f"/claim {code}"))
        self.clock.advance(60.0)
        type_in(self.hub, ann, f"/claim {code}")
        self.assertEqual(ann.role.name, "OPERATOR")

    def test_invitation(self) -> None:
        """Wrong invitations are counted likewise, and use up nobody's registration."""
        self.hub.rules = replace(
            self.rules, registration="invitation", registrations_address=100
        )
        for address in (HOME, AWAY):
            for _ in range(2):
                answer = self.ask(f"/register bob {RIGHT} K7Q2", address)
                self.assertIn("not, or no longer, good", answer)
            answer = self.ask(f"/register bob {RIGHT} K7Q2", address)
            self.assertIn("too many wrong codes", answer)
        ann, door = connect(self.hub, address="203.0.113.1")
        self.type_in(ann, door, f"/login ann {RIGHT}")
        code = result(self.hub.login.invitation(ann))
        self.assertEqual(self.ask(f"/register bob {RIGHT} {code}", "203.0.113.2"), "in")

    def test_first_operator(self) -> None:
        """Who has the claim code may register once where nobody can invite anybody."""
        for name, registration in (("olga", "invitation"), ("omar", "closed")):
            self.hub.rules = replace(
                self.rules,
                registration=registration,
                registrations_address=100,
                registrations=100,
                wrong_codes_address=100,
            )
            code = result(self.hub.login.open_claim())
            refused = self.ask(f"/register {name} {RIGHT} wrong", "203.0.113.1")
            self.assertIn("not, or no longer, good", refused)
            session, door = connect(self.hub)
            line = f"/register {name} {RIGHT} {code}"
            self.assertEqual(self.type_in(session, door, line), "in")
            self.assertNotEqual(self.ask(f"/register more {RIGHT} {code}"), "in")
        type_in(self.hub, session, f"/claim {code}")
        self.assertEqual(session.role.name, "OPERATOR")
        self.assertIn("closed", self.ask(f"/register more {RIGHT} {code}"))


class RegistrationTests(GuessingCase):
    """New accounts; ann's is one."""

    def test_address(self) -> None:
        """One address makes so many accounts in ten minutes, an IPv6 network too."""
        for number in range(2):
            line = f"/register bob{number} {RIGHT}"
            self.assertEqual(self.ask(line, f"2001:db8::{number}"), "in")
        self.hub.rules = replace(self.rules, registrations=100)
        answer = self.ask(f"/register cho {RIGHT}", "2001:db8::9")
        self.assertIn("from your address", answer)
        self.clock.advance(300.0)
        self.assertEqual(self.ask(f"/register cho {RIGHT}", "2001:db8::9"), "in")

    def test_in_all(self) -> None:
        """All addresses together make so many."""
        for number in range(2):
            line = f"/register bob{number} {RIGHT}"
            self.assertEqual(self.ask(line, f"203.0.113.{number}"), "in")
        answer = self.ask(f"/register cho {RIGHT}", "203.0.113.9", exempt=True)
        self.assertIn("too many new accounts. Try again in 4 minutes.", answer)

    def test_length(self) -> None:
        """The operator says how long passwords are."""
        self.hub.rules = replace(self.rules, password_min=12, password_max=64)
        self.assertIn("12 to 64", self.ask("/register bob x7kq-wzu-9p", AWAY))
        self.assertIn("12 to 64", self.ask(f"/register bob {'x7kq-' * 13}", AWAY))
        self.assertEqual(self.ask("/register bob x7kq-wzu-9pq", AWAY), "in")

    def test_all_accounts(self) -> None:
        """When there are as many accounts as there may be, nobody makes another."""
        self.hub.rules = replace(self.rules, max_accounts=2)
        self.assertEqual(self.ask(f"/register bob {RIGHT}", AWAY), "in")
        self.assertIn("all the 2 accounts", self.ask(f"/register cho {RIGHT}", AWAY))

    def test_taken(self) -> None:
        """A name that has an owner, or looks like one that has, is not given again."""
        session, door = connect(self.hub)
        for name in ("ann", "Ann", "\uff41nn"):
            answer = self.type_in(session, door, f"/register {name} {RIGHT}")
            self.assertIn("belongs to somebody", answer)
        self.assertEqual(self.ask(f"/register bill {RIGHT}", AWAY), "in")
        answer = self.type_in(session, door, f"/register biII {RIGHT}")
        self.assertIn("looks like the name of somebody else", answer)


class HashTests(GuessingCase):
    """What is kept of a password."""

    def test_outdated(self) -> None:
        """When hashing was made stronger, it is renewed at the next login."""

        def outdated(secret: str) -> bool:
            return not secret.startswith("new ")

        async def hash(password: str) -> str:
            return f"new hash of {password}"

        self.patch(self.hub.login._passwords, "outdated", outdated)
        self.patch(self.hub.login._passwords, "hash", hash)
        self.assertEqual(self.ask(f"/login ann {RIGHT}"), "in")
        account = result(self.hub.store.account_named("ann"))
        assert account is not None
        self.assertEqual(account.secret, f"new hash of {RIGHT}")


class OpenLineTests(GuessingCase):
    """Passwords on lines that are not encrypted."""

    rules = replace(GuessingCase.rules, encrypt="openssl s_client …")

    def warnings(self, line: str, address: str = AWAY, *, secure: bool = False) -> int:
        """How many warnings somebody reads who types a line."""
        session, door = connect(self.hub, address=address, secure=secure)
        type_in(self.hub, session, line)
        self.assertEqual(len(door.of(Welcome)), 1)
        texts = [notice.text for notice in door.of(Notice)]
        return sum("not encrypted: others" in text for text in texts)

    def test_warned(self) -> None:
        """Who sends a password in the open is told so, and how to encrypt it."""
        self.assertEqual(self.warnings(f"/login ann {RIGHT}"), 1)
        self.assertEqual(self.warnings(f"/register bob {RIGHT}"), 1)

    def test_not_warned(self) -> None:
        """On an encrypted line or on the machine itself there is nothing to say."""
        self.assertEqual(self.warnings(f"/login ann {RIGHT}", secure=True), 0)
        for address in ("127.0.0.1", "::1", "local"):
            self.assertEqual(self.warnings(f"/login ann {RIGHT}", address), 0)

    def test_refused(self) -> None:
        """Where the operator wants it so, such passwords are refused unheard."""
        self.hub.rules = replace(self.rules, insecure_passwords=False)
        answer = self.ask(f"/login ann {RIGHT}", secure=False)
        self.assertIn("encrypted lines only. Connect like this: openssl", answer)
        self.assertIn("only", self.ask(f"/register bob {RIGHT}", secure=False))
        self.assertEqual(self.ask(f"/login ann {RIGHT}", "::1", secure=False), "in")
        self.assertEqual(self.ask(f"/login ann {RIGHT}", secure=True), "in")

    def test_not_asked(self) -> None:
        """There nobody is asked for a password, nor told to type one."""
        self.hub.rules = replace(
            self.rules,
            insecure_passwords=False,
            guests=False,
            registration="invitation",
        )
        session, door = connect(self.hub, secure=False)
        self.hub.connections.greet(session)
        turn(self.hub)
        self.assertFalse(door.of(Greeting)[0].passwords)
        for line in ("ann", "bob", f"/register cho {RIGHT}"):
            answer = self.type_in(session, door, line)
            self.assertIn("encrypted lines only. Connect like this: openssl", answer)
            self.assertNotIn("PASSWORD", answer)
        self.assertNotIn(True, door.secrets)

    def test_asked_before(self) -> None:
        """If the operator decides so after somebody was asked, they are not again."""
        session, door = connect(self.hub, secure=False)
        self.type_in(session, door, "ann")
        self.hub.rules = replace(self.rules, insecure_passwords=False)
        answer = self.type_in(session, door, RIGHT)
        self.assertIn("encrypted lines only", answer)
        self.assertNotIn("again", answer)
        self.assertEqual(session.asking, "")
