"""Public SSH keys."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadRequest
from chatd.secrets.ssh_keys import parse_public_key

# Made by ssh-keygen, which also printed the fingerprint.
LINE = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbG3HpIfFw/yPm/7eQ4bUnB1j1W"
    "euiA460fYfHu/oCR ann@example"
)
FINGERPRINT = "SHA256:NtPvkBi/YwFdkUbO1tpX+XUgSssVGorxTPdcgAnN/iY"
# Of the same key in a security key, as ssh-keygen prints it.
SECURITY_FINGERPRINT = "SHA256:rSJA9l9SsYA+VfJYfitOO/9y/cSYkHX9cbFF+GbEW1g"
SMALL = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDP6kAsXB17jRGj2jGgZYdzb+Y1"
    "nUBvpN/g/MjKFniOjtb3wJcGuNISjjzBvN2lUYvx22nMqgscXt+TFlNRlivUcwSC"
    "XBa+OWEqcqMoWhEP/Fax4KbTcGz4OUxQzL/AnHpgu9NeJ0dK9I978Pw0tP1I7eu5"
    "GxUkGM6JaS4csnX00Q== old"
)
DSA = (
    "ssh-dss AAAAB3NzaC1kc3MAAACBAKVrrSqikoybDGydh4cTcn0JjdvDOtGedakf"
    "D6NUE1FH5tEFFO2o4mCYIkf3cnPC6nHU6sB3stFABhHQgQQbddd1Z+PmSNs6wIUR"
    "9BY19kI5BkqizkKqTV4qRMhET3UMissXxxFZd2wBZC5lxdhpSmLJvpCM8Y7wdzHy"
    "A+QAVFmVAAAAFQCgBYrspek3TeAZSeK8q7bc7ki0ywAAAIAHV9LvmJSzFA0tKMI3"
    "72LEPCOWw+tJklUjA6MA45POpFGEUAoKLTk9hid26oK2f0oD3EWyMzpVnFaFzpL1"
    "rmCSwmHcoWia3jV8iP7wOF6tv8ZJYe4KMhRcbdnkKDy8dy+IJ6qRa864QtsVeuUi"
    "I4T549E0MetkWsYPdEUO9gWYjwAAAIApmf9CPgysixywFFyNlNd/bXns6veiTyzd"
    "0Vqb+Kd94pVQB4xRYjQGmBE3mBxKH6SLXBQAqXsyRehrX+kiAlKnAOgeiZBC5WVU"
    "kJ5i1e19piIbrc3/LL8sn4G5hqMFZScHKJKstY0HZvaF+Gd7R7SZLLvjpDOSYvm5"
    "F+/7ee6E0A== root@vm"
)


def line(
    key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
) -> str:
    """Write a key as OpenSSH does."""
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class PublicKeyTests(SynchronousTestCase):
    """Keys that people hand in."""

    def refused(self, text: str, reason: str) -> None:
        """Check that the line is refused with these words."""
        error = self.assertRaises(BadRequest, parse_public_key, text)
        self.assertIn(reason, error.text)

    def test_fingerprint(self) -> None:
        """A key has the fingerprint that ssh-keygen prints."""
        key = parse_public_key(LINE)
        self.assertEqual(key.fingerprint, FINGERPRINT)
        self.assertEqual(key.kind, "ssh-ed25519")
        self.assertEqual(key.comment, "ann@example")
        self.assertEqual(f"{key.kind} {key.data} {key.comment}", LINE)

    def test_security_key(self) -> None:
        """A key in a piece of hardware stays what it is."""
        text = (
            "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI"
            "PbG3HpIfFw/yPm/7eQ4bUnB1j1WeuiA460fYfHu/oCRAAAABHNzaDo= ann@stick"
        )
        key = parse_public_key(text)
        self.assertEqual(f"{key.kind} {key.data} {key.comment}", text)
        self.assertEqual(key.fingerprint, SECURITY_FINGERPRINT)

    def test_kinds(self) -> None:
        """All usual kinds are accepted."""
        for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
            text = line(ec.generate_private_key(curve).public_key())
            self.assertTrue(parse_public_key(text).kind.startswith("ecdsa-sha2-nistp"))
        text = line(rsa.generate_private_key(65537, 2048).public_key())
        self.assertEqual(parse_public_key(text).kind, "ssh-rsa")

    def test_comment(self) -> None:
        """Spaces around do not matter; the comment is cleaned, bounded, or missing."""
        bare = " ".join(LINE.split()[:2])
        self.assertEqual(parse_public_key(f"  {bare}\n").comment, "")
        self.assertEqual(parse_public_key(f"{bare}   my \x1bkey \n").comment, "my key")
        self.assertEqual(parse_public_key(f"{bare} {'x' * 99}").comment, "x" * 64)

    def test_weak(self) -> None:
        """Old and weak kinds are refused."""
        self.refused(SMALL, "An RSA key needs 2048 bits at least")
        self.refused(DSA, "ed25519, ecdsa and rsa are accepted")
        self.refused("ssh-unknown AAAA", "ed25519, ecdsa and rsa are accepted")

    def test_damaged(self) -> None:
        """A key that lost a piece is refused."""
        for text in (
            LINE[:40],
            "ssh-ed25519 AAAA",
            "ssh-ed25519 ä!",
            "ssh-rsa " + LINE.split()[1],
        ):
            self.refused(text, "damaged")

    def test_no_key(self) -> None:
        """What is no key at all is told what a key looks like."""
        for text in ("", "hello", LINE + "x" * 5000):
            self.refused(text, "begins with ssh-ed25519")

    def test_private(self) -> None:
        """Who sends a private key by mistake is warned."""
        self.refused("-----BEGIN OPENSSH PRIVATE KEY-----", "show it to nobody")
