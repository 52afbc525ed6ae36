"""Accounts: registering, logging in, and what belongs to them."""

from chatd.chat.account import Preferences, Theme, Timestamps
from chatd.chat.events import Closing, Departed, Failed, Notice
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in
from tests.chatting import PASSWORD, Chatting, of

PHRASE = "my long pass phrase"


class RegisterTests(Chatting):
    """/register"""

    def test_guest_keeps_name(self) -> None:
        """A guest who types the password alone registers the present name."""
        session, door = self.guest("ann")
        answer = self.answer(session, door, f"/register {PASSWORD}")
        self.assertIn("ann is yours", answer)
        assert session.account is not None
        self.assertEqual(session.account.name, "ann")

    def test_password_alone_needs_a_name(self) -> None:
        """Who has no name yet is told to type both."""
        session, door = connect(self.hub)
        refusal = self.refusal(session, door, f"/register {PASSWORD}")
        self.assertEqual(refusal, "Type it like this: /register NAME PASSWORD")

    def test_name_alone(self) -> None:
        """Who types the present name alone is told what is missing."""
        session, door = self.guest("ann")
        refusal = self.refusal(session, door, "/register Ann")
        self.assertEqual(refusal, "Type it like this: /register ann PASSWORD")

    def test_invitation(self) -> None:
        """Where registration is by invitation, a code is needed, and good once."""
        operator, _ = self.operator("ann")
        self.hub.rules = Rules(throttle=False, registration="invitation")
        code = result(self.hub.login.invitation(operator))
        bob, bobs = self.guest("bob")
        self.assertIn("by invitation", self.refusal(bob, bobs, f"/register {PASSWORD}"))
        line = f"/register bob {PASSWORD} {code}"
        self.assertIn("bob is yours", self.answer(bob, bobs, line))
        cho, chos = self.guest("cho")
        line = f"/register cho {PASSWORD} {code}"
        self.assertIn("no longer", self.refusal(cho, chos, line))

    def test_refused_line_is_not_repeated(self) -> None:
        """A refused line with a password in it is not handed back."""
        session, door = self.guest("ann")
        self.refusal(session, door, "/register ann short")
        failed = self.ask(session, door, "/register ann 1 2 3 4")
        self.assertEqual([f.line for f in of(Failed, failed)], [""])

    def test_choices_are_kept(self) -> None:
        """What a guest has set and whom a guest ignores stays after registering."""
        session, _ = self.guest("ann")
        bob, _ = self.guest("bob")
        type_in(self.hub, session, "/set bell on", "/ignore bob")
        type_in(self.hub, session, f"/register {PASSWORD}")
        account = result(self.hub.store.account_named("ann"))
        assert account is not None
        self.assertTrue(account.preferences.bell)
        self.assertEqual(account.ignored, {bob.somebody().id})


class PhraseTests(Chatting):
    """A password of several words, as can be made at the console, or was reset to."""

    def setUp(self) -> None:
        super().setUp()
        result(self.hub.registry.first(connect(self.hub)[0], "olga", PHRASE))

    def test_login(self) -> None:
        """All that stands behind the name is the password."""
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/login olga {PHRASE} more")
        self.assertEqual(door.of(Failed)[0].code, "wrong-password")
        type_in(self.hub, session, f"/login olga {PHRASE}")
        self.assertEqual(session.somebody().name, "olga")

    def test_asked(self) -> None:
        """Who types the name alone is asked for it, and may type all words."""
        session, _ = connect(self.hub)
        type_in(self.hub, session, "olga", PHRASE)
        self.assertEqual(session.somebody().name, "olga")

    def test_change(self) -> None:
        """It can be changed to one word, or the account given up."""
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/login olga {PHRASE}")
        answer = self.answer(session, door, f"/password {PHRASE} {PASSWORD}")
        self.assertEqual(answer, "Your password is changed.")
        session, _ = connect(self.hub)
        type_in(self.hub, session, f"/login olga {PASSWORD}")
        self.assertEqual(session.somebody().name, "olga")

    def test_unregister(self) -> None:
        """It gives up the account."""
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/login olga {PHRASE}", f"/unregister {PHRASE}")
        self.assertIn("account olga is gone", door.of(Closing)[0].text)


