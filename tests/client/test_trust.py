"""Tests for L{chatd.client.trust}: whether a server is the right one."""

import contextlib
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_PEM, load_certificate, load_privatekey
from twisted.internet.protocol import Factory
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import SynchronousTestCase

from chatd.client import trust
from chatd.client.link import Link
from chatd.client.trust import (
    Certificates,
    Changed,
    Known,
    Unknown,
    Untrusted,
    read_fingerprint,
)
from chatd.secrets.certificate import fingerprint, make_certificate

PLACE = "chat.example:5050"
ONE, OTHER = (make_certificate(["chat.example"]) for _ in range(2))


class _Owner:
    """Remembers whether it was told that the server is the right one."""

    def __init__(self) -> None:
        self.open = False

    def opened(self, link: Link) -> None:
        self.open = True
        link.ask({"do": "enter", "name": "ann", "password": "secret"})

    def received(self, link: Link, found: dict[str, Any]) -> None: ...

    def closed(self, link: Link, reason: object) -> None: ...


class _Pair:
    """A handshake between a client and a server, in memory."""

    def __init__(self, certificates: Certificates, pem: tuple[bytes, bytes]) -> None:
        self.owner = _Owner()
        self.link = Link(self.owner, certificates.check)
        clock = Clock()
        factory = TLSMemoryBIOFactory(
            certificates, True, Factory.forProtocol(lambda: self.link), clock
        )
        client = factory.buildProtocol(None)
        wire = StringTransport()
        context = SSL.Context(SSL.TLS_METHOD)
        context.use_certificate(load_certificate(FILETYPE_PEM, pem[0]))
        context.use_privatekey(load_privatekey(FILETYPE_PEM, pem[1]))
        server = SSL.Connection(context, None)
        server.set_accept_state()
        client.makeConnection(wire)
        self.read = b""
        for _ in range(10):
            clock.advance(1)
            data = wire.value()
            wire.clear()
            if data:
                server.bio_write(data)
            with contextlib.suppress(SSL.Error):
                self.read += server.recv(10_000)
            try:
                answer = server.bio_read(100_000)
            except SSL.WantReadError:
                continue
            if not wire.disconnected:
                client.dataReceived(answer)


class TrustTests(SynchronousTestCase):
    """Certificates that nobody vouches for."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "known_servers"
        self.known = Known(self.path)

    def meet(
        self, pem: tuple[bytes, bytes] = ONE, host: str = "chat.example", **options: Any
    ) -> _Pair:
        """Come to a server."""
        return _Pair(Certificates(PLACE, host, self.known, **options), pem)

    def refused(self, pair: _Pair) -> Untrusted:
        """Why nothing was sent."""
        self.assertFalse(pair.owner.open)
        self.assertEqual(pair.read, b"")
        assert isinstance(pair.link.refused, Untrusted)
        return pair.link.refused

    def test_unknown(self) -> None:
        """An unknown server is refused, and its fingerprint told."""
        refused = self.refused(self.meet())
        self.assertIsInstance(refused, Unknown)
        self.assertIn(f"--trust {fingerprint(ONE[0])}", str(refused))
        self.assertEqual(refused.seen, fingerprint(ONE[0]))

    def test_first_use(self) -> None:
        """Who trusts a server once, is not asked again."""
        asked = []

        def first_use(place: str, seen: str) -> bool:
            asked.append((place, seen))
            return True

        for _ in range(2):
            pair = self.meet(first_use=first_use)
            self.assertTrue(pair.owner.open)
            self.assertIn(b"secret", pair.read)
        self.assertEqual(asked, [(PLACE, fingerprint(ONE[0]))])
        self.assertTrue(self.meet().owner.open)

    def test_not_trusted(self) -> None:
        """Who does not trust it, sends nothing, and it stays unknown."""
        self.refused(self.meet(first_use=lambda place, seen: False))
        self.assertFalse(self.path.exists())

    def test_changed(self) -> None:
        """Another certificate is refused, even unasked, and both are shown."""
        self.known.add(PLACE, fingerprint(ONE[0]))
        refused = self.refused(self.meet(OTHER, first_use=lambda place, seen: True))
        self.assertIsInstance(refused, Changed)
        self.assertIn(fingerprint(ONE[0]), str(refused))
        self.assertIn(fingerprint(OTHER[0]), str(refused))
        self.assertIn(str(self.path), str(refused))

    def test_given(self) -> None:
        """A fingerprint that is given is the only right one, and nothing is kept."""
        self.known.add(PLACE, fingerprint(ONE[0]))
        self.assertTrue(self.meet(OTHER, trust=fingerprint(OTHER[0])).owner.open)
        refused = self.refused(self.meet(ONE, trust=fingerprint(OTHER[0])))
        self.assertIn(fingerprint(ONE[0]), str(refused))
        self.assertEqual(self.known.find(PLACE), fingerprint(ONE[0]))

    def test_certified(self) -> None:
        """A server that an authority vouches for needs no fingerprint."""
        self.vouch(ONE)
        self.assertTrue(self.meet().owner.open)
        self.assertFalse(self.path.exists())

    def test_certified_for_another(self) -> None:
        """Of what an authority vouches for, the name must be right."""
        self.vouch(ONE)
        self.refused(self.meet(host="other.example"))
        self.refused(self.meet(host="192.0.2.1"))
        self.assertTrue(self.meet(host="127.0.0.1").owner.open)

    def vouch(self, pem: tuple[bytes, bytes]) -> None:
        """Let the platform trust a certificate."""

        def options(**given: Any) -> CertificateOptions:
            made = CertificateOptions(**given)
            store = made.getContext().get_cert_store()
            assert store is not None
            store.add_cert(load_certificate(FILETYPE_PEM, pem[0]))
            return made

        self.patch(trust, "CertificateOptions", options)


class KnownTests(SynchronousTestCase):
    """The file of the servers that are known."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "new" / "known_servers"
        self.known = Known(self.path)

    def test_kept(self) -> None:
        """Servers are kept, each with its latest fingerprint, for another day."""
        self.known.add("one:1", "AA")
        self.known.add("two:2", "BB")
        self.known.add("one:1", "CC")
        again = Known(self.path)
        self.assertEqual(
            [again.find(place) for place in ("one:1", "two:2", "three:3")],
            ["CC", "BB", ""],
        )
        self.assertTrue(self.path.read_text().startswith("# "))
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])

    def test_fingerprints(self) -> None:
        """A fingerprint may be written as programs write it."""
        right = fingerprint(ONE[0])
        for text in (right, right.lower(), right.replace(":", ""), f"SHA256:{right}"):
            self.assertEqual(read_fingerprint(text), right)
        for text in ("", "AA:BB", right + ":AA", "x" * 64):
            with self.assertRaises(ValueError):
                read_fingerprint(text)
