"""One attack on one server, and what became of everybody else."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.abuse.attack import Attack, claim_code
from benchmarks.abuse.canaries import FRIENDS
from benchmarks.durability.server import ROOT, Server

QUIET = 3.0  # seconds before the attack
AFTER = 4.0  # seconds after it, at least
PATIENCE = 30.0  # seconds until memory and descriptors must be back

# How urgent they are, if that may be said: an attacker has a machine of its own, and
# well-behaved people have nothing else to do.
CANARIES, SERVER, ATTACKER = -10, -5, 5

MIB = 1024 * 1024

# What the issue promises.
WORST = 1000.0  # milliseconds
MEDIAN = 50.0
GROWTH = 100 * MIB

# Beyond this the memory did not come back: room for what Python keeps for next time.
KEPT = 25 * MIB
# Beyond this repeated lines were not summed up. What operators do is told each time.
LOG_LINES = 2000
AUDIT = " chatd.audit: "

# How each line of the log begins.
_LINE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{4} +[a-z]+ +[a-z]")

# The server's own hashing is part of what is attacked.
OPTIONS = (
    "--passwords-memory=19 MiB",
    "--passwords-passes=2",
    f"--limits-exempt={FRIENDS}/32",
)


@dataclass
class Sample:
    """The server, as the system sees it at a moment."""

    memory: int
    descriptors: int
    cpu: float
    starved: float
    time: float


@dataclass
class Result:
    """
    What came out.

    @ivar problems: What is not as promised; empty if all is.
    @ivar noisy: Whether the machine was too busy for the figures to say much.
    """

    attack: Attack
    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    noisy: bool = False

    def check(self, holds: object, problem: str) -> None:
        """Note a problem, unless something holds."""
        if not holds:
            self.problems.append(problem)


class Victim(Server):
    """
    A server that has only so many descriptors.
    """

    descriptors = 0

    def launch(self) -> None:
        super().launch()
        # Python is by far not ready yet to look at it.
        limits = (self.descriptors, self.descriptors)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, limits)
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, SERVER)


def run(attack: Attack, folder: Path) -> Result:
    """Start a server, attack it, and see what becomes of it."""
    result = Result(attack)
    server = Victim(folder, *OPTIONS, *attack.options)
    server.descriptors = min(attack.descriptors, _most())
    result.figures["most descriptors"] = server.descriptors
    server.start()
    try:
        _watch(attack, server, result)
        check_log(server, attack, result)
        began = time.monotonic()
        server.signal()
        status = server.wait()
        result.check(status == 0, f"it ended with status {status}")
        took = time.monotonic() - began
        result.check(took < 10, f"it took {took:.1f} s to stop")
    finally:
        server.kill()
    check_log(server, attack, result)
    return result


def _watch(attack: Attack, server: Server, result: Result) -> None:
    canaries = _start("benchmarks.abuse.canaries", server.port, nice=CANARIES)
    try:
        assert canaries.stdin is not None and canaries.stdout is not None
        if canaries.stdout.readline().strip() != "here":
            result.problems.append("the canaries did not get in")
            return
        _phase(canaries, "quiet")
        start = _sample(server)
        time.sleep(QUIET)
        quiet = _sample(server)
        _phase(canaries, "attack")
        peak = _attack(attack, server, result)
        attacked = _sample(server)
        _phase(canaries, "after")
        after = _recover(server, quiet)
        _phase(canaries, "end")
        time.sleep(1)
        idle = _sample(server)
        told, _ = canaries.communicate(timeout=60)
        report = json.loads(told)
    finally:
        canaries.kill()
    _judge(result, report)
    figures = result.figures
    figures["growth"] = round((peak.memory - quiet.memory) / MIB, 1)
    figures["kept"] = round((after.memory - quiet.memory) / MIB, 1)
    figures["descriptors"] = peak.descriptors
    figures["cpu"] = _share(quiet, attacked)
    figures["starved"] = round(
        100 * (attacked.starved - quiet.starved) / (attacked.time - quiet.time)
    )
    result.check(
        peak.memory - quiet.memory <= GROWTH, f"memory grew by {figures['growth']} MiB"
    )
    result.check(
        after.memory - quiet.memory <= KEPT,
        f"{figures['kept']} MiB of memory did not come back",
    )
    more = after.descriptors - quiet.descriptors
    result.check(more <= 2, f"{more} descriptors did not come back")
    busy = _share(after, idle)
    result.check(
        busy <= _share(start, quiet) + 25, f"afterwards it still uses {busy} % CPU"
    )


def _attack(attack: Attack, server: Server, result: Result) -> Sample:
    """Let the attacker do its worst; what the server needed most meanwhile."""
    attacker = _start(
        "benchmarks.abuse.attacker",
        attack.name,
        server.port,
        claim_code(server.folder),
        nice=ATTACKER,
    )
    peak = _sample(server)
    end = time.monotonic() + 2 * attack.seconds + 60
    try:
        while attacker.poll() is None:
            time.sleep(0.1)
            if server.process.poll() is not None:
                result.problems.append(f"the server died:\n{server.output()[-2000:]}")
                break
            if time.monotonic() > end:
                result.problems.append("the attack does not end")
                break
            now = _sample(server)
            peak.memory = max(peak.memory, now.memory)
            peak.descriptors = max(peak.descriptors, now.descriptors)
    finally:
        attacker.kill()
    told, _ = attacker.communicate()
    result.check(attacker.returncode == 0, f"the attacker ended with {attacker}")
    if told:
        result.figures["attack"] = json.loads(told)
    return peak


def _recover(server: Server, before: Sample) -> Sample:
    """Wait until the server is as it was, or should be."""
    begun = time.monotonic()
    while True:
        time.sleep(0.2)
        now = _sample(server)
        back = (
            now.memory - before.memory <= KEPT
            and now.descriptors - before.descriptors <= 2
        )
        if time.monotonic() > begun + (AFTER if back else PATIENCE):
            return now


def _judge(result: Result, report: dict[str, Any]) -> None:
    figures, attack = result.figures, result.attack
    phases = report["phases"]
    for name in ("attack", "after"):
        phase = phases[name]
        lost, reordered = phase["lost"], phase["reordered"]
        result.check(not lost, f"{lost} of {phase['sent']} messages were lost")
        result.check(not reordered, f"{reordered} messages were out of order")
        result.check(
            phase["worst"] <= WORST, f"{name}: a message came {phase['worst']} ms late"
        )
        result.check(
            phase["median"] <= MEDIAN, f"{name}: median {phase['median']} ms late"
        )
        if attack.newcomers or name == "after":
            for why in phase["shut out"]:
                result.problems.append(f"{name}: a newcomer was shut out: {why}")
    slow = phases["after"]["newcomer"]
    result.check(
        slow <= 2 * WORST or phases["after"]["shut out"],
        f"afterwards a newcomer waited {slow} ms",
    )
    result.check(
        not report["thrown out"], f"thrown out: {', '.join(report['thrown out'])}"
    )
    result.check(not report["dirty"], f"shown to people: {report['dirty']}")
    during = phases["attack"]
    figures["quiet"] = [phases["quiet"]["median"], phases["quiet"]["worst"]]
    figures["late"] = [during["median"], during["worst"]]
    figures["noise"] = during["noise"]
    figures["newcomer"] = during["newcomer"]
    figures["shut out"] = len(during["shut out"])
    result.noisy = (
        max(phase["noise"] for phase in phases.values()) > WORST / 4
        or phases["quiet"]["worst"] > WORST / 2
    )


def check_log(server: Server, attack: Attack, result: Result) -> None:
    """See whether it tells what happened, and no more often than it must."""
    files = [*(server.data / "log").glob("chatd.log*"), server.folder / "output"]
    text = "".join(file.read_text("utf-8", "replace") for file in files[:-1])
    output = files[-1].read_text("utf-8", "replace")
    for found in re.findall(
        r".*(?:Traceback|Unhandled| error | critical ).*", text + output
    )[:3]:
        if f"in the log: {found}" not in result.problems:
            result.problems.append(f"in the log: {found}")
    for line in text.splitlines():
        forged = f"not a line of the log: {line[:200]!r}"
        if not _LINE.match(line) and forged not in result.problems:
            result.problems.append(forged)
            break
    lines = sum(AUDIT not in line for line in text.splitlines())
    result.figures["log"] = lines
    told = f"{lines} lines in the log"
    if lines > LOG_LINES and told not in result.problems:
        result.problems.append(told)
    for pattern in attack.logged:
        missing = f"the log does not tell: {pattern}"
        if not re.search(pattern, text) and missing not in result.problems:
            result.problems.append(missing)


def take_precedence() -> None:
    """Go before what else the machine does, where that may be said."""
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("-10")


def _most() -> int:
    """Descriptors that a process can have here."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def _sample(server: Server) -> Sample:
    folder = Path(f"/proc/{server.process.pid}")
    memory = cpu = 0
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                memory = int(line.split()[1]) * 1024
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        cpu = int(stat[11]) + int(stat[12])
        waited = int((folder / "schedstat").read_text().split()[1])
        count = len(os.listdir(folder / "fd"))
    except (OSError, IndexError):
        return Sample(0, 0, 0.0, 0.0, time.monotonic())
    return Sample(memory, count, cpu / _TICKS, waited / 1e9, time.monotonic())


def _share(before: Sample, after: Sample) -> int:
    """Percent of a processor that was used."""
    return round(100 * (after.cpu - before.cpu) / (after.time - before.time))


def _start(module: str, *words: object, nice: int) -> "subprocess.Popen[str]":
    def less_or_more_urgent() -> None:
        with suppress(PermissionError):
            os.nice(nice)

    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, words)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=less_or_more_urgent,
    )


def _phase(canaries: "subprocess.Popen[str]", name: str) -> None:
    assert canaries.stdin is not None
    canaries.stdin.write(f"{name}\n")
    canaries.stdin.flush()


_TICKS = os.sysconf("SC_CLK_TCK")
