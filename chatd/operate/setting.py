"""One setting: what was declared of it, and how its value is read and written."""

import json
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from ipaddress import ip_network
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from chatd.operate import units
from chatd.operate.declared import Network, Settings

_BOOLEANS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


class Setting(NamedTuple):
    """
    A setting as it was declared.

    @ivar name: With its group, as in C{limits.line}.
    @ivar kind: Its type.
    @ivar live: Whether a reload applies it.
    """

    name: str
    kind: Any
    default: Any
    help: str
    unit: units.Unit
    live: bool
    low: float | None
    high: float | None

    @property
    def option(self) -> str:
        """Its name on the command line, without the dashes."""
        return self.name.replace(".", "-").replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "CHATD_" + self.name.replace(".", "_").upper()

    @property
    def repeatable(self) -> bool:
        """Whether it holds any number of values."""
        return get_origin(self.kind) is tuple

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.kind is bool:
            return "yes or no"
        if get_origin(self.kind) is Literal:
            *most, last = get_args(self.kind)
            return f"{', '.join(most)} or {last}"
        if self.repeatable:
            return f"a list of {'networks' if self._networks else 'texts'}"
        if self.kind is str:
            return "a text"
        text = units.allowed(self.unit, whole=self.kind is int)
        low = units.show(self.low or 0, self.unit)
        if self.high is None:
            return f"{text}; at least {low}"
        return f"{text}; from {low} to {units.show(self.high, self.unit)}"

    def read(self, raw: Any) -> Any:
        """
        Turn what was given, as text or as TOML has it, into the setting's type.

        @raise ValueError: if that cannot be.
        """
        if self.repeatable:
            if not isinstance(raw, list) or not all(
                isinstance(one, str) for one in raw
            ):
                raise ValueError("not a list of texts")
            return tuple(self._one(one) for one in raw)
        if self.kind is bool:
            if str(raw).lower() not in _BOOLEANS:
                raise ValueError("neither yes nor no")
            return _BOOLEANS[str(raw).lower()]
        if self.kind in (int, float):
            return self._number(raw)
        if not isinstance(raw, str):
            raise ValueError("not a text")
        if get_origin(self.kind) is Literal and raw not in get_args(self.kind):
            raise ValueError("not one of the words")
        return self._one(raw)

    def _one(self, text: str) -> Any:
        text.encode()  # a ValueError for bytes that are not UTF-8
        return ip_network(text) if self._networks else text

    def _number(self, raw: Any) -> float:
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            raise ValueError("not a number")
        number = units.parse(raw, self.unit) if isinstance(raw, str) else raw
        high = sys.float_info.max if self.high is None else self.high
        # The negation refuses nan as well.
        if not (self.low or 0) <= number <= high:
            raise ValueError("too small or too big")
        if self.kind is float:
            return float(number)
        if number != int(number):
            raise ValueError("not a whole number")
        return int(number)

    @property
    def _networks(self) -> bool:
        return Network in get_args(self.kind)

    def show(self, value: Any) -> str:
        """Write a value as TOML has it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            text = units.show(value, self.unit)
            return json.dumps(text) if " " in text else text
        if self.repeatable:
            return f"[{', '.join(_quote(str(one)) for one in value)}]"
        return _quote(value)


def _quote(text: str) -> str:
    # JSON's strings are TOML's, but for DEL and for pairs of surrogates.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _collect(group: type[Any], prefix: str = "") -> Iterator[Setting]:
    hints = get_type_hints(group)
    for field in fields(group):
        name, kind = f"{prefix}{field.name}", hints[field.name]
        if is_dataclass(kind):
            yield from _collect(kind, f"{name}.")  # type: ignore[arg-type]
        else:
            assert field.default is not MISSING
            yield Setting(name, kind, field.default, **field.metadata)


# Every setting by its full name, in the order of declaration.
DECLARED = {setting.name: setting for setting in _collect(Settings)}
