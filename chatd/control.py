"""What operators do to the running process: C{chatd.chat.outside.Server}."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger, LogLevel

from chatd import __version__
from chatd.chat.durations import in_words
from chatd.chat.errors import BadRequest, NotAllowed
from chatd.chat.events import Notice
from chatd.chat.hub import Hub
from chatd.operate import notify, process
from chatd.operate.decided import encrypted_way, rules
from chatd.operate.kept import KeptPort
from chatd.operate.listeners import Listeners
from chatd.operate.listening import NotListening
from chatd.operate.log import Log
from chatd.operate.settings import Settings, SettingsError, adopted, changed
from chatd.secrets.certificate import ReloadingContext
from chatd.secrets.files import SecretsError
from chatd.ways import Ways

# Seconds that a stop may take: to store what is in flight, and to send it.
STORING = 5.0
SENDING = 3.0

WHY = "The server is stopping."

State = Literal["starting", "running", "stopping", "stopped"]


class Control:
    """
    Settings that change, listeners that close and open, and the end.

    @ivar settings: Those that hold at the moment.
    @ivar state: Of the chat: its listeners, and who is connected. The process, its
        store and the console go on while it is stopped.
    @ivar why: Why the process ends, once it does.
    """

    def __init__(
        self,
        *,
        hub: Hub,
        reactor: Any,
        settings: Settings,
        load: Callable[[], Settings],
        kept: KeptPort,
        ways: Ways,
        log: Log,
        context: ReloadingContext | None,
        end: Callable[[], None],
    ) -> None:
        """
        @param load: Reads the settings again.
        @param context: C{None} where there is no TLS.
        @param end: Stops the process.
        """
        self.settings = settings
        self.state: State = "starting"
        self.why = WHY
        self.listeners = Listeners(reactor, ways.places())
        self._hub = hub
        self._reactor = reactor
        self._load = load
        self._kept = kept
        self._ways = ways
        self._log = log
        self._context = context
        self._end = end
        self._ending: IDelayedCall | None = None

    def stats(self) -> Mapping[str, str | int | float]:
        """Figures for C{/stats}."""
        found = process.figures()
        shown = {
            "memory bytes": "process_resident_memory_bytes",
            "file descriptors": "process_open_fds",
        }
        figures: dict[str, str | int | float] = {
            words: int(found[name]) for words, name in shown.items() if name in found
        }
        return {"version": __version__, "port": self.port, **figures}

    # Settings

    def reload(self) -> str:
        """Read settings and certificate again."""
        notify.reloading()
        words, well = self._reload()
        self._tell_state()
        level = LogLevel.info if well else LogLevel.warn
        _log.emit(level, "reload: {words}", words=words)
        return words

    def _reload(self) -> tuple[str, bool]:
        """
        @return: What changed, and whether nothing was wrong.
        """
        try:
            settings = self._kept.applied(self._load())
        except SettingsError as problem:
            return f"Nothing was changed: {problem}", False
        well = True
        difference = changed(self.settings, settings)
        self._adopt(adopted(self.settings, settings))
        words = []
        if difference.live:
            words.append(f"Changed: {', '.join(difference.live)}.")
        if difference.restart:
            names = ", ".join(difference.restart)
            words.append(f"These wait for a restart: {names}.")
        if self._context is not None:
            before = self._context.fingerprint
            try:
                self._context.reload(*certificate_files(self.settings))
            except SecretsError as problem:
                words.append(f"The certificate stays as it was: {problem}")
                well = False
            else:
                if self._context.fingerprint != before:
                    words.append(f"New certificate: {self._context.fingerprint}.")
                    self._apply_rules()
        return " ".join(words) or "Nothing is different.", well

    def _adopt(self, settings: Settings) -> None:
        self.settings = settings
        self._apply_rules()
        self._log.configure(settings.log)
        self._ways.adopt(settings)

    def _apply_rules(self) -> None:
        pin = self._context.pin if self._context is not None else ""
        self._hub.rules = rules(self.settings, encrypted_way(self.settings), pin)

    # The chat, while the process goes on

    def open(self) -> None:
        """
        Listen, but let nobody in yet.

        @raise NotListening: if one of the places cannot be had.
        """
        self.listeners.open()

    def begin(self) -> None:
        """Let people in."""
        self.listeners.accept()
        self.state = "running"
        self._tell_state()

    async def stop(self, reason: str) -> None:
        """Tell everybody, end their connections, and let nobody in."""
        if self.state != "running":
            raise BadRequest("The chat is not running, so it cannot be stopped.")
        self.state = "stopping"
        words = reason or "The chat is stopped for now."
        _log.info("the chat is being stopped: {words}", words=words)
        notify.notify(f"STATUS=stopped by an operator: {' '.join(words.split())}")
        await self.close(words)
        self.state = "stopped"
        _log.info("the chat is stopped; nothing is listened on but the console")

    async def close(self, reason: str) -> None:
        """Stop listening, and see everybody off; not for ever: systemd would not."""
        await self.listeners.close()
        hub = self._hub
        await self.at_most(STORING, Deferred.fromCoroutine(hub.close(reason)))
        await self.at_most(SENDING, hub.connections.all_gone())

    def start(self) -> None:
        """Listen again."""
        if self.state != "stopped":
            raise BadRequest(f"The chat is {self.state}, so it cannot be started.")
        try:
            self.open()
        except NotListening as problem:
            raise NotAllowed(f"The chat stays stopped: {problem}.") from None
        self._hub.reopen()
        self.begin()
        _log.info("the chat is running again, on port {port}", port=self.port)

    @property
    def running(self) -> bool:
        """Whether people can come in."""
        return self.state == "running"

    @property
    def port(self) -> int:
        """Where they come in, or will."""
        return self.listeners.port

    async def move(self, port: int) -> str:
        """
        Make another port the one port, now and after the next start.

        @return: What came of it.
        """
        if self.state not in ("running", "stopped"):
            raise BadRequest(f"The chat is {self.state}: try again in a moment.")
        old = self.port
        if port == old:
            raise BadRequest(f"The port is {port} already.")
        try:
            await self.listeners.move(port)
        except NotListening as problem:
            raise NotAllowed(f"The port stays {old}: {problem}.") from None
        self._adopt(replace(self.settings, port=port))
        words = f"The port is {port}, also after the next start."
        try:
            self._kept.keep(port)
        except (SecretsError, OSError) as problem:
            words = f"The port is {port}, but only until the next start: {problem}"
        if self.running:
            self._tell_state()
            self._tell(
                f"New connections come to port {port} from now on, not to {old}. You "
                "stay connected."
            )
        _log.info("{words} It was {old}.", words=words, old=old)
        return words

    def _tell_state(self) -> None:
        if self.running:
            notify.ready(f"listening on port {self.port}")
        else:
            notify.ready("stopped by an operator")

    def _tell(self, words: str) -> None:
        told = [s for s in self._hub.connections if s.person is not None]
        self._hub.outbox.tell(Notice(words), told)

    # The end

    def shut_down(self, seconds: float, reason: str) -> None:
        """Stop the process gracefully, after so many seconds."""
        self.why = reason or WHY
        if seconds:
            why = f": {reason}" if reason else "."
            self._tell(f"The server stops in {in_words(seconds)}{why}")
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        self._ending = self._reactor.callLater(seconds, self._end)

    @property
    def ending_in(self) -> float | None:
        """Seconds until the process ends; C{None} if it goes on."""
        if self._ending is None or not self._ending.active():
            return None
        return float(self._ending.getTime() - self._reactor.seconds())

    def go_on(self) -> None:
        """Do not end after all."""
        if self._ending is None or not self._ending.active():
            raise BadRequest("No shutdown is under way.")
        self._ending.cancel()
        self.why = WHY
        self._tell("The server does not stop after all.")

    async def at_most(self, seconds: float, waiting: "Deferred[Any]") -> None:
        """Wait, but not for ever."""
        waiting.addTimeout(seconds, self._reactor)
        try:
            await waiting
        except Exception:
            _log.failure("the stop did not wait for everything")


def certificate_files(settings: Settings) -> tuple[Path, Path]:
    """Where the certificate and its key are."""
    if settings.tls.certificate:
        return Path(settings.tls.certificate), Path(settings.tls.key)
    keys = Path(settings.keys).absolute()
    return keys / "tls.crt", keys / "tls.key"


_log = Logger()