class PasswordTests(Chatting):
    """/password"""

    def test_change(self) -> None:
        """The new password is good, the old one is not."""
        session, door = self.member("ann")
        answer = self.answer(session, door, f"/password {PASSWORD} another-good-secret")
        self.assertEqual(answer, "Your password is changed.")
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/login ann {PASSWORD}")
        self.assertIsNone(session.person)
        type_in(self.hub, session, "/login ann another-good-secret")
        self.assertEqual(session.somebody().name, "ann")

    def test_others_end(self) -> None:
        """The account's other sessions end and are told why."""
        session, door = self.member("ann")
        _, other = join(self.hub, "ann", password=PASSWORD)
        answer = self.answer(session, door, f"/password {PASSWORD} another-good-secret")
        self.assertEqual(answer, "Your password is changed. 1 other session ended.")
        self.assertFalse(other.open)
        self.assertIn("password of ann was changed", other.of(Closing)[0].text)

    def test_keys(self) -> None:
        """Who may have had another's hand in it is reminded of the SSH keys."""
        session, door = self.member("ann")
        self.answer(session, door, "/keys add ssh-ed25519 AAAA")
        answer = self.answer(session, door, f"/password {PASSWORD} another-good-secret")
        self.assertIn("1 SSH key can still come in: /keys", answer)

    def test_wrong(self) -> None:
        """With a wrong old password nothing changes."""
        session, door = self.member("ann")
        self.refusal(session, door, "/password not-it-at-all another-good-secret")
        account = result(self.hub.store.account_named("ann"))
        assert account is not None
        self.assertEqual(account.secret, f"hash of {PASSWORD}")

    def test_guest(self) -> None:
        """A guest has no password to change."""
        session, door = self.guest("ann")
        self.assertIn("for accounts", self.refusal(session, door, "/password a b"))


class UnregisterTests(Chatting):
    """/unregister"""

    def test_unregister(self) -> None:
        """All sessions end, the name stays reserved, nobody can log in."""
        session, door = self.member("ann")
        _, other = join(self.hub, "ann", password=PASSWORD)
        self.ask(session, door, f"/unregister {PASSWORD}")
        self.assertFalse(door.open)
        self.assertFalse(other.open)
        newcomer, newcomers = connect(self.hub)
        self.assertIn("reserved", self.refusal(newcomer, newcomers, "ann"))
        line = f"/login ann {PASSWORD}"
        self.assertIn("do not belong", self.refusal(newcomer, newcomers, line))

    def test_wrong_password(self) -> None:
        """A wrong password takes nothing away."""
        session, door = self.member("ann")
        self.refusal(session, door, "/unregister not-it-at-all")
        self.assertTrue(door.open)

    def test_last_operator(self) -> None:
        """The last operator cannot go."""
        session, door = self.operator("ann")
        refusal = self.refusal(session, door, f"/unregister {PASSWORD}")
        self.assertIn("last operator", refusal)


class KeysTests(Chatting):
    """/keys"""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.door = self.member("ann")

    def test_none(self) -> None:
        """Who has no keys is told so."""
        answer = self.answer(self.ann, self.door, "/keys")
        self.assertEqual(answer, "No SSH keys yet.")

    def test_add_list_remove(self) -> None:
        """Keys are added, numbered, and removed by number or fingerprint."""
        type_in(
            self.hub,
            self.ann,
            "/keys add ssh-ed25519 AAAA ann@laptop",
            "/keys add ssh-rsa BBBB",
        )
        self.assertEqual(
            self.answer(self.ann, self.door, "/keys"),
            "2 SSH keys:\n"
            "1. SHA256:AAAA ssh-ed25519 ann@laptop\n"
            "2. SHA256:BBBB ssh-rsa",
        )
        self.assertEqual(
            self.answer(self.ann, self.door, "/keys remove 1"), "Removed SHA256:AAAA."
        )
        self.assertEqual(
            self.answer(self.ann, self.door, "/keys remove SHA256:BBBB"),
            "Removed SHA256:BBBB.",
        )
        self.assertEqual(self.answer(self.ann, self.door, "/keys"), "No SSH keys yet.")

    def test_refusals(self) -> None:
        """What is no key, no number or no verb is refused with a reason."""
        for line, reason in {
            "/keys add nonsense here": "not an SSH public key",
            "/keys remove 1": "You have no key 1.",
            "/keys add": "Type it like this",
            "/keys show": "Type it like this",
        }.items():
            self.assertIn(reason, self.refusal(self.ann, self.door, line))

    def test_limit(self) -> None:
        """There is a most, at its edge."""
        self.hub.rules = Rules(throttle=False, ssh_keys=1)
        type_in(self.hub, self.ann, "/keys add ssh-rsa AAAA")
        refusal = self.refusal(self.ann, self.door, "/keys add ssh-rsa BBBB")
        self.assertIn("1 keys, which is the most", refusal)

    def test_taken(self) -> None:
        """A key belongs to one account only."""
        type_in(self.hub, self.ann, "/keys add ssh-rsa AAAA")
        bob, door = self.member("bob")
        self.refusal(bob, door, "/keys add ssh-rsa AAAA")
        self.assertEqual(self.answer(bob, door, "/keys"), "No SSH keys yet.")


