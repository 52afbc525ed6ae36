"""Who does the work of the store: threads of its own, or whoever asks."""

from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol, TypeAlias

from sqlalchemy import Connection

from chatd.store.writing import Insert, Task, commit, give_up, is_down

# Events of one transaction.
BATCH = 1_000

# Jobs of one transaction: each takes up to a millisecond, and what is said meanwhile
# waits for them. When 1,000 come in at once they ask for 1,000.
JOBS = 10

# What is told when something is done: C{reading} or C{writing}, the tasks, and why the
# database failed if it did.
Report = Callable[[str, Sequence[Task], Exception | None], None]


class Workers(Protocol):
    """Does tasks, and reports them."""

    def write(self, task: Task) -> None:
        """
        Do it in a transaction. Events go before jobs, and both in the order of asking:
        who needs more than that waits for the answer.
        """

    def read(self, task: Task, *, slow: bool = False) -> None:
        """
        Do it when there is time.

        @param slow: It may take long, and must not delay what does not.
        """

    def stop(self, last: Callable[[], object]) -> None:
        """Do what is left, then close the connections and call C{last}."""


class Inline:
    """Does everything at once, in one thread: for tests and tools."""

    def __init__(
        self, writer: Connection, reader: Connection, insert: Insert, report: Report
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._insert = insert
        self._report = report

    def write(self, task: Task) -> None:
        problem = commit(self._writer, [task], self._insert)
        self._report("writing", [task], problem)

    def read(self, task: Task, *, slow: bool = False) -> None:
        self._report("reading", [task], look(self._reader, task))

    def stop(self, last: Callable[[], object]) -> None:
        close(self._reader)
        close(self._writer)
        last()


class Threads:
    """
    One thread that writes, a few that read, and one for what is slow.

    While one transaction is in progress the next gathers in the queue.
    """

    def __init__(
        self,
        writer: Connection,
        readers: Sequence[Connection],
        insert: Insert,
        report: Report,
    ) -> None:
        """
        @param readers: At least two; the last one is for what is slow.
        @param report: Is called in the threads.
        """
        self._insert = insert
        self._report = report
        self._writes: _Queue = SimpleQueue()
        self._reads: _Queue = SimpleQueue()
        self._slow: _Queue = SimpleQueue()
        self._last: Callable[[], object] = _nothing
        # Only of the thread that writes.
        self._jobs: deque[Task] = deque()
        self._ended = False
        self._readers = [
            *(_thread(self._read, reader, self._reads) for reader in readers[:-1]),
            _thread(self._read, readers[-1], self._slow),
        ]
        self._writer = _thread(self._write, writer)
        for thread in (*self._readers, self._writer):
            thread.start()

    def write(self, task: Task) -> None:
        self._writes.put(task)

    def read(self, task: Task, *, slow: bool = False) -> None:
        (self._slow if slow else self._reads).put(task)

    def stop(self, last: Callable[[], object]) -> None:
        self._last = last
        for _ in self._readers[:-1]:
            self._reads.put(None)
        self._slow.put(None)
        self._writes.put(None)

    def _write(self, connection: Connection) -> None:
        while self._write_some(connection):
            pass  # and while it waits, nothing of the last tasks is held on to
        for reader in self._readers:
            reader.join()
        close(connection)
        self._last()

    def _write_some(self, connection: Connection) -> bool:
        tasks, going = self._gather()
        if tasks:
            problem = commit(connection, tasks, self._insert)
            self._report("writing", tasks, problem)
        return going

    def _gather(self) -> tuple[list[Task], bool]:
        """
        Wait for a task, and take the events that wait behind it, and some of the jobs.

        @return: The tasks, and whether there will be more.
        """
        tasks: list[Task] = []
        size = 0
        while size < BATCH and not self._ended:
            try:
                task = self._writes.get(block=not (tasks or self._jobs))
            except Empty:
                break
            if task is None:
                self._ended = True
            elif task.job is None:
                tasks.append(task)
                size += len(task.events)
            else:
                self._jobs.append(task)
        while self._jobs and len(tasks) < JOBS:
            tasks.append(self._jobs.popleft())
        return tasks, bool(self._jobs) or not self._ended

    def _read(self, connection: Connection, queue: "_Queue") -> None:
        while self._read_one(connection, queue):
            pass
        close(connection)

    def _read_one(self, connection: Connection, queue: "_Queue") -> bool:
        task = queue.get()
        if task is not None:
            self._report("reading", [task], look(connection, task))
        return task is not None


_Queue: TypeAlias = "SimpleQueue[Task | None]"


def _thread(run: Callable[..., None], *args: object) -> Thread:
    # A daemon: a process that must end does not wait for a disk that hangs.
    return Thread(target=run, args=args, name="store", daemon=True)


def _nothing() -> None:
    pass


def look(connection: Connection, task: Task) -> Exception | None:
    """
    Do a task that only reads.

    @return: Why the database failed, or C{None}.
    """
    try:
        with connection.begin():
            task.run(connection)
    except Exception as problem:
        if is_down(problem):
            return give_up(connection, [task], problem)
        task.fail(problem)
    return None


def close(connection: Connection) -> None:
    """Close a connection for good, and tidy up behind it."""
    connection.close()
    connection.engine.dispose()
