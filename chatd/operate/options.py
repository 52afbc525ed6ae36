"""The settings as options of a command line."""

import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NoReturn

from twisted.python.usage import Options, UsageError

from chatd import __version__
from chatd.operate.setting import DECLARED, Setting
from chatd.operate.settings import Settings, SettingsError, load, write_config


def _about(setting: Setting) -> str:
    default = setting.show(setting.default).replace('"', "")
    return f"{setting.help} [{default}]" if default else setting.help


class SettingsOptions(Options):
    """
    Options for every setting; a wrong one ends the program with one line.

    @ivar settings: What was given, from all sources; there after parsing.
    """

    settings: Settings
    longdesc = ""  # Twisted would take the docstring of whatever program is running

    optParameters = (
        ("config", "c", None, "A TOML file with settings, for all the options below."),
        *(
            (one.option, "p" if one.name == "port" else None, None, _about(one))
            for one in DECLARED.values()
            if not one.repeatable
        ),
    )
    optFlags = (("write-config", None, "Print a commented TOML file and exit."),)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        try:
            super().parseOptions(options)
        except UsageError as error:
            # Twisted would print pages of help before it.
            _give_up(f"{error}{self._hint(str(error))}")

    def parseArgs(self, *words: str) -> None:
        if words:
            raise UsageError(f"{words[0]} is no option: options begin with --")

    def postOptions(self) -> None:
        if self["config"]:
            # A reload must find it, wherever twistd went.
            self["config"] = os.path.abspath(self["config"])
        try:
            self.settings = load(self, os.environ)
        except SettingsError as error:
            _give_up(str(error))
        if self["write-config"]:
            sys.stdout.write(write_config(self.settings))
            sys.exit(0)

    def opt_version(self) -> NoReturn:
        """Print the version and exit."""
        print(f"chatd {__version__}")
        sys.exit(0)

    def _hint(self, error: str) -> str:
        wrong = [word for word in error.split() if word.startswith("--") and word[2:]]
        known = [option.rstrip("=") for option in self.longOpt]
        close = get_close_matches(wrong[0][2:], known, 1) if wrong else []
        return f"; did you mean --{close[0]}?" if close else ""


def _repeatable(setting: Setting) -> Callable[[SettingsOptions, str], None]:
    def option(self: SettingsOptions, value: str) -> None:
        self[setting.option] = [*self.get(setting.option, []), value]

    option.__doc__ = _about(setting)
    return option


for _setting in DECLARED.values():
    if _setting.repeatable:
        _name = "opt_" + _setting.option.replace("-", "_")
        setattr(SettingsOptions, _name, _repeatable(_setting))


def _give_up(reason: str) -> NoReturn:
    sys.exit(f"chatd: {reason}")
