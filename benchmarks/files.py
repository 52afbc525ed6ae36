"""
What a chat notices while large files go up and down.

C{python -m benchmarks.files [--megabytes 100] [--files 10] [--tls]}: so many files are
put and as many fetched, all at once, by curl. Meanwhile two people talk on other
connections, and it is measured how long each line takes, and how much memory the server
takes more than before. The same talk alone comes first, as a canary says how late a
process is that only sleeps: on a busy machine these are what to compare with.
"""

import argparse
import contextlib
import os
import re
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from benchmarks.servers import LOAD_CPU, SERVERS, Running, running

PASSWORD = "correct-horse-battery"

# Seconds between two lines, and of talk alone.
PACE = 0.02
ALONE = 5.0

MB = 1_000_000


class Person:
    """Somebody with nc."""

    def __init__(self, port: int, *lines: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(30)
        self.heard = b""
        self.expect(b"/help for more.")
        for line in lines:
            self.say(line)
        self.expect(b"has joined the chat.")

    def say(self, line: str) -> None:
        """Type a line."""
        self.socket.sendall(f"{line}\n".encode())

    def expect(self, what: bytes) -> bytes:
        """Read until something comes; it, and what came before it."""
        while what not in self.heard:
            data = self.socket.recv(65_536)
            assert data, "the server hung up"
            self.heard += data
        before, _, self.heard = self.heard.partition(what)
        return before + what

    def link(self, pattern: bytes, *lines: str) -> str:
        """An address that the server answers with."""
        for line in lines:
            self.say(line)
        while True:
            match = re.search(pattern + rb"\S*(?=[^\r\n]*\r\n)", self.heard)
            if match is not None:
                self.heard = self.heard[match.end() :]
                return match[0].decode()
            data = self.socket.recv(65_536)
            assert data, "the server hung up"
            self.heard += data


@dataclass
class Talk:
    """
    Two people of whom one says something and the other reads it, again and again.

    @ivar delays: Seconds until each line was read.
    @ivar late: Seconds by which this process was late when it only slept.
    """

    speaker: Person
    reader: Person
    delays: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    over: bool = False

    def run(self) -> None:
        """Talk until it is over."""
        number = 0
        while not self.over:
            began = time.perf_counter()
            time.sleep(PACE)
            self.late.append(time.perf_counter() - began - PACE)
            number += 1
            words = f"line {number} of {id(self)}"
            said = time.perf_counter()
            self.speaker.say(words)
            self.reader.expect(words.encode())
            self.delays.append(time.perf_counter() - said)

    def report(self, name: str) -> None:
        """Print what was measured."""
        for what, seconds in (("a line", self.delays), ("canary", self.late)):
            worst = quantiles(seconds, n=100)[-1]
            print(
                f"{name:<16} {what:<8} {len(seconds):>6} {median(seconds) * 1e3:>8.1f} "
                f"{worst * 1e3:>8.1f} {max(seconds) * 1e3:>8.1f}"
            )


def talk(port: int, seconds: float) -> Talk:
    """Talk for some time."""
    talking = begin(port)
    time.sleep(seconds)
    end(talking)
    return talking


_threads: dict[int, threading.Thread] = {}


def begin(port: int) -> Talk:
    """Let two people talk."""
    number = len(_threads)
    talking = Talk(Person(port, f"say{number}"), Person(port, f"hear{number}"))
    thread = threading.Thread(target=talking.run)
    _threads[id(talking)] = thread
    thread.start()
    return talking


def end(talking: Talk) -> None:
    """And end."""
    talking.over = True
    _threads[id(talking)].join()


def curl(*words: str) -> subprocess.Popen[bytes]:
    """Move a file, away from the server's processor."""
    return subprocess.Popen(
        ["taskset", "-c", LOAD_CPU, "nice", "-n", "5", "curl", "-sSfk", *words],
        stdout=subprocess.DEVNULL,
    )


def wait(programs: list[subprocess.Popen[bytes]]) -> None:
    """Wait until all have ended well."""
    for program in programs:
        assert program.wait() == 0, f"curl failed: {program.args!r}"


def rss(server: Running) -> int:
    """Bytes of memory."""
    pages = Path(f"/proc/{server.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def measure(server: Running, files: int, size: int, *, tls: bool) -> None:
    """Put and fetch, and print what was noticed."""
    path = server.folder / "source.bin"
    path.write_bytes(os.urandom(MB) * (size // MB))
    ann = Person(server.port, f"/register ann {PASSWORD}")
    bob = Person(server.port, f"/register bob {PASSWORD}")
    secure = "https" if tls else "http"

    def put(count: int) -> list[subprocess.Popen[bytes]]:
        found = [ann.link(rb"http://\S+/up/", "/send-file lobby") for _ in range(count)]
        links = [link.replace("http", secure, 1) for link in found]
        return [curl("-T", str(path), link) for link in links]

    # One after another first, so that all that is made once is there.
    for _ in range(files):
        wait(put(1))
    there = [bob.link(rb"http://\S+/file/") for _ in range(files)]
    wait([curl("-o", "/dev/null", there[0])])

    alone = talk(server.port, ALONE)
    before, most = rss(server), 0
    cpu, began = server.cpu(), time.monotonic()
    talking = begin(server.port)
    moving = put(files)
    moving += [
        curl("-o", "/dev/null", link.replace("http", secure, 1)) for link in there
    ]
    while any(program.poll() is None for program in moving):
        most = max(most, rss(server))
        time.sleep(0.01)
    took = time.monotonic() - began
    used = server.cpu() - cpu
    end(talking)
    wait(moving)

    kind = "TLS" if tls else "plain"
    print(f"{files} files of {size // MB} MB up and {files} down at once, {kind}:")
    print(
        f"  {took:.1f} s, {2 * files * size / took / MB:.0f} MB/s, {used:.1f} s of CPU"
    )
    print(
        f"  memory {before / MB:.1f} MB before, {(most - before) / MB:+.1f} MB at most"
    )
    print(f"{'in ms':<16} {'':<8} {'count':>6} {'median':>8} {'p99':>8} {'max':>8}")
    alone.report("talk alone")
    talking.report("with files")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--tls", action="store_true")
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    options = ("--files-per-account=100 GB", "--files-total=100 GB")
    with (
        contextlib.suppress(KeyboardInterrupt),
        running(SERVERS["chatd"], *options) as server,
    ):
        measure(server, chosen.files, chosen.megabytes * MB, tls=chosen.tls)


if __name__ == "__main__":
    main()
