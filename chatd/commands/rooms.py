"""Rooms."""

from chatd.chat.command import Call, command


@command("join", usage="ROOM", aliases=["room"])
async def join(call: Call) -> None:
    """Enter a room, opening it if there is none of that name."""
    await call.hub.join(call.session, call.rest)
