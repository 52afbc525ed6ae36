"""The keys that a client shows."""

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.conch.error import ValidPublicKey
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.keys import Key
from twisted.cred.credentials import SSHPrivateKey
from twisted.cred.error import UnauthorizedLogin

from chatd.chat.account import Account
from chatd.chat.errors import BadRequest
from chatd.chat.store import PublicKey
from chatd.doors.ssh.algorithms import SIGNATURES

if TYPE_CHECKING:
    from chatd.doors.ssh.transport import Transport

# That a client may show, one after another.
KEYS = 20

# In the flags that a security key signs: somebody touched it.
_TOUCHED = 0x01


class Keys:
    """
    Keys of one client, and which of them will do.

    @ivar unknown: The first that is not the owner's, where there is an owner.
    """

    def __init__(self, transport: "Transport", explain: Callable[[str], None]) -> None:
        """
        @param explain: Has the client show something.
        """
        self._transport = transport
        self._login = transport.hub.login
        self._explain = explain
        self._shown = 0
        self.unknown: PublicKey | None = None

    async def proved(
        self, credentials: SSHPrivateKey, account: Account | None
    ) -> PublicKey:
        """
        @param account: Whose name it is; C{None}: nobody's, for which any key will do.
        @raise ValidPublicKey: if it will do, but is not proved yet.
        @raise UnauthorizedLogin: if it will not do.
        """
        self._shown += 1
        if self._shown > 2 * KEYS:  # each may be asked about, and then be proved
            self._transport.disconnect(
                "Too many keys. Say which one: ssh -o IdentitiesOnly=yes -i FILE"
            )
        blob: bytes = credentials.blob
        kind = getNS(blob)[0].decode("ascii", "replace")
        try:
            key = self._transport.hub.secrets.public_key(
                f"{kind} {b64encode(blob).decode()}"
            )
        except BadRequest:
            raise UnauthorizedLogin from None
        if account is not None and not await self._has(account, key):
            raise UnauthorizedLogin
        if credentials.signature is None:
            raise ValidPublicKey
        if not _is_signed(credentials):
            raise UnauthorizedLogin
        return key

    async def _has(self, account: Account, key: PublicKey) -> bool:
        if await self._login.key_owner(key) == account.id:
            return True
        if self.unknown is None:
            self.unknown = key
            self._explain(
                f"{account.name} is registered, with other keys than "
                f"{key.fingerprint}. Type the password; then /keys add keeps this one."
            )
        return False

    async def free(self, key: PublicKey | None) -> PublicKey | None:
        """A key, if it can be kept because no account has it."""
        if key is None or await self._login.key_owner(key):
            return None
        return key


def _is_signed(credentials: SSHPrivateKey) -> bool:
    """Whether a signature was made with this key, in a modern way."""
    try:
        algorithm, _, rest = getNS(credentials.signature, 2)
        if algorithm not in SIGNATURES or credentials.algName != algorithm:
            return False
        key = Key.fromString(credentials.blob)
        if key.isSecurityKey() and not (rest and rest[0] & _TOUCHED):
            return False
        return bool(key.verify(credentials.signature, credentials.sigData))
    except Exception:  # whatever it is, it is no signature
        return False
