"""A rotating file that never raises, and comes back when it can."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.python.logfile import LogFile

RETRY_SECONDS = 5.0


class SturdyFile:
    """
    A log file whose disk may be full and whose folder may be removed.

    What cannot be written is counted; the chat goes on.
    """

    def __init__(
        self,
        path: Path,
        size: int,
        files: int,
        seconds: Callable[[], float],
        missing: Callable[[int], str],
    ) -> None:
        """
        @param size: Bytes after which a new file is begun.
        @param files: How many old files are kept.
        @param seconds: Tells the time, from any clock that does not go back.
        @param missing: Makes the line that stands for so many lost ones.
        """
        self.size = size
        self.files = files
        self._path = path
        self._seconds = seconds
        self._missing = missing
        self._file: _Rotating | None = None
        self._retry = float("-inf")
        self._lost = 0

    def write(self, line: str) -> None:
        """Write a line that ends in a line break."""
        if self._file is None and self._seconds() < self._retry:
            self._lost += 1
            return
        try:
            if self._file is not None and self._file.is_gone():
                self.close()
            if self._file is None:
                self._file = self._open()
            self._file.rotateLength = self.size
            self._file.maxRotatedFiles = self.files
            if self._lost:
                line = self._missing(self._lost) + line
            self._file.write(line.encode("utf-8", "backslashreplace"))
            self._lost = 0
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        # A rotation that fails half-way leaves it closed.
        if self._file is not None and not self._file.closed:
            self._file.close()
        self._file = None

    def _open(self) -> "_Rotating":
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _Rotating(
            self._path.name,
            str(self._path.parent),
            rotateLength=self.size,
            maxRotatedFiles=self.files,
            defaultMode=0o600,
        )
        if _is_torn(self._path):
            file.write(b"\n")
        return file

    def _give_up(self, error: OSError) -> None:
        # Under twistd sys.stderr would lead back into the log.
        if self._lost == 0 and sys.__stderr__ is not None:
            with suppress(OSError, ValueError):
                print(f"chatd: the log cannot be written: {error}", file=sys.__stderr__)
        self._lost += 1
        self._retry = self._seconds() + RETRY_SECONDS
        self.close()


class _Rotating(LogFile):
    """Notices when the file is no longer where it was."""

    def __init__(self, *args: Any, **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self._opened = self._found()

    def rotate(self) -> None:
        super().rotate()
        self._opened = self._found()

    def is_gone(self) -> bool:
        """Whether another file, or none, is there now."""
        try:
            return self._found() != self._opened
        except FileNotFoundError:
            return True

    def _found(self) -> tuple[int, int]:
        status = os.stat(self.path)
        return status.st_dev, status.st_ino


def _is_torn(path: Path) -> bool:
    """Whether the last line was cut short, by a full disk or a power cut."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
