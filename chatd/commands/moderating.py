"""Moderators."""

from chatd.chat.account import Role
from chatd.chat.command import Call, command
from chatd.chat.durations import counted
from chatd.chat.errors import Usage
from chatd.chat.events import Act, Listing, Value
from chatd.chat.sentences import read_sentence, terms


@command("kick", usage="NAME [REASON...]", needs=Role.MODERATOR)
async def kick(call: Call) -> None:
    """
    Put somebody out of the current room; they may come back.

    /mute lets them read but not speak, /ban keeps them out.

    Example: /kick bob take a break
    """
    name, reason = call.words(2)
    await _moderate(call, Act.KICK, name, reason=reason)


@command("mute", usage="NAME [TIME] [REASON...]", needs=Role.MODERATOR)
async def mute(call: Call) -> None:
    """
    Let somebody read in the current room but not speak, for a time or until /unmute.

    TIME is 30s, 10min, 1h30m, 7d or 1w.

    Example: /mute bob 10m that was enough
    """
    name, seconds, reason = read_sentence(call.rest)
    await _moderate(call, Act.MUTE, name, seconds, reason)


@command("unmute", usage="NAME", needs=Role.MODERATOR)
async def unmute(call: Call) -> None:
    """
    Let somebody speak in the current room again.

    Example: /unmute bob
    """
    await _moderate(call, Act.UNMUTE, call.rest)


@command("ban", usage="NAME [TIME] [REASON...]", needs=Role.MODERATOR)
async def ban(call: Call) -> None:
    """
    Keep somebody out of the current room, for a time or until /unban.

    TIME is 30s, 10min, 1h30m, 7d or 1w. A guest can come back as another guest:
    operators have /serverban for that, and /private closes the room to all who are not
    invited.

    Example: /ban bob 7d advertising
    """
    name, seconds, reason = read_sentence(call.rest)
    await _moderate(call, Act.BAN, name, seconds, reason)


@command("unban", usage="NAME", needs=Role.MODERATOR)
async def unban(call: Call) -> None:
    """
    Let somebody enter the current room again.

    Example: /unban bob
    """
    await _moderate(call, Act.UNBAN, call.rest)


@command("bans", needs=Role.MODERATOR, asks=True)
async def bans(call: Call) -> None:
    """List who is banned or muted in the current room, for how long, and why."""
    room, now = call.room, call.hub.now()
    sentences = room.sentences()
    lines = [
        f"{one.person.name}: {'banned' if kind == 'ban' else 'muted'} by {one.by}"
        f"{terms(one.until, one.reason, now)}"
        for kind, one in sentences
    ]
    rows: tuple[dict[str, Value], ...] = tuple(
        {
            "name": one.person.name,
            "kind": kind,
            "until": one.until,
            "reason": one.reason,
            "by": one.by,
        }
        for kind, one in sentences
    )
    count = counted(len(lines), "person")
    title = (
        f"{count} banned or muted in {room.name}:"
        if lines
        else (f"Nobody is banned or muted in {room.name}.")
    )
    call.reply(Listing("bans", title, tuple(lines), rows))


@command("moderator", usage="NAME [off]", needs=Role.MODERATOR)
async def moderator(call: Call) -> None:
    """
    Make somebody a moderator of the current room, or with "off" end it.

    Moderators put people out, mute and ban them, make the room private and switch its
    history.

    Example: /moderator bob
    """
    name, word = call.words(2)
    if word.casefold() not in ("", "on", "off"):
        raise Usage("Type it like this: /moderator NAME [off]")
    act = Act.DISMISS if word.casefold() == "off" else Act.APPOINT
    await _moderate(call, act, name)


async def _moderate(
    call: Call, act: Act, name: str, seconds: float = 0.0, reason: str = ""
) -> None:
    await call.hub.people.moderate(
        call.session, call.room, act, name, seconds=seconds, reason=reason
    )
