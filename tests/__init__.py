"""The tests of chatd."""

from hypothesis import HealthCheck, settings

# The same examples each time, on however busy a machine; benchmarks/fuzz.py looks for
# new ones.
settings.register_profile(
    "chatd",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("chatd")
