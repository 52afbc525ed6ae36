"""Where a program went away, so that it can come back there."""

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path

from chatd.client.client import Client
from chatd.client.credentials import Credentials


class Memory:
    """
    A file with a token and a cursor, for its owner alone.

    @ivar cursor: Where the program went away; C{""} if it was never there.
    """

    def __init__(self, path: Path) -> None:
        """
        @raise OSError: or C{ValueError}, if what is there cannot be read.
        """
        self.cursor = ""
        self._path = path
        self._token = self._name = ""
        with contextlib.suppress(FileNotFoundError):
            found = json.loads(path.read_text("utf-8"))
            self.cursor = str(found["cursor"])
            self._token, self._name = str(found["token"]), str(found["name"])

    def recall(self, credentials: Credentials) -> Credentials:
        """Come back as the same, if it is the same who comes back."""
        if credentials.name.casefold() not in ("", self._name.casefold()):
            self.cursor = ""
            return credentials
        return replace(credentials, token=self._token or credentials.token)

    def keep(self, client: Client) -> None:
        """Remember who it is, and what was handled."""
        now = client.credentials
        found = {"name": now.name, "token": now.token, "cursor": client.cursor}
        new = self._path.with_name(f".{self._path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(found, file)
        os.replace(new, self._path)
