"""Who comes in by SSH: by a free name, a password or a key."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from twisted.conch.error import IgnoreAuthentication, ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.userauth import (
    MSG_USERAUTH_BANNER,
    MSG_USERAUTH_INFO_REQUEST,
    SSHUserAuthServer,
)
from twisted.cred.credentials import ICredentials, SSHPrivateKey, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Person
from chatd.chat.errors import Broken, ChatError, WrongPassword
from chatd.chat.session import Session
from chatd.doors.ssh import keyboard
from chatd.doors.ssh.keys import Keys
from chatd.doors.ssh.visitor import QUIET, Visitor

if TYPE_CHECKING:
    from chatd.doors.ssh.transport import Transport

T = TypeVar("T")

# Attempts that wait while one is looked at: clients wait for each answer.
WAITING = 8

# For clients that have no key, and must not ask for anything.
NO_KEY = (
    "If ssh must not ask anybody (BatchMode), it needs a key, also for guests: "
    "ssh-keygen -t ed25519 makes one."
)
NO_KEY_SECONDS = 60.0  # so long it is remembered who gave up

# Of all kinds together; keys are asked about first, and then proved.
ATTEMPTS = 60


class Authentication(SSHUserAuthServer):
    """
    Lets a free name in with any key or none, a registered one by its password or a key.

    Clients begin by asking to be let in with nothing, and are refused: else they would
    never show a key, and a guest could not keep it. Who has none is asked for nothing
    at the keyboard.

    It is its own portal, as C{twisted.cred} calls what credentials are shown to. The
    limit of time is that of the session that waits.
    """

    _log = QUIET
    transport: "Transport"
    attemptsBeforeDisconnect = ATTEMPTS  # counted here, by what was tried

    def serviceStarted(self) -> None:
        self.supportedAuthentications = [
            b"publickey",
            b"keyboard-interactive",
            b"password",
        ]
        self.portal = self
        self.user = self.nextService = None
        self.authenticatedWith: list[bytes] = []
        self.loginAttempts = 0
        self.passwordDelay = 0  # Login slows down who is wrong
        self.clock = self.transport.hub.clock
        self._cancelLoginTimeout = None  # type: ignore[assignment]
        self._attempts: deque[tuple[_Try, bytes]] = deque()
        self._busy = False
        self._asked = False  # something at the keyboard, that may be answered
        self._tried = 0
        self.method = b""
        self._keys = Keys(self.transport, self._explain)

    def serviceStopped(self) -> None:
        super().serviceStopped()
        if self._has_nothing:
            self.transport.factory.gave_up.spend(self._who, self.clock.seconds())

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> None:
        self._queue(self._request, packet)

    def ssh_USERAUTH_INFO_RESPONSE(self, packet: bytes) -> None:
        self._queue(self._response, packet)

    def _queue(self, attempt: "_Try", packet: bytes) -> None:
        # One after another: many at once would get around the limits.
        self._attempts.append((attempt, packet))
        if len(self._attempts) > WAITING:
            self.transport.disconnect("One attempt after another, please.")
        elif not self._busy:
            self._busy = True
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    async def _work(self) -> None:
        while self._attempts and not self.transport.over:
            attempt, packet = self._attempts.popleft()
            self._tried += 1
            if self._tried > ATTEMPTS:
                self.transport.disconnect("These were too many attempts.")
            elif self.transport.service is self:
                await self._carry_out(attempt, packet)
        self._busy = False

    async def _carry_out(self, attempt: "_Try", packet: bytes) -> None:
        try:
            trying = attempt(packet)
        except Exception as problem:
            self.transport.refuse(repr(problem))
        else:
            if trying is not None:
                await trying

    def _request(self, packet: bytes) -> "Deferred[Any] | None":
        self._asked = False
        return super().ssh_USERAUTH_REQUEST(packet)

    def tryAuth(self, kind: bytes, user: bytes, data: bytes) -> "Deferred[Any]":
        # What is shown now is shown to whoever comes, so only to those who come again.
        gave_up = self.transport.factory.gave_up
        if self._has_nothing and gave_up.wait(self._who, self.clock.seconds()):
            self._explain(NO_KEY)
        return super().tryAuth(kind, user, data)

    @property
    def _has_nothing(self) -> bool:
        """Whether it was only asked for what there might be to show."""
        return self._tried == 1 and self.method == b"none"

    @property
    def _who(self) -> tuple[str, str]:
        return self.transport.address, self._name[:64]

    # At the keyboard

    def auth_keyboard_interactive(self, packet: bytes) -> "Deferred[Any]":
        return Deferred.fromCoroutine(self._ask())

    async def _ask(self) -> None:
        owner = self.transport.hub.login.owner(self._name)
        account = await self._or_explained(owner)
        question = keyboard.question("" if account is None else "Password: ")
        self.transport.sendPacket(MSG_USERAUTH_INFO_REQUEST, question)
        self._asked = True
        raise IgnoreAuthentication

    def _response(self, packet: bytes) -> "Deferred[Any] | None":
        if not self._asked:
            return None  # to nothing
        self._asked = False
        answer = keyboard.answer(packet)
        trying = self.login(UsernamePassword(self.user or b"", answer), None)
        return trying.addCallback(self._cbFinishedAuth).addErrback(self._ebBadAuth)

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
        visitor = await self._or_explained(self._visitor(credentials, waiting))
        return IConchUser, visitor, _nothing

    async def _or_explained(self, trying: Awaitable[T]) -> T:
        """
        @raise UnauthorizedLogin: if it fails; then the person is told why.
        """
        try:
            return await trying
        except ChatError as error:
            other = f"To come in as somebody else: ssh NAME@{self._host} …"
            wrong = isinstance(error, WrongPassword)
            self._explain(f"{error.text} {other}" if wrong else error.text)
            self._count()
        except (UnauthorizedLogin, ValidPublicKey):
            raise
        except Exception:
            _log.failure("somebody could not be let in")
            self._explain(Broken().text)
        raise UnauthorizedLogin

    async def _visitor(self, credentials: ICredentials, waiting: Session) -> Visitor:
        name = self._name
        login = self.transport.hub.login
        account = await login.owner(name)
        match credentials:
            case SSHPrivateKey():
                key = await self._keys.proved(credentials, account)
                if account is not None:
                    await login.keep_address(waiting, account)
                    return Visitor(name, account)
                return Visitor(name, self._guest(name), await self._keys.free(key))
            case UsernamePassword() if account is not None:
                password = credentials.password.decode("utf-8", "replace")
                proved = await login.prove(waiting, name, password)
                return Visitor(name, proved, await self._keys.free(self._keys.unknown))
            case _ if account is None:
                # Clients that ask for a password nevertheless are let in with any.
                return Visitor(name, self._guest(name))
            case _:
                raise UnauthorizedLogin

    def _guest(self, name: str) -> Person | None:
        """A guest of this name; C{None} if that cannot be, which is told later."""
        try:
            return self.transport.hub.entrance.guest(name)
        except ChatError:
            return None

    # What is refused

    def _explain(self, text: str) -> None:
        """Have the client show something, before it asks again."""
        words = f"{text}\r\n".encode()
        self.transport.sendPacket(MSG_USERAUTH_BANNER, NS(words) + NS(b""))

    @property
    def _host(self) -> str:
        return self.transport.hub.rules.server

    @property
    def _name(self) -> str:
        """As whom the client wants to come in."""
        return (self.user or b"").decode("utf-8", "replace")

    def _count(self) -> None:
        """End the connection when there were too many wrong passwords."""
        waiting, most = self.transport.waiting, self.transport.hub.rules
        if waiting and waiting.failed_logins >= most.failed_logins_session:
            self.transport.hub.connections.let_go(
                waiting, "it tried too many wrong passwords"
            )


def _nothing() -> None:
    """When a visitor leaves, there is nothing to be done."""


def _stumbled(failure: Failure) -> None:
    _log.failure("the authentication stumbled", failure=failure)


_Try: TypeAlias = "Callable[[bytes], Deferred[Any] | None]"
_log = Logger()
