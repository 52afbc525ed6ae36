"""The servers that are compared: how each is started, and measured from outside."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVER_CPU = "0"
LOAD_CPU = "1" if (os.cpu_count() or 1) > 1 else "0"


@dataclass(frozen=True)
class Server:
    """
    A server to be measured.

    @ivar proto: What the load generator speaks with it.
    @ivar command: What starts it in a folder, on a port and a port for TLS.
    @ivar tls: Whether it is set up for TLS.
    @ivar visits: Whether the generator measures coming and going; InspIRCd lets in
        who has given a name once a second, so that one after another says nothing.
    """

    name: str
    proto: str
    command: Callable[[Path, int, int], list[str]]
    tls: bool = True
    visits: bool = True

    @property
    def there(self) -> bool:
        """Whether it is installed."""
        ours = self.name.startswith("chatd")
        return ours or shutil.which(self.name, path=_PATH) is not None


_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _chatd(*more: str) -> Callable[[Path, int, int], list[str]]:
    def command(folder: Path, port: int, tls_port: int) -> list[str]:
        return [
            sys.executable,
            "-m",
            "chatd",
            f"--port={port}",
            f"--tls-port={tls_port}",
            f"--data={folder}/data",
            f"--keys={folder}/keys",
            "--limits-throttle=false",
            "--max-people=100000",
            "--limits-entering=600",
            *more,
        ]

    return command


def _ngircd(folder: Path, port: int, tls_port: int) -> list[str]:
    certificate(folder)
    (folder / "ngircd.conf").write_text(
        f"""
[Global]
Name = irc.example.net
Info = benchmark
AdminInfo1 = x
Listen = 127.0.0.1
Ports = {port}
ServerUID = {os.getuid()}
ServerGID = {os.getgid()}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = {folder}/crt.pem
KeyFile = {folder}/key.pem
Ports = {tls_port}
"""
    )
    program = shutil.which("ngircd", path=_PATH) or "ngircd"
    return [program, "-n", "-f", f"{folder}/ngircd.conf"]


def _inspircd(folder: Path, port: int, tls_port: int) -> list[str]:
    (folder / "inspircd.conf").write_text(
        f"""
<server name="irc.example.net" description="b" network="b">
<admin name="a" nick="a" email="a@example.net">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="main" allow="*" timeout="60" localmax="100000" globalmax="100000"
 useident="no" hardsendq="100M" softsendq="100M" recvq="1M" threshold="1000000"
 commandrate="100000000" fakelag="no" maxchans="100" maxconnwarn="no" pingfreq="3600"
 resolvehostnames="no">
<performance netbuffersize="65534" somaxconn="1024" softlimit="100000"
 clonesonconnect="no" quietbursts="yes">
<options syntaxhints="no" defaultbind="ipv4">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default"
 target="{folder}/log">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/pid">
"""
    )
    program = shutil.which("inspircd", path=_PATH) or "inspircd"
    return [program, "--nofork", "--runasroot", "--config", f"{folder}/inspircd.conf"]


def _ergo(folder: Path, port: int, tls_port: int) -> list[str]:
    certificate(folder)
    conf = folder / "ergo.yaml"
    conf.write_text(
        f"""
network: {{name: b}}
server:
  name: irc.example.net
  listeners:
    "127.0.0.1:{port}": {{}}
    "127.0.0.1:{tls_port}":
      tls: {{cert: {folder}/crt.pem, key: {folder}/key.pem}}
  casemapping: ascii
  max-sendq: 100M
  lookup-hostnames: false
  check-ident: false
  ip-limits: {{count: false, throttle: false}}
  ip-cloaking: {{enabled: false}}
accounts:
  authentication-enabled: false
  registration: {{enabled: false}}
  multiclient: {{enabled: false}}
channels: {{default-modes: +n, max-channels-per-client: 100}}
logging: [{{method: stderr, type: "* -userinput -useroutput", level: error}}]
lock-file: {folder}/lock
datastore: {{path: {folder}/ergo.db}}
languages: {{enabled: false, default: en}}
limits:
  nicklen: 32
  identlen: 20
  channellen: 64
  awaylen: 390
  kicklen: 390
  topiclen: 390
  monitor-entries: 100
  whowas-entries: 100
  chan-list-modes: 60
  registration-messages: 1024
fakelag: {{enabled: false}}
history:
  enabled: true
  channel-length: 2048
  client-length: 256
  chathistory-maxmessages: 1000
"""
    )
    program = shutil.which("ergo", path=_PATH) or "ergo"
    subprocess.run(
        [program, "initdb", "--conf", conf, "--quiet"], check=True, capture_output=True
    )
    return [program, "run", "--conf", str(conf), "--quiet"]


SERVERS = {
    server.name: server
    for server in (
        Server("chatd", "text", _chatd()),
        Server("chatd-json", "json", _chatd(), visits=False),
        Server("chatd-ws", "ws", _chatd(), visits=False),
        Server("ngircd", "irc", _ngircd),
        Server("inspircd", "irc", _inspircd, tls=False, visits=False),
        Server("ergo", "irc", _ergo),
    )
}


class Running:
    """
    A server that runs, pinned to its processor.

    @ivar started: Seconds from the command to the first connection.
    """

    def __init__(self, server: Server, folder: Path, more: tuple[str, ...]) -> None:
        self.server = server
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self._command = [
            *("taskset", "-c", SERVER_CPU),
            *server.command(folder, self.port, self.tls_port),
            *more,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.started = 0.0

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Run it, and wait until it listens."""
        began = time.monotonic()
        output = self.folder / "output"
        # As installed: what Python compiled once is not compiled at every start.
        env = dict(os.environ, PYTHONPATH=os.getcwd())
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        with open(output, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=env,
            )
        wait_for(self.port, self._process, output)
        self.started = time.monotonic() - began

    def stop(self) -> None:
        """Let it end."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cpu(self) -> float:
        """Seconds of processor time that all its threads have used."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (OSError, IndexError):
                continue  # the thread has just ended
        return total / 1e9

    def memory(self) -> int:
        """Bytes of memory that are its own."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Rss in smaps_rollup")


@contextmanager
def running(server: Server, *more: str) -> Iterator[Running]:
    """Start a server, and stop it in the end."""
    with tempfile.TemporaryDirectory(prefix="chatd-bench-") as name:
        it = Running(server, Path(name), more)
        try:
            it.start()
            yield it
        finally:
            it.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", output: Path) -> None:
    """Wait until somebody listens."""
    for _ in range(6000):
        if process.poll() is not None:
            raise RuntimeError(f"it did not start:\n{output.read_text()[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError(f"it does not listen:\n{output.read_text()[-2000:]}")


def certificate(folder: Path) -> None:
    """A certificate for a server that does not make its own."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost"),
            *("-keyout", f"{folder}/key.pem", "-out", f"{folder}/crt.pem"),
        ],
        check=True,
        capture_output=True,
    )
