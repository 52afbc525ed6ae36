"""Tells systemd how the server is; elsewhere nothing happens. See sd_notify(3)."""

import os
import socket
from collections.abc import Mapping
from time import monotonic_ns


def ready(status: str) -> None:
    """The server is running, or running again after a reload."""
    notify("READY=1", _status(status))


def reloading() -> None:
    """Settings are being read again; L{ready} must follow."""
    notify("RELOADING=1", f"MONOTONIC_USEC={monotonic_ns() // 1000}")


def stopping(status: str) -> None:
    """The server is going down."""
    notify("STOPPING=1", _status(status))


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> bool:
    """
    Send lines as they are.

    @return: Whether somebody was there to be told.
    """
    path = environ.get("NOTIFY_SOCKET", "")
    if not path or not hasattr(socket, "AF_UNIX"):
        return False
    # "@" stands for Linux's sockets without a file.
    address = f"\0{path[1:]}" if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.send("\n".join(lines).encode())
    except OSError:
        return False
    return True


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"
