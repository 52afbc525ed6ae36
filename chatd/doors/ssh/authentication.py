"""Who comes in by SSH: by a free name, a password or a key."""

from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Any

from twisted.conch.error import ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.userauth import MSG_USERAUTH_BANNER, SSHUserAuthServer
from twisted.cred.credentials import (
    Anonymous,
    ICredentials,
    SSHPrivateKey,
    UsernamePassword,
)
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Account, Person
from chatd.chat.errors import BadRequest, Broken, ChatError, WrongPassword
from chatd.chat.session import Session
from chatd.chat.store import PublicKey
from chatd.doors.ssh.algorithms import SIGNATURES
from chatd.doors.ssh.visitor import QUIET, Visitor

if TYPE_CHECKING:
    from chatd.doors.ssh.transport import Transport

# Attempts that wait while one is looked at: clients wait for each answer.
WAITING = 8

# Keys that a client may offer, one after another; and attempts of all kinds.
KEYS = 20
ATTEMPTS = 60

# In the flags that a security key signs: somebody touched it.
_TOUCHED = 0x01


class Authentication(SSHUserAuthServer):
    """
    Lets a free name in at once, and a registered one by its password or a key.

    It is its own portal, as C{twisted.cred} calls what credentials are shown to. The
    limit of time is that of the session that waits.
    """

    _log = QUIET
    transport: "Transport"
    attemptsBeforeDisconnect = ATTEMPTS  # counted here, by what was tried

    def serviceStarted(self) -> None:
        self.supportedAuthentications = [b"publickey", b"password"]
        self.portal = self
        self.user = self.nextService = None
        self.authenticatedWith: list[bytes] = []
        self.loginAttempts = 0
        self.passwordDelay = 0  # Login slows down who is wrong
        self.clock = self.transport.hub.clock
        self._cancelLoginTimeout = None  # type: ignore[assignment]
        self._attempts: deque[bytes] = deque()
        self._busy = False
        self._tried = 0
        self._keys = 0
        self._key: PublicKey | None = None  # the first that was not the owner's

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> None:
        # One after another: many at once would get around the limits.
        self._attempts.append(packet)
        if len(self._attempts) > WAITING:
            self.transport.disconnect("One attempt after another, please.")
        elif not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    async def _work(self) -> None:
        while self._attempts and not self.transport.over:
            packet = self._attempts.popleft()
            self._tried += 1
            if self._tried > ATTEMPTS:
                self.transport.disconnect("These were too many attempts.")
            elif self.transport.service is self:
                trying = super().ssh_USERAUTH_REQUEST(packet)
                if trying is not None:
                    await trying
        self._busy = False

    def tryAuth(self, kind: bytes, user: bytes, data: bytes) -> "Deferred[Any]":
        if kind == b"none":  # clients try it first, and are not told of it
            return self.login(Anonymous(), None)
        return super().tryAuth(kind, user, data)

    # Portal

    def login(
        self, credentials: ICredentials, mind: object, *interfaces: object
    ) -> "Deferred[Any]":
        """
        @return: Of a L{Visitor}, as a portal does; or of an error that tells Conch to
            go on.
        """
        return Deferred.fromCoroutine(self._login(credentials))

    async def _login(self, credentials: ICredentials) -> tuple[Any, Visitor, Any]:
        waiting = self.transport.waiting
        if waiting is None or waiting.ended:
            raise UnauthorizedLogin
        try:
            visitor = await self._visitor(credentials, waiting)
        except ChatError as error:
            other = f"To come in as somebody else: ssh NAME@{self._host} …"
            wrong = isinstance(error, WrongPassword)
            self._explain(f"{error.text} {other}" if wrong else error.text)
            self._count(waiting)
            raise UnauthorizedLogin from None
        except (UnauthorizedLogin, ValidPublicKey):
            raise
        except Exception:
            _log.failure("somebody could not be let in")
            self._explain(Broken().text)
            raise UnauthorizedLogin from None
        return IConchUser, visitor, _nothing

    async def _visitor(self, credentials: ICredentials, waiting: Session) -> Visitor:
        user: bytes = self.user or b""
        name = user.decode("utf-8", "replace")
        login = self.transport.hub.login
        account = await login.owner(name)
        match credentials:
            case SSHPrivateKey():
                key = await self._proved_key(credentials, account)
                if account is not None:
                    await login.keep_address(waiting, account)
                    return Visitor(name, account)
                return Visitor(name, self._guest(name), key)
            case UsernamePassword() if account is not None:
                password = credentials.password.decode("utf-8", "replace")
                proved = await login.prove(waiting, name, password)
                return Visitor(name, proved, await self._unknown_key())
            case _ if account is None:
                # Clients that always ask for a password are let in with any.
                return Visitor(name, self._guest(name))
            case _:
                raise UnauthorizedLogin

    def _guest(self, name: str) -> Person | None:
        """A guest of this name; C{None} if that cannot be, which is told later."""
        try:
            return self.transport.hub.entrance.guest(name)
        except ChatError:
            return None

    # Keys

    async def _proved_key(
        self, credentials: SSHPrivateKey, account: Account | None
    ) -> PublicKey:
        """
        @raise ValidPublicKey: if it will do, but is not proved yet.
        @raise ChatError: if it will not do.
        """
        self._keys += 1
        if self._keys > 2 * KEYS:  # each may be asked about, and then be proved
            self.transport.disconnect(
                "Too many keys. Say which one: ssh -o IdentitiesOnly=yes -i FILE"
            )
        blob: bytes = credentials.blob
        kind = getNS(blob)[0].decode("ascii", "replace")
        try:
            key = self.transport.hub.secrets.public_key(
                f"{kind} {b64encode(blob).decode()}"
            )
        except BadRequest:
            raise UnauthorizedLogin from None
        if account is not None and not await self._has(account, key):
            raise UnauthorizedLogin
        if credentials.signature is None:
            raise ValidPublicKey
        if not _is_signed(credentials):
            raise UnauthorizedLogin
        return key

    async def _has(self, account: Account, key: PublicKey) -> bool:
        if await self.transport.hub.login.key_owner(key) == account.id:
            return True
        if self._key is None:
            self._key = key
            self._explain(
                f"{account.name} is registered, with other keys than "
                f"{key.fingerprint}. Type the password; then /keys add keeps this one."
            )
        return False

    async def _unknown_key(self) -> PublicKey | None:
        """The first key that the client had, if it is nobody's."""
        if self._key is None:
            return None
        owner = await self.transport.hub.login.key_owner(self._key)
        return None if owner else self._key

    # What is refused

    def _explain(self, text: str) -> None:
        """Have the client show something, before it asks again."""
        words = f"{text}\r\n".encode()
        self.transport.sendPacket(MSG_USERAUTH_BANNER, NS(words) + NS(b""))

    @property
    def _host(self) -> str:
        return self.transport.hub.rules.server

    def _count(self, waiting: Session) -> None:
        """End the connection when there were too many wrong passwords."""
        if waiting.failed_logins >= self.transport.hub.rules.failed_logins_session:
            self.transport.hub.connections.let_go(
                waiting, "it tried too many wrong passwords"
            )


def _is_signed(credentials: SSHPrivateKey) -> bool:
    """Whether a signature was made with this key, in a modern way."""
    algorithm, _, rest = getNS(credentials.signature, 2)
    key = Key.fromString(credentials.blob)
    if algorithm not in SIGNATURES or credentials.algName != algorithm:
        return False
    if key.isSecurityKey() and not (rest and rest[0] & _TOUCHED):
        return False
    try:
        return bool(key.verify(credentials.signature, credentials.sigData))
    except Exception:  # whatever it is, it is no signature
        return False


def _nothing() -> None:
    """When a visitor leaves, there is nothing to be done."""


def _stumbled(failure: Failure) -> None:
    _log.failure("the authentication stumbled", failure=failure)


_log = Logger()
