"""How a terminal treats what is typed."""

import os
from importlib.util import find_spec


class Modes:
    """How the terminal was, and how it has to be."""

    def __init__(self) -> None:
        self._entered = False

    @staticmethod
    def known() -> bool:
        """Whether this system has them; Windows does not."""
        return find_spec("termios") is not None

    def enter(self) -> None:
        """Give every key as it is pressed."""
        import termios
        import tty

        if not self._entered:
            self._entered = True
            self._attributes = termios.tcgetattr(0)
            self._blocking = [os.get_blocking(number) for number in (0, 1)]
        tty.setraw(0, termios.TCSADRAIN)
        for number in (0, 1):
            os.set_blocking(number, False)

    def leave(self) -> None:
        """Leave it as it was."""
        if not self._entered:
            return
        import termios

        self._entered = False
        try:
            termios.tcsetattr(0, termios.TCSADRAIN, self._attributes)
        except termios.error:
            return  # it is gone
        for number, blocking in enumerate(self._blocking):
            os.set_blocking(number, blocking)
