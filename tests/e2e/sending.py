"""A program that says a lot, and loses nothing over a cut."""

import json
import socket
import threading
import time
from typing import Any

from tests.e2e.browsing import message
from tests.e2e.running import HOST, wait_until


class Sender(threading.Thread):
    """
    A program that says numbers, so many a second, and again under the same key if the
    line broke.
    """

    def __init__(self, port: int, many: int, rate: float) -> None:
        super().__init__(daemon=True)
        self._address = (HOST, port)
        self._left = list(range(many))
        self._pause = 1 / rate
        self._token = ""
        self.said = 0
        self.start()

    def run(self) -> None:
        while self._left:
            try:
                self._talk()
            except (OSError, ValueError):
                time.sleep(0.05)

    def _talk(self) -> None:
        with socket.create_connection(self._address, 5) as line:
            lines = line.makefile("rb")
            how = {"token": self._token} if self._token else {"name": "robot"}
            line.sendall(message(do="enter", **how, ref="enter"))
            waiting = dict.fromkeys(self._left)
            reading = threading.Thread(target=self._read, args=(lines, waiting))
            reading.start()
            wait_until(lambda: self._token, lambda: "the robot cannot come in")
            for number in list(waiting):
                text = f"number {number}"
                line.sendall(
                    message(do="say", room="lobby", text=text, key=text, ref=number)
                )
                time.sleep(self._pause)
            reading.join(5)

    def _read(self, lines: Any, waiting: dict[int, None]) -> None:
        try:
            while waiting and (line := lines.readline()):
                event = json.loads(line)
                if event["event"] == "done" and event["ref"] == "enter":
                    self._token = event["token"]
                elif event["event"] == "done":
                    waiting.pop(event["ref"])
                    self._left.remove(event["ref"])
                    self.said += 1
        except (OSError, ValueError):
            pass
