"""What this process takes of the machine, where the system tells."""

import os
from collections.abc import Mapping
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_STATUS = Path("/proc/self/statm")
_DESCRIPTORS = Path("/proc/self/fd")


def figures() -> Mapping[str, float]:
    """
    Numbers by the names that Prometheus has for them; without what is not known.
    """
    found: dict[str, float] = {"process_cpu_seconds_total": sum(os.times()[:2])}
    try:
        pages = int(_STATUS.read_text().split()[1])
        found["process_resident_memory_bytes"] = pages * os.sysconf("SC_PAGE_SIZE")
        found["process_open_fds"] = len(os.listdir(_DESCRIPTORS))
    except OSError:
        pass  # not Linux
    if resource is not None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            found["process_max_fds"] = soft
    return found
