"""Any bytes at all: a few hundred random ones, and all that ever did harm."""

import pkgutil
import random
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import chatd.wire
from tests.fuzz.targets import REACHES, SEEDS, TARGETS

FOUND = Path(__file__).parent / "found"

# Changed seeds: random bytes alone rarely get past the first character.
BYTES = st.binary(max_size=300)


class TargetTests(SynchronousTestCase):
    """What holds for any bytes holds for these."""

    def test_seeds(self) -> None:
        """What honest clients send, whole and cut off at any place."""
        for name, target in TARGETS.items():
            for seed in SEEDS[name]:
                for end in range(len(seed) + 1):
                    with self.subTest(target=name, data=seed[:end]):
                        self.assertIsNone(target(seed[:end]))

    @given(BYTES)
    @example(b"")
    @settings(max_examples=60, deadline=None)
    def test_any(self, data: bytes) -> None:
        """Random bytes."""
        for target in TARGETS.values():
            self.assertIsNone(target(data))

    @given(st.randoms(use_true_random=False), BYTES)
    @settings(max_examples=60, deadline=None)
    def test_changed(self, chance: random.Random, data: bytes) -> None:
        """What honest clients send, with other bytes in the middle."""
        for name, target in TARGETS.items():
            seed = chance.choice(SEEDS[name])
            start, end = sorted(chance.choices(range(len(seed) + 1), k=2))
            self.assertIsNone(target(seed[:start] + data + seed[end:]))

    def test_found(self) -> None:
        """Whatever was found to do harm does so no more."""
        found = [file for file in FOUND.iterdir() if file.suffix == ".bin"]
        for file in found:
            with self.subTest(file=file.name):
                self.assertIsNone(
                    TARGETS[file.name.partition("-")[0]](file.read_bytes())
                )

    def test_everything(self) -> None:
        """Each module that takes bytes apart has a target: see L{REACHES}."""
        modules = {module.name for module in pkgutil.iter_modules(chatd.wire.__path__)}
        self.assertEqual(modules - set(REACHES), set())
        self.assertLessEqual(set(REACHES.values()), set(TARGETS))
        self.assertEqual(set(SEEDS), set(TARGETS))
