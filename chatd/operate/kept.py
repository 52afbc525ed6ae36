"""The port that an operator chose while the server ran, for the next start."""

import tomllib
from dataclasses import replace
from pathlib import Path

from twisted.logger import Logger

from chatd.operate.settings import Settings, SettingsError
from chatd.secrets.files import write_secret


class KeptPort:
    """
    Keeps the port, and which one it was chosen instead of.

    Whoever chose last has it: C{--port 5050} that was there before the choice gives way
    to it, but another port in the settings was put there after it.

    @ivar path: The file; there is one only while the choice differs from the settings.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._configured = 0

    def applied(self, settings: Settings) -> Settings:
        """
        The settings, with the port that was chosen.

        @raise SettingsError: if the file cannot be understood.
        """
        self._configured = settings.port
        port, instead_of = self._read()
        if port and instead_of == settings.port:
            return replace(settings, port=port)
        return settings

    def tell(self, settings: Settings) -> None:
        """Say in the log which port was chosen last, and forget an older choice."""
        port, instead_of = self._read()
        if settings.port != self._configured:
            _log.warn(
                "port {port}, chosen by an operator instead of {configured} of the "
                "settings; {file} keeps it",
                port=settings.port,
                configured=self._configured,
                file=self.path,
            )
        elif port:
            _log.warn(
                "port {configured} of the settings is newer than the choice of port "
                "{port} instead of {old}, which ends",
                configured=self._configured,
                port=port,
                old=instead_of,
            )
            self.forget()

    @property
    def why(self) -> str:
        """To be added to what is said of the port; C{""} if the settings name it."""
        port, instead_of = self._read()
        if not port or instead_of != self._configured:
            return ""
        return f" ({self.path} has it, because an operator chose it)"

    def keep(self, port: int) -> None:
        """
        Use this port from the next start on.

        @raise SecretsError: if that cannot be written.
        """
        if port == self._configured:
            self.forget()
            return
        text = (
            "# Written by chatd: an operator chose this port while it ran. Another\n"
            "# port in the settings ends that, and so does removing this file.\n"
            f"port = {port}\ninstead_of = {self._configured}\n"
        )
        write_secret(self.path, text.encode(), replace=True)

    def forget(self) -> None:
        """Go by the settings again."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> tuple[int, int]:
        try:
            document = tomllib.loads(self.path.read_text("utf-8"))
            return int(document["port"]), int(document["instead_of"])
        except FileNotFoundError:
            return 0, 0
        except OSError as error:
            raise SettingsError(
                f"{self.path} cannot be read: {error.strerror}"
            ) from None
        except (ValueError, TypeError, KeyError):
            raise SettingsError(
                f"{self.path} is not as chatd writes it; remove it, and the port of "
                "the settings is used"
            ) from None


_log = Logger()
