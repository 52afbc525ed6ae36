"""Puts the server together, starts it and stops it: the only file that knows all."""

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

import chatd.commands
from chatd import __version__
from chatd.bus.alone import Alone
from chatd.chat.command import Commands
from chatd.chat.hub import Hub
from chatd.chat.retention import EVERY as FORGET_EVERY
from chatd.chat.retention import Retention
from chatd.chat.store import PublicKey
from chatd.control import STORING, Control, certificate_files
from chatd.doors.late import load as load_module
from chatd.files.folder import Folder
from chatd.instruments import Instruments
from chatd.operate import notify
from chatd.operate.addresses import addresses
from chatd.operate.chores import Chores
from chatd.operate.decided import encrypted_way, rules, ways_in
from chatd.operate.kept import KeptPort
from chatd.operate.listeners import Listeners
from chatd.operate.listening import NotListening
from chatd.operate.log import Log, is_ours
from chatd.operate.memory import (
    Tidying,
    collect_rarely,
    give_back_large_blocks,
)
from chatd.operate.minutes import MINUTE
from chatd.operate.options import SettingsOptions
from chatd.operate.refusal import refuse_to_start
from chatd.operate.settings import SettingsError, load
from chatd.secrets import codes
from chatd.secrets.certificate import ReloadingContext, ensure_certificate
from chatd.secrets.database_key import check_value, database_key
from chatd.secrets.files import SecretsError, write_secret
from chatd.secrets.files_key import files_key, link_key
from chatd.secrets.host_key import host_key
from chatd.secrets.passwords import Passwords, Workers
from chatd.secrets.ssh_keys import parse_public_key
from chatd.store.opening import StoreRefused, about_path, refuse_plain
from chatd.store.sql import SqlStore
from chatd.ways import Ways

# Packages that bring commands name their modules in this group.
ENTRY_POINTS = "chatd.commands"

# Threads that write and read files. Several move no more: they wait for the same disk,
# and a message that is to be stored waits for it behind all of them. What is to be done
# waits in a queue; each transfer has one job.
FILE_THREADS = 1
FILE_JOBS = 100_000

# Seconds between the times at which read marks are stored.
MARKS_EVERY = 5.0

# Seconds between the times at which what was said is put into the search index; and
# between those at which it is if there is much. It takes up to 10 ms however little
# there is, in which nothing else can be stored. Who searches does not wait for either.
INDEX_EVERY = 15.0
INDEX_MUCH_EVERY = 2.0
MUCH = 2_000

# Seconds between the times at which memory that lies free is given back.
TIDY_EVERY = 20.0

# Seconds between the times at which shared files are removed whose time is over.
EXPIRE_EVERY = 600.0


class Options(SettingsOptions):
    """Chat for people with nothing installed."""


def makeService(options: Options) -> "ChatService":
    """What twistd runs."""
    from twisted.internet import reactor

    # time.time, the default, would fire or stall every timer when the clock is set.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    return ChatService(options, reactor)


