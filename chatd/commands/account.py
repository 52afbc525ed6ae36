"""Account."""

from functools import cache
from zoneinfo import available_timezones

from chatd.chat.account import Preferences, Role, Theme, Timestamps
from chatd.chat.command import Call, command
from chatd.chat.durations import counted, in_words
from chatd.chat.errors import BadRequest, Usage
from chatd.chat.events import Listing
from chatd.chat.names import key_of


@command("register", usage="[NAME] PASSWORD [CODE]", needs=Role.NOBODY, secret=True)
async def register(call: Call) -> None:
    """
    Make a name yours: from then on it needs the password.

    A guest who types the password alone keeps the present name. Where registration is
    by invitation, all three words are needed. A password has 8 characters or more and
    no spaces; type it over an encrypted line.

    Example: /register ann correct-horse-battery
    """
    first, password, code = call.words(3)
    if password:
        name = first
    elif call.session.person is None:
        raise Usage("Type it like this: /register NAME PASSWORD")
    elif key_of(first) == key_of(call.person.name):
        raise Usage(f"Type it like this: /register {call.person.name} PASSWORD")
    else:
        name, password = call.person.name, first
    await call.hub.registry.register(call.session, name, password, code)


@command("login", usage="NAME PASSWORD...", needs=Role.NOBODY, secret=True)
async def login(call: Call) -> None:
    """
    Come in with your account; a guest becomes a member.

    You may be here several times at once, and are one person then. Over telnet, type
    your name alone: you are asked for the password, and it is not shown.

    Example: /login ann correct-horse-battery
    """
    name, password = call.words(2)
    await call.hub.entrance.log_in(call.session, name, password)


@command("password", usage="OLD... NEW", needs=Role.MEMBER, secret=True)
async def password(call: Call) -> None:
    """
    Change your password.

    Your other sessions are ended: whoever knew the old password is out. SSH keys go on
    opening the account: /keys lists and removes them. The new password is one word; the
    old one, if it was made at the console, may have been several.

    Example: /password correct-horse-battery seven-small-rain-clouds
    """
    old, _, new = call.rest.rpartition(" ")
    membership = call.hub.membership
    ended, keys = await membership.change_password(call.session, old, new)
    if call.session.token:
        call.done["token"] = await call.hub.tokens.give(call.session)
    others = f" {counted(ended, 'other session')} ended." if ended else ""
    if keys:
        others += f" {counted(keys, 'SSH key')} can still come in: /keys."
    call.reply(f"Your password is changed.{others}")


@command("nick", usage="NAME")
async def nick(call: Call) -> None:
    """
    Take another name, as a guest.

    An account keeps its name, because others know its owner by it.

    Example: /nick ann_at_work
    """
    await call.hub.registry.rename(call.session, call.rest)


@command("unregister", usage="PASSWORD...", needs=Role.MEMBER, secret=True)
async def unregister(call: Call) -> None:
    """
    Give up your account.

    All its sessions end. The name stays reserved, so that nobody can pretend to be
    you; what you said stays in the history.
    """
    await call.hub.membership.unregister(call.session, call.rest)


@command("keys", usage="[add|remove] [KEY...]", needs=Role.MEMBER)
async def keys(call: Call) -> None:
    """
    List, add and remove the SSH keys with which you come in without a password.

    /keys lists them. /keys add takes the line in the file that ends in .pub, or alone
    the key that your ssh has offered; /keys remove a number of the list, or a
    fingerprint.

    Example: /keys add ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA… ann@laptop
    """
    verb, key = call.words(2)
    membership = call.hub.membership
    match verb.casefold():
        case "":
            kept = await membership.keys(call.session)
            title = f"{counted(len(kept), 'SSH key')}:" if kept else "No SSH keys yet."
            call.reply(
                Listing(
                    "keys",
                    title,
                    tuple(
                        f"{number}. {one.fingerprint} {one.kind} {one.comment}".rstrip()
                        for number, one in enumerate(kept, 1)
                    ),
                    tuple(
                        {
                            "fingerprint": one.fingerprint,
                            "kind": one.kind,
                            "comment": one.comment,
                        }
                        for one in kept
                    ),
                )
            )
        case "add":
            added = await membership.add_key(call.session, key)
            call.reply(f"Added {added.fingerprint}. ssh lets you in with it now.")
        case "remove" if key:
            removed = await membership.remove_key(call.session, key)
            call.reply(f"Removed {removed.fingerprint}.")
        case _:
            raise Usage("Type it like this: /keys, /keys add KEY or /keys remove KEY")


