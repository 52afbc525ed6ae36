"""The terminal that somebody sits at, or the pipes that stand in for it."""

import atexit
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.client.modes import Modes
from chatd.wire.editor import Editor
from chatd.wire.fold import fold
from chatd.wire.limits import Limits
from chatd.wire.outcome import EndOfFile, Interrupt, Line, Outcome
from chatd.wire.typewriter import Typewriter

if TYPE_CHECKING:
    from twisted.internet.stdio import StandardIO

# Terminals that can neither move the cursor nor show colours.
DUMB = ("", "dumb", "unknown")

LIMITS = Limits(line=64 * 1024)  # what is too long for a message the server says

_SUSPEND = b"\x1a"  # Ctrl-Z


@implementer(IPushProducer, IHalfCloseableProtocol)
class Screen(Protocol):
    """
    What is shown, and below it the line that is being typed.

    @ivar colourful: Whether there may be colours.
    @ivar terminal: Whether somebody sits there; otherwise these are pipes.
    """

    def __init__(
        self,
        reactor: Any,
        environ: Mapping[str, str],
        complete: Callable[[str], list[str]],
    ) -> None:
        self.terminal = os.isatty(0) and os.isatty(1)
        dumb = environ.get("TERM", "dumb") in DUMB and os.name == "posix"
        self.colourful = self.terminal and not dumb and not environ.get("NO_COLOR")
        self.over = False
        self._reactor = reactor
        self._typed: Callable[[Outcome], None] | None = None
        self._waiting: list[Outcome] = []  # typed ahead
        self._modes: Modes | None = None
        self._editor: Editor | Typewriter | None = None
        if self.terminal:
            kind = Typewriter if dumb else Editor
            self._editor = kind(limits=LIMITS, complete=complete)
            self._modes = Modes()
        self._rest = b""  # of a line, in pipes
        self._flushing = False
        self._paused: Deferred[None] | None = None
        self._output: StandardIO | None = None

    # Begin and end

    def start(self) -> None:
        """Take the terminal over."""
        if self._modes is not None:
            self._modes.enter()
            atexit.register(self._modes.leave)
        # Not before it is needed: on Windows it wants pywin32.
        from twisted.internet.stdio import StandardIO

        self._output = StandardIO(self, reactor=self._reactor)
        self._output.registerProducer(self, True)
        if self._editor is not None:
            self._resize()
            self._editor.start()
            self._flush()
            self._listen()

    async def stop(self) -> None:
        """Give the terminal back as it was, after all that was to be shown."""
        output, self._output = self._output, None
        self.over = True
        if output is None:
            return
        if self._editor is not None:
            self._editor.stop()
            output.write(self._editor.take_output())
        self._gone: Deferred[None] = Deferred()
        output.unregisterProducer()
        output.loseConnection()
        self._reactor.callLater(1, self._is_gone)
        await self._gone
        if self._modes is not None:
            self._modes.leave()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_gone()
        self._end()

    def _is_gone(self) -> None:
        gone = getattr(self, "_gone", None)
        if gone is not None and not gone.called:
            gone.callback(None)
        self.resumeProducing()

    def readConnectionLost(self) -> None:
        """The other side of a pipe says nothing more."""
        self._end()

    def writeConnectionLost(self) -> None:
        """Nobody reads what is shown any more."""
        self._is_gone()
        self._end()

    def _end(self) -> None:
        if not self.over:
            if self._rest:
                self._take(Line(_read(self._rest)))
                self._rest = b""
            self.over = True
            self._take(EndOfFile())

    # What is typed

    def read(self, typed: Callable[[Outcome], None]) -> None:
        """Give what is typed from now on to somebody, and first what waits."""
        self._typed = typed
        waiting, self._waiting = self._waiting, []
        for number, outcome in enumerate(waiting):
            if self._typed is not typed:
                self._waiting += waiting[number:]
                return
            typed(outcome)

    def hold(self) -> None:
        """Let what is typed wait for whoever reads next."""
        self._typed = None

    def dataReceived(self, data: bytes) -> None:
        if self._editor is None:
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._take(Line(_read(line)))
            return
        pieces = data.split(_SUSPEND)
        for number, piece in enumerate(pieces):
            if number:
                self.suspend()
            for outcome in self._editor.receive(piece):
                self._take(outcome)
        self._flush()

    def _take(self, outcome: Outcome) -> None:
        if self._typed is None and not isinstance(outcome, Interrupt):
            self._waiting.append(outcome)
        elif self._typed is not None:
            self._typed(outcome)
        else:
            self._waiting = [EndOfFile()]

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        """
        Ask for a line.

        @param secret: Whether it must not be seen.
        @return: C{None} if there will be none.
        """
        answer: Deferred[Outcome] = Deferred()
        self.set_prompt(prompt)
        self._keep_secret(secret)
        if self._editor is None:
            self.show(prompt.rstrip())

        def typed(outcome: Outcome) -> None:
            self.hold()
            self._keep_secret(False)
            answer.callback(outcome)

        self.read(typed)
        outcome = await answer
        if isinstance(outcome, Line):
            if self.redraws:
                self.show(prompt if secret else f"{prompt}{outcome.text}")
            return outcome.text
        if self.over:
            self._waiting.append(EndOfFile())
        return None

    def _keep_secret(self, on: bool) -> None:
        if self._editor is not None:
            self._editor.secret = on
            self._flush()

    def forget(self, line: str) -> None:
        """Do not offer a line again: it may hold a password."""
        if self._editor is not None:
            self._editor.forget(line)

    @property
    def redraws(self) -> bool:
        """Whether a typed line goes away when it is finished."""
        return isinstance(self._editor, Editor)

    # What is shown

    def show(self, text: str | bytes) -> None:
        """
        Show lines.

        @param text: UTF-8, in which lines end in CR LF; or one or more lines.
        """
        if isinstance(text, str):
            lines = text.split("\n")
            text = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
        if self._output is None or not text:
            return
        if self._editor is None:
            self._output.write(text.replace(b"\r\n", b"\n").replace(b"\a", b""))
            return
        if self.redraws:
            text = fold(text, self._width)
        self._editor.show(text)
        self._flush_soon()

    def set_prompt(self, prompt: str) -> None:
        """What stands before the line being typed."""
        if self._editor is not None:
            self._editor.set_prompt(prompt)
            self._flush_soon()

    def _flush_soon(self) -> None:
        """Draw once for all that happens in this turn."""
        if not self._flushing:
            self._flushing = True
            self._reactor.callLater(0, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._editor is not None and self._output is not None:
            output = self._editor.take_output()
            if output:
                self._output.write(output)

    # A terminal that takes no more, as after Ctrl-S

    async def ready(self) -> None:
        """Wait until more can be shown."""
        if self._paused is not None:
            await self._paused

    def pauseProducing(self) -> None:
        if self._paused is None:
            self._paused = Deferred()

    def resumeProducing(self) -> None:
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.callback(None)

    def stopProducing(self) -> None:
        self.resumeProducing()

    # Signals

    def _listen(self) -> None:
        if not hasattr(signal, "SIGWINCH"):
            return  # Windows tells nothing: the width stays as it was
        for number, act in (
            (signal.SIGWINCH, self._resize),
            (signal.SIGCONT, self._continue),
            (signal.SIGTSTP, self.suspend),
        ):
            signal.signal(number, lambda *_, act=act: self._reactor.callFromThread(act))

    def _resize(self) -> None:
        self._width = shutil.get_terminal_size().columns
        if self._editor is not None:
            self._editor.resize(self._width)
            self._flush()

    def suspend(self) -> None:
        """Let the shell have the terminal, until C{fg}."""
        if self._modes is None or self._editor is None:
            return
        self._editor.stop()
        os.set_blocking(1, True)
        os.write(1, self._editor.take_output())
        self._modes.leave()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)  # of a pipeline, all
        self._listen()

    def _continue(self) -> None:
        if self._modes is not None and self._editor is not None and not self.over:
            self._modes.enter()
            self._editor.start()
            self._resize()


def _read(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
