"""
Looks for bytes that do harm, led by the code that they reach.

    python -m benchmarks.fuzz                       a minute for each target
    python -m benchmarks.fuzz port telnet --seconds 600

The targets, and what must hold in each, are in tests/fuzz/targets.py. What is found
ends up in tests/fuzz/found/, where the normal tests try it from then on. It needs
atheris: pip install -e '.[fuzz]'
"""

import argparse
import hashlib
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOUND = Path(__file__).parents[1] / "tests" / "fuzz" / "found"
LONGEST = 2_048  # bytes

# What libFuzzer says last: how much code was reached, and in how many runs.
_REACHED = re.compile(r"cov: (\d+)")


def main() -> int:
    """Run the targets one after another; the exit status tells whether all are well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help="which; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each")
    parser.add_argument("--corpus", help="folder where what reaches new code is kept")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("skipped: atheris is not installed: pip install -e '.[fuzz]'")
        return 0
    if options.inside:
        fuzz(options.inside, options.targets)
    from tests.fuzz.targets import TARGETS

    chosen = options.targets or list(TARGETS)
    unknown = [name for name in chosen if name not in TARGETS]
    if unknown:
        parser.error(f"no such target: {unknown[0]}; there are {', '.join(TARGETS)}")
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(options.corpus or folder)
        results = [run(name, options.seconds, corpus / name) for name in chosen]
    return 0 if all(results) else 1


def run(name: str, seconds: int, corpus: Path) -> bool:
    """
    Run a target in a process of its own, which libFuzzer wants for itself.

    @return: Whether nothing was found.
    """
    from tests.fuzz.targets import SEEDS

    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-artifact_prefix={folder}/",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            str(corpus),
        ]
        command = [sys.executable, "-m", "benchmarks.fuzz", "--inside", name, "--"]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, errors="replace"
        )
        print(f"{name:12} {_figures(done.stderr, seconds)}", flush=True)
        if done.returncode == 0:
            return True
        print("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
        for file in Path(folder).iterdir():
            data = file.read_bytes()
            kept = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
            kept.write_bytes(data)
            print(f"found: {kept}: {data[:200]!r}")
    return False


def fuzz(name: str, arguments: list[str]) -> None:
    """Run one target until libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["chatd"]):
        from tests.fuzz.targets import TARGETS

    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def _figures(said: str, seconds: int) -> str:
    reached = _REACHED.findall(said)
    runs = re.findall(r"number_of_executed_units: +(\d+)", said)
    count = int(runs[-1]) if runs else 0
    return (
        f"{count:>9,} runs, {count / seconds:>7,.0f} a second, "
        f"{reached[-1] if reached else '?':>5} branches reached"
    )


if __name__ == "__main__":
    sys.exit(main())
