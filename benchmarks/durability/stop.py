"""Stopping: under load, with peers that never read, and a second time."""

import signal
import socket
import time
from pathlib import Path

from benchmarks.durability.kill import Trial
from benchmarks.durability.server import check

ROUNDS = 5
LIMIT = 10.0  # seconds that a stop may take


def run(folder: Path) -> None:
    """Stop it in all ways."""
    print("stop: SIGTERM while people chat, while nobody reads, and twice")
    trial = Trial(folder, "--limits-unread=64 MiB")
    waits: dict[str, list[float]] = {}
    try:
        trial.begin()
        for number in range(ROUNDS):
            trial.load(0.7)
            told = list(trial.here.values())
            waits.setdefault("under load", []).append(_stop(trial))
            for client in told:
                closing = [x for x in client.lines if x["event"] == "closing"]
                check(len(closing) == 1, f"{client.name} is not told that it ends")
            trial.again()
            trial.load(0.3)
            deaf = _deaf_peers(trial)
            waits.setdefault("with peers that never read", []).append(_stop(trial))
            for one in deaf:
                one.close()
            trial.again()
            if number < 2:
                deaf = _deaf_peers(trial)
                trial.load(0.3)
                trial.server.signal()
                time.sleep(0.3)
                waits.setdefault("told twice", []).append(_stop(trial))
                check(waits["told twice"][-1] < 1.0, "the second signal waits")
                for one in deaf:
                    one.close()
                trial.again()
        read = trial.check_everything()
        trial.server.stop()
        trial.server.check_log()
    finally:
        trial.server.kill()
    for what, took in waits.items():
        print(
            f"  {what}: {len(took)} times, exit status 0 after {min(took):.1f} to "
            f"{max(took):.1f} s"
        )
    print(f"  {len(trial.ledger.shown)} events shown, none lost, {read} read back")


def _stop(trial: Trial) -> float:
    begun = time.monotonic()
    trial.server.signal(signal.SIGTERM)
    while trial.server.process.poll() is None and time.monotonic() < begun + LIMIT:
        trial.crowd.pump(0.01)  # people go on reading, and talking
    took = time.monotonic() - begun
    status = trial.server.wait(0.1)
    check(status == 0, f"exit status {status}:\n{trial.server.output()[-2000:]}")
    trial.end()
    return took


def _deaf_peers(trial: Trial) -> list[socket.socket]:
    """Peers of every kind that never read, with much on its way to them."""
    address = ("127.0.0.1", trial.server.port)
    peers = [socket.create_connection(address) for _ in range(4)]
    peers[0].sendall(b'{"do":"enter","name":"deaf%d"}\n' % time.monotonic_ns())
    peers[1].sendall(b"\x16\x03\x01")  # TLS, begun and never finished
    peers[2].sendall(b'{"do":"say"')  # half a line; the last one says nothing
    trial.crowd.run(0.2)
    boss = trial.here["boss"]
    for number in range(1_500):
        text = f"{time.monotonic_ns()} {number} {'x' * 3_800}"
        boss.ask("say", room="lobby", text=text)
    trial.crowd.until(lambda: not boss.waiting())
    return peers
