"""How many connections the system lets one process have."""

from twisted.logger import Logger

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

# More than one process can serve; some systems allow billions, and say so.
ENOUGH = 1_048_576


def raise_limit() -> int:
    """
    Have as many file descriptors as the system allows without asking anybody.

    @return: How many these are; 0 where there is no limit.
    """
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError) as problem:  # macOS has another limit below
            _log.warn("file descriptors stay limited: {problem}", problem=problem)
        else:
            soft = most
    return most if soft == resource.RLIM_INFINITY else soft


def room_for_connections(kept: int) -> int:
    """
    How many connections there may be at once; 0 for any number.

    @param kept: Descriptors for everything else: database, log, files, and those who
        are told that there is no room.
    """
    limit = raise_limit()
    return max(1, limit - kept) if limit else 0


_log = Logger()
