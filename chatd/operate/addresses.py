"""Where people can reach this machine, as lines that they can paste."""

import uuid
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

import ifaddr

# Bridges to containers and virtual machines: nobody comes in by these.
_BRIDGES = ("br-", "cni", "docker", "lxcbr", "lxdbr", "podman", "veth", "virbr")

# Where Linux tells of interfaces.
INTERFACES = Path("/sys/class/net")

_NO_HARDWARE = "00:00:00:00:00:00"


def addresses() -> list[str]:
    """
    This machine's addresses, as other machines may reach it: IPv4 first.

    Loopback is left out, and link-local addresses, which need a zone to be of use.
    """
    return reachable(
        address.ip[0] if isinstance(address.ip, tuple) else address.ip
        for adapter in ifaddr.get_adapters()
        if not adapter.nice_name.startswith(_BRIDGES)
        for address in adapter.ips
    )


def reachable(found: Iterable[str]) -> list[str]:
    """Sort out and order the addresses of interfaces."""
    usable = {
        address
        for address in map(ip_address, found)
        if not (address.is_loopback or address.is_link_local or address.is_unspecified)
    }
    ordered = sorted(usable, key=lambda address: (address.version, int(address)))
    return [str(address) for address in ordered]


def bracketed(host: str) -> str:
    """A host before a port."""
    return f"[{host}]" if ":" in host else host


def join_lines(
    port: int,
    addresses: Sequence[str],
    tls: bool = True,
    name: str = "",
    *,
    text: bool = True,
    ssh: bool = False,
    web: bool = False,
) -> list[str]:
    """
    Commands to paste into a terminal, and addresses for a browser; the encrypted ways
    first.

    @param addresses: Of this machine; none means that it has no network.
    @param name: What others call this machine, if the operator said so.
    """
    host, *others = [*([name] if name else []), *addresses] or ["localhost"]
    target = bracketed(host)
    lines = [f"https://{target}:{port}/"] if web and tls else []
    lines += [f"ssh YOUR-NAME@{host} -p {port}"] if ssh else []
    if tls and text:
        lines.append(f"openssl s_client -quiet -connect {target}:{port}")
    lines += [f"nc {host} {port}", f"telnet {host} {port}"] if text else []
    lines += [f"http://{target}:{port}/"] if web else []
    # The same for the other addresses would be a page that nobody reads.
    return lines + [f"nc {other} {port}" for other in others if text]


def hardware_addresses(folder: Path = INTERFACES) -> list[str]:
    """MAC addresses with the names of their interfaces, as C{eth0 52:54:00:…}."""
    found = []
    for path in sorted(folder.glob("*/address")):
        try:
            address = path.read_text("ascii", "replace").strip()
        except OSError:
            continue  # an interface that went away just now
        # Those of containers and virtual machines have no device of their own.
        if address and address != _NO_HARDWARE and (path.parent / "device").exists():
            found.append(f"{path.parent.name} {address}")
    return found or [_guessed()]


def _guessed() -> str:
    """What Python finds out, where there is no such folder."""
    digits = f"{uuid.getnode():012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
