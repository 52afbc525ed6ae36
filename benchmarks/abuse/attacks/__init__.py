"""The attacks; being imported is what makes them known."""

# In the order in which they are run.
from benchmarks.abuse.attacks import stalls  # isort: skip
from benchmarks.abuse.attacks import floods  # isort: skip
from benchmarks.abuse.attacks import garbage  # isort: skip
from benchmarks.abuse.attacks import ssh  # isort: skip
from benchmarks.abuse.attacks import web  # isort: skip
from benchmarks.abuse.attacks import commands  # isort: skip

__all__ = ["commands", "floods", "garbage", "ssh", "stalls", "web"]
