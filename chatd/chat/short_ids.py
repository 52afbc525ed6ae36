"""Ids as people read and type them: in base 36, a third shorter."""

from chatd.chat.errors import BadRequest

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LARGEST = 2**63 - 1  # that a database can hold


def short_id(id: int) -> str:
    """An id for people."""
    text = ""
    while id:
        id, digit = divmod(id, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def read_id(text: str) -> int:
    """
    The id that somebody typed.

    @raise BadRequest: if it is none.
    """
    if text.isascii() and text.isalnum() and len(text) <= 13:
        id = int(text, 36)
        if id <= _LARGEST:
            return id
    raise BadRequest(f"{text[:40]} is not the id of a message.")
