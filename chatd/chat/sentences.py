"""How long somebody is muted or banned, and why: as people type and read it."""

from chatd.chat.durations import in_words, read_duration


def read_sentence(text: str) -> tuple[str, float, str]:
    """
    Read C{NAME [TIME] [REASON...]}.

    @return: The name, seconds (0.0 for ever), and the reason.
    @raise BadRequest: if the time is one that nobody can mean.
    """
    name, _, rest = text.strip().partition(" ")
    first, _, after = rest.strip().partition(" ")
    seconds = read_duration(first)
    if seconds is None:
        return name, 0.0, rest.strip()
    return name, seconds, after.strip()


def terms(until: float, reason: str, now: float) -> str:
    """
    Write what follows "You are banned": C{ for 3 hours more: advertising.}

    @param until: POSIX seconds; 0.0 for ever.
    """
    words = f" for {in_words(until - now)} more" if until else ""
    return words + (f": {reason}" if reason else ".")
