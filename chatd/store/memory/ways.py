"""Questions about the ways to come in without a password: tokens, keys, invitations."""

from chatd.chat.account import Person
from chatd.chat.store import PublicKey
from chatd.store.agreed import TOKENS, key_taken
from chatd.store.memory.answering import Answering


class Ways(Answering):
    """By what people may come in."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: dict[str, tuple[Person, float]] = {}
        self._keys: dict[str, tuple[int, PublicKey]] = {}
        self._invitations: dict[str, tuple[int, float]] = {}

    async def add_token(self, digest: str, person: Person, expires: float) -> None:
        await self._turn(writes=True)
        self._tokens.pop(digest, None)
        self._tokens[digest] = person, expires
        own = [d for d, (owner, _) in self._tokens.items() if owner.id == person.id]
        for oldest in own[:-TOKENS]:
            del self._tokens[oldest]

    async def token(self, digest: str, now: float) -> Person | None:
        await self._turn()
        person, expires = self._tokens.get(digest, (None, 0.0))
        return person if expires > now else None

    async def remove_token(self, digest: str) -> None:
        await self._turn(writes=True)
        self._tokens.pop(digest, None)

    async def remove_tokens(self, person: int) -> None:
        await self._turn(writes=True)
        for digest, (owner, _) in list(self._tokens.items()):
            if owner.id == person:
                del self._tokens[digest]

    async def keys(self, account: int) -> list[PublicKey]:
        await self._turn()
        return [key for owner, key in self._keys.values() if owner == account]

    async def key_owner(self, fingerprint: str) -> int:
        await self._turn()
        return self._keys[fingerprint][0] if fingerprint in self._keys else 0

    async def add_key(self, account: int, key: PublicKey) -> None:
        await self._turn(writes=True)
        if key.fingerprint in self._keys:
            raise key_taken()
        self._keys[key.fingerprint] = account, key

    async def remove_key(self, account: int, fingerprint: str) -> bool:
        await self._turn(writes=True)
        if self._keys.get(fingerprint, (0,))[0] != account:
            return False
        del self._keys[fingerprint]
        return True

    async def add_invitation(self, digest: str, by: int, expires: float) -> None:
        await self._turn(writes=True)
        self._invitations[digest] = by, expires

    async def invitations(self, by: int, now: float) -> int:
        await self._turn()
        return sum(
            giver == by and expires > now
            for giver, expires in self._invitations.values()
        )

    async def take_invitation(self, digest: str, now: float) -> bool:
        await self._turn(writes=True)
        return self._invitations.pop(digest, (0, 0.0))[1] > now
