"""What the operator decided, as far as the chat itself is concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rules:
    """
    The settings that the core goes by; C{docs/security.rst} says what for.

    @ivar registration: C{open}, C{invitation} or C{closed}.
    @ivar encrypt: What a person types to come in encrypted; C{""} if there is no way.
    @ivar insecure_passwords: Whether passwords may come over unencrypted lines from
        other machines.
    @ivar throttle: C{False} switches off all limits on how often.
    @ivar connections: In all; 0 for as many as the system can hold.
    @ivar connections_address: From one address, of which C{entering_address} may be
        such that nobody has come in by yet; C{entering_all} counts these everywhere.
    @ivar new_address: New connections from one address in a minute.
    @ivar entering: Seconds that somebody has to come in.
    @ivar line_bytes_before: Bytes in a line before coming in; C{line_bytes} after it.
    @ivar message_chars: Characters; C{paste_lines} and C{paste_bytes} bound a paste.
    @ivar request_burst: So many at once, then C{request_rate} a second.
    @ivar push_seconds: So long a session may push against the throttle.
    @ivar history_keep: Seconds that messages are kept, and C{history_keep_count} how
        many of a room; 0 for all. C{history_rooms} has both for rooms, in lower case,
        that differ.
    @ivar scp: What comes between C{scp} and C{NAME@}, and behind it, as in
        C{-P 5050 {}@chat.example}; C{""} if files cannot be fetched so.
    @ivar web: How the page and files are reached from a line that is not encrypted, as
        in C{http://{}:5050}, where C{{}} is the host by which somebody came in; C{""}
        if they are not. C{web_secure} likewise from one that is, and C{curl} is what
        curl needs for that.
    @ivar files_begin: Seconds in which a file must be put after somebody asked where;
        C{files_resume}: in which to go on with one that broke off.
    @ivar files_transfers: Over HTTP at the same time, in each direction;
        C{files_transfers_person} of these for one person.
    @ivar outbox_bytes: Unread output of a session at which it is let go; reading
        from it stops at C{outbox_pause}; C{outbox_total} bounds all sessions.
    """

    server: str = "chatd"
    version: str = "0"
    encrypt: str = ""
    motd: str = ""
    guests: bool = True
    registration: str = "open"
    max_people: int = 10_000
    max_accounts: int = 100_000
    insecure_passwords: bool = True
    throttle: bool = True
    connections: int = 0
    connections_address: int = 256
    entering_address: int = 64
    entering_all: int = 1_000
    new_address: int = 600
    entering: float = 60.0
    line_bytes_before: int = 1024
    line_bytes: int = 8 * 1024
    message_chars: int = 4_000
    paste_lines: int = 500
    paste_bytes: int = 64 * 1024
    request_burst: float = 20
    request_rate: float = 5
    push_seconds: float = 60.0
    outbox_pause: int = 64 * 1024
    outbox_bytes: int = 1024 * 1024
    outbox_total: int = 256 * 1024 * 1024
    rooms_per_person: int = 50
    rooms: int = 10_000
    waiting_whispers: int = 1_000
    joins: int = 60  # a minute and person
    renames: int = 5  # a minute and guest
    new_rooms: int = 20  # an hour and person
    members: int = 1_000  # who may enter one private room
    invitations: int = 100  # that one operator gave and nobody used yet
    name_chars: int = 24  # of a person
    reason_chars: int = 200
    ignored: int = 200
    ssh_keys: int = 20
    topic_chars: int = 400
    away_chars: int = 200
    crowd: int = 20  # who come or go at once, and are told of by number; 0: never
    history_shown: int = 10
    history_max: int = 200
    history_keep: float = 0.0
    history_keep_count: int = 0
    history_rooms: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    token_seconds: float = 30 * 86_400.0
    guest_token_seconds: float = 7 * 86_400.0
    invitation_seconds: float = 7 * 86_400.0
    console_seconds: float = 12 * 3_600.0  # that an operator stays logged in there
    failed_logins_address: int = 20  # a minute
    failed_logins_account: int = 20  # in 10 minutes, from addresses it never used
    failed_logins_session: int = 5
    wrong_codes_address: int = 10  # a minute: of the claim code and of invitations
    password_min: int = 8
    password_max: int = 256
    file_bytes: int = 100_000_000
    files_account: int = 1_000_000_000  # bytes; all guests together have as many
    files_total: int = 20_000_000_000
    files_keep: float = 30 * 86_400.0  # seconds; 0 is for ever
    files_guests: bool = False
    files_begin: float = 600.0
    files_resume: float = 900.0
    files_transfers: int = 128
    files_transfers_person: int = 16
    scp: str = ""
    web: str = ""
    web_secure: str = ""
    curl: str = ""
    registrations_address: int = 30  # in 10 minutes
    registrations: int = 300  # in 10 minutes
