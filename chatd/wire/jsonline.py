"""One line of JSON, and what it asks for; see C{docs/protocol.rst}."""

import json
import re
from collections.abc import Callable, Mapping
from math import isinf
from typing import Any, TypeAlias

from chatd.chat.clean import clean, clean_block, mark, mark_first
from chatd.chat.errors import BadRequest
from chatd.chat.events import Ref
from chatd.chat.request import (
    Enter,
    History,
    Invoke,
    LogOut,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Seen,
    Share,
    Whisper,
)

# Objects in lists in objects … A request needs one; the rest is for what may come,
# and little enough for any parser.
DEPTH = 16

REF_CHARS = 200
KEY_CHARS = 100
TYPE_CHARS = 100

# Ids and marks have 64 bits.
LARGEST = 2**63 - 1

# No number needs more characters, and very long ones are slow to read.
DIGITS = 30

Fields: TypeAlias = Mapping[str, Any]


def read_request(line: str) -> Request:
    """
    @param line: One object, as text.
    @return: What it asks for; L{Refused} says why it cannot be understood, and keeps
        its turn and, if it can be read, its C{ref}.
    """
    if _too_deep(line):
        return Refused(BadRequest(f"That is nested more than {DEPTH} deep."))
    try:
        found = _read_object(line)
        return _read_known(found)(found, _read_ref(found))
    except BadRequest as error:
        return Refused(error, ref=_find_ref(line))


# JSON


def _too_deep(line: str) -> bool:
    if line.count("[") + line.count("{") <= DEPTH:
        return False
    depth = 0
    for match in _BRACKETS.finditer(line):
        bracket = match[0]
        if bracket in "[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif bracket in "]}":
            depth -= 1
    return False


# A string, or a bracket outside of one. An open string ends with the line, so that
# each character is looked at once.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _read_object(line: str) -> Fields:
    try:
        found = _strict.decode(line)
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"That is not JSON: {error.msg}, at character {error.pos + 1}."
        ) from None
    if not isinstance(found, dict):
        raise BadRequest('A request is an object, as in {"do":"ping"}.')
    return found


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadRequest("There is a key twice in one object.")
    return found


