"""The key of the encrypted database: made once, never made anew over data."""

import hmac
import secrets
from pathlib import Path

from chatd.secrets.files import SecretsError, exists, read_secret, write_secret

_BYTES = 32
_CONSTANT = b"chatd database key, version 1"


def database_key(path: Path, *data: Path) -> str:
    """
    Read the key, or make it when there is no data yet.

    @param path: Where the key is kept.
    @param data: The database and its marker: data is there when one of them is.
    @return: 64 hexadecimal digits.
    @raise SecretsError: if there is data and no key, or the key is not one.
    """
    content = read_secret(path)
    if content is not None:
        return _read(path, content)
    for file in data:
        if exists(file):
            raise SecretsError(
                f"{path} is missing, and {file} cannot be read without it: put the key"
                " back from your backup, or move the data away to begin anew."
            )
    key = secrets.token_hex(_BYTES)
    write_secret(path, key.encode() + b"\n")
    return key


def known_key(path: Path) -> str:
    """
    Read the key, and never make one.

    @return: 64 hexadecimal digits.
    @raise SecretsError: if there is none, or it is not one.
    """
    content = read_secret(path)
    if content is None:
        raise SecretsError(f"{path} is missing: put it back from your copy of it.")
    return _read(path, content)


def check_value(key: str) -> str:
    """
    Derive what is kept beside the data, to tell a wrong key from a damaged database.

    @return: 16 hexadecimal digits, which say nothing about the key.
    """
    return hmac.digest(bytes.fromhex(key), _CONSTANT, "sha256").hex()[:16]


def _read(path: Path, content: bytes) -> str:
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise SecretsError(
            f"{path} does not hold a key ({2 * _BYTES} hexadecimal digits): put it back"
            " from your backup."
        )
    return key.hex()
