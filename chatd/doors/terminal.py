"""The telnet side of the text door: negotiation, and the line editor."""

from collections.abc import Callable

from chatd.wire.editor import Editor, EndOfFile, Interrupt, Line, TooLong
from chatd.wire.telnet import (
    Command,
    Data,
    OptionChanged,
    Telnet,
    TerminalType,
    WindowSize,
    escape,
)

# Terminals that cannot show colour or move the cursor.
DUMB = ("dumb", "unknown", "network")


_KEYS = {
    Command.INTERRUPT: b"\x03",
    Command.ERASE_CHARACTER: b"\x7f",
    Command.ERASE_LINE: b"\x15",
}


class Terminal:
    """
    What a telnet client is: lines that it edits itself, or keys for our editor.

    @ivar dumb: Whether the terminal said that it can neither move nor colour.
    @ivar answered: Whether the peer speaks telnet at all.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        complete: Callable[[str], list[str]],
        limit: int,
    ) -> None:
        """
        @param write: Sends bytes to the peer.
        @param complete: See L{Editor}.
        @param limit: Bytes in a line.
        """
        self._write = write
        self._complete = complete
        self._limit = limit
        self._telnet = Telnet()
        self._width = 0
        self._prompt = ""
        self._secret = False
        self.editor: Editor | None = None
        self.dumb = False

    @property
    def answered(self) -> bool:
        """Whether the peer speaks telnet."""
        return self._telnet.answered

    def start(self) -> None:
        """Begin to negotiate."""
        self._write(self._telnet.start())

    def receive(
        self,
        data: bytes,
        lines: Callable[[bytes], None],
        typed: Callable[[Line | TooLong | EndOfFile | Interrupt], None],
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
                        self._edit(outcome.data, typed)
                case WindowSize():
                    self._width = outcome.width
                    if self.editor is not None:
                        self.editor.resize(outcome.width)
                case TerminalType():
                    self.dumb = outcome.name in DUMB
                    self._choose_mode()
                    changed = True
                case OptionChanged():
                    self._choose_mode()
                    changed = True
                case Command.ARE_YOU_THERE:
                    self.show(b"* Yes.\r\n")
                case Command.END_OF_FILE:
                    typed(EndOfFile())
                case _:
                    # Keys that some clients send as commands.
                    self._edit(_KEYS[outcome], typed)
        self.flush()
        return changed

    def show(self, data: bytes) -> None:
        """Write lines that end in CR LF, above what is being typed."""
        if self.editor is None:
            self._write(escape(data))
        else:
            self.editor.show(data)
            self.flush()

    def flush(self) -> None:
        """Send what there is to send."""
        output = self._telnet.take_output()
        if self.editor is not None:
            output += escape(self.editor.take_output())
        if output:
            self._write(output)

    def set_prompt(self, prompt: str) -> None:
        """What stands before the line being typed."""
        if prompt != self._prompt:
            self._prompt = prompt
            if self.editor is not None:
                self.editor.set_prompt(prompt)

    def secret(self, on: bool) -> None:
        """The next line is a password; or no longer."""
        self._secret = on
        if self.editor is not None:
            self.editor.secret = on
            self.flush()
        else:
            self._write(self._telnet.echo(on))

    def forget(self, line: str) -> None:
        """Do not offer a line again: it holds a password."""
        if self.editor is not None:
            self.editor.forget(line)

    def stop(self) -> None:
        """Leave the terminal as it was."""
        if self.editor is not None:
            self.editor.stop()
            self.flush()

    def _edit(
        self,
        data: bytes,
        typed: Callable[[Line | TooLong | EndOfFile | Interrupt], None],
    ) -> None:
        if self.editor is not None:
            for finished in self.editor.receive(data):
                typed(finished)

    def _choose_mode(self) -> None:
        """Edit lines here if the peer sends keys and can show what they do."""
        able = self._telnet.character_mode and not self.dumb
        if able and self.editor is None:
            self.editor = Editor(
                width=self._width,
                prompt=self._prompt,
                limit=self._limit,
                complete=self._complete,
            )
            self.editor.secret = self._secret
            self.editor.start()
        elif self.editor is not None and not able:
            self.stop()
            self.editor = None
            if self.dumb:
                self._write(self._telnet.echo(self._secret))