def _read_int(digits: str) -> int:
    if len(digits) > DIGITS:
        raise BadRequest(f"There is a number of {len(digits)} digits.")
    return int(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if len(digits) > DIGITS or isinf(number):
        raise BadRequest(f"The number {digits[:DIGITS]} is too large or too long.")
    return number


def _refuse_constant(name: str) -> None:
    raise BadRequest(f"JSON has no number {name}.")


_strict = json.JSONDecoder(
    object_pairs_hook=_refuse_repeated,
    parse_int=_read_int,
    parse_float=_read_float,
    parse_constant=_refuse_constant,
)

# Good enough to find the ref of what was refused.
_lenient = json.JSONDecoder(
    parse_int=lambda digits: None if len(digits) > DIGITS else int(digits),
    parse_float=lambda digits: None if isinf(float(digits)) else float(digits),
    parse_constant=lambda name: None,
)


def _find_ref(line: str) -> Ref:
    try:
        found = _lenient.decode(line)
        return _read_ref(found) if isinstance(found, dict) else None
    except (ValueError, BadRequest):
        return None


# Fields: one that is null counts as left out


def _read_ref(found: Fields) -> Ref:
    ref = found.get("ref")
    if ref is None or isinstance(ref, int | float):
        return ref
    if not isinstance(ref, str):
        raise BadRequest(f'"ref" must be text or a number, not {_kind(ref)}.')
    if len(ref) > REF_CHARS:
        raise BadRequest(f'"ref" has at most {REF_CHARS} characters.')
    return ref


def _read_known(found: Fields) -> "Callable[[Fields, Ref], Request]":
    do = _text(found, "do")
    known = _REQUESTS.get(do)
    if known is None:
        there_are = ", ".join(_REQUESTS)
        raise BadRequest(f'There is no request "{do[:40]}". There are: {there_are}.')
    return known


def _text(found: Fields, name: str, default: str | None = None) -> str:
    return clean(_raw(found, name, default))


def _name(found: Fields, name: str, default: str | None = None) -> str:
    return mark(_raw(found, name, default))


def _raw(found: Fields, name: str, default: str | None = None) -> str:
    value = found.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise BadRequest(f'"{name}" is missing.')
    if not isinstance(value, str):
        raise BadRequest(f'"{name}" must be text, not {_kind(value)}.')
    return value


def _block(found: Fields, name: str) -> str:
    _text(found, name)
    return clean_block(found[name]).strip("\n")


def _key(found: Fields) -> str:
    key = _text(found, "key", "")
    if len(key) > KEY_CHARS:
        raise BadRequest(f'"key" has at most {KEY_CHARS} characters.')
    return key


def _id(found: Fields, name: str, default: str | None = "0") -> int:
    digits = _text(found, name, default)
    if not _ID.fullmatch(digits) or int(digits) > LARGEST:
        raise BadRequest(f'"{name}" must be an id: text of digits, as in events.')
    return int(digits)


_ID = re.compile("[0-9]{1,19}")


def _count(found: Fields, name: str, default: int) -> int:
    value = found.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRequest(f'"{name}" must be a whole number, not {_kind(value)}.')
    if not 1 <= value <= LARGEST:
        raise BadRequest(f'"{name}" must be at least 1, and not out of all bounds.')
    return value


def _kind(value: object) -> str:
    return _KINDS[type(value)]


_KINDS: Mapping[type, str] = {
    str: "text",
    int: "a number",
    float: "a number with a point",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


# Requests


def _enter(found: Fields, ref: Ref) -> Request:
    name, token = _name(found, "name", ""), _text(found, "token", "")
    if not name and not token:
        raise BadRequest('"enter" needs a "name" or a "token".')
    password = _text(found, "password") if found.get("password") is not None else None
    resume = _text(found, "resume", "")
    return Enter(name, password, token, resume, ref=ref)


def _say(found: Fields, ref: Ref) -> Request:
    room = _name(found, "room", "")
    return Say(_block(found, "text"), room, _key(found), ref)


def _whisper(found: Fields, ref: Ref) -> Request:
    to, to_id = _name(found, "to"), _id(found, "to_id")
    return Whisper(to, _block(found, "text"), _key(found), ref, to_id)


def _command(found: Fields, ref: Ref) -> Request:
    line = _raw(found, "line")
    name, _, rest = line[1:].partition(" ")
    if not line.startswith("/") or line.startswith("//") or not name:
        raise BadRequest(
            'A "line" begins with a command, as in "/topic tea"; "say" says things.'
        )
    known = clean(rest).strip()
    marked = mark_first(rest)
    return Invoke(
        clean(name),
        known,
        _name(found, "room", ""),
        _key(found),
        ref,
        marked if marked != known else "",
    )


def _history(found: Fields, ref: Ref) -> Request:
    return History(
        _name(found, "room", ""),
        _name(found, "person", ""),
        _id(found, "before"),
        _id(found, "after"),
        _id(found, "around"),
        _count(found, "limit", 50),
        ref,
        _id(found, "person_id"),
    )


def _search(found: Fields, ref: Ref) -> Request:
    words = _text(found, "words")
    return Search(words, _id(found, "before"), _count(found, "limit", 20), ref)


def _seen(found: Fields, ref: Ref) -> Request:
    room, person = _name(found, "room", ""), _name(found, "person", "")
    return Seen(_id(found, "id", None), room, person, ref, _id(found, "person_id"))


def _logout(found: Fields, ref: Ref) -> Request:
    return LogOut(ref)


def _share(found: Fields, ref: Ref) -> Request:
    room, to = _name(found, "room", ""), _name(found, "to", "")
    if bool(room) == bool(to):
        raise BadRequest('"share" needs a "room", or a person "to".')
    # An empty file is one, too.
    size = 0 if found.get("size") == 0 else _count(found, "size", 0)
    mime = _text(found, "type", "")
    if len(mime) > TYPE_CHARS or (mime and not _MIME.fullmatch(mime)):
        raise BadRequest('"type" must be one as in "text/plain".')
    to_id = _id(found, "to_id")
    return Share(_text(found, "name"), room, to, size, mime, ref, to_id)


_MIME = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:; ?charset=[\w.-]+)?", re.ASCII)


def _ping(found: Fields, ref: Ref) -> Request:
    return Ping(ref)


_REQUESTS: Mapping[str, Callable[[Fields, Ref], Request]] = {
    "enter": _enter,
    "say": _say,
    "whisper": _whisper,
    "command": _command,
    "history": _history,
    "search": _search,
    "seen": _seen,
    "share": _share,
    "logout": _logout,
    "ping": _ping,
}
