"""Reads the public SSH keys that people hand in."""

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_public_key,
)

from chatd.chat.clean import clean
from chatd.chat.errors import BadRequest
from chatd.chat.store import PublicKey

RSA_BITS = 2048  # at least
_LONGEST = 4096  # characters of a line; RSA with 16,384 bits has 2,750
_COMMENT = 64  # characters that are kept
_KINDS = "Keys of the kinds ed25519, ecdsa and rsa are accepted."


def parse_public_key(line: str) -> PublicKey:
    """
    Read a line of an C{id_….pub} or C{authorized_keys} file.

    @raise BadRequest: if it holds no key that is accepted here; says why.
    """
    if "PRIVATE KEY" in line:
        raise BadRequest(
            "That is a private key: show it to nobody. Send the line in the file"
            " that ends in .pub."
        )
    kind, _, rest = clean(line).strip().partition(" ")
    data, _, comment = rest.strip().partition(" ")
    if not data or len(line) > _LONGEST:
        raise BadRequest(
            "A public key is one line that begins with ssh-ed25519, ecdsa-… or ssh-rsa."
        )
    try:
        key = load_ssh_public_key(f"{kind} {data}".encode())
    except UnsupportedAlgorithm:
        raise BadRequest(_KINDS) from None
    except (ValueError, UnicodeEncodeError, binascii.Error):
        raise BadRequest("That public key is damaged: copy its whole line.") from None
    match key:
        case Ed25519PublicKey() | EllipticCurvePublicKey():
            pass
        case RSAPublicKey() if key.key_size >= RSA_BITS:
            pass
        case RSAPublicKey():
            raise BadRequest(f"An RSA key needs {RSA_BITS} bits at least; " + _KINDS)
        case _:
            raise BadRequest(_KINDS)
    written = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    if not kind.startswith("sk-"):  # those hold more, which would be lost
        kind, _, data = written.partition(" ")
    fingerprint = base64.b64encode(hashlib.sha256(base64.b64decode(data)).digest())
    return PublicKey(
        kind,
        data,
        comment.strip()[:_COMMENT],
        "SHA256:" + fingerprint.decode().rstrip("="),
    )
