"""Figures as Prometheus reads them: its text format, version 0.0.4."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from chatd.chat.spread import STEPS, Spread

KIND = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One number, or several that differ in a label.

    @ivar name: With its unit at the end, and C{_total} if it only grows.
    @ivar value: A number, numbers by the label's value, or a spread.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    help: str
    value: float | Mapping[str, float] | Spread
    label: str = ""


def render(figures: Iterable[Figure]) -> bytes:
    """The whole page."""
    return "".join(map(_figure, figures)).encode()


def _figure(figure: Figure) -> str:
    name, value = figure.name, figure.value
    head = f"# HELP {name} {figure.help}\n# TYPE {name} {figure.kind}\n"
    match value:
        case Spread():
            lines = _spread(name, value)
        case Mapping():
            lines = [
                f'{name}{{{figure.label}="{_escape(key)}"}} {number:.16g}\n'
                for key, number in sorted(value.items())
            ]
        case _:
            lines = [f"{name} {value:.16g}\n"]
    return head + "".join(lines)


def _spread(name: str, spread: Spread) -> list[str]:
    *counts, count = accumulate(spread.counts)
    lines = [
        f'{name}_bucket{{le="{step:g}"}} {so_far}\n'
        for step, so_far in zip(STEPS, counts, strict=True)
    ]
    return [
        *lines,
        f'{name}_bucket{{le="+Inf"}} {count}\n',
        f"{name}_sum {spread.total:.16g}\n",
        f"{name}_count {count}\n",
    ]


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
