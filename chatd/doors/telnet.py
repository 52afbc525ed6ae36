"""The telnet side of the text door: negotiation, and the keys that it leads to."""

from collections.abc import Callable

from chatd.doors.terminal import DUMB, Terminal, Typed
from chatd.wire.limits import Limits
from chatd.wire.outcome import EndOfFile
from chatd.wire.telnet import (
    Command,
    Data,
    OptionChanged,
    Telnet,
    TerminalType,
    WindowSize,
    escape,
)

_KEYS = {
    Command.INTERRUPT: b"\x03",
    Command.ERASE_CHARACTER: b"\x7f",
    Command.ERASE_LINE: b"\x15",
}


class TelnetTerminal(Terminal):
    """What a telnet client is: lines that it edits itself, or keys for our editor."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        complete: Callable[[str], list[str]],
        limits: Callable[[], Limits],
    ) -> None:
        super().__init__(write, complete, limits)
        self._telnet = Telnet()

    @property
    def colourful(self) -> bool:
        """What sends CR LF without speaking telnet may be anything."""
        return self._telnet.answered and not self.dumb

    def start(self) -> None:
        """Begin to negotiate."""
        self._write(self._telnet.start())

    def leave(self) -> None:
        """Let the client edit its lines itself from now on."""
        self._use(None)
        self._write(self._telnet.stop())

    def receive(
        self, data: bytes, lines: Callable[[bytes], None], typed: Typed
    ) -> bool:
        """
        Take what the peer sent.

        @param lines: Is given what a client sends that edits its lines itself.
        @param typed: Is given what the editor makes of keys.
        @return: Whether the terminal changed, so that things may look different.
        """
        changed = False
        for outcome in self._telnet.receive(data):
            match outcome:
                case Data():
                    if self.editor is None:
                        lines(outcome.data)
                    else:
                        self.edit(outcome.data, typed)
                case WindowSize():
                    self.resize(outcome.width)
                case TerminalType():
                    self.dumb = outcome.name in DUMB
                    self.choose()
                    changed = True
                case OptionChanged():
                    self.choose()
                    changed = True
                case Command.ARE_YOU_THERE:
                    self.show(b"* Yes.\r\n")
                case Command.END_OF_FILE:
                    typed(EndOfFile())
                case _:
                    # Keys that some clients send as commands.
                    self.edit(_KEYS[outcome], typed)
        self.flush()
        return changed

    def flush(self) -> None:
        output = self._telnet.take_output()
        if self.editor is not None:
            output += escape(self.editor.take_output())
        if output:
            self._write(output)

    def secret(self, on: bool) -> None:
        super().secret(on)
        self._write(self._telnet.echo(on))

    def choose(self) -> None:
        """Make lines here if the peer sends keys."""
        if self._telnet.character_mode:
            super().choose()
        elif self.editor is not None:
            self._use(None)

    def _put(self, data: bytes) -> None:
        self._write(escape(data))
