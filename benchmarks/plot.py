"""Pictures of what was measured: bars of text, and a file for those who look."""

import math
from collections.abc import Iterator
from pathlib import Path

from benchmarks.marks import Results

WIDTH = 48  # characters

# Below, a bar would be of no length; microseconds.
LEAST = 0.01


def bars(results: Results) -> Iterator[str]:
    """What a delivery costs, on a scale where each step is ten times the last."""
    costs = {
        load: {name: figures["us"] for name, figures in servers.items()}
        for load, servers in results.items()
        if servers and all("p50" in figures for figures in servers.values())
    }
    if not costs:
        return
    most = max(cost for servers in costs.values() for cost in servers.values())
    per_step = WIDTH / math.log10(most / LEAST)
    yield f"server CPU, us a delivery; logarithmic, from {LEAST}"
    for load, servers in costs.items():
        yield load
        for name, cost in servers.items():
            length = round(per_step * math.log10(max(cost, LEAST) / LEAST))
            yield f"  {name:11} {'#' * length} {cost:.3f}"


def picture(results: Results, path: Path) -> None:
    """
    Draw costs and latencies.

    @raise ImportError: if matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    loads = [
        load
        for load, servers in results.items()
        if servers and all("p50" in figures for figures in servers.values())
    ]
    names = list(dict.fromkeys(name for load in loads for name in results[load]))
    figure = Figure(figsize=(11, 8), layout="constrained")
    for place, (key, title) in enumerate(
        (
            ("us", "server CPU per delivery, microseconds"),
            ("p99", "latency, 99 of 100, milliseconds"),
        )
    ):
        axes = figure.add_subplot(2, 1, place + 1)
        width = 0.8 / len(names)
        for number, name in enumerate(names):
            there = [i for i, load in enumerate(loads) if name in results[load]]
            axes.bar(
                [i + number * width for i in there],
                [results[loads[i]][name][key] for i in there],
                width,
                label=name,
            )
        axes.set_yscale("log")
        axes.set_title(title)
        axes.set_xticks([i + 0.4 - width / 2 for i in range(len(loads))], loads)
        axes.tick_params(axis="x", rotation=20)
        axes.legend()
    figure.savefig(path)
