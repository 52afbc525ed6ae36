"""Tests for L{chatd.secrets.connection}."""

import contextlib
from pathlib import Path
from typing import Any, cast

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.certificate import ReloadingContext, ensure_certificate


class ConnectionTests(SynchronousTestCase):
    """Two ends shake hands over no network."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        crt, key = folder / "tls.crt", folder / "tls.key"
        ensure_certificate(crt, key)
        context = ReloadingContext(crt, key)
        self.server = context.serverConnectionForTLS(cast(Any, None))
        self.server.set_accept_state()

    def client(self, version: int) -> SSL.Connection:
        """Somebody who speaks one version, and begins."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        client = SSL.Connection(context, None)
        client.set_connect_state()
        return client

    def step(self, end: SSL.Connection, other: SSL.Connection) -> bytes:
        """One end goes on; the other gets what it wants to send."""
        with contextlib.suppress(SSL.WantReadError):
            end.do_handshake()
        try:
            sent = end.bio_read(2**15)
        except SSL.WantReadError:
            return b""
        other.bio_write(sent)
        return sent

    def shake_hands(self, version: int) -> SSL.Connection:
        """All of it but what the server sends last."""
        client = self.client(version)
        self.step(self.server, client)  # as Twisted does, when nobody said anything
        self.step(client, self.server)
        self.step(self.server, client)
        self.step(client, self.server)
        return client

    def test_tickets(self) -> None:
        """With what one comes back goes along with the first words."""
        client = self.shake_hands(SSL.TLS1_3_VERSION)
        self.assertEqual(self.step(self.server, client), b"")
        self.server.send(b"hello")
        sent = self.server.bio_read(2**15)
        records = []
        while sent:
            length = int.from_bytes(sent[3:5], "big") + 5
            records.append(length)
            sent = sent[length:]
        self.assertGreater(len(records), 1)
        self.assertLess(records[-1], 50)

    def test_told(self) -> None:
        """The first words arrive, and so does the answer."""
        client = self.shake_hands(SSL.TLS1_3_VERSION)
        self.step(self.server, client)
        self.server.send(b"hello")
        client.bio_write(self.server.bio_read(2**15))
        self.assertEqual(client.recv(100), b"hello")
        client.send(b"hi")
        self.server.bio_write(client.bio_read(2**15))
        self.assertEqual(self.server.recv(100), b"hi")

    def test_gone(self) -> None:
        """When the line is gone there is nothing to be read, nor to be sent."""
        client = self.shake_hands(SSL.TLS1_3_VERSION)
        self.step(self.server, client)
        self.server.bio_shutdown()
        self.assertRaises(SSL.WantReadError, self.server.recv, 100)
        self.assertRaises(SSL.WantReadError, self.server.bio_read, 100)
        self.assertEqual(self.server.get_shutdown(), 0)

    def test_older(self) -> None:
        """In TLS 1.2 the client waits for the last of it, and gets it."""
        client = self.shake_hands(SSL.TLS1_2_VERSION)
        self.assertNotEqual(self.step(self.server, client), b"")
        client.do_handshake()
        client.send(b"hi")
        self.server.bio_write(client.bio_read(2**15))
        self.assertEqual(self.server.recv(100), b"hi")

    def test_suites(self) -> None:
        """The one that is taken first is the one that browsers want, too."""
        self.step(self.server, self.shake_hands(SSL.TLS1_3_VERSION))
        self.assertEqual(self.server.get_cipher_name(), "TLS_AES_128_GCM_SHA256")
