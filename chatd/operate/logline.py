"""
Events of the log as lines.

Names, addresses and whatever else clients chose may stand in an event: here is where
line breaks and control bytes lose their power to forge a line.
"""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import Any, TypeAlias

from twisted.logger import LogEvent, formatEvent, formatTime

# What people look at: time, level, from, text.
Line: TypeAlias = dict[str, Any]

MESSAGE_CHARS = 4_000
TRACEBACK_CHARS = 20_000

# C0, DEL, C1, line separators, and what turns the direction of writing.
_FORGING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def text_line(line: Line) -> str:
    """Write a line for people; a traceback is indented below it."""
    head = f"{_second(int(line['time']))} {line['level']:<5} {line['from']}"
    return f"{head}: {line['text']}\n"


def json_line(event: LogEvent) -> str:
    """Write an event for programs: one JSON object, in ASCII."""
    moment = datetime.fromtimestamp(event.get("log_time") or time(), UTC)
    fields = {
        key: value[:MESSAGE_CHARS] if isinstance(value, str) else value
        for key, value in event.items()
        if isinstance(value, (str, int, float, bool)) and not _is_internal(event, key)
    }
    fields.update(
        time=moment.isoformat(timespec="milliseconds"),
        level=_level(event),
        namespace=_namespace(event),
        message=_message(event),
    )
    traceback = _traceback(event)
    if traceback:
        fields["traceback"] = traceback
    return json.dumps(fields) + "\n"


def parts(event: LogEvent) -> Line:
    """An event in the parts that people look at."""
    below = [f"    {line}" for line in _traceback(event).splitlines()]
    return {
        "time": event.get("log_time") or time(),
        "level": _level(event),
        "from": _escape(_namespace(event)),
        "text": "\n".join((_escape(_message(event)), *map(_escape, below))),
    }


@lru_cache(maxsize=2)
def _second(posix: int) -> str:
    return formatTime(posix)


def _is_internal(event: LogEvent, key: str) -> bool:
    # Events of the old twisted.python.log have fields that say nothing more.
    return key.startswith("log_") or "log_legacy" in event


def _level(event: LogEvent) -> str:
    level = event.get("log_level")
    return level.name if level is not None else "info"


def _namespace(event: LogEvent) -> str:
    return str(event.get("log_namespace", "-"))


def _message(event: LogEvent) -> str:
    if "log_legacy" in event and event.get("log_failure") is not None:
        # Its text would hold the traceback once more.
        return str(event.get("why") or "Unhandled error")
    return _cut(formatEvent(event), MESSAGE_CHARS)


def _traceback(event: LogEvent) -> str:
    failure: Any = event.get("log_failure")
    if failure is None:
        return ""
    try:
        return _cut(failure.getTraceback(), TRACEBACK_CHARS)
    except Exception as error:
        return f"(no traceback: {type(error).__name__})"


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return f"{text[:length]} [{len(text) - length} characters more]"


def _escape(text: str) -> str:
    return _FORGING.sub(
        lambda match: match.group().encode("unicode_escape").decode(), text
    )
