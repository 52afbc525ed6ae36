"""Tokens for programs, codes for people; only their digests are stored."""

import hashlib
import secrets

# Crockford's base 32: no I, L, O, U, which are misread or make words.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS = 4  # of four characters: 80 bits
_MISREAD = str.maketrans("ILO", "110", "- ")


def new_token() -> str:
    """Make a token for a program: 192 bits, safe in an URL."""
    return secrets.token_urlsafe(24)


def new_code() -> str:
    """Make a code that a person can read out and type, such as C{K7Q2-9MX4-…}."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS)
    )


def read_code(text: str) -> str:
    """Bring a code that somebody typed into the form in which it was made."""
    plain = text.upper().translate(_MISREAD)
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def digest(token: str) -> str:
    """Reduce a token or code to what may be stored: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
