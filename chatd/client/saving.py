"""Where a file is saved, so that nothing is ever overwritten by mistake."""

import os
from pathlib import Path

from chatd.chat.errors import BadName
from chatd.chat.file import file_name

FALLBACK = "file"


def suggest(name: str) -> Path:
    """Where to save a file of this name, in the current folder."""
    try:
        # Not hidden, and no option of a command.
        clean = file_name(name).lstrip(".-") or FALLBACK
    except BadName:
        clean = FALLBACK
    return Path(clean)


def meant(text: str, name: str) -> Path:
    """
    Understand where somebody wants to save a file.

    @param text: A path; if it is a folder, the file goes into it.
    @param name: What the file is called.
    """
    path = Path(text).expanduser()
    if text.endswith(os.sep) or path.is_dir():
        return path / suggest(name)
    return path


def part_of(path: Path, file: str) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(f".{path.name[:100]}.{file[:16]}.part")


def publish(part: Path, path: Path, *, replace: bool) -> None:
    """
    Give a file that is whole its name.

    @raise FileExistsError: if another has it, and may not be replaced.
    """
    if replace:
        os.replace(part, path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError from None
        os.rename(part, path)
    else:
        part.unlink()
