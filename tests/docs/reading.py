"""What the documents show, so that it can be tried."""

from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree

DOCS = Path(__file__).parents[2] / "docs"


def source(name: str) -> str:
    """The text of a document."""
    return (DOCS / name).read_text("utf-8")


def blocks(name: str) -> dict[str, str]:
    """
    The examples of a document that can be tried.

    @return: Each by the comment that stands before it.
    """
    found, comment = {}, ""
    tree = publish_doctree(
        source(name), settings_overrides={"report_level": 2, "halt_level": 2}
    )
    for node in tree.findall():
        if isinstance(node, nodes.comment):
            comment = node.astext()
        elif isinstance(node, nodes.literal_block) and comment:
            found[comment] = node.astext() + "\n"
            comment = ""
    return found
