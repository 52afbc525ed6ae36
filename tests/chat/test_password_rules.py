"""What a password may be."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadPassword
from chatd.chat.password_rules import check_password


class RulesTests(SynchronousTestCase):
    """Choosing a password."""

    def refused(self, password: str, reason: str, name: str = "ann") -> None:
        """Check that the password is refused with these words."""
        error = self.assertRaises(BadPassword, check_password, password, name)
        self.assertIn(reason, error.text)

    def test_length(self) -> None:
        """A password has 8 to 256 characters."""
        check_password("x7kq-wzu", "ann")
        check_password("x7kq" * 64, "ann")
        self.refused("x7kq-wz", "8 to 256 characters")
        self.refused("x7kq" * 64 + "x", "8 to 256 characters")
        self.refused("", "8 to 256 characters")

    def test_any_script(self) -> None:
        """A password may be a sentence in any language."""
        for password in (
            "grüner Elefant singt",
            "Съешь ещё этих",
            "正しい馬の電池です",
        ):
            check_password(password, "ann")

    def test_control(self) -> None:
        """A password has no control characters: they could not be typed again."""
        for character in "\t\n\x00\x7f\x85\u200b":
            self.refused(f"x7kq{character}wzu!", "cannot have")

    def test_name(self) -> None:
        """A password is not the name, backwards, twice or with a number."""
        for password in (
            "Annabelle",
            "ellebanna",
            "annabelle1",
            "annabelleANNABELLE",
            "annabelle2026",
        ):
            self.refused(password, "the name with little added", "annabelle")
        self.refused("straßenbahn", "the name", "STRASSENBAHN")
        self.refused("annabell", "the name", "annabelle")
        check_password("annabelle-xyz", "annabelle")
        check_password("correct-ann-horse", "ann")

    def test_common(self) -> None:
        """What everybody tries first is refused, in whatever case."""
        for password in (
            "12345678",
            "password1",
            "PassWord123",
            "iloveyou",
            "qwertyuiop",
            "11111111",
            "abababab",
            "Summer2024",
            "contraseña",
        ):
            self.refused(password, "among the first")
