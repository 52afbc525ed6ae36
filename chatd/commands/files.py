"""Files."""

from datetime import datetime
from typing import TYPE_CHECKING

from chatd.chat.account import Person
from chatd.chat.command import Call, command
from chatd.chat.durations import in_words
from chatd.chat.errors import Closed, NotFound, Usage
from chatd.chat.events import Listing, Value
from chatd.chat.file import File, size_in_words
from chatd.chat.short_ids import short_id

if TYPE_CHECKING:
    from chatd.chat.sharing import Place

LISTED = 100  # files in one list: more nobody reads

# What stands for the file where nobody said which.
SOME_FILE = "FILE"


@command("files", usage="[ROOM|NAME|ID|remove|refuse] [ID]")
async def files(call: Call) -> None:
    """
    List the files that are shared in the current room, in another, or with somebody.

    It says how to fetch them and how to share one. /files ID tells all about one file.

    /files remove ID removes a file of yours; moderators and operators remove those of
    others, too. /files refuse ID is for what somebody shared with you alone: it is
    removed, and they are told that you do not want it.

    Example: /files ops
    """
    word, id = call.words(2)
    if id:
        await _act(call, word, id)
        return
    try:
        place = await _place(call, word)
    except NotFound:
        if word.casefold() in ("remove", "refuse"):
            raise Usage(f"Type it like this: /files {word} ID") from None
        if not any(map(str.isdigit, word)):
            raise
        await _tell(call, word)
        return
    found = await call.hub.sharing.shared(call.session, place, limit=LISTED + 1)
    lines = [line for file in found[:LISTED] for line in _lines(call, file)]
    call.reply(
        Listing(
            "files",
            _title(place, len(found)),
            tuple(lines + _how(call, place, found)),
            tuple(_row(call, file) for file in found[:LISTED]),
        )
    )


@command("send-file", usage="ROOM|NAME [FILE...]", aliases=["sendfile"])
async def send_file(call: Call) -> None:
    """
    Share a file in a room or with one person.

    The answer is a line to paste into another terminal, on the machine where the file
    is. It is good for one file. If it breaks off, the same line begins anew; or ask by
    curl -I with its address for Upload-Offset, and add -C and that number.

    Example: /send-file bob report.txt
    """
    where, path = call.words(2)
    place = await _place(call, where)
    links = call.session.look.links
    ticket = await call.hub.sharing.ticket(call.session, place)
    if links is None:
        raise Closed("This door has no links to files: come in by another one.")
    seconds = call.hub.rules.files_begin
    title = f"To share a file {_with(place)}, type this in another terminal"
    title += f", within {in_words(seconds)}:"
    line = links.put(ticket.token, path.strip() or SOME_FILE)
    row: dict[str, Value] = {
        "url": links.upload(ticket.token),
        "seconds": seconds,
        "line": line,
    }
    call.reply(Listing("send-file", title, (line,), (row,)))


async def _act(call: Call, word: str, id: str) -> None:
    sharing = call.hub.sharing
    act = {"remove": sharing.remove, "refuse": sharing.refuse}.get(word.casefold())
    if act is None:
        raise Usage("Type it like this: /files, /files ops, /files remove ID")
    file = await sharing.find(call.session, id)
    await act(call.session, file)
    call.reply(f"{file.name} is removed.")


async def _tell(call: Call, id: str) -> None:
    """Tell all about one file."""
    file = await call.hub.sharing.find(call.session, id)
    lines = [f"{file.size} bytes, {file.mime}", f"SHA-256 {file.sha256}"]
    if file.expires:
        until = datetime.fromtimestamp(file.expires, call.session.preferences.tz)
        lines.append(f"kept until {until:%Y-%m-%d %H:%M}")
    first, *others = _lines(call, file)
    lines = [f"    {line}" for line in lines]
    call.reply(Listing("files", first, (*lines, *others), (_row(call, file),)))


async def _place(call: Call, word: str) -> "Place":
    if not word:
        return call.room
    if not word.startswith("@"):
        try:
            return call.room_named(word)
        except NotFound:
            if word.startswith("#"):
                raise
    try:
        return await call.hub.find(word)
    except NotFound:
        raise NotFound(f"There is no room and nobody called {word[:40]}.") from None


def _with(place: "Place") -> str:
    return f"with {place.name}" if isinstance(place, Person) else f"in {place.name}"


def _title(place: "Place", count: int) -> str:
    if not count:
        return f"No file is shared {_with(place)}."
    number = f"The latest {LISTED} files" if count > LISTED else f"{count} files"
    return f"{'1 file' if count == 1 else number} shared {_with(place)}:"


def _lines(call: Call, file: File) -> list[str]:
    when = datetime.fromtimestamp(file.created, call.session.preferences.tz)
    line = (
        f"{short_id(file.event)}  {file.name} ({size_in_words(file.size)}), "
        f"{file.owner.name}, {when:%Y-%m-%d %H:%M}"
    )
    links = call.session.look.links
    return [line, f"    {links.fetch(file, call.person)}"] if links else [line]


def _how(call: Call, place: "Place", found: list[File]) -> list[str]:
    folder = f"@{place.name}" if isinstance(place, Person) else place.name
    guest = call.person.guest and not call.hub.rules.files_guests
    lines = []
    if call.session.look.links and not guest:
        lines.append(f"To share one: /send-file {folder} FILE")
    scp = call.hub.rules.scp
    if not scp or guest:
        return lines
    head, _, tail = scp.partition("{}")
    address = f"{call.person.name}{tail}"
    if found:
        # Whoever pastes the line runs it in a shell: no name of a file stands in it.
        lines.append(f"By SSH, to get one: scp {head}{address}:{folder}/NAME .")
    lines.append(f"By SSH, to share one: scp {head}FILE {address}:{folder}/")
    return lines


def _row(call: Call, file: File) -> dict[str, Value]:
    links = call.session.look.links
    return {
        "id": str(file.event),
        "file": file.id,
        "name": file.name,
        "size": file.size,
        "type": file.mime,
        "sha256": file.sha256,
        "sender": file.owner.name,
        "room": file.room,
        "to": file.to.name if file.to else None,
        "time": file.created,
        "expires": file.expires,
        "url": links.of(file, call.person) if links else None,
    }
