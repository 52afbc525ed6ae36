"""What the operator decided, as the chat needs to know it."""

import socket

from chatd import __version__
from chatd.chat.rules import Rules
from chatd.operate.addresses import addresses, bracketed, join_lines
from chatd.operate.declared import Settings
from chatd.operate.units import read_kept


def rules(settings: Settings, encrypt: str, pin: str = "") -> Rules:
    """
    Make the rules of the chat from the settings of the server.

    @param encrypt: What a person types to come in encrypted; C{""} if there is no way.
    @param pin: Of a certificate for which nobody vouches, as curl wants it; else C{""}.
    """
    limits, tls = settings.limits, settings.doors.tls
    return Rules(
        server=settings.name or socket.gethostname(),
        version=__version__,
        encrypt=encrypt,
        motd=settings.motd,
        guests=settings.guests,
        registration=settings.registration,
        max_people=settings.max_people,
        max_accounts=settings.max_accounts,
        insecure_passwords=settings.passwords.insecure,
        throttle=limits.throttle,
        connections=limits.connections,
        connections_address=limits.connections_address,
        entering_address=limits.entering_address,
        entering_all=limits.entering_all,
        new_address=limits.new_address,
        entering=limits.entering,
        line_bytes_before=limits.line_before,
        line_bytes=limits.line,
        message_chars=limits.message_chars,
        paste_lines=limits.paste_lines,
        paste_bytes=limits.paste_bytes,
        request_burst=limits.request_burst,
        request_rate=limits.request_rate,
        push_seconds=limits.push,
        outbox_pause=limits.unread_pause,
        outbox_bytes=limits.unread,
        outbox_total=limits.unread_all,
        rooms_per_person=limits.rooms_per_person,
        rooms=limits.rooms,
        new_rooms=limits.new_rooms,
        members=limits.members,
        joins=limits.joins,
        renames=limits.renames,
        invitations=limits.invitations,
        name_chars=limits.name_chars,
        reason_chars=limits.reason_chars,
        waiting_whispers=limits.waiting_whispers,
        crowd=settings.text.crowd,
        history_shown=settings.history.shown,
        history_max=settings.history.max,
        history_keep=settings.history.keep,
        history_keep_count=settings.history.keep_count,
        history_rooms={
            room: (seconds, count)
            for room, seconds, count in map(read_kept, settings.history.rooms)
        },
        failed_logins_address=limits.failed_logins_address,
        failed_logins_account=limits.failed_logins_account,
        failed_logins_session=limits.failed_logins_session,
        console_seconds=settings.console_session,
        wrong_codes_address=limits.wrong_codes_address,
        password_min=settings.passwords.min_chars,
        password_max=settings.passwords.max_chars,
        registrations_address=limits.registrations_address,
        registrations=limits.registrations,
        file_bytes=settings.files.size,
        files_account=settings.files.per_account,
        files_total=settings.files.total,
        files_keep=settings.files.keep,
        files_guests=settings.files.guests,
        files_begin=settings.files.begin,
        files_resume=settings.files.resume,
        files_transfers=settings.files.transfers,
        files_transfers_person=settings.files.transfers_person,
        scp=_scp(settings),
        web=_web("http", settings) if settings.doors.web else "",
        web_secure=_web("https", settings) if settings.doors.web and tls else "",
        # Who does not know the certificate is to know this key, and no other.
        curl=f"-k --pinnedpubkey {pin}" if pin and tls else "",
    )


def ways_in(settings: Settings) -> list[str]:
    """Commands and addresses with which people come in."""
    return join_lines(
        settings.port,
        [settings.interface] if settings.interface else addresses(),
        settings.doors.tls,
        settings.name,
        text=settings.doors.text,
        ssh=settings.doors.ssh,
        web=settings.doors.web,
    )


def _web(scheme: str, settings: Settings) -> str:
    host = settings.name or "{}"
    return f"{scheme}://{bracketed(host)}:{settings.port}"


def _scp(settings: Settings) -> str:
    if not settings.doors.ssh:
        return ""
    there = [settings.interface] if settings.interface else addresses()
    host = settings.name or [*there, "localhost"][0]
    return f"-P {settings.port} {{}}@{bracketed(host)}"


def encrypted_way(settings: Settings) -> str:
    """The best of them that is encrypted; C{""} if there is none."""
    lines = ways_in(settings)
    kinds = ("openssl", "ssh")
    encrypted = [line for kind in kinds for line in lines if line.startswith(kind)]
    return encrypted[0] if encrypted else ""
