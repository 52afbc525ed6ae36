"""Coming in by SSH, or not."""

import struct
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.userauth import MSG_USERAUTH_INFO_RESPONSE, MSG_USERAUTH_REQUEST
from twisted.internet.defer import Deferred, succeed

from chatd.chat.rules import Rules
from chatd.doors.ssh import keys
from chatd.doors.ssh.authentication import NO_KEY, NO_KEY_SECONDS
from chatd.testing import join, result, turn, type_in
from tests.chatting import PASSWORD
from tests.doors import ssh
from tests.doors.ssh import HOST_KEY, SshCase, SshPeer, new_key


class SshEnteringCase(SshCase):
    """Some have accounts."""

    def account(self, name: str, *keys: Key) -> None:
        """An account with these keys, whose owner is not here."""
        session, _ = join(self.hub, name, password=PASSWORD)
        for key in keys:
            line = key.public().toString("OPENSSH").decode()
            type_in(self.hub, session, f"/keys add {line}")
        session.end("")
        turn(self.hub)

    def here(self) -> list[tuple[str, bool]]:
        """Who is here, and whether as a guest."""
        return [(one.person.name, one.person.guest) for one in self.hub.presence]


class GuestTests(SshEnteringCase):
    """A name that is nobody's."""

    def test_free_name(self) -> None:
        """Lets in at once, with nothing."""
        peer = self.peer("ann")
        self.assertEqual(peer.client.host_key, Key.fromString(HOST_KEY).blob())
        shell = peer.shell()
        self.assertIn(b"You are ann, a guest.", shell.out)
        self.assertEqual(self.here(), [("ann", True)])
        self.assertEqual(peer.banners, [])

    def test_password_of_nobody(self) -> None:
        """A client that insists on a password is let in with any."""
        peer = self.peer("ann", passwords=("whatever",))
        self.assertIn(b"You are ann, a guest.", peer.shell().out)

    def test_reserved_name(self) -> None:
        """A name that nobody may have is told, and another one is asked for."""
        shell = self.peer("root").shell()
        self.assertIn(b"Welcome to chatd", shell.out)
        self.assertIn(b"root is a reserved word. Take another name.", shell.out)
        self.assertIn(b"You are ann, a guest.", shell.type("ann\r"))

    def test_name_of_somebody_here(self) -> None:
        """So is a name that another guest has."""
        join(self.hub, "ann")
        shell = self.peer("ann").shell()
        self.assertIn(b"Somebody here is called ann.", shell.out)
        self.assertIn(b"You are bob, a guest.", shell.type("bob\r"))

    def test_register_in_place(self) -> None:
        """Who has no name that can be had may still register."""
        shell = self.peer("root").shell()
        shell.type(f"/register ann {PASSWORD}\r")
        self.assertEqual(self.here(), [("ann", False)])

    def test_no_guests(self) -> None:
        """Where guests are not taken that is said, with what to do."""
        self.hub.rules = Rules(throttle=False, guests=False)
        shell = self.peer("ann").shell()
        self.assertIn(b"This server takes no guests.", shell.out)

    def test_full(self) -> None:
        """Where there is no room that is said."""
        self.hub.rules = Rules(throttle=False, max_people=1)
        join(self.hub, "bob")
        run = self.peer("ann").run("say hi")
        self.assertIn(b"The chat is full", run.err)
        self.assertEqual(run.status, 1)

    def test_one_person(self) -> None:
        """Two channels of a connection are one person."""
        peer = self.peer("ann")
        peer.shell()
        second = peer.shell()
        self.assertIn(b"You are ann, a guest.", second.out)
        self.assertEqual(len(self.here()), 1)


