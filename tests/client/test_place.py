"""Tests for L{chatd.client.place}: which server is meant."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.client.place import BadAddress, Place, read_place


class PlaceTests(SynchronousTestCase):
    """What somebody types is understood."""

    def test_understood(self) -> None:
        """A host, with or without a name and a port; or an endpoint."""
        for text, place in {
            "chat.example": Place("", "chat.example", 5050),
            "ann@chat.example": Place("ann", "chat.example", 5050),
            "ann@chat.example:443": Place("ann", "chat.example", 443),
            "ann@[::1]:443": Place("ann", "::1", 443),
            "[::1]": Place("", "::1", 5050),
            "zoë@127.0.0.1": Place("zoë", "127.0.0.1", 5050),
            "unix:/run/chatd.sock": Place("", "", 0, "unix:/run/chatd.sock"),
            "ann@tls:chat.example:443": Place("ann", "", 0, "tls:chat.example:443"),
        }.items():
            self.assertEqual(read_place(text), place, text)

    def test_not_understood(self) -> None:
        """Anything else is refused, saying what to type."""
        for text in ("", "a b", "host:", "host:0", "host:65536", "::1", "@", "a@b@c"):
            with self.assertRaises(BadAddress, msg=text) as caught:
                read_place(text)
            self.assertRegex(str(caught.exception), "HOST|port")

    def test_known_as(self) -> None:
        """The same server is known by the same name, whoever comes."""
        for text in ("Chat.Example", "ann@chat.example:5050"):
            self.assertEqual(str(read_place(text)), "chat.example:5050")
        self.assertEqual(str(read_place("[::1]")), "[::1]:5050")
