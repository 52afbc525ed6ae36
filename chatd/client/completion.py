"""How words are completed that somebody types."""

from collections.abc import Iterable

from chatd.client.state import State


def complete(
    before: str, commands: Iterable[str], state: State, room: str
) -> list[str]:
    """
    The words that the last word before the cursor may become.

    @param commands: Without their slashes.
    @param room: The one that is looked at: its people go first.
    """
    word = before.rpartition(" ")[2]
    if before.startswith("/") and " " not in before:
        names = [f"/{name}" for name in sorted(commands)]
    else:
        at = "@" if word.startswith("@") else ""
        hash = "#" if word.startswith("#") else ""
        here = state.room(room)
        people = {**(here.people if here else {}), **state.people}
        names = [at + name for name in people.values() if name != state.name]
        names += [hash + one.name for one in state.rooms.values()]
    folded = word.casefold()
    return [name for name in names if name.casefold().startswith(folded)]
