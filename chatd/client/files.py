"""Files, as somebody at a terminal sends and gets them."""

import mimetypes
import shlex
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred

from chatd.chat.events import Listing
from chatd.chat.file import size_in_words
from chatd.client.asking import RequestFailed, Unanswered
from chatd.client.client import Client
from chatd.client.desk import Desk
from chatd.client.saving import meant, part_of, publish, suggest
from chatd.client.wording import progress

if TYPE_CHECKING:
    from chatd.client.transfer import Transfers

_NO = ("no", "n")
_YES = ("yes", "y")


class Files:
    """Sends and gets files, one after another."""

    def __init__(
        self, client: Client, desk: Desk, transfers: "Callable[[], Transfers]"
    ) -> None:
        """
        @param transfers: Makes what moves files, when it is needed.
        """
        self._client = client
        self._desk = desk
        self._make = transfers
        self._transfers: Transfers | None = None
        self._now: Deferred[None] | None = None

    def cancel(self) -> bool:
        """
        Stop the present transfer.

        @return: Whether there was one.
        """
        now, self._now = self._now, None
        if now is None:
            return False
        if self._transfers is not None:
            self._transfers.stop()
        now.cancel()
        return True

    # To send

    async def send(self, rest: str, room: str) -> None:
        """
        Share a file: C{PATH [NAME|ROOM]}.

        @param room: Where, if nothing else is said.
        """
        path, target = _read(rest)
        if path is None:
            self._desk.wrong("Type it like this: /send-file PATH [NAME|ROOM]")
            return
        if not path.is_file():
            self._desk.wrong(f"{path} is no file.")
            return
        place = self._place(target or room)

        async def ticket() -> str:
            kind = mimetypes.guess_type(path.name)[0]
            fields: dict[str, Any] = {"name": path.name, "size": path.stat().st_size}
            fields |= place | ({"type": kind} if kind else {})
            reply = await self._client.request("share", **fields)
            return str(reply.fields["url"])

        size = path.stat().st_size
        await self._move(
            path.name,
            size,
            f"{path.name} was not sent",
            partial(self._mover().put, path, ticket),
        )

    def _place(self, target: str) -> dict[str, str]:
        known = self._client.state.room(target)
        if target.startswith("#") or (known and not target.startswith("@")):
            return {"room": target.removeprefix("#")}
        return {"to": target.removeprefix("@")}

    # To get

    async def get(self, rest: str) -> None:
        """Save a file: C{[NUMBER|NAME|ID] [PATH]}."""
        words = _split(rest)
        found = await self._find(words[0] if words else "")
        if found is None:
            return
        name, size, sha256, file, url = found
        path: Path | None
        if len(words) > 1:
            path = meant(" ".join(words[1:]), name)
        else:
            path = await self._ask_where(name, size)
        replace = False
        while path is not None:
            if path.exists() and not replace:
                path, replace = await self._ask_over(path, name)
                continue
            part = part_of(path, file)
            get = partial(self._mover().get, url, part, size, sha256)
            if not await self._move(name, size, f"{name} did not arrive", get, part):
                return
            try:
                publish(part, path, replace=replace)
            except FileExistsError:
                continue  # somebody was quicker
            self._desk.ours(f"{name} is saved, and whole: {path.absolute()}")
            return
        self._desk.ours(f"{name} was not saved.")

    async def refuse(self, rest: str) -> None:
        """Let who sent a file know that one does not want it: C{[NUMBER|NAME|ID]}."""
        event = self._desk.offers.find(rest.strip())
        which = event.file if event else rest.strip()
        try:
            await self._client.command(f"/files refuse {which}")
        except (RequestFailed, Unanswered) as problem:
            self._desk.wrong(str(problem))
        else:
            self._desk.ours(f"{event.name if event else which} is refused.")

    async def _ask_where(self, name: str, size: int) -> Path | None:
        default = suggest(name)
        answer = await self._desk.ask(
            f"save {name} ({size_in_words(size)}) as [{default}], or no: "
        )
        if answer is None or answer.strip().casefold() in _NO:
            return None
        return meant(answer.strip(), name) if answer.strip() else default

    async def _ask_over(self, path: Path, name: str) -> tuple[Path | None, bool]:
        answer = await self._desk.ask(
            f"{path} is there already. Overwrite it? (yes, no, or another name) "
        )
        words = (answer or "").strip()
        if words.casefold() in _YES:
            return path, True
        if not words or words.casefold() in _NO:
            return None, False
        return meant(words, name), False

    async def _find(self, which: str) -> tuple[str, int, str, str, str] | None:
        """What is known of a file: name, size, SHA-256, id and link."""
        event = self._desk.offers.find(which)
        if event is not None and event.file in self._client.links:
            url = self._client.links[event.file]
            return event.name, event.size, event.sha256, event.file, url
        if not which:
            self._desk.wrong("Nobody shared a file since you came. /files lists them.")
            return None
        try:
            reply = await self._client.command(f"/files {which}")
        except (RequestFailed, Unanswered) as problem:
            self._desk.wrong(str(problem))
            return None
        for answer in reply.answers:
            if isinstance(answer, Listing) and len(answer.rows) == 1:
                row: Any = answer.rows[0]
                if "url" in row:
                    return (
                        str(row["name"]),
                        int(row["size"]),
                        str(row["sha256"]),
                        str(row["file"]),
                        str(row["url"]),
                    )
        self._desk.wrong(f"There is no file {which}. /files lists them.")
        return None

    # Both

    def _mover(self) -> "Transfers":
        if self._transfers is None:
            self._transfers = self._make()
        return self._transfers

    async def _move(
        self,
        name: str,
        size: int,
        otherwise: str,
        move: Callable[[Callable[[int], None]], Coroutine[Deferred[Any], Any, None]],
        part: Path | None = None,
    ) -> bool:
        """
        Move a file, and show how far it is.

        @param otherwise: What to say if it goes wrong.
        @param part: What is left of it if it does.
        @return: Whether it went well.
        """
        from chatd.client.transfer import TransferFailed

        if self._now is not None:
            self._desk.wrong(f"{otherwise}: one at a time; Ctrl-C stops the other.")
            return False

        def told(done: int) -> None:
            bar = progress(name, done, size)
            if bar != self._desk.progress:
                self._desk.progress = bar
                self._desk.prompt()

        told(0)
        now = self._now = Deferred.fromCoroutine(move(told))
        try:
            await now
        except CancelledError:
            if part is not None:
                part.unlink(missing_ok=True)
            self._desk.wrong(f"{otherwise}: you stopped it. Nothing is left of it.")
        except (RequestFailed, Unanswered, TransferFailed) as problem:
            more = " What came is kept: try again." if part and part.exists() else ""
            self._desk.wrong(f"{otherwise}: {problem}{more}")
        except OSError as problem:
            self._desk.wrong(f"{otherwise}: {problem.strerror or problem}")
        else:
            return True
        finally:
            self._now = None
            self._desk.progress = ""
            self._desk.prompt()
        return False


def _read(rest: str) -> tuple[Path | None, str]:
    """A path, which may have spaces, and perhaps where to."""
    whole = Path(rest).expanduser()
    words = _split(rest)
    if not words:
        return None, ""
    if len(words) == 1 or whole.is_file():
        return (whole if whole.is_file() else Path(words[0]).expanduser()), ""
    return Path(" ".join(words[:-1])).expanduser(), words[-1]


def _split(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError:
        return rest.split()
