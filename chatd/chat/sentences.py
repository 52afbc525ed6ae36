"""How long somebody is muted or banned, and why: as people type and read it."""

from chatd.chat.durations import in_words, take_duration
from chatd.chat.errors import TooLong
from chatd.chat.rules import Rules


def read_sentence(text: str) -> tuple[str, float, str]:
    """
    Read C{NAME [TIME] [REASON...]}.

    @return: The name, seconds (0.0 for ever), and the reason.
    @raise BadRequest: if the time is one that nobody can mean.
    """
    name, _, rest = text.strip().partition(" ")
    seconds, reason = take_duration(rest)
    return name, seconds or 0.0, reason


def check_reason(reason: str, rules: Rules) -> None:
    """
    @raise TooLong: if it is more than others want to read.
    """
    if len(reason) > rules.reason_chars:
        raise TooLong(
            f"A reason has at most {rules.reason_chars} characters, and yours "
            f"{len(reason)}."
        )


def terms(until: float, reason: str, now: float) -> str:
    """
    Write what follows "You are banned": C{ for 3 hours more: advertising.}

    @param until: POSIX seconds; 0.0 for ever.
    """
    words = f" for {in_words(until - now)} more" if until else ""
    return words + (f": {reason}" if reason else ".")
