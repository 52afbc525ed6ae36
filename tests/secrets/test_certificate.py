"""The server's certificate."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from chatd.secrets.certificate import (
    VALID,
    ReloadingContext,
    ensure_certificate,
    fingerprint,
    make_certificate,
    own_names,
)
from chatd.secrets.files import SecretsError, write_secret


def shake(server: SSL.Connection, client: SSL.Connection) -> None:
    """Let two ends of a line shake hands in memory."""
    server.set_accept_state()
    client.set_connect_state()
    for _ in range(5):
        for one, other in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(1 << 16))


class FolderTests(SynchronousTestCase):
    """Has a folder for keys."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        self.crt = folder / "keys" / "tls.crt"
        self.key = folder / "keys" / "tls.key"


class MakingTests(FolderTests):
    """The first start."""

    def made(self, names: Iterable[str] = ()) -> x509.Certificate:
        """Make one."""
        return x509.load_pem_x509_certificate(make_certificate(names)[0])

    def test_first_start(self) -> None:
        """The first start makes a certificate and key; the next leaves them alone."""
        self.assertTrue(ensure_certificate(self.crt, self.key, ["chat.example"]))
        before = self.crt.read_bytes(), self.key.read_bytes()
        self.assertFalse(ensure_certificate(self.crt, self.key))
        self.assertEqual((self.crt.read_bytes(), self.key.read_bytes()), before)
        self.assertEqual(self.key.stat().st_mode & 0o077, 0)
        self.assertEqual(ReloadingContext(self.crt, self.key).warning, "")

    def test_half(self) -> None:
        """When only one of the two is there, nothing is made, and it says so."""
        for one, other in ((self.crt, self.key), (self.key, self.crt)):
            write_secret(one, b"x")
            error = self.assertRaises(
                SecretsError, ensure_certificate, self.crt, self.key
            )
            self.assertTrue(str(error).startswith(f"{other} is missing: "))
            self.assertFalse(other.exists())
            one.unlink()

    def test_names(self) -> None:
        """It is good for this machine and for the names and addresses asked for."""
        made = self.made(
            ["chat.example", "*.chat.example", "192.0.2.7", "2001:db8::7", "localhost"]
        )
        names = made.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
        self.assertEqual(
            names.get_values_for_type(x509.DNSName),
            ["localhost", "chat.example", "*.chat.example"],
        )
        self.assertEqual(
            names.get_values_for_type(x509.IPAddress),
            [
                ip_address(each)
                for each in ("127.0.0.1", "::1", "192.0.2.7", "2001:db8::7")
            ],
        )

    def test_bad_name(self) -> None:
        """What is neither name nor address is refused."""
        for name in ("", "a b", "a/b", "fü.example", "x" * 64, "a..b"):
            error = self.assertRaises(SecretsError, make_certificate, [name])
            self.assertIn("neither a host name nor an address", str(error))

    def test_own_names(self) -> None:
        """The machine's own names are used as far as they look real."""
        with patch("socket.gethostname", return_value="box"):
            for full, expected in [
                ("box.example", ["box", "box.example"]),
                ("1.0.0.127.in-addr.arpa", ["box"]),
                ("ünreal", ["box"]),
            ]:
                with patch("socket.getfqdn", return_value=full):
                    self.assertEqual(own_names(), expected)

    def test_kind(self) -> None:
        """It is an elliptic-curve one, for ten years, and cannot vouch for others."""
        made = self.made()
        public = made.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        self.assertEqual(public.curve.name, "secp256r1")
        self.assertGreater(
            made.not_valid_after_utc - datetime.now(UTC), timedelta(days=3649)
        )
        self.assertLess(made.not_valid_before_utc, datetime.now(UTC))
        constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
        self.assertFalse(constraints.value.ca)
        made.verify_directly_issued_by(made)

    def test_fingerprint(self) -> None:
        """The fingerprint is written as people compare it."""
        pem, _ = make_certificate([])
        self.assertRegex(fingerprint(pem), r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$")
        self.assertEqual(fingerprint(pem + make_certificate([])[0]), fingerprint(pem))


class ReloadingTests(FolderTests):
    """Renewing it while the server runs."""

    def setUp(self) -> None:
        super().setUp()
        self.pem = self.renew()
        self.context = ReloadingContext(self.crt, self.key)

    def renew(self, now: datetime | None = None) -> bytes:
        """Put new files there."""
        pem, key = make_certificate([], now=now)
        self.put(pem, key)
        return pem

    def put(self, pem: bytes, key: bytes) -> None:
        """Put these files there."""
        write_secret(self.crt, pem, replace=True)
        write_secret(self.key, key, replace=True)

    def connect(
        self, client: SSL.Context | None = None
    ) -> tuple[SSL.Connection, SSL.Connection]:
        """Make a connection."""
        server = self.context.serverConnectionForTLS(None)  # type: ignore[arg-type]
        if client is None:
            client = SSL.Context(SSL.TLS_CLIENT_METHOD)
        ends = server, SSL.Connection(client, None)
        shake(*ends)
        return ends

    def served(self) -> str:
        """Say the fingerprint that a new client sees."""
        certificate = self.connect()[1].get_peer_certificate()
        assert certificate is not None
        return certificate.digest("sha256").decode()

    def test_interface(self) -> None:
        """Twisted can use it."""
        self.assertTrue(verifyObject(IOpenSSLServerConnectionCreator, self.context))
        self.assertTrue(issubclass(TLSMemoryBIOProtocol, object))

    def test_serves(self) -> None:
        """A client sees the certificate whose fingerprint was printed."""
        self.assertEqual(self.served(), fingerprint(self.pem))
        self.assertEqual(self.context.fingerprint, fingerprint(self.pem))

    def test_reload(self) -> None:
        """New connections see the new certificate, old ones go on."""
        server, client = self.connect()
        pem = self.renew()
        self.context.reload(self.crt, self.key)
        self.assertEqual(self.served(), fingerprint(pem))
        self.assertEqual(self.context.fingerprint, fingerprint(pem))
        client.send(b"still here")
        server.bio_write(client.bio_read(1 << 16))
        self.assertEqual(server.recv(100), b"still here")

    def test_broken(self) -> None:
        """When the new files are no good, it says why and the old stay in use."""
        pem, key = make_certificate([])
        other = make_certificate([])[1]
        private = load_pem_private_key(key, None)
        locked = private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
        )
        for certificate, secret, reason in [
            (b"", key, "holds no certificate"),
            (pem[:100], key, "holds no certificate"),
            (key, key, "holds no certificate"),
            (pem, b"", "holds no private key"),
            (pem, pem, "holds no private key"),
            (pem, locked, "passphrase"),
            (pem, other, "is not the key of the certificate"),
        ]:
            self.put(certificate, secret)
            error = self.assertRaises(
                SecretsError, self.context.reload, self.crt, self.key
            )
            self.assertIn(reason, str(error))
            self.assertEqual(str(error).count("\n"), 0)
        for path in (self.key, self.crt):
            path.unlink()
            error = self.assertRaises(
                SecretsError, self.context.reload, self.crt, self.key
            )
            self.assertEqual(str(error), f"{path} is missing.")
        self.assertEqual(self.served(), fingerprint(self.pem))
        self.assertEqual(self.context.fingerprint, fingerprint(self.pem))

    def test_weak(self) -> None:
        """A certificate with a key that TLS finds too weak is refused in words."""
        with patch(
            "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key",
            lambda curve: rsa.generate_private_key(65537, 1024),
        ):
            self.renew()
        error = self.assertRaises(SecretsError, self.context.reload, self.crt, self.key)
        self.assertIn("cannot be used for TLS", str(error))
        self.assertEqual(self.served(), fingerprint(self.pem))

    def test_expired(self) -> None:
        """An expired certificate is better than none, with a warning."""
        pem = self.renew(datetime(2001, 2, 3, tzinfo=UTC))
        self.context.reload(self.crt, self.key)
        self.assertIn("expired on 2011-02-01: renew it", self.context.warning)
        self.assertEqual(self.served(), fingerprint(pem))
        self.renew(datetime.now(UTC) + VALID)
        self.context.reload(self.crt, self.key)
        self.assertIn("is valid only from", self.context.warning)
        self.renew()
        self.context.reload(self.crt, self.key)
        self.assertEqual(self.context.warning, "")

    def test_chain(self) -> None:
        """The certificates above the server's own are sent along."""
        pem, key = make_certificate([])
        self.put(pem + self.pem, key)
        self.context.reload(self.crt, self.key)
        chain = self.connect()[1].get_peer_cert_chain()
        assert chain is not None
        self.assertEqual(
            [each.digest("sha256").decode() for each in chain],
            [fingerprint(pem), fingerprint(self.pem)],
        )

    def test_old_key_format(self) -> None:
        """Keys in the formats of openssl and certbot are read as well."""
        pem, key = make_certificate([])
        private = load_pem_private_key(key, None)
        self.put(
            pem,
            private.private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            ),
        )
        self.context.reload(self.crt, self.key)
        self.assertEqual(self.served(), fingerprint(pem))

    def client(self, method: int = SSL.TLS_CLIENT_METHOD) -> SSL.Context:
        """Make a client that accepts anything."""
        context = SSL.Context(method)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        return context

    def test_modern(self) -> None:
        """TLS 1.3 is spoken with those who can."""
        server, _ = self.connect()
        self.assertEqual(server.get_protocol_version_name(), "TLSv1.3")

    def test_versions(self) -> None:
        """TLS 1.2 is the oldest that is spoken, with forward secrecy and AEAD."""
        client = self.client()
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
        server, _ = self.connect(client)
        self.assertEqual(server.get_protocol_version_name(), "TLSv1.2")
        self.assertRegex(
            server.get_cipher_name() or "", "^ECDHE-ECDSA-(AES...-GCM|CHACHA20)"
        )
        offered = self.context.serverConnectionForTLS(None).get_cipher_list()  # type: ignore[arg-type]
        for cipher in offered:
            self.assertRegex(cipher, "^(TLS_|ECDHE-.*(GCM|CHACHA20))")

    def test_old_versions(self) -> None:
        """Older ones are refused."""
        client = self.client()
        client.set_min_proto_version(SSL.TLS1_VERSION)
        client.set_max_proto_version(SSL.TLS1_1_VERSION)
        error = self.assertRaises(SSL.Error, self.connect, client)
        self.assertIn("unsupported protocol", str(error))

    def test_alpn(self) -> None:
        """Browsers are offered HTTP/1.1 only, in which WebSockets work."""
        client = self.client()
        client.set_alpn_protos([b"h2", b"http/1.1"])
        server, end = self.connect(client)
        self.assertEqual(server.get_alpn_proto_negotiated(), b"http/1.1")
        self.assertEqual(end.get_alpn_proto_negotiated(), b"http/1.1")

    def test_other_alpn(self) -> None:
        """A client that offers something else is served all the same."""
        client = self.client()
        client.set_alpn_protos([b"irc"])
        server, _ = self.connect(client)
        self.assertEqual(server.get_alpn_proto_negotiated(), b"")
        self.assertEqual(server.get_protocol_version_name(), "TLSv1.3")

    def test_resumption(self) -> None:
        """Who comes back may resume the session, at less cost."""
        client = self.client()
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
        first, end = self.connect(client)
        session = end.get_session()
        assert session is not None
        again = SSL.Connection(client, None)
        again.set_session(session)
        shake(self.context.serverConnectionForTLS(None), again)  # type: ignore[arg-type]
        # The master secret stays the same only in a resumed session.
        self.assertEqual(again.master_key(), first.master_key())
