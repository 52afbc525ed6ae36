"""Tokens and codes."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.codes import digest, new_code, new_token, read_code


class CodesTests(SynchronousTestCase):
    """Making and comparing."""

    def test_token(self) -> None:
        """A token is long, new each time, and may stand in an URL."""
        self.assertRegex(new_token(), r"^[A-Za-z0-9_-]{32}$")
        self.assertEqual(len({new_token() for _ in range(100)}), 100)

    def test_code(self) -> None:
        """A code has four groups of four characters that are not misread."""
        for _ in range(100):
            self.assertRegex(
                new_code(), r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$"
            )
        self.assertEqual(len({new_code() for _ in range(100)}), 100)

    def test_typed(self) -> None:
        """A code may be typed in small letters, without hyphens, with O for 0."""
        code = "K7Q0-9MX1-0000-1ABC"
        for text in (code, "k7qo9mxioooolabc", " k7q0 9mxl oo00 IABC "):
            self.assertEqual(read_code(text), code)
        self.assertEqual(read_code(""), "")

    def test_digest(self) -> None:
        """Only the digest is stored, and no other token has it."""
        token = new_token()
        self.assertRegex(digest(token), r"^[0-9a-f]{64}$")
        self.assertEqual(digest(token), digest(token))
        self.assertNotEqual(digest(token + "x"), digest(token))
        self.assertRegex(digest("é\ud800"), r"^[0-9a-f]{64}$")
