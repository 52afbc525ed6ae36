"""
Start the installed server and talk to it as people do: nc, telnet, openssl s_client.

Run with the Python of the environment where chatd is installed.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 20.0  # seconds: a loaded machine is slow


class Program:
    """A program whose output is read while it runs."""

    def __init__(self, *words: str, folder: str | None = None) -> None:
        self.name = words[0]
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.heard = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 65536):
            self.heard += data.decode("utf-8", "replace")

    def type(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def expect(self, text: str) -> None:
        """Wait until it shows a text."""
        end = time.monotonic() + PATIENCE
        while text not in self.heard:
            if time.monotonic() > end:
                sys.exit(f"smoke: {self.name} does not show {text!r}:\n{self.heard}")
            time.sleep(0.02)

    def end(self) -> int:
        """Wait until it ends by itself."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            sys.exit(f"smoke: {self.name} does not end:\n{self.heard}")


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(port: int, server: Program) -> None:
    """Wait until the server listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    sys.exit(f"smoke: the server does not listen:\n{server.heard}")


def chat(port: int, server: Program) -> None:
    """Hold a conversation through three clients, and stop the server."""
    ann = Program("nc", "127.0.0.1", str(port))
    ann.expect("NOT encrypted")
    ann.type("ann")
    ann.expect("ann")
    bob = Program("openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}")
    bob.expect("Welcome")
    bob.type("bob")
    ann.expect("bob has joined")
    cho = Program("telnet", "127.0.0.1", str(port))
    cho.expect("Welcome")
    cho.type("cho")
    bob.expect("cho has joined")
    ann.type("grüß euch")
    bob.expect("ann: grüß euch")
    cho.expect("grüß euch")  # with colours around it
    bob.type("/pm ann psst")
    ann.expect("bob -> you: psst")
    ann.type("/whosonline")
    ann.expect("ann, bob, cho")
    cho.type("/quit")
    ann.expect("cho has left")
    server.process.send_signal(signal.SIGTERM)
    for client in (ann, bob):
        client.expect("* The server")
    if status := server.end():
        sys.exit(f"smoke: the server's exit status is {status}:\n{server.heard}")


def main() -> None:
    """Run it all in a folder of its own."""
    twistd = str(Path(sys.executable).parent / "twistd")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = Program(
            twistd, "-n", "--pidfile=", "chatd", f"--port={port}", folder=folder
        )
        try:
            wait_for(port, server)
            chat(port, server)
        finally:
            server.process.kill()
        if "ann" not in (Path(folder) / "data/log/chatd.log").read_text():
            sys.exit("smoke: the log does not know ann")
    print("smoke: nc, telnet and openssl s_client had a good talk")


if __name__ == "__main__":
    main()
