"""Questions about files that were shared."""

from collections.abc import Callable

from chatd.chat.account import Person
from chatd.chat.events import Handed, Shared
from chatd.chat.file import File
from chatd.store.agreed import FILE_COST
from chatd.store.memory.answering import Answering


class Files(Answering):
    """What was shared and is still there."""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[str, File] = {}

    async def files_in(self, room: str, *, limit: int) -> list[File]:
        await self._turn()
        return self._newest(lambda file: file.to is None and file.room == room, limit)

    async def files_between(self, person: int, other: int, *, limit: int) -> list[File]:
        await self._turn()
        ways = ((person, other), (other, person))
        return self._newest(
            lambda file: file.to is not None and (file.owner.id, file.to.id) in ways,
            limit,
        )

    async def partners(self, person: int) -> list[Person]:
        await self._turn()
        found: dict[int, Person] = {}
        for file in self._files.values():
            if file.to is not None and file.owner.id == person:
                found[file.to.id] = file.to
        for file in self._files.values():
            if file.to is not None and file.to.id == person:
                found[file.owner.id] = file.owner
        return [found[id] for id in sorted(found)]

    async def file(self, id: str) -> File | None:
        await self._turn()
        return self._files.get(id)

    async def file_of(self, event: int) -> File | None:
        await self._turn()
        return next((f for f in self._files.values() if f.event == event), None)

    async def space(self, owner: Person) -> tuple[int, int]:
        await self._turn()
        own = total = 0
        for file in self._files.values():
            cost = max(file.size, FILE_COST)
            total += cost
            if file.owner.guest if owner.guest else file.owner.id == owner.id:
                own += cost
        return own, total

    async def remove_file(self, id: str) -> bool:
        await self._turn(writes=True)
        return self._files.pop(id, None) is not None

    async def expired_files(self, now: float, *, limit: int) -> list[str]:
        await self._turn()
        over = [f for f in self._files.values() if 0 < f.expires <= now]
        return [f.id for f in sorted(over, key=lambda f: f.expires)][:limit]

    async def file_ids(self) -> set[str]:
        await self._turn()
        return set(self._files)

    # How it is done

    def _share(self, event: Shared | Handed) -> None:
        self._files[event.file] = File(
            event.file,
            event.id,
            event.sender,
            event.room if isinstance(event, Shared) else "",
            event.to if isinstance(event, Handed) else None,
            event.name,
            event.size,
            event.mime,
            event.sha256,
            event.time,
            event.expires,
        )

    def _newest(self, fits: Callable[[File], bool], limit: int) -> list[File]:
        found = [file for file in self._files.values() if fits(file)]
        return sorted(found, key=lambda file: -file.event)[:limit]
