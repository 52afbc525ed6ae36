"""Tests for L{chatd.render.prometheus}."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.spread import Spread
from chatd.render.prometheus import Figure, render


class RenderTests(SynchronousTestCase):
    """Figures as Prometheus reads them."""

    def test_number(self) -> None:
        """A number has a line, and two that say what it is."""
        self.assertEqual(
            render([Figure("people", "gauge", "People.", 3)]),
            b"# HELP people People.\n# TYPE people gauge\npeople 3\n",
        )

    def test_exact(self) -> None:
        """Large numbers are not rounded, and truth is a number."""
        figures = [
            Figure("a", "gauge", "A.", 12_345_678_901_234),
            Figure("b", "gauge", "B.", 0.25),
            Figure("c", "gauge", "C.", True),
        ]
        lines = render(figures).decode().splitlines()
        self.assertEqual(lines[2::3], ["a 12345678901234", "b 0.25", "c 1"])

    def test_label(self) -> None:
        """Numbers that differ in something have a line each; odd text is harmless."""
        figure = Figure("n", "counter", "N.", {"b": 1, 'a"\\\n': 2}, label="kind")
        self.assertEqual(
            render([figure]).decode().splitlines()[2:],
            ['n{kind="a\\"\\\\\\n"} 2', 'n{kind="b"} 1'],
        )

    def test_spread(self) -> None:
        """A spread has a line for each step, which counts all below it, too."""
        spread = Spread()
        for seconds in (0.001, 0.002, 9.0):
            spread.note(seconds)
        lines = render([Figure("s", "histogram", "S.", spread)]).decode().splitlines()
        self.assertEqual(lines[2], 's_bucket{le="0.001"} 1')
        self.assertEqual(lines[3], 's_bucket{le="0.0025"} 2')
        self.assertEqual(
            lines[-4:],
            ['s_bucket{le="5"} 2', 's_bucket{le="+Inf"} 3', "s_sum 9.003", "s_count 3"],
        )
