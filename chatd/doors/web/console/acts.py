"""What the console does: the verbs of operators, as the slash-commands use them."""

from collections.abc import Mapping
from typing import Any

from chatd.chat.durations import FORMS, in_words, read_duration
from chatd.chat.errors import BadRequest
from chatd.doors.web.console.asked import Asked

Answer = Mapping[str, Any]


def _said(text: str, **more: Any) -> Answer:
    return {"text": text, **more}


# The chat


async def stop(asked: Asked) -> Answer:
    """See everybody off; the console stays."""
    await asked.hub.operators.stop(asked.session(), asked.text("reason"))
    return _said("The chat is stopped. Nobody can join until you start it again.")


async def start(asked: Asked) -> Answer:
    """Let people in again."""
    asked.hub.operators.start(asked.session())
    return _said("The chat is running.")


async def port(asked: Asked) -> Answer:
    """Listen on another port."""
    number = asked.number("port")
    return _said(await asked.hub.operators.move(asked.session(), number))


async def announce(asked: Asked) -> Answer:
    """Tell everybody something."""
    session = asked.session()
    asked.hub.operators.announce(session, asked.text("text"))
    await session.caused.happened()
    return _said("Everybody was told.")


async def motd(asked: Asked) -> Answer:
    """Change the message of the day."""
    session = asked.session()
    asked.hub.operators.set_motd(session, asked.text("text"))
    await session.caused.happened()
    return _said("The message of the day is changed.")


async def lockdown(asked: Asked) -> Answer:
    """Let only members come in, or everybody again."""
    session, on = asked.session(), asked.flag("on")
    asked.hub.operators.lock_down(session, on)
    await session.caused.happened()
    return _said("Only members come in now." if on else "The lock-down is over.")


async def reload(asked: Asked) -> Answer:
    """Read settings and certificate again."""
    return _said(asked.hub.operators.reload(asked.session()))


async def shutdown(asked: Asked) -> Answer:
    """End the process."""
    seconds = asked.number("seconds")
    asked.hub.operators.shut_down(asked.session(), seconds, asked.text("reason"))
    when = f"in {in_words(seconds)}" if seconds else "now"
    return _said(f"The server stops {when}, and this console with it.")


async def go_on(asked: Asked) -> Answer:
    """End a shutdown that was to come."""
    asked.hub.operators.go_on(asked.session())
    return _said("The server goes on. Everybody was told.")


async def public_address(asked: Asked) -> Answer:
    """Ask somebody else where this machine is."""
    return {"address": await asked.instruments.public_address()}


# People


async def cut(asked: Asked) -> Answer:
    """End one connection."""
    name = asked.hub.operators.cut(
        asked.session(), asked.number("number"), asked.text("reason")
    )
    return _said(f"The connection of {name} is ended.")


async def ban(asked: Asked) -> Answer:
    """Shut an account, an address or a network out."""
    session, time = asked.session(), asked.text("time")
    seconds = read_duration(time) if time else 0.0
    if seconds is None:
        raise BadRequest(f"A time is {FORMS}; empty is until lifted.")
    shown = await asked.hub.operators.ban(
        session, asked.text("whom"), seconds, asked.text("reason")
    )
    await session.caused.happened()
    length = f"for {in_words(seconds)}" if seconds else "for ever"
    return _said(f"{shown} is shut out {length}.")


async def lift(asked: Asked) -> Answer:
    """End a ban."""
    session = asked.session()
    shown = asked.hub.operators.lift(session, asked.text("whom"))
    await session.caused.happened()
    return _said(f"{shown} may come in again.")


async def op(asked: Asked) -> Answer:
    """Make a member an operator."""
    session = asked.session()
    name = await asked.hub.operators.appoint(session, asked.text("name"))
    await session.caused.happened()
    return _said(f"{name} is an operator now.")


async def deop(asked: Asked) -> Answer:
    """Make an operator a member."""
    name = await asked.hub.operators.dismiss(asked.session(), asked.text("name"))
    return _said(f"{name} is no operator any more.")


async def reset(asked: Asked) -> Answer:
    """Give an account another password."""
    name, password = await asked.hub.operators.reset(
        asked.session(), asked.text("name")
    )
    return _said(
        f"{name} has a new password, no SSH keys any more, and was logged out "
        "everywhere. It is shown here once: pass it on, and have it changed by "
        "/password.",
        password=password,
    )


async def delete(asked: Asked) -> Answer:
    """Take an account away."""
    name = await asked.hub.operators.delete(asked.session(), asked.text("name"))
    return _said(f"The account {name} is gone; its name stays reserved.")
