"""
Make chatd/chat/skeletons.txt, the table of characters that look alike.

Needed only when Unicode's list has changed::

    pip install confusable-homoglyphs
    python contrib/make_skeletons.py >chatd/chat/skeletons.txt

The package holds Unicode's confusables.txt as pairs. Here they become classes,
each with one prototype, and only what a name may contain is kept.
"""

import json
import sys
import unicodedata
from collections import defaultdict
from importlib.resources import files

from chatd.chat.names import script

HEADER = """\
# Characters that look alike: a prototype, a space, what looks like it.
# Made by contrib/make_skeletons.py from Unicode's confusables.txt (UTS #39).
# Copyright Unicode, Inc. Unicode License V3, https://www.unicode.org/license.txt
"""

# The look of w and vv is not in Unicode's list.
PAIRS = [("w", "vv")]


def main() -> None:
    """Write the table to standard output."""
    source = files("confusable_homoglyphs") / "confusables.json"
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for text, others in json.loads(source.read_text("utf-8")).items():
        for other in others:
            # Right-to-left characters stand between marks that are not part of them.
            join(graph, text.replace("\u200e", ""), other["c"].replace("\u200e", ""))
    for one, other in PAIRS:
        join(graph, one, other)
    prototypes = {}
    for members in classes(graph):
        best = prototype(members, graph)
        prototypes.update({text: best for text in members if len(text) == 1})
    prototypes.pop(
        "0", None
    )  # a digit in lower case, the letter in capitals: see names.skeleton
    rows = defaultdict(set)
    for character in prototypes:
        if usable(character):
            rows[resolve(character, prototypes)].add(character)
    sys.stdout.write(HEADER)
    for text in sorted(rows):
        if characters := "".join(sorted(rows[text] - {text})):
            sys.stdout.write(f"{text} {characters}\n")


def join(graph: defaultdict[str, set[str]], one: str, other: str) -> None:
    """Note that two texts look alike."""
    one, other = (unicodedata.normalize("NFD", text) for text in (one, other))
    if one != other:
        graph[one].add(other)
        graph[other].add(one)


def classes(graph: dict[str, set[str]]) -> list[set[str]]:
    """Gather what is connected."""
    seen: set[str] = set()
    found = []
    for start in graph:
        if start not in seen:
            members, waiting = set(), [start]
            while waiting:
                text = waiting.pop()
                if text not in members:
                    members.add(text)
                    waiting.extend(graph[text])
            seen |= members
            found.append(members)
    return found


def prototype(members: set[str], graph: dict[str, set[str]]) -> str:
    """Choose: only Unicode's own prototypes have several characters; then ASCII."""
    return max(
        members,
        key=lambda text: (
            len(text),
            text.isascii(),
            len(graph[text]),
            [-ord(c) for c in text],
        ),
    )


def resolve(text: str, prototypes: dict[str, str]) -> str:
    """Replace and fold case until nothing changes."""
    while True:
        after = "".join(prototypes.get(character, character) for character in text)
        after = unicodedata.normalize("NFD", after.casefold())
        if after == text:
            return text
        text = after


def usable(character: str) -> bool:
    """Whether it may stand in a name, or in a decomposed one."""
    if character.isascii():
        return character.isalnum()
    category = unicodedata.category(character)
    return (
        (category[0] in "LM" or category == "Nd")
        and script(character) is not None
        and unicodedata.normalize("NFKC", character)
        == unicodedata.normalize("NFC", character)
    )


if __name__ == "__main__":
    main()
