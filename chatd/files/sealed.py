"""
The form in which a file lies on the disk: sealed in pieces.

A head of 16 bytes, a mark and 8 random bytes; then pieces of 64 KiB, each encrypted
with AES-256-GCM and 16 bytes longer for it. A piece is bound to its file, to its number
and to whether it is the last one, so that pieces that were changed, swapped, left out
or taken from another file are noticed. The last piece may be short, or empty.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 64 * 1024  # bytes, before they are sealed
TAG = 16
MARK = b"chatd\x00f\x01"
HEAD = 16

_SEALED = PIECE + TAG


class Damaged(Exception):
    """A file is not what was written."""


class Seal:
    """
    Seals and opens the pieces of one file.

    @ivar head: What the file begins with.
    """

    def __init__(self, key: bytes, id: str, head: bytes | None = None) -> None:
        """
        @param key: 32 bytes.
        @param head: That of a file that exists.
        @raise Damaged: if it is none.
        """
        if head is None:
            head = MARK + os.urandom(HEAD - len(MARK))
        if len(head) != HEAD or not head.startswith(MARK):
            raise Damaged("it does not begin as a shared file does")
        self.head = head
        self._random = head[len(MARK) :]
        self._cipher = AESGCM(key)
        self._id = id.encode()

    def seal(self, number: int, piece: bytes, *, last: bool) -> bytes:
        """Encrypt a piece; no number must be sealed twice."""
        return self._cipher.encrypt(self._nonce(number), piece, self._bound(last))

    def open(self, number: int, piece: bytes, *, last: bool) -> bytes:
        """
        Decrypt a piece.

        @raise Damaged: if it is not what was sealed under this number.
        """
        try:
            return self._cipher.decrypt(self._nonce(number), piece, self._bound(last))
        except InvalidTag:
            raise Damaged(f"piece {number} was changed") from None

    def _nonce(self, number: int) -> bytes:
        return self._random + number.to_bytes(4, "big")

    def _bound(self, last: bool) -> bytes:
        return self._id + (b"\x01" if last else b"\x00")


def pieces(size: int) -> int:
    """Count the pieces of a file of so many bytes."""
    return max(1, -(-size // PIECE))


def size_of(length: int) -> int:
    """
    Tell the size of a file from that of its sealed form.

    @raise Damaged: if it cannot have this length.
    """
    sealed = length - HEAD
    count = -(-sealed // _SEALED)
    size = sealed - count * TAG
    if size < 0 or count != pieces(size):
        raise Damaged(f"it has {length} bytes, as no shared file does")
    return size


def place(number: int) -> int:
    """Tell where in the sealed form a piece begins."""
    return HEAD + number * _SEALED


def length(number: int, size: int) -> int:
    """Tell how long the sealed form of a piece is."""
    return min(PIECE, size - number * PIECE) + TAG
