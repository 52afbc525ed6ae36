"""Hashing passwords."""

import os
import queue
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.threadpool import ThreadPool
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadPassword, Closed, TooFast
from chatd.secrets.passwords import NICER, Passwords, Workers, at_once


class PasswordsTests(SynchronousTestCase):
    """Secrets that are kept instead of passwords."""

    def setUp(self) -> None:
        self.jobs = 0
        self.passwords = Passwords(self.run, memory=8, passes=1)

    def run(self, work: Any = None, /) -> Any:
        """Count the work and do it; trial calls this too, with its result."""
        if not callable(work):
            return super().run(work)
        self.jobs += 1
        return at_once(work)

    def hash(self, password: str) -> str:
        """Hash it now."""
        return self.successResultOf(
            Deferred.fromCoroutine(self.passwords.hash(password))
        )

    def verify(self, password: str, secret: str | None) -> bool:
        """Check it now."""
        return self.successResultOf(
            Deferred.fromCoroutine(self.passwords.verify(password, secret))
        )

    def test_round_trip(self) -> None:
        """The right password is right, another is wrong."""
        secret = self.hash("x7kq-wzu")
        self.assertTrue(secret.startswith("$argon2id$v=19$m=8,t=1,p=1$"))
        self.assertTrue(self.verify("x7kq-wzu", secret))
        self.assertFalse(self.verify("x7kq-wzU", secret))

    def test_salt(self) -> None:
        """Two people with one password do not have one secret."""
        self.assertNotEqual(self.hash("x7kq-wzu"), self.hash("x7kq-wzu"))

    def test_typed_differently(self) -> None:
        """A keyboard that composes accents otherwise types the same password."""
        secret = self.hash("größe\u3000é!")
        self.assertTrue(self.verify("gro\u0308ße e\u0301!", secret))
        self.assertFalse(self.verify("grösse é!", secret))

    def test_nobody(self) -> None:
        """For a name that does not exist, as much work is done, in vain."""
        for secret in (None, ""):
            self.jobs = 0
            self.assertFalse(self.verify("x7kq-wzu", secret))
            self.assertEqual(self.jobs, 1)

    def test_impossible(self) -> None:
        """What no password can be costs as much as a wrong one."""
        secret = self.hash("x7kq-wzu")
        for password in ("", "x" * 4097, "x7kq\nwzu", "x7kq\ud800wzu"):
            self.jobs = 0
            self.assertFalse(self.verify(password, secret))
            self.assertEqual(self.jobs, 1)
            self.failureResultOf(
                Deferred.fromCoroutine(self.passwords.hash(password)), BadPassword
            )

    def test_longest(self) -> None:
        """All characters of a long password count."""
        secret = self.hash("x" * 4095 + "y")
        self.assertTrue(self.verify("x" * 4095 + "y", secret))
        self.assertFalse(self.verify("x" * 4096, secret))

    def test_damaged(self) -> None:
        """A damaged secret lets nobody in."""
        for secret in ("x", "$argon2id$", "$2b$12$abc"):
            self.assertFalse(self.verify("x7kq-wzu", secret))

    def test_outdated(self) -> None:
        """A secret made with other parameters is to be made anew."""
        secret = self.hash("x7kq-wzu")
        self.assertFalse(self.passwords.outdated(secret))
        self.assertTrue(Passwords(at_once, memory=16, passes=1).outdated(secret))
        self.assertTrue(Passwords(at_once, memory=8, passes=2).outdated(secret))
        self.assertTrue(Passwords(at_once).outdated(secret))
        self.assertTrue(self.passwords.outdated("x"))
        self.assertTrue(self.verify("x7kq-wzu", secret))


class Reactor:
    """Keeps what threads hand over until it is asked for."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        """Keep a call."""
        self.calls.put((function, *args))

    def turn(self) -> None:
        """Wait for one call and make it."""
        function, *args = self.calls.get(timeout=10)
        function(*args)


class WorkersTests(SynchronousTestCase):
    """Threads with a queue that has an end."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.workers = Workers(self.reactor, threads=1, waiting=2)  # type: ignore[arg-type]
        self.addCleanup(self.workers.stop)
        self.gate: queue.SimpleQueue[int] = queue.SimpleQueue()

    def start(self) -> "Deferred[int]":
        """Start work that ends when a number is put into the gate."""
        return self.workers.run(lambda: self.gate.get(timeout=10))

    def test_work(self) -> None:
        """Work is done elsewhere and its result comes back to the reactor."""
        self.workers.start()
        done = self.start()
        self.assertNoResult(done)
        self.gate.put(7)
        self.reactor.turn()
        self.assertEqual(self.successResultOf(done), 7)

    def test_patient(self) -> None:
        """Where threads have priorities, theirs is lower than of those who chat."""
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        self.workers = Workers(self.reactor, threads=1, patient=True)  # type: ignore[arg-type]
        self.addCleanup(self.workers.stop)
        self.workers.start()
        for _ in range(2):
            done = self.workers.run(lambda: os.getpriority(os.PRIO_PROCESS, 0))
            self.reactor.turn()
            more = NICER if sys.platform == "linux" else 0
            self.assertEqual(self.successResultOf(done), min(ours + more, 19))
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, 0), ours)

    def test_failure(self) -> None:
        """What goes wrong comes back as well, and makes room."""
        self.workers.start()
        for _ in range(5):
            done = self.workers.run(lambda: 1 // 0)
            self.reactor.turn()
            self.failureResultOf(done, ZeroDivisionError)

    def test_full(self) -> None:
        """When enough are waiting, the next is asked to come again."""
        self.workers.start()
        waiting = [self.start() for _ in range(3)]
        error = self.assertRaises(TooFast, self.start)
        self.assertEqual(error.text, "The server is busy, try again in a moment.")
        self.gate.put(1)
        self.reactor.turn()
        waiting.append(self.start())
        for number in (2, 3, 4):
            self.gate.put(number)
            self.reactor.turn()
        self.assertEqual([self.successResultOf(done) for done in waiting], [1, 2, 3, 4])

    def test_not_started(self) -> None:
        """Before the start there is no thread, and no work is taken."""
        self.assertRaises(Closed, self.start)

    def test_stop(self) -> None:
        """Stopping does not wait for what only waited."""
        self.workers.start()
        began: queue.SimpleQueue[None] = queue.SimpleQueue()

        def work() -> int:
            began.put(None)
            return self.gate.get(timeout=10)

        first, second = self.workers.run(work), self.start()
        began.get(timeout=10)
        wait = ThreadPool.stop

        def stop(pool: ThreadPool) -> None:
            self.gate.put(1)  # the first ends only when stopping has begun
            wait(pool)

        self.patch(ThreadPool, "stop", stop)
        self.workers.stop()
        self.reactor.turn()
        self.reactor.turn()
        self.assertEqual(self.successResultOf(first), 1)
        self.failureResultOf(second, Closed)
        self.assertRaises(Closed, self.start)
