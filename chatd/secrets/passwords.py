"""Hashes passwords, and checks them, away from the reactor."""

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import local
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from chatd.chat.errors import BadPassword, Closed, TooFast
from chatd.chat.password_rules import normal_password

MEMORY = 19 * 1024  # KiB; with two passes what OWASP asks for: 25 ms
PASSES = 2
LANES = 1
THREADS = 2
WAITING = 64  # beyond: come again
NICER = 10  # than the rest of the server, as nice(1) counts
_SALT = 16  # bytes
_HASH = 32  # bytes

Result = TypeVar("Result")


class Run(Protocol):
    """Calls a function, now or in a thread; C{await} gives what it returned."""

    def __call__(self, work: Callable[[], Result], /) -> Awaitable[Result]: ...


async def at_once(work: Callable[[], Result]) -> Result:
    """Call the function here and now, for tests and tools."""
    return work()


class Workers:
    """
    A few threads with a queue that has an end.

    There is no thread before L{start}, since twistd forks.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        *,
        threads: int = THREADS,
        waiting: int = WAITING,
        name: str = "passwords",
        patient: bool = False,
    ) -> None:
        """
        @param patient: Whether the work gives way to the rest of the server.
        """
        self._reactor = reactor
        self._name = name
        self._threads = threads
        self._most = threads + waiting
        self._pool: ThreadPool | None = None
        self._busy = 0
        self._patient = patient
        self._known = local()  # to each thread

    def start(self) -> None:
        """Be ready to work."""
        self._pool = ThreadPool(0, self._threads, self._name)
        self._pool.start()

    def stop(self) -> None:
        """Finish what is being worked on; what only waits fails with L{Closed}."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()

    def run(self, work: Callable[[], Result], /) -> "Deferred[Result]":
        """
        Call the function in a thread.

        @raise TooFast: if too much is waiting.
        @raise Closed: if not started.
        """
        pool = self._pool
        if pool is None:
            raise Closed("The server is stopping.")
        if self._busy >= self._most:
            raise TooFast("The server is busy, try again in a moment.")
        self._busy += 1

        def unless_stopped() -> Result:
            if self._pool is not pool:
                raise Closed("The server is stopping.")
            if self._patient:
                self._give_way()
            return work()

        def done(result: Result) -> Result:
            self._busy -= 1
            return result

        return deferToThreadPool(self._reactor, pool, unless_stopped).addBoth(done)

    def _give_way(self) -> None:
        # In Linux each thread has a priority of its own. Two that hash would else take
        # as much of two processors as all who chat.
        if sys.platform == "linux" and not hasattr(self._known, "nice"):
            nice = os.getpriority(os.PRIO_PROCESS, 0) + NICER
            self._known.nice = min(nice, 19)
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, self._known.nice)


class Passwords:
    """
    Argon2id hashes, as PHC strings.

    @param run: Where the work is done: L{Workers.run}, or L{at_once}.
    @param memory: KiB.
    """

    def __init__(
        self,
        run: Run,
        *,
        memory: int = MEMORY,
        passes: int = PASSES,
        lanes: int = LANES,
    ) -> None:
        self._run = run
        self._parameters = f"m={memory},t={passes},p={lanes}"
        self._memory = memory
        self._passes = passes
        self._lanes = lanes

    async def hash(self, password: str) -> str:
        """
        Make the secret that an account keeps instead of its password.

        @raise BadPassword: if it could not be typed again.
        @raise TooFast: if too many are waiting.
        """
        plain = normal_password(password).encode()
        return await self._run(lambda: self._derive(plain))

    async def verify(self, password: str, secret: str | None) -> bool:
        """
        Whether the password is the one of this secret.

        @param secret: C{None} or C{""} for nobody's: as much work, then C{False}, so
            that the time taken does not say which names exist.
        @raise TooFast: if too many are waiting.
        """
        try:
            plain = normal_password(password).encode()
        except BadPassword:
            plain, secret = b"", None
        if secret:
            return await self._run(lambda: _fits(plain, secret))
        await self._run(lambda: self._derive(plain))
        return False

    def outdated(self, secret: str) -> bool:
        """Whether the secret was made with other parameters: hash anew at login."""
        return secret.split("$")[1:4] != ["argon2id", "v=19", self._parameters]

    def _derive(self, plain: bytes) -> str:
        return Argon2id(
            salt=os.urandom(_SALT),
            length=_HASH,
            iterations=self._passes,
            lanes=self._lanes,
            memory_cost=self._memory,
        ).derive_phc_encoded(plain)


def _fits(plain: bytes, secret: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(plain, secret)
    except InvalidKey:
        return False
    return True
