"""
Reads the settings from wherever the operator put them.

A value comes from the command line, else the environment, else the TOML file, else
the default. C{limits.message_chars} is C{--limits-message-chars},
C{CHATD_LIMITS_MESSAGE_CHARS}, and C{message_chars} in the table C{[limits]}.
"""

import json
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, get_type_hints

from chatd.operate.declared import Settings
from chatd.operate.setting import DECLARED, Setting
from chatd.operate.units import read_kept

__all__ = [
    "Changes",
    "Settings",
    "SettingsError",
    "adopted",
    "changed",
    "load",
    "write_config",
]


class SettingsError(Exception):
    """A setting is wrong: one line that names it, its source and what is allowed."""


@dataclass(frozen=True, slots=True)
class Changes:
    """
    The names of the settings in which two C{Settings} differ.

    @ivar live: A reload applies these.
    @ivar restart: These wait for a restart.
    """

    live: tuple[str, ...]
    restart: tuple[str, ...]


def load(options: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """
    Put the settings together.

    @param options: From the command line: texts, or lists of texts, by their names
        there; what is C{None} or missing was not given. C{config} names the file.
    @raise SettingsError: if something is wrong with one of them.
    """
    file = options.get("config") or environ.get("CHATD_CONFIG")
    given = dict(_read_file(file)) if file else {}
    given.update(_read_environment(environ))
    for setting in DECLARED.values():
        raw = options.get(setting.option)
        if raw is not None:
            given[setting.name] = _read(setting, raw, f"--{setting.option}")
    settings: Settings = _build(Settings, given)
    _check_together(settings)
    return settings


def changed(old: Settings, new: Settings) -> Changes:
    """Say what a reload changes, and what it cannot."""
    different = [
        setting
        for setting in DECLARED.values()
        if attrgetter(setting.name)(old) != attrgetter(setting.name)(new)
    ]
    return Changes(
        tuple(setting.name for setting in different if setting.live),
        tuple(setting.name for setting in different if not setting.live),
    )


def adopted(old: Settings, new: Settings) -> Settings:
    """Say what holds after a reload: the new value of what it can change."""
    settings: Settings = _build(
        Settings,
        {
            setting.name: attrgetter(setting.name)(new if setting.live else old)
            for setting in DECLARED.values()
        },
    )
    return settings


def write_config(settings: Settings) -> str:
    """Write a TOML file: what differs from the defaults, and the rest as comments."""
    lines = [
        "# Settings of chatd. What stands behind # is the default.",
        "# [reload] marks what SIGHUP or /reload applies; the rest needs a restart.",
    ]
    table = ""
    for setting in sorted(DECLARED.values(), key=lambda setting: "." in setting.name):
        group, _, key = setting.name.rpartition(".")
        if group != table:
            table = group
            about = get_type_hints(Settings)[group].__doc__
            lines += ["", "", f"# {about}.", f"[{group}]"]
        value = attrgetter(setting.name)(settings)
        reload = " [reload]" if setting.live else ""
        words = f"{setting.help} ({setting.allowed}){reload}"
        lines += [
            "",
            *textwrap.wrap(words, 86, initial_indent="# ", subsequent_indent="# "),
        ]
        mark = "# " if value == setting.default else ""
        lines.append(f"{mark}{key} = {setting.show(value)}")
    return "\n".join(lines) + "\n"


def _build(group: type[Any], given: Mapping[str, Any], prefix: str = "") -> Any:
    """Make the dataclass of a group from values by full name."""
    hints = get_type_hints(group)
    values = {}
    for field in fields(group):
        name, kind = f"{prefix}{field.name}", hints[field.name]
        if is_dataclass(kind):
            values[field.name] = _build(kind, given, f"{name}.")  # type: ignore[arg-type]
        elif name in given:
            values[field.name] = given[name]
    return group(**values)


def _read_file(path: str) -> Iterator[tuple[str, Any]]:
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # also for what is not UTF-8
        raise SettingsError(f"{path} is not TOML: {error}") from None
    groups = {name.partition(".")[0] for name in DECLARED if "." in name}
    for name, raw in _flat(document, groups, path):
        if name not in DECLARED:
            raise SettingsError(f"{name} ({path}): {_unknown(name, DECLARED)}")
        yield name, _read(DECLARED[name], raw, path)


def _flat(
    document: dict[str, Any], groups: set[str], path: str
) -> Iterator[tuple[str, Any]]:
    for key, raw in document.items():
        if key not in groups:
            if isinstance(raw, dict):
                raise SettingsError(f"[{key}] ({path}): {_unknown(key, groups)}")
            yield key, raw
        elif isinstance(raw, dict):
            for inner in raw:
                yield f"{key}.{inner}", raw[inner]
        else:
            raise SettingsError(f"{key} ({path}) is a table: [{key}]")


def _read_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    variables = {setting.variable: setting for setting in DECLARED.values()}
    for name, text in environ.items():
        if name in variables and text:
            setting = variables[name]
            raw = text.split() if setting.repeatable else text
            yield setting.name, _read(setting, raw, name)
        elif (
            name.startswith("CHATD_")
            and name not in (*variables, "CHATD_CONFIG")
            # Only what is nearly right is an error: container tools make variables
            # of their own from the name of a service (CHATD_PORT_5050_TCP).
            and get_close_matches(name, variables, 1, cutoff=0.85)
        ):
            raise SettingsError(f"{name} (environment): {_unknown(name, variables)}")


def _unknown(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"there is no such setting{hint}"


def _read(setting: Setting, raw: Any, source: str) -> Any:
    try:
        return setting.read(raw)
    except ValueError:
        shown = json.dumps(raw, ensure_ascii=False, default=str)[:200]
        raise SettingsError(
            f"{setting.name} ({source}): {shown} is not allowed; "
            f"allowed: {setting.allowed}"
        ) from None


def _check_together(settings: Settings) -> None:
    """Refuse values that are right by themselves and wrong together."""
    limits, history, passwords = settings.limits, settings.history, settings.passwords
    for smaller, small, bigger, big in (
        ("history.shown", history.shown, "history.max", history.max),
        ("limits.line_before", limits.line_before, "limits.line", limits.line),
        ("limits.unread_pause", limits.unread_pause, "limits.unread", limits.unread),
        (
            "passwords.min_chars",
            passwords.min_chars,
            "passwords.max_chars",
            passwords.max_chars,
        ),
    ):
        if small > big:
            raise SettingsError(
                f"{smaller} is {small} and {bigger} is {big}: "
                "the first must not be larger"
            )
    for text in history.rooms:
        try:
            read_kept(text)
        except ValueError:
            raise SettingsError(
                f"history.rooms: {json.dumps(text)[:200]} is not allowed; allowed: a"
                " room and how long or how many, as in ops=90d, ops=5000 or ops=0"
            ) from None
    if bool(settings.tls.certificate) != bool(settings.tls.key):
        raise SettingsError("tls.certificate and tls.key: give both or neither")
