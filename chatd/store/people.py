"""Questions about accounts, and about the ways to come in."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from chatd.chat.account import Account, Person, Preferences, Role
from chatd.chat.store import PublicKey
from chatd.store.agreed import (
    ADDRESSES,
    GUESTS_TOKENS,
    TOKENS,
    key_taken,
    name_taken,
)
from chatd.store.codec import from_json, milliseconds, to_json
from chatd.store.schema import (
    accounts,
    addresses,
    invitations,
    marks,
    ssh_keys,
    tokens,
)
from chatd.store.writing import put

# Tokens are looked through once for so many new ones.
SWEEP = 256


def account(connection: Connection, column: str, value: int | str) -> Account | None:
    """Read the account that has this in this column."""
    found = select(accounts).where(accounts.c[column] == value)
    for row in connection.execute(found):
        return _account(row)
    return None


def find_accounts(
    connection: Connection, text: str, after: str, limit: int
) -> list[Account]:
    """Read accounts that can log in, by a part of their keys."""
    found = select(accounts).where(accounts.c.secret != "", accounts.c.key > after)
    if text:
        found = found.where(accounts.c.key.contains(text, autoescape=True))
    return [
        _account(row)
        for row in connection.execute(found.order_by(accounts.c.key).limit(limit))
    ]


def _account(row: Any) -> Account:
    return Account(
        row.id,
        row.name,
        row.key,
        row.skeleton,
        row.secret,
        row.created / 1000,
        Role(row.role),
        from_json(Preferences, row.preferences),
        frozenset(json.loads(row.ignored)),
    )


def names(connection: Connection) -> set[str]:
    """Read all that names are compared by: keys and skeletons, in one set."""
    rows = connection.execute(select(accounts.c.key, accounts.c.skeleton))
    return {name for row in rows for name in row}


def number_of_accounts(connection: Connection) -> int:
    """Count those that can log in."""
    able = accounts.c.secret != ""
    return connection.scalar(select(func.count()).where(able)) or 0


def number_of_operators(connection: Connection) -> int:
    """Count the operators that can log in."""
    able = (accounts.c.secret != "") & (accounts.c.role >= Role.OPERATOR.value)
    return connection.scalar(select(func.count()).where(able)) or 0


def add_account(connection: Connection, account: Account) -> None:
    """Add one, unless the name is taken."""
    new = {
        "name": account.name,
        "key": account.key,
        "skeleton": account.skeleton,
        "secret": account.secret,
        "created": milliseconds(account.created),
        "role": account.role.value,
        "rooms": "[]",
    } | _choices(account)
    try:
        connection.execute(insert(accounts).values(id=account.id, **new))
    except IntegrityError:
        raise name_taken(account) from None


def keep_choices(connection: Connection, account: Account) -> None:
    """Write what somebody has chosen."""
    change = update(accounts).where(accounts.c.id == account.id)
    connection.execute(change.values(_choices(account)))


def keep_secret(connection: Connection, account: int, secret: str, was: str) -> bool:
    """Write a secret in the place of another; whether that was there."""
    own = (accounts.c.id == account) & (accounts.c.secret == was)
    change = update(accounts).where(own).values(secret=secret)
    return connection.execute(change).rowcount > 0


def _choices(account: Account) -> dict[str, Any]:
    return {
        "preferences": to_json(account.preferences),
        "ignored": json.dumps(sorted(account.ignored)),
    }


def rooms_of(connection: Connection, account: int) -> list[str]:
    """Read where somebody was."""
    found = select(accounts.c.rooms).where(accounts.c.id == account)
    return list(json.loads(connection.scalar(found) or "[]"))


def keep_rooms_of(connection: Connection, account: int, rooms: Sequence[str]) -> None:
    """Write where somebody is."""
    change = update(accounts).where(accounts.c.id == account)
    connection.execute(change.values(rooms=json.dumps(rooms, ensure_ascii=False)))


def marks_of(connection: Connection, account: int) -> dict[str, int]:
    """Read how far conversations were read."""
    found = select(marks).where(marks.c.account == account)
    return {row.conversation: row.upto for row in connection.execute(found)}


def keep_marks(connection: Connection, account: int, new: Mapping[str, int]) -> None:
    """Move marks forward."""
    known = marks_of(connection, account)
    for conversation, upto in new.items():
        if upto > known.get(conversation, -1):
            where = {"account": account, "conversation": conversation}
            put(connection, marks, where, {"upto": upto})


def addresses_of(connection: Connection, account: int) -> set[str]:
    """Read from where somebody has logged in."""
    found = select(addresses.c.address).where(addresses.c.account == account)
    return set(connection.scalars(found))


def keep_address(connection: Connection, account: int, address: str) -> None:
    """Write that somebody has logged in from there just now."""
    own = addresses.c.account == account
    connection.execute(delete(addresses).where(own, addresses.c.address == address))
    connection.execute(insert(addresses).values(account=account, address=address))
    _keep_latest(connection, addresses, own, ADDRESSES)


def add_token(
    connection: Connection, digest: str, person: Person, expires: float, now: float
) -> None:
    """Write a token down, and forget what has expired."""
    forget_expired(connection, now)
    connection.execute(delete(tokens).where(tokens.c.digest == digest))
    added = connection.execute(
        insert(tokens).values(
            digest=digest,
            person=person.id,
            name=person.name,
            guest=person.guest,
            expires=milliseconds(expires),
        )
    )
    _keep_latest(connection, tokens, tokens.c.person == person.id, TOKENS)
    # Guests may come by the thousand, and each is somebody new.
    number = added.inserted_primary_key[0]  # type: ignore[index]
    if number % SWEEP == 0:
        old = tokens.c.guest & (tokens.c.id <= number - GUESTS_TOKENS)
        connection.execute(delete(tokens).where(old))


def token(connection: Connection, digest: str, now: float) -> Person | None:
    """Read whose token it is."""
    valid = select(tokens).where(
        tokens.c.digest == digest, tokens.c.expires > milliseconds(now)
    )
    for row in connection.execute(valid):
        return Person(row.person, row.name, row.guest)
    return None


def remove_token(connection: Connection, digest: str) -> None:
    """Remove one."""
    connection.execute(delete(tokens).where(tokens.c.digest == digest))


def remove_tokens(connection: Connection, person: int) -> None:
    """Remove all of somebody."""
    connection.execute(delete(tokens).where(tokens.c.person == person))


def keys(connection: Connection, account: int) -> list[PublicKey]:
    """Read somebody's SSH keys."""
    own = select(ssh_keys).where(ssh_keys.c.account == account).order_by(ssh_keys.c.id)
    return [
        PublicKey(row.kind, row.data, row.comment, row.fingerprint)
        for row in connection.execute(own)
    ]