@command("claim", usage="CODE", secret=True)
async def claim(call: Call) -> None:
    """
    Become the first operator, with the code that the server printed at its start.

    You need an account: /register first. Operators make others by /op.

    Example: /claim K7Q2-9MX4-0TRA-W3HD
    """
    await call.hub.registry.claim(call.session, call.rest)


@command("set", usage="[NAME] [VALUE...]")
async def set_(call: Call) -> None:
    """
    See or change how the chat looks to you; it is kept with your account.

    timestamps: full, short or off. zone: a time zone such as Europe/Berlin, or
    server. colour: on, off or auto. theme, which colours: default, bright (for a dark
    background) or mono. reader, for a screen reader, so that nothing on the screen is
    written over: on, off or auto. bell, when somebody names you or tells you
    something in private: on or off. telnet: on, off or auto. A guest's choices last
    until leaving.

    Example: /set timestamps short
    """
    name, value = (word.casefold() for word in call.words(2))
    now = call.session.preferences
    if not name:
        call.reply(
            Listing(
                "set",
                "Your choices; /set NAME VALUE changes one:",
                tuple(
                    f"{one}: {_shown(one, now)} ({_choices(one)})" for one in _VALUES
                ),
                tuple({"name": one, "value": _shown(one, now)} for one in _VALUES),
            )
        )
        return
    name = _SYNONYMS.get(name, name)
    if name not in _VALUES:
        raise BadRequest(f"There is no choice {name[:40]}: {', '.join(_VALUES)}.")
    if value:
        await call.hub.membership.prefer(call.session, name, _read(name, value))
    call.reply(f"{name}: {_shown(name, call.session.preferences)}")


@command("quit", aliases=["exit", "bye", "logout"], needs=Role.NOBODY)
async def quit(call: Call) -> None:
    """
    Leave the chat.

    Your other sessions stay. Private messages to your account wait for you.
    """
    here = call.hub.now() - call.session.since
    call.session.close(f"Bye. You were here for {in_words(here)}.")


_AUTO: dict[str, object] = {"on": True, "off": False, "auto": None}
_SERVER = "server"  # its time zone

# By the names of the preferences: what may be typed, and what it means.
_VALUES: dict[str, dict[str, object]] = {
    "timestamps": {one.value: one for one in Timestamps},
    "zone": {},  # hundreds
    "colour": _AUTO,
    "theme": {one.value: one for one in Theme},
    "reader": _AUTO,
    "bell": {"on": True, "off": False},
    "telnet": _AUTO,
}

_SYNONYMS = {"color": "colour", "timezone": "zone", "time": "timestamps"}


def _choices(name: str) -> str:
    """What may be typed behind the name of a preference, for people."""
    if name == "zone":
        return f"a time zone such as Europe/Berlin, or {_SERVER}"
    *most, last = _VALUES[name]
    return f"{', '.join(most)} or {last}"


def _shown(name: str, preferences: Preferences) -> str:
    """What a preference is."""
    now = getattr(preferences, name)
    if name == "zone":
        return str(now or _SERVER)
    return next(word for word, value in _VALUES[name].items() if value == now)


def _read(name: str, word: str) -> object:
    """What a word means as the value of a preference."""
    if name != "zone":
        if word in _VALUES[name]:
            return _VALUES[name][word]
    elif word == _SERVER:
        return ""
    else:
        zone = _zones().get(word.replace(" ", "_"))
        if zone is not None:
            return zone
    raise BadRequest(f"{name} is one of these: {_choices(name)}.")


@cache
def _zones() -> dict[str, str]:
    """Time zones by their names and by their places, in lower case."""
    zones: dict[str, str] = {}
    for name in sorted(available_timezones()):
        zones.setdefault(name.rpartition("/")[2].casefold(), name)
    for name in available_timezones():
        zones[name.casefold()] = name
    return zones
