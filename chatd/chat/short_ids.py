"""Ids as people read and type them: in base 36, a third shorter."""

from chatd.chat.errors import BadRequest

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


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
    if not text.isascii() or not text.isalnum() or len(text) > 13:
        raise BadRequest(f"{text[:40]} is no id.")
    return int(text, 36)