class OfferedKeyTests(Chatting):
    """Who comes with a key need not type it."""

    def come(self) -> tuple[Session, FakeDoor]:
        """A guest whose ssh has shown a key."""
        session, door = self.guest("bob")
        session.offered = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        return session, door

    def test_register(self) -> None:
        """Who registers is asked whether to keep the key, and says so or nothing."""
        bob, door = self.come()
        answer = self.answer(bob, door, f"/register {PASSWORD}")
        self.assertIn("Keep your SSH key SHA256:AAAA?", answer)
        self.assertIn("Yes: /keys add. No: do nothing.", answer)
        self.assertEqual(self.answer(bob, door, "/keys"), "No SSH keys yet.")
        self.assertIn("Added SHA256:AAAA.", self.answer(bob, door, "/keys add"))
        self.assertIn("SHA256:AAAA", self.answer(bob, door, "/keys"))

    def test_login(self) -> None:
        """So is a guest who logs in."""
        join(self.hub, "ann", password=PASSWORD)[0].end("")
        bob, door = self.come()
        answer = self.answer(bob, door, f"/login ann {PASSWORD}")
        self.assertIn("Keep your SSH key SHA256:AAAA?", answer)

    def test_register_with_key_of_another(self) -> None:
        """A key that became somebody else's meanwhile is not kept."""
        ann, _ = self.member("ann")
        bob, door = self.come()
        answer = self.answer(bob, door, f"/register {PASSWORD}")
        self.assertIn("bob is yours", answer)
        type_in(self.hub, ann, "/keys add ssh-ed25519 AAAA")
        self.assertIn("key", self.refusal(bob, door, "/keys add"))
        self.assertEqual(self.answer(bob, door, "/keys"), "No SSH keys yet.")

    def test_add(self) -> None:
        """/keys add alone takes the key that was offered, once."""
        bob, door = self.member("bob")
        bob.offered = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        self.assertIn("SHA256:AAAA", self.answer(bob, door, "/keys add"))
        self.assertIn("Type it like this", self.refusal(bob, door, "/keys add"))


