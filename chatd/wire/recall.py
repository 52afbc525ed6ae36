"""Lines typed before, and going back to them."""

from collections import deque

BYTES_LIMIT = 32768  # bounds what an idle session holds


class Recall:
    """What the arrow keys up and down bring back."""

    def __init__(self, limit: int) -> None:
        """
        Begin without a line.

        @param limit: How many lines are remembered.
        """
        self._lines: deque[str] = deque(maxlen=limit)
        self._back = 0  # how many lines back; 0 is the one being typed
        self._half = ""  # the one being typed, while another is looked at

    def add(self, line: str) -> None:
        """Remember a finished line, unless it is blank or the same again."""
        if line.strip() and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)
        while sum(len(line.encode()) for line in self._lines) > BYTES_LIMIT:
            self._lines.popleft()

    def forget(self, line: str) -> None:
        """Remember a line no longer."""
        kept = [one for one in self._lines if one != line]
        self._lines.clear()
        self._lines.extend(kept)
        self.settle()

    def settle(self) -> None:
        """Take what is looked at for the line being typed: it was changed."""
        self._back = 0
        self._half = ""

    def go(self, step: int, text: str) -> str | None:
        """
        Go back by one line (1) or forth (-1).

        @param text: What stands in the line now; kept if it is the one being typed.
        @return: What is to stand there; None at either end.
        """
        back = self._back + step
        if not 0 <= back <= len(self._lines):
            return None
        if not self._back:
            self._half = text
        self._back = back
        return self._lines[-back] if back else self._half