class ChatService(Service):
    """
    The whole server.

    There is no thread, file or listener before L{startService}: twistd forks first.
    """

    def __init__(self, options: Options, reactor: Any) -> None:
        self._options = options
        self._reactor = reactor
        self.settings = options.settings
        self._twistd: Mapping[str, Any] = options.parent or {}
        self._data = Path(self.settings.data).absolute()
        self._keys = Path(self.settings.keys).absolute()
        self._claim = self._keys / "claim-code"
        nodaemon = bool(self._twistd.get("nodaemon", False))
        self._nodaemon = nodaemon
        self._log_file = Log(
            self.settings.log,
            self._data / "log",
            reactor,
            sys.stdout if nodaemon else None,
            keep=is_ours(self._twistd),
        )
        self._chores = Chores(reactor)
        self._kept = KeptPort(self._data / "console.toml")
        self._stopping = False
        self._host_fingerprint = ""

    # Starting

    def setServiceParent(self, parent: object) -> None:
        if is_ours(self._twistd):
            self._log_file.attach(parent)
        super().setServiceParent(parent)

    def startService(self) -> None:
        super().startService()
        give_back_large_blocks()
        try:
            self._assemble()
        except (SecretsError, StoreRefused, NotListening, SettingsError) as problem:
            refuse_to_start(str(problem), self._twistd)
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            refuse_to_start(f"{where}{problem.strerror}", self._twistd)
        # Not before: a server that refuses to start leaves no trace in data/.
        self._log_file.start()
        self._reactor.callWhenRunning(self._run)

    def _assemble(self) -> None:
        reactor = self._reactor
        settings = self.settings = self._kept.applied(self.settings)
        self._store = self._open_store()
        self._context = self._open_tls() if settings.doors.tls else None
        passwords = settings.passwords
        self._workers = Workers(
            reactor,
            threads=passwords.at_once,
            waiting=passwords.waiting,
            patient=True,
        )
        self._file_workers = Workers(
            reactor, threads=FILE_THREADS, waiting=FILE_JOBS, name="files"
        )
        self.hub = Hub(
            store=self._store,
            bus=Alone(),
            passwords=Passwords(
                self._workers.run,
                memory=passwords.memory // 1024,
                passes=passwords.passes,
                lanes=passwords.lanes,
            ),
            secrets=_Secrets(),
            commands=self._load_commands(),
            clock=reactor,
            rules=rules(
                settings,
                encrypted_way(settings),
                self._context.pin if self._context is not None else "",
            ),
            node=socket.gethostname(),
        )
        self._retention = Retention(
            self._store, reactor, self.hub.now, lambda: self.hub.rules
        )
        self._store.open()
        try:
            # Not before: a database that is refused is left alone with its files.
            self.hub.sharing.files, self.hub.sharing.key = self._open_files()
            self._ways = ways = Ways(
                self.hub, settings, self._context, reactor, self._open_host_key()
            )
            self.control = self.hub.server = Control(
                hub=self.hub,
                reactor=reactor,
                settings=settings,
                load=lambda: load(self._options, os.environ),
                kept=self._kept,
                ways=ways,
                log=self._log_file,
                context=self._context,
                end=self._told_to_stop,
            )
            self.control.open()
            self._console = self._open_console(ways)
            self._watch()
        except NotListening as problem:
            self._store.close()
            raise NotListening(f"{problem}{self._kept.why}") from problem
        except SecretsError:
            self._store.close()
            raise
        self._workers.start()
        self._file_workers.start()

    def _open_store(self) -> SqlStore:
        settings = self.settings
        path = self._data / "chatd.db"
        if settings.store.url:
            raise SettingsError(
                "store.url: other databases than the one in the folder data are not "
                "there yet; leave it out"
            )
        key = None
        if settings.store.encrypted:
            refuse_plain(path)
            key = database_key(self._keys / "database.key", path, about_path(path))
        return SqlStore(
            path,
            key=key,
            check=check_value(key) if key else "",
            call=self._reactor.callFromThread,
        )

    def _open_files(self) -> tuple[Folder, bytes]:
        """The folder of shared files, and the key of the links to them."""
        folder = self._data / "files"
        key = files_key(self._keys / "files.key", folder)
        return Folder(folder, key, self._file_workers.run), link_key(key)

    def _open_tls(self) -> ReloadingContext:
        settings = self.settings
        crt, key = certificate_files(settings)
        if settings.tls.certificate:
            return ReloadingContext(crt, key)
        ensure_certificate(crt, key, self._names())
        try:
            return ReloadingContext(crt, key)
        except SecretsError as problem:
            raise SecretsError(
                f"{problem} Put both back, or move both away: they are made anew then."
            ) from None

    def _names(self) -> Iterator[str]:
        """For a certificate: asked for when one is made, for it may take a while."""
        yield from addresses()
        yield from self.settings.tls.names
        if self.settings.name:
            yield self.settings.name

    def _load_commands(self) -> Commands:
        commands = Commands()
        commands.add_package(chatd.commands)
        found = entry_points(group=ENTRY_POINTS)
        commands.add_strangers((point.name, point.load) for point in found)
        if self.settings.commands:
            sys.path.append(os.getcwd())  # as python -m has it; twistd does not
        commands.add_strangers(
            (name, partial(import_module, name)) for name in self.settings.commands
        )
        return commands

    # Running

    def _run(self) -> None:
        running = Deferred.fromCoroutine(self._begin())
        running.addErrback(self._cannot_begin)

    async def _begin(self) -> None:
        self._take_signals()
        await self.hub.start()
        await self._sweep()
        if self._stopping:
            return
        self._chores.every(MARKS_EVERY, self.hub.archive.keep_marks)
        self._chores.every(INDEX_EVERY, self._store.index)
        self._chores.every(INDEX_MUCH_EVERY, partial(self._store.index, MUCH))
        tidying = Tidying(lambda: self.hub.admission.left)
        self._chores.every(TIDY_EVERY, tidying.tidy)
        self._chores.every(FORGET_EVERY, self._forget)
        self._chores.every(EXPIRE_EVERY, self.hub.sharing.expire)
        self._chores.every(MINUTE, self._instruments.figures.note)
        await self._say_where()
        collect_rarely()
        self.control.begin()
        if self._console is not None:
            self._console.accept()
        await self._complete()

    async def _complete(self) -> None:
        """Load what the start did not wait for, in a thread: people may be here."""
        for name in self._ways.modules:
            await self._file_workers.run(partial(load_module, name))
        if not self._stopping:
            self._ways.complete()
            gc.freeze()

    def _cannot_begin(self, failure: Failure) -> None:
        if self._stopping:
            return  # told to stop meanwhile: the store is closed
        _log.failure("the server cannot begin", failure=failure)
        self._reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        self._reactor.stop()

    async def _say_where(self) -> None:
        settings = self.settings
        _log.info("data in {data}, keys in {keys}", data=self._data, keys=self._keys)
        self._kept.tell(settings)
        if not settings.store.encrypted:
            _log.warn("the database is NOT encrypted (store.encrypted = false)")
        lines = [f"chatd {__version__} is running. Join it by:"]
        lines += [f"    {line}" for line in ways_in(settings)]
        if self._context is not None:
            lines.append("Fingerprint of the certificate (SHA-256):")
            lines.append(f"    {self._context.fingerprint}")
            if self._context.warning:
                _log.warn("{warning}", warning=self._context.warning)
        if self._host_fingerprint:
            lines.append("Fingerprint of the key that ssh asks about:")
            lines.append(f"    {self._host_fingerprint}")
        if self._console is not None:
            lines.append(f"For operators: {self._console.where}")
        for line in lines:
            _log.info("{line}", line=line)
        code = await self.hub.login.open_claim()
        if not code:
            self._claim.unlink(missing_ok=True)
            return
        # Not through the log, which others may read.
        write_secret(self._claim, f"{code}\n".encode(), replace=True)
        need = "" if self.settings.registration == "open" else " CODE"
        words = "There is no operator yet. Connect and type"
        if self._nodaemon and sys.__stdout__ is not None:
            register = f"/register NAME PASSWORD{need and f' {code}'}"
            print(
                f"{words} {register}, then type: /claim {code}",
                file=sys.__stdout__,
                flush=True,
            )
        _log.info(
            "{words} /register NAME PASSWORD{need}, then /claim CODE; it is in {file}",
            words=words,
            need=need,
            file=self._claim,
        )

    def _open_console(self, ways: Ways) -> Listeners | None:
        """Without it the chat goes on: the console is on the one port, too."""
        place = ways.console()
        if place is None:
            return None
        console = Listeners(self._reactor, [place])
        try:
            console.open()
        except NotListening as problem:
            _log.warn(
                "the console does not listen by itself: {problem} (setting console)",
                problem=problem,
            )
            return None
        return console

    def _watch(self) -> None:
        """Let the console show how the server is."""
        context = self._context

        def fingerprints() -> dict[str, str]:
            found = {"SSH": self._host_fingerprint}
            if context is not None:
                found["TLS (SHA-256)"] = context.fingerprint
            return {what: one for what, one in found.items() if one}

        self._instruments = self.hub.instruments = Instruments(
            hub=self.hub,
            control=self.control,
            tail=self._log_file.tail,
            reactor=self._reactor,
            data=self._data,
            fingerprints=fingerprints,
            console=lambda: self._console.where if self._console else "",
        )

    def _open_host_key(self) -> bytes | None:
        if not self.settings.doors.ssh:
            return None
        key, self._host_fingerprint = host_key(self._keys / "ssh_host_ed25519_key")
        return key

    async def _sweep(self) -> None:
        """Remove what broke off when the server ended the last time."""
        swept = await self.hub.sharing.sweep()
        if swept:
            _log.info("{count} files that were never shared are gone", count=swept)

    async def _forget(self) -> None:
        # Whoever is let in again is remembered no longer.
        self.hub.bans.in_force()
        for room in self.hub.rooms:
            room.sentences()
        if await self._retention.clean([room.name for room in self.hub.rooms]):
            self.hub.archive.removed()

    def _take_signals(self) -> None:
        """
        Twisted's own handlers would stop a second time at a second signal, and end
        with the status of a process that was killed.
        """
        calls: dict[str, Any] = {
            "SIGTERM": self._told_to_stop,
            "SIGINT": self._told_to_stop,
        }
        if hasattr(signal, "SIGHUP"):
            calls["SIGHUP"] = self.control.reload
        for name, what in calls.items():
            self._handle(getattr(signal, name), what)

    def _handle(self, number: int, what: Any) -> None:
        def handle(number: int, frame: object) -> None:
            self._reactor.callFromThread(what)

        signal.signal(number, handle)

    def _told_to_stop(self) -> None:
        if self._stopping:
            # Nobody wants to wait: all that was shown is stored.
            _log.warn("told to stop a second time: stopping at once")
            os._exit(0)
        _log.info("told to stop")
        self._reactor.stop()

    # Stopping

    def stopService(self) -> "Deferred[None]":
        super().stopService()
        self._stopping = True
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        control = self.control
        notify.stopping(control.why)
        self._chores.stop()
        await control.close(control.why)
        if self._console is not None:
            await self._console.close()
        self._workers.stop()
        self._file_workers.stop()
        await control.at_most(STORING, self._store.close())
        _log.info("stopped")


class _Secrets:
    """The real C{chatd.chat.outside.Secrets}."""

    def new_token(self) -> str:
        return codes.new_token()

    def new_code(self) -> str:
        return codes.new_code()

    def digest(self, token: str) -> str:
        return codes.digest(token)

    def read_code(self, text: str) -> str:
        return codes.read_code(text)

    def public_key(self, line: str) -> PublicKey:
        return parse_public_key(line)


_log = Logger()
