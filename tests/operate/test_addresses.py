"""Where people can reach the server."""

import re
from pathlib import Path
from types import SimpleNamespace

import ifaddr
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.addresses import (
    addresses,
    hardware_addresses,
    join_lines,
    reachable,
)


class AddressesTests(SynchronousTestCase):
    """Only addresses that others can use are shown."""

    def test_this_machine(self) -> None:
        """Addresses of the interfaces are found, but not those of bridges."""
        found: list[tuple[str, list[object]]] = [
            ("lo", ["127.0.0.1", ("::1", 0, 0)]),
            ("eth0", ["10.0.0.5", ("fe80::1", 0, 2), ("fd00::2", 0, 0)]),
            ("docker0", ["172.17.0.1"]),
        ]
        adapters = [
            SimpleNamespace(nice_name=name, ips=[SimpleNamespace(ip=ip) for ip in ips])
            for name, ips in found
        ]
        self.patch(ifaddr, "get_adapters", lambda: adapters)
        self.assertEqual(addresses(), ["10.0.0.5", "fd00::2"])

    def test_order(self) -> None:
        """IPv4 comes first, each address once."""
        self.assertEqual(
            reachable(["fd00::2", "10.0.0.10", "10.0.0.9", "10.0.0.9", "0.0.0.0"]),
            ["10.0.0.9", "10.0.0.10", "fd00::2"],
        )


class JoinLinesTests(SynchronousTestCase):
    """People paste a line and are in."""

    def test_all(self) -> None:
        """Each client has its line, and the other addresses one."""
        self.assertEqual(
            join_lines(5050, ["10.0.0.5", "fd00::2"], tls=True),
            [
                "openssl s_client -quiet -connect 10.0.0.5:5050",
                "nc 10.0.0.5 5050",
                "telnet 10.0.0.5 5050",
                "nc fd00::2 5050",
            ],
        )

    def test_ipv6(self) -> None:
        """openssl wants brackets around an IPv6 address, the others do not."""
        self.assertEqual(
            join_lines(1, ["fd00::2"])[:2],
            ["openssl s_client -quiet -connect [fd00::2]:1", "nc fd00::2 1"],
        )

    def test_no_tls(self) -> None:
        """Without TLS there is no line for it."""
        self.assertEqual(
            join_lines(1, ["::2"], tls=False), ["nc ::2 1", "telnet ::2 1"]
        )

    def test_ssh(self) -> None:
        """With SSH its line is the first: it is encrypted, and has a terminal."""
        lines = join_lines(1, ["fd00::2"], ssh=True)
        self.assertEqual(lines[0], "ssh YOUR-NAME@fd00::2 -p 1")
        self.assertTrue(lines[1].startswith("openssl"))

    def test_web(self) -> None:
        """A browser has an address, encrypted where that can be, and a plain one."""
        lines = join_lines(1, ["fd00::2", "10.0.0.5"], ssh=True, web=True)
        self.assertEqual(lines[0], "https://[fd00::2]:1/")
        self.assertEqual(lines[-2:], ["http://[fd00::2]:1/", "nc 10.0.0.5 1"])
        lines = join_lines(1, ["10.0.0.5"], tls=False, web=True)
        self.assertEqual(lines[-1], "http://10.0.0.5:1/")
        self.assertNotIn("https", str(lines))

    def test_no_text(self) -> None:
        """Where the door for terminals is closed nobody is told to use it."""
        lines = join_lines(1, ["10.0.0.5", "10.0.0.6"], text=False, ssh=True, web=True)
        self.assertEqual(
            lines,
            [
                "https://10.0.0.5:1/",
                "ssh YOUR-NAME@10.0.0.5 -p 1",
                "http://10.0.0.5:1/",
            ],
        )

    def test_name(self) -> None:
        """A name that the operator chose comes before the addresses."""
        lines = join_lines(1, ["10.0.0.5"], tls=False, name="chat.example")
        self.assertEqual(lines[0], "nc chat.example 1")
        self.assertEqual(lines[-1], "nc 10.0.0.5 1")

    def test_no_network(self) -> None:
        """Without any address the machine itself can join."""
        self.assertIn("nc localhost 5050", join_lines(5050, []))


class HardwareTests(SynchronousTestCase):
    """MAC addresses of what is plugged in."""

    def test_linux(self) -> None:
        """Only interfaces with hardware of their own are shown, with their names."""
        folder = Path(self.mktemp())
        for name, address, real in (
            ("eth0", "52:54:00:12:34:56\n", True),
            ("docker0", "02:42:00:00:00:01\n", False),
            ("lo", "00:00:00:00:00:00\n", True),
            ("tun0", "", True),
        ):
            (folder / name).mkdir(parents=True)
            (folder / name / "address").write_text(address)
            if real:
                (folder / name / "device").mkdir()
        self.assertEqual(hardware_addresses(folder), ["eth0 52:54:00:12:34:56"])

    def test_elsewhere(self) -> None:
        """Where there is no such folder, Python's own answer must do."""
        (address,) = hardware_addresses(Path(self.mktemp()))
        self.assertTrue(re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", address), address)
