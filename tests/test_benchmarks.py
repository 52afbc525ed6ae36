"""Tests for what C{python -m benchmarks} says of what it measured."""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.loads import LOADS, OTHERS
from benchmarks.marks import MARKS, verdicts
from benchmarks.plot import bars


class MarksTests(SynchronousTestCase):
    """Whether chatd is as fast as it is to be."""

    def test_loads(self) -> None:
        """Each mark belongs to a load that there is."""
        self.assertLessEqual({mark.load for mark in MARKS}, {*LOADS, *OTHERS})

    def test_better(self) -> None:
        """It is the better of the other servers that counts, and a limit is reached."""
        results = {
            "busy-100": {
                "chatd": {"us": 0.5},
                "ngircd": {"us": 0.3},
                "inspircd": {"us": 0.25},
            }
        }
        (line,) = verdicts(results)
        self.assertIn("0.50 of     0.50", line)
        self.assertTrue(line.endswith("reached"))

    def test_missed(self) -> None:
        """What is missed is said with by how much."""
        (line,) = verdicts({"start": {"chatd": {"again": 0.75}}})
        self.assertTrue(line.endswith("missed: 1.50 times it"), line)

    def test_nobody_to_compare_with(self) -> None:
        """Without the other servers nothing is said of what they are needed for."""
        self.assertEqual(list(verdicts({"alone": {"chatd": {"us": 1.0}}})), [])


class BarsTests(SynchronousTestCase):
    """The plot of text."""

    def test_bars(self) -> None:
        """What costs ten times as much has a bar that is longer by a step."""
        lines = list(
            bars({"alone": {"a": {"us": 1.0, "p50": 1}, "b": {"us": 0.1, "p50": 1}}})
        )
        self.assertEqual([line.count("#") for line in lines], [0, 0, 48, 24])

    def test_nothing(self) -> None:
        """What has no deliveries has no bars."""
        self.assertEqual(list(bars({"start": {"chatd": {"again": 0.5}}})), [])
