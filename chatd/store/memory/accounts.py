"""Questions about accounts."""

from collections.abc import Collection
from dataclasses import replace

from chatd.chat.account import Account, Role
from chatd.chat.events import RoleChanged
from chatd.store.agreed import ADDRESSES, name_taken
from chatd.store.memory.answering import Answering


class Accounts(Answering):
    """Who has an account, and what is kept for them."""

    def __init__(self) -> None:
        super().__init__()
        self._accounts: dict[int, Account] = {}
        self._rooms_of: dict[int, tuple[str, ...]] = {}
        self._addresses: dict[int, dict[str, None]] = {}

    async def account(self, id: int) -> Account | None:
        await self._turn()
        return self._accounts.get(id)

    async def account_named(self, key: str) -> Account | None:
        await self._turn()
        return next((a for a in self._accounts.values() if a.key == key), None)

    async def account_like(self, skeleton: str) -> Account | None:
        await self._turn()
        return next(
            (a for a in self._accounts.values() if a.skeleton == skeleton), None
        )

    async def accounts(self) -> int:
        await self._turn()
        return sum(bool(account.secret) for account in self._accounts.values())

    async def operators(self) -> int:
        await self._turn()
        return sum(
            bool(account.secret) and account.role >= Role.OPERATOR
            for account in self._accounts.values()
        )

    async def find_accounts(
        self, text: str, *, after: str, limit: int
    ) -> list[Account]:
        await self._turn()
        found = [
            account
            for account in self._accounts.values()
            if account.secret and text in account.key and account.key > after
        ]
        return sorted(found, key=lambda account: account.key)[:limit]

    async def add_account(self, account: Account) -> None:
        await self._turn(writes=True)
        self._check_free(account)
        if account.id in self._accounts:
            raise name_taken(account)
        self._accounts[account.id] = account

    async def keep_choices(self, account: Account) -> None:
        await self._turn(writes=True)
        known = self._accounts.get(account.id)
        if known is not None:
            self._accounts[account.id] = replace(
                known, preferences=account.preferences, ignored=account.ignored
            )

    async def keep_secret(self, account: int, secret: str, *, was: str) -> bool:
        await self._turn(writes=True)
        known = self._accounts.get(account)
        if known is None or known.secret != was:
            return False
        self._accounts[account] = replace(known, secret=secret)
        return True

    async def rooms_of(self, account: int) -> list[str]:
        await self._turn()
        return list(self._rooms_of.get(account, ()))

    async def keep_rooms_of(self, account: int, rooms: Collection[str]) -> None:
        await self._turn(writes=True)
        if account in self._accounts:
            self._rooms_of[account] = tuple(rooms)

    async def addresses(self, account: int) -> set[str]:
        await self._turn()
        return set(self._addresses.get(account, ()))

    async def keep_address(self, account: int, address: str) -> None:
        await self._turn(writes=True)
        known = self._addresses.setdefault(account, {})
        known.pop(address, None)
        known[address] = None
        if len(known) > ADDRESSES:
            del known[next(iter(known))]

    # How it is done

    def _change_role(self, event: RoleChanged) -> None:
        account = self._accounts.get(event.person.id)
        if account is not None:
            self._accounts[account.id] = replace(account, role=event.role)

    def _check_free(self, account: Account) -> None:
        for other in self._accounts.values():
            if other.id != account.id and (
                other.key == account.key or other.skeleton == account.skeleton
            ):
                raise name_taken(account)