class OwnerTests(SshEnteringCase):
    """A name that belongs to somebody."""

    def test_password(self) -> None:
        """The password lets the owner in."""
        self.account("ann")
        peer = self.peer("ann", passwords=(PASSWORD,))
        self.assertEqual(peer.methods, "publickey,keyboard-interactive,password")
        self.assertIn(b"You are ann, a member.", peer.shell().out)
        self.assertEqual(self.here(), [("ann", False)])

    def test_wrong_password(self) -> None:
        """A wrong one does not, and the client shows what to do."""
        self.account("ann")
        peer = self.peer("ann", passwords=("nonsense", PASSWORD))
        self.assertEqual(len(peer.banners), 1)
        self.assertIn("Name and password do not belong together.", peer.banners[0])
        self.assertIn("ssh NAME@chat.example", peer.banners[0])
        self.assertIn(b"You are ann, a member.", peer.shell().out)

    def test_too_many_wrong_passwords(self) -> None:
        """Too many end the connection, in words; one fewer do not."""
        self.account("ann")
        most = self.hub.rules.failed_logins_session
        peer = self.peer("ann", passwords=("nonsense",) * (most - 1))
        self.assertEqual(peer.client.told, "")
        peer = self.peer("ann", passwords=("nonsense",) * most + (PASSWORD,))
        self.assertIn("too many wrong passwords", peer.client.told)
        self.assertTrue(peer.wire.disconnecting)

    def test_key(self) -> None:
        """One of the account's keys lets in without a password."""
        key = new_key()
        self.account("ann", new_key(), key)
        peer = self.peer("ann", keys=(key,))
        self.assertIn(b"You are ann, a member.", peer.shell().out)
        self.assertEqual(peer.banners, [])
        account = result(self.hub.login.owner("ann"))
        assert account is not None
        self.assertIn("192.0.2.1", result(self.store.addresses(account.id)))

    def test_key_of_another(self) -> None:
        """A key of somebody else's account does not."""
        key = new_key()
        self.account("bob", key)
        self.account("ann")
        peer = self.peer("ann", keys=(key,))
        self.assertIsNone(peer.conversation)
        self.assertIn(
            "ann is registered, with other keys than SHA256:", peer.banners[0]
        )

    def test_unknown_keys(self) -> None:
        """Of unknown keys the first is named; after the password it can be added."""
        self.account("ann")
        key = new_key()
        peer = self.peer("ann", keys=(key, new_key()), passwords=(PASSWORD,))
        self.assertEqual(len(peer.banners), 1)
        shell = peer.shell()
        self.assertIn(b"Yes: /keys add.", shell.out.replace(b"\r\n  ", b" "))
        shell.type("/keys add\r")
        again = self.peer("ann", keys=(key,))
        self.assertIn(b"You are ann, a member.", again.shell().out)

    def test_key_of_another_is_not_offered(self) -> None:
        """A key that somebody else has is not offered to be kept."""
        key = new_key()
        self.account("bob", key)
        self.account("ann")
        shell = self.peer("ann", keys=(key,), passwords=(PASSWORD,)).shell()
        self.assertNotIn(b"/keys add", shell.out)

    def test_forged(self) -> None:
        """Who has only the public half of a key is not let in."""
        key = new_key()
        self.account("ann", key)
        self.patch(ssh._Credentials, "getPrivateKey", lambda _: succeed(new_key()))
        peer = self.peer("ann", keys=(key,))
        self.assertIsNone(peer.conversation)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_weak_signature(self) -> None:
        """Nor is a signature of another kind than the modern ones looked at."""
        key = new_key()
        self.account("ann", key)
        self.patch(keys, "SIGNATURES", [b"rsa-sha2-512"])
        self.assertIsNone(self.peer("ann", keys=(key,)).conversation)

    def test_no_signature(self) -> None:
        """Nor will anything do that is no signature."""
        key = new_key()
        self.account("ann", key)
        nonsense = [b"\1", b"\0\0\0\xff", NS(b"ssh-ed25519") + NS(b"x")]
        self.patch(ssh._Credentials, "signData", lambda *_: succeed(nonsense.pop()))
        while nonsense:
            self.assertIsNone(self.peer("ann", keys=(key,)).conversation)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_security_key(self) -> None:
        """A key on a stick counts only if somebody touched it."""
        stick = Stick()
        self.account("ann", stick.key)
        self.patch(ssh._Credentials, "signData", lambda _, key, data: stick.sign(data))
        stick.flags = 0
        self.assertIsNone(self.peer("ann", keys=(stick.key,)).conversation)
        stick.flags = 1
        peer = self.peer("ann", keys=(stick.key,))
        self.assertIn(b"You are ann, a member.", peer.shell().out)

    def test_useless_key(self) -> None:
        """A key of a kind that is not taken is passed over in silence."""
        self.account("ann")
        peer = self.peer("ann", keys=(_old_key(),), passwords=(PASSWORD,))
        self.assertIn(b"You are ann, a member.", peer.shell().out)
        self.assertEqual(peer.banners, [])

    def test_bug(self) -> None:
        """A mistake of the server lets nobody in, says so, and is logged."""
        self.patch(self.hub.login, "owner", _broken)
        peer = self.peer("ann")
        self.assertIsNone(peer.conversation)
        self.assertTrue(peer.banners)
        self.assertTrue(self.flushLoggedErrors(ZeroDivisionError))

    def test_too_many_keys(self) -> None:
        """Somebody with very many keys is told how to choose one."""
        self.account("ann")
        peer = self.peer("ann", keys=tuple(new_key() for _ in range(41)))
        self.assertIn("IdentitiesOnly", peer.client.told)

    def test_banned(self) -> None:
        """Who is banned is told so, with the reason."""
        self.account("bob")
        operator, _ = join(self.hub, "cho", password=PASSWORD)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, operator, f"/claim {code}", "/serverban bob 1h noise")
        run = self.peer("bob", passwords=(PASSWORD,)).run("say hi")
        self.assertIn(b"banned", run.err)
        self.assertIn(b"noise", run.err)
        self.assertEqual(run.status, 1)

    def test_banned_address(self) -> None:
        """So is who comes from a banned address, when the connection begins."""
        operator, _ = join(self.hub, "cho", password=PASSWORD)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, operator, f"/claim {code}", "/serverban 192.0.2.7 1h noise")
        peer = self.peer("bob", address="192.0.2.7")
        self.assertIn("noise", peer.client.told)

    def test_password_changed(self) -> None:
        """A connection that proved the old password opens nothing after a change."""
        self.account("ann")
        peer = self.peer("ann", passwords=(PASSWORD,))
        shell = peer.shell()
        other, _ = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, other, f"/password {PASSWORD} {PASSWORD}-new")
        peer.pump()
        self.assertTrue(shell.ended)
        run = peer.run("say hi")
        self.assertIn(b"The password of ann was changed", run.err)

    def test_store_fails(self) -> None:
        """When the database does not answer that is said, and nobody is let in."""
        self.account("ann")
        self.store.failing = True
        peer = self.peer("ann", passwords=(PASSWORD,))
        self.assertIsNone(peer.conversation)
        self.assertIn("cannot reach its store", peer.banners[0])


