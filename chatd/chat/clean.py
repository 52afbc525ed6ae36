"""Takes out of text what must not reach anybody else: the entry of every door."""

import re

_BIDI = "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates: they hide text
_ODD = "\ud800-\udfff\ufeff\ufff9-\ufffb\u206a-\u206f\U000e0000-\U000e007f"
_BREAKS = "\n\x0b\x0c\x85\u2028\u2029"

MARK = "\ufffd"

# What shows nothing: spaces, fillers, joiners, variation selectors.
UNSEEN = (
    " \u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f"
    "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c"
    "\u200d\u200e\u200f\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u2800\u3000\u3164\uffa0"
    "\n" + "".join(map(chr, range(0xFE00, 0xFE10)))
)

_dropped = re.compile(f"[\x00-\x08\r\x0e-\x1f\x7f-\x84\x86-\x9f{_BIDI}{_ODD}]").sub
_blank = re.compile(f"[\t{_BREAKS}]").sub
_break = re.compile(f"\r\n|[\r{_BREAKS}]").split


def clean(text: str) -> str:
    """
    Make one line of text harmless: on a terminal, in a log, in any protocol.

    Control characters, direction overrides, tags, lone surrogates and byte order
    marks are dropped; tabs and line breaks become spaces. The joiners that emoji,
    Persian and Indian scripts need stay. Cleaning twice is cleaning once.
    """
    if text.isprintable():  # excludes all of the above; 40 ns
        return text
    return _blank(" ", _dropped("", text))


def mark(text: str) -> str:
    """
    As L{clean}, but leave a sign for each character that is dropped.

    For names, which may not have that sign: nobody must get another name than they
    typed, nor reach somebody else.
    """
    if text.isprintable():
        return text
    return _blank(" ", _dropped(MARK, text.lstrip("\ufeff").rstrip("\r")))


def mark_first(text: str) -> str:
    """Mark the first word, and clean the others."""
    first, space, others = text.lstrip(" ").partition(" ")
    return f"{mark(first)}{space}{clean(others)}".strip()


def clean_block(text: str) -> str:
    r"""Do the same to several lines, whose breaks all become C{"\n"}."""
    if text.isprintable():
        return text
    return "\n".join(map(clean, _break(text)))
