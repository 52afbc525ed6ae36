"""The certificate of the server: made at first start, renewed while running."""

import re
import socket
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL
from OpenSSL.crypto import X509, PKey
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from chatd.secrets.connection import Connection
from chatd.secrets.files import SecretsError, exists, read_secret, write_secret

VALID = timedelta(days=3650)
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.I)
_LOCAL = ("localhost", "127.0.0.1", "::1")
_HTTP = b"http/1.1"
_HALF = "{missing} is missing: put it back, or remove {other} and both are made anew."
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
# As browsers have them. SHA-384, which belongs to the second, takes 30 us a handshake.
_SUITES = b"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
# Of ssl.h: what is sent is what stands in the file. To look each time for more of a
# chain, among no certificates, takes 20 us.
_NO_AUTO_CHAIN = 0x8


def ensure_certificate(crt: Path, key: Path, names: Iterable[str] = ()) -> bool:
    """
    Make a self-signed certificate and its key, unless they are there.

    @param names: Host names and addresses it is for, besides the machine's own.
    @return: Whether they were made.
    @raise SecretsError: if only one of the two is there, or they cannot be written.
    """
    match exists(crt), exists(key):
        case True, True:
            return False
        case True, False:
            raise SecretsError(_HALF.format(missing=key, other=crt))
        case False, True:
            raise SecretsError(_HALF.format(missing=crt, other=key))
    certificate, private = make_certificate([*own_names(), *names])
    write_secret(key, private)
    write_secret(crt, certificate)
    return True


def own_names() -> list[str]:
    """List what the machine is called, as far as it looks real."""
    found = [socket.gethostname(), socket.getfqdn()]
    return [name for name in found if _HOST.fullmatch(name) and ".arpa" not in name]


def make_certificate(
    names: Iterable[str], *, now: datetime | None = None
) -> tuple[bytes, bytes]:
    """
    Make a self-signed certificate (ECDSA P-256) for this machine.

    @param names: Host names and addresses; local ones are added.
    @return: The certificate and its private key, as PEM.
    @raise SecretsError: if a name is neither.
    """
    now = now or datetime.now(UTC)
    wanted = list(dict.fromkeys([*_LOCAL, *names]))
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chatd")])
    public = private.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(_alternatives(wanted)), False)
        # Who trusts it must not trust others that its key might sign.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM), private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def fingerprint(pem: bytes) -> str:
    """Say the SHA-256 of the first certificate as C{AA:BB:…}, as openssl prints it."""
    return _fingerprint(x509.load_pem_x509_certificate(pem))


@implementer(IOpenSSLServerConnectionCreator)
class ReloadingContext:
    """
    TLS as the server speaks it, with files that may be replaced while it runs.

    @ivar fingerprint: Of the certificate in use.
    @ivar pin: If nobody else vouches for it: its key, as C{curl --pinnedpubkey} wants
        it; otherwise C{""}.
    @ivar warning: What the operator should know about it; mostly C{""}.
    """

    fingerprint: str
    pin: str
    warning: str

    def __init__(self, crt: Path, key: Path) -> None:
        self.reload(crt, key)

    def reload(self, crt: Path, key: Path) -> None:
        """
        Read the files again, or others; connections that are open go on as they are.

        @raise SecretsError: if they cannot be used; what was used before stays in use.
        """
        chain, private = _load(crt, key)
        self._context = _context(crt, chain, private)
        self.fingerprint = _fingerprint(chain[0])
        own = chain[0].issuer == chain[0].subject
        self.pin = _pin(chain[0]) if own else ""
        self.warning = _warning(crt, chain[0])

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        return Connection(self._context, None)


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _pin(certificate: x509.Certificate) -> str:
    """See RFC 7469, section 2.4."""
    key = certificate.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256//{b64encode(sha256(key).digest()).decode()}"


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            if not _HOST.fullmatch(name):
                reason = f"{name!r} is neither a host name nor an address."
                raise SecretsError(reason) from None
            found.append(x509.DNSName(name))
    return found


def _load(crt: Path, key: Path) -> tuple[list[x509.Certificate], PrivateKeyTypes]:
    certificate, private = read_secret(crt), read_secret(key)
    if certificate is None or private is None:
        raise SecretsError(f"{crt if certificate is None else key} is missing.")
    try:
        chain = x509.load_pem_x509_certificates(certificate)
    except ValueError:
        raise SecretsError(f"{crt} holds no certificate in PEM format.") from None
    try:
        loaded = load_pem_private_key(private, None)
    except TypeError:
        reason = f"{key} is protected by a passphrase; the server needs it without."
        raise SecretsError(reason) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SecretsError(f"{key} holds no private key in PEM format.") from None
    if loaded.public_key() != chain[0].public_key():
        raise SecretsError(f"{key} is not the key of the certificate in {crt}.")
    return chain, loaded


def _context(
    crt: Path, chain: list[x509.Certificate], private: PrivateKeyTypes
) -> SSL.Context:
    try:
        context = CertificateOptions(
            privateKey=PKey.from_cryptography_key(private),  # type: ignore[arg-type]
            certificate=X509.from_cryptography(chain[0]),
            extraCertChain=[X509.from_cryptography(each) for each in chain[1:]],
            raiseMinimumTo=TLSVersion.TLSv1_2,
            acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(_CIPHERS),
            enableSessions=True,
            enableSessionTickets=True,
        ).getContext()
        context.set_tls13_ciphersuites(_SUITES)
        context.set_mode(_NO_AUTO_CHAIN)
        # Browsers are offered HTTP/1.1, in which WebSockets work; others no ALPN.
        context.set_alpn_select_callback(
            lambda _, offered: (
                _HTTP if _HTTP in offered else SSL.NO_OVERLAPPING_PROTOCOLS
            )
        )
        return context
    except (SSL.Error, TypeError, ValueError) as error:  # a weak or odd kind of key
        raise SecretsError(f"{crt} cannot be used for TLS: {error}.") from error


def _warning(crt: Path, certificate: x509.Certificate) -> str:
    now = datetime.now(UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if last < now:
        return f"The certificate in {crt} expired on {last:%Y-%m-%d}: renew it."
    if first > now:
        return f"The certificate in {crt} is valid only from {first:%Y-%m-%d} on."
    return ""
