"""The server takes as many connections as the system gives it descriptors."""

import resource
from typing import ClassVar
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate import descriptors
from chatd.operate.descriptors import ENOUGH, raise_limit, room_for_connections

ANY = resource.RLIM_INFINITY


class FakeResource:
    """A system with these limits."""

    RLIMIT_NOFILE, RLIM_INFINITY = resource.RLIMIT_NOFILE, ANY
    refuses: ClassVar[bool] = False

    def __init__(self, soft: int, hard: int) -> None:
        self.limits = (soft, hard)

    def getrlimit(self, which: int) -> tuple[int, int]:
        """Both limits."""
        return self.limits

    def setrlimit(self, which: int, limits: tuple[int, int]) -> None:
        """Change them, if this system does."""
        if self.refuses:
            raise ValueError("not allowed to raise the maximum limit")
        self.limits = limits


class DescriptorsTests(SynchronousTestCase):
    """The soft limit is raised to the hard one, and some descriptors are kept."""

    def use(self, soft: int, hard: int) -> FakeResource:
        """Be on a system with these limits."""
        system = FakeResource(soft, hard)
        patcher = patch.object(descriptors, "resource", system)
        patcher.start()
        self.addCleanup(patcher.stop)
        return system

    def test_raised(self) -> None:
        """The usual 1,024 become what the administrator allows."""
        system = self.use(1_024, 65_536)
        self.assertEqual(raise_limit(), 65_536)
        self.assertEqual(system.limits, (65_536, 65_536))
        self.assertEqual(room_for_connections(64), 65_472)

    def test_small(self) -> None:
        """With few descriptors there are few connections, but always one."""
        self.use(200, 200)
        self.assertEqual(room_for_connections(64), 136)
        self.assertEqual(room_for_connections(200), 1)

    def test_no_limit(self) -> None:
        """Where the system has no limit, a very large one is used."""
        system = self.use(256, ANY)
        self.assertEqual(raise_limit(), ENOUGH)
        self.assertEqual(system.limits, (ENOUGH, ANY))
        self.use(ANY, ANY)
        self.assertEqual(raise_limit(), ENOUGH)

    def test_refused(self) -> None:
        """Where the limit cannot be raised, the server lives with it."""
        self.use(256, ANY).refuses = True  # type: ignore[misc]
        self.assertEqual(raise_limit(), 256)

    def test_elsewhere(self) -> None:
        """Where there is no such thing as descriptors, nothing is limited."""
        with patch.object(descriptors, "resource", None):
            self.assertEqual(room_for_connections(64), 0)
