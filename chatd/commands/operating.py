"""Operators."""

from chatd.chat.account import Role
from chatd.chat.command import Call, command
from chatd.chat.durations import FORMS, counted, in_words, take_duration
from chatd.chat.errors import Usage
from chatd.chat.events import Listing
from chatd.chat.sentences import read_sentence, terms


@command("announce", usage="TEXT...", needs=Role.OPERATOR)
async def announce(call: Call) -> None:
    """
    Tell everybody on the server something, whatever room they are in.

    Example: /announce The server moves tonight at ten.
    """
    call.hub.operators.announce(call.session, call.rest)


@command("op", usage="NAME", needs=Role.OPERATOR)
async def op(call: Call) -> None:
    """
    Make a member an operator of the server.

    Operators may do everything that moderators may, in every room, and more.

    Example: /op ann
    """
    name = await call.hub.operators.appoint(call.session, call.rest)
    await call.happened()
    call.reply(f"{name} is an operator now.")


@command("deop", usage="NAME", needs=Role.OPERATOR)
async def deop(call: Call) -> None:
    """
    Make an operator a member again; the last operator stays.

    Example: /deop ann
    """
    name = await call.hub.operators.dismiss(call.session, call.rest)
    call.reply(f"{name} is no operator any more.")


@command("invitation", needs=Role.OPERATOR)
async def invitation(call: Call) -> None:
    """
    Make a code with which one account can be registered.

    Give it to whom you want to invite: /register NAME PASSWORD CODE.
    """
    code = await call.hub.operators.invite(call.session)
    days = in_words(call.hub.rules.invitation_seconds)
    call.reply(
        f"{code} is good for one account, for {days}: /register NAME PASSWORD {code}"
    )


@command(
    "serverban", usage="NAME|ADDRESS|NETWORK [TIME] [REASON...]", needs=Role.OPERATOR
)
async def serverban(call: Call) -> None:
    """
    Shut an account, an address or a network out of the whole server.

    TIME is 30s, 10min, 1h30m, 7d or 1w; without it the ban lasts until /serverunban.
    One IPv6 address stands for its /64, because its owner has them all. Guests are shut
    out by their address, which /whois tells; think of who else comes from there.

    Example: /serverban 203.0.113.0/24 2h flooding
    """
    whom, seconds, reason = read_sentence(call.rest)
    shown = await call.hub.operators.ban(call.session, whom, seconds, reason)
    await call.happened()
    length = f"for {in_words(seconds)}" if seconds else "for ever"
    call.reply(f"{shown} is shut out {length}. /serverunban {shown} ends it.")


@command("serverunban", usage="NAME|ADDRESS|NETWORK", needs=Role.OPERATOR)
async def serverunban(call: Call) -> None:
    """
    Let an account, an address or a network in again.

    Example: /serverunban 203.0.113.0/24
    """
    shown = call.hub.operators.lift(call.session, call.rest)
    await call.happened()
    call.reply(f"{shown} may come in again.")


@command("serverbans", needs=Role.OPERATOR, asks=True)
async def serverbans(call: Call) -> None:
    """List who is shut out of the server, for how long, by whom, and why."""
    bans, now = call.hub.bans.in_force(), call.hub.now()
    call.reply(
        Listing(
            "serverbans",
            f"{counted(len(bans), 'ban')}:" if bans else "Nobody is shut out.",
            tuple(
                f"{ban.shown}: by {ban.by}{terms(ban.until, ban.reason, now)}"
                for ban in bans
            ),
            tuple(
                {
                    "target": ban.shown,
                    "until": ban.until,
                    "reason": ban.reason,
                    "by": ban.by,
                }
                for ban in bans
            ),
        )
    )


@command("lockdown", usage="on|off", needs=Role.OPERATOR)
async def lockdown(call: Call) -> None:
    """
    In an emergency, let only members come in and nobody register; off ends it.

    Who is here stays; /kill and /serverban end that.

    Example: /lockdown on
    """
    word = call.rest.casefold()
    if word not in ("on", "off"):
        raise Usage("Type it like this: /lockdown on, or /lockdown off")
    call.hub.operators.lock_down(call.session, word == "on")


@command("kill", usage="NAME [REASON...]", needs=Role.OPERATOR)
async def kill(call: Call) -> None:
    """
    End all sessions of somebody; they may come back, unless /serverban forbids it.

    Example: /kill bob this is your last warning
    """
    name, reason = call.words(2)
    name = call.hub.operators.kill(call.session, name, reason)
    await call.happened()
    call.reply(f"The sessions of {name} are ended.")


@command("stats", needs=Role.OPERATOR, asks=True)
async def stats(call: Call) -> None:
    """Show how the server is: people, connections, memory, and whether it stores."""
    figures = call.hub.operators.stats()
    call.reply(
        Listing(
            "stats",
            "How the server is:",
            tuple(f"{name}: {_figure(value)}" for name, value in figures.items()),
            (dict(figures),),
        )
    )


@command("reload", needs=Role.OPERATOR)
async def reload(call: Call) -> None:
    """Read the settings and the certificate again, without dropping anybody."""
    call.reply(call.hub.operators.reload(call.session))


@command("shutdown", usage="[TIME|now|off] [WHY...]", needs=Role.OPERATOR)
async def shutdown(call: Call) -> None:
    """
    Stop the server; everybody is told why, and nothing that was shown is lost.

    TIME is 30s, 10min or 1h30m, or a number of seconds; without it, or with "now", the
    server stops at once. Until then /shutdown off ends it.

    Example: /shutdown 60 Back in ten minutes with a new disk.
    """
    first, why = call.words(2)
    if first.casefold() == "off":
        call.hub.operators.go_on(call.session)
        call.reply("The server goes on.")
        return
    seconds: float | None = 0.0
    if first and first.casefold() != "now":
        seconds, why = take_duration(call.rest, bare=True)
    if seconds is None:
        raise Usage(
            f'Say when: /shutdown now WHY, or a time first: {FORMS}. "{first[:20]}" is '
            "none."
        )
    call.hub.operators.shut_down(call.session, seconds, why)
    when = f"in {in_words(seconds)}" if seconds else "now"
    call.reply(f"The server stops {when}.")


def _figure(value: str | int | float) -> str:
    return value if isinstance(value, str) else f"{value:,}"
