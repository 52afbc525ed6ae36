"""What is said does not wait for what else there is to store."""

from threading import Thread
from typing import Any, cast

from sqlalchemy import Connection
from twisted.trial.unittest import SynchronousTestCase

from chatd.store import workers
from chatd.store.workers import JOBS, Task, Threads
from tests.store.asking import said


class GatherTests(SynchronousTestCase):
    """What goes into one transaction."""

    def setUp(self) -> None:
        idle = Thread()
        self.patch(idle, "start", lambda: None)
        self.patch(workers, "_thread", lambda *_: idle)
        nothing = cast(Connection, None)
        self.threads = Threads(nothing, [nothing], _unused, _unused)

    def job(self) -> Task:
        """Something else than events to be stored."""
        task = Task(job=lambda connection: None)
        self.threads.write(task)
        return task

    def event(self, id: int) -> Task:
        """An event to be stored."""
        task = Task(events=[said(id, "x")])
        self.threads.write(task)
        return task

    def test_events_first(self) -> None:
        """Events overtake jobs, of which so many come along."""
        jobs = [self.job() for _ in range(2 * JOBS)]
        one, two = self.event(1), self.event(2)
        tasks, _ = self.threads._gather()
        self.assertEqual(tasks, [one, two, *jobs[: JOBS - 2]])
        three = self.event(3)
        tasks, _ = self.threads._gather()
        self.assertEqual(tasks, [three, *jobs[JOBS - 2 :][: JOBS - 1]])

    def test_end(self) -> None:
        """Before the end all that was asked for is done."""
        jobs = [self.job() for _ in range(JOBS + 1)]
        self.threads.stop(lambda: None)
        self.assertEqual(self.threads._gather(), (jobs[:JOBS], True))
        self.assertEqual(self.threads._gather(), (jobs[JOBS:], False))


def _unused(*_: Any) -> None:
    raise AssertionError