def key_owner(connection: Connection, fingerprint: str) -> int:
    """Read whose SSH key it is."""
    found = select(ssh_keys.c.account).where(ssh_keys.c.fingerprint == fingerprint)
    return connection.scalar(found) or 0


def add_key(connection: Connection, account: int, key: PublicKey) -> None:
    """Add an SSH key, unless somebody has it."""
    new = insert(ssh_keys).values(
        account=account,
        fingerprint=key.fingerprint,
        kind=key.kind,
        data=key.data,
        comment=key.comment,
    )
    try:
        connection.execute(new)
    except IntegrityError:
        raise key_taken() from None


def remove_key(connection: Connection, account: int, fingerprint: str) -> bool:
    """Remove an SSH key of somebody's."""
    gone = (ssh_keys.c.account == account) & (ssh_keys.c.fingerprint == fingerprint)
    return connection.execute(delete(ssh_keys).where(gone)).rowcount > 0


def add_invitation(
    connection: Connection, digest: str, by: int, expires: float, now: float
) -> None:
    """Write an invitation down, and forget what has expired."""
    forget_expired(connection, now)
    values = {"given_by": by, "expires": milliseconds(expires)}
    put(connection, invitations, {"digest": digest}, values)


def count_invitations(connection: Connection, by: int, now: float) -> int:
    """Count somebody's invitations that are still good."""
    own = invitations.c.given_by == by
    good = invitations.c.expires > milliseconds(now)
    found = select(func.count()).select_from(invitations).where(own, good)
    return connection.scalar(found) or 0


def take_invitation(connection: Connection, digest: str, now: float) -> bool:
    """Remove an invitation; whether it was good."""
    own = invitations.c.digest == digest
    good = invitations.c.expires > milliseconds(now)
    taken = connection.execute(delete(invitations).where(own, good))
    return taken.rowcount > 0


def forget_expired(connection: Connection, now: float) -> None:
    """Remove tokens and invitations that are good for nothing any more."""
    for table in (tokens, invitations):
        connection.execute(delete(table).where(table.c.expires <= milliseconds(now)))


def _keep_latest(connection: Connection, table: Table, own: Any, number: int) -> None:
    latest = select(table.c.id).where(own).order_by(table.c.id.desc()).limit(number)
    connection.execute(delete(table).where(own, table.c.id.not_in(latest)))
