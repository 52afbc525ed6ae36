"""One server for one database."""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """
    A file that one process at a time can lock; it is free when the process dies.

    Not a file whose mere presence counts: that stays behind after a crash, and in a
    container every server has the same process id.
    """

    def __init__(self, path: Path) -> None:
        """
        @raise BlockingIOError: if another process has it.
        @raise OSError: if the file cannot be made.
        """
        self._path = path
        self._made = not path.exists()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(self._descriptor)
        except OSError as problem:
            os.close(self._descriptor)
            raise BlockingIOError(*problem.args) from None

    def release(self) -> None:
        """Let others have it."""
        os.close(self._descriptor)

    def undo(self) -> None:
        """Let others have it, and leave no file that was not there before."""
        if self._made:
            self._path.unlink(missing_ok=True)
        self.release()
