"""Talking."""

from chatd.chat.command import Call, command
from chatd.chat.events import Listing

# Nobody may be called by these: they stand for the whole room.
EVERYBODY = frozenset({"all", "everybody", "everyone"})


@command("me", usage="TEXT...")
async def me(call: Call) -> None:
    """
    Say what you do, in the third person.

    Example: /me looks for the coffee
    """
    call.room.emote(call.session, call.rest, call.hub.rules, call.key)


@command("msg", usage="NAME TEXT...", aliases=["pm", "send", "tell", "w"])
async def msg(call: Call) -> None:
    """
    Tell one person something; nobody else sees it.

    An account that is away is told at its next login. To "all" says it to everybody in
    the current room, and to #ROOM in another room that you are in.

    Example: /msg bob lunch at noon?
    """
    name, text = call.words(2)
    if name.casefold().removeprefix("@") in EVERYBODY:
        call.say(text)
    elif name.startswith("#"):
        room = call.room_named(name)
        call.say(text, room)
    else:
        await call.hub.people.whisper(call.session, name, text, call.key)


@command("reply", usage="TEXT...", aliases=["r"])
async def reply(call: Call) -> None:
    """
    Answer in private to whom you last had a private word with.

    Example: /reply yes, at noon
    """
    await call.hub.people.reply(call.session, call.rest, call.key)


@command("away", usage="[TEXT...]")
async def away(call: Call) -> None:
    """
    Let others know that you are away, and why; /back ends it.

    Whoever tells you something in private is told so.

    Example: /away at lunch
    """
    call.hub.people.set_away(call.session, call.rest)


@command("back")
async def back(call: Call) -> None:
    """Let others know that you are back."""
    call.hub.people.set_away(call.session, None)


@command("ignore", usage="[NAME]")
async def ignore(call: Call) -> None:
    """
    Do not see what somebody says, here and in private; alone, list whom you ignore.

    They are not told. It is kept with your account; a guest's until leaving. /unignore
    ends it.

    Example: /ignore bob
    """
    if call.rest:
        person = await call.hub.people.ignore(call.session, call.rest)
        call.reply(f"You do not see any more what {person.name} says.")
        return
    people = await call.hub.people.ignored(call.session)
    names = sorted((person.name for person in people), key=str.casefold)
    title = f"You ignore: {', '.join(names)}" if names else "You ignore nobody."
    call.reply(Listing("ignored", title, rows=tuple({"name": name} for name in names)))


@command("unignore", usage="NAME")
async def unignore(call: Call) -> None:
    """
    See again what somebody says.

    Example: /unignore bob
    """
    person = await call.hub.people.unignore(call.session, call.rest)
    call.reply(f"You see again what {person.name} says.")