class SetTests(Chatting):
    """/set"""

    def test_list(self) -> None:
        """Alone it lists all choices and what they are."""
        session, door = self.guest("ann")
        lines = self.answer(session, door, "/set").splitlines()
        self.assertEqual(
            [line.partition(" (")[0] for line in lines[1:]],
            [
                "timestamps: full",
                "zone: server",
                "colour: auto",
                "theme: default",
                "reader: auto",
                "bell: off",
                "telnet: auto",
            ],
        )

    def test_values(self) -> None:
        """Each choice takes its values, whatever their case, and says what it is."""
        session, door = self.guest("ann")
        for line, now in {
            "timestamps short": "timestamps: short",
            "timestamps OFF": "timestamps: off",
            "time full": "timestamps: full",
            "zone europe/berlin": "zone: Europe/Berlin",
            "zone new york": "zone: America/New_York",
            "zone Asia/Tokyo": "zone: Asia/Tokyo",
            "zone": "zone: Asia/Tokyo",
            "zone server": "zone: server",
            "color on": "colour: on",
            "colour off": "colour: off",
            "colour auto": "colour: auto",
            "theme Mono": "theme: mono",
            "theme bright": "theme: bright",
            "reader on": "reader: on",
            "reader auto": "reader: auto",
            "bell on": "bell: on",
            "telnet off": "telnet: off",
        }.items():
            self.assertEqual(self.answer(session, door, f"/set {line}"), now)

    def test_refusals(self) -> None:
        """A wrong name or value is refused, with those there are."""
        session, door = self.guest("ann")
        for line, reason in {
            "size 3": "There is no choice size: timestamps, zone, colour",
            "timestamps long": "timestamps is one of these: full, short or off.",
            "zone Atlantis": "zone is one of these: a time zone such as",
            "zone ../../etc/passwd": "zone is one of these",
            "colour blue": "colour is one of these",
            "theme pink": "theme is one of these: default, bright or mono.",
            "reader maybe": "reader is one of these: on, off or auto.",
            "bell auto": "bell is one of these: on or off.",
            "telnet maybe": "telnet is one of these",
        }.items():
            self.assertIn(reason, self.refusal(session, door, f"/set {line}"))

    def test_kept_with_account(self) -> None:
        """A member finds the choices again, in all sessions and at the next login."""
        session, _ = self.member("ann")
        second, _ = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, session, "/set timestamps short", "/set bell on")
        type_in(self.hub, session, "/set theme bright", "/set reader on")
        self.assertIs(second.look.timestamps, Timestamps.SHORT)
        session.end("")
        second.end("")
        session, _ = join(self.hub, "ann", password=PASSWORD)
        self.assertIs(session.look.timestamps, Timestamps.SHORT)
        self.assertTrue(session.preferences.bell)
        self.assertIs(session.preferences.theme, Theme.BRIGHT)
        self.assertIs(session.preferences.reader, True)

    def test_guest_keeps_for_session(self) -> None:
        """A guest's choices hold at once."""
        session, _ = self.guest("ann")
        type_in(self.hub, session, "/set timestamps off")
        self.assertIs(session.look.timestamps, Timestamps.OFF)

    def test_unknown_zone(self) -> None:
        """A zone that this machine does not know any more is read as the server's."""
        for zone in ("Mars/Olympus", "../../etc/passwd", "Europe"):
            self.assertIsNone(Preferences(zone=zone).tz)

    def test_two_sessions_at_once(self) -> None:
        """Choices made in two sessions at once are both kept."""
        first, _ = self.member("ann")
        second, _ = join(self.hub, "ann", password=PASSWORD)
        self.hub.store.hold(questions=True)  # type: ignore[attr-defined]
        type_in(self.hub, first, "/set bell on")
        type_in(self.hub, second, "/set timestamps short")
        self.hub.store.release()  # type: ignore[attr-defined]
        turn(self.hub)
        account = result(self.hub.store.account_named("ann"))
        assert account is not None
        self.assertTrue(account.preferences.bell)
        self.assertIs(account.preferences.timestamps, Timestamps.SHORT)

    def test_store_fails(self) -> None:
        """When it cannot be kept, it is not changed, and that is said."""
        session, door = self.member("ann")
        self.hub.store.failing = True  # type: ignore[attr-defined]
        self.assertIn(
            "nothing was changed", self.refusal(session, door, "/set bell on")
        )
        self.assertFalse(session.preferences.bell)


class QuitTests(Chatting):
    """/quit"""

    def test_quit(self) -> None:
        """Who quits is told how long it was, and others that they left."""
        session, door = self.guest("ann")
        _, other = self.guest("bob")
        self.clock.advance(125)
        self.assertEqual(
            self.answer(session, door, "/quit"), "Bye. You were here for 2 minutes."
        )
        self.assertFalse(door.open)
        turn(self.hub)
        self.assertEqual([d.person.name for d in other.of(Departed)], ["ann"])

    def test_before_coming_in(self) -> None:
        """It works without a name, under all its names, and with @."""
        for line in ("/exit", "/bye", "@logout"):
            session, door = connect(self.hub)
            self.assertIn("Bye.", self.answer(session, door, line))
            self.assertFalse(door.open)

    def test_other_sessions_stay(self) -> None:
        """An account's other session stays, and nobody is told."""
        session, door = self.member("ann")
        _, second = join(self.hub, "ann", password=PASSWORD)
        _, other = self.guest("bob")
        self.ask(session, door, "/quit")
        self.assertTrue(second.open)
        self.assertEqual(other.of(Departed), [])


class ClosedTests(Chatting):
    """What is not for everybody."""

    def test_before_coming_in(self) -> None:
        """Who has not come in is told to do so first."""
        session, door = connect(self.hub)
        for line in ("/nick x", "/set", "/claim x"):
            self.assertIn("come in first", self.refusal(session, door, line))

    def test_closed_registration(self) -> None:
        """Where registration is closed, that is said."""
        self.hub = make_hub(rules=Rules(throttle=False, registration="closed"))
        session, door = self.guest("ann")
        refusal = self.refusal(session, door, f"/register {PASSWORD}")
        self.assertIn("closed", refusal)
        self.assertEqual(door.of(Notice), [])
