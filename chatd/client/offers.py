"""Files that somebody was told of."""

from chatd.chat.events import Handed, Shared

# Files that can still be got by their numbers.
MOST = 1_000


class Offers:
    """Files, by numbers that are easy to type."""

    def __init__(self) -> None:
        self._files: dict[int, Shared | Handed] = {}
        self._count = 0

    def add(self, event: Shared | Handed) -> int:
        """
        Note a file.

        @return: Its number.
        """
        for number, known in self._files.items():
            if known.file == event.file:
                return number
        self._count += 1
        self._files[self._count] = event
        self._files.pop(self._count - MOST, None)
        return self._count

    def find(self, which: str) -> Shared | Handed | None:
        """A file by its number or its name; C{""} for the latest."""
        if not which:
            return self._files.get(self._count)
        number = which.removeprefix("#")
        if number.isdecimal() and int(number) in self._files:
            return self._files[int(number)]
        named = [one for one in self._files.values() if which in (one.name, one.file)]
        return named[-1] if named else None
