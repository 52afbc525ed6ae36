"""What a benchmark does with chatd besides putting load on it."""

import json
import socket
import time

from benchmarks.servers import Running


def switch_history_off(server: Running) -> None:
    """Become the operator, and switch the lobby's history off."""
    file = server.folder / "keys" / "claim-code"
    while not file.exists():
        time.sleep(0.05)
    code = file.read_text().strip()
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        for command in (
            "/register boss correct-horse-battery",
            f"/claim {code}",
            "/history off",
        ):
            _do(line, command)


def _do(line: socket.socket, command: str) -> None:
    line.sendall(
        json.dumps({"do": "command", "line": command, "ref": 1}).encode() + b"\n"
    )
    received = b""
    while True:
        received += line.recv(65536)
        for each in received.split(b"\n"):
            if b'"ref":1' in each:
                event = json.loads(each)
                if event["event"] == "failed":
                    raise RuntimeError(f"{command}: {event['text']}")
                if event["event"] == "done":
                    return
