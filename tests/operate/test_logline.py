"""Events of the log, as lines."""

import json

from twisted.logger import LogEvent, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.logline import MESSAGE_CHARS, json_line, parts, text_line

NASTY = "ann\r\n2026-11-21 forged\x1b[2J\x00\x85\u2028\u202e\udcff\x9b"


def event(format: str, **fields: object) -> LogEvent:
    """Something that was logged."""
    return {
        "log_time": 0.25,
        "log_level": LogLevel.info,
        "log_namespace": "chatd.hub",
        "log_format": format,
        **fields,
    }


def failure(text: str) -> Failure:
    """An exception that was raised."""
    try:
        raise RuntimeError(text)
    except RuntimeError:
        return Failure()


class BrokenFailure:
    """A failure that cannot even be shown."""

    def getTraceback(self) -> str:
        raise ValueError


def as_text(event: LogEvent) -> str:
    """An event as people read it."""
    return text_line(parts(event))


class TextLineTests(SynchronousTestCase):
    """People read one line for each event."""

    def test_plain(self) -> None:
        """Time, level, who said it, and what."""
        line = as_text(event("{name} came in", name="ann"))
        self.assertRegex(
            line,
            r"^[-0-9]{10}T[:0-9]{8}[+-]\d{4} info  chatd.hub: ann came in\n$",
        )

    def test_nothing_known(self) -> None:
        """An event without anything is a line as well."""
        self.assertRegex(as_text({}), r"^\S+ info  -: \n$")

    def test_no_forging(self) -> None:
        """Whatever a name holds, the line stays one, and harmless."""
        line = as_text(event("{name} came in", name=NASTY))
        self.assertEqual(len(line.splitlines()), 1)
        self.assertTrue(line[:-1].isprintable())
        self.assertIn(r"ann\r\n2026-11-21 forged\x1b[2J\x00\x85\u2028", line)

    def test_other_languages(self) -> None:
        """Letters of all languages stay as they are."""
        self.assertIn("Jürgen 你好 🎉", as_text(event("Jürgen 你好 🎉")))

    def test_traceback(self) -> None:
        """A traceback is indented, and cannot forge a line either."""
        line = as_text(event("Oh", log_failure=failure(NASTY)))
        first, *below = line.rstrip("\n").split("\n")
        self.assertTrue(first.endswith("chatd.hub: Oh"))
        self.assertTrue(all(one.startswith("    ") for one in below))
        self.assertTrue(all(one.isprintable() for one in below))
        self.assertIn("RuntimeError", line)

    def test_legacy(self) -> None:
        """The traceback of an old log.err is there once."""
        shown = failure("broken")
        line = as_text(
            event(
                "{log_text}",
                log_text=shown.getTraceback(),
                log_failure=shown,
                log_legacy=True,
                why="While closing",
            )
        )
        self.assertIn("chatd.hub: While closing\n", line)
        self.assertEqual(line.count("RuntimeError: broken"), 1)

    def test_broken_failure(self) -> None:
        """What cannot be shown does not stop the log."""
        line = as_text(event("Oh", log_failure=BrokenFailure()))
        self.assertIn("    (no traceback: ValueError)", line)

    def test_length(self) -> None:
        """A message as long as allowed is whole; a longer one is cut."""
        self.assertTrue(as_text(event("x" * MESSAGE_CHARS)).endswith("xxx\n"))
        cut = as_text(event("x" * (MESSAGE_CHARS + 1)))
        self.assertTrue(cut.endswith("xxx [1 characters more]\n"))


class JsonLineTests(SynchronousTestCase):
    """Programs read one object for each event."""

    def test_fields(self) -> None:
        """The values of an event are there by name, besides its message."""
        self.assertEqual(
            json.loads(json_line(event("{name} {n}", name="ann", n=3, other=object()))),
            {
                "time": "1970-01-01T00:00:00.250+00:00",
                "level": "info",
                "namespace": "chatd.hub",
                "message": "ann 3",
                "name": "ann",
                "n": 3,
            },
        )

    def test_one_line(self) -> None:
        """Whatever a name holds, the line is one, in ASCII, and true."""
        line = json_line(event("{name}", name=NASTY, log_failure=failure(NASTY)))
        self.assertEqual(len(line.splitlines()), 1)
        self.assertTrue(line.isascii())
        self.assertEqual(json.loads(line)["name"], NASTY)
        self.assertIn("RuntimeError", json.loads(line)["traceback"])

    def test_not_overridden(self) -> None:
        """A field cannot take the place of what the log says itself."""
        found = json.loads(json_line(event("x", message="y", level="z")))
        self.assertEqual((found["message"], found["level"]), ("x", "info"))

    def test_no_time(self) -> None:
        """An event that does not know its time has it from the clock."""
        self.assertIn("T", json.loads(json_line({}))["time"])
