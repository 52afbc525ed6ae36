"""How people are received: by the server, and in a room."""

from chatd.chat.account import Role
from chatd.chat.durations import counted
from chatd.chat.events import Greeting, RoomView, Welcome

# Beyond, only the count of people is told; /who lists them.
NAMED = 30


def greeting(event: Greeting) -> str:
    """What whoever connects is told, in lines."""
    count = len(event.people)
    if not event.guests:
        people = ""
    elif not count:
        people = " Nobody is here yet."
    else:
        names = f": {', '.join(event.people)}" if count <= NAMED else ""
        be = "is" if count == 1 else "are"
        people = f" {counted(count, 'person')} {be} here{names}."
    ways = []
    if event.guests:
        ways.append("Type a name to come in")
    if event.passwords:
        ways.append("/login NAME PASSWORD")
    if event.passwords and event.registration != "closed":
        code = " CODE" if event.registration == "invitation" else ""
        ways.append(f"/register NAME PASSWORD{code}")
    line = "This line is encrypted."
    if not event.secure:
        none = "" if event.passwords else ": it takes no passwords"
        how = f" To encrypt: {event.encrypt}" if event.encrypt else ""
        line = f"This line is NOT encrypted{none}.{how}"
    if not ways:
        ways.append("Nobody comes in by this line")
    return (
        f"Welcome to chatd at {event.server}.{people}\n{line}\n"
        f"{', or '.join(ways)}. /help for more."
    )


def welcome(event: Welcome) -> str:
    """What whoever comes in is told, in lines."""
    lines = event.motd.split("\n") if event.motd else []
    who = "a guest" if event.person.guest else "a member"
    if event.role is Role.OPERATOR:
        who = "an operator"
    lines.append(f"You are {event.person.name}, {who}.")
    for room in event.rooms[:1]:
        lines += room_lines(room)
    if event.rooms[1:]:
        others = ", ".join(room.name for room in event.rooms[1:])
        lines.append(f"You are also in: {others}. /join ROOM to speak there.")
    missed = _missed(event)
    if missed:
        lines.append(f"While you were away: {missed}. /catchup shows them.")
    return "\n".join(lines)


def room_lines(room: RoomView) -> list[str]:
    """How a room looks to whoever comes into it."""
    people = f"{counted(len(room.people), 'person')} in {room.name}"
    if len(room.people) <= NAMED:
        people += f": {', '.join(room.people)}"
    lines = [people]
    if room.topic:
        lines.append(f"Topic: {room.topic}")
    if room.private:
        lines.append(f"{room.name} is private.")
    if not room.history:
        lines.append(f"What is said in {room.name} is NOT kept: its history is off.")
    return lines


def _missed(event: Welcome) -> str:
    parts = []
    if event.whispers:
        parts.append(counted(event.whispers, "private message"))
    mentions = sum(room.mentions for room in event.rooms)
    if mentions:
        parts.append(counted(mentions, "mention"))
    parts += [f"{room.unread} in #{room.name}" for room in event.rooms if room.unread]
    return ", ".join(parts)
