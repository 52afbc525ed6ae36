"""Keeps secrets in files that only the server may read."""

import os
import tempfile
from pathlib import Path

_POSIX = os.name == "posix"


class SecretsError(Exception):
    """Something is wrong with the secrets: one sentence for the operator."""


def write_secret(path: Path, data: bytes, *, replace: bool = False) -> None:
    """
    Write a file so that it is there whole, for us alone, or not at all.

    Its folder is made, with mode 0700, when it is missing.

    @param replace: Whether a file that exists may be replaced.
    @raise SecretsError: if it exists, or cannot be written.
    """
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")  # 0600
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(name, path)
            else:
                publish(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync(folder)
    except FileExistsError:
        raise SecretsError(f"{path} exists already and is left as it is.") from None
    except OSError as error:
        raise SecretsError(f"{path} cannot be written: {error.strerror}.") from error


def read_secret(path: Path) -> bytes | None:
    """
    Read a file.

    @return: C{None} if there is none.
    @raise SecretsError: if there is one that cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SecretsError(f"{path} cannot be read: {error.strerror}.") from error


def exists(path: Path) -> bool:
    """
    Whether a file of this name is there.

    @raise SecretsError: if that cannot be known.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SecretsError(f"{path} cannot be looked at: {error.strerror}.") from error
    return True


def publish(name: str, path: Path) -> None:
    """
    Give a file its name, unless another has it: a rename could not tell.

    @raise FileExistsError: if another has it.
    """
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if exists(path):
            raise FileExistsError from None
        os.rename(name, path)
    else:
        os.unlink(name)


def _sync(folder: Path) -> None:
    """Make a new name in the folder outlive a power cut; Windows does so by itself."""
    if _POSIX:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
