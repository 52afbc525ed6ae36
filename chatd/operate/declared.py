"""What the operator can choose: each setting is declared once, here."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeVar

from chatd.operate.units import Unit

KIB = 1024
MIB = 1024 * KIB
MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Network = IPv4Network | IPv6Network

_T = TypeVar("_T")


def _setting(
    default: _T,
    help: str,
    unit: Unit = "",
    *,
    live: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> _T:
    """
    Declare a setting; its name and type are those of the dataclass field.

    @param help: What it decides, for the operator: ends up in C{--help}, in the
        commented file and in the manual.
    @param live: Whether a reload (SIGHUP) applies it; else it needs a restart.
    @param low: The smallest number allowed; for numbers at least 0.
    """
    return field(
        default=default,
        metadata={"help": help, "unit": unit, "live": live, "low": low, "high": high},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Which ways in are open on the one port"""

    text: bool = _setting(True, "People with nc or openssl s_client.")
    telnet: bool = _setting(True, "The telnet door; without it telnet is plain text.")
    ssh: bool = _setting(True, "People, pipes and files with ssh.")
    json: bool = _setting(True, "JSON lines, for programs.")
    web: bool = _setting(True, "Browsers: the page, its WebSocket, and files by HTTP.")
    tls: bool = _setting(True, "TLS, and every other door again inside it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The door for people"""

    greet_after: float = _setting(
        0.5,
        "Silence after which a connection is taken for a person and greeted.",
        "seconds",
        live=True,
        high=60,
    )
    greet_browsers_after: float = _setting(
        3.0,
        "The same, from an address that spoke HTTP within a minute: a busy browser may "
        "say nothing for a while.",
        "seconds",
        live=True,
        high=60,
    )
    crowd: int = _setting(
        20,
        "So many people who come or go at the same moment are told of by their number. "
        "0: each by name, however many.",
        live=True,
        high=1_000_000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The door for browsers"""

    origins: tuple[str, ...] = _setting(
        (),
        "Pages of other sites that may come in by the WebSocket, as https://HOST:PORT; "
        "may be repeated.",
        live=True,
    )
    metrics_from: tuple[Network, ...] = _setting(
        (ip_network("127.0.0.0/8"), ip_network("::1/128")),
        "Networks to which /metrics is shown.",
        live=True,
    )
    metrics_token: str = _setting(
        "",
        "Shows /metrics to whoever sends it (Authorization: Bearer TOKEN).",
        live=True,
    )
    header_bytes: int = _setting(
        16 * KIB,
        "Headers of a request, all together.",
        "bytes",
        live=True,
        low=KIB,
        high=MIB,
    )
    body_bytes: int = _setting(
        64 * KIB,
        "Body of a request; files have their own limit.",
        "bytes",
        live=True,
        low=KIB,
        high=16 * MIB,
    )
    request_within: float = _setting(
        20.0,
        "Time for a request to be complete; files have as long as they come.",
        "seconds",
        live=True,
        low=1,
        high=HOUR,
    )
    idle: float = _setting(
        60.0,
        "Silence after which a connection without a request, or in the middle of a "
        "file, is closed.",
        "seconds",
        live=True,
        low=1,
        high=HOUR,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """The certificate; read again at a reload"""

    certificate: str = _setting(
        "",
        "Certificate to show, with its chain (PEM). Default: made in the folder keys.",
        live=True,
    )
    key: str = _setting("", "Private key of that certificate (PEM).", live=True)
    names: tuple[str, ...] = _setting(
        (), "More names and addresses for the certificate that chatd makes."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The server's log, data/log/chatd.log; it never holds what people said"""

    level: Literal["debug", "info", "warn", "error"] = _setting(
        "info", "The least important lines that are kept.", live=True
    )
    format: Literal["text", "json"] = _setting(
        "text", "Lines for people, or one JSON object a line.", live=True
    )
    size: int = _setting(
        10_000_000, "A new file is begun at this size.", "bytes", live=True, low=4 * KIB
    )
    files: int = _setting(4, "Old files kept.", live=True, low=1, high=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was said"""

    shown: int = _setting(10, "Messages shown on joining a room.", live=True)
    max: int = _setting(
        200, "Messages one /history shows at most.", live=True, low=1, high=10_000
    )
    keep: float = _setting(
        0.0, "How long messages are kept; 0 is for ever.", "seconds", live=True
    )
    keep_count: int = _setting(
        0, "Messages kept in a room, the latest; 0 is all.", live=True
    )
    rooms: tuple[str, ...] = _setting(
        (),
        "Rooms for which both differ: ROOM=TIME as in ops=90d, ROOM=NUMBER of messages,"
        " or ROOM=0 to keep all; may be repeated.",
        live=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The database"""

    url: str = _setting(
        "", "SQLAlchemy URL of the database. Default: chatd.db in the folder data."
    )
    encrypted: bool = _setting(
        True, "Encrypt the database file with the key in the folder keys."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """Passwords, and argon2id"""

    insecure: bool = _setting(
        True,
        "Accept passwords over unencrypted lines from other machines (with a warning).",
        live=True,
    )
    min_chars: int = _setting(8, "Shortest password.", live=True, low=1, high=64)
    max_chars: int = _setting(256, "Longest password.", live=True, low=64, high=4_096)
    memory: int = _setting(19 * MIB, "Memory for one hash.", "bytes", low=8 * KIB)
    passes: int = _setting(2, "Passes over the memory.", low=1, high=100)
    lanes: int = _setting(1, "Lanes of the memory.", low=1, high=16)
    at_once: int = _setting(2, "Hashes made at the same time.", low=1, high=64)
    waiting: int = _setting(64, "Logins that may wait for their turn.", low=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much and how often; meant to be out of a class of 200's way"""

    throttle: bool = _setting(
        True, "Limits on how often; without it the server trusts everybody.", live=True
    )
    exempt: tuple[Network, ...] = _setting(
        tuple(
            ip_network(network)
            for network in (
                "127.0.0.0/8",
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "169.254.0.0/16",
                "::1/128",
                "fc00::/7",
                "fe80::/10",
            )
        ),
        "Networks without limits per address.",
        live=True,
    )
    undecided: float = _setting(
        10.0, "Time for a client to show what it speaks.", "seconds", live=True, low=1
    )
    entering: float = _setting(
        60.0, "Time to come in.", "seconds", live=True, low=1, high=HOUR
    )
    dead_peer: float = _setting(
        120.0, "Time after which a dead client is noticed.", "seconds", low=10
    )
    connections: int = _setting(
        0, "Connections in all; 0 is as many as the system can hold.", live=True
    )
    files_kept: int = _setting(
        64, "File descriptors kept for database, log and files.", low=16, high=10_000
    )
    connections_address: int = _setting(
        256, "Connections per address (IPv4, or IPv6 /64).", live=True, low=1
    )
    entering_address: int = _setting(
        64, "Connections per address that have not yet come in.", live=True, low=1
    )
    entering_all: int = _setting(
        1_000, "Connections not yet come in, from everywhere.", live=True, low=1
    )
    new_address: int = _setting(
        600, "New connections per address in a minute.", live=True, low=1
    )
    line_before: int = _setting(
        KIB, "A line before coming in.", "bytes", live=True, low=64, high=MIB
    )
    line: int = _setting(
        8 * KIB, "A line after coming in.", "bytes", live=True, low=64, high=MIB
    )
    message_chars: int = _setting(
        4_000, "Characters in a message.", live=True, low=1, high=100_000
    )
    request_burst: int = _setting(
        20, "Messages and commands at once, per session.", live=True, low=1
    )
    request_rate: float = _setting(
        5.0,
        "And then so many a second: more are slowed, not lost.",
        live=True,
        low=0.01,
    )
    push: float = _setting(
        60.0, "Pushing against it so long ends the session.", "seconds", live=True
    )
    paste_from: int = _setting(
        5, "Lines found in one read that make a paste.", live=True, low=2
    )
    paste_lines: int = _setting(500, "Lines in a paste.", live=True, low=1)
    paste_bytes: int = _setting(64 * KIB, "Size of a paste.", "bytes", live=True, low=1)
    unread_pause: int = _setting(
        64 * KIB,
        "Unread output at which a session is not listened to.",
        "bytes",
        live=True,
        low=KIB,
    )
    unread: int = _setting(
        MIB, "Unread output at which a session is let go.", "bytes", live=True, low=KIB
    )
    unread_all: int = _setting(
        256 * MIB,
        "Unread output of all; beyond it the session with most is let go.",
        "bytes",
        live=True,
        low=MIB,
    )
    failed_logins_address: int = _setting(
        20, "Failed logins per address in a minute.", live=True, low=1
    )
    failed_logins_account: int = _setting(
        20,
        "Failed logins per account in 10 minutes, from addresses it never used.",
        live=True,
        low=1,
    )
    failed_logins_session: int = _setting(
        5, "Failed logins per connection.", live=True, low=1
    )
    wrong_codes_address: int = _setting(
        10,
        "Wrong codes, of an invitation or of the first operator, per address in a "
        "minute.",
        live=True,
        low=1,
    )
    registrations_address: int = _setting(
        30, "Registrations per address in 10 minutes.", live=True, low=1
    )
    registrations: int = _setting(
        300, "Registrations in 10 minutes, from everywhere.", live=True, low=1
    )
    name_chars: int = _setting(24, "Characters in a name.", live=True, low=1, high=64)
    waiting_whispers: int = _setting(
        1_000, "Private messages that wait for an account that is away.", live=True
    )
    rooms_per_person: int = _setting(50, "Rooms a person is in.", live=True, low=1)
    rooms: int = _setting(10_000, "Rooms in all.", live=True, low=1)
    new_rooms: int = _setting(
        20,
        "Rooms that a person opens in an hour; of guests, an address.",
        live=True,
        low=1,
    )
    members: int = _setting(
        1_000, "People who may enter one private room.", live=True, low=1
    )
    joins: int = _setting(
        60, "Rooms that a person enters in a minute.", live=True, low=1
    )
    renames: int = _setting(
        5, "Names that a guest takes in a minute.", live=True, low=1
    )
    invitations: int = _setting(
        100, "Invitations of one operator that nobody used yet.", live=True, low=1
    )
    reason_chars: int = _setting(
        200, "Characters in the reason of a ban, kick or leaving.", live=True, low=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files that people share: by the page, curl, scp and sftp"""

    size: int = _setting(100_000_000, "A file.", "bytes", live=True)
    per_account: int = _setting(
        10**9,
        "All files of an account; all guests together have as much.",
        "bytes",
        live=True,
    )
    total: int = _setting(20 * 10**9, "All files.", "bytes", live=True)
    keep: float = _setting(
        30 * DAY, "How long they are kept; 0 is for ever.", "seconds", live=True
    )
    guests: bool = _setting(False, "Let guests share files, too.", live=True)
    begin: float = _setting(
        600.0,
        "Time to use the line that /send-file answers.",
        "seconds",
        live=True,
        low=1,
        high=DAY,
    )
    resume: float = _setting(
        900.0,
        "How long a file that broke off waits to be gone on with.",
        "seconds",
        live=True,
        low=1,
        high=DAY,
    )
    transfers: int = _setting(
        128,
        "Files that move over HTTP at the same time.",
        live=True,
        low=1,
        high=10_000,
    )
    transfers_person: int = _setting(
        16, "The same, of one person.", live=True, low=1, high=10_000
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The server"""

    port: int = _setting(5050, "The port where everybody comes in.", high=65_535)
    interface: str = _setting("", "Address to listen on. Default: all, IPv4 and IPv6.")
    listen: tuple[str, ...] = _setting(
        (),
        "More places to listen, as endpoint strings of Twisted, such as tcp:5060, "
        "unix:PATH, haproxy:tcp:5060 behind a proxy, or tls:6697 for TLS alone; may be "
        "repeated.",
    )
    tls_port: int = _setting(0, "A port for TLS alone; 0 is none.", high=65_535)
    telnet_port: int = _setting(0, "A port for telnet alone; 0 is none.", high=65_535)
    ssh_port: int = _setting(0, "A port for SSH alone; 0 is none.", high=65_535)
    console: str = _setting(
        "tcp:5051:interface=127.0.0.1",
        "Where the operator's console listens by itself, as an endpoint string of "
        "Twisted, or off; it is at /console on the one port, too.",
    )
    console_session: float = _setting(
        12 * HOUR,
        "How long an operator stays logged in at the console.",
        "seconds",
        live=True,
        low=60,
        high=30 * DAY,
    )
    public_address_url: str = _setting(
        "https://ifconfig.co/ip",
        "Who is asked for this machine's public address when an operator clicks on it "
        "in the console; never otherwise. Empty: nobody.",
        live=True,
    )
    telnet: Literal["auto", "on", "off"] = _setting(
        "auto",
        "Negotiate with telnet clients when noticed, with everybody, or never.",
        live=True,
    )
    name: str = _setting("", "What the server is called. Default: the host's name.")
    data: str = _setting("data", "Folder of database, files and log.")
    keys: str = _setting("keys", "Folder of what must stay secret.")
    commands: tuple[str, ...] = _setting(
        (), "More commands, as names of Python modules; may be repeated."
    )
    guests: bool = _setting(True, "Let people in without an account.", live=True)
    registration: Literal["open", "invitation", "closed"] = _setting(
        "open", "Who may make an account.", live=True
    )
    max_people: int = _setting(10_000, "People present at once.", live=True, low=1)
    max_accounts: int = _setting(100_000, "Accounts.", live=True)
    motd: str = _setting("", "Message of the day, shown on coming in.", live=True)
    doors: Doors = field(default_factory=Doors)
    text: Text = field(default_factory=Text)
    web: Web = field(default_factory=Web)
    tls: TLS = field(default_factory=TLS)
    history: History = field(default_factory=History)
    store: Store = field(default_factory=Store)
    log: Log = field(default_factory=Log)
    passwords: Passwords = field(default_factory=Passwords)
    limits: Limits = field(default_factory=Limits)
    files: Files = field(default_factory=Files)
