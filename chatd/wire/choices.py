"""What a word may become, as the key Tab asks."""

from chatd.wire.typed import columns

CHOICES_SHOWN = 60


def beginning(words: list[str]) -> str:
    """Give what all words begin with."""
    first, last = min(words, default=""), max(words, default="")
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (a, b) in pairs if a != b), len(first))]


def in_columns(choices: list[str], width: int) -> str:
    """
    List choices in rows.

    @param width: Columns of the terminal.
    """
    shown = choices[:CHOICES_SHOWN]
    wide = max(columns(choice) for choice in shown) + 2
    across = max(1, (width - 1) // wide)
    padded = [choice + " " * (wide - columns(choice)) for choice in shown]
    rows = [
        "".join(padded[at : at + across]).rstrip()
        for at in range(0, len(padded), across)
    ]
    if len(choices) > len(shown):
        rows.append(f"... and {len(choices) - len(shown)} more")
    return "\n".join(rows)
