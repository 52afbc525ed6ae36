"""Who does the work of the store: threads of its own, or whoever asks."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from sqlalchemy import Connection

from chatd.store.writing import Insert, Task, commit, give_up, is_down

# Events and tasks of one transaction.
BATCH = 1_000

# What is told when a piece of work is done, and why the database failed if it did.
Report = Callable[[Sequence[Task], Exception | None], None]


class Workers(Protocol):
    """Does tasks and reports them in the reactor's thread."""

    def write(self, task: Task) -> None:
        """Do it in a transaction, in the order of asking."""

    def read(self, task: Task) -> None:
        """Do it when there is time."""

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
        self._report([task], problem)

    def read(self, task: Task) -> None:
        self._report([task], look(self._reader, task))

    def stop(self, last: Callable[[], object]) -> None:
        close(self._reader)
        close(self._writer, at_end=last)


class Threads:
    """
    One thread that writes, and a few that read.

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
        @param report: Is called in the threads.
        """
        self._insert = insert
        self._report = report
        self._writes: SimpleQueue[Task | None] = SimpleQueue()
        self._reads: SimpleQueue[Task | None] = SimpleQueue()
        self._last: Callable[[], object] = lambda: None
        # Daemons: a process that must end does not wait for a disk that hangs.
        self._readers = [
            Thread(
                target=self._read, args=(reader,), name=f"store-reader-{n}", daemon=True
            )
            for n, reader in enumerate(readers)
        ]
        self._writer = Thread(
            target=self._write, args=(writer,), name="store-writer", daemon=True
        )
        for thread in (self._writer, *self._readers):
            thread.start()

    def write(self, task: Task) -> None:
        self._writes.put(task)

    def read(self, task: Task) -> None:
        self._reads.put(task)

    def stop(self, last: Callable[[], object]) -> None:
        self._last = last
        for _ in self._readers:
            self._reads.put(None)
        self._writes.put(None)

    def _write(self, connection: Connection) -> None:
        going = True
        while going:
            tasks, going = self._gather()
            if tasks:
                self._report(tasks, commit(connection, tasks, self._insert))
        for reader in self._readers:
            reader.join()
        close(connection, at_end=self._last)

    def _gather(self) -> tuple[list[Task], bool]:
        tasks: list[Task] = []
        size = 0
        task = self._writes.get()
        while task is not None:
            tasks.append(task)
            size += max(1, len(task.events))
            if size >= BATCH:
                return tasks, True
            try:
                task = self._writes.get_nowait()
            except Empty:
                return tasks, True
        return tasks, False

    def _read(self, connection: Connection) -> None:
        while (task := self._reads.get()) is not None:
            self._report([task], look(connection, task))
        close(connection)


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


def close(connection: Connection, at_end: Callable[[], object] = lambda: None) -> None:
    """Close a connection, whatever state it is in."""
    try:
        connection.close()
    finally:
        connection.engine.dispose()
        at_end()
