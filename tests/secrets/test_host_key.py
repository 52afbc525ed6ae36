"""The key by which clients of SSH know this server again."""

import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.files import SecretsError
from chatd.secrets.host_key import host_key

# Made by ssh-keygen, which also printed the fingerprint.
KEY = b"""\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDHYtRMCvJzi5Xsnm16RHLuRztmze0iVYwEBtq8AiJHFgAAAIjHmYXjx5mF
4wAAAAtzc2gtZWQyNTUxOQAAACDHYtRMCvJzi5Xsnm16RHLuRztmze0iVYwEBtq8AiJHFg
AAAECHXVtdu9Od6OKruAnBkov8Tzvxyes8xe2/Tw/0K4OrM8di1EwK8nOLleyebXpEcu5H
O2bN7SJVjAQG2rwCIkcWAAAABWNoYXRk
-----END OPENSSH PRIVATE KEY-----
"""
FINGERPRINT = "SHA256:x/9MKO4QMW93zddgEmKb34QJYiC3zAuP6fDzzSjfxVg"


class HostKeyTests(SynchronousTestCase):
    """L{host_key}"""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "ssh_host_key"

    def test_made_once(self) -> None:
        """The first start makes it, for the server alone; later ones read it."""
        key, fingerprint = host_key(self.path)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(host_key(self.path), (key, fingerprint))
        self.assertRegex(fingerprint, "^SHA256:[A-Za-z0-9+/]{43}$")

    def test_from_openssh(self) -> None:
        """A key that ssh-keygen made will do, and has the fingerprint it printed."""
        self.path.parent.mkdir()
        self.path.write_bytes(KEY)
        self.assertEqual(host_key(self.path), (KEY, FINGERPRINT))

    def test_no_key(self) -> None:
        """Anything else is refused, and left as it is."""
        other = generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        )
        locked = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"secret")
        )
        self.path.parent.mkdir()
        for content in (b"", b"nonsense", other, locked, KEY[:-80]):
            self.path.write_bytes(content)
            error = self.assertRaises(SecretsError, host_key, self.path)
            self.assertIn("does not hold an ed25519 key", str(error))
            self.assertEqual(self.path.read_bytes(), content)
