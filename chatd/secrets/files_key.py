"""The key of shared files: made once, never made anew over files."""

import hmac
from pathlib import Path

from chatd.secrets.database_key import check_value, database_key
from chatd.secrets.files import SecretsError, read_secret, write_secret

# Lies beside the files and tells their key from another; it says nothing about it.
MARK = "key-check"


def files_key(path: Path, folder: Path) -> bytes:
    """
    Read the key, or make it when nothing was shared yet.

    @param path: Where the key is kept.
    @param folder: Where the files are.
    @return: 32 bytes.
    @raise SecretsError: if there are files, and no key or another one.
    """
    mark = folder / MARK
    key = database_key(path, mark, *_any(folder))
    check = check_value(key).encode()
    known = read_secret(mark)
    if known is None:
        write_secret(mark, check + b"\n")
    elif known.strip() != check:
        raise SecretsError(
            f"{path} is not the key of the files in {folder}: put the right one back"
            " from your backup, or move the files away to begin anew."
        )
    return bytes.fromhex(key)


def link_key(key: bytes) -> bytes:
    """Derive the key of the links to files; whoever had it could read none."""
    return hmac.digest(key, b"chatd: links to shared files", "sha256")


def _any(folder: Path) -> list[Path]:
    """Name one file in a folder, if there are any."""
    try:
        return [next(folder.iterdir())]
    except (FileNotFoundError, NotADirectoryError, StopIteration):
        return []
    except OSError as error:
        raise SecretsError(f"{folder} cannot be read: {error.strerror}.") from error
