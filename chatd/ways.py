"""The ways in: where the server listens, and which doors are behind that."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory

from chatd.chat.admission import Admission
from chatd.chat.errors import Closed
from chatd.chat.hub import Hub
from chatd.doors import refusal
from chatd.doors.browsers import Browsers
from chatd.doors.gate import Gate
from chatd.doors.json import JSONFactory
from chatd.doors.late import Late
from chatd.doors.port import OnePort
from chatd.doors.program import Programs
from chatd.doors.refusal import Refusal, in_words
from chatd.doors.text import Telnet, TextFactory
from chatd.operate import process
from chatd.operate.declared import HOUR, Network, Settings
from chatd.operate.descriptors import room_for_connections
from chatd.operate.encrypted import Encrypted
from chatd.operate.listening import Place
from chatd.operate.proxied import PREFIX
from chatd.secrets.certificate import ReloadingContext
from chatd.wire.sniff import Guess

if TYPE_CHECKING:
    from twisted.web.resource import Resource

    from chatd.doors.ssh.factory import SSHFactory
    from chatd.doors.web.site import WebSite

Doors = dict[Guess, IProtocolFactory]

# What the doors import that are built late.
_MODULES = {
    Guess.SSH: ("chatd.doors.ssh.factory",),
    Guess.HTTP: (
        "chatd.doors.web.health",
        "chatd.doors.web.metrics",
        "chatd.doors.web.site",
    ),
}
# What is imported where it is needed.
_SELDOM = ("chatd.doors.telnet", "precis_i18n")

# With our certificate. Twisted has such endpoints of its own, for folders of
# certificates: it would take the number for a folder, and listen on port 443.
_TLS_PORT = re.compile("tls:[0-9]")


class Ways:
    """Makes what listens, as the settings say."""

    def __init__(
        self,
        hub: Hub,
        settings: Settings,
        context: ReloadingContext | None,
        reactor: Any,
        host_key: bytes | None = None,
    ) -> None:
        """
        @param context: C{None} where there is no TLS.
        @param host_key: Of the SSH door; C{None} where there is none.
        """
        self._hub = hub
        self._settings = settings
        self._context = context
        self._reactor = reactor
        hub.admission.most = room_for_connections(settings.limits.files_kept)
        self._gate = Gate(hub.admission, reactor, self._is_exempt)
        self._browsers = Browsers(
            reactor, lambda: self._settings.text.greet_browsers_after
        )
        self._text = TextFactory(hub, exempt=self._is_exempt)
        # Conch and twisted.web take a sixth of the time until the server listens.
        self._ssh: SSHFactory | None = None
        self._late: dict[Guess, Late] = {}
        if host_key is not None:
            self._late[Guess.SSH] = Late(partial(self._open_ssh, host_key))
        if settings.doors.web:
            self._late[Guess.HTTP] = Late(self._open_web)
        self.adopt(settings)

    @property
    def modules(self) -> list[str]:
        """What is to be imported for L{complete}, with what is seldom needed."""
        doors = (_MODULES[guess] for guess in self._late)
        return [*_SELDOM, *(name for names in doors for name in names)]

    def complete(self) -> None:
        """Build what was left for later: the server listens."""
        for late in self._late.values():
            late.door  # noqa: B018

    def adopt(self, settings: Settings) -> None:
        """Go by these settings from now on, as far as they can change."""
        self._settings = settings
        # Not with the networks as a key: to hash them takes longer than all the rest.
        exempt = tuple(settings.limits.exempt)
        self._exempt = lru_cache(1024)(lambda address: _within(address, exempt))
        self._text.telnet = _telnet(settings)
        self._text.paste_from = settings.limits.paste_from
        if self._ssh is not None:
            self._ssh.paste_from = settings.limits.paste_from

    def places(self) -> list[Place]:
        """Where to listen, and what is there."""
        settings = self._settings
        tls = self._encrypted(self._one_port(self._doors(None)))
        port = self._one_port(self._doors(tls))
        places = [Place(settings.port, port, settings.interface)]
        for where in settings.listen:
            if _TLS_PORT.match(where):
                places.append(Place(where.replace("tls", "tcp", 1), self._tls(tls)))
                continue
            proxied = where.startswith(PREFIX)
            own = self._one_port(port.doors, proxied=True) if proxied else port
            places.append(Place(where, own))
        if settings.tls_port:
            places.append(Place(settings.tls_port, self._tls(tls), settings.interface))
        if settings.telnet_port:
            telnet = self._telnet()
            places.append(Place(settings.telnet_port, telnet, settings.interface))
        if settings.ssh_port:
            ssh = self._late.get(Guess.SSH) or Refusal(refusal.SSH, self._reactor)
            # An SSH client may wait for the server to begin (RFC 4253, section 4.2).
            alone = self._one_port(dict.fromkeys(Guess, ssh), greet_after=lambda: 0)
            places.append(Place(settings.ssh_port, alone, settings.interface))
        return places

    def console(self) -> Place | None:
        """Where the console listens by itself; C{None} where it does not."""
        settings = self._settings
        if settings.console == "off":
            return None

        def build() -> "WebSite":
            from chatd.doors.web.console.pages import Alone, make_console

            return self._site(
                Alone(
                    make_console(self._hub, self._is_exempt, own=True),
                    lambda: [self._settings.name, *self._settings.tls.names],
                )
            )

        words = Closed("This is the operator's console: open it in a browser.")
        doors: Doors = {
            guess: Refusal(in_words(guess, words), self._reactor) for guess in Guess
        }
        doors[Guess.HTTP] = Late(build)
        # Admission of its own: who floods the chat does not lock operators out.
        hub = self._hub
        admission = Admission(lambda: hub.rules, lambda: hub.bans)
        gate = Gate(admission, self._reactor, self._is_exempt)

        def port(doors: Doors) -> OnePort:
            # A browser begins, however late: silence is nobody to be told anything.
            return self._one_port(doors, gate=gate, greet_after=lambda: HOUR)

        tls = self._encrypted(port(doors))
        return Place(settings.console, port(doors | {Guess.TLS: tls}))

    def _open_ssh(self, key: bytes) -> "SSHFactory":
        from chatd.doors.ssh.factory import SSHFactory

        self._ssh = SSHFactory(
            self._hub,
            key,
            exempt=self._is_exempt,
            paste_from=self._settings.limits.paste_from,
        )
        return self._ssh

    def _open_web(self) -> "WebSite":
        from chatd.doors.web.health import Health
        from chatd.doors.web.metrics import Metrics
        from chatd.doors.web.site import make_root

        root = make_root(
            Programs(
                self._hub,
                exempt=self._is_exempt,
                dead_after=self._settings.limits.dead_peer,
            ),
            lambda: self._settings.web.origins,
        )
        site = self._site(root)
        root.putChild(b"health", Health(self._hub))
        root.putChild(
            b"metrics",
            Metrics(
                self._hub,
                lag=site.lag.spread,
                process=process.figures,
                may_look=lambda ip: _within(ip, self._settings.web.metrics_from),
                token=lambda: self._settings.web.metrics_token,
            ),
        )
        return site

    def _site(self, root: "Resource") -> "WebSite":
        from chatd.doors.web.site import WebSite

        return WebSite(
            root,
            self._reactor,
            header_bytes=lambda: self._settings.web.header_bytes,
            body_limit=lambda: self._settings.web.body_bytes,
            request_within=lambda: self._settings.web.request_within,
            idle=lambda: self._settings.web.idle,
        )

    def _doors(self, tls: IProtocolFactory | None) -> Doors:
        """
        The table of doors; whoever adds one puts it here.

        @param tls: What leads to them once more, encrypted; C{None} inside it.
        """
        doors = self._settings.doors
        refuse = partial(Refusal, clock=self._reactor)
        text: Factory = self._text if doors.text else refuse(refusal.TEXT)
        return {
            Guess.TEXT: text,
            Guess.TELNET: text,
            Guess.JSON: (
                JSONFactory(
                    self._hub,
                    exempt=self._is_exempt,
                    dead_after=self._settings.limits.dead_peer,
                )
                if doors.json
                else refuse(refusal.JSON)
            ),
            Guess.HTTP: self._late.get(Guess.HTTP) or refuse(refusal.HTTP),
            Guess.IRC: refuse(refusal.IRC),
            Guess.SSH: self._late.get(Guess.SSH) or refuse(refusal.SSH),
            Guess.TLS: tls or refuse(refusal.TLS),
        }

    def _tls(self, tls: IProtocolFactory) -> OnePort:
        """A port for TLS alone."""
        plain = Closed("This port takes encrypted connections only (TLS).")
        doors: Doors = {
            guess: Refusal(in_words(guess, plain), self._reactor) for guess in Guess
        }
        # With TLS the client begins: whoever is silent is given up before.
        return self._one_port(doors | {Guess.TLS: tls}, greet_after=lambda: HOUR)

    def _telnet(self) -> OnePort:
        """A port for telnet alone."""
        telnet = TextFactory(self._hub, exempt=self._is_exempt, telnet="on")
        return self._one_port(dict.fromkeys(Guess, telnet), greet_after=lambda: 0)

    def _one_port(
        self,
        doors: Mapping[Guess, IProtocolFactory],
        *,
        proxied: bool = False,
        greet_after: Callable[[], float] | None = None,
        gate: Gate | None = None,
    ) -> OnePort:
        return OnePort(
            doors,
            self._reactor,
            greet_after or (lambda: self._settings.text.greet_after),
            lambda: self._settings.limits.undecided,
            gate or self._gate,
            browsers=None if greet_after else self._browsers,
            proxied=proxied,
        )

    def _encrypted(self, factory: Factory) -> IProtocolFactory:
        if self._context is None:
            return Refusal(refusal.TLS, self._reactor)
        encrypted = TLSMemoryBIOFactory(self._context, False, factory)
        # What Twisted puts around it gathers small writes: the outbox has done so.
        encrypted.protocol = Encrypted
        return encrypted

    def _is_exempt(self, address: str) -> bool:
        return self._exempt(address)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return True  # a UNIX socket
    return any(ip in network for network in networks)


def _telnet(settings: Settings) -> Telnet:
    return settings.telnet if settings.doors.telnet else "off"
