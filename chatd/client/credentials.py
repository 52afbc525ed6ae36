"""As whom to come in, and how that is said beforehand: a file, or the environment."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from platformdirs import user_config_path

# In the folder of the user's configuration.
FILE = "credentials.toml"
KNOWN = "known_servers"

_VARIABLES = {
    "server": "CHATD_SERVER",
    "name": "CHATD_USER",
    "password": "CHATD_PASSWORD",
    "token": "CHATD_TOKEN",
    "trust": "CHATD_TRUST",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    As whom to come in.

    @ivar password: C{None} for a guest.
    @ivar token: What an earlier entry gave; it is tried first.
    """

    name: str = ""
    password: str | None = None
    token: str = ""

    def fields(self) -> dict[str, str]:
        """What C{enter} is asked with."""
        if self.token:
            return {"token": self.token}
        password = {} if self.password is None else {"password": self.password}
        return {"name": self.name} | password


class BadCredentials(Exception):
    """They cannot be used: one sentence for people."""


@dataclass(frozen=True, slots=True)
class Given:
    """
    What was said of a server beforehand; what was not is C{""}.

    @ivar trust: The fingerprint of its certificate.
    """

    server: str = ""
    name: str = ""
    password: str = ""
    token: str = ""
    trust: str = ""


def folder() -> Path:
    """Where this user's configuration is kept."""
    return user_config_path("chatd", appauthor=False)


def read_given(environ: Mapping[str, str], path: str = "") -> Given:
    """
    Read the environment and a file; the environment goes first.

    @param path: Of the file; C{""} for the usual one, which need not be there.
    @raise BadCredentials: if the file cannot be used.
    """
    found = _read(Path(path) if path else folder() / FILE, needed=bool(path))
    for name, variable in _VARIABLES.items():
        if environ.get(variable):
            found[name] = environ[variable]
    return Given(**found)


def _read(path: Path, *, needed: bool) -> dict[str, str]:
    if not needed and not path.exists():
        return {}
    import tomllib  # most have no such file, and it takes a while

    try:
        with path.open("rb") as file:
            _check(path, os.fstat(file.fileno()))
            found = tomllib.load(file)
    except FileNotFoundError:
        raise BadCredentials(f"{path}: there is no such file.") from None
    except OSError as error:
        raise BadCredentials(f"{path}: {error.strerror}.") from None
    except ValueError as error:
        raise BadCredentials(f"{path} is no TOML: {error}.") from None
    known = [field.name for field in fields(Given)]
    for name, value in found.items():
        if name not in known or not isinstance(value, str):
            raise BadCredentials(f"{path}: {name} is none of {', '.join(known)}.")
    return found


def _check(path: Path, status: os.stat_result) -> None:
    """Whoever else may read a password will."""
    if os.name != "posix":
        return
    if status.st_uid not in (os.getuid(), 0) or stat.S_IMODE(status.st_mode) & 0o077:
        raise BadCredentials(
            f"{path} can be read by others, so it is not used: chmod 600 {path}"
        )