class KeyOfGuestTests(SshEnteringCase):
    """A guest with a key."""

    def test_kept_on_registering(self) -> None:
        """Who registers may keep it, and comes in by it from then on."""
        key = new_key()
        shell = self.peer("ann", keys=(key,)).shell()
        self.assertIn(b"You are ann, a guest.", shell.out)
        self.assertIn(b"Yes: /keys add.", shell.type(f"/register {PASSWORD}\r"))
        self.assertIn(b"Added SHA256:", shell.type("/keys add\r"))
        again = self.peer("ann", keys=(key,))
        self.assertEqual(again.banners, [])
        self.assertIn(b"You are ann, a member.", again.shell().out)

    def test_by_a_command(self) -> None:
        """A member keeps a key by one command, with the password typed once."""
        self.account("ann")
        key = new_key()
        come_in = self.hub.reception.come_in

        async def slowly(*given: Any) -> None:
            await come_in(*given)
            pause: Deferred[None] = Deferred()
            self.clock.callLater(0.0, pause.callback, None)
            await pause

        self.patch(self.hub.reception, "come_in", slowly)
        run = self.peer("ann", keys=(key,), typed=(PASSWORD,)).run("/who")
        self.assertEqual((run.status, run.err), (0, b""))
        run = self.peer("ann", keys=(key,), typed=(PASSWORD,)).run("/keys add")
        self.assertEqual((run.status, run.err), (0, b""))
        self.assertRegex(run.out, rb"\A\* Added SHA256:.*\n\Z")
        run = self.peer("ann", keys=(key,)).run("/keys")
        self.assertIn(b"1 SSH key:", run.out)

    def test_of_an_account(self) -> None:
        """The key of an account is that account's alone: keeping it is not offered."""
        key = new_key()
        self.account("bob", key)
        shell = self.peer("ann", keys=(key,)).shell()
        self.assertIn(b"You are ann, a guest.", shell.out)
        answer = shell.type(f"/register {PASSWORD}\r")
        self.assertIn(b"ann is yours", answer)
        self.assertNotIn(b"/keys add", answer)

    def test_many(self) -> None:
        """Of many keys the first will do."""
        peer = self.peer("ann", keys=tuple(new_key() for _ in range(30)))
        self.assertIn(b"You are ann, a guest.", peer.shell().out)

    def test_forged(self) -> None:
        """Nor is the public half of a key enough here: it could be kept."""
        self.patch(ssh._Credentials, "getPrivateKey", lambda _: succeed(new_key()))
        shell = self.peer("ann", keys=(new_key(),)).shell()
        self.assertIn(b"You are ann, a guest.", shell.out)
        self.assertNotIn(b"/keys add", shell.type(f"/register {PASSWORD}\r"))

    def test_useless(self) -> None:
        """A key of a kind that is not taken keeps no guest out."""
        peer = self.peer("ann", keys=(_old_key(),))
        self.assertIn(b"You are ann, a guest.", peer.shell().out)
        self.assertEqual(peer.banners, [])


