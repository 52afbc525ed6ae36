"""The key by which clients of SSH know this server again."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from chatd.secrets.files import SecretsError, read_secret, write_secret
from chatd.secrets.ssh_keys import parse_public_key


def host_key(path: Path) -> tuple[bytes, str]:
    """
    Read the key, or make it when there is none.

    @return: The key as OpenSSH keeps it, and its fingerprint as OpenSSH prints it.
    @raise SecretsError: if there is a file that is no such key.
    """
    content = read_secret(path)
    if content is None:
        content = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        )
        write_secret(path, content)
    try:
        key = load_ssh_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SecretsError(
            f"{path} does not hold an ed25519 key without a passphrase: put it back "
            "from your backup, or move it away to have a new one made, of which ssh "
            "will warn everybody."
        )
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return content, parse_public_key(public.decode()).fingerprint
