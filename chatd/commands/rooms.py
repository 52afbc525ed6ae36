"""Rooms."""

from chatd.chat.account import Role
from chatd.chat.command import Call, command
from chatd.chat.durations import counted
from chatd.chat.events import Listing, Value

SHOWN = 100  # rooms in one list: more nobody reads


@command("join", usage="ROOM", aliases=["room"])
async def join(call: Call) -> None:
    """
    Enter a room, opening it if there is none of that name.

    What you say goes there from then on. You stay in your other rooms: /join brings
    you back to one of them, /leave ends it. Who opens a room is its first moderator.

    Example: /join ops
    """
    await call.hub.moves.join(call.session, call.rest)


@command("leave", usage="[ROOM]", aliases=["part"])
async def leave(call: Call) -> None:
    """
    Leave a room: the current one, or the one you name.

    Example: /leave ops
    """
    await call.hub.moves.leave(call.session, call.room_named(call.rest))
    room = call.session.room
    if room is None:
        call.reply("You are in no room now. /join one; /rooms lists them.")
    else:
        call.reply(f"You are in {room.name} now.")


@command("rooms", asks=True)
async def rooms(call: Call) -> None:
    """
    List the rooms that you may see, the fullest first.

    Example: /rooms
    """
    me = call.person
    found = sorted(
        call.hub.archive.rooms_for(call.session),
        key=lambda room: (-len(room.present), room.name.casefold()),
    )
    lines: list[str] = []
    rows: list[dict[str, Value]] = []
    for room in found[:SHOWN]:
        marks = [counted(len(room.present), "person")]
        if room is call.session.room:
            marks.append("you speak here")
        elif me.id in room.present:
            marks.append("you are here")
        if room.private:
            marks.append("private")
        if not room.history:
            marks.append("nothing is kept")
        topic = f" — {room.topic}" if room.topic else ""
        lines.append(f"{room.name}: {', '.join(marks)}{topic}")
        rows.append(
            {
                "name": room.name,
                "people": len(room.present),
                "topic": room.topic,
                "private": room.private,
                "history": room.history,
                "joined": me.id in room.present,
            }
        )
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN:,} more")
    call.reply(
        Listing("rooms", f"{counted(len(found), 'room')}:", tuple(lines), tuple(rows))
    )


@command("topic", usage="[TEXT...]")
async def topic(call: Call) -> None:
    """
    Show what the current room is about, or change it; /topic - clears it.

    Members may change it in public rooms, moderators in all of theirs.

    Example: /topic Release on Friday
    """
    room = call.room
    if call.rest:
        text = "" if call.rest == "-" else call.rest
        room.set_topic(call.session, text, call.hub.rules)
    elif room.topic:
        call.reply(f"The topic of {room.name}: {room.topic}")
    else:
        call.reply(f"{room.name} has no topic. /topic TEXT gives it one.")


@command("invite", usage="NAME")
async def invite(call: Call) -> None:
    """
    Ask somebody into the current room; into a private one they may come then.

    Example: /invite bob
    """
    person = await call.hub.find(call.rest)
    room = call.room
    room.invite(call.session, person, call.hub.rules)
    await call.happened()
    if call.hub.presence.get(person.id) is None:
        call.reply(f"{person.name} is not here, and may /join {room.name} later.")


@command("private", needs=Role.MODERATOR)
async def private(call: Call) -> None:
    """
    Let only those enter the current room who are in it now, or are invited.

    Nobody else can read its history then, nor see that it exists. /public ends it.
    """
    call.room.set_private(call.session, True)


@command("public", needs=Role.MODERATOR)
async def public(call: Call) -> None:
    """
    Let everybody enter the current room.

    Everybody can then read its history, also what was said while it was private.
    """
    call.room.set_private(call.session, False)
