"""Help."""

from chatd.chat.account import Role
from chatd.chat.command import Call, Command, command
from chatd.chat.durations import counted, in_words
from chatd.chat.errors import NotAllowed
from chatd.chat.events import Listing, Value

WIDTH = 76  # characters of a line of the list

_ORDER = (
    *("Talking", "Rooms", "Looking", "Files", "Account", "Help"),
    *("Moderators", "Operators"),
)


@command("help", usage="[COMMAND]", needs=Role.NOBODY, asks=True)
async def help(call: Call) -> None:
    """
    Show what you can type; with the name of a command, how to use it.

    It lists what you may use: guests, members, moderators and operators see more each.
    With a heading of the list, it tells about all commands below it.

    Example: /help msg
    """
    asked = call.rest.lstrip("/@").casefold()
    usable = [one for one in call.hub.commands if _may(call, one)]
    subjects: dict[str, list[Command]] = {}
    for one in usable:
        subjects.setdefault(one.subject, []).append(one)
    subjects = {one: subjects[one] for one in sorted(subjects, key=_place)}
    by_word = {subject.casefold(): subject for subject in subjects}
    if not asked:
        call.reply(_all(call, subjects, usable))
    elif asked in by_word and not call.hub.commands.has(asked):
        found = subjects[by_word[asked]]
        lines = tuple(f"{one.line} — {_first(one)}" for one in found)
        call.reply(Listing("help", f"{by_word[asked]}:", lines, _rows(found)))
    else:
        call.reply(_one(call, call.hub.commands.find(asked)))


@command("motd", usage="[TEXT...]", needs=Role.NOBODY)
async def motd(call: Call) -> None:
    """
    Show the message of the day; operators change it, and /motd - clears it.

    Example: /motd
    """
    if not call.rest:
        call.reply(call.hub.motd or "There is no message of the day.")
        return
    # One word serves two roles, so the declaration cannot say who may.
    if call.session.role < Role.OPERATOR:
        raise NotAllowed("Only operators of the server set the message of the day.")
    call.hub.operators.set_motd(call.session, "" if call.rest == "-" else call.rest)


@command("version", needs=Role.NOBODY, asks=True)
async def version(call: Call) -> None:
    """Show which version of chatd this server runs."""
    call.reply(f"{call.hub.rules.server} runs chatd {call.hub.rules.version}.")


@command("uptime", needs=Role.NOBODY, asks=True)
async def uptime(call: Call) -> None:
    """Show for how long this server has been up."""
    up = in_words(call.hub.now() - call.hub.started)
    people = counted(len(call.hub.presence), "person")
    call.reply(f"{call.hub.rules.server} has been up for {up}, with {people} now.")


def _may(call: Call, one: Command) -> bool:
    return call.session.role_in(call.session.room) >= one.needs


def _all(
    call: Call, subjects: dict[str, list[Command]], usable: list[Command]
) -> Listing:
    if call.session.person is None:
        title = "Type a name to come in. Before that, you can use these:"
    else:
        title = (
            "What you type is said to the room. A line that begins with / does more:"
        )
    lines: list[str] = []
    for subject, found in subjects.items():
        lines += _packed(f"{subject}: ", [one.line for one in found])
    lines.append("/help COMMAND tells more. To say a line that begins with /, type //.")
    return Listing("help", title, tuple(lines), _rows(usable))


def _packed(head: str, words: list[str]) -> list[str]:
    """Words side by side in lines that even a small terminal need not break."""
    lines = [head]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("    ")
        lines[-1] += f"{word}, "
    return [line.rstrip() for line in lines[:-1]] + [lines[-1].rstrip(", ")]


def _place(subject: str) -> tuple[int, str]:
    """Subjects as people need them; those of strangers at the end."""
    known = subject in _ORDER
    return (_ORDER.index(subject) if known else len(_ORDER), subject)


def _one(call: Call, one: Command) -> Listing:
    lines = [line for line in one.help.split("\n") if line.strip()]
    if one.aliases:
        lines.append(f"Also: {', '.join(f'/{alias}' for alias in one.aliases)}")
    if not _may(call, one):
        lines.append(_NEEDS[one.needs])
    return Listing("help", one.line, tuple(lines), _rows([one]))


_NEEDS = {
    Role.GUEST: "You can use it when you have come in.",
    Role.MEMBER: "You can use it when you have an account: /register.",
    Role.MODERATOR: "Only moderators of the room can use it.",
    Role.OPERATOR: "Only operators of the server can use it.",
}


def _first(one: Command) -> str:
    return one.help.partition("\n")[0]


def _rows(found: list[Command]) -> tuple[dict[str, Value], ...]:
    return tuple(
        {
            "name": one.name,
            "usage": one.usage,
            "aliases": one.aliases,
            "subject": one.subject,
            "help": one.help,
        }
        for one in found
    )
