"""Looking."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from chatd.chat.account import Role
from chatd.chat.command import Call, command
from chatd.chat.durations import counted, in_words
from chatd.chat.errors import NotAllowed, NotFound, NotInRoom, Usage
from chatd.chat.events import SPOKEN, Listing, Past, Value
from chatd.chat.presence import Here
from chatd.chat.roll import sort_names
from chatd.chat.short_ids import read_id

NAMED = 50  # people in one line: more nobody reads
ROWS = 500  # people of whom a program is told more; a line of JSON must not grow long
HISTORY = 20  # messages, if nobody says how many
FOUND = 20  # messages that a search shows
PROGRESS = 2_000  # messages of the log between two words on how far it got


@command(
    "who",
    usage="[ROOM|*]",
    aliases=["whosonline", "getlist", "users", "names", "list"],
    asks=True,
    needs=Role.NOBODY,
)
async def who(call: Call) -> None:
    """
    Show who is here: in the current room, in the one you name, or with * everywhere.

    /whois NAME tells more about one of them.

    Example: /who ops
    """
    people, where, moderators = _look(call)
    names = sort_names(here.person.name for here in people)
    lines = []
    away = [here for here in people if here.away is not None]
    if away:
        lines.append(_list("Away", sort_names(here.person.name for here in away)))
    if not call.rest:
        inside = set(names)
        others = [name for name in call.hub.presence.names() if name not in inside]
        if others:
            lines.append(_list("In other rooms", others))
    by_name = sorted(people, key=lambda here: here.person.name.casefold())
    rows = tuple(_row(call, here, moderators) for here in by_name[:ROWS])
    title = _list(f"{counted(len(names), 'person')} in {where}", names)
    call.reply(Listing("who", title, tuple(lines), rows))


@command("whois", usage="NAME", asks=True)
async def whois(call: Call) -> None:
    """
    Tell what is known about somebody: guest or member, where, away, how long idle.

    Example: /whois bob
    """
    person = await call.hub.find(call.rest)
    here = call.hub.presence.get(person.id)
    if here is None:
        role = await call.hub.people.role_of(person)
        account = await call.hub.store.account(person.id)
        lines = [f"{_article(role)}, not here now"]
        if account is not None:
            ago = in_words(call.hub.now() - account.created)
            lines.append(f"registered {ago} ago")
        row: dict[str, Value] = {"name": person.name, "here": False}
        row["role"] = role.name.lower()
        call.reply(Listing("whois", f"{person.name}:", tuple(lines), (row,)))
        return
    row = {**_row(call, here), "here": True}
    role = await call.hub.people.role_of(person)
    row["role"] = role.name.lower()
    now = call.hub.now()
    lines = [f"{_article(role)}, here for {in_words(now - here.since)}"]
    idle = row["idle"]
    if isinstance(idle, int) and idle >= 60:
        lines[0] += f", idle for {in_words(idle)}"
    if here.away is not None:
        lines.append(f"away: {here.away}" if here.away else "away")
    rooms = _rooms(call, here)
    if rooms:
        lines.append(f"in {', '.join(rooms)}")
    if call.session.role is Role.OPERATOR:
        sessions = call.hub.connections.of(person.id)
        ways = [f"{one.kind} from {one.address or 'this machine'}" for one in sessions]
        lines += [f"by {way}" for way in ways]
        row["sessions"] = tuple(ways)
    call.reply(Listing("whois", f"{person.name}:", tuple(lines), (row,)))


@command("history", usage="[N|on|off]", asks=True)
async def history(call: Call) -> None:
    """
    Show what was said last in the current room; moderators switch it on and off.

    N is how many messages. After /history off, nothing that is said in the room is
    kept, and who enters is told so; what was kept before stays.

    Example: /history 50
    """
    room = call.room
    word = call.rest.casefold()
    if word in ("on", "off"):
        # One word serves two roles, so the declaration cannot say who may.
        if call.session.role_in(room) < Role.MODERATOR:
            raise NotAllowed("Only moderators of the room switch its history.")
        room.set_history(call.session, word == "on")
        return
    if word and not (word.isdecimal() and int(word[:9]) > 0):
        raise Usage("Type it like this: /history, /history 50, /history off")
    limit = min(int(word[:9] or HISTORY), call.hub.rules.history_max)
    past = await call.hub.archive.history(call.session, room, limit=limit)
    title = f"What was said last in {room.name}:" if past.events else ""
    if not room.history:
        title = f"What is said in {room.name} is not kept. {title}".rstrip()
    call.reply(replace(past, title=title))


@command("getlog", usage="[ROOM]", aliases=["log"], asks=True)
async def getlog(call: Call) -> None:
    """
    Send you all that was said in a room, as text; /history shows the last of it.

    However much there is, others are not delayed by it. To keep it in a file, let
    your terminal write what it shows to one.

    Example: /getlog lobby
    """
    room = call.room_named(call.rest)
    count, told = 0, PROGRESS
    async for piece in call.hub.archive.log(call.session, room):
        title = "" if count else f"The log of {room.name}:"
        call.reply(replace(piece, title=title))
        count += sum(isinstance(event, SPOKEN) for event in piece.events)
        if count >= told:
            told = count - count % PROGRESS + PROGRESS
            call.reply(f"{counted(count, 'message')} so far …")
        if not await call.taken():
            return
    call.reply(f"End of the log: {counted(count, 'message')}.")


@command("search", usage="WORDS...", asks=True)
async def search(call: Call) -> None:
    """
    Find messages with all these words, in rooms that you may see and in private.

    from:NAME, in:ROOM and since:2h (or 3d, a date, a time) narrow it down; words in
    quotation marks stand side by side.

    Example: /search "disk full" from:ann in:ops since:2d
    """
    past = await call.hub.archive.search(call.session, call.rest, limit=FOUND)
    call.reply(past)


@command("catchup", needs=Role.MEMBER, asks=True)
async def catchup(call: Call) -> None:
    """
    Show what you missed: private messages, where you were named, and how much else.
    """
    private, mentions, rooms = await call.hub.archive.catch_up(call.session)
    if private.events:
        call.reply(private)
    if mentions.events:
        call.reply(mentions)
    if rooms:
        call.reply(
            Listing(
                "catchup",
                "Unread in your rooms; /history N shows the last N of the current one:",
                tuple(f"{counted(r.unread, 'message')} in {r.name}" for r in rooms),
                tuple(
                    {"room": r.name, "unread": r.unread, "mentions": r.mentions}
                    for r in rooms
                ),
            )
        )
    elif not private.events and not mentions.events:
        call.reply("You have missed nothing.")


@command("talks", asks=True)
async def talks(call: Call) -> None:
    """
    List with whom you have had private words, the latest first.

    /msg NAME TEXT goes on with one of them.
    """
    found = await call.hub.archive.talks(call.session, limit=NAMED)
    now = call.hub.now()
    lines: list[str] = []
    rows: list[dict[str, Value]] = []
    for one in found:
        unread = f", {one.unread} unread" if one.unread else ""
        lines.append(f"{one.person.name}: {in_words(now - one.time)} ago{unread}")
        rows.append(
            {
                "name": one.person.name,
                "person_id": str(one.person.id),
                "guest": one.person.guest,
                "here": call.hub.presence.get(one.person.id) is not None,
                "last": str(one.last),
                "time": round(one.time, 3),
                "unread": one.unread,
                "seen": str(one.seen),
            }
        )
    people = counted(len(found), "person")
    title = f"You have had private words with {people}:" if found else "With nobody."
    call.reply(Listing("talks", title, tuple(lines), tuple(rows)))


@command("show", usage="[ID]", asks=True)
async def show(call: Call) -> None:
    """
    Show a pasted block whole; without its id the last one in the current room.

    Example: /show 8m2k1x0
    """
    id = read_id(call.rest) if call.rest else call.room.last_paste
    if not id:
        raise NotFound(f"Nothing was pasted in {call.room.name} lately.")
    event = await call.hub.archive.event(call.session, id)
    room = getattr(event, "room", "")
    call.reply(Past("paste", (event,), room=room))


def _look(call: Call) -> tuple[list[Here], str, Collection[int]]:
    """Whom to list, where that is, and the ids of who moderates there."""
    if call.session.person is None:
        if call.rest or not call.hub.takes_guests:
            call.session.somebody()
        # The greeting tells this much to everybody who connects.
        room = call.hub.rooms.lobby
    elif call.rest == "*":
        return list(call.hub.presence), "the chat", ()
    else:
        try:
            room = call.room_named(call.rest)
        except NotInRoom:
            return list(call.hub.presence), "the chat", ()
        except NotFound:
            here = call.hub.presence.named(call.rest.removeprefix("@"))
            if here is None:
                raise
            name = here.person.name
            raise NotFound(
                f"{name} is a person, and no room. /whois {name} tells more."
            ) from None
    found = map(call.hub.presence.get, room.present)
    people = [here for here in found if here is not None]
    return people, room.name, room.moderators


def _list(title: str, names: Sequence[str]) -> str:
    if not names:
        return title
    more = len(names) - NAMED
    if more <= 0:
        return f"{title}: {', '.join(names)}"
    return f"{title}: {', '.join(names[:NAMED])} and {more:,} more"


def _row(call: Call, here: Here, moderators: Collection[int] = ()) -> dict[str, Value]:
    """What programs are told of somebody."""
    sessions = call.hub.connections.of(here.person.id)
    role = Role.GUEST if here.person.guest else Role.MEMBER
    for session in sessions:
        role = session.role
    if here.person.id in moderators:
        role = max(role, Role.MODERATOR)
    now = call.hub.now()
    idle = min((now - session.active for session in sessions), default=None)
    return {
        "name": here.person.name,
        "guest": here.person.guest,
        "away": here.away,
        "role": role.name.lower(),
        "idle": None if idle is None else int(idle),
        "rooms": tuple(_rooms(call, here)),
    }


def _rooms(call: Call, here: Here) -> list[str]:
    """Where somebody is, as far as whoever calls may know."""
    me, role = call.session.person, call.session.role
    found = [] if me is None else map(call.hub.rooms.get, here.rooms)
    return [room.name for room in found if room and me and room.may_see(me, role)]


def _article(role: Role) -> str:
    return "an operator" if role is Role.OPERATOR else f"a {role.name.lower()}"