class KeyboardTests(SshEnteringCase):
    """What is asked at the keyboard; see RFC 4256."""

    def test_guest(self) -> None:
        """A guest is asked for nothing."""
        peer = self.peer("ann")
        self.assertIsNotNone(peer.conversation)
        self.assertEqual(peer.prompts, [])

    def test_nobody_to_ask(self) -> None:
        """A client that can only give up is told why when it comes again."""
        with_nothing = self.patch(
            ssh._Credentials, "ssh_USERAUTH_FAILURE", lambda *_: None
        )
        for expected in ([], [NO_KEY]):
            peer = self.peer("ann")
            self.assertEqual(peer.banners, [f"{text}\r\n" for text in expected])
            peer.lose()
        self.assertEqual(self.peer("bob").banners, [])
        with_nothing.restore()
        self.clock.advance(2 * NO_KEY_SECONDS)
        for _ in range(2):
            peer = self.peer("ann")
            self.assertEqual(peer.banners, [])
            peer.lose()

    def test_password(self) -> None:
        """A member is asked for the password, which is not shown."""
        self.account("ann")
        peer = self.peer("ann", typed=(PASSWORD,))
        self.assertEqual(peer.prompts, [(b"Password: ", False)])
        self.assertIn(b"You are ann, a member.", peer.shell().out)

    def test_wrong_password(self) -> None:
        """A wrong one is explained, and asked for again."""
        self.account("ann")
        peer = self.peer("ann", typed=("nonsense", PASSWORD))
        (banner,) = peer.banners
        self.assertIn("Name and password do not belong together.", banner)
        self.assertIn("ssh NAME@chat.example", banner)
        self.assertEqual(len(peer.prompts), 2)
        self.assertIn(b"You are ann, a member.", peer.shell().out)

    def test_too_many_wrong_passwords(self) -> None:
        """All wrong ones together count, however they came."""
        self.account("ann")
        most = self.hub.rules.failed_logins_session
        wrong = ("nonsense",) * (most - 2)
        peer = self.peer("ann", passwords=wrong, typed=("nonsense",))
        self.assertEqual(peer.client.told, "")
        peer = self.peer("ann", passwords=wrong, typed=("nonsense",) * 2)
        self.assertIn("too many wrong passwords", peer.client.told)

    def test_registered_meanwhile(self) -> None:
        """A name that became somebody's after the question lets nobody in."""
        peer = self.asked("bob")
        join(self.hub, "bob", password=PASSWORD)
        self.answer(peer, b"\0\0\0\0")
        self.assertIsNone(peer.conversation)
        self.assertIn("do not belong together", peer.banners[0])

    def test_given_up(self) -> None:
        """An answer to a question that was given up, or never asked, is nothing."""
        self.account("ann")
        peer = self.asked("ann")
        attempt = NS("ann") + NS("ssh-connection") + NS("none")
        peer.client.sendPacket(MSG_USERAUTH_REQUEST, attempt)
        self.patch(ssh._Credentials, "ssh_USERAUTH_FAILURE", lambda *_: None)
        self.answer(peer, b"\0\0\0\1" + NS(PASSWORD))
        self.answer(peer, b"\0\0\0\1" + NS(PASSWORD))
        self.assertIsNone(peer.conversation)
        self.assertEqual((peer.banners, peer.client.told), ([], ""))

    def test_nonsense(self) -> None:
        """An answer that is none ends the connection, without much ado."""
        self.account("ann")
        peer = self.asked("ann")
        self.answer(peer, b"\0\0\0\1\xff")
        self.assertTrue(peer.wire.disconnecting)
        self.assertEqual(self.flushLoggedErrors(), [])

    def asked(self, name: str) -> SshPeer:
        """Somebody who was asked, and answers later."""
        self.patch(ssh._Credentials, "getGenericAnswers", lambda *_: Deferred())
        return self.peer(name)

    def answer(self, peer: SshPeer, packet: bytes) -> None:
        """Send an answer."""
        peer.client.sendPacket(MSG_USERAUTH_INFO_RESPONSE, packet)
        peer.pump()


class Stick:
    """
    A security key, as of FIDO.

    @ivar flags: Whether it was touched.
    """

    flags = 1

    def __init__(self) -> None:
        self._secret = Ed25519PrivateKey.generate()
        public = self._secret.public_key().public_bytes_raw()
        self.kind = b"sk-ssh-ed25519@openssh.com"
        self.key = Key.fromString(NS(self.kind) + NS(public) + NS(b"ssh:"))

    def sign(self, data: bytes) -> "Deferred[bytes]":
        """See PROTOCOL.u2f of OpenSSH."""
        told = struct.pack(">BL", self.flags, 7)
        signed = sha256(b"ssh:").digest() + told + sha256(data).digest()
        return succeed(NS(self.kind) + NS(self._secret.sign(signed)) + told)


def _old_key() -> Key:
    """A key of a kind that nobody makes any more."""
    return Key(generate_private_key(65537, 1024))


async def _broken(name: str) -> None:
    raise ZeroDivisionError
