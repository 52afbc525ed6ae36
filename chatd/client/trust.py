"""Whether a server is the right one: by its certificate, or by what it was before."""

import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion, platformTrust
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

_HEAD = "# Servers that were trusted, by the SHA-256 of their certificates."
_NOT_HEX = re.compile(r"[^0-9A-F]")


class Untrusted(Exception):
    """
    The server is not known to be the right one: a paragraph for people.

    @ivar seen: The fingerprint of its certificate.
    """

    def __init__(self, text: str, seen: str) -> None:
        super().__init__(text)
        self.seen = seen


class Unknown(Untrusted):
    """This server was never trusted before."""


class Changed(Untrusted):
    """It has another certificate than the one that was trusted."""


class Known:
    """The file of the servers that were trusted: C{PLACE FINGERPRINT} on each line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, place: str) -> str:
        """The fingerprint of a server; C{""} if it is not known."""
        for line in self._lines():
            match line.split():
                case [where, fingerprint] if where == place:
                    return fingerprint
        return ""

    def add(self, place: str, fingerprint: str) -> None:
        """
        Trust a server from now on.

        @raise OSError: if that cannot be kept.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [line for line in self._lines() if line.split()[:1] != [place]]
        text = "\n".join([*(lines or [_HEAD]), f"{place} {fingerprint}", ""])
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        new.write_text(text, "utf-8")
        os.replace(new, self.path)

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []


def read_fingerprint(text: str) -> str:
    """
    Understand a SHA-256 however it is written: C{AA:BB:…}, C{aabb…}, C{SHA256:…}.

    @return: As openssl prints it.
    @raise ValueError: if it is none.
    """
    digits = _NOT_HEX.sub("", text.upper().removeprefix("SHA256"))
    if len(digits) != 64:
        raise ValueError(f"{text!r} is no SHA-256 fingerprint: 64 digits 0-9 and A-F.")
    return ":".join(digits[at : at + 2] for at in range(0, 64, 2))


@implementer(IOpenSSLClientConnectionCreator)
class Same:
    """TLS towards a server that was found to be the right one: it, and no other."""

    def __init__(self, host: str, seen: str) -> None:
        """
        @param seen: The fingerprint that it had.
        """
        self._host = host
        self._seen = seen

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        context = CertificateOptions(raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
        context.set_verify(SSL.VERIFY_PEER, self._look)
        return _connection(context, self._host)

    def _look(
        self, connection: object, certificate: X509, error: int, depth: int, good: int
    ) -> bool:
        return depth > 0 or certificate.digest("sha256").decode() == self._seen


@implementer(IOpenSSLClientConnectionCreator)
class Certificates:
    """
    TLS towards one server.

    What can be checked by the certificates that the platform trusts is; any other
    server must have the certificate that it had when it was first trusted.
    """

    def __init__(
        self,
        place: str,
        host: str,
        known: Known,
        *,
        trust: str = "",
        first_use: Callable[[str, str], bool] | None = None,
    ) -> None:
        """
        @param place: Under which the server is known.
        @param host: For which its certificate must be; C{""} if that does not matter.
        @param trust: The only fingerprint that is right.
        @param first_use: Told place and fingerprint of a server that is not known, it
            says whether to trust it from now on.
        """
        self._place = place
        self._host = host
        self._known = known
        self._trust = trust
        self._first_use = first_use
        self._seen = ""
        self._made: WeakKeyDictionary[Any, SSL.Connection] = WeakKeyDictionary()
        self._doubted: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
        self._context: SSL.Context | None = None

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        if self._context is None:
            self._context = CertificateOptions(
                trustRoot=platformTrust(), raiseMinimumTo=TLSVersion.TLSv1_2
            ).getContext()
            # Judged when the handshake is done: what was seen must be told.
            self._context.set_verify(SSL.VERIFY_PEER, self._look)
        connection = _connection(self._context, self._host)
        self._made[tlsProtocol] = connection
        return connection

    def _look(
        self, connection: SSL.Connection, _: object, error: int, depth: int, good: int
    ) -> bool:
        if not good:
            self._doubted[connection] = True
        return True

    def same(self) -> Same:
        """For more connections to the server that was met last."""
        return Same(self._host, self._seen)

    def check(self, transport: Any) -> None:
        """
        Judge the server at the other end.

        @raise Untrusted: if it is not, or may not be, the right one.
        """
        certificate = transport.getPeerCertificate()
        seen: str = certificate.digest("sha256").decode()
        self._judge(transport, seen)
        self._seen = seen

    def _judge(self, transport: Any, seen: str) -> None:
        if self._trust:
            if seen != self._trust:
                raise Changed(_mismatch(self._place, seen, self._trust), seen)
            return
        if self._is_certified(self._made[transport]):
            return
        pinned = self._known.find(self._place)
        if pinned == seen:
            return
        if pinned:
            path = self._known.path
            raise Changed(_changed(self._place, seen, pinned, path), seen)
        if self._first_use is None or not self._first_use(self._place, seen):
            raise Unknown(_unknown(self._place, seen), seen)
        self._known.add(self._place, seen)

    def _is_certified(self, connection: SSL.Connection) -> bool:
        if not self._host or self._doubted.get(connection, False):
            return False
        try:
            if _is_address(self._host):
                verify_ip_address(connection, self._host)
            else:
                verify_hostname(connection, self._host)
        except Exception:  # of two libraries, and neither name says more
            return False
        return True


def _connection(context: SSL.Context, host: str) -> SSL.Connection:
    connection = SSL.Connection(context, None)
    if host and not _is_address(host):
        connection.set_tlsext_host_name(host.encode("idna"))
    return connection


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _mismatch(place: str, seen: str, wanted: str) -> str:
    return (
        f"{place} does not have the certificate that was asked for.\n"
        f"  asked for: {wanted}\n  it has:    {seen}"
    )


def _changed(place: str, seen: str, pinned: str, path: Path) -> str:
    return (
        f"THE CERTIFICATE OF {place} HAS CHANGED.\n"
        "Somebody may be listening in between, or its operator made a new one.\n"
        "Nothing was sent.\n"
        f"  trusted before: {pinned}\n"
        f"  it has now:     {seen}\n"
        "The server prints its fingerprint at each start: ask the operator.\n"
        f"If the new one is right, take the line of {place} out of\n{path}\n"
        "and connect again."
    )


def _unknown(place: str, seen: str) -> str:
    return (
        f"{place} is not known yet, and no authority vouches for it.\n"
        f"  its fingerprint (SHA-256): {seen}\n"
        "The server prints its fingerprint at each start. If they are the same, give\n"
        f"--trust {seen}"
    )
