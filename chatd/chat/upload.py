"""A file on its way in."""

from typing import TYPE_CHECKING

from chatd.chat.outside import Incoming, Kept

if TYPE_CHECKING:
    from chatd.chat.session import Session
    from chatd.chat.sharing import Place, Sharing

# What a file takes at least; see C{Store.space}.
COST = 4096


class Upload:
    """
    A file on its way in.

    @ivar session: In whose name; it must be somebody who is there at the end.
    @ivar used: Bytes that were taken when it was last looked: of the owner, of all.
    """

    def __init__(
        self,
        sharing: "Sharing",
        session: "Session",
        place: "Place",
        name: str,
        mime: str,
    ) -> None:
        self.session = session
        self.owner = session.somebody()
        self.place = place
        self.name = name
        self.mime = mime
        self.used = (0, 0)
        self.incoming: Incoming | None = None
        self._sharing = sharing

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.incoming.size if self.incoming is not None else 0

    @property
    def cost(self) -> int:
        """What it counts for."""
        return max(self.size, COST)

    async def write(self, data: bytes) -> None:
        """
        Add to the end.

        @raise ChatError: if it cannot be; then nothing is left of it.
        """
        assert self.incoming is not None
        try:
            self._sharing.check_space(self, self.size + len(data))
            await self.incoming.write(data)
        except BaseException:
            await self.abort()
            raise

    async def finish(self) -> Kept:
        """
        Share it.

        @raise ChatError: as for L{write}.
        """
        assert self.incoming is not None
        try:
            self._sharing.check(self.session, self.place)
            kept = await self.incoming.finish()
            try:
                await self._sharing.share(self, kept)
            except BaseException:
                await self._sharing.discard(kept)
                raise
        except BaseException:
            await self.abort()
            raise
        self._sharing.over(self)
        return kept

    async def abort(self) -> None:
        """Leave nothing behind; nothing happens if it was shared."""
        self._sharing.over(self)
        if self.incoming is not None:
            await self.incoming.abort()
