"""How memory that was used comes back to the system."""

import ctypes

# Of malloc.h; the threshold is what glibc begins with.
_M_MMAP_THRESHOLD = -3
_THRESHOLD = 128 * 1024  # bytes


def give_back_large_blocks() -> bool:
    """
    Have large blocks returned to the system as soon as they are freed.

    glibc means well: once a block of 19 MiB was freed, as there is one for each
    password that is checked, it keeps all of that size for the next, in each thread. A
    flood of logins left 60 MiB behind.

    @return: Whether the C library is one that can be told so.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False  # not glibc
    return bool(mallopt(_M_MMAP_THRESHOLD, _THRESHOLD))
