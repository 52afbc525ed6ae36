"""Files."""

from datetime import datetime
from typing import TYPE_CHECKING

from chatd.chat.account import Person
from chatd.chat.command import Call, command
from chatd.chat.errors import NotFound, Usage
from chatd.chat.events import Listing, Value
from chatd.chat.file import File, size_in_words
from chatd.chat.short_ids import short_id

if TYPE_CHECKING:
    from chatd.chat.sharing import Place

LISTED = 100  # files in one list: more nobody reads


@command("files", usage="[ROOM|NAME|remove] [ID]")
async def files(call: Call) -> None:
    """
    List the files that are shared in the current room, in another, or with somebody.

    It says how to fetch them and how to share one. /files remove ID removes a file of
    yours; moderators and operators remove those of others, too.

    Example: /files ops
    """
    word, id = call.words(2)
    if id:
        if word.casefold() != "remove":
            raise Usage("Type it like this: /files, /files ops, /files remove ID")
        file = await call.hub.sharing.find(call.session, id)
        await call.hub.sharing.remove(call.session, file)
        call.reply(f"{file.name} is removed.")
        return
    place = await _place(call, word)
    found = await call.hub.sharing.shared(call.session, place, limit=LISTED + 1)
    call.reply(
        Listing(
            "files",
            _title(place, len(found)),
            tuple(
                [_line(call, file) for file in found[:LISTED]]
                + _how(call, place, found)
            ),
            tuple(_row(file) for file in found[:LISTED]),
        )
    )


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


def _title(place: "Place", count: int) -> str:
    where = f"with {place.name}" if isinstance(place, Person) else f"in {place.name}"
    if not count:
        return f"No file is shared {where}."
    number = f"The latest {LISTED} files" if count > LISTED else f"{count} files"
    return f"{'1 file' if count == 1 else number} shared {where}:"


def _line(call: Call, file: File) -> str:
    when = datetime.fromtimestamp(file.created, call.session.preferences.tz)
    return (
        f"{short_id(file.event)}  {file.name} ({size_in_words(file.size)}), "
        f"{file.owner.name}, {when:%Y-%m-%d %H:%M}"
    )


def _how(call: Call, place: "Place", found: list[File]) -> list[str]:
    scp = call.hub.rules.scp
    if not scp or (call.person.guest and not call.hub.rules.files_guests):
        return []
    head, _, tail = scp.partition("{}")
    address = f"{call.person.name}{tail}"
    folder = f"@{place.name}" if isinstance(place, Person) else place.name
    lines = []
    if found:
        # Whoever pastes the line runs it in a shell: no name of a file stands in it.
        lines.append(f"To get one: scp {head}{address}:{folder}/NAME .")
    lines.append(f"To share one: scp {head}FILE {address}:{folder}/")
    return lines


def _row(file: File) -> dict[str, Value]:
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
    }
